//! Which numbers a broker may deliver again. Pure.
//!
//! A number is free once the broker has our acknowledgement, and nobody says when that is. But a
//! connection keeps its order: when the broker answers a ping, it has read what was sent before it. What was
//! not acknowledged over an earlier connection is delivered again at the beginning of the next one,
//! long before the first ping.

use std::collections::BTreeSet;

/// The numbers of one connection.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// Of messages whose acknowledgement the broker may not have.
    numbers: BTreeSet<u16>,
    /// Acknowledged since the last ping.
    said: BTreeSet<u16>,
    /// Acknowledged before the ping that has no answer yet.
    asked: Option<BTreeSet<u16>>,
    /// The broker has answered a ping.
    begun: bool,
}

impl Owed {
    /// A message came under this number.
    pub(super) fn came(&mut self, number: u16) {
        self.numbers.insert(number);
        self.said.remove(&number);
        self.asked.iter_mut().for_each(|asked| _ = asked.remove(&number));
    }

    /// It was acknowledged.
    pub(super) fn acknowledged(&mut self, number: u16) {
        self.said.insert(number);
    }

    /// The broker is asked for a sign of life.
    pub(super) fn ping(&mut self) {
        self.asked = Some(std::mem::take(&mut self.said));
    }

    /// It gives one. Returns the numbers under which it may deliver again, where that is news.
    pub(super) fn pong(&mut self) -> Option<BTreeSet<u16>> {
        let asked = self.asked.take()?;
        let news = !std::mem::replace(&mut self.begun, true) || !asked.is_empty();
        self.numbers.retain(|number| !asked.contains(number));
        news.then(|| self.numbers.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_free_when_a_later_ping_is_answered() {
        let mut owed = Owed::default();
        (1..=4).for_each(|number| owed.came(number));
        owed.acknowledged(1);
        owed.acknowledged(2);
        owed.ping();
        owed.acknowledged(3);
        owed.came(1);
        assert_eq!(
            owed.pong(),
            Some([1, 3, 4].into()),
            "1 is used again, 3 was not before the ping"
        );
        owed.ping();
        assert_eq!(owed.pong(), Some([1, 4].into()));
        owed.ping();
        assert_eq!(owed.pong(), None);
    }

    #[test]
    fn the_first_sign_of_life_ends_what_earlier_connections_left() {
        let mut owed = Owed::default();
        assert_eq!(owed.pong(), None, "nobody has asked for it");
        owed.ping();
        assert_eq!(owed.pong(), Some(BTreeSet::new()));
    }
}
