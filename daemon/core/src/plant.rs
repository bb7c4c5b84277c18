//! The state of a terminal: what its own facts add up to. Replaying the log gives the same state.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use crate::{
    counter::{Base, CounterKind, Judgement, Verdict},
    fact::{
        BatchStarted, Body, Counted, Fact,
        batch::BatchEquipment,
        correction::{Correctable, Corrected, CorrectionSeen},
        machine::{Detail, MapApplied, is_zero},
    },
    id::{EquipmentId, Origin, ProductId, RecordId, StationId, UserId},
    machine::MachineState,
    number::Typed,
    time::{Boot, Micros, Moment},
};

mod clock;
mod past;

/// Stops kept for explanation; the oldest that ended go first.
const STOPS_KEPT: usize = 100;

/// How long a correction that was taken over is remembered. Headquarters sends it for 35 days.
const CORRECTIONS_KEPT_US: i64 = 70 * 24 * 3_600 * 1_000_000;

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

/// A person who is clocked in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The labor entry.
    pub entry: RecordId,
    /// Where.
    pub station: StationId,
    /// Since when.
    pub since: Moment,
}

/// A running batch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// On which machine.
    pub equipment: EquipmentId,
    /// At which station.
    pub station: Option<StationId>,
    /// What is made.
    pub product: ProductId,
    /// Batch number.
    pub number: String,
    /// External work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// Since when.
    pub from: Moment,
    /// People on it.
    pub operators: Vec<UserId>,
    /// Further machines on it.
    #[serde(default)]
    pub further: BTreeSet<EquipmentId>,
    /// Good parts that people told of, beside what the machine counted.
    #[serde(default)]
    pub good: i64,
    /// Scrapped parts likewise.
    #[serde(default)]
    pub scrap: i64,
}

/// A downtime that is open or could still be explained.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// Which machine.
    pub equipment: EquipmentId,
    /// What kind of downtime.
    pub state: MachineState,
    /// When it began.
    pub from: Moment,
    /// When it ended.
    pub until: Option<Moment>,
    /// The reason's name as given.
    pub label: Option<String>,
    /// Rank of the person who gave it.
    pub rank: u8,
    /// The last fact that explained it here; 0 where none did.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub explained: u64,
    /// What the machine and its map said of it.
    #[serde(default, skip_serializing_if = "Detail::is_none")]
    pub detail: Detail,
    /// The rule that decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Fingerprint of the map that holds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub map: String,
}

impl Stop {
    /// The fact with this number says why.
    fn explain(&mut self, label: &str, rank: u8, seq: u64) {
        self.label = Some(label.to_owned());
        (self.rank, self.explained) = (rank, seq);
    }

    /// How long it lasted by `now`, microseconds.
    pub fn lasts(&self, now: &Moment) -> i64 {
        self.until.as_ref().unwrap_or(now).since(&self.from)
    }

    /// Whether it has been too short by `now` to ask anybody why.
    pub fn is_micro(&self, now: &Moment) -> bool {
        self.lasts(now) < self.detail.micro_stop_us
    }
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
            Body::BatchProduced(produced) => {
                if let Some(batch) = self.batches.get_mut(&produced.batch) {
                    batch.good = batch.good.saturating_add(produced.good);
                    batch.scrap = batch.scrap.saturating_add(produced.scrap);
                }
            },
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

    fn begin(
        &mut self,
        equipment: EquipmentId,
        interval: Interval,
        (rule, map, detail): (&str, &str, &Detail),
    ) {
        if interval.state.is_downtime() {
            let stop = Stop {
                equipment,
                state: interval.state,
                from: interval.from.clone(),
                until: None,
                label: None,
                rank: 0,
                explained: 0,
                detail: detail.clone(),
                rule: rule.to_owned(),
                map: map.to_owned(),
            };
            self.stops.insert(interval.record, stop);
            self.forget_stops();
        }
        let machine = self.machines.entry(equipment).or_default();
        if interval.state == MachineState::Running {
            machine.changeover = None;
        }
        machine.interval = Some(interval);
    }

    fn explain(&mut self, stop: RecordId, label: &str, rank: u8) {
        let stop = self.stops.get_mut(&stop).filter(|stop| rank >= stop.rank);
        if let Some(stop) = stop {
            stop.explain(label, rank, self.head);
        }
    }

    fn forget_stops(&mut self) {
        while self.stops.len() > STOPS_KEPT {
            let oldest = self
                .stops
                .iter()
                .filter(|(_, stop)| stop.until.is_some())
                .min_by_key(|(id, stop)| (stop.from.at.wall_us, **id))
                .map(|(id, _)| *id);
            match oldest {
                Some(id) => self.stops.remove(&id),
                None => break,
            };
        }
    }

