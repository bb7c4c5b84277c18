//! The lives of a log: how a new one begins, and what it takes over of the one that ended.
//!
//! The new life inherits the state that the former log adds up to at headquarters. Facts that only
//! the terminal has are issued again, in order, with their provenance. Which facts those are, and
//! where they are kept, is decided elsewhere.

use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{
    counter::{Base, Verdict},
    fact::{
        Body, Counted, FORMAT, Fact, Hash,
        life::{Continued, Former},
    },
    id::{Origin, RecordId},
    plant::Plant,
    time::Moment,
};

/// A new life while it takes over what the former one did not get to headquarters.
#[derive(Clone, Debug)]
pub struct Succession {
    plant: Plant,
    former: Origin,
    records: BTreeMap<Uuid, Uuid>,
}

impl Succession {
    /// A new life of `origin` that inherits `plant`, with the two facts it begins with. Facts
    /// that are issued again come from the log of `former`.
    pub fn begin(
        plant: Plant,
        origin: Origin,
        former: Origin,
        continued: Continued,
        now: &Moment,
    ) -> (Self, Vec<Fact>) {
        let genesis = Body::Genesis {
            format: FORMAT,
            terminal: origin.terminal,
            incarnation: origin.incarnation,
        };
        let mut new = Self { plant: plant.inherit(origin), former, records: BTreeMap::new() };
        let facts = [genesis, Body::Continued(continued)].map(|fact| Fact {
            seq: 0,
            at: now.at,
            boot: now.boot.clone(),
            by: None,
            key: None,
            former: None,
            fact,
        });
        let facts = facts.into_iter().map(|fact| new.place(fact)).collect();
        (new, facts)
    }

    /// What the new life adds up to so far.
    pub fn plant(&self) -> &Plant {
        &self.plant
    }

    /// A fact of the former life, of that hash, at the end of the new one: often one fact, none
    /// for what a life says of itself, two where what was inherited has to end first.
    pub fn reissue(&mut self, fact: &Fact, hash: Hash) -> Result<Vec<Fact>, serde_json::Error> {
        if matches!(fact.fact, Body::Genesis { .. } | Body::Continued(_)) {
            return Ok(vec![]);
        }
        let mut body = serde_json::to_value(&fact.fact)?;
        translate(&mut body, &self.records);
        let body = self.fit(serde_json::from_value(body)?);
        let mut facts = Vec::with_capacity(2);
        if let Some(ends) = self.ends_first(&body) {
            facts.push(self.place(Fact { key: None, former: None, fact: ends, ..fact.clone() }));
        }
        let incarnation = self.former.incarnation;
        let former = Former { incarnation, seq: fact.seq, hash, earlier: vec![] };
        let former = Some(former.after(fact.former.as_ref()));
        let again = self.place(Fact { former, fact: body, ..fact.clone() });
        if fact.opens(self.former).is_some() {
            let (old, new) = (self.former.record(fact.seq), self.plant.origin.record(again.seq));
            self.records.insert(old.0, new.0);
        }
        facts.push(again);
        Ok(facts)
    }

    fn place(&mut self, fact: Fact) -> Fact {
        let fact = Fact { seq: self.plant.head + 1, ..fact };
        self.plant.apply(&fact);
        fact
    }

    /// Ends what is open in the new life instead of what was open in the former one, and counts
    /// on from where the new life's counters stand.
    fn fit(&self, body: Body) -> Body {
        match body {
            Body::StateChanged {
                equipment,
                station,
                state,
                mut from,
                ends,
                rule,
                map,
                batch,
                detail,
            } => {
                let open = self.plant.interval(equipment);
                if let Some(open) = open {
                    from.wall_us = from.wall_us.max(open.from.at.wall_us);
                }
                let ends = open.map(|open| open.record).or(ends);
                let batch = self.running(batch);
                Body::StateChanged {
                    equipment,
                    station,
                    state,
                    from,
                    ends,
                    rule,
                    map,
                    batch,
                    detail,
                }
            },
            Body::ClockedOut { user, entry } => {
                let present = self.plant.labor.get(&user);
                Body::ClockedOut { user, entry: present.map_or(entry, |present| present.entry) }
            },
            Body::Counted(counted) => {
                let counted = Counted { batch: self.running(counted.batch), ..counted };
                let machine = self.plant.machines.get(&counted.equipment);
                let base = machine.and_then(|machine| machine.counters.get(&counted.source));
                Body::Counted(match base {
                    Some(base) => beyond(base, counted),
                    None => counted,
                })
            },
            body => body,
        }
    }

    /// A batch that runs in the new life too. One whose start both sides have lost is none that
    /// headquarters could ever book on: parts and time count without it, instead of waiting for it.
    fn running(&self, batch: Option<RecordId>) -> Option<RecordId> {
        batch.filter(|batch| self.plant.batches.contains_key(batch))
    }

    /// A person is at one place: who clocks in again leaves the place before.
    fn ends_first(&self, body: &Body) -> Option<Body> {
        let Body::ClockedIn { user, .. } = body else { return None };
        let entry = self.plant.labor.get(user)?.entry;
        Some(Body::ClockedOut { user: *user, entry })
    }
}

/// The part of `counted` that `base` does not hold yet.
fn beyond(base: &Base, counted: Counted) -> Counted {
    // A reset that the base does not know of.
    if counted.epoch > base.epoch {
        return counted;
    }
    let (from, to) = match counted.verdict {
        // Nothing was known before it, now something is: the next reading is judged by that.
        Verdict::Base | Verdict::Held => (base.unwrapped, base.unwrapped),
        // From the base on: the counter still tells what facts told that both sides have lost.
        Verdict::Increase | Verdict::Gap | Verdict::Wrap if counted.epoch == base.epoch => {
            (base.unwrapped, counted.raw_to.max(base.unwrapped))
        },
        _ => (counted.raw_from.max(base.unwrapped), counted.raw_to.max(base.unwrapped)),
    };
    let verdict = match counted.verdict {
        Verdict::Held => Verdict::Held,
        _ => Verdict::Increase,
    };
    let quantity = to - from;
    Counted { epoch: base.epoch, raw_from: from, raw_to: to, quantity, verdict, ..counted }
}

/// Puts new records in the place of old ones. Ids of records are derived hashes: a text that
/// equals one is one.
fn translate(value: &mut Value, records: &BTreeMap<Uuid, Uuid>) {
    match value {
        Value::String(text) => {
            let new = Uuid::try_parse(text).ok().and_then(|id| records.get(&id));
            if let Some(new) = new {
                *text = new.to_string();
            }
        },
        Value::Array(values) => values.iter_mut().for_each(|value| translate(value, records)),
        Value::Object(fields) => fields.values_mut().for_each(|value| translate(value, records)),
        _ => {},
    }
}

#[cfg(test)]
mod tests;
