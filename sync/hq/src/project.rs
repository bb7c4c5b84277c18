//! From accepted facts to rows: facts are folded in memory by the pure code that terminals use,
//! and written table by table.
//!
//! All facts are written at once. When the database refuses data, they are written in halves, and
//! so on, until the culprit stands alone: it is held back with the reason, and everything else is
//! written as if it had not been there. The search may be given a limit: what it has not come to
//! by then is left for another time.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::{
    fact::Fact,
    id::{Incarnation, Origin, RecordId, SiteId, TerminalId},
    record::{FOLD_VERSION, Record, Tenant, Touch, tables, touches},
    row::{Row, Table},
};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tokio_postgres::{
    error::{DbError, SqlState},
    types::Json,
};
use uuid::Uuid;

use crate::{
    auth::Terminal,
    problem::Refusal,
    quarantine::{self, Held},
    upsert::Upsert,
};

/// In whose name facts become rows.
pub(crate) struct Writer {
    pub(crate) origin: Origin,
    pub(crate) tenant: Tenant,
}

impl Writer {
    pub(crate) fn of(terminal: &Terminal) -> Result<Self, Refusal> {
        // The schema keeps the form.
        let incarnation: Incarnation =
            terminal.incarnation.parse().map_err(|_| Refusal::unavailable())?;
        let origin = Origin { terminal: TerminalId(terminal.id), incarnation };
        let organization = terminal.organization.clone();
        Ok(Self { origin, tenant: Tenant { organization, site: SiteId(terminal.site) } })
    }

    /// The records a fact contributes to.
    fn records(&self, fact: &Fact) -> Vec<Uuid> {
        let touches = touches(self.origin, fact, &self.tenant);
        touches
            .iter()
            .filter_map(|touch| match touch {
                Touch::Record(id) => Some(id.0),
                Touch::Rows(_) => None,
            })
            .collect()
    }

    /// Keeps `fact` out of the tables; what builds on the record it opens has to wait too.
    fn hold(&self, fact: &Fact, code: &str, detail: impl Into<String>) -> Held {
        let opens = fact.opens(self.origin).map(|id| id.0);
        Held { opens, ..Held::note(fact.seq, code, detail) }
    }
}

/// Facts that did not become rows.
#[derive(Default)]
pub(crate) struct Projected {
    pub(crate) held: Vec<Held>,
    /// There was no time for these.
    pub(crate) late: Vec<Held>,
}

/// Writes what `facts`, in the order of the log, mean. All at once they are tried in any case,
/// parts of them only before `until`.
pub(crate) async fn project(
    tx: &mut Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
    until: Option<Instant>,
) -> Result<Projected, tokio_postgres::Error> {
    let mut projected = Projected::default();
    let Some(first) = facts.first() else { return Ok(projected) };
    let touched: Vec<Uuid> = facts.iter().flat_map(|fact| writer.records(fact)).collect();
    let mut unopened = quarantine::unopened(tx, writer, first.seq, &touched).await?;
    let mut parts = vec![facts];
    let mut searching = false;
    let mut again = None;
    while let Some(part) = parts.pop() {
        if searching && until.is_some_and(|until| Instant::now() >= until) {
            let detail = "headquarters had no time for this fact yet";
            let late = part.iter().map(|fact| writer.hold(fact, "waits_for_record", detail));
            projected.late.extend(late);
            continue;
        }
        let savepoint = tx.savepoint("facts").await?;
        let waiting = match write(&savepoint, writer, part, &unopened).await {
            Ok(waiting) => {
                savepoint.commit().await?;
                waiting
            },
            Err(fault) => {
                let Some((code, detail)) = data_fault(&fault) else { return Err(fault) };
                savepoint.rollback().await?;
                searching = true;
                match part {
                    [fact] if has_appeared(&fault) && again != Some(fact.seq) => {
                        again = Some(fact.seq);
                        parts.push(part);
                        continue;
                    },
                    [fact] => vec![writer.hold(fact, code, detail)],
                    _ => {
                        let (left, right) = part.split_at(part.len() / 2);
                        parts.extend([right, left]);
                        continue;
                    },
                }
            },
        };
        unopened.extend(waiting.iter().filter_map(Held::blocks));
        projected.held.extend(waiting);
    }
    Ok(projected)
}

/// Whether another terminal has just opened the same record; the next look finds it.
fn has_appeared(fault: &tokio_postgres::Error) -> bool {
    fault.as_db_error().and_then(DbError::constraint) == Some("records_pkey")
}

/// What is wrong with the data, in our words; `None` when it is not the data.
fn data_fault(fault: &tokio_postgres::Error) -> Option<(&'static str, String)> {
    let fault = fault.as_db_error()?;
    let state = fault.code();
    let code = if *state == SqlState::FOREIGN_KEY_VIOLATION {
        "unresolved_ref"
    } else if ["22", "23", "44", "54", "P0"].iter().any(|class| state.code().starts_with(class))
        || *state == SqlState::INSUFFICIENT_PRIVILEGE
        || *state == SqlState::CARDINALITY_VIOLATION
    {
        "refused"
    } else {
        return None;
    };
    let detail = [Some(fault.message()), fault.detail()];
    Some((code, detail.into_iter().flatten().collect::<Vec<_>>().join("; ")))
}

/// Folds and writes `facts`, or fails as a whole.
async fn write(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
    unopened: &BTreeSet<Uuid>,
) -> Result<Vec<Held>, tokio_postgres::Error> {
    let touched: BTreeSet<Uuid> = facts.iter().flat_map(|fact| writer.records(fact)).collect();
    let known = load(tx, &touched).await?;
    let mut fold = Fold {
        writer,
        unopened: unopened.clone(),
        records: known.clone(),
        changed: BTreeSet::new(),
        rows: Vec::new(),
        held: Vec::new(),
    };
    for fact in facts {
        fold.add(fact);
    }
    store(tx, writer, &known, &fold).await?;
    let rows = fold.rows();
    for table in tables::ALL {
        upsert(tx, table, &rows).await?;
    }
    Ok(fold.held)
}

