//! The past derived again: raw readings go through the same decisions under another map, and what
//! comes out is compared with what was recorded.
//!
//! Pure. Where no readings are left, nothing is said: what was recorded there stays.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

use crate::{
    counter::{Base, CounterKind, Verdict},
    engine::Engine,
    fact::{Body, Counted, machine::Detail},
    id::{EquipmentId, Incarnation, Origin, TerminalId},
    machine::MachineState,
    map::Map,
    plant::Plant,
    signal::{Sample, SignalName},
    time::{Micros, Moment, Stamp},
};

mod diff;
mod record;

pub use diff::{Change, Difference, NotCarried, Part, Place, Share, difference};
pub use record::{Batches, Recorded, Written};

/// The machine was in one state, by the map under which the past is derived.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Piece {
    /// Since when.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// The state.
    pub state: MachineState,
    /// The rule that decided.
    pub rule: String,
    /// How it came about.
    pub detail: Detail,
}

/// A reading of a counter, as it is judged.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Count {
    /// The counter's name in the map.
    pub source: String,
    /// What it counts.
    pub kind: CounterKind,
    /// When it was read.
    pub at: Micros,
    /// Parts booked.
    pub quantity: i64,
    /// How it was judged.
    pub verdict: Verdict,
}

impl From<&Counted> for Count {
    fn from(counted: &Counted) -> Self {
        Self {
            source: counted.source.clone(),
            kind: counted.counter,
            at: counted.until.wall_us,
            quantity: counted.quantity,
            verdict: counted.verdict,
        }
    }
}

/// What comes of one machine.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Derived {
    /// Its states, in order, with holes where nothing is known.
    pub pieces: Vec<Piece>,
    /// Its counts, in order.
    pub counts: Vec<Count>,
}

/// Bases of counters, by machine.
pub type Bases = BTreeMap<EquipmentId, BTreeMap<String, Base>>;

/// Raw readings on their way through the decisions, in the order of time.
#[derive(Debug)]
pub struct Replay {
    map: Arc<Map>,
    bases: Bases,
    span: Option<Span>,
    derived: BTreeMap<EquipmentId, Derived>,
}

/// A stretch of time without a hole.
#[derive(Debug)]
struct Span {
    engine: Engine,
    now: Moment,
    open: BTreeMap<EquipmentId, Piece>,
    /// Machines of which something but `unknown` was decided.
    proven: BTreeSet<EquipmentId>,
}

impl Replay {
    /// Derives by `map`; counters go on from `bases`.
    pub fn new(map: Arc<Map>, bases: Bases) -> Self {
        Self { map, bases, span: None, derived: BTreeMap::new() }
    }

    /// Readings are there from now on. What machines did is unknown until they prove it.
    pub fn begin(&mut self, now: Moment) {
        self.end();
        let origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(0) };
        let mut plant = Plant::new(origin);
        for (equipment, counters) in &self.bases {
            plant.machines.entry(*equipment).or_default().counters = counters.clone();
        }
        let engine = Engine::new(plant, Arc::clone(&self.map), String::new());
        let (open, proven) = (BTreeMap::new(), BTreeSet::new());
        self.span = Some(Span { engine, now, open, proven });
    }

    /// Takes in samples that were read at the same time, or waited with somebody until `kept`.
    pub fn samples(&mut self, samples: &[Sample], kept: Option<Stamp>) {
        let Some(latest) = samples.iter().map(|sample| sample.at).max_by_key(|at| at.mono_us)
        else {
            return;
        };
        // What falls due at the very moment of a reading is decided with it and not before it.
        self.pass(latest.plus(-1));
        let Some(span) = &mut self.span else { return };
        if latest.mono_us > span.now.at.mono_us {
            span.now.at = latest;
        }
        match kept {
            Some(kept) => span.engine.on_kept(samples, kept, &span.now),
            None => span.engine.on_samples(samples, &span.now),
        }
        span.collect(&mut self.derived);
    }

    /// Signals that had no value any more at `at`.
    pub fn stale(&mut self, signals: &[(usize, SignalName)], at: Stamp) {
        self.pass(at);
        let Some(span) = &mut self.span else { return };
        span.engine.on_stale(signals, &span.now);
        span.collect(&mut self.derived);
    }

    /// Time passes until `until`, and what falls due by then is decided.
    pub fn pass(&mut self, until: Stamp) {
        let Some(span) = &mut self.span else { return };
        let mut last = i64::MIN;
        let due = |engine: &Engine, last: i64| {
            engine.next_deadline().filter(|due| *due <= until.mono_us && *due > last)
        };
        while let Some(due) = due(&span.engine, last) {
            last = due;
            span.now.at = until.plus(due.max(span.now.at.mono_us) - until.mono_us);
            span.engine.on_time(&span.now);
            span.collect(&mut self.derived);
        }
        if until.mono_us > span.now.at.mono_us {
            span.now.at = until;
        }
    }

    /// Readings end here.
    pub fn end(&mut self) {
        let Some(mut span) = self.span.take() else { return };
        span.engine.on_time(&span.now);
        span.collect(&mut self.derived);
        let until = span.now.at.wall_us;
        for (equipment, piece) in std::mem::take(&mut span.open) {
            put(&mut self.derived, equipment, Piece { until, ..piece });
        }
        for (equipment, machine) in span.engine.plant.machines {
            self.bases.insert(equipment, machine.counters);
        }
    }

    /// What came of it, by machine.
    pub fn finish(mut self) -> BTreeMap<EquipmentId, Derived> {
        self.end();
        self.derived
    }
}

impl Span {
    fn collect(&mut self, derived: &mut BTreeMap<EquipmentId, Derived>) {
        for draft in self.engine.take_drafts() {
            match draft.body {
                Body::StateChanged { equipment, state, from, rule, detail, .. } => {
                    let from = from.wall_us;
                    let piece = Piece { from, until: from, state, rule, detail };
                    let before = self.open.remove(&equipment);
                    // That nothing was known yet says nothing of the machine.
                    if state != MachineState::Unknown || self.proven.contains(&equipment) {
                        self.proven.insert(equipment);
                        self.open.insert(equipment, piece);
                    }
                    if let Some(before) = before {
                        put(derived, equipment, Piece { until: from, ..before });
                    }
                },
                Body::Counted(counted) => {
                    let machine = derived.entry(counted.equipment).or_default();
                    machine.counts.push(Count::from(&counted));
                },
                _ => {},
            }
        }
    }
}

fn put(derived: &mut BTreeMap<EquipmentId, Derived>, equipment: EquipmentId, piece: Piece) {
    if piece.until > piece.from {
        derived.entry(equipment).or_default().pieces.push(piece);
    }
}

#[cfg(test)]
mod tests;
