//! What headquarters decides in its own order: queues, jobs, and what becomes of a batch nobody works
//! on any more. What is asked of the tables here is asked as the gateway's statements ask it, and a
//! test beside real Postgres compares the two (`operations/model.rs`); what is decided on it, and what
//! comes of it, is the product's own.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::batch::{End, Instance, outcomes};
use kart_core::fact::batch::BatchAborted;
use kart_core::fact::queue::Queue;
use kart_core::fact::{Body, Fact};
use kart_core::id::{EquipmentId, Origin, ProductId, RecordId, StationId};
use kart_core::job::State as JobState;
use kart_core::record::{Tenant, tables};
use kart_core::reference::Reference;
use kart_core::row::{Cell, Table};
use kart_core::time::Micros;
use kart_hq::decisions::Writer;
use kart_planted::{Bug, planted};
use uuid::Uuid;

use super::super::checks::column;
use super::{Changes, State, fold};

mod job;
mod queue;

pub(crate) use job::Job;

/// An entry of a queue.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Slot {
    pub(crate) queue: Queue,
    pub(crate) product: ProductId,
    pub(crate) number: Option<String>,
    /// Where it stands.
    pub(crate) at: f64,
    /// `queued`, `started` or `removed`.
    pub(crate) status: &'static str,
    /// The batch that it became.
    pub(crate) batch: Option<Uuid>,
}

/// Tables that are no fold.
#[derive(Clone, Default)]
pub(crate) struct Office {
    pub(crate) slots: BTreeMap<RecordId, Slot>,
    pub(crate) jobs: BTreeMap<RecordId, Job>,
    /// Batches that are resolved, and since when.
    pub(crate) resolved: BTreeMap<RecordId, Micros>,
    /// Steps that no job may take.
    pub(crate) unlawful: Vec<String>,
}

/// What there is not, in the words of a fact that waits for it.
pub(super) struct Missing(pub(super) String);

impl Office {
    /// Whether anything can follow from a fact.
    pub(super) fn concerns(fact: &Fact) -> bool {
        let kind = fact.fact.kind();
        kind.starts_with("job_") || ["queue_asked", "batch_started"].contains(&kind)
    }

    /// What follows from a fact about a queue, a job or the beginning of a batch.
    pub(super) fn follow(
        &mut self,
        (state, changes, joins): (&State, &Changes, Option<(RecordId, RecordId)>),
        writer: &Writer,
        fact: &Fact,
    ) -> Result<(), Missing> {
        let canonical = |id: RecordId| {
            let alias = changes.aliases.get(&id).or_else(|| state.aliases.get(&id));
            let own = joins.filter(|(name, _)| *name == id).map(|(_, stands)| stands);
            own.or(alias.map(|alias| alias.stands)).unwrap_or(id)
        };
        match &fact.fact {
            Body::QueueAsked(asked) => {
                let entry = asked.entry(writer.origin, fact.seq);
                self.asked(entry, asked, canonical)
            },
            Body::BatchStarted(started) => {
                self.used_up(started, canonical(writer.origin.record(fact.seq)).0);
                Ok(())
            },
            _ => self.job(&state.feeds(), writer, fact),
        }
    }

    /// What terminals at a station are told of queues and jobs: table, key, columns.
    pub(super) fn rows(
        &self,
        reference: &Reference,
        station: Option<Cell>,
    ) -> Vec<(&'static str, Uuid, String)> {
        let here = |id: StationId| Some(Cell::Uuid(id.0)) == station;
        let stations = reference.stations.iter().filter(|station| here(station.id));
        let machines: Vec<EquipmentId> = stations.flat_map(|of| of.machines.clone()).collect();
        let slots = self.slots.iter().filter(|(_, slot)| slot.status == "queued");
        let slots = slots.filter_map(|(id, slot)| {
            let (column, owner) = match slot.queue {
                Queue::Equipment(of) if machines.contains(&of) => ("equipment_id", of.0),
                Queue::Station(of) if here(of) => ("station_id", of.0),
                _ => return None,
            };
            let at = slot.at.to_string();
            let row = serde_json::json!({ "id": id, column: owner, "product_id": slot.product,
                                          "batch_number": slot.number, "queue_position": at });
            Some((slot.table(), id.0, row.to_string()))
        });
        let over = [JobState::Completed, JobState::Scrapped, JobState::Aborted];
        let jobs = self.jobs.iter();
        let jobs = jobs.filter(|(_, job)| here(job.station) && !over.contains(&job.state));
        let jobs = jobs.map(|(id, job)| {
            let row = serde_json::json!({ "id": id, "job_number": job.number,
                                          "state": job.state.word(),
                                          "current_station_id": job.station });
            ("ops_jobs", id.0, row.to_string())
        });
        slots.chain(jobs).collect()
    }

