//! Batches begin and end.

use super::{
    Engine, Event, Words,
    commands::{Asked, bad, unknown},
};
use crate::{
    command::{Accepted, CompleteDetail, Refusal, StartDetail},
    fact::{
        BatchStarted, Body,
        batch::{BatchAborted, Scrapped, Special},
        queue::{Ask, Queue, QueueAsked},
    },
    id::{EquipmentId, ProductId, ReasonId, RecordId, UserId},
    number::{self, Leased},
    reference::{Queued, Reference},
    time::{Moment, Stamp},
};

mod answer;
mod asked;
mod beginning;
mod course;
mod onward;

/// More parts than that are no number of parts.
const MOST: i64 = 100_000_000;

/// What a person wants to start.
pub(super) struct Wish<'w> {
    pub(super) equipment: EquipmentId,
    pub(super) product: ProductId,
    pub(super) target: Option<i64>,
    pub(super) number: Option<String>,
    pub(super) work_order: Option<String>,
    pub(super) detail: &'w StartDetail,
}

/// What a person counted.
pub(super) struct Counts<'c> {
    pub(super) good: i64,
    pub(super) scrap: i64,
    pub(super) reason: Option<ReasonId>,
    pub(super) detail: &'c CompleteDetail,
}

impl Engine {
    pub(super) fn start_batch(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        who: UserId,
        wish: Wish<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let machine = reference.machine(wish.equipment).ok_or_else(|| unknown("machine"))?;
        let product = reference.product(wish.product).ok_or_else(|| unknown("product"))?;
        let target = target(wish.target)?;
        self.has_room(reference, wish.equipment)?;
        let entry = self.queued(reference, wish.equipment, wish.detail.entry)?;
        let (from, agreed) = self.beginning(reference, who, &wish, now)?;
        let (special, words) = agreed.map_or_else(Default::default, |a| a.special(asked.salt));
        let special = Special { continues: entry.as_ref().and_then(|e| e.batch), ..special };
        let answers = answer::answers(
            &reference.asked_with(wish.equipment, "start"),
            &wish.detail.answers,
            asked.salt,
        )?;
        let (number, lease, provisional) = match wish.number {
            Some(typed) => {
                self.not_open_elsewhere(reference, wish.equipment, &typed, now)?;
                (typed, None, false)
            },
            None => {
                let (number, lease) = self.next_number(reference, "batch");
                let provisional = lease.is_none();
                (number, lease, provisional)
            },
        };
        let station = reference.station_of(wish.equipment).map(|station| station.id);
        let started = BatchStarted {
            equipment: wish.equipment,
            station,
            product: wish.product,
            number,
            work_order: wish.work_order,
            target: target.or(product.default_quantity).or(machine.default_target),
            from,
            operators: self.at_station(station, who),
            lease,
            special: Special { provisional, ..special },
        };
        let event = Event::new(Body::BatchStarted(started)).by(Some(who)).key(asked.key);
        let accepted = self.begin_batch(event.words(words), answers, now);
        if let Some(entry) = entry {
            let ask = Ask::Claim { entry: entry.entry, batch: accepted.record };
            let claim = QueueAsked { queue: entry.queue, ask };
            self.draft(now, Event::new(Body::QueueAsked(claim)).by(Some(who)));
        }
        Ok(accepted)
    }

    /// Drafts a start with what was answered to it. Whoever came after it began joins it now.
    fn begin_batch(&mut self, event: Event, answers: Vec<answer::Given>, now: &Moment) -> Accepted {
        let who = event.by;
        let (mut event, mut late) = (event, Vec::new());
        if let Body::BatchStarted(started) = &mut event.body {
            let began = Moment { at: started.from, boot: now.boot.clone() };
            let came_later = |user: &UserId| {
                let since = self.plant.labor.get(user).map(|presence| &presence.since);
                since.is_some_and(|since| since.since(&began) > 0)
            };
            late = started.operators.extract_if(.., |user| came_later(user)).collect();
        }
        let accepted = self.accept(now, event);
        for user in late {
            let joined = Body::BatchJoined { batch: accepted.record, user };
            self.draft(now, Event::new(joined).by(Some(user)));
        }
        self.answer(accepted.record, who, answers, now);
        accepted
    }

