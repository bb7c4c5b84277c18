//! The lives of a log: how a new one begins, and what it takes over of the one that ended.
//!
//! The new life inherits the state that the former log adds up to at headquarters. Facts that only
//! the terminal has are issued again, in order, with their provenance. Which facts those are, and
//! where they are kept, is decided elsewhere.

use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{
    fact::{
        Body, Counted, FORMAT, Fact, Hash,
        life::{Continued, Former},
        replay::Rederived,
        stop::{EventTold, ExplanationWithdrawn},
    },
    id::{Origin, RecordId},
    plant::Plant,
    time::Moment,
};

pub use behind::{Again, Behind, behind};
use counters::Counters;

/// A new life while it takes over what the former one did not get to headquarters.
#[derive(Clone, Debug)]
pub struct Succession {
    plant: Plant,
    former: Origin,
    records: BTreeMap<Uuid, (Uuid, Thing)>,
    said: Said,
    counters: Counters,
}

/// Where explanations of stops stand now, by the stop and the place in a former life.
type Said = BTreeMap<(RecordId, Origin, u64), (Origin, u64)>;

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
        let plant = plant.inherit(origin);
        let (records, said, counters) = (BTreeMap::new(), Said::new(), Counters::default());
        let mut new = Self { plant, former, records, said, counters };
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

    /// What comes again from here on stood in the log of `former`.
    pub fn go_on_with(&mut self, former: Origin) {
        self.former = former;
    }

    /// What the new life adds up to so far.
    pub fn plant(&self) -> &Plant {
        &self.plant
    }

    /// A fact of the former life, of that hash, at the end of the new one: often one fact, none
    /// for what a life says of itself, more where something of what was inherited comes first.
    pub fn reissue(&mut self, fact: &Fact, hash: Hash) -> Result<Vec<Fact>, serde_json::Error> {
        if matches!(fact.fact, Body::Genesis { .. } | Body::Continued(_)) {
            return Ok(vec![]);
        }
        let mut body = serde_json::to_value(&fact.fact)?;
        translate(&mut body, Thing::Any, &self.records);
        let body = self.fit(serde_json::from_value(body)?);
        let mut facts = Vec::with_capacity(2);
        let ends = self.ends_first(&body).into_iter();
        for first in ends.chain(self.counted_first(fact, &body)).collect::<Vec<_>>() {
            facts.push(self.place(Fact { key: None, former: None, fact: first, ..fact.clone() }));
        }
        let incarnation = self.former.incarnation;
        let former = Former { incarnation, seq: fact.seq, hash, earlier: vec![] };
        let former = Some(former.after(fact.former.as_ref()));
        let again = self.place(Fact { former, fact: body, ..fact.clone() });
        if fact.opens(self.former).is_some() {
            let (old, new) = (self.former.record(fact.seq), self.plant.origin.record(again.seq));
            self.records.insert(old.0, (new.0, Thing::of(&fact.fact)));
        }
        self.note_said(&again);
        facts.push(again);
        Ok(facts)
    }

    /// Whoever withdrew an explanation named the place where it stood.
    fn note_said(&mut self, again: &Fact) {
        let new = self.plant.origin;
        match &again.fact {
            Body::StopExplained { stop, .. } => {
                for place in again.former.iter().flat_map(Former::places) {
                    let old = Origin { incarnation: place.incarnation, ..self.former };
                    self.said.insert((*stop, old, place.seq), (new, again.seq));
                }
            },
            // What is carried counts as said in the log of the fact that carries it.
            Body::EventTold(EventTold { explained: Some(carried), .. }) => {
                let event = new.record(again.seq);
                self.said.insert((event, self.former, carried.seq), (new, carried.seq));
            },
            Body::Rederived(Rederived { record, explained: Some(carried), .. }) => {
                let event = record.unwrap_or_else(|| new.record(again.seq));
                self.said.insert((event, self.former, carried.seq), (new, carried.seq));
            },
            _ => {},
        }
    }

    fn place(&mut self, fact: Fact) -> Fact {
        let fact = Fact { seq: self.plant.head + 1, ..fact };
        self.plant.apply(&fact);
        fact
    }

    /// Ends what is open in the new life instead of what was open in the former one, and counts
    /// on from where the new life's counters stand. Withdraws an explanation where it stands now.
    fn fit(&mut self, body: Body) -> Body {
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
                Body::Counted(self.counters.fit(&self.plant, counted))
            },
            Body::ExplanationWithdrawn(withdrawn) => {
                let named = (withdrawn.origin, withdrawn.seq);
                let now = self.said.get(&(withdrawn.stop, named.0, named.1)).copied();
                let (origin, seq) = now.unwrap_or(named);
                Body::ExplanationWithdrawn(ExplanationWithdrawn { origin, seq, ..withdrawn })
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
        // Whoever forgot to clock out left nothing behind that ends now.
        let entry = self.plant.labor.get(user).filter(|it| it.missed.is_none())?.entry;
        Some(Body::ClockedOut { user: *user, entry })
    }

    /// What counters stood at when a map moved them, or when somebody dropped what they showed, is
    /// their last word.
    fn counted_first(&self, fact: &Fact, body: &Body) -> Vec<Body> {
        let applied = match body {
            Body::MapApplied(applied) => applied,
            Body::Counted(counted) => {
                let machine = self.plant.machines.get(&counted.equipment);
                let missing = machine.and_then(|machine| counters::before(machine, counted));
                return missing.map(Body::Counted).into_iter().collect();
            },
            _ => return vec![],
        };
        let counted = applied.moved.iter().filter_map(|moved| {
            let machine = self.plant.machines.get(&moved.equipment)?;
            let missing = counters::missing(machine, moved, fact.at)?;
            let batch = self.running(machine.batch);
            Some(Body::Counted(Counted { batch, map: applied.from.clone(), ..missing }))
        });
        counted.collect()
    }
}

/// What a name is used for. A log whose end was cut off gives names out once more, while the mirror still
/// shows jobs and entries of queues that had them before: which of the two is meant, this tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Thing {
    Job,
    Entry,
    Any,
}

impl Thing {
    /// What a fact begins.
    fn of(body: &Body) -> Self {
        match body {
            Body::JobPosted(_) => Self::Job,
            Body::QueueAsked(_) => Self::Entry,
            _ => Self::Any,
        }
    }

    /// What a field of a fact names, inside of what is named as `self`.
    fn in_field(self, field: &str) -> Self {
        match (self, field) {
            (_, "job") => Self::Job,
            (_, "queue_asked") => Self::Entry,
            (Self::Entry, "batch") => Self::Any,
            (whole, _) => whole,
        }
    }
}

/// Puts new records in the place of old ones. Ids of records are derived hashes: a text that
/// equals one is one. What is named as something else than it is, is older than that.
fn translate(value: &mut Value, named: Thing, records: &BTreeMap<Uuid, (Uuid, Thing)>) {
    match value {
        Value::String(text) => {
            let new = Uuid::try_parse(text).ok().and_then(|id| records.get(&id));
            if let Some((new, _)) = new.filter(|(_, is)| named == Thing::Any || named == *is) {
                *text = new.to_string();
            }
        },
        Value::Array(values) => {
            values.iter_mut().for_each(|value| translate(value, named, records));
        },
        Value::Object(fields) => {
            for (field, value) in fields.iter_mut() {
                translate(value, named.in_field(field), records);
            }
        },
        _ => {},
    }
}

mod behind;
mod counters;

#[cfg(test)]
mod tests;
