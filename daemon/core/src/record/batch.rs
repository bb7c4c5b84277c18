//! A batch: its event, its details, its people and machines, and the time spent on it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{
    Assertion, Standing, Tenant,
    conflict::{Conflict, Kind},
    correction::{Corrections, Span},
};
use crate::{
    fact::{
        BatchStarted, Body, Fact,
        batch::{BatchAborted, BatchEquipment, BatchFieldSet, BatchProduced, Field, FieldValue},
        correction::{Amendment, Correctable},
    },
    id::{Origin, RecordId},
    row::Row,
    time::Micros,
};

mod part;
mod rows;

use part::{Began, Count, Part, keep_all};

/// Folded facts of one batch.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Batch {
    /// What facts say that name this record.
    #[serde(flatten)]
    own: Part,
    /// What facts say that name another record of the same batch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    others: BTreeMap<RecordId, Part>,
    /// Answers to custom fields, older ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<(Assertion, Answer)>,
    #[serde(default, skip_serializing_if = "Corrections::is_empty")]
    corrections: Corrections,
}

/// What was entered into a custom field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Answer {
    field: Field,
    label: String,
    value: Option<String>,
    /// It is a text that stands beside its fact and not in here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    free: bool,
}

/// The record that a fact about a batch names.
fn named(origin: Origin, fact: &Fact) -> Option<RecordId> {
    match &fact.fact {
        Body::BatchStarted(_) => Some(origin.record(fact.seq)),
        Body::BatchJoined { batch, .. }
        | Body::BatchLeft { batch, .. }
        | Body::BatchPaused { batch }
        | Body::BatchResumed { batch }
        | Body::BatchCompleted { batch, .. }
        | Body::BatchProduced(BatchProduced { batch, .. })
        | Body::BatchAborted(BatchAborted { batch, .. })
        | Body::BatchEquipmentAdded(BatchEquipment { batch, .. })
        | Body::BatchEquipmentRemoved(BatchEquipment { batch, .. })
        | Body::BatchFieldSet(BatchFieldSet { batch, .. }) => Some(*batch),
        _ => None,
    }
}

impl Batch {
    pub(super) fn apply(&mut self, id: RecordId, origin: Origin, fact: &Fact) -> bool {
        if let Body::BatchFieldSet(set) = &fact.fact {
            let (value, free) = match &set.value {
                Some(FieldValue::Plain(plain)) => (Some(plain.clone()), false),
                Some(FieldValue::Text(_)) => (None, true),
                None => (None, false),
            };
            let answer = Answer { field: set.field, label: set.label.clone(), value, free };
            keep_all(&mut self.answers, Assertion::of(origin, fact), answer);
            return true;
        }
        match named(origin, fact) {
            Some(named) if named == id => self.own.apply(origin, fact),
            Some(named) => self.others.entry(named).or_default().apply(origin, fact),
            None => self.corrections.add(origin, fact),
        }
    }

    /// The parts that have begun, the one that gave the batch its id first.
    fn parts(&self) -> impl Iterator<Item = (Option<RecordId>, &Part, &Began)> {
        let own = std::iter::once((None, &self.own));
        let others = self.others.iter().map(|(id, part)| (Some(*id), part));
        own.chain(others).filter_map(|(id, part)| Some((id, part, &part.started.as_ref()?.1)))
    }

    /// From the first beginning to the last end of its parts.
    fn span(&self) -> Option<(Span, Option<i64>)> {
        let (_, began) = self.own.started.as_ref()?;
        let spans: Vec<_> = self.parts().filter_map(|(_, part, _)| part.span()).collect();
        let from = spans.iter().map(|(from, _)| *from).min()?;
        let ends: Option<Vec<Micros>> = spans.iter().map(|(_, until)| *until).collect();
        let until = ends.and_then(|ends| ends.into_iter().max());
        let span = Span::of(&self.corrections, from, until);
        let by_the_clock = match (spans.len(), self.own.end()) {
            (1, Some(end)) => Some(end.at.since(&began.from)),
            _ => span.until.map(|until| until.0.saturating_sub(span.from.0)),
        };
        let took_us = span.moved_us.or(by_the_clock);
        Some((span, took_us))
    }

    /// Parts made, over all terminals. What several confirmed of one machine was made once: the first
    /// to say so is believed.
    fn count(&self) -> Option<Count> {
        let again = self.ended_again();
        let told = self.parts().filter_map(|(id, part, _)| part.count(!again.contains_key(&id)));
        told.reduce(Count::and)
    }

