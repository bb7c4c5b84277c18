//! Report by exception: a measured value that moves within its deadband is the value that it was.
//!
//! Pure. It holds back noise before rules and screens see it; the ring of raw samples keeps what was
//! read. Counters have no deadband.

use crate::{signal::Value, time::Stamp};

/// How far a number may move before it counts as another.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Deadband {
    /// In the unit of the signal.
    pub absolute: f64,
    /// In percent of the value reported last.
    pub percent: f64,
    /// A number that moved at all is reported after this long at the latest, microseconds; 0 for
    /// never. So a slow drift cannot hide.
    pub restate_us: i64,
}

impl Deadband {
    /// Whether `fresh`, read at `at`, is to be reported where `last` was reported at `said`. The
    /// wider of the two bands holds; what is no number is reported whenever it differs.
    pub fn reports(&self, last: &Value, said: Stamp, fresh: &Value, at: Stamp) -> bool {
        let (Some(before), Some(now)) = (last.number(), fresh.number()) else {
            return last != fresh;
        };
        if !(before.is_finite() && now.is_finite()) {
            return last != fresh;
        }
        let band = self.absolute.max(before.abs() * self.percent / 100.0);
        let due = self.restate_us > 0 && at.since(said) >= self.restate_us;
        (now - before).abs() > band || (due && last != fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Stamp {
        Stamp { mono_us: seconds * 1_000_000, ..Stamp::default() }
    }

    fn reported(band: Deadband, readings: &[f64]) -> Vec<f64> {
        let (mut last, mut said, mut told) = (Value::Word(String::new()), at(0), Vec::new());
        for (second, reading) in (0..).zip(readings) {
            let fresh = Value::Measured(*reading);
            if band.reports(&last, said, &fresh, at(second)) {
                (last, said) = (fresh, at(second));
                told.push(*reading);
            }
        }
        told
    }

    #[test]
    fn small_movements_are_held_and_add_up() {
        let band = Deadband { absolute: 0.5, ..Deadband::default() };
        assert_eq!(reported(band, &[20.0, 20.4, 19.6, 20.5, 20.6, 20.2, 20.0]), [20.0, 20.6, 20.0]);
    }

    #[test]
    fn percent_is_of_the_value_reported_last() {
        let band = Deadband { percent: 10.0, ..Deadband::default() };
        assert_eq!(reported(band, &[100.0, 109.0, 111.0, 122.0, 123.0]), [100.0, 111.0, 123.0]);
        assert_eq!(reported(band, &[-100.0, -109.0, -111.0]), [-100.0, -111.0]);
    }

    #[test]
    fn the_wider_band_holds() {
        let band = Deadband { absolute: 5.0, percent: 1.0, ..Deadband::default() };
        assert_eq!(reported(band, &[0.0, 4.0, 6.0]), [0.0, 6.0]);
        assert_eq!(reported(band, &[1000.0, 1009.0, 1011.0]), [1000.0, 1011.0]);
    }

    #[test]
    fn a_drift_is_told_after_a_while_and_what_stands_still_is_not() {
        let band = Deadband { absolute: 5.0, restate_us: 3_000_000, ..Deadband::default() };
        assert_eq!(reported(band, &[1.0, 1.1, 1.2, 1.3, 1.4, 1.3, 1.3]), [1.0, 1.3]);
    }

    #[test]
    fn words_and_what_is_no_number_are_reported_when_they_differ() {
        let band = Deadband { absolute: 1e9, ..Deadband::default() };
        let says = |last: Value, fresh: Value| band.reports(&last, at(0), &fresh, at(1));
        assert!(says(Value::Word("a".into()), Value::Word("b".into())));
        assert!(!says(Value::Word("a".into()), Value::Word("a".into())));
        assert!(says(Value::Measured(1.0), Value::Measured(f64::NAN)));
        assert!(says(Value::Measured(f64::INFINITY), Value::Measured(1.0)));
    }
}
