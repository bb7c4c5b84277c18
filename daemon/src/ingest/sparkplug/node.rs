//! What is known of one edge node: whether it is born, its sequence, its aliases, and the values
//! that hold until it dies. Pure.
//!
//! A hole in the sequence ends what the birth has told: the message that is missing may have been
//! another birth, after which an alias stands for another metric. Nothing is taken from the edge
//! node then until it has told its metrics anew.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    metric::DataType,
    wire::{Metric, MetricValue, Payload},
};

/// Aliases of metrics that nobody asks for are kept up to here; beyond, one that is used asks for a
/// rebirth. No edge node that is in its senses has so many.
const MOST_ALIASES: usize = 500_000;

/// The kinds of messages that an edge node sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The edge node is there, and these are its metrics.
    NBirth,
    /// It is gone.
    NDeath,
    /// Its metrics changed.
    NData,
    /// A device behind it is there.
    DBirth,
    /// That device is gone.
    DDeath,
    /// Its metrics changed.
    DData,
}

/// A metric's device (`None`: the edge node itself) and name.
pub type Name = (Option<String>, String);

/// What a message, or the lack of one, means.
#[derive(Clone, PartialEq, Debug)]
pub enum Word {
    /// A metric that is asked for, with its type and the time at which the message was sent.
    Metric(Name, DataType, Box<Metric>, Option<u64>),
    /// A metric that is asked for and cannot be a value.
    Odd(Name),
    /// The edge node (`None`) or one of its devices is born.
    Born(Option<String>),
    /// It is gone.
    Dead(Option<String>),
    /// A metric that was told before is not there any more.
    Gone(Name),
    /// The edge node must tell its metrics anew, because of this.
    Unborn(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Life {
    /// Nothing was heard, or too little to go on.
    Unborn,
    Born {
        bd_seq: Option<u64>,
        seq: Option<u64>,
    },
    Dead,
}

/// One edge node.
#[derive(Debug)]
pub struct Node {
    life: Life,
    /// What is asked for.
    wanted: BTreeSet<Name>,
    /// The names of aliases; `None` where nobody asks for the metric.
    aliases: BTreeMap<u64, Option<Name>>,
    kinds: BTreeMap<Name, DataType>,
    devices: BTreeSet<String>,
}

impl Node {
    /// An edge node of which nothing was heard.
    pub fn new(wanted: BTreeSet<Name>) -> Self {
        Self {
            life: Life::Unborn,
            wanted,
            aliases: BTreeMap::new(),
            kinds: BTreeMap::new(),
            devices: BTreeSet::new(),
        }
    }

    /// Whether what it last said still holds: it, and the device where one is named, are born.
    pub fn holds(&self, device: Option<&str>) -> bool {
        let node = matches!(self.life, Life::Born { .. });
        node && device.is_none_or(|device| self.devices.contains(device))
    }

    /// Whether it must tell its metrics anew.
    pub fn is_unborn(&self) -> bool {
        self.life == Life::Unborn
    }

    /// Forgets the birth: messages may have been missed.
    pub fn forget(&mut self) {
        if !matches!(self.life, Life::Dead) {
            self.life = Life::Unborn;
        }
        self.aliases.clear();
        self.kinds.clear();
        self.devices.clear();
    }

    /// Takes a message in.
    pub fn message(&mut self, kind: Kind, device: Option<&str>, payload: &Payload) -> Vec<Word> {
        match kind {
            Kind::NBirth => self.birth(payload),
            Kind::NDeath => self.death(payload),
            Kind::NData | Kind::DBirth | Kind::DDeath | Kind::DData => {
                self.in_sequence(kind, device, payload)
            },
        }
    }

    fn birth(&mut self, payload: &Payload) -> Vec<Word> {
        self.forget();
        self.life = Life::Born { bd_seq: bd_seq(payload), seq: payload.seq };
        let mut words = vec![Word::Born(None)];
        self.announced(None, payload, &mut words);
        words
    }

    fn death(&mut self, payload: &Payload) -> Vec<Word> {
        let dying = bd_seq(payload);
        if let Life::Born { bd_seq: born, .. } = self.life
            && let Some(born) = born
            && dying.is_some_and(|dying| is_earlier(dying, born))
        {
            // The will of an earlier connection, which came after the birth in the next one.
            return vec![];
        }
        self.forget();
        self.life = Life::Dead;
        vec![Word::Dead(None)]
    }

    fn in_sequence(&mut self, kind: Kind, device: Option<&str>, payload: &Payload) -> Vec<Word> {
        let Life::Born { seq: last, .. } = &mut self.life else {
            self.life = Life::Unborn;
            return vec![Word::Unborn("it was not heard from its beginning".to_owned())];
        };
        match (*last, payload.seq) {
            (Some(last), Some(seq)) if seq == last => return vec![],
            (Some(last), Some(seq)) if seq != last.wrapping_add(1) % 256 => {
                self.forget();
                let hole = format!("a message is missing: number {seq} came after {last}");
                return vec![Word::Unborn(hole)];
            },
            (_, None) => {},
            (_, seq) => *last = seq,
        }
        let mut words = Vec::new();
        match (kind, device) {
            (Kind::DBirth, Some(device)) => {
                self.devices.insert(device.to_owned());
                words.push(Word::Born(Some(device.to_owned())));
                self.announced(Some(device), payload, &mut words);
            },
            (Kind::DDeath, Some(device)) => {
                self.devices.remove(device);
                words.push(Word::Dead(Some(device.to_owned())));
            },
            (_, Some(unborn)) if !self.devices.contains(unborn) => {
                self.forget();
                words.push(Word::Unborn(format!("the birth of device {unborn} is missing")));
            },
            _ => self.changed(device, payload, &mut words),
        }
        words
    }

    /// A birth names all there is.
    fn announced(&mut self, device: Option<&str>, payload: &Payload, words: &mut Vec<Word>) {
        let mut there = BTreeSet::new();
        for metric in &payload.metrics {
            let Some(name) = metric.name.clone() else { continue };
            let name = (device.map(str::to_owned), name);
            let wanted = self.wanted.contains(&name);
            if let Some(alias) = metric.alias
                && (wanted || self.aliases.len() < MOST_ALIASES)
            {
                self.aliases.insert(alias, wanted.then(|| name.clone()));
            }
            if !wanted {
                continue;
            }
            there.insert(name.clone());
            match metric.datatype.and_then(DataType::of) {
                Some(kind) => {
                    self.kinds.insert(name.clone(), kind);
                    let metric = Box::new(metric.clone());
                    words.push(Word::Metric(name, kind, metric, payload.timestamp));
                },
                None => words.push(Word::Odd(name)),
            }
        }
        let missing = self.wanted.iter().filter(|name| name.0.as_deref() == device);
        let missing = missing.filter(|name| !there.contains(*name)).cloned();
        words.extend(missing.map(Word::Gone));
    }

    fn changed(&mut self, device: Option<&str>, payload: &Payload, words: &mut Vec<Word>) {
        for metric in &payload.metrics {
            let name = match (&metric.name, metric.alias) {
                // A name beside an alias is not needed and not looked at.
                (_, Some(alias)) if self.aliases.contains_key(&alias) => {
                    self.aliases.get(&alias).cloned().flatten()
                },
                (Some(name), _) => {
                    let name = (device.map(str::to_owned), name.clone());
                    self.wanted.contains(&name).then_some(name)
                },
                (None, alias) => {
                    self.forget();
                    let alias = alias.unwrap_or_default();
                    words.push(Word::Unborn(format!("alias {alias} was never announced")));
                    return;
                },
            };
            let Some(name) = name else { continue };
            match self.kinds.get(&name) {
                Some(kind) => {
                    let metric = Box::new(metric.clone());
                    words.push(Word::Metric(name, *kind, metric, payload.timestamp));
                },
                None => words.push(Word::Odd(name)),
            }
        }
    }
}

/// Whether a connection was before another; they are counted from 0 to 255 and round. Some edge
/// nodes already say the next number when they take their leave.
fn is_earlier(one: u64, other: u64) -> bool {
    (1..128).contains(&(other.wrapping_sub(one) % 256))
}

/// Which connection of the edge node a birth or a death belongs to.
fn bd_seq(payload: &Payload) -> Option<u64> {
    let named = |metric: &&Metric| metric.name.as_deref() == Some("bdSeq");
    match &payload.metrics.iter().find(named)?.value {
        Some(MetricValue::Long(number)) => Some(*number),
        Some(MetricValue::Int(number)) => Some(u64::from(*number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(device: Option<&str>, name: &str) -> Name {
        (device.map(str::to_owned), name.to_owned())
    }

    fn metric(name: Option<&str>, alias: Option<u64>, kind: Option<u32>, value: u64) -> Metric {
        Metric {
            name: name.map(str::to_owned),
            alias,
            datatype: kind,
            value: Some(MetricValue::Long(value)),
            ..Metric::default()
        }
    }

    fn payload(seq: u64, metrics: Vec<Metric>) -> Payload {
        Payload { timestamp: Some(1), metrics, seq: Some(seq) }
    }

    fn node() -> Node {
        Node::new(BTreeSet::from([name(None, "mode"), name(Some("plc"), "good")]))
    }

    fn birth(bd_seq: u64) -> Payload {
        let bd_seq = metric(Some("bdSeq"), None, Some(8), bd_seq);
        payload(0, vec![bd_seq, metric(Some("mode"), Some(1), Some(8), 3)])
    }

    fn device_birth(seq: u64) -> Payload {
        let other = metric(Some("other"), Some(11), Some(8), 1);
        payload(seq, vec![metric(Some("good"), Some(10), Some(8), 100), other])
    }

    fn values(words: &[Word]) -> Vec<u64> {
        let value = |word: &Word| match word {
            Word::Metric(_, _, metric, _) => metric.value.clone(),
            _ => None,
        };
        let number = |value| match value {
            MetricValue::Long(number) => Some(number),
            _ => None,
        };
        words.iter().filter_map(value).filter_map(number).collect()
    }

    fn born() -> Node {
        let mut node = node();
        node.message(Kind::NBirth, None, &birth(4));
        node.message(Kind::DBirth, Some("plc"), &device_birth(1));
        node
    }

    #[test]
    fn births_aliases_and_data() {
        let mut node = node();
        let words = node.message(Kind::NBirth, None, &birth(4));
        assert_eq!((words[0].clone(), values(&words)), (Word::Born(None), vec![3]));
        assert!(!node.holds(Some("plc")));
        let words = node.message(Kind::DBirth, Some("plc"), &device_birth(1));
        assert_eq!(values(&words), [100]);
        assert!(node.holds(Some("plc")));
        let data =
            payload(2, vec![metric(None, Some(10), None, 101), metric(None, Some(11), None, 2)]);
        assert_eq!(values(&node.message(Kind::DData, Some("plc"), &data)), [101]);
        // Once more, and nothing happens.
        assert_eq!(node.message(Kind::DData, Some("plc"), &data), []);
    }
    #[test]
    fn a_hole_in_the_sequence_ends_what_the_birth_told() {
        let mut node = born();
        let data = |seq| payload(seq, vec![metric(None, Some(10), None, 999)]);
        let words = node.message(Kind::DData, Some("plc"), &data(3));
        assert!(matches!(&words[..], [Word::Unborn(why)] if why.contains("3 came after 1")));
        assert!(node.is_unborn() && !node.holds(None));
        let words = node.message(Kind::DData, Some("plc"), &data(4));
        assert!(matches!(&words[..], [Word::Unborn(_)]), "nothing is taken until the next birth");
        node.message(Kind::NBirth, None, &birth(4));
        assert!(node.holds(None));
    }

    #[test]
    fn the_sequence_goes_round() {
        let mut node = born();
        for seq in (2..256).chain(0..3) {
            let data = payload(seq, vec![metric(None, Some(1), None, seq)]);
            assert_eq!(values(&node.message(Kind::NData, None, &data)), [seq]);
        }
    }

    #[test]
    fn a_death_counts_for_its_own_birth() {
        let mut node = born();
        let will = |number| Payload {
            metrics: vec![metric(Some("bdSeq"), None, Some(8), number)],
            ..Payload::default()
        };
        assert_eq!(node.message(Kind::NDeath, None, &will(3)), []);
        assert!(node.holds(Some("plc")));
        assert_eq!(node.message(Kind::NDeath, None, &will(250)), []);
        assert_eq!(node.message(Kind::NDeath, None, &will(4)), [Word::Dead(None)]);
        assert!(!node.holds(None) && !node.is_unborn());
        let data = payload(2, vec![]);
        assert!(matches!(&node.message(Kind::NData, None, &data)[..], [Word::Unborn(_)]));
    }

    #[test]
    fn a_device_dies_alone() {
        let mut node = born();
        let words = node.message(Kind::DDeath, Some("plc"), &payload(2, vec![]));
        assert_eq!(words, [Word::Dead(Some("plc".into()))]);
        assert!(node.holds(None) && !node.holds(Some("plc")));
        let words = node.message(Kind::DData, Some("plc"), &payload(3, vec![]));
        assert!(matches!(&words[..], [Word::Unborn(_)]), "its birth was missed");
    }

    #[test]
    fn what_a_birth_does_not_name_is_gone_and_what_it_cannot_say_is_odd() {
        let mut node = node();
        let words = node.message(Kind::NBirth, None, &payload(0, vec![]));
        assert_eq!(words, [Word::Born(None), Word::Gone(name(None, "mode"))]);
        let table = payload(0, vec![metric(Some("mode"), None, Some(16), 0)]);
        let words = node.message(Kind::NBirth, None, &table);
        assert_eq!(words, [Word::Born(None), Word::Odd(name(None, "mode"))]);
    }

    #[test]
    fn an_alias_that_was_never_announced_asks_for_a_birth() {
        let mut node = born();
        let data = payload(2, vec![metric(None, Some(77), None, 1)]);
        assert!(matches!(&node.message(Kind::NData, None, &data)[..], [Word::Unborn(_)]));
    }
}
