//! One edge node as signals of machines: its metrics become samples, its death takes their values
//! away, and its links are shown.

use kart_core::{
    signal::{Quality, SignalName, Value},
    time::{Micros, Stamp},
};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use tracing::{info, warn};

use super::{
    EdgeName, Heard, MetricPlan,
    metric::DataType,
    node::{Kind, Name, Node, Word},
    sample,
    wire::{Metric, MetricValue, Payload},
};
use crate::ingest::{Arrival, LinkChange, Reading};

/// An edge node may have this long to be born by itself after we are connected, microseconds.
const FIRST_ASK_US: i64 = 1_000_000;
/// Between two requests for a birth; doubled each time up to …
const NEXT_ASK_US: i64 = 5_000_000;
/// … this.
const LAST_ASK_US: i64 = 300_000_000;
/// So long without a birth is a link that is down.
const PATIENCE_US: i64 = 5_000_000;

/// One edge node.
#[derive(Debug)]
pub(super) struct Edge {
    broker: String,
    name: EdgeName,
    node: Node,
    plans: BTreeMap<Name, Vec<MetricPlan>>,
    /// What was last said, by signal.
    current: BTreeMap<Name, Vec<(MetricPlan, Value)>>,
    /// When it was last said again.
    restated: Option<Stamp>,
    may_ask: bool,
    /// By the boot clock: not before this is a birth asked for.
    ask_from_us: i64,
    asks: u32,
    /// Since when a birth is missing, and why.
    unborn: Option<(Stamp, String)>,
    /// The links that were told, and whether they were up.
    links: BTreeMap<Option<String>, bool>,
}

impl Edge {
    pub(super) fn new(
        broker: &str,
        name: &EdgeName,
        metrics: &[MetricPlan],
        may_ask: bool,
    ) -> Self {
        let mut plans: BTreeMap<Name, Vec<MetricPlan>> = BTreeMap::new();
        for metric in metrics {
            let name = (metric.device.clone(), metric.metric.clone());
            plans.entry(name).or_default().push(metric.clone());
        }
        Self {
            broker: broker.to_owned(),
            name: name.clone(),
            node: Node::new(plans.keys().cloned().collect()),
            plans,
            current: BTreeMap::new(),
            restated: None,
            may_ask,
            ask_from_us: i64::MAX,
            asks: 0,
            unborn: None,
            links: BTreeMap::new(),
        }
    }

    pub(super) fn connected(&mut self, at: Stamp) {
        self.node.forget();
        self.ask_from_us = at.mono_us.saturating_add(FIRST_ASK_US);
        self.asks = 0;
        if self.node.is_unborn() {
            self.unborn = Some((at, "it has told nothing since we are connected".to_owned()));
        }
    }

    pub(super) fn message(
        &mut self,
        kind: Kind,
        device: Option<&str>,
        payload: &Payload,
        came: Arrival,
    ) -> Vec<Heard> {
        let at = came.at;
        let mut heard = Vec::new();
        for word in self.node.message(kind, device, payload) {
            match word {
                Word::Metric(name, kind, metric, sent) => {
                    self.metric(&name, kind, &metric, (sent, came), &mut heard);
                },
                Word::Odd(name) => {
                    self.stale(|other| *other == name, &mut heard);
                    let odd = crate::ingest::mqtt::payload::Rejected::OtherType;
                    heard.push(Heard::Rejected(odd));
                },
                Word::Gone(name) => self.stale(|other| *other == name, &mut heard),
                Word::Born(device) => self.born(device, at, &mut heard),
                Word::Dead(device) => self.dead(device.as_deref(), at, &mut heard),
                Word::Unborn(why) => {
                    if self.unborn.is_none() {
                        info!(broker = self.broker, edge = self.edge(), why, "its birth is needed");
                    }
                    self.unborn.get_or_insert((at, why));
                    heard.extend(self.ask(at));
                },
            }
        }
        heard
    }

    /// What is due at `at`: values said again where `restate`, a request, word of a link.
    pub(super) fn passing(&mut self, restate: bool, at: Stamp) -> Vec<Heard> {
        let mut heard = Vec::new();
        if restate {
            let held = self.current.iter().filter(|(name, _)| self.node.holds(name.0.as_deref()));
            let values = held.flat_map(|(_, values)| values);
            self.restated = Some(at);
            let again: Vec<_> = values
                .map(|(plan, value)| sample(plan, value.clone(), Quality::Good, at))
                .collect();
            if !again.is_empty() {
                heard.push(Heard::Samples(again));
            }
        }
        heard.extend(self.node.is_unborn().then(|| self.ask(at)).flatten());
        let late = self.unborn.as_ref().filter(|(since, _)| at.since(*since) >= PATIENCE_US);
        if let Some((since, why)) = late.cloned() {
            let mut reason = format!("edge node {} must tell its metrics anew: {why}", self.edge());
            if !self.may_ask {
                reason += "; this terminal may not ask for it (rebirth of the group is off)";
            }
            self.link(None, Err(reason), since, &mut heard);
        }
        heard
    }

