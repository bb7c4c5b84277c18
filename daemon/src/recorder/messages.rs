//! Messages of brokers whose values were taken: one that is delivered once more under its number
//! changes nothing. What is on disk of them is written with the facts, not here.
//!
//! None is known longer than its broker may deliver it: numbers are used again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kart_store::{Append, Message};

use crate::ingest::Delivered;

/// Digests by broker and number.
type Digests = BTreeMap<(Arc<str>, u16), i64>;

/// Those that are on disk.
#[derive(Debug, Default)]
pub struct Messages {
    digests: Digests,
    /// Still on disk, and not to be known any more.
    free: BTreeSet<(Arc<str>, u16)>,
}

/// Those of one round.
#[derive(Debug, Default)]
pub(super) struct Taken {
    digests: Digests,
    /// Brokers whose sessions began anew.
    anew: BTreeSet<Arc<str>>,
}

impl FromIterator<Message> for Messages {
    fn from_iter<T: IntoIterator<Item = Message>>(all: T) -> Self {
        let digests = all.into_iter().map(|it| ((it.broker, it.packet), it.digest)).collect();
        Self { digests, free: BTreeSet::new() }
    }
}

impl Messages {
    /// Whether what is delivered once more was taken before.
    pub(super) fn have(&self, told: Option<&Delivered>, round: &Taken) -> bool {
        told.filter(|told| told.again && !told.first).is_some_and(
            |Delivered { message, .. }| {
                let number = (Arc::clone(&message.broker), message.packet);
                let earlier =
                    self.digests.get(&number).filter(|_| !round.anew.contains(&message.broker));
                round.digests.get(&number).or(earlier) == Some(&message.digest)
            },
        )
    }

    /// Under no other numbers does a broker deliver once more.
    pub(super) fn only(&mut self, broker: &Arc<str>, numbers: &BTreeSet<u16>) {
        let is_free = |(of, number): &(Arc<str>, u16)| of == broker && !numbers.contains(number);
        let free = self.digests.extract_if(.., |number, _| is_free(number));
        self.free.extend(free.map(|(number, _)| number));
    }

    /// What is to be written of `round` with its facts.
    pub(super) fn told(&self, round: &Taken, append: Append) -> Append {
        let message = |((broker, packet), digest): (&(Arc<str>, u16), &i64)| Message {
            broker: Arc::clone(broker),
            packet: *packet,
            digest: *digest,
        };
        Append {
            messages: round.digests.iter().map(message).collect(),
            anew: round.anew.iter().cloned().collect(),
            free: self.free.iter().cloned().collect(),
            ..append
        }
    }

    /// A round is on disk.
    pub(super) fn keep(&mut self, round: Taken) {
        self.digests.retain(|(broker, _), _| !round.anew.contains(broker));
        self.digests.extend(round.digests);
        self.free.clear();
    }
}

impl Taken {
    /// The values of a message were taken.
    pub(super) fn take(&mut self, Delivered { message, first, .. }: Delivered) {
        if first {
            self.digests.retain(|(broker, _), _| *broker != message.broker);
            self.anew.insert(Arc::clone(&message.broker));
        }
        self.digests.insert((message.broker, message.packet), message.digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(packet: u16, words: &str, again: bool, first: bool) -> Delivered {
        Delivered {
            message: Message::new("hall".into(), packet, "line", words.as_bytes()),
            again,
            first,
        }
    }

    #[test]
    fn what_was_taken_is_known_by_number_and_words_within_its_session() {
        let mut messages = Messages::default();
        let mut round = Taken::default();
        round.take(told(1, "run", false, true));
        assert!(messages.have(Some(&told(1, "run", true, false)), &round), "in the same round");
        let append = messages.told(&round, Append::default());
        assert_eq!((append.messages.len(), append.anew), (1, vec!["hall".into()]));
        messages.keep(round);
        let round = Taken::default();
        let have =
            |packet, words, again| messages.have(Some(&told(packet, words, again, false)), &round);
        assert!(have(1, "run", true));
        assert!(!have(1, "run", false), "the number is used again");
        assert!(!have(1, "stop", true) && !have(2, "run", true), "it never arrived");
        assert!(!messages.have(Some(&told(1, "run", true, true)), &round), "another session");
        let mut round = Taken::default();
        round.take(told(7, "run", false, true));
        assert!(!messages.have(Some(&told(1, "run", true, false)), &round));
        messages.keep(round);
        assert!(!messages.have(Some(&told(1, "run", true, false)), &Taken::default()));
    }
    #[test]
    fn what_a_broker_cannot_deliver_again_is_not_known_any_more() {
        let mut messages = Messages::default();
        let mut round = Taken::default();
        (1..=3).for_each(|number| round.take(told(number, "run", false, false)));
        messages.keep(round);
        messages.only(&"hall".into(), &[2, 9].into());
        messages.only(&"yard".into(), &BTreeSet::new());
        let mut round = Taken::default();
        let known = |messages: &Messages, number, round: &Taken| {
            messages.have(Some(&told(number, "run", true, false)), round)
        };
        assert_eq!([1, 2, 3].map(|number| known(&messages, number, &round)), [false, true, false]);
        // What comes now under such a number is written after the other one is gone.
        round.take(told(3, "run", true, false));
        let append = messages.told(&round, Append::default());
        assert_eq!(append.free, [("hall".into(), 1), ("hall".into(), 3)]);
        assert_eq!(append.messages.len(), 1);
        messages.keep(round);
        assert!(known(&messages, 3, &Taken::default()));
        assert!(messages.told(&Taken::default(), Append::default()).free.is_empty());
    }
}
