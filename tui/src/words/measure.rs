//! Numbers, durations and local times as people read them.
//!
//! Local time exists only here: everything else counts microseconds in UTC.

use jiff::{Timestamp, tz::TimeZone};
use kart_core::{
    calendar::Interval,
    local::{self, Turn},
    signal::Value,
    time::Micros,
};

use super::Sentence;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How a language writes numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    group: char,
    point: char,
}

impl Format {
    /// The habits of `language`.
    pub fn new(language: &str) -> Self {
        match language {
            "de" | "es" => Self { group: '.', point: ',' },
            _ => Self { group: ',', point: '.' },
        }
    }

    /// A whole number with its thousands apart: `61,210`.
    pub fn whole(self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut text = String::from(if number < 0 { "-" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(self.group);
            }
            text.push(digit);
        }
        text
    }

    /// A sequence number or a count that cannot be negative.
    pub fn count(self, number: u64) -> String {
        self.whole(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// A difference with its sign: `+1`, `-1`, `±0`.
    pub fn signed(self, number: i64) -> String {
        match number {
            0 => "±0".into(),
            1.. => format!("+{}", self.whole(number)),
            _ => self.whole(number),
        }
    }

    /// What a machine said. Words are as they came: whoever draws them makes them safe.
    pub fn value(self, value: &Value) -> String {
        match value {
            Value::Bit(bit) => if *bit { "1" } else { "0" }.into(),
            Value::Whole(number) => self.whole(*number),
            Value::Measured(number) => self.measured(*number),
            Value::Word(word) => word.clone(),
        }
    }

    /// At most three places after the point, none that say nothing.
    fn measured(self, number: f64) -> String {
        if !number.is_finite() || number.abs() >= 1e15 {
            return number.to_string();
        }
        let text = format!("{number:.3}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        let text = if text == "-0" { "0" } else { text };
        match text.split_once('.') {
            Some((whole, part)) => format!("{}{}{part}", self.grouped(whole), self.point),
            None => self.grouped(text),
        }
    }

    /// With one place after the point, always.
    pub fn decimal(self, number: f64) -> String {
        let text = format!("{number:.1}");
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        format!("{}{}{part}", self.grouped(whole), self.point)
    }

    fn grouped(self, whole: &str) -> String {
        match whole.parse::<i64>() {
            Ok(0) | Err(_) => whole.to_owned(),
            Ok(number) => self.whole(number),
        }
    }
}

/// How old something is, in one unit: `4 s`, `3 min`, `2 h`, `5 d`.
pub fn age(us: i64) -> String {
    match us.max(0) {
        us if us < MINUTE => format!("{} s", us / SECOND),
        us if us < HOUR => format!("{} min", us / MINUTE),
        us if us < 2 * DAY => format!("{} h", us / HOUR),
        us => format!("{} d", us / DAY),
    }
}

/// A duration that ticks: `0:12:41`, `3 d 04:12`.
pub fn ticking(us: i64) -> String {
    let us = us.max(0);
    let (hours, minutes, seconds) = (us / HOUR, us / MINUTE % 60, us / SECOND % 60);
    if us >= DAY {
        format!("{} d {:02}:{minutes:02}", us / DAY, hours % 24)
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// A duration to read once: `8 h 11 min`, `11 min`, `35 s`.
pub fn lasting(us: i64) -> String {
    let us = us.max(0);
    match (us / HOUR, us / MINUTE % 60) {
        (0, 0) => format!("{} s", us / SECOND),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

/// The site's time zone, for showing only.
#[derive(Clone, PartialEq, Debug)]
pub struct Zone {
    zone: TimeZone,
    /// The name the site gave; `None` while no site is known.
    name: Option<String>,
    known: bool,
}

impl Default for Zone {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, name: None, known: false }
    }
}

impl Zone {
    /// The zone of this name; UTC, and saying so, where the name is not known.
    pub fn named(name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => Self { zone, name: Some(name.to_owned()), known: true },
            Err(_) => Self { zone: TimeZone::UTC, name: Some(name.to_owned()), known: false },
        }
    }

    /// Whether this is the zone called `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// `11:10:23`, with `UTC` behind it where the site's zone is not known.
    pub fn clock(&self, at: Micros) -> String {
        self.show(at, "%H:%M:%S")
    }

    /// `11:10`, or with the day when `at` is not on the day of `now`.
    pub fn short(&self, at: Micros, now: Micros) -> String {
        let day = |micros| self.zoned(micros).date();
        let pattern = if day(at) == day(now) { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        self.show(at, pattern)
    }

    /// `06:00–14:00`, whatever the days.
    pub fn hours(&self, hours: Interval) -> String {
        let [from, until] = [hours.from, hours.until].map(|at| self.show(at, "%H:%M"));
        format!("{from}–{until}")
    }

    /// The number of a paper form: of this terminal, and since when it is written on. `T-07/1122-1110`.
    pub fn form(&self, terminal: &str, since: Micros) -> String {
        format!("{terminal}/{}", self.show(since, "%m%d-%H%M"))
    }

    /// `2026-11-22 11:10:23`.
    pub fn full(&self, at: Micros) -> String {
        self.show(at, "%Y-%m-%d %H:%M:%S")
    }

    /// `14:01:40`, and `02:30:00 1` where clocks show a time twice: as [`Self::read`] takes it.
    pub fn typed(&self, at: Micros) -> String {
        let turn = local::turn(&self.zone, at).map_or("", |turn| match turn {
            Turn::First => " 1",
            Turn::Second => " 2",
        });
        format!("{}{turn}", self.zoned(at).strftime("%H:%M:%S"))
    }

    /// A time that somebody typed, as the instant in `within` that it can be.
    pub fn read(&self, text: &str, within: Interval) -> Result<Micros, Sentence> {
        local::read(&self.zone, text, within).map_err(|fault| match fault {
            local::Fault::Form => Sentence::new("time-form"),
            local::Fault::Never => Sentence::new("time-never").with("time", text),
            local::Fault::Twice => Sentence::new("time-twice").with("time", text),
            local::Fault::Outside => Sentence::new("refusal-out-outside")
                .with("from", self.full(within.from))
                .with("until", self.full(within.until)),
        })
    }

    fn show(&self, at: Micros, pattern: &str) -> String {
        let text = self.zoned(at).strftime(pattern).to_string();
        if self.known { text } else { format!("{text} UTC") }
    }

    fn zoned(&self, at: Micros) -> jiff::Zoned {
        let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let (en, de) = (Format::new("en"), Format::new("de"));
        assert_eq!(en.whole(61_210), "61,210");
        assert_eq!(de.whole(-1_234_567), "-1.234.567");
        assert_eq!(en.whole(999), "999");
        assert_eq!(en.signed(0), "±0");
        assert_eq!(en.signed(3), "+3");
        assert_eq!(de.value(&Value::Measured(1234.5)), "1.234,5");
        assert_eq!(en.value(&Value::Measured(-0.25)), "-0.25");
        assert_eq!(en.value(&Value::Measured(31.0)), "31");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(age(3_999_999), "3 s");
        assert_eq!(age(25 * HOUR), "25 h");
        assert_eq!(age(72 * HOUR), "3 d");
        assert_eq!(ticking(12 * MINUTE + 41 * SECOND), "0:12:41");
        assert_eq!(ticking(76 * HOUR + 12 * MINUTE), "3 d 04:12");
        assert_eq!(lasting(8 * HOUR + 11 * MINUTE), "8 h 11 min");
        assert_eq!(lasting(-5), "0 s");
    }

    #[test]
    fn local_time_follows_the_site() {
        let at = Micros(1_795_345_823_000_000);
        assert_eq!(Zone::named("Europe/Berlin").full(at), "2026-11-22 12:10:23");
        assert_eq!(Zone::named("America/Mexico_City").clock(at), "05:10:23");
        assert_eq!(Zone::named("Moon/Tranquility").clock(at), "11:10:23 UTC");
        assert_eq!(
            Zone::named("Europe/Berlin").short(at, Micros(at.0 + 86_400_000_000)),
            "2026-11-22 12:10"
        );
    }
}
