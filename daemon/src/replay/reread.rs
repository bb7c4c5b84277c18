//! What the ring holds, read by another map: blocks with the decoders that read them live, values only where they
//! were read as the other map reads them.

use kart_core::{
    engine::remap::Place,
    id::EquipmentId,
    signal::{Quality, Sample, SignalName, Value},
};
use kart_store::raw::{Heard, Source};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    config::{Config, change},
    ingest::{
        block::{self, BlockOf, Registers},
        modbus::{
            decode,
            plan::{Point, Table},
            read::{Read, reads},
        },
        mqtt::{
            payload::Rejected,
            topic::{BrokerPlan, Known, TopicPlan},
        },
    },
};

/// A unit on a line: where the line leads, and its number.
pub(super) type Unit = (String, u8);

/// What a source of a chunk is to the other map.
pub(super) enum Use<'c> {
    /// It reads nothing there.
    Nothing,
    /// A value was kept: the signals that it is of, and the one that had it and is read otherwise now.
    Value(Vec<(usize, SignalName)>, Option<(usize, SignalName)>),
    /// Registers, and the points in them.
    Registers(Read, Vec<Arc<Point>>),
    /// A message, and what is in it.
    Message(Vec<&'c TopicPlan>),
}

/// Where a signal is read by the other map.
pub(super) enum Where {
    /// In registers of a unit.
    Registers(Unit, Read),
    /// In messages on topics.
    Topic(String),
}

/// How the other map reads.
pub(super) struct Reread<'c> {
    config: &'c Config,
    points: BTreeMap<(Unit, Table), Vec<Wanted>>,
    brokers: Vec<(String, &'c BrokerPlan)>,
    /// How each signal is read.
    pub(super) reads: BTreeMap<Place, change::Reading>,
    pub(super) places: BTreeMap<Place, Where>,
    machines: BTreeMap<EquipmentId, usize>,
    /// What is known of the order of messages.
    known: Known,
}

/// A point with the request that the other map asks for it in.
struct Wanted {
    point: Arc<Point>,
    own: (u16, u16),
}