    /// Rows that are otherwise than before, by table and key.
    pub(super) fn differs(&self, before: &Self) -> Vec<(&'static str, Uuid)> {
        let slots = self.slots.iter().filter(|(id, slot)| before.slots.get(id) != Some(slot));
        let slots = slots.map(|(id, slot)| (slot.table(), id.0));
        let jobs = self.jobs.iter().filter(|(id, job)| before.jobs.get(id) != Some(job));
        let jobs = jobs.map(|(id, _)| ("ops_jobs", id.0));
        let ids = self.resolved.keys().chain(before.resolved.keys());
        let resolved: BTreeSet<&RecordId> =
            ids.filter(|id| self.resolved.get(id) != before.resolved.get(id)).collect();
        let resolved = resolved.into_iter().map(|id| (tables::MACHINE_EVENTS.name, id.0));
        slots.chain(jobs).chain(resolved).collect()
    }
}

impl Slot {
    pub(crate) fn table(&self) -> &'static str {
        match self.queue {
            Queue::Equipment(_) => "oee_batch_queue",
            Queue::Station(_) => "ops_station_batch_queue",
        }
    }
}

impl State {
    /// Nothing but a site.
    pub(in super::super) fn of(reference: &Reference) -> Self {
        super::Centre::new(reference.clone()).state
    }

    /// Which stations lead to which.
    pub(super) fn feeds(&self) -> Vec<(StationId, StationId)> {
        let all = self.reference.station_connections.iter();
        all.map(|connection| (connection.from, connection.to)).collect()
    }

    /// The office as a transaction has it.
    pub(super) fn office<'s>(&'s self, changes: &'s Changes) -> &'s Office {
        changes.office.as_ref().unwrap_or(&self.office)
    }

    /// Decides what becomes of the batches that facts have begun, left or ended.
    pub(super) fn close(&self, writer: &Writer, facts: &[Fact], changes: &mut Changes) {
        let touched = facts.iter().filter_map(|fact| match &fact.fact {
            Body::BatchStarted(_) => Some(writer.origin.record(fact.seq)),
            Body::BatchJoined { batch, .. }
            | Body::BatchLeft { batch, .. }
            | Body::BatchCompleted { batch, .. }
            | Body::BatchPaused { batch }
            | Body::BatchResumed { batch }
            | Body::BatchAborted(BatchAborted { batch, .. }) => Some(*batch),
            _ => None,
        });
        let stands = |id| changes.aliases.get(&id).or_else(|| self.aliases.get(&id));
        let touched: BTreeSet<Uuid> =
            touched.map(|id| stands(id).map_or(id, |alias| alias.stands).0).collect();
        let details = &tables::BATCH_DETAILS;
        let name = |id: &Uuid| {
            let cells = self.row(changes, details, *id)?;
            let cell = |name| format!("{:?}", column(details, cells, name));
            Some((cell("batch_number"), cell("product_id")))
        };
        let names: BTreeSet<_> = touched.iter().filter_map(name).collect();
        if names.is_empty() {
            return;
        }
        let mut office = self.office(changes).clone();
        for named in names {
            let all = self.ids(changes, details).into_iter();
            let same = all.filter(|id| name(id).as_ref() == Some(&named));
            let instances: Vec<Instance> =
                same.filter_map(|id| self.instance(changes, id)).collect();
            for (record, outcome) in outcomes(&instances, &self.feeds()) {
                if planted(Bug::OnlyTheTouchedClosed) && !touched.contains(&record.0) {
                    continue;
                }
                match outcome.resolved {
                    Some(at) => drop(office.resolved.insert(record, at)),
                    None => drop(office.resolved.remove(&record)),
                }
            }
        }
        changes.office = Some(office);
    }

