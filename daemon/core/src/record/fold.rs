//! What a fold over many records needs to know beside the records: what a fact builds on, which
//! records go by another name, and which rows are no longer.

use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::{Record, Tenant, Touch, tables, touches};
use crate::{
    fact::{Body, Fact, queue::Ask},
    id::{Origin, RecordId},
    row::{Cell, Row, Table},
};

/// Tables of which a record has as many rows as its facts say, and after a late fact maybe fewer.
pub const WITHDRAWN_FROM: [&Table; 9] = [
    &tables::MACHINE_EVENT_EQUIPMENT,
    &tables::EVENT_BATCH_LINKS,
    &tables::BATCH_OPERATORS,
    &tables::BATCH_EQUIPMENT,
    &tables::BATCH_TIME_ENTRIES,
    &tables::BATCH_FIELD_VALUES,
    &tables::BATCH_QUANTITIES,
    &tables::BATCH_STARTS,
    &tables::CONFLICTS,
];

/// Other names of records: two terminals of one station began the same batch unseen.
pub type Aliases = BTreeMap<RecordId, RecordId>;

/// Everything a fact names that some fact has to have begun: records, jobs, entries of queues.
pub fn builds_on(origin: Origin, fact: &Fact, tenant: &Tenant) -> Vec<RecordId> {
    let opened = fact.opens(origin);
    let touched = touches(origin, fact, tenant).into_iter().filter_map(|touch| match touch {
        Touch::Record(id) => Some(id),
        Touch::Rows(_) => None,
    });
    touched.chain(names(fact)).filter(|id| Some(*id) != opened).collect()
}

/// Jobs and entries of queues that a fact speaks of.
fn names(fact: &Fact) -> Vec<RecordId> {
    match &fact.fact {
        Body::JobStarted(fact) => vec![fact.job],
        Body::JobCompleted(fact) => vec![fact.job],
        Body::JobMoved(fact) => vec![fact.job],
        Body::JobScrapped(fact) => vec![fact.job],
        Body::JobAborted(fact) => vec![fact.job],
        Body::JobJoined(fact) => vec![fact.job],
        Body::QueueAsked(asked) => match &asked.ask {
            Ask::Enqueue(enqueue) => enqueue.batch.into_iter().collect(),
            Ask::Move { entry, .. } | Ask::Remove { entry } => vec![*entry],
            Ask::Claim { entry, batch } => vec![*entry, *batch],
        },
        Body::NoteWritten(written) => written.batch.into_iter().collect(),
        Body::IncidentOpened(opened) => opened.batches.clone(),
        _ => vec![],
    }
}

/// The batch that a fact of a machine names beside its own record.
pub fn batch_of(fact: &Fact) -> Option<RecordId> {
    match &fact.fact {
        Body::Counted(counted) => counted.batch,
        Body::StateChanged { batch, .. } => *batch,
        Body::Rederived(derived) => derived.now.as_ref().and_then(|event| event.batch),
        _ => None,
    }
}

/// Rows of `before` that are not among those of `now`, by table and key.
pub fn withdrawn(before: &[Row], now: &[Row]) -> Vec<(&'static Table, Uuid)> {
    let key = |row: &Row| match row.cells.first() {
        Some(Cell::Uuid(id)) => Some((row.table.name, *id)),
        _ => None,
    };
    let now: BTreeSet<(&str, Uuid)> = now.iter().filter_map(key).collect();
    before
        .iter()
        .filter(|row| WITHDRAWN_FROM.contains(&row.table))
        .filter_map(|row| Some((row.table, key(row)?)))
        .filter(|(_, key)| !now.contains(key))
        .map(|(table, (_, id))| (table, id))
        .collect()
}

/// Rows that name a batch name it as everybody does.
pub fn name_canonically(rows: &mut [Row], aliases: &Aliases) {
    if aliases.is_empty() {
        return;
    }
    for row in rows {
        let place = row.table.columns.iter().position(|name| *name == "batch_event_id");
        let cell = place.and_then(|place| row.cells.get_mut(place));
        if let Some(Cell::Uuid(batch)) = cell {
            *batch = aliases.get(&RecordId(*batch)).map_or(*batch, |canonical| canonical.0);
        }
    }
}

/// The batches that a record's rows name, for whoever has to look for their other names.
pub fn batches_named(record: &Record) -> Vec<RecordId> {
    match record {
        Record::Interval(interval) => interval.batch().into_iter().collect(),
        Record::Note(note) => note.batches(),
        Record::Incident(incident) => incident.batches(),
        Record::Retold(retold) => batches_named(retold.as_told()),
        Record::Batch(_) | Record::Labor(_) | Record::Call(_) | Record::Stint(_) => vec![],
    }
}
