//! What headquarters decides in its own order: queues, jobs, and what becomes of a batch nobody works
//! on any more. What is asked of the tables here is asked as the gateway's statements ask it, and a
//! test beside real Postgres compares the two (`operations/model.rs`); what is decided on it, and what
//! comes of it, is the product's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
use super::super::disk::RowKey;
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

/// What a fact names and what is not there.
pub(super) enum Missing {
    /// A job or an entry of a queue.
    Record(RecordId),
    /// The same, of which only the lost end of a log told.
    Lost(RecordId),
    Batch(Uuid),
}

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
                // Foreign keys of the queues' tables.
                let stands = |id: Uuid| state.row(changes, &tables::MACHINE_EVENTS, id).is_some();
                self.asked(entry, asked, canonical, stands)
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
        station: Option<&Cell>,
    ) -> Vec<(&'static str, Uuid, String)> {
        let here = |id: StationId| Some(&Cell::Uuid(id.0)) == station;
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
        let batches = self.batches(changes);
        let names: BTreeSet<_> = touched.iter().filter_map(|id| batches.get(id)).collect();
        if names.is_empty() {
            return;
        }
        let work = self.work(changes);
        let mut office = changes.office.take().unwrap_or_else(|| self.office.clone());
        for named in names {
            let same = batches.iter().filter(|(_, name)| *name == named);
            let instances: Vec<Instance> =
                same.filter_map(|(id, _)| self.instance(changes, *id, &work)).collect();
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
        let rows = self.office.rows(&self.reference, self.station(terminal).as_ref());
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
        let mut anew = Self::of(&self.reference);
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

    fn row<'s>(&'s self, changes: &'s Changes, table: &Table, id: Uuid) -> Option<&'s [Cell]> {
        let key = (table.name, id);
        if changes.gone.contains(&key) {
            return None;
        }
        let cells = changes.rows.get(&key).or_else(|| self.rows.get(&key))?;
        Some(cells)
    }

    /// The rows of a table, as a transaction has them.
    fn each<'s>(
        &'s self,
        changes: &'s Changes,
        table: &Table,
    ) -> impl Iterator<Item = (Uuid, &'s [Cell])> {
        let of = table.name;
        let from = move |rows: &'s BTreeMap<RowKey, Arc<Vec<Cell>>>| {
            rows.range((of, Uuid::nil())..).take_while(move |((table, _), _)| *table == of)
        };
        let old = from(&self.rows).filter(|(key, _)| !changes.rows.contains_key(*key));
        let all = old.chain(from(&changes.rows)).filter(|(key, _)| !changes.gone.contains(*key));
        all.map(|((_, id), cells)| (*id, &***cells))
    }

    /// Batches by number and product.
    fn batches(&self, changes: &Changes) -> BTreeMap<Uuid, [String; 2]> {
        let table = &tables::BATCH_DETAILS;
        let [number, product] = ["batch_number", "product_id"].map(|name| place(table, name));
        let all = self.each(changes, table);
        all.map(|(id, cells)| (id, [number, product].map(|at| format!("{:?}", cells[at]))))
            .collect()
    }

    /// When each stay of a person at a batch ended, by batch.
    fn work(&self, changes: &Changes) -> BTreeMap<Uuid, Vec<Option<Micros>>> {
        let table = &tables::BATCH_TIME_ENTRIES;
        let [user, batch, end] = ["user_id", "batch_id", "end_ts"].map(|name| place(table, name));
        let mut work: BTreeMap<Uuid, Vec<Option<Micros>>> = BTreeMap::new();
        for (_, cells) in self.each(changes, table) {
            if let (Cell::Uuid(batch), false) = (&cells[batch], cells[user] == Cell::Null) {
                work.entry(*batch).or_default().push(time(&cells[end]));
            }
        }
        work
    }

    fn instance(
        &self,
        changes: &Changes,
        id: Uuid,
        work: &BTreeMap<Uuid, Vec<Option<Micros>>>,
    ) -> Option<Instance> {
        let events = &tables::MACHINE_EVENTS;
        let event = self.row(changes, events, id)?;
        if *column(events, event, "is_archived") == Cell::Bool(true) {
            return None;
        }
        let station = match column(events, event, "station_id") {
            Cell::Uuid(station) => StationId(*station),
            _ => return None,
        };
        let began = time(column(events, event, "start_ts"))?;
        let ended = time(column(events, event, "end_ts"));
        let stays = work.get(&id).map(Vec::as_slice).unwrap_or_default();
        let open = stays.contains(&None);
        let last =
            stays.iter().flatten().copied().fold(ended.unwrap_or(began).max(began), Micros::max);
        let details = self.row(changes, &tables::BATCH_DETAILS, id)?;
        let status = column(&tables::BATCH_DETAILS, details, "status");
        let end = match (ended, *status == Cell::from("aborted")) {
            (None, _) => End::Open,
            (Some(_), false) => End::Completed,
            (Some(_), true) => End::Aborted,
        };
        let closed = (!open).then_some(last);
        Some(Instance {
            record: RecordId(id),
            station,
            began,
            closed,
            end,
            settled: None,
            continued: None,
        })
    }
}

/// Where a column stands.
fn place(table: &Table, name: &str) -> usize {
    table.columns.iter().position(|column| *column == name).unwrap()
}

fn time(cell: &Cell) -> Option<Micros> {
    if let Cell::Time(at) = cell { Some(*at) } else { None }
}
