//! What is said on the topics of a broker, as long as somebody looks: a bounded table, asked level
//! by level. Pure.

use kart_api::commissioning::{Branch, Topic};
use kart_core::time::Micros;
use std::collections::BTreeMap;

/// Topics that are kept; what is said on others is only counted.
const MOST_TOPICS: usize = 2_000;

/// Of a message so many bytes are kept.
const MOST_BYTES: usize = 1_024;

/// No longer topic is kept.
const LONGEST_TOPIC: usize = 512;

/// Names of one level that are told.
const MOST_BRANCHES: usize = 500;

/// The topics.
#[derive(Debug, Default)]
pub(super) struct Table {
    topics: BTreeMap<String, Said>,
    pub messages: u64,
    /// Messages on topics that found no room.
    pub beyond: u64,
}

/// What was said on one topic.
#[derive(Debug)]
pub(super) struct Said {
    count: u64,
    first: Micros,
    last: Micros,
    pub retained: bool,
    bytes: usize,
    pub payload: Vec<u8>,
}

impl Table {
    /// Takes a message in.
    pub(super) fn hear(&mut self, topic: &str, payload: &[u8], retained: bool, at: Micros) {
        self.messages += 1;
        let kept = payload.get(..MOST_BYTES).unwrap_or(payload);
        if let Some(said) = self.topics.get_mut(topic) {
            said.count += 1;
            (said.last, said.retained, said.bytes) = (at, retained, payload.len());
            said.payload.clear();
            said.payload.extend_from_slice(kept);
            return;
        }
        if self.topics.len() >= MOST_TOPICS || topic.len() > LONGEST_TOPIC {
            self.beyond += 1;
            return;
        }
        let (bytes, payload) = (payload.len(), kept.to_vec());
        let said = Said { count: 1, first: at, last: at, retained, bytes, payload };
        self.topics.insert(topic.to_owned(), said);
    }

    /// How many topics are known.
    pub(super) fn len(&self) -> usize {
        self.topics.len()
    }

    /// The last message of a topic, where all of it was kept.
    pub(super) fn whole(&self, topic: &str) -> Option<&Said> {
        self.topics.get(topic).filter(|said| said.bytes <= MOST_BYTES)
    }

    /// What was said on a topic.
    pub(super) fn topic(&self, topic: &str) -> Option<Topic> {
        let said = self.topics.get(topic)?;
        let span_us = said.last.0.saturating_sub(said.first.0);
        #[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
        let per_minute = match span_us {
            0 => None,
            span => Some((said.count - 1) as f64 * 60e6 / span as f64),
        };
        Some(Topic {
            name: topic.to_owned(),
            count: said.count,
            per_minute,
            at_us: said.last,
            retained: said.retained,
            bytes: said.bytes,
            payload: String::from_utf8_lossy(&said.payload).into_owned(),
        })
    }

    /// The names one level beneath `prefix`, which is empty or ends with a slash.
    pub(super) fn level(&self, prefix: &str) -> Vec<Branch> {
        let mut level: BTreeMap<&str, Branch> = BTreeMap::new();
        let beneath = self.topics.range(prefix.to_owned()..);
        for (topic, said) in beneath.take_while(|(topic, _)| topic.starts_with(prefix)) {
            let rest = topic.get(prefix.len()..).unwrap_or_default();
            let (name, deeper) = match rest.split_once('/') {
                Some((name, _)) => (name, true),
                None => (rest, false),
            };
            if level.len() >= MOST_BRANCHES && !level.contains_key(name) {
                break;
            }
            let branch = level.entry(name).or_default();
            name.clone_into(&mut branch.name);
            branch.at_us = branch.at_us.max(said.last);
            if deeper {
                branch.beneath += 1;
            } else {
                let head = said.payload.get(..80).unwrap_or(&said.payload);
                branch.said = Some(String::from_utf8_lossy(head).into_owned());
            }
        }
        level.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_level_by_level() {
        let mut table = Table::default();
        for topic in ["hall/p1/good", "hall/p1/state", "hall/p1-x", "hall/p1", "hall", "/odd"] {
            table.hear(topic, topic.as_bytes(), false, Micros(5));
        }
        let names = |prefix: &str| {
            let level = table.level(prefix);
            level.into_iter().map(|b| (b.name, b.beneath, b.said.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(names(""), [(String::new(), 1, false), ("hall".into(), 4, true)]);
        assert_eq!(names("hall/"), [("p1".into(), 2, true), ("p1-x".into(), 0, true)]);
        assert_eq!(names("hall/p1/"), [("good".into(), 0, true), ("state".into(), 0, true)]);
        assert_eq!(names("none/"), []);
    }

    #[test]
    fn a_flood_of_topics_and_a_great_message_stay_bounded() {
        let mut table = Table::default();
        for n in 0..3_000 {
            table.hear(&format!("t/{n:04}"), &[b'x'; 5_000], n == 0, Micros(n));
        }
        assert_eq!((table.len(), table.beyond, table.messages), (2_000, 1_000, 3_000));
        table.hear("t/0000", b"y", false, Micros(60_000_000));
        let topic = table.topic("t/0000").unwrap();
        assert_eq!((topic.count, topic.retained, topic.payload.as_str()), (2, false, "y"));
        assert!(topic.per_minute.is_some_and(|rate| (rate - 1.0).abs() < 0.01));
        assert_eq!(
            table.topic("t/0001").map(|topic| (topic.bytes, topic.payload.len())),
            Some((5_000, 1_024))
        );
        assert!(table.whole("t/0001").is_none() && table.whole("t/0000").is_some());
        assert_eq!(table.level("t/").len(), 500);
    }
}