impl<'c> Reread<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        let mut points: BTreeMap<(Unit, Table), Vec<Wanted>> = BTreeMap::new();
        for line in &config.lines {
            for device in &line.devices {
                let unit = (line.address.place().to_owned(), device.unit);
                let all = device.groups.iter().flat_map(|g| reads(&g.points, &device.limits));
                for read in all {
                    let own = (read.start, read.count);
                    let wanted = read.points.into_iter().map(|point| Wanted { point, own });
                    points.entry((unit.clone(), read.table)).or_default().extend(wanted);
                }
            }
        }
        let machines = &config.map.machines;
        let mut reread = Self {
            config,
            points,
            brokers: config.brokers.iter().map(|broker| (broker.place(), broker)).collect(),
            reads: change::signals(config),
            places: BTreeMap::new(),
            machines: machines.iter().map(|machine| machine.equipment).zip(0..).collect(),
            known: Known::default(),
        };
        reread.places = reread.located();
        reread
    }

    fn located(&self) -> BTreeMap<Place, Where> {
        let registers = self.points.iter().flat_map(|((unit, table), wanted)| {
            wanted.iter().map(move |Wanted { point, .. }| {
                let (start, count) = (point.address, point.kind.width());
                let read = Read { table: *table, start, count, points: Vec::new() };
                let place = self.place(point.machine, &point.signal);
                place.map(|place| (place, Where::Registers(unit.clone(), read)))
            })
        });
        let topics = self.brokers.iter().flat_map(|(_, broker)| &broker.subscriptions);
        let topics = topics.flat_map(|(filter, heard)| {
            let signals = heard.topics.values().flat_map(|plan| &plan.signals);
            signals.map(|of| {
                let place = self.place(of.machine, &of.signal);
                place.map(|place| (place, Where::Topic(filter.clone())))
            })
        });
        registers.chain(topics).flatten().collect()
    }

    /// The signal at a machine's place of the map.
    pub(super) fn place(&self, machine: usize, signal: &SignalName) -> Option<Place> {
        self.config.map.machines.get(machine).map(|of| (of.equipment, signal.clone()))
    }

    /// A new session of messages.
    pub(super) fn session_lost(&mut self) {
        self.known.session_lost();
    }

    /// Readings begin anew: what was known before is of another time.
    pub(super) fn begin(&mut self) {
        self.known = Known::default();
    }

    /// What the sources of a chunk are; `asked` are all requests by the map that it was read by.
    pub(super) fn uses(&self, sources: &[Source], asked: &BTreeSet<Registers>) -> Vec<Use<'c>> {
        let own = sources.iter().filter_map(|source| match source {
            Source::Signal { equipment, name, .. } => Some((*equipment, name.clone())),
            Source::Bytes(_) => None,
        });
        let own: BTreeSet<Place> = own.collect();
        let uses = sources.iter().map(|source| match source {
            Source::Signal { equipment, name, read } => {
                self.value(&(*equipment, name.clone()), read, &own)
            },
            Source::Bytes(of) => match BlockOf::of(of) {
                Some(BlockOf::Registers(of)) => self.registers(&of, asked),
                Some(BlockOf::Message { broker, topic }) => self.message(&broker, &topic),
                None => Use::Nothing,
            },
        });
        uses.collect()
    }

    /// A value is that of each signal that is read the same, its name or machine notwithstanding, unless that one
    /// has a value of its own.
    fn value(&self, place: &Place, read: &str, own: &BTreeSet<Place>) -> Use<'c> {
        let digest = change::digest_of(read);
        let same =
            |of: &Place| self.reads.get(of).is_some_and(|reads| *reads == read || *reads == digest);
        let named = |of: &Place| self.machines.get(&of.0).map(|machine| (*machine, of.1.clone()));
        if same(place) {
            return Use::Value(named(place).into_iter().collect(), None);
        }
        let others = self.reads.keys().filter(|of| same(of) && !own.contains(*of));
        let to: Vec<_> = others.filter_map(named).collect();
        let otherwise = self.reads.contains_key(place).then(|| named(place)).flatten();
        if to.is_empty() && otherwise.is_none() { Use::Nothing } else { Use::Value(to, otherwise) }
    }

    /// Every point that lies within, but one that has a request of its own only in that.
    fn registers(&self, of: &Registers, asked: &BTreeSet<Registers>) -> Use<'c> {
        let Some(wanted) = self.points.get(&((of.place.clone(), of.unit), of.table)) else {
            return Use::Nothing;
        };
        let end = u32::from(of.start) + u32::from(of.count);
        let within = wanted.iter().filter(|Wanted { point, own }| {
            let (start, count) = *own;
            point.address >= of.start
                && point.end() <= end
                && (*own == (of.start, of.count)
                    || !asked.contains(&Registers { start, count, ..of.clone() }))
        });
        let points: Vec<_> = within.map(|wanted| Arc::clone(&wanted.point)).collect();
        let read = Read { table: of.table, start: of.start, count: of.count, points: Vec::new() };
        if points.is_empty() { Use::Nothing } else { Use::Registers(read, points) }
    }

    fn message(&self, broker: &str, topic: &str) -> Use<'c> {
        let here = self.brokers.iter().filter(|(place, _)| place == broker);
        let plans: Vec<_> = here.flat_map(|(_, plan)| plan.heard(topic).0).collect();
        if plans.is_empty() { Use::Nothing } else { Use::Message(plans) }
    }

    /// The values in the bytes of a reading. `none` is told of each signal that finds no value there.
    pub(super) fn samples(
        &mut self,
        of: &Use<'_>,
        bytes: &[u8],
        heard: &Heard,
        none: &mut dyn FnMut(usize, &SignalName, String),
    ) -> Vec<Sample> {
        let (quality, at) = (heard.quality, heard.at);
        let mut samples = Vec::new();
        match of {
            Use::Nothing | Use::Value(..) => {},
            Use::Registers(read, points) => {
                let words = block::words(read.table, bytes);
                for point in points {
                    let (machine, signal) = (point.machine, point.signal.clone());
                    match decode::value(read, &words, point) {
                        Ok(value) => samples.push(sample(machine, signal, value, heard)),
                        Err(reason) => none(machine, &signal, reason.to_string()),
                    }
                }
            },
            Use::Message(plans) => {
                for plan in plans {
                    let retained = quality == Quality::Old;
                    let (taken, rejected) = plan.samples(bytes, retained, at, &mut self.known);
                    let mut reasons = rejected.iter();
                    let mut reason = rejected.last();
                    for wanted in &plan.signals {
                        if taken
                            .iter()
                            .any(|it| (it.machine, &it.signal) == (wanted.machine, &wanted.signal))
                        {
                            continue;
                        }
                        reason = reasons.next().or(reason);
                        if let Some(reason) = reason.filter(|it| **it != Rejected::Overtaken) {
                            none(wanted.machine, &wanted.signal, reason.to_string());
                        }
                    }
                    samples.extend(taken);
                }
                samples.iter_mut().for_each(|sample| sample.again = heard.again);
            },
        }
        samples
    }
}

/// A reading as the engine takes it.
pub(super) fn sample(machine: usize, signal: SignalName, value: Value, heard: &Heard) -> Sample {
    let Heard { at, quality, again, .. } = *heard;
    Sample { machine, signal, value, quality, at, again }
}

#[cfg(test)]
mod tests;
