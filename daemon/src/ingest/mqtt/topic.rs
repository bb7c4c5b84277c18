//! Which topics of a broker mean which signals, and what a message on one of them says. Pure.

use kart_core::{
    map::MachineMap,
    signal::{Quality, Sample, SignalName},
    time::Micros,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use super::{
    filter::Filter,
    payload::{Format, Payload, Place, Rejected},
};
use crate::ingest::{Arrival, sparkplug::HostPlan};

/// What holds is said again no more and no less often than this.
const LEAST_RESTATE: Duration = Duration::from_millis(500);
const MOST_RESTATE: Duration = Duration::from_secs(20);

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
    /// The files for TLS; `None`: nothing is encrypted.
    pub tls: Option<TlsPlan>,
    /// Time without traffic after which either side asks for a sign of life.
    pub keep_alive: Duration,
    /// A connection that brings no message for so long is made anew.
    pub expect_every: Option<Duration>,
    /// A greater message is passed over.
    pub max_packet_bytes: usize,
    /// Where is kept what the session at the broker is subscribed to.
    pub session_file: PathBuf,
    /// What is heard, by filter.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// What is heard of Sparkplug; a broker has either this or subscriptions.
    pub sparkplug: Option<HostPlan>,
    /// Where the station's state is published.
    pub publish: Option<PublishPlan>,
}

/// Files in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsPlan {
    /// The authority that must have signed the broker's certificate.
    pub ca_file: PathBuf,
    /// Our certificate and its key, where the broker asks for one.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Where the station's state is published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishPlan {
    /// The first levels of the topics.
    pub prefix: String,
    /// The level after them for what concerns this terminal.
    pub terminal: String,
}

/// The topics of one filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Subscription {
    /// The filter.
    pub filter: Filter,
    /// What is heard, by the captured levels.
    pub topics: BTreeMap<Vec<String>, TopicPlan>,
}

impl BrokerPlan {
    /// The machines read through this broker.
    pub fn machines(&self) -> Vec<usize> {
        let topics = self.subscriptions.values().flat_map(|heard| heard.topics.values());
        let signals = topics.flat_map(|topic| &topic.signals);
        let mut machines: BTreeSet<usize> = signals.map(|signal| signal.machine).collect();
        machines.extend(self.sparkplug.iter().flat_map(HostPlan::machines));
        machines.into_iter().collect()
    }

    /// Host and port.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether there is anything to hear or to publish.
    pub fn is_needed(&self) -> bool {
        self.publish.is_some() || !self.machines().is_empty()
    }

    /// What holds at an edge node is said again before it would be too old for its machines.
    pub fn restate(&mut self, machines: &[MachineMap]) {
        let Some(host) = &mut self.sparkplug else { return };
        let read = host.machines();
        let stale = read.iter().filter_map(|index| machines.get(*index)).map(|m| m.stale_us).min();
        let third = stale.and_then(|stale| u64::try_from(stale / 3).ok());
        let third = third.map_or(MOST_RESTATE, Duration::from_micros);
        host.restate = third.clamp(LEAST_RESTATE, MOST_RESTATE);
    }

    /// The signals heard by topics.
    pub fn signals(&self) -> Vec<(usize, SignalName)> {
        let topics = self.subscriptions.values().flat_map(|heard| heard.topics.values());
        let signals = topics.flat_map(|topic| &topic.signals);
        signals.map(|signal| (signal.machine, signal.signal.clone())).collect()
    }

    /// All that is subscribed to.
    pub fn filters(&self) -> BTreeSet<String> {
        let sparkplug = self.sparkplug.iter().flat_map(HostPlan::filters);
        self.subscriptions.keys().cloned().chain(sparkplug).collect()
    }

    /// What is heard on a topic, and whether it is subscribed to at all.
    pub fn heard(&self, topic: &str) -> (Vec<&TopicPlan>, bool) {
        let exact = self.subscriptions.get(topic);
        let mut covered = exact.is_some();
        let mut plans: Vec<_> = exact.into_iter().flat_map(|heard| heard.topics.values()).collect();
        for heard in self.subscriptions.values().filter(|heard| !heard.filter.is_exact()) {
            let Some(captured) = heard.filter.captures(topic) else { continue };
            covered = true;
            plans.extend(heard.topics.get(&captured));
        }
        (plans, covered)
    }
}

