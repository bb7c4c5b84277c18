//! Whether a wall clock can be believed. Pure: who hears the time brings it here.
//!
//! Headquarters' time is the right one. A clock that is out by less than [`TOLERANCE_US`] is left
//! alone: network time may be about to set it right, and no number on a screen would change.

use crate::{
    fact::clock::{ClockCorrected, ClockStepped},
    time::{Micros, Stamp},
};

/// So far a wall clock may be out.
pub const TOLERANCE_US: i64 = 5_000_000;

/// Wall clock and boot clock drift apart by less than this between two looks, network time included.
const STEP_US: i64 = 1_000_000;

/// The boot clock gains or loses no more than one microsecond in so many: crystals keep to that.
pub(crate) const DRIFT_IN: i64 = 10_000;

/// How exactly a time is known that was only assumed.
const ASSUMED_US: i64 = 86_400_000_000;

/// What headquarters said the time is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heard {
    /// The moment of hearing it, by the computer's own clocks.
    pub at: Stamp,
    /// The time it said.
    pub right: Micros,
    /// It may have been said so much earlier, microseconds.
    pub within_us: i64,
}

/// What is known of the wall clock of one boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clocks {
    /// The right time when the boot clock stood at zero, where stamps go by it.
    pub zero: Option<Micros>,
    /// Headquarters' time of this boot, as last heard.
    pub heard: Option<Zero>,
    /// Wall clock less boot clock at the last look.
    seen_us: Option<i64>,
}

/// What headquarters' words come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zero {
    /// The right time when the boot clock stood at zero.
    pub at: Micros,
    /// How exactly that was known when it was heard, microseconds.
    pub within_us: i64,
    /// When it was heard, by the boot clock.
    pub heard_us: i64,
}

impl Zero {
    /// How exactly it is still known, by the boot clock at `mono_us`.
    fn within(self, mono_us: i64) -> i64 {
        let passed = mono_us.saturating_sub(self.heard_us).max(0);
        self.within_us.saturating_add(passed / DRIFT_IN)
    }
}

/// What is to be written down.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct News {
    /// The wall clock was set.
    pub stepped: Option<ClockStepped>,
    /// Stamps have to go by headquarters from now on.
    pub corrected: Option<ClockCorrected>,
}

/// Why a time is not confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Headquarters was not heard since the computer was switched on.
    Never,
    /// It was heard then for the last time; meanwhile the clock may have drifted by so much,
    /// microseconds.
    Since(Micros, i64),
}

impl News {
    /// Whether there is nothing to write.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Clocks {
    /// Takes in what headquarters said.
    pub fn hear(&mut self, heard: Heard) {
        let Heard { at: Stamp { mono_us: heard_us, .. }, right, within_us } = heard;
        // What was said long before it was heard says less than what is known already.
        let better = |known: Zero| within_us <= TOLERANCE_US.max(known.within(heard_us));
        if self.heard.is_none_or(better) {
            let at = Micros(right.0.saturating_sub(heard_us));
            self.heard = Some(Zero { at, within_us, heard_us });
        }
    }

    /// Until headquarters is heard a clock is as wrong as it was before the computer was switched off:
    /// what to write down for that, where it was.
    pub fn assume(&self, fast_us: i64, system: Stamp) -> Option<ClockCorrected> {
        let zero = Micros(offset(system).saturating_sub(fast_us));
        let wrong = self.zero.is_none() && fast_us.abs() > TOLERANCE_US;
        wrong.then_some(ClockCorrected { zero, fast_us, within_us: ASSUMED_US })
    }

    /// The wall clock as it is believed, for the computer's own `system` stamp.
    pub fn right(&self, system: Stamp) -> Stamp {
        self.zero.map_or(system, |zero| system.by(zero))
    }

    /// The best that is known of the wall clock, be it on disk or not.
    pub fn best(&self, system: Stamp) -> Stamp {
        self.heard.map_or_else(|| self.right(system), |zero| system.by(zero.at))
    }

