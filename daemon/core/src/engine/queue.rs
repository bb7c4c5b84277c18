//! What people ask of queues of next batches. The order is headquarters' to decide.

use super::{
    Engine, Event, batch,
    commands::{bad, typed, unknown},
};
use crate::{
    command::{Accepted, Refusal},
    fact::{
        Body,
        queue::{Ask, Enqueue, Place, Queue, QueueAsked},
    },
    id::{RecordId, UserId},
    reference::Reference,
    time::Moment,
};

impl Engine {
    pub(super) fn ask_queue(
        &mut self,
        reference: &Reference,
        key: &str,
        (who, queue, ask): (UserId, Queue, &Ask),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let known = match queue {
            Queue::Equipment(machine) => reference.machine(machine).map(drop),
            Queue::Station(station) => reference.station(station).map(drop),
        };
        known.ok_or_else(|| unknown("station"))?;
        let entries = self.plant.queue(queue, &reference.work.queued, 0);
        let there = |entry: RecordId| match entries.iter().any(|e| e.queued.entry == entry) {
            true => Ok(()),
            false => Err(Refusal::NotQueued),
        };
        let anchored = |place: Place| match place {
            Place::After(entry) => there(entry),
            Place::Front | Place::End => Ok(()),
        };
        let ask = match ask {
            Ask::Enqueue(enqueue) => {
                anchored(enqueue.place)?;
                Ask::Enqueue(checked(reference, enqueue)?)
            },
            Ask::Move { entry, place } => {
                there(*entry)?;
                anchored(*place)?;
                ask.clone()
            },
            Ask::Remove { entry } => {
                there(*entry)?;
                ask.clone()
            },
            Ask::Claim { .. } => return Err(bad("ask", "an entry is claimed by starting it")),
        };
        let asked = QueueAsked { queue, ask };
        let event = Event::new(Body::QueueAsked(asked)).by(Some(who)).key(key);
        Ok(self.accept(now, event))
    }
}

/// A new entry whose parts are possible.
fn checked(reference: &Reference, wish: &Enqueue) -> Result<Enqueue, Refusal> {
    reference.product(wish.product).ok_or_else(|| unknown("product"))?;
    Ok(Enqueue {
        product: wish.product,
        number: typed("number", wish.number.as_deref())?,
        work_order: typed("work_order", wish.work_order.as_deref())?,
        target: batch::target(wish.target)?,
        batch: None,
        place: wish.place,
    })
}