/// What the messages of one topic hold.
#[derive(Clone, PartialEq, Debug)]
pub struct TopicPlan {
    /// How they are written.
    pub format: Format,
    /// What stands between fields.
    pub separator: u8,
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
    /// Where the value stands.
    pub place: Place,
    /// Where the time stands at which the device took the value.
    pub time: Option<Place>,
    /// Which time a value gets.
    pub dating: Dating,
    /// It counts, and therefore must be a whole number.
    pub whole: bool,
}

/// Which time a value gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dating {
    /// That of its arrival.
    #[default]
    Arrival,
    /// The one that the message tells.
    Payload,
}

impl Dating {
    /// The message's time, where that is what counts.
    pub fn of(
        self,
        told: impl FnOnce() -> Result<Micros, Rejected>,
    ) -> Result<Option<Micros>, Rejected> {
        match self {
            Self::Arrival => Ok(None),
            Self::Payload => told().map(Some),
        }
    }
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
        came: impl Into<Arrival>,
        known: &mut Known,
    ) -> (Vec<Sample>, Vec<Rejected>) {
        let came = came.into();
        let payload = match Payload::read(self.format, self.separator, payload) {
            Ok(payload) => payload,
            Err(rejected) => return (Vec::new(), vec![rejected]),
        };
        let quality = if retained { Quality::Old } else { Quality::Good };
        let mut samples = Vec::with_capacity(self.signals.len());
        let mut rejections = Vec::new();
        for wanted in &self.signals {
            let sample = wanted.in_order(&payload, retained, came.right, known).and_then(|time| {
                let value = payload.value(&wanted.place, wanted.whole)?;
                let at = came.dated(wanted.dating.of(|| time.ok_or(Rejected::NotTime))?);
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
    /// that it cannot shut out what it says once its clock is right. Gives that time.
    fn in_order(
        &self,
        payload: &Payload<'_>,
        retained: bool,
        now: Micros,
        known: &mut Known,
    ) -> Result<Option<Micros>, Rejected> {
        let key = (self.machine, self.signal.clone());
        if retained && known.live.contains(&key) {
            return Err(Rejected::Overtaken);
        }
        let mut told = None;
        if let Some(place) = &self.time {
            let time = payload.time(place)?.min(now);
            let newest = known.times.entry(key.clone()).or_insert(time);
            // A known time ahead of our clock was taken before that clock was set back.
            if time < *newest && *newest <= now {
                return Err(Rejected::Overtaken);
            }
            *newest = time;
            told = Some(time);
        }
        if !retained {
            known.live.insert(key);
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::{signal::Value, time::Stamp};

    fn signal(name: &str, pointer: &str, whole: bool) -> TopicSignal {
        TopicSignal {
            machine: 3,
            signal: name.into(),
            place: Place::Pointer(pointer.into()),
            time: Some(Place::Pointer("/t".into())),
            dating: Dating::Arrival,
            whole,
        }
    }

    fn plan() -> TopicPlan {
        let signals = vec![signal("good", "/good", true), signal("state", "/state", false)];
        TopicPlan { format: Format::Json, separator: b',', signals }
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

    #[test]
    fn a_value_gets_the_time_that_its_message_tells_where_that_is_wanted() {
        let mut plan = plan();
        plan.signals.iter_mut().for_each(|signal| signal.dating = Dating::Payload);
        let taken = |time: i64| {
            let payload = format!(r#"{{"t":{time},"good":1,"state":"x"}}"#);
            let (samples, _) =
                plan.samples(payload.as_bytes(), false, stamp(), &mut Known::default());
            (samples[0].at.wall_us.0, samples[0].at.mono_us)
        };
        // Three seconds ago by both clocks; and not in the future.
        assert_eq!(taken(2000), (2_000_000, -2_999_999));
        assert_eq!(taken(9000), (5_000_000, 1));
    }
}