    fn count(&mut self, fact: &Fact, counted: &Counted) {
        let machine = self.machines.entry(counted.equipment).or_default();
        let runs = machine.interval.as_ref().is_some_and(|i| i.state == MachineState::Running);
        if runs && counted.quantity > 0 {
            machine.changeover = None;
        }
        match counted.counter {
            CounterKind::Good => machine.good += counted.quantity,
            CounterKind::Scrap => machine.scrap += counted.quantity,
            CounterKind::Total => {},
        }
        let judgement = Judgement {
            verdict: counted.verdict,
            epoch: counted.epoch,
            raw_from: counted.raw_from,
            raw_to: counted.raw_to,
            quantity: counted.quantity,
            raw: counted.raw,
        };
        let before = machine.counters.get(&counted.source);
        let base = Base::after(before, &judgement, &fact.moment(counted.until));
        machine.counters.insert(counted.source.clone(), base);
        if counted.verdict == Verdict::Base {
            machine.moved.remove(&counted.source);
        }
    }

    fn remap(&mut self, applied: &MapApplied) {
        for moved in &applied.moved {
            let machine = self.machines.entry(moved.equipment).or_default();
            machine.moved.insert(moved.source.clone());
        }
    }

    fn start(&mut self, fact: &Fact, record: RecordId, started: &BatchStarted) {
        self.batches_started += 1;
        match &started.lease {
            Some(leased) => {
                let last = self.numbers.entry(leased.prefix.clone()).or_default();
                *last = leased.number.max(*last);
                self.typed.pass(leased);
            },
            None => self.typed.note(&started.number),
        }
        let machine = self.machines.entry(started.equipment).or_default();
        machine.batch = Some(record);
        (machine.good, machine.scrap) = (0, 0);
        let batch = Batch {
            equipment: started.equipment,
            station: started.station,
            product: started.product,
            number: started.number.clone(),
            work_order: started.work_order.clone(),
            target: started.target,
            from: fact.moment(started.from),
            operators: started.operators.clone(),
            further: BTreeSet::new(),
            good: 0,
            scrap: 0,
        };
        self.batches.insert(record, batch);
    }

    /// A batch that is not ours is one of another terminal.
    fn join(&mut self, batch: RecordId, user: UserId) {
        match self.batches.get_mut(&batch) {
            Some(batch) => batch.operators.push(user),
            None => drop(self.joined.entry(batch).or_default().insert(user)),
        }
    }

    fn leave(&mut self, batch: RecordId, user: UserId) {
        if let Some(batch) = self.batches.get_mut(&batch) {
            batch.operators.retain(|operator| *operator != user);
        }
        if let Some(users) = self.joined.get_mut(&batch) {
            users.remove(&user);
        }
        self.joined.retain(|_, users| !users.is_empty());
    }

    /// Remembers a correction for longer than headquarters, by whose clock it goes, sends it down.
    fn see(&mut self, seen: &CorrectionSeen) {
        self.corrections.insert((seen.made, seen.correction));
        let newest = self.corrections.last().map_or(seen.made, |(made, _)| *made);
        let floor = newest.0.saturating_sub(CORRECTIONS_KEPT_US);
        while self.corrections.first().is_some_and(|(made, _)| made.0 < floor) {
            self.corrections.pop_first();
        }
        self.correct(&seen.corrects());
    }

    /// Takes over what headquarters corrected, as far as it is about what goes on now.
    fn correct(&mut self, corrected: &Corrected) {
        let after = &corrected.after;
        match corrected.kind {
            Correctable::Labor => self.correct_labor(corrected),
            Correctable::Batch if corrected.ends() => self.complete(corrected.record),
            Correctable::Batch => {
                if let Some(batch) = self.batches.get_mut(&corrected.record) {
                    batch.product = after.product.unwrap_or(batch.product);
                    batch.station = after.station.or(batch.station);
                    batch.from = after.from.map_or_else(|| batch.from.clone(), Moment::by_wall);
                }
            },
            Correctable::Stop => {
                if after.void == Some(true) {
                    self.stops.remove(&corrected.record);
                }
                let Some(stop) = self.stops.get_mut(&corrected.record) else { return };
                if let Some(downtime) = &after.downtime
                    && corrected.rank >= stop.rank
                {
                    stop.explain(&downtime.label, corrected.rank, self.head);
                }
                stop.from = after.from.map_or_else(|| stop.from.clone(), Moment::by_wall);
                // A stop that goes on does so on the screen too.
                stop.until =
                    stop.until.take().map(|until| after.until.map_or(until, Moment::by_wall));
            },
        }
    }

    fn correct_labor(&mut self, corrected: &Corrected) {
        let after = &corrected.after;
        let present = self.labor.iter().find(|(_, presence)| presence.entry == corrected.record);
        let Some(user) = present.map(|(user, _)| *user) else { return };
        let Some(mut presence) = self.labor.remove(&user) else { return };
        if corrected.ends() {
            return;
        }
        presence.station = after.station.unwrap_or(presence.station);
        if let Some(from) = after.from {
            presence.since = Moment::by_wall(from);
        }
        self.labor.insert(after.user.unwrap_or(user), presence);
    }

    fn complete(&mut self, record: RecordId) {
        let Some(batch) = self.batches.remove(&record) else { return };
        let machine = self.machines.entry(batch.equipment).or_default();
        machine.batch = None;
        (machine.good, machine.scrap) = (0, 0);
    }
}