    /// What speaks against the time, where it is for headquarters to confirm it.
    pub fn doubt(&self, system: Stamp) -> Option<Doubt> {
        let Some(zero) = self.heard else { return Some(Doubt::Never) };
        let within_us = zero.within(system.mono_us);
        let since = Micros(zero.at.0.saturating_add(zero.heard_us));
        (within_us > TOLERANCE_US).then_some(Doubt::Since(since, within_us))
    }

    /// What has to be written down at this moment of the computer's own clocks. Says it until
    /// [`Self::written`].
    pub fn news(&self, system: Stamp) -> News {
        let now_us = offset(system);
        let stepped = self.seen_us.map(|seen_us| now_us.saturating_sub(seen_us));
        let stepped = stepped.filter(|by_us| by_us.abs() > STEP_US);
        let stamped_us = self.zero.map_or(now_us, |zero| zero.0);
        let corrected = self.heard.and_then(|heard| {
            let (zero, within_us) = (heard.at, heard.within(system.mono_us));
            let fast_us = stamped_us.saturating_sub(zero.0);
            let limit = TOLERANCE_US.max(within_us.saturating_mul(2));
            (fast_us.abs() > limit).then_some(ClockCorrected { zero, fast_us, within_us })
        });
        News { stepped: stepped.map(|by_us| ClockStepped { by_us }), corrected }
    }

    /// The news are on disk; later looks compare with this one.
    pub fn written(&mut self, system: Stamp, news: &News) {
        if self.seen_us.is_none() || news.stepped.is_some() {
            self.seen_us = Some(offset(system));
        } else {
            self.drift(system);
        }
        if let Some(corrected) = &news.corrected {
            self.zero = Some(corrected.zero);
        }
    }

    /// Slow drift is no step, however long it goes on.
    fn drift(&mut self, system: Stamp) {
        let now_us = offset(system);
        if self.seen_us.is_some_and(|seen_us| (now_us - seen_us).abs() <= STEP_US) {
            self.seen_us = Some(now_us);
        }
    }
}

