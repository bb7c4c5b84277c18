//! A state that flickers becomes few records: the changes beyond a machine's pace wait, and what
//! did not last until its turn is counted and not recorded.

/// How much of what a minute may have is used up: when the changes so far would all be due if they
/// came evenly (the generic cell rate algorithm of ITU-T I.371).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Pace {
    due_us: Option<i64>,
}

const MINUTE_US: i64 = 60_000_000;

impl Pace {
    /// When the next change may be recorded, by the boot clock: half of a minute's changes at once,
    /// the other half evenly, so that no minute has more than `per_minute`. `None` for at once.
    pub(super) fn next_us(self, per_minute: u32) -> Option<i64> {
        let (each_us, burst) = share(per_minute)?;
        Some(self.due_us?.saturating_sub(each_us * (burst - 1)))
    }

    /// A change was recorded.
    pub(super) fn record(&mut self, per_minute: u32, now_us: i64) {
        if let Some((each_us, _)) = share(per_minute) {
            self.due_us = Some(self.due_us.unwrap_or(now_us).max(now_us) + each_us);
        }
    }
}

/// Microseconds between even changes, and how many may come at once.
fn share(per_minute: u32) -> Option<(i64, i64)> {
    let half = i64::from(per_minute.div_ceil(2));
    (half > 0).then(|| (MINUTE_US / half + i64::from(MINUTE_US % half > 0), half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When changes are recorded that come at these moments.
    fn recorded(per_minute: u32, moments: impl Iterator<Item = i64>) -> Vec<i64> {
        let (mut pace, mut at) = (Pace::default(), Vec::new());
        for now_us in moments {
            if pace.next_us(per_minute).is_none_or(|next| next <= now_us) {
                pace.record(per_minute, now_us);
                at.push(now_us);
            }
        }
        at
    }

    proptest! {
        #[test]
        fn no_minute_has_more(per_minute in 2_u32..60, mut moments in proptest::collection::vec(0_i64..300_000_000, 0..2000)) {
            moments.sort_unstable();
            let at = recorded(per_minute, moments.into_iter());
            for from in &at {
                let within = at.iter().filter(|at| (*from..from + MINUTE_US).contains(at)).count();
                prop_assert!(within <= usize::try_from(per_minute + 1).unwrap());
            }
        }
    }

    #[test]
    fn a_bounce_becomes_few_records_and_a_calm_machine_never_waits() {
        let bounce = recorded(30, (0..3_000).map(|n| n * 20_000)).len();
        assert!((15..=31).contains(&bounce), "{bounce}");
        assert_eq!(recorded(30, (0..100).map(|n| n * 4_000_000)).len(), 100);
        assert_eq!(recorded(0, 0..100).len(), 100);
    }
}
