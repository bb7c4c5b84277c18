//! The state of a terminal: what its own facts add up to. Replaying the log gives the same state.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use crate::{
    counter::Base,
    fact::{Body, Fact, batch::BatchEquipment, machine::is_zero},
    id::{EquipmentId, Origin, RecordId, UserId},
    machine::MachineState,
    number::Typed,
    time::{Boot, Micros, Moment},
};

mod batch;
mod clock;
mod correct;
mod count;
mod labor;
mod past;
mod stop;

pub use batch::Batch;
pub use labor::Presence;
pub use stop::Stop;

/// The state of one terminal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Plant {
    /// Whose log this is.
    pub origin: Origin,
    /// Sequence number of the last fact; 0 before the first.
    pub head: u64,
    /// When that fact was recorded.
    pub head_at: Moment,
    /// Machines that facts speak of.
    pub machines: BTreeMap<EquipmentId, Machine>,
    /// People clocked in, by person.
    pub labor: BTreeMap<UserId, Presence>,
    /// Batches that run.
    pub batches: BTreeMap<RecordId, Batch>,
    /// People who joined batches of other terminals here, by batch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub joined: BTreeMap<RecordId, BTreeSet<UserId>>,
    /// Stops that are open or could still be explained.
    pub stops: BTreeMap<RecordId, Stop>,
    /// The last fact by which the past was derived again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replayed: u64,
    /// The boot whose stamps go by headquarters' time, and that time when its clock stood at zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<(Boot, Micros)>,
    /// By how much the computer's clock was fast in that boot, microseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fast_us: i64,
    /// Corrections taken over: when they were made, and their keys.
    #[serde(default)]
    pub corrections: BTreeSet<(Micros, Uuid)>,
    /// Batches started so far; numbers are made from it.
    pub batches_started: u64,
    /// The last number used of each prefix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, i64>,
    /// Numbers that people typed and that a lease could come to.
    #[serde(default, skip_serializing_if = "Typed::is_empty")]
    pub typed: Typed,
}

/// What facts say of one machine.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    /// The interval it is in.
    pub interval: Option<Interval>,
    /// The batch on it.
    pub batch: Option<RecordId>,
    /// Bases of its counters.
    pub counters: BTreeMap<String, Base>,
    /// Good parts counted since the batch on it started or the last one ended.
    pub good: i64,
    /// Scrapped parts likewise.
    pub scrap: i64,
    /// What the machine says it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Since when it is being changed over to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changeover: Option<Moment>,
    /// Counters that the map has moved since their last reading.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub moved: BTreeSet<String>,
}

/// The interval a machine is in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// Its record.
    pub record: RecordId,
    /// The state.
    pub state: MachineState,
    /// Since when.
    pub from: Moment,
}

impl Plant {
    /// The state before the first fact.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            head: 0,
            head_at: Moment::default(),
            machines: BTreeMap::new(),
            labor: BTreeMap::new(),
            batches: BTreeMap::new(),
            joined: BTreeMap::new(),
            stops: BTreeMap::new(),
            replayed: 0,
            clock: None,
            fast_us: 0,
            corrections: BTreeSet::new(),
            batches_started: 0,
            numbers: BTreeMap::new(),
            typed: Typed::default(),
        }
    }

    /// The state at the beginning of a life of the log that goes on where another one ended.
    #[must_use]
    pub fn inherit(self, origin: Origin) -> Self {
        // It may go on on another computer.
        Self { origin, head: 0, replayed: 0, clock: None, fast_us: 0, ..self }
    }

    /// Folds the next fact in. Facts come in order and without holes.
    pub fn apply(&mut self, fact: &Fact) {
        self.head = fact.seq;
        self.head_at = fact.moment(fact.at);
        let record = self.origin.record(fact.seq);
        match &fact.fact {
            Body::Genesis { .. }
            | Body::Continued(_)
            | Body::Started { .. }
            | Body::Corrected(_) => {},
            Body::BatchProduced(produced) => self.produce(produced),
            Body::BatchAborted(aborted) => self.complete(aborted.batch),
            Body::BatchEquipmentAdded(BatchEquipment { batch, equipment }) => {
                if let Some(batch) = self.batches.get_mut(batch) {
                    batch.further.insert(*equipment);
                }
            },
            Body::BatchEquipmentRemoved(BatchEquipment { batch, equipment }) => {
                if let Some(batch) = self.batches.get_mut(batch) {
                    batch.further.remove(equipment);
                }
            },
            // Of these headquarters keeps the state, and sends it down.
            Body::BatchFieldSet(_)
            | Body::JobPosted(_)
            | Body::JobStarted(_)
            | Body::JobCompleted(_)
            | Body::JobMoved(_)
            | Body::JobScrapped(_)
            | Body::JobAborted(_)
            | Body::QueueAsked(_) => {},
            Body::ClockStepped(stepped) => self.step_clock(&fact.boot, stepped),
            Body::ClockCorrected(corrected) => self.correct_clock(&fact.boot, corrected),
            Body::CorrectionSeen(seen) => self.see(seen),
            Body::StateChanged { equipment, state, from, ends, rule, map, detail, .. } => {
                let from = fact.moment(*from);
                if let Some(stop) = ends.and_then(|ends| self.stops.get_mut(&ends)) {
                    stop.until = Some(from.clone());
                }
                let interval = Interval { record, state: *state, from };
                self.begin(*equipment, interval, (rule, map, detail));
            },
            Body::MapApplied(applied) => self.remap(applied),
            Body::Replayed(_) => self.replayed = fact.seq,
            Body::Rederived(rederived) => self.rederive(record, rederived),
            Body::ProductSeen(seen) => {
                let machine = self.machines.entry(seen.equipment).or_default();
                let before = machine.product.replace(seen.product.clone());
                machine.changeover = before.map(|_| fact.moment(seen.from));
            },
            Body::Counted(counted) => self.count(fact, counted),
            Body::ClockedIn { user, station } => {
                let since = fact.moment(fact.at);
                self.labor.insert(*user, Presence { entry: record, station: *station, since });
            },
            Body::ClockedOut { user, .. } => {
                self.labor.remove(user);
            },
            Body::BatchStarted(started) => self.start(fact, record, started),
            Body::BatchJoined { batch, user } => self.join(*batch, *user),
            Body::BatchLeft { batch, user } => self.leave(*batch, *user),
            Body::BatchCompleted { batch, .. } => self.complete(*batch),
            Body::StopExplained { stop, label, rank, .. } => self.explain(*stop, label, *rank),
        }
    }

    /// The machine's state, as far as facts know it.
    pub fn interval(&self, equipment: EquipmentId) -> Option<&Interval> {
        self.machines.get(&equipment)?.interval.as_ref()
    }
}
