//! Sparkplug B 3.0, seen from a host application: which edge nodes and devices are alive, what
//! their metrics say, and when an edge node must be asked to tell its metrics anew.
//!
//! This is pure: bytes and stamps come in, [`Heard`] goes out. The only thing that may ever be sent
//! to an edge node is the request for a rebirth, and only where the configuration allows it for
//! the group. A value holds, as the specification has it, until its device or edge node dies; it is
//! said again from time to time for as long as that is known: never without a connection.

use kart_core::{
    signal::{Quality, Sample, SignalName, Value},
    time::{Micros, Stamp},
};
use prost::Message as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub mod metric;
pub mod node;
pub mod wire;
mod edge;

use crate::ingest::{
    Arrival, Reading,
    mqtt::{payload::Rejected, topic::Dating},
};
use edge::Edge;
use node::Kind;

/// Groups, edge nodes and metrics of one broker.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HostPlan {
    /// The name of this host application, where it makes itself known.
    pub host_id: Option<String>,
    /// The groups; `true` where edge nodes may be asked for a rebirth.
    pub groups: BTreeMap<String, bool>,
    /// What is asked for.
    pub metrics: BTreeMap<EdgeName, Vec<MetricPlan>>,
    /// How often what holds is said again.
    pub restate: Duration,
}

/// Group and edge node.
pub type EdgeName = (String, String);

/// A signal that is a metric.
#[derive(Clone, PartialEq, Debug)]
pub struct MetricPlan {
    /// The device behind the edge node; `None`: the edge node itself.
    pub device: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// Index of the machine in the map.
    pub machine: usize,
    /// The signal of that machine.
    pub signal: SignalName,
    /// It counts, and therefore must be a whole number.
    pub whole: bool,
    /// Which time it gets.
    pub dating: Dating,
}

/// What follows from a message or from the passing of time.
#[derive(Debug)]
pub enum Heard {
    /// Values.
    Samples(Vec<Sample>),
    /// These signals have no value any more, and a change of a link.
    Reading(Reading),
    /// A request to be published: topic and payload.
    Ask(String, Vec<u8>),
    /// A value that could not be taken.
    Rejected(Rejected),
}

impl HostPlan {
    /// What is subscribed to: all messages of the edge nodes that signals come from, and what is said
    /// of this host application itself.
    pub fn filters(&self) -> Vec<String> {
        let names = self.metrics.keys();
        let edges = names.map(|(group, node)| format!("spBv1.0/{group}/+/{node}/#"));
        edges.chain(self.state_topic()).collect()
    }

    /// Where it is said whether this host application is there.
    pub fn state_topic(&self) -> Option<String> {
        self.host_id.as_ref().map(|host_id| format!("spBv1.0/STATE/{host_id}"))
    }

    /// The machines that are read.
    pub fn machines(&self) -> BTreeSet<usize> {
        self.metrics.values().flatten().map(|metric| metric.machine).collect()
    }
}

/// A host application at one broker.
#[derive(Debug)]
pub struct Host {
    edges: BTreeMap<EdgeName, Edge>,
    restate_us: i64,
    restated: Option<Stamp>,
    /// Without a connection nobody knows whether anything still holds, and nobody can be asked.
    connected: bool,
}

impl Host {
    /// A host that has heard nothing.
    pub fn new(broker: &str, plan: &HostPlan) -> Self {
        let may_ask = |group: &str| plan.groups.get(group).copied().unwrap_or(false);
        let edges = plan.metrics.iter();
        let edges = edges.map(|(name, metrics)| {
            (name.clone(), Edge::new(broker, name, metrics, may_ask(&name.0)))
        });
        let restate_us = i64::try_from(plan.restate.as_micros()).unwrap_or(i64::MAX);
        Self { edges: edges.collect(), restate_us, restated: None, connected: false }
    }

    /// A new connection: what was told in between was missed.
    pub fn connected(&mut self, at: Stamp) {
        self.connected = true;
        self.edges.values_mut().for_each(|edge| edge.connected(at));
    }

    /// The connection was lost. What was told before grows old and is not said again.
    pub fn lost(&mut self) {
        self.connected = false;
    }

    /// Takes a message in.
    pub fn message(
        &mut self,
        topic: &str,
        bytes: &[u8],
        retained: bool,
        came: impl Into<Arrival>,
    ) -> Vec<Heard> {
        let Some((name, kind, device)) = parse(topic) else { return vec![] };
        let Some(edge) = self.edges.get_mut(&name) else { return vec![] };
        if retained {
            // Never allowed, and nobody knows how old it is.
            return vec![Heard::Rejected(Rejected::Overtaken)];
        }
        match wire::Payload::decode(bytes) {
            Ok(payload) => edge.message(kind, device, &payload, came.into()),
            Err(error) => vec![Heard::Rejected(Rejected::NotSparkplug(error.to_string()))],
        }
    }

    /// What is due: values said again, and requests.
    pub fn passing(&mut self, at: Stamp) -> Vec<Heard> {
        if !self.connected {
            return vec![];
        }
        let due = self.restated.is_none_or(|restated| at.since(restated) >= self.restate_us);
        if due {
            self.restated = Some(at);
        }
        self.edges.values_mut().flat_map(|edge| edge.passing(due, at)).collect()
    }
}

/// Group, edge node, kind and device of a topic; `None` for what is no word of an edge node.
fn parse(topic: &str) -> Option<(EdgeName, Kind, Option<&str>)> {
    let mut levels = topic.split('/');
    if levels.next() != Some("spBv1.0") {
        return None;
    }
    let (group, kind, node) = (levels.next()?, levels.next()?, levels.next()?);
    let device = levels.next();
    let kind = match (kind, device) {
        ("NBIRTH", None) => Kind::NBirth,
        ("NDEATH", None) => Kind::NDeath,
        ("NDATA", None) => Kind::NData,
        ("DBIRTH", Some(_)) => Kind::DBirth,
        ("DDEATH", Some(_)) => Kind::DDeath,
        ("DDATA", Some(_)) => Kind::DData,
        _ => return None,
    };
    let whole = levels.next().is_none() && device.is_none_or(|device| !device.is_empty());
    whole.then(|| ((group.to_owned(), node.to_owned()), kind, device))
}

/// The topic and payload that say whether this host application is there.
pub fn state(host_id: &str, online: bool, at: Micros) -> (String, Vec<u8>) {
    let millis = at.0 / 1000;
    let text = format!(r#"{{"online":{online},"timestamp":{millis}}}"#);
    (format!("spBv1.0/STATE/{host_id}"), text.into_bytes())
}

/// Whether somebody says of a host application that it is gone.
pub fn denies(payload: &[u8]) -> bool {
    let said: Option<serde_json::Value> = serde_json::from_slice(payload).ok();
    said.is_some_and(|said| said.get("online") == Some(&serde_json::Value::Bool(false)))
}

/// A sample of a metric.
fn sample(plan: &MetricPlan, value: Value, quality: Quality, at: Stamp) -> Sample {
    let again = quality == Quality::Old;
    Sample { machine: plan.machine, signal: plan.signal.clone(), value, quality, at, again }
}

#[cfg(test)]
mod tests;
