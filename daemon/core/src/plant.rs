//! The state of a terminal: what its own facts add up to. Replaying the log gives the same state.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use crate::{
    counter::Base,
    fact::{
        Body, Fact,
        machine::{ProductSeen, is_zero},
    },
    id::{EquipmentId, Origin, RecordId, UserId},
    machine::MachineState,
    number::Typed,
    time::{Boot, Micros, Moment},
};

mod batch;
mod call;
mod clock;
mod correct;
mod count;
mod habit;
mod incident;
mod job;
mod labor;
mod note;
mod past;
mod queue;
mod stop;
mod event;

pub use batch::Batch;
pub use call::{Answered, Call};
pub use event::Blind;
pub use habit::{Circumstances, Given, Offered};
pub use incident::Incident;
pub use job::{JobHere, Jobs, Step, Stint};
pub use labor::{Away, Missed, Presence, Punch, Unended};
pub use note::{Handover, Written};
pub use queue::{Asked, Entry};
pub use stop::{Said, Stop};

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
    /// Entries without an end whose people have clocked in anew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unended: BTreeMap<RecordId, Unended>,
    /// The last punches, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub punches: Vec<Punch>,
    /// Batches that run.
    pub batches: BTreeMap<RecordId, Batch>,
    /// People who joined batches of other terminals here, by batch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub joined: BTreeMap<RecordId, BTreeSet<UserId>>,
    /// Stops that are open or could still be explained.
    pub stops: BTreeMap<RecordId, Stop>,
    /// Times that nobody saw, by the interval that is over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blinds: BTreeMap<RecordId, Blind>,
    /// How often people took a reason that was suggested.
    #[serde(default, skip_serializing_if = "Offered::is_none")]
    pub offered: Offered,
    /// Incidents that are open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub incidents: BTreeMap<RecordId, Incident>,
    /// Calls for help from here that have not ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<RecordId, Call>,
    /// What was answered here to calls of other terminals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answered: BTreeMap<RecordId, Answered>,
    /// Handovers that the coming crew has not signed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub handovers: BTreeMap<RecordId, Handover>,
    /// The last notes that were written here and not withdrawn.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<RecordId, Written>,
    /// What was asked of queues here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
    /// What was done to jobs here.
    #[serde(default, skip_serializing_if = "Jobs::is_none")]
    pub jobs: Jobs,
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
    /// When the last batch on it ended, or was let rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Moment>,
    /// What the machine says it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Since when it is being changed over to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changeover: Option<Moment>,
    /// Counters that the map has moved since their last reading.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub moved: BTreeSet<String>,
    /// Reasons that people gave for its stops, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
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
    /// What it was in before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MachineState>,
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
            unended: BTreeMap::new(),
            punches: Vec::new(),
            batches: BTreeMap::new(),
            joined: BTreeMap::new(),
            stops: BTreeMap::new(),
            incidents: BTreeMap::new(),
            calls: BTreeMap::new(),
            answered: BTreeMap::new(),
            handovers: BTreeMap::new(),
            notes: BTreeMap::new(),
            blinds: BTreeMap::new(),
            offered: Offered::default(),
            asked: Vec::new(),
            jobs: Jobs::default(),
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
    pub fn inherit(mut self, origin: Origin) -> Self {
        // What people wrote beside facts of the life before does not come along.
        self.incidents.values_mut().for_each(|incident| incident.seq = 0);
        self.handovers.values_mut().for_each(|handover| handover.seq = 0);
        self.jobs.inherit();
        // It may go on on another computer.
        let asked = self.asked.into_iter().map(|asked| Asked { seq: 0, ..asked }).collect();
        Self { origin, head: 0, replayed: 0, clock: None, fast_us: 0, asked, ..self }
    }

    /// Folds the next fact in. Facts come in order and without holes.
    pub fn apply(&mut self, fact: &Fact) {
        (self.head, self.head_at) = (fact.seq, fact.moment(fact.at));
        let record = self.origin.record(fact.seq);
        self.notice(fact);
        match &fact.fact {
            Body::Genesis { .. }
            | Body::Continued(_)
            | Body::Started { .. }
            // What goes on is right since the fact before it.
            | Body::Retimed(_)
            | Body::Corrected(_) => {},
            Body::BatchProduced(produced) => self.produce(produced),
            Body::BatchAborted(aborted) => self.complete(aborted.batch),
            Body::BatchEquipmentAdded(further) => self.further(further, true),
            Body::BatchEquipmentRemoved(further) => self.further(further, false),
            // Of these headquarters keeps the state, and sends it down.
            Body::BatchFieldSet(_)
            | Body::JobPosted(_)
            | Body::JobAborted(_)
            | Body::LaborConfirmed(_)
            | Body::LaborAsked(_)
            | Body::LaborDeclined(_)
            | Body::PinSet(_) => {},
            Body::NoteWritten(_) => self.write(fact, record),
            Body::NoteWithdrawn(withdrawn) => drop(self.notes.remove(&withdrawn.note)),
            Body::JobStarted(started) => self.step(fact, started.job),
            Body::JobCompleted(completed) => self.step(fact, completed.job),
            Body::JobMoved(moved) => self.step(fact, moved.job),
            Body::JobScrapped(scrapped) => self.step(fact, scrapped.job),
            Body::JobJoined(joined) => self.join_job(fact, record, joined),
            Body::JobLeft(left) => self.leave_job(fact, left),
            Body::HandoverGiven(given) => self.give(fact, record, given),
            Body::HandoverTaken(taken) => drop(self.handovers.remove(&taken.handover)),
            Body::IncidentOpened(opened) => self.report(fact, record, opened),
            Body::TroubleshootingStarted(started) => self.troubleshoot(fact, started),
            Body::IncidentResolved(resolved) => drop(self.incidents.remove(&resolved.incident)),
            Body::HelpCalled(called) => self.call(fact, record, called),
            Body::CallAcknowledged(acknowledged) => self.acknowledge(fact, acknowledged.call),
            Body::CallEnded(ended) => self.end_call(*ended),
            Body::ClockStepped(stepped) => self.step_clock(&fact.boot, stepped),
            Body::ClockCorrected(corrected) => self.correct_clock(&fact.boot, corrected),
            Body::CorrectionSeen(seen) => self.see(seen),
            Body::StateChanged { equipment, state, from, ends, .. } => {
                self.change(fact, (*equipment, *state, fact.moment(*from)), *ends);
            },
            Body::MapApplied(applied) => self.remap(applied),
            Body::Replayed(_) => self.replayed = fact.seq,
            Body::Rederived(rederived) => self.rederive(record, rederived),
            Body::ProductSeen(seen) => self.see_product(fact, seen),
            Body::Counted(counted) => self.count(fact, counted),
            Body::ClockedIn { .. }
            | Body::ClockedOut { .. }
            | Body::LaborBegan(_)
            | Body::LaborEnded(_)
            | Body::PunchUndone(_)
            | Body::OutMissed(_)
            | Body::OutTold(_)
            | Body::LaborSplit(_)
            | Body::LaborAmended(_)
            | Body::LaborAdded(_) => self.apply_labor(fact, record),
            Body::BatchStarted(started) => self.start(fact, record, started),
            Body::BatchJoined { batch, user } => self.join(*batch, *user),
            Body::BatchLeft { batch, user, at } => self.left_at(*batch, *user, *at),
            Body::BatchCompleted { batch, .. } => self.complete(*batch),
            Body::QueueAsked(asked) => self.ask(asked),
            Body::BatchPaused { batch } => self.pause(*batch),
            Body::BatchResumed { batch } => self.resume(*batch),
            Body::StopExplained { .. } => self.explain(fact),
            Body::ExplanationWithdrawn(withdrawn) => self.withdraw(withdrawn),
            Body::EventTold(told) => self.tell(record, told),
            Body::EventEnded(ended) => self.end_event(ended),
            Body::EventTakenBack(back) => self.take_back(back),
        }
    }

    /// A machine says that it makes something; something else than before where it said so.
    fn see_product(&mut self, fact: &Fact, seen: &ProductSeen) {
        let machine = self.machines.entry(seen.equipment).or_default();
        let before = machine.product.replace(seen.product.clone());
        machine.changeover = before.map(|_| fact.moment(seen.from));
    }

    /// A machine is in another state, and what it was in ends.
    fn change(
        &mut self,
        fact: &Fact,
        (equipment, state, from): (EquipmentId, MachineState, Moment),
        ends: Option<RecordId>,
    ) {
        if let Some(ends) = ends {
            if let Some(stop) = self.stops.get_mut(&ends) {
                stop.until = Some(from.clone());
            }
            self.ended(equipment, ends, &from);
        }
        let before = self.interval(equipment).map(|interval| interval.state);
        let interval = Interval { record: self.origin.record(fact.seq), state, from, before };
        self.begin(equipment, interval, &fact.fact);
    }

    /// The machine's state, as far as facts know it.
    pub fn interval(&self, equipment: EquipmentId) -> Option<&Interval> {
        self.machines.get(&equipment)?.interval.as_ref()
    }
}
