//! Batches begin and end.

use super::{
    Engine, Event,
    commands::{bad, unknown},
};
use crate::{
    command::{Accepted, Refusal},
    fact::{BatchStarted, Body},
    id::{EquipmentId, ProductId, ReasonId, RecordId, UserId},
    number::{self, Leased},
    reference::Reference,
    time::Moment,
};

impl Engine {
    pub(super) fn start_batch(
        &mut self,
        reference: &Reference,
        key: &str,
        who: UserId,
        wish: Wish,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let machine = reference.machine(wish.equipment).ok_or_else(|| unknown("machine"))?;
        let product = reference.product(wish.product).ok_or_else(|| unknown("product"))?;
        if wish.target.is_some_and(|target| !(1..=100_000_000).contains(&target)) {
            return Err(bad("target", "must be 1 to 100000000"));
        }
        let running = self.plant.machines.get(&wish.equipment).and_then(|known| known.batch);
        if let Some(batch) = running.and_then(|record| self.plant.batches.get(&record)) {
            let number = batch.number.clone();
            return Err(Refusal::BatchRunning { number, machine: machine.code.clone() });
        }
        let station = reference.station_of(wish.equipment).map(|station| station.id);
        let (number, lease) = match wish.number {
            Some(typed) => {
                self.not_open_elsewhere(reference, wish.equipment, &typed)?;
                (typed, None)
            },
            None => self.next_number(reference, "batch"),
        };
        let started = BatchStarted {
            equipment: wish.equipment,
            station,
            product: wish.product,
            number,
            work_order: wish.work_order,
            target: wish.target.or(product.default_quantity).or(machine.default_target),
            from: now.at,
            operators: self.at_station(station, who),
            lease,
        };
        let event = Event::new(Body::BatchStarted(started)).by(Some(who)).key(key);
        let (seq, record) = self.draft(now, event);
        Ok(Accepted { seq, record, user: None })
    }

    pub(super) fn complete_batch(
        &mut self,
        reference: &Reference,
        key: &str,
        who: UserId,
        (batch, counts): (RecordId, Counts),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let running = self.plant.batches.get(&batch).ok_or(Refusal::NoSuchBatch)?;
        for (field, count) in [("good", counts.good), ("scrap", counts.scrap)] {
            if !(0..=100_000_000).contains(&count) {
                return Err(bad(field, "must be 0 to 100000000"));
            }
        }
        if counts.reason.is_some_and(|reason| reference.scrap_reason(reason).is_none()) {
            return Err(unknown("reason"));
        }
        let machine = self.plant.machines.get(&running.equipment);
        let (counted_good, counted_scrap) =
            machine.map_or((0, 0), |machine| (machine.good, machine.scrap));
        let completed = Body::BatchCompleted {
            batch,
            good: counts.good,
            scrap: counts.scrap,
            scrap_reason: counts.reason,
            counted_good,
            counted_scrap,
        };
        let (seq, _) = self.draft(now, Event::new(completed).by(Some(who)).key(key));
        Ok(Accepted { seq, record: batch, user: None })
    }

    /// A number that was never used. Taking it is part of the fact that it is for.
    fn next_number(&self, reference: &Reference, entity_type: &str) -> (String, Option<Leased>) {
        let taker = number::Taker {
            terminal: &self.terminal_code,
            incarnation: self.plant.origin.incarnation,
            used: &self.plant.numbers,
            typed: &self.plant.typed,
            count: self.plant.batches_started + 1,
        };
        number::next(entity_type, &reference.prefixes, &reference.leases, taker)
    }
}

/// What a person wants to start.
pub(super) struct Wish {
    pub(super) equipment: EquipmentId,
    pub(super) product: ProductId,
    pub(super) target: Option<i64>,
    pub(super) number: Option<String>,
    pub(super) work_order: Option<String>,
}

/// What a person counted.
pub(super) struct Counts {
    pub(super) good: i64,
    pub(super) scrap: i64,
    pub(super) reason: Option<ReasonId>,
}