    fn metric(
        &mut self,
        name: &Name,
        kind: DataType,
        metric: &Metric,
        (sent, came): (Option<u64>, Arrival),
        heard: &mut Vec<Heard>,
    ) {
        let historical = metric.is_historical == Some(true);
        // What is said now is not older than what was said again before.
        let said = self.restated.filter(|_| !historical);
        let when = |at: Stamp| said.filter(|said| said.mono_us > at.mono_us).unwrap_or(at);
        let mut values = Vec::new();
        let mut samples = Vec::new();
        for plan in self.plans.get(name).into_iter().flatten() {
            let taken = metric.reading(kind, plan.whole).and_then(|value| {
                let quality = if historical { Quality::Old } else { Quality::Good };
                let time = match historical {
                    // A past value without its time is no value.
                    true => Some(metric.time(sent)?),
                    false => plan.dating.of(|| metric.time(sent))?,
                };
                Ok(value.map(|value| {
                    (value.clone(), sample(plan, value, quality, when(came.dated(time))))
                }))
            });
            match taken {
                Ok(Some((value, sample))) => {
                    values.push((plan.clone(), value));
                    samples.push(sample);
                },
                Ok(None) => {},
                Err(rejected) => heard.push(Heard::Rejected(rejected)),
            }
        }
        if !samples.is_empty() {
            push(heard, samples);
        }
        if historical {
            return;
        }
        let gone = |plan: &MetricPlan| !values.iter().any(|(taken, _)| taken == plan);
        let gone = self.plans.get(name).into_iter().flatten().filter(|plan| gone(plan));
        let gone: Vec<_> = gone.map(|plan| (plan.machine, plan.signal.clone())).collect();
        if !gone.is_empty() {
            heard.push(Heard::Reading(Reading::Stale(gone)));
        }
        self.current.insert(name.clone(), values);
    }

    fn born(&mut self, device: Option<String>, at: Stamp, heard: &mut Vec<Heard>) {
        if device.is_none() {
            self.unborn = None;
            self.asks = 0;
            self.ask_from_us = at.mono_us.saturating_add(FIRST_ASK_US);
        }
        self.current.retain(|name, _| device.is_some() && name.0 != device);
        self.link(device, Ok(()), at, heard);
    }

    fn dead(&mut self, device: Option<&str>, at: Stamp, heard: &mut Vec<Heard>) {
        let within = |name: &Name| device.is_none() || name.0.as_deref() == device;
        self.stale(within, heard);
        if device.is_none() {
            self.unborn = None;
        }
        let reason = match device {
            None => format!("edge node {} has gone (NDEATH)", self.edge()),
            Some(device) => format!("device {}/{device} has gone (DDEATH)", self.edge()),
        };
        self.link(device.map(str::to_owned), Err(reason), at, heard);
    }

    /// Takes away the values of metrics.
    fn stale(&mut self, within: impl Fn(&Name) -> bool, heard: &mut Vec<Heard>) {
        self.current.retain(|name, _| !within(name));
        let plans = self.plans.iter().filter(|(name, _)| within(name)).flat_map(|(_, plans)| plans);
        let signals: Vec<(usize, SignalName)> =
            plans.map(|plan| (plan.machine, plan.signal.clone())).collect();
        if !signals.is_empty() {
            heard.push(Heard::Reading(Reading::Stale(signals)));
        }
    }

    /// Asks for a birth, where that is allowed and not too soon after the last time.
    fn ask(&mut self, at: Stamp) -> Option<Heard> {
        if !self.may_ask || at.mono_us < self.ask_from_us {
            return None;
        }
        let wait = NEXT_ASK_US.saturating_mul(1 << self.asks.min(10)).min(LAST_ASK_US);
        self.ask_from_us = at.mono_us.saturating_add(wait);
        self.asks = self.asks.saturating_add(1);
        let (group, node) = &self.name;
        info!(broker = self.broker, edge = self.edge(), "asked to tell its metrics anew");
        Some(Heard::Ask(format!("spBv1.0/{group}/NCMD/{node}"), rebirth(at.wall_us)))
    }

    fn link(
        &mut self,
        device: Option<String>,
        state: Result<(), String>,
        at: Stamp,
        heard: &mut Vec<Heard>,
    ) {
        if self.links.insert(device.clone(), state.is_ok()) == Some(state.is_ok()) {
            return;
        }
        let own = self.plans.iter().filter(|(name, _)| device.is_none() || name.0 == device);
        let machines: BTreeSet<usize> =
            own.flat_map(|(_, plans)| plans).map(|plan| plan.machine).collect();
        let below = device.map(|device| format!("/{device}")).unwrap_or_default();
        let device = format!("{} {}{below}", self.broker, self.edge());
        let change = match state {
            Ok(()) => LinkChange::Up,
            Err(reason) => {
                warn!(device, reason, "link down");
                LinkChange::Down { reason }
            },
        };
        let machines = machines.into_iter().collect();
        heard.push(Heard::Reading(Reading::Link { device, machines, change, at }));
    }

    fn edge(&self) -> String {
        format!("{}/{}", self.name.0, self.name.1)
    }
}

/// Samples of one message travel together.
fn push(heard: &mut Vec<Heard>, more: Vec<kart_core::signal::Sample>) {
    match heard.last_mut() {
        Some(Heard::Samples(samples)) => samples.extend(more),
        _ => heard.push(Heard::Samples(more)),
    }
}

/// The one command that may be sent: please tell your metrics anew.
fn rebirth(at: Micros) -> Vec<u8> {
    let timestamp = u64::try_from(at.0 / 1000).ok();
    let metric = Metric {
        name: Some("Node Control/Rebirth".to_owned()),
        timestamp,
        datatype: Some(11),
        value: Some(MetricValue::Boolean(true)),
        ..Metric::default()
    };
    Payload { timestamp, metrics: vec![metric], seq: None }.encode_to_vec()
}