    /// Queues in their order and jobs, as a terminal is to show them.
    pub(in super::super) fn told(
        &self,
        terminal: Uuid,
    ) -> (Vec<(Queue, RecordId)>, BTreeSet<RecordId>) {
        let rows = self.office.rows(&self.reference, self.station(terminal));
        let ids: BTreeSet<RecordId> = rows.iter().map(|(_, id, _)| RecordId(*id)).collect();
        let slots = self.office.slots.iter().filter(|(id, _)| ids.contains(id));
        let mut slots: Vec<_> = slots.map(|(id, slot)| (slot.queue, slot.at, *id)).collect();
        slots.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(b.2.cmp(&a.2)));
        let jobs = self.office.jobs.keys().filter(|id| ids.contains(id)).copied().collect();
        (slots.into_iter().map(|(queue, _, id)| (queue, id)).collect(), jobs)
    }

    /// What these facts come to where they arrive in this order, and nothing else before.
    pub(in super::super) fn refolded<'f>(
        &self,
        logs: impl Iterator<Item = (Origin, &'f [Fact])>,
    ) -> Self {
        let mut anew = Self {
            records: BTreeMap::new(),
            rows: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            corrections: BTreeMap::new(),
            aliases: BTreeMap::new(),
            office: Office::default(),
            changed: vec![],
            ..self.clone()
        };
        let organization = super::super::floor::ORGANIZATION.to_owned();
        let tenant = Tenant { organization, site: self.reference.site.id };
        for (origin, facts) in logs {
            anew.take_in(&Writer { origin, tenant: tenant.clone() }, facts);
        }
        anew
    }

    /// Facts become rows and what follows from them. Answers those that wait.
    pub(in super::super) fn take_in(&mut self, writer: &Writer, facts: &[Fact]) -> Vec<u64> {
        let mut changes = Changes::default();
        fold::project(self, writer, facts, false, &mut changes).ok();
        let waiting = changes.held.iter().map(|((.., seq), _)| *seq).collect();
        self.apply(changes);
        waiting
    }

    /// The instances of a batch, as they stand.
    pub(in super::super) fn instances_of(&self, id: Uuid) -> Vec<Instance> {
        let (changes, details) = (Changes::default(), &tables::BATCH_DETAILS);
        let name = |id: Uuid| {
            let cells = self.row(&changes, details, self.canonical(RecordId(id)).0)?;
            let cell = |name| format!("{:?}", column(details, cells, name));
            Some((cell("batch_number"), cell("product_id")))
        };
        let all = self.ids(&changes, details).into_iter().filter(|other| name(*other) == name(id));
        all.filter_map(|id| self.instance(&changes, id)).collect()
    }

    fn row<'s>(&'s self, changes: &'s Changes, table: &Table, id: Uuid) -> Option<&'s [Cell]> {
        let key = (table.name, id);
        if changes.gone.contains(&key) {
            return None;
        }
        let cells = changes.rows.get(&key).or_else(|| self.rows.get(&key))?;
        Some(cells)
    }

    fn ids(&self, changes: &Changes, table: &Table) -> BTreeSet<Uuid> {
        let own = changes.rows.keys().filter(|(of, _)| *of == table.name);
        let first = (table.name, Uuid::nil());
        let all = self.rows.range(first..).take_while(|((of, _), _)| *of == table.name);
        let all = all.map(|(key, _)| key).chain(own).filter(|key| !changes.gone.contains(key));
        all.map(|(_, id)| *id).collect()
    }

    fn instance(&self, changes: &Changes, id: Uuid) -> Option<Instance> {
        let (events, entries) = (&tables::MACHINE_EVENTS, &tables::BATCH_TIME_ENTRIES);
        let event = self.row(changes, events, id)?;
        if *column(events, event, "is_archived") == Cell::Bool(true) {
            return None;
        }
        let time = |cell: &Cell| if let Cell::Time(at) = cell { Some(*at) } else { None };
        let station = match column(events, event, "station_id") {
            Cell::Uuid(station) => StationId(*station),
            _ => return None,
        };
        let began = time(column(events, event, "start_ts"))?;
        let ended = time(column(events, event, "end_ts"));
        let (mut open, mut last) = (false, ended.unwrap_or(began).max(began));
        for entry in self.ids(changes, entries) {
            let Some(entry) = self.row(changes, entries, entry) else { continue };
            let people = *column(entries, entry, "user_id") != Cell::Null;
            if people && *column(entries, entry, "batch_id") == Cell::Uuid(id) {
                let end = time(column(entries, entry, "end_ts"));
                open |= end.is_none();
                last = end.map_or(last, |end| end.max(last));
            }
        }
        let details = self.row(changes, &tables::BATCH_DETAILS, id)?;
        let status = column(&tables::BATCH_DETAILS, details, "status");
        let end = match (ended, *status == Cell::from("aborted")) {
            (None, _) => End::Open,
            (Some(_), false) => End::Completed,
            (Some(_), true) => End::Aborted,
        };
        let closed = (!open).then_some(last);
        Some(Instance { record: RecordId(id), station, began, closed, end, settled: None })
    }
}
