//! What this terminal asked of queues of next batches. Headquarters decides; until it has, a screen
//! shows the order as it was asked for.

use serde::{Deserialize, Serialize};

use super::Plant;
use crate::{
    fact::queue::{Ask, Enqueue, Place, Queue, QueueAsked},
    id::RecordId,
    reference::Queued,
};

/// Wishes that are remembered.
const MOST: usize = 200;

/// A wish, and the fact that it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The fact; 0 when it was another life's.
    pub seq: u64,
    /// The entry that is spoken of.
    pub entry: RecordId,
    /// The wish.
    #[serde(flatten)]
    pub asked: QueueAsked,
}

/// An entry of a queue as it is to be shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// What is queued.
    pub queued: Queued,
    /// Headquarters has not yet heard what is asked of it.
    pub asked: bool,
}

impl Plant {
    /// Remembers a wish, and of each entry no more than makes a difference.
    pub(super) fn ask(&mut self, asked: &QueueAsked) {
        let entry = asked.entry(self.origin, self.head);
        let last = |known: &Asked| known.entry != entry;
        match &asked.ask {
            Ask::Enqueue(_) => {},
            Ask::Move { .. } => {
                let moves = |known: &Asked| matches!(known.asked.ask, Ask::Move { .. });
                self.asked.retain(|known| last(known) || !moves(known));
            },
            Ask::Remove { .. } | Ask::Claim { .. } => self.asked.retain(last),
        }
        self.asked.push(Asked { seq: self.head, entry, asked: asked.clone() });
        let over = self.asked.len().saturating_sub(MOST);
        self.asked.drain(..over);
    }

    /// A queue in its order, as it is once headquarters has answered every wish after `known`. What was
    /// used up or taken out here stays so.
    pub fn queue(&self, queue: Queue, all: &[Queued], known: u64) -> Vec<Entry> {
        let queued = all.iter().filter(|queued| queued.queue == queue);
        let mut entries: Vec<Entry> =
            queued.map(|queued| Entry { queued: queued.clone(), asked: false }).collect();
        for wish in self.asked.iter().filter(|wish| wish.asked.queue == queue) {
            let entry = wish.entry;
            let at = entries.iter().position(|known| known.queued.entry == entry);
            match (&wish.asked.ask, at) {
                (Ask::Remove { .. } | Ask::Claim { .. }, Some(at)) => drop(entries.remove(at)),
                (Ask::Move { place, .. }, Some(at)) if wish.seq > known => {
                    let moved = Entry { asked: true, ..entries.remove(at) };
                    put(&mut entries, moved, *place);
                },
                (Ask::Enqueue(enqueue), None) if wish.seq > known => {
                    let queued = queued_as(entry, queue, enqueue);
                    put(&mut entries, Entry { queued, asked: true }, enqueue.place);
                },
                _ => {},
            }
        }
        entries
    }
}

/// The end is where an entry goes when the one it should follow is gone, as at headquarters.
fn put(entries: &mut Vec<Entry>, entry: Entry, place: Place) {
    let at = match place {
        Place::Front => 0,
        Place::End => entries.len(),
        Place::After(other) => {
            let other = entries.iter().position(|known| known.queued.entry == other);
            other.map_or(entries.len(), |other| other + 1)
        },
    };
    entries.insert(at, entry);
}

fn queued_as(entry: RecordId, queue: Queue, enqueue: &Enqueue) -> Queued {
    Queued {
        entry,
        queue,
        product: Some(enqueue.product),
        number: enqueue.number.clone(),
        work_order: enqueue.work_order.clone(),
        target: enqueue.target,
        batch: enqueue.batch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EquipmentId, Incarnation, Origin, ProductId, TerminalId};
    use uuid::Uuid;

    const QUEUE: Queue = Queue::Equipment(EquipmentId(Uuid::from_u128(211)));

    fn id(n: u128) -> RecordId {
        RecordId(Uuid::from_u128(n))
    }

    fn enqueue(place: Place) -> Enqueue {
        let product = ProductId(Uuid::from_u128(5));
        Enqueue { product, number: None, work_order: None, target: None, batch: None, place }
    }

    fn mirror(entries: &[u128]) -> Vec<Queued> {
        entries.iter().map(|n| queued_as(id(*n), QUEUE, &enqueue(Place::End))).collect()
    }

    fn plant(asks: Vec<Ask>) -> Plant {
        let terminal = TerminalId(Uuid::from_u128(7));
        let mut plant = Plant::new(Origin { terminal, incarnation: Incarnation(1) });
        for ask in asks {
            plant.head += 1;
            plant.ask(&QueueAsked { queue: QUEUE, ask });
        }
        plant
    }

    fn order(plant: &Plant, mirror: &[Queued], known: u64) -> Vec<(RecordId, bool)> {
        let queue = plant.queue(QUEUE, mirror, known);
        queue.into_iter().map(|entry| (entry.queued.entry, entry.asked)).collect()
    }

    #[test]
    fn what_was_asked_shows_until_headquarters_has_heard_it() {
        let asks = vec![
            Ask::Move { entry: id(3), place: Place::Front },
            Ask::Enqueue(enqueue(Place::After(id(3)))),
        ];
        let plant = plant(asks);
        let new = plant.origin.record(2);
        let shown = order(&plant, &mirror(&[1, 2, 3]), 0);
        assert_eq!(shown, [(id(3), true), (new, true), (id(1), false), (id(2), false)]);
        // Heard, and decided otherwise.
        assert_eq!(order(&plant, &mirror(&[1, 3]), 2), [(id(1), false), (id(3), false)]);
    }

    #[test]
    fn what_was_used_up_here_is_never_offered_again() {
        let claim = Ask::Claim { entry: id(1), batch: id(9) };
        let plant = plant(vec![claim, Ask::Remove { entry: id(2) }]);
        assert_eq!(order(&plant, &mirror(&[1, 2, 3]), 99), [(id(3), false)]);
    }

    #[test]
    fn an_entry_without_its_anchor_goes_to_the_end() {
        let plant = plant(vec![Ask::Move { entry: id(1), place: Place::After(id(8)) }]);
        assert_eq!(order(&plant, &mirror(&[1, 2]), 0), [(id(2), false), (id(1), true)]);
    }

    #[test]
    fn wishes_do_not_pile_up() {
        let moved = |place| Ask::Move { entry: id(1), place };
        let moves = (0..500).map(|_| moved(Place::Front)).chain([Ask::Remove { entry: id(1) }]);
        assert_eq!(plant(moves.collect()).asked.len(), 1);
        let many = (0..500).map(|n| Ask::Remove { entry: id(n) });
        assert_eq!(plant(many.collect()).asked.len(), MOST);
    }
}
