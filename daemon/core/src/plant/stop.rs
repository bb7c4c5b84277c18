//! Stops that wait for an explanation, and what people said of them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{Blind, Interval, Plant};
use crate::{
    fact::{
        Body, Fact,
        machine::{Detail, is_zero},
        replay::Carried,
        stop::{ExplanationWithdrawn, Told},
    },
    id::{EquipmentId, Origin, ProductId, ReasonId, RecordId, UserId},
    machine::MachineState,
    time::{Micros, Moment},
};

/// Stops kept for explanation; the oldest that ended go first.
const STOPS_KEPT: usize = 100;

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
    /// The last fact about why; 0 where there is none.
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
    /// What the machine did before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MachineState>,
    /// The batch that ran on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<RecordId>,
    /// What was made in that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// What people said of it and did not withdraw, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// How a person told of it, where no signal did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// What that was told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<RecordId>,
    /// Further machines that it covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<EquipmentId>,
    /// Events that stand in its place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub replaced: BTreeSet<RecordId>,
}

/// A reason that somebody gave.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Said {
    /// The fact that gave it: a log and a place in it.
    pub origin: Origin,
    /// See [`Self::origin`].
    pub seq: u64,
    /// When.
    pub at: Micros,
    /// Who.
    pub by: Option<UserId>,
    /// The reason.
    pub reason: ReasonId,
    /// Its name.
    pub label: String,
    /// The type of its group.
    pub group_type: String,
    /// Rank of the person's role.
    pub rank: u8,
    /// Headquarters said so: it is not withdrawn here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corrected: bool,
}

impl Said {
    /// What was said of another stop and holds for this one too.
    pub(super) fn carried(origin: Origin, carried: &Carried) -> Self {
        Self {
            origin,
            seq: carried.seq,
            at: carried.at,
            by: carried.by,
            reason: carried.reason,
            label: carried.label.clone(),
            group_type: carried.group_type.clone(),
            rank: carried.rank,
            corrected: false,
        }
    }
}

impl Stop {
    /// A stop of which nothing else is known.
    pub(super) fn new(equipment: EquipmentId, state: MachineState, from: Moment) -> Self {
        Self {
            equipment,
            state,
            from,
            until: None,
            explained: 0,
            detail: Detail::default(),
            rule: String::new(),
            map: String::new(),
            before: None,
            batch: None,
            product: None,
            said: Vec::new(),
            told: None,
            of: Vec::new(),
            with: Vec::new(),
            replaced: BTreeSet::new(),
        }
    }

    /// The stop that a time may have been which nobody saw, to look for reasons that suit it.
    pub fn of_blind(blind: &Blind) -> Self {
        Self {
            until: Some(blind.until.clone()),
            ..Self::new(blind.equipment, MachineState::Stopped, blind.from.clone())
        }
    }

    /// The fact with this number says why, or brings along what another one said.
    pub(super) fn say(&mut self, said: Said, seq: u64) {
        self.explained = seq;
        if self.said.iter().all(|known| (known.origin, known.seq) != (said.origin, said.seq)) {
            self.said.push(said);
        }
    }

    /// How long it lasted by `now`, microseconds.
    pub fn lasts(&self, now: &Moment) -> i64 {
        self.until.as_ref().unwrap_or(now).since(&self.from)
    }

    /// Whether it has been too short by `now` to ask anybody why.
    pub fn is_micro(&self, now: &Moment) -> bool {
        self.lasts(now) < self.detail.micro_stop_us
    }

    /// The explanation that holds, from here or from headquarters: of equal ranks the newest, as in
    /// the rows.
    pub fn holds(&self) -> Option<&Said> {
        self.said.iter().max_by_key(|said| (said.rank, said.at, said.origin, said.seq))
    }

    /// The name of the reason that holds.
    pub fn label(&self) -> Option<&str> {
        self.holds().map(|said| said.label.as_str())
    }

    /// Whether it is a downtime of everything here that is not over.
    pub fn lasts_everywhere(&self) -> bool {
        self.told == Some(Told::Site) && self.until.is_none()
    }

    /// Whether it is still a stop, and nothing stands in its place.
    pub fn stands(&self) -> bool {
        self.replaced.is_empty()
    }
}

impl Plant {
    pub(super) fn begin(&mut self, equipment: EquipmentId, interval: Interval, changed: &Body) {
        if let Body::StateChanged { rule, map, detail, batch, .. } = changed
            && interval.state.is_downtime()
        {
            let product = batch.and_then(|batch| self.batches.get(&batch));
            let stop = Stop {
                detail: detail.clone(),
                rule: rule.clone(),
                map: map.clone(),
                before: interval.before,
                batch: *batch,
                product: product.map(|batch| batch.product),
                ..Stop::new(equipment, interval.state, interval.from.clone())
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

    /// A person says why.
    pub(super) fn explain(&mut self, fact: &Fact) {
        let Body::StopExplained { stop: id, reason, label, group_type, rank, choice, .. } =
            &fact.fact
        else {
            return;
        };
        self.offered.count(choice.map(|choice| choice.place));
        let (origin, head) = (self.origin, self.head);
        let Some(stop) = self.stops.get_mut(id) else { return };
        let said = Said {
            origin,
            seq: fact.seq,
            at: fact.at.wall_us,
            by: fact.by,
            reason: *reason,
            label: label.clone(),
            group_type: group_type.clone(),
            rank: *rank,
            corrected: false,
        };
        stop.say(said, head);
        self.learn(*id);
    }

    /// An explanation holds no more; the one before it does.
    pub(super) fn withdraw(&mut self, withdrawn: &ExplanationWithdrawn) {
        let head = self.head;
        let Some(stop) = self.stops.get_mut(&withdrawn.stop) else { return };
        stop.said.retain(|said| (said.origin, said.seq) != (withdrawn.origin, withdrawn.seq));
        stop.explained = head;
        self.learn(withdrawn.stop);
    }

    pub(super) fn forget_stops(&mut self) {
        // What something known stands for is kept beside it, and goes with it.
        let counts = |stop: &Stop| !stop.replaced.iter().any(|by| self.stops.contains_key(by));
        let all = self.stops.values().filter(|stop| counts(stop)).count();
        for _ in STOPS_KEPT..all {
            let oldest = self
                .stops
                .iter()
                .filter(|(_, stop)| stop.until.is_some())
                .min_by_key(|(id, stop)| (stop.from.at.wall_us, **id))
                .map(|(id, _)| *id);
            let Some(oldest) = oldest else { break };
            let mut going = vec![oldest];
            while let Some(id) = going.pop() {
                if let Some(stop) = self.stops.remove(&id) {
                    going.extend(stop.of.into_iter().chain(stop.replaced));
                }
            }
        }
    }
}