/// Facts on their way to rows.
struct Fold<'w> {
    writer: &'w Writer,
    unopened: BTreeSet<Uuid>,
    records: BTreeMap<Uuid, Record>,
    changed: BTreeSet<Uuid>,
    rows: Vec<Row>,
    held: Vec<Held>,
}

impl Fold<'_> {
    fn add(&mut self, fact: &Fact) {
        let records = self.writer.records(fact);
        if records.iter().any(|id| self.unopened.contains(id)) {
            let detail = "an earlier fact of its record waits";
            let held = self.writer.hold(fact, "waits_for_record", detail);
            self.unopened.extend(held.blocks());
            self.held.push(held);
            return;
        }
        let Some(joined) = self.join(fact, &records) else {
            let detail = "the fact speaks of another kind of record";
            self.held.push(self.writer.hold(fact, "refused", detail));
            return;
        };
        self.changed.extend(joined.keys());
        self.records.extend(joined);
        let touches = touches(self.writer.origin, fact, &self.writer.tenant);
        self.rows.extend(touches.into_iter().flat_map(|touch| match touch {
            Touch::Rows(rows) => rows,
            Touch::Record(_) => vec![],
        }));
    }

    /// The touched records with the fact in them.
    fn join(&self, fact: &Fact, records: &[Uuid]) -> Option<BTreeMap<Uuid, Record>> {
        let mut joined = BTreeMap::new();
        for id in records {
            let known = self.records.get(id).cloned();
            let mut record = known.or_else(|| Record::empty_for(fact))?;
            record.apply(RecordId(*id), self.writer.origin, fact).then_some(())?;
            joined.insert(*id, record);
        }
        Some(joined)
    }

    fn rows(&self) -> Vec<Row> {
        let changed = self.changed.iter().filter_map(|id| Some((id, self.records.get(id)?)));
        let tenant = &self.writer.tenant;
        let of_records = changed.flat_map(|(id, record)| record.rows(RecordId(*id), tenant));
        self.rows.iter().cloned().chain(of_records).collect()
    }
}

/// The states of known records. Whoever has loaded one is the only one to change it.
async fn load(
    tx: &Transaction<'_>,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Record>, tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "SELECT record_id, state FROM edge.records WHERE record_id = ANY($1)
             ORDER BY record_id FOR UPDATE",
        )
        .await?;
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    let rows = tx.query(&statement, &[&ids]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<_, Json<Record>>(1)?.0))).collect()
}

/// New records are inserted without a way out for conflicts: one that appeared since it was not
/// found is a fault of data here, and found when the fact is written once more.
async fn store(
    tx: &Transaction<'_>,
    writer: &Writer,
    known: &BTreeMap<Uuid, Record>,
    fold: &Fold<'_>,
) -> Result<(), tokio_postgres::Error> {
    let changed: Vec<(Uuid, &Record)> =
        fold.changed.iter().filter_map(|id| Some((*id, fold.records.get(id)?))).collect();
    let (old, new): (Vec<_>, Vec<_>) =
        changed.into_iter().partition(|(id, _)| known.contains_key(id));
    let insert = "INSERT INTO edge.records (organization_id, record_id, kind, state, fold_version)
         SELECT $1, r.id, r.kind, r.state, $2
         FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS r(id, kind, state)";
    let update = "UPDATE edge.records AS t
         SET state = r.state, kind = r.kind, fold_version = $2, updated_at = now()
         FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS r(id, kind, state)
         WHERE t.organization_id = $1 AND t.record_id = r.id";
    for (statement, records) in [(insert, new), (update, old)] {
        if records.is_empty() {
            continue;
        }
        let statement = tx.prepare_cached(statement).await?;
        let ids: Vec<Uuid> = records.iter().map(|(id, _)| *id).collect();
        let kinds: Vec<&str> = records.iter().map(|(_, record)| record.kind()).collect();
        let states: Vec<Json<&Record>> = records.iter().map(|(_, record)| Json(*record)).collect();
        let organization = &writer.tenant.organization;
        tx.execute(&statement, &[organization, &FOLD_VERSION, &ids, &kinds, &states]).await?;
    }
    Ok(())
}

/// Writes the rows of one table in one statement; rows that are as they were are left alone.
async fn upsert(
    tx: &Transaction<'_>,
    table: &Table,
    rows: &[Row],
) -> Result<(), tokio_postgres::Error> {
    let rows: Vec<Value> =
        rows.iter().filter(|row| row.table == table).map(|row| object(table, row)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = tx.prepare_cached(&statement(table)).await?;
    tx.execute(&statement, &[&Json(rows)]).await?;
    Ok(())
}

fn object(table: &Table, row: &Row) -> Value {
    let cells = row.cells.iter().map(kart_core::row::Cell::json);
    Value::Object(table.columns.iter().map(ToString::to_string).zip(cells).collect::<Map<_, _>>())
}

fn statement(table: &Table) -> String {
    let (fixed, told) = table.columns.split_at(1);
    let upsert = Upsert {
        table: format!("{}.{}", table.schema, table.name),
        key: if table.schema == "edge" { &["organization_id", "id"] } else { &["id"] },
        fixed,
        told,
        // The transaction's organisation, whatever a row would say.
        given: table
            .by_organization
            .then_some(("organization_id", "current_setting('edge.organization')")),
    };
    upsert.sql()
}
