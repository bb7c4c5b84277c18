//! A batch goes on on another machine: the part on the first one ends with what was made there, and
//! the rest is a batch of the same number that says which one it continues.
//!
//! Where the other machine is another terminal's, that terminal starts the rest: it is put at the
//! front of the queue of that machine's station.

use super::{
    answer,
    beginning::{Agreed, agreement},
    quantities,
};
use crate::{
    command::{Accepted, Continue, Refusal},
    engine::{
        Engine, Event,
        commands::{Asked, bad, unknown},
    },
    fact::{
        BatchStarted, Body,
        batch::Special,
        queue::{Ask, Enqueue, Place, Queue, QueueAsked},
    },
    id::{EquipmentId, UserId},
    plant::Batch,
    reference::Reference,
    time::Moment,
};

impl Engine {
    pub(in crate::engine) fn continue_batch(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        (who, wish): (UserId, &Continue),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let before = self.plant.batches.get(&wish.batch).ok_or(Refusal::NoSuchBatch)?.clone();
        reference.machine(wish.equipment).ok_or_else(|| unknown("machine"))?;
        if wish.equipment == before.equipment {
            return Err(bad("machine", "it is on this machine"));
        }
        quantities(&[("good", wish.good), ("scrap", wish.scrap)])?;
        let agreed = self.may_stand_in(reference, who, &before, wish)?;
        let here = self.map().machines.iter().any(|machine| machine.equipment == wish.equipment);
        let mut answers = Vec::new();
        if here {
            self.has_room(reference, wish.equipment)?;
            let fields = reference.asked_with(wish.equipment, "start");
            answers = answer::answers(&fields, &wish.answers, asked.salt)?;
        }
        let (counted_good, counted_scrap) = self.plant.counted(wish.batch);
        let ended = Body::BatchCompleted {
            batch: wish.batch,
            good: wish.good,
            scrap: wish.scrap,
            scrap_reason: None,
            counted_good,
            counted_scrap,
            scrapped: vec![],
            rework: 0,
        };
        let ended = Event::new(ended).by(Some(who));
        let station = reference.station_of(wish.equipment).map(|station| station.id);
        if !here {
            let queue = Queue::Station(station.ok_or_else(|| unknown("station"))?);
            let accepted = self.accept(now, ended.key(asked.key));
            self.send_on(who, queue, (wish, &before), now);
            return Ok(accepted);
        }
        self.draft(now, ended);
        let (special, words) = agreed.map_or_else(Default::default, |a| a.special(asked.salt));
        let started = BatchStarted {
            equipment: wish.equipment,
            station,
            product: before.product,
            number: before.number,
            work_order: before.work_order,
            target: left(before.target, wish.good),
            from: now.at,
            operators: self.at_station(station, who),
            lease: None,
            special: Special { continues: Some(wish.batch), ..special },
        };
        // Asked once more, the answer is the batch that began.
        let event = Event::new(Body::BatchStarted(started)).by(Some(who)).key(asked.key);
        Ok(self.begin_batch(event.words(words), answers, now))
    }

    /// Whether the machine is declared to stand in; otherwise who agreed.
    fn may_stand_in(
        &self,
        reference: &Reference,
        who: UserId,
        before: &Batch,
        wish: &Continue,
    ) -> Result<Option<Agreed>, Refusal> {
        let from = reference.machine(before.equipment);
        if from.is_some_and(|machine| machine.compatible.contains(&wish.equipment)) {
            return Ok(None);
        }
        let code = |id: EquipmentId| reference.machine(id).map(|m| m.code.clone());
        let machine = code(wish.equipment).unwrap_or_default();
        let instead = code(before.equipment).unwrap_or_default();
        let refusal = Refusal::NotCompatible { machine, instead };
        agreement(reference, who, wish.second.as_ref(), refusal).map(Some)
    }

    /// The rest is put at the front of the other station's queue.
    fn send_on(
        &mut self,
        who: UserId,
        queue: Queue,
        (wish, before): (&Continue, &Batch),
        now: &Moment,
    ) {
        let ask = Ask::Enqueue(Enqueue {
            product: before.product,
            number: Some(before.number.clone()),
            work_order: before.work_order.clone(),
            target: left(before.target, wish.good),
            batch: Some(wish.batch),
            place: Place::Front,
        });
        let asked = QueueAsked { queue, ask };
        self.draft(now, Event::new(Body::QueueAsked(asked)).by(Some(who)));
    }
}

/// What is left to make; nothing is said where all of it is made.
fn left(target: Option<i64>, good: i64) -> Option<i64> {
    target.map(|target| target.saturating_sub(good)).filter(|left| *left > 0)
}
