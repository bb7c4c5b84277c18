//! One batch that two terminals of a station began: which one stands is found here as the gateway's
//! statement finds it. What follows from that, in every row and at both ends, is the product's own code.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use kart_core::fact::{Body, Fact, batch::BatchAborted};
use kart_core::id::RecordId;
use kart_core::record::fold::{Aliases, batch_of};
use kart_core::record::tables;
use kart_core::row::Cell;
use kart_core::time::Micros;
use kart_hq::decisions::Writer;
use uuid::Uuid;

use super::super::checks::column;
use super::super::disk::RowKey;
use super::{Changes, State};

/// When batches end that end among these facts.
pub(super) fn ends(facts: &[Fact]) -> BTreeMap<RecordId, Micros> {
    let end = |fact: &Fact| match &fact.fact {
        Body::BatchCompleted { batch, .. } | Body::BatchAborted(BatchAborted { batch, .. }) => {
            Some((*batch, fact.at.wall_us))
        },
        _ => None,
    };
    facts.iter().filter_map(end).collect()
}

impl State {
    /// The batch that stands already and that a fact begins once more.
    pub(super) fn begun_before(
        &self,
        changes: &Changes,
        (writer, fact): (&Writer, &Fact),
        ends: &BTreeMap<RecordId, Micros>,
    ) -> Option<(RecordId, RecordId)> {
        let Body::BatchStarted(started) = &fact.fact else { return None };
        let record = writer.origin.record(fact.seq);
        if self.aliases.contains_key(&record) {
            return None;
        }
        let (station, number) = (Cell::Uuid(started.station?.0), Cell::from(&*started.number));
        let (from, until) = (started.from.wall_us, ends.get(&record));
        let table = &tables::BATCH_DETAILS;
        let first: RowKey = (table.name, Uuid::nil());
        let own = changes.rows.range(first..).take_while(|((of, _), _)| *of == table.name);
        let all = self.rows.range(first..).take_while(|((of, _), _)| *of == table.name);
        let same = all.chain(own).filter(|(_, cells)| {
            *column(table, cells, "station_id") == station
                && *column(table, cells, "batch_number") == number
        });
        let found = same.filter_map(|((_, id), _)| {
            let event: RowKey = (tables::MACHINE_EVENTS.name, *id);
            let cells = changes.rows.get(&event).or_else(|| self.rows.get(&event))?;
            let cell = |name| column(&tables::MACHINE_EVENTS, cells, name);
            let (Cell::Time(began), end) = (cell("start_ts"), cell("end_ts")) else { return None };
            let end = if let Cell::Time(end) = end { Some(*end) } else { None };
            let overlaps = end.is_none_or(|end| end > from) && until.is_none_or(|u| began < u);
            let stands = *id != record.0 && *cell("is_archived") != Cell::Bool(true);
            (overlaps && stands).then_some(((end.is_some(), Reverse(end), *began), *id))
        });
        found.min().map(|(_, id)| (record, RecordId(id)))
    }

    /// What the names stand for that a fact uses.
    pub(super) fn names(
        &self,
        changes: &Changes,
        fact: &Fact,
        touched: impl IntoIterator<Item = Uuid>,
    ) -> Aliases {
        let mut named: BTreeSet<RecordId> = touched.into_iter().map(RecordId).collect();
        named.extend(batch_of(fact));
        if let Body::CorrectionSeen(seen) = &fact.fact {
            named.extend(seen.here);
            named.insert(seen.corrected.record);
        }
        let stands = |name| changes.aliases.get(name).or_else(|| self.aliases.get(name));
        named.iter().filter_map(|name| Some((*name, stands(name)?.stands))).collect()
    }

    /// The name by which everybody calls a record.
    pub(in super::super) fn canonical(&self, record: RecordId) -> RecordId {
        self.aliases.get(&record).map_or(record, |alias| alias.stands)
    }

    /// Whether two terminals began the batch.
    pub(in super::super) fn stands_for_others(&self, batch: Uuid) -> bool {
        self.aliases.values().any(|alias| alias.stands.0 == batch)
    }

    /// Every name of batches that two terminals began.
    pub(in super::super) fn joined(&self) -> BTreeSet<Uuid> {
        self.aliases.iter().flat_map(|(name, alias)| [name.0, alias.stands.0]).collect()
    }
}
