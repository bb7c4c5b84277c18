//! Tickets: what a badge and its PIN are exchanged for while somebody looks at a record, so that the PIN is
//! compared once and kept nowhere. They are in memory only, and end soon after nobody uses them.

use kart_api::Pin;
use kart_core::{command::Refusal, id::UserId};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::own::not_kept;

/// So long a ticket holds after it was used last, microseconds of the boot clock.
const HOLDS_US: i64 = 300_000_000;

/// More screens than this nobody has open.
const MOST: usize = 64;

/// Whose records it opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opens {
    /// Their own.
    Own(UserId),
    /// Everybody's: a lead's or a supervisor's, who typed a PIN.
    All(UserId),
}

impl Opens {
    /// Who got it.
    pub fn who(self) -> UserId {
        match self {
            Self::Own(who) | Self::All(who) => who,
        }
    }

    /// Whether it opens the record of this person.
    pub fn opens(self, user: UserId) -> bool {
        match self {
            Self::Own(who) => who == user,
            Self::All(_) => true,
        }
    }
}

/// Whether this is a ticket, good or not: a PIN is digits.
pub(super) fn is_one(shown: &Pin) -> bool {
    shown.0.starts_with('t')
}

/// All tickets that hold, with the moment until which they do.
#[derive(Debug, Default)]
pub(super) struct Tickets(Mutex<BTreeMap<String, (Opens, i64)>>);

impl Tickets {
    pub(super) fn give(&self, opens: Opens, now_us: i64) -> Result<Pin, Refusal> {
        let mut bytes = [0_u8; 24];
        let random = SystemRandom::new().fill(&mut bytes);
        random
            .map_err(|_| not_kept(&std::io::Error::other("the system gives no random numbers")))?;
        let mut ticket = String::from("t");
        for byte in bytes {
            let _infallible = write!(ticket, "{byte:02x}");
        }
        let mut known = self.known();
        known.retain(|_, (_, until)| *until > now_us);
        while known.len() >= MOST {
            known.pop_first();
        }
        known.insert(ticket.clone(), (opens, now_us.saturating_add(HOLDS_US)));
        Ok(Pin(ticket))
    }

    /// What it opens; whoever asks goes on looking.
    pub(super) fn of(&self, ticket: &str, now_us: i64) -> Option<Opens> {
        let mut known = self.known();
        let (opens, until) = known.get_mut(ticket).filter(|(_, until)| *until > now_us)?;
        *until = now_us.saturating_add(HOLDS_US);
        Some(*opens)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, (Opens, i64)>> {
        // Nothing panics while it holds this.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_holds_while_it_is_used_and_opens_what_it_was_given_for() {
        let (tickets, one, two) = (
            Tickets::default(),
            UserId(uuid::Uuid::from_u128(1)),
            UserId(uuid::Uuid::from_u128(2)),
        );
        let own = tickets.give(Opens::Own(one), 0).unwrap();
        let all = tickets.give(Opens::All(two), 0).unwrap();
        assert_ne!(own, all);
        let opens = |ticket: &Pin, at| tickets.of(&ticket.0, at);
        assert!(opens(&own, HOLDS_US - 1).is_some_and(|it| it.opens(one) && !it.opens(two)));
        assert!(opens(&own, 2 * HOLDS_US - 2).is_some(), "used meanwhile");
        assert_eq!(opens(&all, HOLDS_US), None, "nobody looked");
        assert_eq!(tickets.of("t00", 0), None);
    }
}
