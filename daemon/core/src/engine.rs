//! Decisions: samples and commands become facts.
//!
//! The shell clones the engine, hands it inputs, makes the facts durable and only then keeps the
//! clone. So nothing that is not on disk is ever shown or built upon.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    command::Accepted,
    fact::{Body, Draft, Fact, machine::Detail},
    id::{EquipmentId, RecordId, UserId},
    machine::MachineState,
    map::Map,
    plant::Plant,
    reference::Reference,
    rule::{Memory, Stroke},
    signal::{Quality, Sample, SignalName, Value},
    time::{Moment, Stamp},
};

mod batch;
mod call;
mod clock;
pub mod commands;
mod corrections;
mod count;
mod derive;
mod downtime;
pub mod explain;
mod hearsay;
mod incident;
mod job;
mod join;
pub mod labor;
mod note;
mod parts;
mod past;
mod people;
mod queue;
pub mod remap;
mod pace;
mod stop;
mod event;
mod words;

use words::Words;

/// Two hours and a half.
const FORGOTTEN_US: i64 = 9_000_000_000;

/// The engine: the plant as facts tell it, and what has been seen but not decided.
#[derive(Clone, Debug)]
pub struct Engine {
    /// What the facts add up to.
    pub plant: Plant,
    map: Arc<Map>,
    reference: Option<Arc<Reference>>,
    terminal_code: String,
    /// Shared with the engines cloned from this one, until one of them sees something of the machine.
    watches: Vec<Arc<Watch>>,
    drafts: Vec<Draft>,
    /// Up to when the passing of time has been decided on, by the boot clock.
    decided_us: i64,
    /// When people who are still clocked in are looked at next, by the boot clock.
    outs_us: i64,
    /// So long after their shift somebody who is still clocked in has forgotten to clock out.
    forgotten_us: i64,
    /// When this run began to watch.
    started: Option<Stamp>,
    /// Until when the samples that are being taken in were made at the latest.
    kept: Option<Stamp>,
    /// When what is decided as of an earlier moment is written.
    written: Option<Stamp>,
}

/// What has been seen of one machine.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The last value of each signal.
    pub observed: BTreeMap<SignalName, Observed>,
    /// The last good reading of any signal.
    pub last_good: Option<Stamp>,
    /// A state that the rules ask for and that has not held long enough.
    candidate: Option<Candidate>,
    /// The last reading of each counter that is held.
    held: BTreeMap<SignalName, i64>,
    /// What the conditions of the rules remember.
    memory: Memory,
    /// When a condition turns next by itself, by the boot clock.
    turns_us: Option<i64>,
    /// The last reading that showed a part, of each counter.
    strokes: BTreeMap<SignalName, Stroke>,
    /// The heartbeat's value, and since when it stands.
    beat: Option<(Value, Stamp)>,
    /// Since when values can be trusted: it came back then; `None` while it stands still.
    trusted: Option<Stamp>,
    /// What is known of it did not come as a sample, and nothing was decided since.
    unasked: bool,
    /// How often the state was about to change and did not.
    suppressed: u32,
    /// When another map came into force by which nothing could be decided yet.
    settling: Option<Stamp>,
    /// When each value with a deadband was reported.
    said: BTreeMap<SignalName, Stamp>,
    /// What the changes of state have used up of what a minute may have.
    pace: pace::Pace,
    /// Until when a change must stand, because words came that had been kept; by the boot clock.
    stands_us: Option<i64>,
}

/// A value as last seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Observed {
    /// The value.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
    /// When it was read.
    pub at: Stamp,
}

#[derive(Clone, PartialEq, Debug)]
struct Candidate {
    state: MachineState,
    rule: String,
    since: Stamp,
    hold_us: i64,
}

impl Engine {
    /// An engine that goes on from `plant`.
    pub fn new(plant: Plant, map: Arc<Map>, terminal_code: String) -> Self {
        let watches = vec![Arc::default(); map.machines.len()];
        Self {
            plant,
            map,
            reference: None,
            terminal_code,
            watches,
            drafts: Vec::new(),
            decided_us: i64::MIN,
            outs_us: i64::MIN,
            forgotten_us: FORGOTTEN_US,
            started: None,
            kept: None,
            written: None,
        }
    }

    /// Sets how long after their shift somebody who is still clocked in has forgotten to clock out.
    #[must_use]
    pub fn with_forgotten_after(self, micros: i64) -> Self {
        Self { forgotten_us: micros, ..self }
    }

    /// Takes over reference data.
    pub fn set_reference(&mut self, reference: Arc<Reference>) {
        self.reference = Some(reference);
    }

    /// The reference data in force.
    pub fn reference(&self) -> Option<&Arc<Reference>> {
        self.reference.as_ref()
    }

    /// What has been seen of the machines, in the order of the map.
    pub fn watches(&self) -> &[Arc<Watch>] {
        &self.watches
    }

    /// The first fact of a new log.
    pub fn begin_log(&mut self, now: &Moment) {
        let origin = self.plant.origin;
        let genesis = Body::Genesis {
            format: crate::fact::FORMAT,
            terminal: origin.terminal,
            incarnation: origin.incarnation,
        };
        self.draft(now, Event::new(genesis));
    }