    pub(super) fn complete_batch(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        who: UserId,
        (batch, counts): (RecordId, Counts<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let running = self.plant.batches.get(&batch).ok_or(Refusal::NoSuchBatch)?;
        let Counts { good, scrap, reason, detail } = counts;
        quantities(&[("good", good), ("scrap", scrap), ("rework", detail.rework)])?;
        let scrapped = scrapped(reference, scrap, &detail.scrapped)?;
        if reason.is_some_and(|reason| reference.scrap_reason(reason).is_none()) {
            return Err(unknown("reason"));
        }
        let most = scrapped.iter().max_by_key(|split| split.quantity).map(|split| split.reason);
        let fields = reference.asked_with(running.equipment, "complete");
        let answers = answer::answers(&fields, &detail.answers, asked.salt)?;
        let (counted_good, counted_scrap) = self.plant.counted(batch);
        let completed = Body::BatchCompleted {
            batch,
            good,
            scrap,
            scrap_reason: most.or(reason),
            counted_good,
            counted_scrap,
            scrapped,
            rework: detail.rework,
        };
        // Answers are part of the batch that ends with them.
        self.answer(batch, Some(who), answers, now);
        Ok(self.accept(now, Event::new(completed).by(Some(who)).key(asked.key)))
    }

    pub(super) fn abort_batch(
        &mut self,
        reference: &Reference,
        key: &str,
        who: UserId,
        (aborted, words): (BatchAborted, Words),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let batch = aborted.batch;
        if !self.plant.batches.contains_key(&batch) {
            return Err(Refusal::NoSuchBatch);
        }
        quantities(&[("good", aborted.good), ("scrap", aborted.scrap)])?;
        reference.scrap_reason(aborted.reason).ok_or_else(|| unknown("reason"))?;
        let event = Event::new(Body::BatchAborted(aborted)).by(Some(who)).key(key);
        Ok(self.accept(now, event.words(words)))
    }

    /// A machine takes one batch at a time, unless it is said to take several.
    fn has_room(&self, reference: &Reference, equipment: EquipmentId) -> Result<(), Refusal> {
        let machine = reference.machine(equipment).ok_or_else(|| unknown("machine"))?;
        let running = self.plant.machines.get(&equipment).and_then(|known| known.batch);
        let running = running.and_then(|record| self.plant.batches.get(&record));
        match running.filter(|_| !machine.concurrent_batches) {
            Some(batch) => {
                let number = batch.number.clone();
                Err(Refusal::BatchRunning { number, machine: machine.code.clone() })
            },
            None => Ok(()),
        }
    }

    /// The entry of one of the machine's queues.
    fn queued(
        &self,
        reference: &Reference,
        equipment: EquipmentId,
        entry: Option<RecordId>,
    ) -> Result<Option<Queued>, Refusal> {
        let Some(entry) = entry else { return Ok(None) };
        let station = reference.station_of(equipment).map(|station| Queue::Station(station.id));
        let queues = [Some(Queue::Equipment(equipment)), station].into_iter().flatten();
        let all = &reference.work.queued;
        let mut entries = queues.flat_map(|queue| self.plant.queue(queue, all, 0));
        let found = entries.find(|known| known.queued.entry == entry);
        Ok(Some(found.ok_or(Refusal::NotQueued)?.queued))
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

/// `wall` by both clocks.
fn stamp_at(wall_us: i64, now: &Moment) -> Stamp {
    now.at.plus(wall_us.saturating_sub(now.at.wall_us.0))
}

pub(super) fn target(target: Option<i64>) -> Result<Option<i64>, Refusal> {
    match target {
        Some(wrong) if !(1..=MOST).contains(&wrong) => Err(bad("target", "must be 1 to 100000000")),
        fits => Ok(fits),
    }
}

pub(super) fn quantities(all: &[(&str, i64)]) -> Result<(), Refusal> {
    match all.iter().find(|(_, quantity)| !(0..=MOST).contains(quantity)) {
        Some((field, _)) => Err(bad(field, "must be 0 to 100000000")),
        None => Ok(()),
    }
}

/// Scrapped parts by reason, each reason once; together they are all that were scrapped.
fn scrapped(
    reference: &Reference,
    scrap: i64,
    split: &[(ReasonId, i64)],
) -> Result<Vec<Scrapped>, Refusal> {
    let mut all: Vec<Scrapped> = Vec::new();
    for (reason, quantity) in split {
        let (_, named) = reference.scrap_reason(*reason).ok_or_else(|| unknown("reason"))?;
        if !(1..=MOST).contains(quantity) || all.iter().any(|known| known.reason == *reason) {
            return Err(bad("scrap", "must be 1 to 100000000, each reason once"));
        }
        let label = named.name.clone();
        all.push(Scrapped { reason: *reason, label, quantity: *quantity });
    }
    let told = all.iter().map(|split| split.quantity).sum();
    if !all.is_empty() && told != scrap {
        return Err(Refusal::ScrapUneven { scrap, split: told });
    }
    Ok(all)
}
