//! How often the log says that the disk refuses: at the beginning, ever more seldom while it lasts,
//! and at the end, with the number of writes.

use kart_store::StoreError;

/// Between the first two words of it, microseconds; doubled each time up to …
const FIRST_US: i64 = 10_000_000;
/// … this.
const MOST_US: i64 = 3_600_000_000;

/// What the disk has refused since it took facts.
#[derive(Debug, Default)]
pub struct Refusals(Option<Since>);

/// A time in which the disk refuses.
#[derive(Clone, Copy, Debug)]
struct Since {
    /// By the boot clock.
    began_us: i64,
    writes: u64,
    told_us: i64,
    next_us: i64,
}

/// What is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Told {
    writes: u64,
    seconds: i64,
}

impl Refusals {
    /// It has refused a write.
    pub(super) fn refused(&mut self, error: &StoreError, now_us: i64) {
        if let Some(Told { writes, seconds }) = self.again(now_us) {
            tracing::error!(%error, writes, seconds, "NOT RECORDING");
        }
    }

    /// It takes facts.
    pub(super) fn over(&mut self, now_us: i64) {
        if let Some(Told { writes, seconds }) = self.end(now_us) {
            tracing::warn!(writes, seconds, "recording again");
        }
    }

    fn again(&mut self, now_us: i64) -> Option<Told> {
        let first = Since { began_us: now_us, writes: 0, told_us: now_us, next_us: 0 };
        let since = self.0.get_or_insert(first);
        since.writes += 1;
        if now_us.saturating_sub(since.told_us) < since.next_us {
            return None;
        }
        since.told_us = now_us;
        since.next_us = since.next_us.saturating_mul(2).clamp(FIRST_US, MOST_US);
        Some(since.told(now_us))
    }

    fn end(&mut self, now_us: i64) -> Option<Told> {
        self.0.take().map(|since| since.told(now_us))
    }
}

impl Since {
    fn told(self, now_us: i64) -> Told {
        let seconds = now_us.saturating_sub(self.began_us) / 1_000_000;
        Told { writes: self.writes, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_refusals_is_told_in_some_lines_and_with_their_number() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.end(0), None);
        let second = |second: i64| second * 1_000_000;
        let told: Vec<Told> = (0..86_400).filter_map(|at| refusals.again(second(at))).collect();
        let seconds: Vec<i64> = told.iter().map(|told| told.seconds).collect();
        assert_eq!(seconds[..6], [0, 10, 30, 70, 150, 310]);
        assert!(
            told.len() < 40
                && told.iter().all(|told| told.writes == told.seconds.unsigned_abs() + 1)
        );
        let over = Told { writes: 86_400, seconds: 86_400 };
        assert_eq!(refusals.end(second(86_400)), Some(over));
        assert_eq!(refusals.end(second(86_401)), None);
        assert!(refusals.again(second(90_000)).is_some(), "another time, from its beginning on");
    }
}