    /// The daemon started. What nobody watched since `alive`, the last sign of life, is unknown.
    pub fn start(&mut self, version: &str, alive: Option<&Moment>, now: &Moment) {
        self.started = Some(now.at);
        let map = self.map.fingerprint.clone();
        self.draft(now, Event::new(Body::Started { version: version.to_owned(), map }));
        let since = alive.map(|alive| stamp_of(alive, now));
        for index in 0..self.watches.len() {
            self.blind_since(index, since, now);
        }
        self.close_unmapped(since.unwrap_or(now.at), now);
    }

    /// A machine that is not in the map any more is watched by nobody.
    fn close_unmapped(&mut self, since: Stamp, now: &Moment) {
        let mapped = |equipment| self.map.machines.iter().any(|m| m.equipment == equipment);
        let open: Vec<(EquipmentId, RecordId, Option<RecordId>)> = self
            .plant
            .machines
            .iter()
            .filter(|(equipment, _)| !mapped(**equipment))
            .filter_map(|(equipment, machine)| {
                let interval = machine.interval.as_ref()?;
                let seen = interval.state != MachineState::Unknown;
                seen.then_some((*equipment, interval.record, machine.batch))
            })
            .collect();
        for (equipment, ends, batch) in open {
            let changed = Body::StateChanged {
                equipment,
                station: None,
                state: MachineState::Unknown,
                from: self.not_before(equipment, since, now),
                ends: Some(ends),
                rule: "not in the map".to_owned(),
                map: self.map.fingerprint.clone(),
                batch,
                detail: Detail::default(),
            };
            self.draft(now, Event::new(changed));
        }
    }

    /// Takes samples in and decides what follows from them.
    pub fn on_samples(&mut self, samples: &[Sample], now: &Moment) {
        for sample in samples {
            self.observe(sample, now);
        }
        let mut touched: Vec<usize> = samples.iter().map(|sample| sample.machine).collect();
        touched.dedup();
        touched.sort_unstable();
        touched.dedup();
        for index in touched {
            self.decide_state(index, now);
        }
    }

    /// Seeds a value that a previous run saw and answered for, without deciding anything.
    pub fn recall(&mut self, machine: usize, signal: SignalName, observed: Observed) {
        if let Some(watch) = self.watches.get_mut(machine).map(Arc::make_mut) {
            watch.unasked = true;
            watch.observed.insert(signal, observed);
        }
    }

    /// Decides what follows from the passing of time alone.
    pub fn on_time(&mut self, now: &Moment) {
        for index in 0..self.watches.len() {
            if self.due(index).is_some_and(|due| due <= now.at.mono_us) {
                self.decide_state(index, now);
            }
        }
        self.miss_outs(now);
        self.decided_us = now.at.mono_us;
    }

    /// The facts decided since the last call, in order; they follow `plant.head` as it was then.
    pub fn take_drafts(&mut self) -> Vec<Draft> {
        std::mem::take(&mut self.drafts)
    }

    /// Drafts the event that has the command's key, and answers what whoever asks again is answered.
    fn accept(&mut self, now: &Moment, event: Event) -> Accepted {
        let fact = self.write(now, event);
        let (seq, record) = (fact.seq, self.plant.origin.record(fact.seq));
        let own = Accepted { seq, record, user: None };
        Accepted::of(&fact, self.plant.origin).unwrap_or(own)
    }

    /// Adds one decided fact; gives the record with its name.
    fn draft(&mut self, now: &Moment, event: Event) -> RecordId {
        let fact = self.write(now, event);
        self.plant.origin.record(fact.seq)
    }

    /// Adds one decided fact and folds it into this engine's plant.
    fn write(&mut self, now: &Moment, mut event: Event) -> Fact {
        let seq = self.plant.head + 1;
        self.by_the_right_time(&mut event.body, now);
        let draft = Draft {
            at: self.written.unwrap_or(now.at),
            boot: now.boot.clone(),
            by: event.by,
            key: event.key,
            body: event.body,
            texts: event.words.0.into_iter().collect(),
        };
        let fact = draft.clone().seal(seq);
        self.plant.apply(&fact);
        self.drafts.push(draft);
        fact
    }

    /// Order within one machine: nothing begins before what it ends began, by either clock.
    fn not_before(&self, equipment: EquipmentId, from: Stamp, now: &Moment) -> Stamp {
        let Some(floor) = self.plant.interval(equipment).map(|interval| &interval.from) else {
            return from;
        };
        let mono_us = match floor.boot == now.boot {
            true => from.mono_us.max(floor.at.mono_us),
            false => from.mono_us,
        };
        Stamp { wall_us: from.wall_us.max(floor.at.wall_us), mono_us }
    }
}

/// A body on its way to becoming a draft.
struct Event {
    body: Body,
    by: Option<UserId>,
    key: Option<String>,
    words: Words,
}

impl Event {
    fn new(body: Body) -> Self {
        Self { body, by: None, key: None, words: Words::default() }
    }

    fn by(self, by: Option<UserId>) -> Self {
        Self { by, ..self }
    }

    fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// `moment` by the clocks of `now`: exact within one boot, else by the wall clock alone, and never
/// in the future.
fn stamp_of(moment: &Moment, now: &Moment) -> Stamp {
    now.at.plus(-now.since(moment))
}

#[cfg(test)]
mod tests;
