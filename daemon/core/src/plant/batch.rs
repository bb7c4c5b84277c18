//! Batches that run here, and people on batches of other terminals.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::Plant;
use crate::{
    fact::{
        BatchStarted, Fact,
        batch::{BatchEquipment, BatchProduced},
        machine::is_zero,
    },
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    time::{Micros, Moment},
};

/// Rests of one batch that are remembered; the oldest go first.
const RESTS_KEPT: usize = 200;

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
    /// Parts to be worked on again that people told of.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rework: i64,
    /// The scrapped parts that people told of, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scrapped: BTreeMap<ReasonId, i64>,
    /// Good and scrapped parts that the machine counted before its counter went to another batch.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub counted: (i64, i64),
    /// Since when it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Moment>,
    /// When it rested before, oldest first: from when until when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests: Vec<(Micros, Micros)>,
    /// Nobody gave its number: it is this terminal's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

fn is_nothing(counted: &(i64, i64)) -> bool {
    *counted == (0, 0)
}

impl Plant {
    pub(super) fn start(&mut self, fact: &Fact, record: RecordId, started: &BatchStarted) {
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
        // Where several run at a time, the counter counts for the one that came first.
        if machine.batch.is_none_or(|batch| !self.batches.contains_key(&batch)) {
            machine.batch = Some(record);
            (machine.good, machine.scrap) = (0, 0);
        }
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
            rework: 0,
            scrapped: BTreeMap::new(),
            counted: (0, 0),
            paused: None,
            rests: Vec::new(),
            provisional: started.special.provisional,
        };
        self.batches.insert(record, batch);
    }

    /// A batch that is not ours is one of another terminal.
    pub(super) fn join(&mut self, batch: RecordId, user: UserId) {
        match self.batches.get_mut(&batch) {
            Some(batch) if batch.operators.contains(&user) => {},
            Some(batch) => batch.operators.push(user),
            None => drop(self.joined.entry(batch).or_default().insert(user)),
        }
    }

    pub(super) fn leave(&mut self, batch: RecordId, user: UserId) {
        if let Some(batch) = self.batches.get_mut(&batch) {
            batch.operators.retain(|operator| *operator != user);
        }
        if let Some(users) = self.joined.get_mut(&batch) {
            users.remove(&user);
        }
        self.joined.retain(|_, users| !users.is_empty());
    }

    /// A further machine works on a batch, or does no longer.
    pub(super) fn further(&mut self, further: &BatchEquipment, works: bool) {
        let Some(batch) = self.batches.get_mut(&further.batch) else { return };
        if works {
            batch.further.insert(further.equipment);
        } else {
            batch.further.remove(&further.equipment);
        }
    }

    pub(super) fn complete(&mut self, record: RecordId) {
        let Some(batch) = self.batches.remove(&record) else { return };
        let machine = self.machines.entry(batch.equipment).or_default();
        machine.ended = Some(self.head_at.clone());
        if machine.batch == Some(record) {
            self.count_for_next(batch.equipment);
        }
    }

    /// The batch rests. What the machine counted for it stays with it.
    pub(super) fn pause(&mut self, record: RecordId) {
        let Some(batch) = self.batches.get_mut(&record) else { return };
        batch.paused = Some(self.head_at.clone());
        let equipment = batch.equipment;
        let machine = self.machines.entry(equipment).or_default();
        // The time up to now is this batch's, as if it had ended.
        machine.ended = Some(self.head_at.clone());
        if machine.batch == Some(record) {
            batch.counted = (machine.good, machine.scrap);
            self.count_for_next(equipment);
        }
    }

    /// The batch goes on; the counter counts for it unless it counts for another one.
    pub(super) fn resume(&mut self, record: RecordId) {
        let Some(batch) = self.batches.get_mut(&record) else { return };
        if let Some(since) = batch.paused.take() {
            batch.rests.push((since.at.wall_us, self.head_at.wall_after(&since)));
            let more = batch.rests.len().saturating_sub(RESTS_KEPT);
            batch.rests.drain(..more);
        }
        let machine = self.machines.entry(batch.equipment).or_default();
        if machine.batch.is_none() {
            machine.batch = Some(record);
            (machine.good, machine.scrap) = batch.counted;
        }
    }

    /// The counter of a machine counts for the one that has run longest of those that are left.
    fn count_for_next(&mut self, equipment: EquipmentId) {
        let runs = |batch: &Batch| batch.equipment == equipment && batch.paused.is_none();
        let left = self.batches.iter().filter(|(_, batch)| runs(batch));
        let next = left.min_by_key(|(id, batch)| (batch.from.at.wall_us, **id));
        let next = next.map(|(id, batch)| (*id, batch.counted));
        let machine = self.machines.entry(equipment).or_default();
        machine.batch = next.map(|(id, _)| id);
        (machine.good, machine.scrap) = next.map_or((0, 0), |(_, counted)| counted);
    }

    /// Good and scrapped parts that the machine counted for a batch.
    pub fn counted(&self, record: RecordId) -> (i64, i64) {
        let Some(batch) = self.batches.get(&record) else { return (0, 0) };
        let machine = self.machines.get(&batch.equipment);
        let counting = machine.filter(|machine| machine.batch == Some(record));
        counting.map_or(batch.counted, |machine| (machine.good, machine.scrap))
    }

    /// Parts that a person told of.
    pub(super) fn produce(&mut self, produced: &BatchProduced) {
        if let Some(batch) = self.batches.get_mut(&produced.batch) {
            batch.good = batch.good.saturating_add(produced.good);
            batch.scrap = batch.scrap.saturating_add(produced.scrap);
            batch.rework = batch.rework.saturating_add(produced.rework);
            if let Some(reason) = produced.scrap_reason.filter(|_| produced.scrap != 0) {
                let told = batch.scrapped.entry(reason).or_default();
                *told = told.saturating_add(produced.scrap);
            }
        }
    }
}