fn offset(system: Stamp) -> i64 {
    system.wall_us.0.saturating_sub(system.mono_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn system(wall: i64, mono: i64) -> Stamp {
        Stamp { wall_us: Micros(wall), mono_us: mono }
    }

    /// Headquarters says `right` at this moment.
    fn heard(at: Stamp, right: i64) -> Heard {
        Heard { at, right: Micros(right), within_us: 20_000 }
    }

    #[test]
    fn a_clock_that_is_fast_is_corrected_once_and_then_nothing_jumps() {
        let mut clocks = Clocks::default();
        let at = system(12 * HOUR, 5);
        clocks.written(at, &clocks.news(at));
        clocks.hear(heard(at, 10 * HOUR));
        let news = clocks.news(at);
        let corrected = news.corrected.clone().unwrap();
        assert_eq!((corrected.fast_us, corrected.zero), (2 * HOUR, Micros(10 * HOUR - 5)));
        assert_eq!(clocks.right(at).wall_us, Micros(12 * HOUR), "not before it is on disk");
        clocks.written(at, &news);
        assert_eq!(clocks.right(at).wall_us, Micros(10 * HOUR));
        assert!(clocks.news(at).is_none());
        // Root sets the clock right an hour later: it is written down, and that is all.
        let set = system(11 * HOUR, HOUR + 5);
        let news = clocks.news(set);
        assert_eq!(news.stepped, Some(ClockStepped { by_us: -2 * HOUR }));
        assert_eq!(news.corrected, None);
        clocks.written(set, &news);
        assert_eq!(clocks.right(set).wall_us, Micros(11 * HOUR));
        assert!(clocks.news(set).is_none());
    }

    #[test]
    fn a_right_clock_that_somebody_sets_takes_no_stamp_along() {
        let mut clocks = Clocks::default();
        let at = system(10 * HOUR, 0);
        clocks.hear(heard(at, 10 * HOUR + 400_000));
        assert!(clocks.news(at).is_none(), "half a second is no fault");
        clocks.written(at, &News::default());
        let set = system(13 * HOUR, HOUR);
        let news = clocks.news(set);
        assert_eq!(news.stepped, Some(ClockStepped { by_us: 2 * HOUR }));
        clocks.written(set, &news);
        let off = clocks.right(set).wall_us.0 - 11 * HOUR;
        assert!(off.abs() < 1_000_000, "{off}");
    }

    #[test]
    fn without_headquarters_a_step_is_written_and_followed() {
        let mut clocks = Clocks::default();
        clocks.written(system(0, 0), &News::default());
        let set = system(20 * HOUR, HOUR);
        let news = clocks.news(set);
        assert_eq!(news.stepped, Some(ClockStepped { by_us: 19 * HOUR }));
        clocks.written(set, &news);
        assert_eq!(clocks.right(set), set);
        // A clock that runs a little fast for weeks never steps.
        for week in 1..200 {
            let slow = system(20 * HOUR + week * 1_000_400, HOUR + week * 1_000_000);
            let news = clocks.news(slow);
            assert!(news.is_none(), "{week} {news:?}");
            clocks.written(slow, &news);
        }
    }

    #[test]
    fn after_a_power_cut_a_clock_is_as_wrong_as_before() {
        let mut clocks = Clocks::default();
        let at = system(8 * HOUR, 1_000);
        assert_eq!(clocks.assume(0, at), None);
        let corrected = Some(clocks.assume(-2 * HOUR, at).unwrap());
        clocks.written(at, &News { corrected, stepped: None });
        assert_eq!(clocks.right(at).wall_us, Micros(10 * HOUR));
        assert_eq!(clocks.assume(-2 * HOUR, at), None);
        // Somebody had set it right meanwhile, as headquarters shows.
        clocks.hear(heard(at, 8 * HOUR));
        let news = clocks.news(at);
        assert_eq!(news.corrected.as_ref().map(|it| it.fast_us), Some(2 * HOUR));
        clocks.written(at, &news);
        assert_eq!(clocks.right(at).wall_us, Micros(8 * HOUR));
    }

    #[test]
    fn the_best_time_is_what_was_heard_though_it_is_not_on_disk_yet() {
        let mut clocks = Clocks::default();
        let at = system(900 * 24 * HOUR, 7);
        assert_eq!(clocks.best(at), at);
        clocks.hear(heard(at, 10 * HOUR));
        assert_eq!(clocks.right(at), at, "stamps wait for the disk");
        assert_eq!(clocks.best(at), system(10 * HOUR, 7));
        clocks.written(at, &clocks.news(at));
        assert_eq!(clocks.right(at), clocks.best(at));
    }

    #[test]
    fn what_was_heard_long_ago_is_not_known_exactly_any_more() {
        let mut clocks = Clocks::default();
        let at = |hour: i64| system(10 * HOUR + hour * HOUR, hour * HOUR);
        assert_eq!(clocks.doubt(at(0)), Some(Doubt::Never));
        clocks.hear(heard(at(0), 10 * HOUR));
        assert_eq!(clocks.doubt(at(0)), None);
        assert_eq!(clocks.doubt(at(8)), None, "a shift drifts by three seconds at most");
        let since = Micros(10 * HOUR);
        assert_eq!(clocks.doubt(at(24)), Some(Doubt::Since(since, 8_660_000)));
        // Headquarters is heard again.
        clocks.hear(heard(at(24), 34 * HOUR));
        assert_eq!(clocks.doubt(at(25)), None);
        // That an answer took long does not hide that it came.
        let slow = Heard { at: at(100), right: Micros(110 * HOUR), within_us: 30_000_000 };
        clocks.hear(slow);
        assert_eq!(clocks.doubt(at(100)), Some(Doubt::Since(Micros(34 * HOUR), 27_380_000)));
    }

    #[test]
    fn a_slow_answer_says_little() {
        let mut clocks = Clocks::default();
        let at = system(10 * HOUR, 0);
        clocks.hear(Heard { at, right: Micros(10 * HOUR - 8_000_000), within_us: 12_000_000 });
        assert!(clocks.news(at).is_none());
        clocks.hear(heard(at, 10 * HOUR));
        clocks.hear(Heard { at, right: Micros(10 * HOUR - 8_000_000), within_us: 12_000_000 });
        assert_eq!(clocks.heard.map(|zero| zero.within_us), Some(20_000));
    }
}
