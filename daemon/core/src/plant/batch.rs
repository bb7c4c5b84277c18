//! Batches that run here, and people on batches of other terminals.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::Plant;
use crate::{
    fact::{BatchStarted, Fact, batch::BatchProduced},
    id::{EquipmentId, ProductId, RecordId, StationId, UserId},
    time::Moment,
};

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
    pub(super) fn join(&mut self, batch: RecordId, user: UserId) {
        match self.batches.get_mut(&batch) {
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

    pub(super) fn complete(&mut self, record: RecordId) {
        let Some(batch) = self.batches.remove(&record) else { return };
        let machine = self.machines.entry(batch.equipment).or_default();
        machine.batch = None;
        (machine.good, machine.scrap) = (0, 0);
    }

    /// Parts that a person told of.
    pub(super) fn produce(&mut self, produced: &BatchProduced) {
        if let Some(batch) = self.batches.get_mut(&produced.batch) {
            batch.good = batch.good.saturating_add(produced.good);
            batch.scrap = batch.scrap.saturating_add(produced.scrap);
        }
    }
}
