//! Instants as the log keeps them. Local time exists only at the edge of the screen.

use kart_planted::{Bug, planted};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01 UTC by the wall clock.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// RFC 3339 in UTC, as Postgres reads a `timestamptz`. Out of range becomes the epoch's text.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
    }
}

/// One instant by two clocks: the wall clock for people, the boot clock for durations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall clock.
    pub wall_us: Micros,
    /// Microseconds since the computer's boot; comparable only within one [`Boot`].
    pub mono_us: i64,
}

impl Stamp {
    /// Microseconds from `earlier` to `self` by the boot clock, never negative.
    pub fn since(self, earlier: Self) -> i64 {
        self.mono_us.saturating_sub(earlier.mono_us).max(0)
    }

    /// The same moment of the boot clock, where the right time was `zero` when that stood at zero.
    #[must_use]
    pub fn by(self, zero: Micros) -> Self {
        Self { wall_us: Micros(zero.0.saturating_add(self.mono_us)), ..self }
    }

    /// This stamp moved by `micros` on both clocks.
    pub fn plus(self, micros: i64) -> Self {
        Self {
            wall_us: Micros(self.wall_us.0.saturating_add(micros)),
            mono_us: self.mono_us.saturating_add(micros),
        }
    }
}

/// Which boot of the computer a stamp belongs to: the first eight digits of the kernel's boot id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Boot(pub String);

/// A stamp together with its boot, so that two of them can be subtracted safely.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Moment {
    /// Both clocks.
    pub at: Stamp,
    /// The boot that `at.mono_us` counts from.
    pub boot: Boot,
}

impl Moment {
    /// An instant that only the wall clock knows of: two of them are as far apart as it says.
    pub fn by_wall(wall_us: Micros) -> Self {
        Self { at: Stamp { wall_us, mono_us: wall_us.0 }, boot: Boot::default() }
    }

    /// The wall clock at `self`, told from `earlier`: a step of the clock between the two does not
    /// turn an interval round.
    pub fn wall_after(&self, earlier: &Self) -> Micros {
        Micros(earlier.at.wall_us.0.saturating_add(self.since(earlier)))
    }

    /// Microseconds from `earlier` to `self`: by the boot clock within one boot, otherwise by the
    /// wall clock; never negative.
    pub fn since(&self, earlier: &Self) -> i64 {
        if self.boot == earlier.boot && !planted(Bug::WallClockDurations) {
            self.at.since(earlier.at)
        } else {
            self.at.wall_us.0.saturating_sub(earlier.at.wall_us.0).max(0)
        }
    }

    /// Microseconds that have passed from `earlier` to `self`, as far as the two clocks show it together:
    /// across boots no less than this boot has lasted. None, while the wall clock contradicts that.
    pub fn passed(&self, earlier: &Self) -> i64 {
        let since = self.since(earlier);
        let alone = self.boot == earlier.boot || self.contradicts(earlier);
        if alone { since } else { since.max(self.at.mono_us) }
    }

    /// Whether the wall clock was set back between the boots of the two moments, so that it says
    /// that `self` was before `earlier`.
    pub fn contradicts(&self, earlier: &Self) -> bool {
        self.boot != earlier.boot && self.at.wall_us < earlier.at.wall_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: i64, mono: i64, boot: &str) -> Moment {
        Moment { at: Stamp { wall_us: Micros(wall), mono_us: mono }, boot: Boot(boot.into()) }
    }

    #[test]
    fn a_wall_clock_step_does_not_change_a_duration_within_one_boot() {
        assert_eq!(moment(-7_200, 150, "a").since(&moment(1_000, 100, "a")), 50);
    }

    #[test]
    fn across_boots_the_wall_clock_counts_and_never_runs_backwards() {
        assert_eq!(moment(900, 5, "b").since(&moment(400, 999, "a")), 500);
        assert_eq!(moment(100, 5, "b").since(&moment(400, 999, "a")), 0);
    }

    #[test]
    fn across_boots_no_less_has_passed_than_this_boot_has_lasted() {
        let before = moment(400, 999, "a");
        assert_eq!(moment(900, 5, "b").passed(&before), 500);
        assert_eq!(moment(401, 70, "b").passed(&before), 70);
        assert_eq!(moment(100, 70, "b").passed(&before), 0);
        assert_eq!(moment(0, 1_000, "a").passed(&before), 1);
    }
}
