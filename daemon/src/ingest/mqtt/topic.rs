//! Which topics of a broker mean which signals, and what a message on one of them says. Pure.

use kart_core::{
    signal::{Quality, Sample, SignalName},
    time::{Micros, Stamp},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use super::payload::{Format, Payload, Rejected};

/// One broker: how to reach it and what is subscribed.
#[derive(Clone, PartialEq, Debug)]
pub struct BrokerPlan {
    /// Its name in the configuration.
    pub name: String,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The name of our session at the broker; the same at each start.
    pub client_id: String,
    /// Who we are there.
    pub user: Option<String>,
    /// Where the password is kept; it is read at each connection and kept nowhere else.
    pub password_file: Option<PathBuf>,
    /// Time without traffic after which either side asks for a sign of life.
    pub keep_alive: Duration,
    /// A greater packet ends the connection before it is stored.
    pub max_packet_bytes: usize,
    /// Subscriptions by topic.
    pub topics: BTreeMap<String, TopicPlan>,
}

impl BrokerPlan {
    /// The machines read through this broker.
    pub fn machines(&self) -> Vec<usize> {
        let signals = self.topics.values().flat_map(|topic| &topic.signals);
        signals.map(|signal| signal.machine).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// What the messages of one topic hold.
#[derive(Clone, PartialEq, Debug)]
pub struct TopicPlan {
    /// How they are written.
    pub format: Format,
    /// The signals in them.
    pub signals: Vec<TopicSignal>,
}

/// A signal within the messages of a topic.
#[derive(Clone, PartialEq, Debug)]
pub struct TopicSignal {
    /// Index of the machine in the map.
    pub machine: usize,
    /// The signal of that machine.
    pub signal: SignalName,
    /// Where the value stands in JSON.
    pub pointer: String,
    /// Where the time stands at which the device took the value.
    pub time_pointer: Option<String>,
    /// It counts, and therefore must be a whole number.
    pub whole: bool,
}

/// What was heard before, by machine and signal: it tells which message comes too late.
#[derive(Debug, Default)]
pub struct Known {
    /// The newest time by the device's clock.
    times: BTreeMap<(usize, SignalName), Micros>,
    /// Signals that were heard live in this session.
    live: BTreeSet<(usize, SignalName)>,
}

impl Known {
    /// A new session: what was said between the two is lost, and what the broker retained is news.
    pub fn session_lost(&mut self) {
        self.live.clear();
    }
}

impl TopicPlan {
    /// The samples in a message, and why some signals found none.
    pub fn samples(
        &self,
        payload: &[u8],
        retained: bool,
        at: Stamp,
        known: &mut Known,
    ) -> (Vec<Sample>, Vec<Rejected>) {
        let payload = match Payload::read(self.format, payload) {
            Ok(payload) => payload,
            Err(rejected) => return (Vec::new(), vec![rejected]),
        };
        let quality = if retained { Quality::Old } else { Quality::Good };
        let mut samples = Vec::with_capacity(self.signals.len());
        let mut rejections = Vec::new();
        for wanted in &self.signals {
            let sample = wanted.in_order(&payload, retained, at, known).and_then(|()| {
                let value = payload.value(&wanted.pointer, wanted.whole)?;
                let (machine, signal) = (wanted.machine, wanted.signal.clone());
                Ok(Sample { machine, signal, value, quality, at, again: false })
            });
            match sample {
                Ok(sample) => samples.push(sample),
                Err(rejected) => rejections.push(rejected),
            }
        }
        (samples, rejections)
    }
}

impl TopicSignal {
    /// Refuses a message that was overtaken by a newer one: a retained one that comes after a live
    /// one, and one whose time is older. A device whose clock is ahead counts as being on time, so
    /// that it cannot shut out what it says once its clock is right.
    fn in_order(
        &self,
        payload: &Payload,
        retained: bool,
        at: Stamp,
        known: &mut Known,
    ) -> Result<(), Rejected> {
        let key = (self.machine, self.signal.clone());
        if retained && known.live.contains(&key) {
            return Err(Rejected::Overtaken);
        }
        if let Some(pointer) = &self.time_pointer {
            let time = payload.time(pointer)?.min(at.wall_us);
            let newest = known.times.entry(key.clone()).or_insert(time);
            // A known time ahead of our clock was taken before that clock was set back.
            if time < *newest && *newest <= at.wall_us {
                return Err(Rejected::Overtaken);
            }
            *newest = time;
        }
        if !retained {
            known.live.insert(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::signal::Value;

    fn signal(name: &str, pointer: &str, whole: bool) -> TopicSignal {
        let time_pointer = Some("/t".into());
        TopicSignal {
            machine: 3,
            signal: name.into(),
            pointer: pointer.into(),
            time_pointer,
            whole,
        }
    }

    fn plan() -> TopicPlan {
        let signals = vec![signal("good", "/good", true), signal("state", "/state", false)];
        TopicPlan { format: Format::Json, signals }
    }

    fn stamp() -> Stamp {
        Stamp { wall_us: Micros(5_000_000), mono_us: 1 }
    }

    #[test]
    fn one_message_serves_several_signals_and_a_bad_part_costs_only_itself() {
        let mut known = Known::default();
        let payload = br#"{"t":1000,"good":"many","state":"running"}"#;
        let (samples, rejections) = plan().samples(payload, true, stamp(), &mut known);
        let expect = Sample {
            machine: 3,
            signal: "state".into(),
            value: Value::Word("running".into()),
            quality: Quality::Old,
            at: stamp(),
            again: false,
        };
        assert_eq!((samples, rejections), (vec![expect], vec![Rejected::NotWhole]));
    }

    #[test]
    fn an_overtaken_message_changes_nothing_and_a_doubled_one_is_harmless() {
        let mut known = Known::default();
        let mut taken = |time: i64| {
            let payload = format!(r#"{{"t":{time},"good":1,"state":"x"}}"#);
            plan().samples(payload.as_bytes(), false, stamp(), &mut known).0.len()
        };
        // The device's clock is ahead at 9000 ms: it counts as 5000 ms, which is now.
        let times = [2000, 1999, 2000, 3000, 9000, 4999, 5000];
        assert_eq!(times.map(&mut taken), [2, 0, 2, 2, 2, 0, 2]);
    }

    #[test]
    fn a_retained_message_counts_until_a_live_one_and_again_in_a_new_session() {
        let mut known = Known::default();
        let heard = |retained, known: &mut Known| {
            let payload = br#"{"t":1000,"good":1,"state":"x"}"#;
            plan().samples(payload, retained, stamp(), known).0.len()
        };
        let before = [true, true, false, true].map(|retained| heard(retained, &mut known));
        known.session_lost();
        assert_eq!((before, heard(true, &mut known)), ([2, 2, 2, 0], 2));
    }

    #[test]
    fn a_message_without_its_time_is_rejected() {
        let (samples, rejections) =
            plan().samples(br#"{"good":1,"state":"x"}"#, false, stamp(), &mut Known::default());
        assert_eq!((samples.len(), rejections), (0, vec![Rejected::Missing("/t".into()); 2]));
    }
}
