//! From commands to facts, or to a refusal.

use super::{Engine, Event};
use crate::{
    command::{Accepted, Command, Refusal},
    fact::{BatchStarted, Body, FactText},
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    number::{self, Leased},
    plant,
    reference::{Person, Reference},
    time::Moment,
};

/// A command with its key and the random salt for what a person wrote.
pub struct Asked<'a> {
    /// The idempotency key.
    pub key: &'a str,
    /// What is asked for.
    pub command: &'a Command,
    /// 32 random hexadecimal digits.
    pub salt: &'a str,
}

/// Longest free text, in characters.
const TEXT_LIMIT: usize = 500;

impl Engine {
    /// Decides a command. On `Ok` the facts are drafted; they count once they are on disk.
    pub fn on_command(&mut self, asked: &Asked<'_>, now: &Moment) -> Result<Accepted, Refusal> {
        let reference = self.reference.clone().ok_or(Refusal::NoSite)?;
        let key = asked.key;
        match asked.command {
            Command::ClockIn { badge, station } => {
                self.clock_in(&reference, key, badge, *station, now)
            },
            Command::ClockOut { badge } => self.clock_out(&reference, key, badge, now),
            Command::StartBatch { by, equipment, product, target, number, work_order } => {
                let who = self.present(&reference, *by)?;
                let wish = Wish {
                    equipment: *equipment,
                    product: *product,
                    target: *target,
                    number: typed("number", number.as_deref())?,
                    work_order: typed("work_order", work_order.as_deref())?,
                };
                self.start_batch(&reference, key, who, wish, now)
            },
            Command::JoinBatch { by, batch } => {
                let who = self.present(&reference, *by)?;
                self.join_batch(&reference, key, (who, *batch), now)
            },
            Command::CompleteBatch { by, batch, good, scrap, scrap_reason } => {
                let who = self.present(&reference, *by)?;
                let counted = Counts { good: *good, scrap: *scrap, reason: *scrap_reason };
                self.complete_batch(&reference, key, who, (*batch, counted), now)
            },
            Command::AcceptReplay(acceptance) => {
                self.accept_replay(&reference, key, (acceptance, asked.salt), now)
            },
            Command::SettleCount { by, equipment, source, accept } => {
                let asked = (*by, *equipment, source.as_str(), *accept);
                self.settle_count(&reference, key, asked, now)
            },
            Command::ExplainStop { by, stop, reason, comment } => {
                let texts = text("comment", asked.salt, comment.as_deref())?;
                let explanation = (*stop, *reason, texts);
                self.explain_stop(&reference, key, *by, explanation, now)
            },
        }
    }

    fn clock_in(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        station: StationId,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = by_badge(reference, badge)?;
        if !person.active {
            return Err(Refusal::Inactive { name: person.name.clone() });
        }
        let place = reference.station(station).ok_or_else(|| unknown("station"))?;
        if place.machine_only {
            return Err(Refusal::MachineOnly { station: place.code.clone() });
        }
        if self.plant.labor.contains_key(&person.id) {
            return Err(Refusal::AlreadyClockedIn { name: person.name.clone() });
        }
        let user = person.id;
        let body = Body::ClockedIn { user, station };
        let (seq, record) = self.draft(now, Event::new(body).by(Some(user)).key(key));
        let running: Vec<RecordId> = self
            .plant
            .batches
            .iter()
            .filter(|(_, batch)| batch.station == Some(station))
            .map(|(id, _)| *id)
            .collect();
        for batch in running {
            self.draft(now, Event::new(Body::BatchJoined { batch, user }).by(Some(user)));
        }
        Ok(Accepted { seq, record, user: Some(user) })
    }

    fn clock_out(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = by_badge(reference, badge)?;
        let user = person.id;
        let Some(presence) = self.plant.labor.get(&user) else {
            return Err(Refusal::NotClockedIn { name: person.name.clone() });
        };
        let entry = presence.entry;
        for batch in self.works_on(user) {
            self.draft(now, Event::new(Body::BatchLeft { batch, user }).by(Some(user)));
        }
        let out = Event::new(Body::ClockedOut { user, entry }).by(Some(user)).key(key);
        let (seq, _) = self.draft(now, out);
        Ok(Accepted { seq, record: entry, user: Some(user) })
    }

    fn start_batch(
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

    fn complete_batch(
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

    fn explain_stop(
        &mut self,
        reference: &Reference,
        key: &str,
        by: Option<UserId>,
        (stop, reason, texts): (RecordId, ReasonId, Vec<FactText>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        if !self.plant.stops.contains_key(&stop) {
            return Err(Refusal::NoSuchStop);
        }
        let person = by.map(|id| reference.person(id).ok_or_else(|| unknown("person")));
        let rank = person.transpose()?.map_or(0, |person| person.role.rank());
        let (group, reason) = reference.downtime_reason(reason).ok_or_else(|| unknown("reason"))?;
        let explained = Body::StopExplained {
            stop,
            reason: reason.id,
            label: reason.name.clone(),
            group_type: group.group_type.clone(),
            rank,
            comment: texts.first().and_then(FactText::commitment),
        };
        let event = Event { texts, ..Event::new(explained).by(by).key(key) };
        let (seq, _) = self.draft(now, event);
        Ok(Accepted { seq, record: stop, user: None })
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

    /// The person, if known and clocked in.
    fn present(&self, reference: &Reference, user: UserId) -> Result<UserId, Refusal> {
        let person = reference.person(user).ok_or_else(|| unknown("person"))?;
        if self.plant.labor.contains_key(&user) {
            Ok(user)
        } else {
            Err(Refusal::NotClockedIn { name: person.name.clone() })
        }
    }

    /// Everybody clocked in at `station`, and `who` wherever they are.
    fn at_station(&self, station: Option<StationId>, who: UserId) -> Vec<UserId> {
        let here = |presence: &plant::Presence| Some(presence.station) == station;
        let present = self.plant.labor.iter();
        present.filter(|(user, at)| **user == who || here(at)).map(|(user, _)| *user).collect()
    }
}

/// What a person wants to start.
struct Wish {
    equipment: EquipmentId,
    product: ProductId,
    target: Option<i64>,
    number: Option<String>,
    work_order: Option<String>,
}

/// What a person counted.
struct Counts {
    good: i64,
    scrap: i64,
    reason: Option<ReasonId>,
}

fn by_badge<'r>(reference: &'r Reference, badge: &str) -> Result<&'r Person, Refusal> {
    let shown: String = badge.chars().take(40).collect();
    reference.person_by_badge(badge.trim()).ok_or(Refusal::UnknownBadge { badge: shown })
}

fn unknown(what: &str) -> Refusal {
    Refusal::Unknown { what: what.to_owned() }
}

fn bad(field: &str, problem: &str) -> Refusal {
    Refusal::BadValue { field: field.to_owned(), problem: problem.to_owned() }
}

/// A typed code: trimmed, absent when empty, short and printable.
fn typed(field: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > 50 || text.chars().any(char::is_control) {
        return Err(bad(field, "must have at most 50 printable characters"));
    }
    Ok(Some(text.to_owned()))
}

/// What a person wrote, as it stands beside a fact under `field`.
pub(super) fn text(field: &str, salt: &str, said: Option<&str>) -> Result<Vec<FactText>, Refusal> {
    let Some(text) = said.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(vec![]);
    };
    if text.chars().count() > TEXT_LIMIT {
        return Err(bad(field, "must have at most 500 characters"));
    }
    let field = field.to_owned();
    Ok(vec![FactText { field, salt: salt.to_owned(), text: Some(text.to_owned()) }])
}