    /// The parts whose end tells of a machine that another part's end told of before, with that one.
    fn ended_again(&self) -> BTreeMap<Option<RecordId>, Option<RecordId>> {
        let ended = self.parts().filter_map(|(id, part, began)| {
            let (aborted, by, _) = part.first_end()?;
            Some(((aborted, by), id, began.started.equipment))
        });
        let mut ended: Vec<_> = ended.collect();
        ended.sort();
        let mut first = BTreeMap::new();
        let again = ended.into_iter().filter_map(|(_, id, machine)| {
            let stands = *first.entry(machine).or_insert(id);
            (stands != id).then_some((id, stands))
        });
        again.collect()
    }

    /// What was confirmed once more, and otherwise.
    fn counted_otherwise(&self, id: RecordId) -> Vec<Conflict> {
        let part = |of: &Option<RecordId>| match of {
            Some(of) => self.others.get(of),
            None => Some(&self.own),
        };
        let told = |(later, stands): (&Option<RecordId>, &Option<RecordId>)| {
            let (_, _, stood) = part(stands)?.first_end()?;
            let (_, by, said) = part(later)?.first_end()?;
            let differs = (stood.good, stood.scrap) != (said.good, said.scrap);
            differs.then(|| Conflict {
                record: id,
                other: later.or(*stands).map(|other| other.0),
                kind: Kind::EndedAgain,
                detail: format!(
                    "two terminals ended it on one machine: {} good and {} scrapped parts stand, \
                     {} and {} were told later",
                    stood.good, stood.scrap, said.good, said.scrap
                ),
                by: by.clone(),
            })
        };
        self.ended_again().iter().filter_map(told).collect()
    }

    /// How it began, as corrections leave it.
    fn amended(&self, started: &BatchStarted) -> BatchStarted {
        BatchStarted {
            product: self.corrections.product().unwrap_or(started.product),
            station: self.corrections.station().or(started.station),
            ..started.clone()
        }
    }

    /// How it stands, corrections included, and whose log it is from.
    pub(super) fn stands(&self) -> Option<Standing> {
        let (by, began) = self.own.started.as_ref()?;
        let (span, _) = self.span()?;
        let started = self.amended(&began.started);
        let (good, scrap) = self.quantities();
        let fields = Amendment {
            from: Some(span.from),
            until: span.until,
            station: started.station,
            good,
            scrap,
            product: Some(started.product),
            void: Some(self.corrections.is_void()),
            ..Amendment::default()
        };
        let others = self.others.values().filter_map(|part| part.started.as_ref());
        let others = others.map(|(by, _)| by.origin).collect();
        let corrected = !self.corrections.is_empty();
        Some(Standing { kind: Correctable::Batch, owner: by.origin, others, fields, corrected })
    }

    /// Good and scrapped parts, as corrections leave them.
    fn quantities(&self) -> (Option<i64>, Option<i64>) {
        let count = self.count();
        let good = self.corrections.good().or(count.as_ref().map(|count| count.good.max(0)));
        let scrap = self.corrections.scrap().or(count.map(|count| count.scrap.max(0)));
        (good, scrap)
    }

    /// What contradicts itself in what terminals said.
    pub(super) fn conflicts(&self, id: RecordId) -> Vec<Conflict> {
        let Some((by, began)) = &self.own.started else { return vec![] };
        let mut all: Vec<Conflict> =
            self.parts().flat_map(|(_, part, _)| part.conflicts(id)).collect();
        all.extend(self.others.iter().filter_map(|(other, part)| {
            let (by, other_began) = part.started.as_ref()?;
            (other_began.started.product != began.started.product).then(|| Conflict {
                record: id,
                other: Some(other.0),
                kind: Kind::OtherProduct,
                detail: "two terminals began the batch with different products".to_owned(),
                by: by.clone(),
            })
        }));
        // One fact brings one kind of contradiction to light once: it is one row.
        let known: Vec<_> = all.iter().map(|one| (one.kind, one.by.clone())).collect();
        let otherwise = self.counted_otherwise(id).into_iter();
        all.extend(otherwise.filter(|one| !known.contains(&(one.kind, one.by.clone()))));
        if self.count().is_some_and(|count| count.good < 0 || count.scrap < 0) {
            let detail = "less than nothing was made; the tables say 0".to_owned();
            let by = by.clone();
            all.push(Conflict {
                record: id,
                other: None,
                kind: Kind::NegativeQuantity,
                detail,
                by,
            });
        }
        all
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        self.table_rows(id, tenant).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
