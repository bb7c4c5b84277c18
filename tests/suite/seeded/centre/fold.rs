//! From facts to rows by the gateway's fold, one fact after the other, with the constraints that a
//! database would have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kart_core::fact::Fact;
use kart_core::id::RecordId;
use kart_core::record::fold::batches_named;
use kart_core::reference::Alias;
use kart_core::row::{Cell, Row};
use kart_hq::decisions::{Fold, Held, Terminal, Writer, ahead, beyond, lost_in_words};
use kart_planted::{Bug, planted};
use kart_wire::{Problem, code};
use uuid::Uuid;

use super::super::disk::RowKey;
use super::super::station::row_key;
use super::office::{Missing, Office};
use super::{Centre, Changes, Place, State, alias, problem};

/// Columns that name a row of the reference data.
const REFERENCES: [&str; 6] = [
    "equipment_id",
    "station_id",
    "product_id",
    "user_id",
    "downtime_reason_id",
    "scrap_reason_id",
];

impl Centre {
    /// Tries again whatever waits.
    pub(in super::super) fn retry_all(&mut self) {
        for id in self.state.terminals.keys().copied().collect::<Vec<_>>() {
            self.retry(id);
        }
    }

    /// Tries again what waits of a terminal.
    pub(super) fn retry(&mut self, id: Uuid) {
        let own = self.state.quarantine.keys().filter(|place| place.0 == id);
        let lives: BTreeSet<String> = own.map(|place| place.1.clone()).collect();
        for life in lives {
            self.retry_life(id, &life);
        }
    }

    fn retry_life(&mut self, id: Uuid, life: &str) {
        let Ok(terminal) = self.state.terminal(id) else { return };
        let Ok(writer) = Writer::of(&Terminal { incarnation: life.to_owned(), ..terminal }) else {
            return;
        };
        let own = self.state.quarantine.keys().filter(|place| place.0 == id && place.1 == life);
        let places: Vec<Place> = own.cloned().collect();
        let facts = places.iter().map(|place| Fact::parse(&self.state.inbox[place].line).unwrap());
        let facts: Vec<Fact> = facts.collect();
        if facts.is_empty() {
            return;
        }
        let mut changes = Changes { resolved: places, ..Changes::default() };
        project(&self.state, &writer, &facts, true, &mut changes).ok();
        self.state.apply(changes);
    }
}

