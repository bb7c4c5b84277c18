//! Queues, as `sync/hq/src/operations/queue.rs` keeps them.

use kart_core::fact::BatchStarted;
use kart_core::fact::queue::{Ask, Enqueue, Place, Queue, QueueAsked};
use kart_core::id::RecordId;
use kart_planted::{Bug, planted};
use uuid::Uuid;

use super::{Missing, Office, Slot};

/// Digits behind the point.
const MOST_DIGITS: u32 = 12;

impl Office {
    pub(super) fn asked(
        &mut self,
        entry: RecordId,
        asked: &QueueAsked,
        canonical: impl Fn(RecordId) -> RecordId,
        stands: impl Fn(Uuid) -> bool,
    ) -> Result<(), Missing> {
        if let Ask::Enqueue(enqueue) = &asked.ask {
            self.enqueue(entry, asked.queue, enqueue);
            return Ok(());
        }
        let known = self.slots.get(&entry).filter(|slot| slot.queue == asked.queue);
        let slot = known.ok_or(Missing::Record(entry))?.clone();
        match &asked.ask {
            Ask::Move { place, .. } if slot.status == "queued" => self.put(entry, *place),
            Ask::Remove { .. } if slot.status == "queued" => {
                self.set(entry, "removed", None);
            },
            Ask::Claim { batch, .. } => {
                let batch = canonical(*batch).0;
                if slot.status == "queued" && !stands(batch) {
                    return Err(Missing::Batch(batch));
                }
                self.claim(entry, &slot, batch);
            },
            _ => {},
        }
        Ok(())
    }

    fn line(&self, queue: Queue) -> impl Iterator<Item = (&RecordId, &Slot)> {
        self.slots.iter().filter(move |(_, slot)| slot.queue == queue)
    }

    fn set(&mut self, entry: RecordId, status: &'static str, batch: Option<Uuid>) {
        if let Some(slot) = self.slots.get_mut(&entry) {
            slot.status = status;
            slot.batch = batch.or(slot.batch);
        }
    }

    fn enqueue(&mut self, entry: RecordId, queue: Queue, enqueue: &Enqueue) {
        let last = self.line(queue).map(|(_, slot)| slot.at).max_by(f64::total_cmp);
        self.slots.entry(entry).or_insert_with(|| Slot {
            queue,
            product: enqueue.product,
            number: enqueue.number.clone(),
            at: last.unwrap_or(0.0) + 1.0,
            status: "queued",
            batch: None,
        });
        self.put(entry, enqueue.place);
    }

    fn put(&mut self, entry: RecordId, place: Place) {
        let Some(queue) = self.slots.get(&entry).map(|slot| slot.queue) else { return };
        let others: Vec<(RecordId, Slot)> = self
            .line(queue)
            .filter(|(id, _)| **id != entry)
            .map(|(id, slot)| (*id, slot.clone()))
            .collect();
        let places = others.iter().map(|(_, slot)| slot.at);
        let anchor =
            |(id, slot): &&(RecordId, Slot)| place == Place::After(*id) && slot.status == "queued";
        let at = match (place, others.iter().find(anchor)) {
            (Place::Front, _) => places.min_by(f64::total_cmp).unwrap_or(1.0) - 1.0,
            (_, Some((_, anchor))) => {
                let next = places.filter(|at| *at > anchor.at).min_by(f64::total_cmp);
                let next = next.filter(|_| !planted(Bug::PlaceTwice));
                next.map_or(anchor.at + 1.0, |next| f64::midpoint(anchor.at, next))
            },
            _ => places.max_by(f64::total_cmp).unwrap_or(0.0) + 1.0,
        };
        if let Some(slot) = self.slots.get_mut(&entry) {
            slot.at = at;
        }
        if digits(at) > MOST_DIGITS {
            let mut line: Vec<(f64, RecordId)> =
                self.line(queue).map(|(id, slot)| (slot.at, *id)).collect();
            line.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (n, (_, id)) in (1_u32..).zip(line) {
                if let Some(slot) = self.slots.get_mut(&id) {
                    slot.at = f64::from(n);
                }
            }
        }
    }

    fn claim(&mut self, entry: RecordId, slot: &Slot, batch: Uuid) {
        let free = match (slot.status, slot.batch) {
            ("queued", _) => true,
            ("started", Some(other)) if other == batch => return,
            _ => false,
        };
        let queue = slot.queue;
        for (id, other) in &mut self.slots {
            let taken = other.status == "started" && other.batch == Some(batch);
            if other.queue == queue && taken && *id != entry {
                (other.status, other.batch) = ("queued", None);
            }
        }
        if free {
            self.set(entry, "started", Some(batch));
        }
    }

    /// A batch began: the entry that asked for it is used up.
    pub(super) fn used_up(&mut self, started: &BatchStarted, batch: Uuid) {
        let machine = Queue::Equipment(started.equipment);
        let station = started.station.map(Queue::Station);
        let own = |slot: &Slot| slot.batch == Some(batch) && slot.status == "started";
        for (queue, by_product) in [(Some(machine), true), (station, false)] {
            let Some(queue) = queue else { continue };
            let fits = |slot: &Slot| {
                let named =
                    slot.number.as_deref() == Some(&*started.number) && slot.status != "removed";
                let next = by_product && slot.number.is_none() && slot.status == "queued";
                own(slot) || slot.product == started.product && (named || next)
            };
            let key = |slot: &Slot| (!own(slot), slot.number.is_none(), slot.status != "queued");
            let fitting = self.line(queue).filter(|(_, slot)| fits(slot));
            let first =
                fitting.min_by(|(_, a), (_, b)| key(a).cmp(&key(b)).then(a.at.total_cmp(&b.at)));
            if let Some((entry, "queued")) = first.map(|(id, slot)| (*id, slot.status)) {
                self.set(entry, "started", Some(batch));
            }
        }
    }
}

fn digits(at: f64) -> u32 {
    let halves = std::iter::successors(Some(at), |at| (at.fract() != 0.0).then_some(at * 2.0));
    u32::try_from(halves.count()).unwrap_or(u32::MAX) - 1
}
