//! What happens to a batch between its beginning and its end.

use super::quantities;
use crate::{
    command::{Accepted, Refusal},
    engine::{
        Engine, Event,
        commands::{bad, unknown},
        people,
    },
    fact::{
        Body,
        batch::{BatchEquipment, BatchProduced},
    },
    id::{EquipmentId, RecordId, UserId},
    reference::Reference,
    time::Moment,
};

impl Engine {
    /// The batch rests: whoever worked on it leaves it, and further machines are taken off.
    pub(in crate::engine) fn pause_batch(
        &mut self,
        key: &str,
        (who, batch): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let running = self.plant.batches.get(&batch).ok_or(Refusal::NoSuchBatch)?.clone();
        if running.paused.is_some() {
            return Err(Refusal::AlreadyPaused { number: running.number });
        }
        for user in running.operators {
            let left = Body::BatchLeft { batch, user, at: None };
            self.draft(now, Event::new(left).by(Some(user)));
        }
        for equipment in running.further {
            let off = Body::BatchEquipmentRemoved(BatchEquipment { batch, equipment });
            self.draft(now, Event::new(off).by(Some(who)));
        }
        let paused = Event::new(Body::BatchPaused { batch }).by(Some(who)).key(key);
        Ok(self.accept(now, paused))
    }

    /// It goes on with whoever is at the station.
    pub(in crate::engine) fn resume_batch(
        &mut self,
        reference: &Reference,
        key: &str,
        (who, batch): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let resting = self.plant.batches.get(&batch).ok_or(Refusal::NoSuchBatch)?;
        if resting.paused.is_none() {
            return Err(Refusal::NotPaused { number: resting.number.clone() });
        }
        let station = resting.station;
        self.has_room(reference, resting.equipment)?;
        let resumed = Event::new(Body::BatchResumed { batch }).by(Some(who)).key(key);
        let accepted = self.accept(now, resumed);
        for user in self.at_station(station, who) {
            self.draft(now, Event::new(Body::BatchJoined { batch, user }).by(Some(user)));
        }
        Ok(accepted)
    }

    pub(in crate::engine) fn tell_parts(
        &mut self,
        reference: &Reference,
        key: &str,
        who: UserId,
        produced: BatchProduced,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let BatchProduced { batch, good, scrap, scrap_reason, rework } = produced;
        if !self.plant.batches.contains_key(&batch) {
            return Err(Refusal::NoSuchBatch);
        }
        quantities(&[("good", good), ("scrap", scrap), ("rework", rework)])?;
        if good == 0 && scrap == 0 && rework == 0 {
            return Err(bad("good", "nothing was told"));
        }
        if scrap_reason.is_some_and(|reason| reference.scrap_reason(reason).is_none()) {
            return Err(unknown("reason"));
        }
        let event = Event::new(Body::BatchProduced(produced)).by(Some(who)).key(key);
        Ok(self.accept(now, event))
    }

    pub(in crate::engine) fn leave_batch(
        &mut self,
        reference: &Reference,
        key: &str,
        (who, batch, user): (UserId, RecordId, UserId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = people::person(reference, user)?;
        if !self.plant.works_on(user).contains(&batch) {
            return Err(Refusal::NotOnBatch { name: person.name.clone() });
        }
        let left = Body::BatchLeft { batch, user, at: None };
        Ok(self.accept(now, Event::new(left).by(Some(who)).key(key)))
    }

    /// A further machine comes to a batch, or goes.
    pub(in crate::engine) fn batch_machine(
        &mut self,
        reference: &Reference,
        key: &str,
        (who, further, on): (UserId, BatchEquipment, bool),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let BatchEquipment { batch, equipment } = further;
        let running = self.plant.batches.get(&batch).ok_or(Refusal::NoSuchBatch)?;
        let machine = reference.machine(equipment).ok_or_else(|| unknown("machine"))?;
        if running.equipment == equipment || running.further.contains(&equipment) == on {
            let problem = if on { "is on this batch already" } else { "is not on this batch" };
            return Err(bad(&machine.code, problem));
        }
        if let Some(number) = running.paused.is_some().then(|| running.number.clone()) {
            return Err(Refusal::AlreadyPaused { number });
        }
        let further = BatchEquipment { batch, equipment: EquipmentId(equipment.0) };
        let body = match on {
            true => Body::BatchEquipmentAdded(further),
            false => Body::BatchEquipmentRemoved(further),
        };
        Ok(self.accept(now, Event::new(body).by(Some(who)).key(key)))
    }
}