/// Adds to `changes` what `facts` mean; facts that cannot be applied wait.
pub(super) fn project(
    state: &State,
    writer: &Writer,
    facts: &[Fact],
    again: bool,
    changes: &mut Changes,
) -> Result<(), Problem> {
    let place = |seq| (writer.origin.terminal.0, writer.origin.incarnation.to_string(), seq);
    let waits = |held: &Held| held.blocks();
    let mut unopened: BTreeSet<Uuid> = BTreeSet::new();
    if !again {
        let range = place(0)..=place(u64::MAX);
        unopened.extend(state.quarantine.range(range).filter_map(|(_, held)| waits(held)));
    }
    let ends = alias::ends(facts);
    let mut applied = vec![];
    for fact in facts {
        if let Some(held) = state.objection(writer, fact, changes) {
            changes.held.push((place(held.seq), Arc::new(held)));
            continue;
        }
        let joins = state.begun_before(changes, (writer, fact), &ends);
        let touched = writer.records(fact);
        let named = touched.iter().copied().chain(writer.builds_on(fact));
        let mut aliases = state.names(changes, fact, named);
        aliases.extend(joins);
        let known = touched.iter().filter_map(|id| {
            let id = aliases.get(&RecordId(*id)).map_or(*id, |stands| stands.0);
            let record = changes.records.get(&id).or_else(|| state.records.get(&id))?;
            Some((id, (**record).clone()))
        });
        let records: BTreeMap<_, _> = known.collect();
        let before = records.clone();
        let batches: Vec<Uuid> = records.values().flat_map(batches_named).map(|id| id.0).collect();
        aliases.extend(state.names(changes, fact, batches));
        let mut fold = Fold {
            writer,
            unopened: std::mem::take(&mut unopened),
            aliases,
            records,
            changed: BTreeSet::new(),
            own: Vec::new(),
            held: Vec::new(),
        };
        fold.add(fact);
        let rows = fold.rows();
        let missing = rows.iter().find_map(|row| missing(state, changes, &rows, row));
        let withdrawn = fold.withdrawn(&before, &rows);
        let Fold { held, changed, records, unopened: still, .. } = fold;
        unopened = still;
        let held = match missing {
            None => held,
            Some(detail) => vec![writer.hold(fact, "unresolved_ref", detail)],
        };
        let follows = (held.is_empty() && Office::concerns(fact))
            .then(|| follow((state, changes, joins), writer, fact));
        let held = match follows {
            Some(Err(missing)) => vec![state.unresolved(writer, fact, &missing)],
            _ => held,
        };
        if held.is_empty() {
            let terminal = Some(writer.origin.terminal);
            let joins = joins.map(|(name, stands)| (name, Alias { stands, terminal }));
            changes.aliases.extend(joins);
            let records = records.into_iter().filter(|(id, _)| changed.contains(id));
            changes.records.extend(records.map(|(id, record)| (id, Arc::new(record))));
            changes.write(rows, withdrawn.into_iter().map(|(table, id)| (table.name, id)));
            applied.push(fact.clone());
        } else if planted(Bug::BatchAborted) {
            return Err(problem(code::UNAVAILABLE));
        }
        unopened.extend(held.iter().filter_map(waits));
        changes.held.extend(held.into_iter().map(|held| (place(held.seq), Arc::new(held))));
    }
    state.close(writer, &applied, changes);
    state.spread(changes);
    Ok(())
}

/// What follows at the office; nothing of it has changed where something is missing.
fn follow(
    (state, changes, joins): (&State, &mut Changes, Option<(RecordId, RecordId)>),
    writer: &Writer,
    fact: &Fact,
) -> Result<(), Missing> {
    if let Some(id) = ahead(writer.origin, fact) {
        return Err(Missing::Lost(id));
    }
    let mut office = changes.office.take().unwrap_or_else(|| state.office.clone());
    let follows = office.follow((state, changes, joins), writer, fact);
    changes.office = Some(office);
    follows
}

impl State {
    /// How a fact waits that names what is not there.
    fn unresolved(&self, writer: &Writer, fact: &Fact, missing: &Missing) -> Held {
        let lost = |id: RecordId| self.ended().any(|(log, end)| beyond(log, end, id).is_some());
        match *missing {
            Missing::Lost(id) => writer.hold(fact, "refused", lost_in_words(id)),
            Missing::Record(id) if lost(id) => writer.hold(fact, "refused", lost_in_words(id)),
            Missing::Record(id) => writer.hold(fact, "unresolved_ref", id.to_string()),
            Missing::Batch(id) => writer.hold(fact, "unresolved_ref", format!("event_id {id}")),
        }
    }
}

impl Changes {
    fn write(&mut self, rows: Vec<Row>, withdrawn: impl Iterator<Item = RowKey>) {
        for row in rows {
            self.gone.remove(&row_key(&row));
            self.rows.insert(row_key(&row), Arc::new(row.cells));
        }
        for key in withdrawn {
            self.rows.remove(&key);
            self.gone.insert(key);
        }
    }
}

/// What a foreign key of the row does not find.
fn missing(state: &State, changes: &Changes, beside: &[Row], row: &Row) -> Option<String> {
    for (column, cell) in row.table.columns.iter().zip(&row.cells) {
        let Cell::Uuid(id) = cell else { continue };
        if REFERENCES.contains(column) && !state.known.contains(id) {
            return Some(format!("{column} {id}"));
        }
        let event = ("oee_machine_events", *id);
        if *column == "batch_event_id"
            && !state.rows.contains_key(&event)
            && !changes.rows.contains_key(&event)
            && !beside.iter().any(|row| row_key(row) == event)
        {
            return Some(format!("{column} {id}"));
        }
    }
    None
}
