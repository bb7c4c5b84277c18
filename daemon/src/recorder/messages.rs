//! Messages of brokers whose values were taken: one that is delivered once more under its number
//! changes nothing. What is on disk of them is written with the facts, not here.

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
pub struct Messages(Digests);

/// Those of one round.
#[derive(Debug, Default)]
pub(super) struct Taken {
    digests: Digests,
    /// Brokers whose sessions began anew.
    anew: BTreeSet<Arc<str>>,
}

impl FromIterator<Message> for Messages {
    fn from_iter<T: IntoIterator<Item = Message>>(all: T) -> Self {
        Self(all.into_iter().map(|it| ((it.broker, it.packet), it.digest)).collect())
    }
}

impl Messages {
    /// Whether what is delivered once more was taken before.
    pub(super) fn have(&self, told: Option<&Delivered>, round: &Taken) -> bool {
        told.filter(|told| told.again && !told.first).is_some_and(
            |Delivered { message, .. }| {
                let number = (Arc::clone(&message.broker), message.packet);
                let earlier = self.0.get(&number).filter(|_| !round.anew.contains(&message.broker));
                round.digests.get(&number).or(earlier) == Some(&message.digest)
            },
        )
    }

    /// A round is on disk.
    pub(super) fn keep(&mut self, round: Taken) {
        self.0.retain(|(broker, _), _| !round.anew.contains(broker));
        self.0.extend(round.digests);
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

    /// What is to be written of them with the facts of the round.
    pub(super) fn told(&self, append: Append) -> Append {
        let message = |((broker, packet), digest): (&(Arc<str>, u16), &i64)| Message {
            broker: Arc::clone(broker),
            packet: *packet,
            digest: *digest,
        };
        let messages = self.digests.iter().map(message).collect();
        Append { messages, anew: self.anew.iter().cloned().collect(), ..append }
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
        let append = round.told(Append::default());
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
}
