//! When messages were taken that the broker kept for us while we were away. Pure.
//!
//! What a broker has kept is delivered faster than it was made. By the time of arrival a counter
//! would seem to run faster than the machine can; so a message of the backlog counts as one that
//! was there when the connection was made, which is the latest it can have been. The backlog is over
//! at the first pause in which nothing waits to be acknowledged, and at the latest after as long as
//! it may have taken to gather.

use kart_core::time::Stamp;

/// A pause after which the broker has nothing more for us, microseconds.
const PAUSE_US: i64 = 1_000_000;
/// A backlog takes no longer than this when nobody knows since when it gathered, microseconds …
const UNKNOWN_US: i64 = 300_000_000;
/// … and may always take this long.
const LEAST_US: i64 = 10_000_000;

/// The messages after a connection was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Backlog {
    connected: Stamp,
    /// By the boot clock.
    until_us: i64,
    busy_us: i64,
}

impl Backlog {
    /// Begins with a connection; `heard` is when the broker was last heard before.
    pub(super) fn begin(connected: Stamp, heard: Option<Stamp>) -> Self {
        let gathered = heard.map_or(UNKNOWN_US, |heard| connected.since(heard));
        let until_us = connected.mono_us.saturating_add(gathered.max(LEAST_US));
        Self { connected, until_us, busy_us: connected.mono_us }
    }

    /// Something was received or acknowledged, or still waits for it.
    pub(super) fn busy(&mut self, at: Stamp) {
        self.busy_us = self.busy_us.max(at.mono_us);
    }

    /// The stamp of a message that comes at `at`; `None` once the backlog is over.
    pub(super) fn stamp(&self, at: Stamp) -> Option<Stamp> {
        let paused = at.mono_us.saturating_sub(self.busy_us) >= PAUSE_US;
        (!paused && at.mono_us < self.until_us).then_some(self.connected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::time::Micros;

    fn at(seconds: i64) -> Stamp {
        Stamp { wall_us: Micros(seconds * 1_000_000), mono_us: seconds * 1_000_000 }
    }

    fn tenth(tenths: i64) -> Stamp {
        at(0).plus(tenths * 100_000)
    }

    #[test]
    fn a_backlog_counts_as_of_the_connection_until_the_first_pause() {
        let mut backlog = Backlog::begin(at(1000), Some(at(400)));
        for n in 0..300 {
            let now = at(1000).plus(n * 100_000);
            assert_eq!(backlog.stamp(now), Some(at(1000)));
            backlog.busy(now);
        }
        assert_eq!(backlog.stamp(tenth(10_299)), Some(at(1000)));
        assert_eq!(backlog.stamp(at(1031)), None);
    }

    #[test]
    fn a_broker_that_never_pauses_has_no_backlog_for_ever() {
        let mut backlog = Backlog::begin(at(1000), Some(at(940)));
        let over = (0..2000).map(|n| at(1000).plus(n * 100_000)).find(|now| {
            let over = backlog.stamp(*now).is_none();
            backlog.busy(*now);
            over
        });
        assert_eq!(over, Some(at(1060)));
    }
}
