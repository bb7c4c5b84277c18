//! Who may try a PIN now, and for how long what is known of it holds.
//!
//! A try is counted before it is looked at and forgiven afterwards, so that pulling the plug gains
//! nobody a further one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{id::UserId, time::Micros};

/// Failures in a row that are nobody's concern.
const FREE: u32 = 5;

/// How long everybody waits after that, and after each further failure.
const LOCK_US: i64 = 5 * 60 * 1_000_000;

/// How long a supervisor's word stands for headquarters'.
const UNLOCK_US: i64 = 24 * 3_600 * 1_000_000;

/// What a terminal remembers of tries.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tries {
    /// When headquarters last confirmed who has which PIN.
    #[serde(default)]
    pub confirmed_us: Micros,
    /// PINs hold until then because a supervisor said so.
    #[serde(default)]
    unlocked_us: Micros,
    #[serde(default)]
    failed: BTreeMap<UserId, Failed>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Failed {
    count: u32,
    until_us: Micros,
}

/// Why nobody looks at a PIN now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Barred {
    /// Too many wrong ones.
    Locked(Micros),
    /// Headquarters has not confirmed it for too long.
    Expired,
}

impl Tries {
    /// It is `now`, as far as anybody knows. What lies further ahead than it can was stamped by a
    /// clock that was fast: from now on it counts as if it had been just now.
    pub fn believe(&mut self, now: Micros) {
        let ahead = |micros: i64| Micros(now.0.saturating_add(micros));
        self.confirmed_us = self.confirmed_us.min(now);
        self.unlocked_us = self.unlocked_us.min(ahead(UNLOCK_US));
        for failed in self.failed.values_mut() {
            failed.until_us = failed.until_us.min(ahead(LOCK_US));
        }
    }

    /// Whether what is known of PINs still holds, `valid_us` after headquarters confirmed it.
    pub fn holds(&self, now: Micros, valid_us: i64) -> bool {
        let valid = self.confirmed_us.0.saturating_add(valid_us);
        now.0 < valid.max(self.unlocked_us.0)
    }

    /// Whether this person may try.
    pub fn may(&self, user: UserId, now: Micros, valid_us: i64) -> Result<(), Barred> {
        // The lock first: who may still try an expired PIN may not try without end.
        if let Some(until) = self.locked(user, now) {
            return Err(Barred::Locked(until));
        }
        if self.holds(now, valid_us) { Ok(()) } else { Err(Barred::Expired) }
    }

    /// Until when this person is locked out.
    pub fn locked(&self, user: UserId, now: Micros) -> Option<Micros> {
        let failed = self.failed.get(&user)?;
        // A clock that was set back locks nobody out for longer.
        let until = failed.until_us.0.min(now.0.saturating_add(LOCK_US));
        (now.0 < until).then_some(Micros(until))
    }

    /// Counts a try as failed until it turns out otherwise. Answers how many are left before the
    /// next one has to wait.
    pub fn trying(&mut self, user: UserId, now: Micros) -> u32 {
        let failed = self.failed.entry(user).or_default();
        failed.count = failed.count.saturating_add(1);
        if failed.count >= FREE {
            failed.until_us = Micros(now.0.saturating_add(LOCK_US));
        }
        FREE.saturating_sub(failed.count)
    }

    /// The PIN was right.
    pub fn right(&mut self, user: UserId) {
        self.failed.remove(&user);
    }

    /// A supervisor vouches for everybody here.
    pub fn unlock(&mut self, now: Micros) {
        self.failed.clear();
        self.unlocked_us = Micros(now.0.saturating_add(UNLOCK_US));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId(uuid::Uuid::from_u128(1));
    const DAY: i64 = 86_400_000_000;
    const NOW: Micros = Micros(100 * DAY);

    fn fresh() -> Tries {
        Tries { confirmed_us: NOW, ..Tries::default() }
    }

    #[test]
    fn the_fifth_failure_locks_and_the_right_pin_forgives() {
        let mut tries = fresh();
        assert_eq!([1, 2, 3, 4].map(|_| tries.trying(ADA, NOW)), [4, 3, 2, 1]);
        assert_eq!(tries.may(ADA, NOW, DAY), Ok(()));
        assert_eq!(tries.trying(ADA, NOW), 0);
        let until = Micros(NOW.0 + LOCK_US);
        assert_eq!(tries.may(ADA, NOW, DAY), Err(Barred::Locked(until)));
        assert_eq!(tries.may(ADA, until, DAY), Ok(()));
        // One more, and everybody waits again.
        tries.trying(ADA, until);
        assert!(tries.may(ADA, until, DAY).is_err());
        tries.right(ADA);
        assert_eq!(tries.may(ADA, until, DAY), Ok(()));
    }

    #[test]
    fn no_more_than_twenty_guesses_in_an_hour() {
        let mut tries = fresh();
        let guesses = (0..3_600).filter(|second| {
            let now = Micros(NOW.0 + second * 1_000_000);
            tries.may(ADA, now, DAY).is_ok() && tries.trying(ADA, now) < u32::MAX
        });
        assert_eq!(guesses.count(), 16);
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out_for_days() {
        let mut tries = fresh();
        for _ in 0..5 {
            tries.trying(ADA, Micros(NOW.0 + 9 * DAY));
        }
        assert_eq!(tries.locked(ADA, NOW), Some(Micros(NOW.0 + LOCK_US)));
    }

    #[test]
    fn a_lock_of_a_clock_that_was_years_fast_ends_after_five_minutes() {
        let mut tries = fresh();
        for _ in 0..5 {
            tries.trying(ADA, Micros(NOW.0 + 900 * DAY));
        }
        tries.believe(NOW);
        assert_eq!(tries.locked(ADA, NOW), Some(Micros(NOW.0 + LOCK_US)));
        let later = Micros(NOW.0 + LOCK_US);
        tries.believe(later);
        assert_eq!(tries.locked(ADA, later), None);
    }

    #[test]
    fn what_a_clock_that_was_years_fast_confirmed_does_not_hold_for_years() {
        let mut tries = fresh();
        tries.confirmed_us = Micros(NOW.0 + 900 * DAY);
        tries.unlock(Micros(NOW.0 + 900 * DAY));
        tries.believe(NOW);
        assert_eq!(tries.may(ADA, NOW, 14 * DAY), Ok(()), "known as far as anybody knows");
        let later = Micros(NOW.0 + 14 * DAY);
        tries.believe(later);
        assert_eq!(tries.may(ADA, later, 14 * DAY), Err(Barred::Expired));
    }

    #[test]
    fn what_headquarters_has_not_confirmed_for_long_needs_a_supervisor() {
        let mut tries = fresh();
        let later = Micros(NOW.0 + 14 * DAY);
        assert_eq!(tries.may(ADA, later, 14 * DAY), Err(Barred::Expired));
        tries.unlock(later);
        assert_eq!(tries.may(ADA, later, 14 * DAY), Ok(()));
        let much_later = Micros(later.0 + UNLOCK_US);
        assert_eq!(tries.may(ADA, much_later, 14 * DAY), Err(Barred::Expired));
    }
}
