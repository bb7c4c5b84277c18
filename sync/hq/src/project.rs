//! From accepted facts to rows: facts are folded in memory by the pure code that terminals use,
//! and written table by table.
//!
//! All facts are written at once. When the database refuses data, they are written in halves, and
//! so on, until the culprit stands alone: it is held back with the reason, and everything else is
//! written as if it had not been there. The search may be given a limit: what it has not come to
//! by then is left for another time.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact},
    id::{Incarnation, Origin, RecordId, SiteId, TerminalId},
    record::{
        Record, Tenant, Touch,
        fold::{self, Aliases},
        tables, touches,
    },
    row::{Cell, Row, Table},
};
use kart_planted::{Bug, planted};
use tokio::time::Instant;
use tokio_postgres::error::{DbError, SqlState};
use uuid::Uuid;

use crate::{
    auth::Terminal,
    correction::{backed::unbacked, reach},
    names::Names,
    operations,
    problem::Refusal,
    quarantine::{self, Held},
};

pub(crate) mod records;
pub(crate) mod rows;

use records::Standing;

/// In whose name facts become rows.
pub struct Writer {
    /// The log.
    pub origin: Origin,
    /// Where its rows belong.
    pub tenant: Tenant,
}

impl Writer {
    /// For the log of a terminal.
    pub fn of(terminal: &Terminal) -> Result<Self, Refusal> {
        // The schema keeps the form.
        let incarnation: Incarnation =
            terminal.incarnation.parse().map_err(|_| Refusal::unavailable())?;
        let origin = Origin { terminal: TerminalId(terminal.id), incarnation };
        let organization = terminal.organization.clone();
        Ok(Self { origin, tenant: Tenant { organization, site: SiteId(terminal.site) } })
    }

    /// The records a fact contributes to, by the names it uses.
    pub fn records(&self, fact: &Fact) -> Vec<Uuid> {
        let touches = touches(self.origin, fact, &self.tenant);
        touches
            .iter()
            .filter_map(|touch| match touch {
                Touch::Record(id) => Some(id.0),
                Touch::Rows(_) => None,
            })
            .collect()
    }

    /// Everything that has to have begun before the fact means anything.
    pub fn builds_on(&self, fact: &Fact) -> Vec<Uuid> {
        let named = fold::builds_on(self.origin, fact, &self.tenant);
        named.into_iter().map(|id| id.0).collect()
    }

    /// Keeps `fact` out of the tables; what builds on the record it opens has to wait too.
    pub fn hold(&self, fact: &Fact, code: &str, detail: impl Into<String>) -> Held {
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
    let names = Names::read(tx).await?;
    let forged = unbacked(tx, writer, facts, &names).await?;
    let facts = names.folded(facts);
    let facts = without(&facts, &forged);
    let mut projected = Projected { held: forged, ..Projected::default() };
    let Some(first) = facts.first() else { return Ok(projected) };
    let touched: Vec<Uuid> = facts.iter().flat_map(|fact| writer.builds_on(fact)).collect();
    let mut unopened = quarantine::unopened(tx, writer, first.seq, &touched).await?;
    let mut parts = operations::alias::apart(&facts);
    parts.reverse();
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

/// The facts but for those that are held.
fn without<'f>(facts: &'f [Fact], held: &[Held]) -> Cow<'f, [Fact]> {
    if held.is_empty() {
        return Cow::Borrowed(facts);
    }
    let held: BTreeSet<u64> = held.iter().map(|held| held.seq).collect();
    facts.iter().filter(|fact| !held.contains(&fact.seq)).cloned().collect()
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
    operations::alias::decide(tx, writer, facts).await?;
    let Standing { records: known, aliases } = records::load(tx, writer, facts).await?;
    let mut fold = Fold {
        writer,
        unopened: unopened.clone(),
        aliases,
        records: known.clone(),
        changed: BTreeSet::new(),
        own: Vec::new(),
        held: Vec::new(),
    };
    for fact in facts {
        fold.add(fact);
    }
    records::store(tx, writer, &known, &fold).await?;
    reach::spread(tx, writer, &fold).await?;
    records::counts(tx, writer, facts, &mut fold.own).await?;
    let mut now = fold.rows();
    rows::tell(tx, &writer.tenant.organization, &mut now).await?;
    rows::withdraw(tx, &fold.withdrawn(&known, &now)).await?;
    for table in tables::ALL {
        rows::upsert(tx, table, &now).await?;
    }
    let applied = |fact: &&Fact| !fold.held.iter().any(|held| held.seq == fact.seq);
    let applied: Vec<&Fact> = facts.iter().filter(applied).collect();
    operations::follow(tx, writer, &applied, &fold.aliases).await?;
    Ok(fold.held)
}

/// Writes the rows of what these facts speak of once more, because texts beside them are gone. In the
/// name of the gateway, at the site that the transaction has entered.
pub(crate) async fn again(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
) -> Result<(), tokio_postgres::Error> {
    let names = Names::read(tx).await?;
    let facts = names.folded(facts);
    let Standing { records, aliases } = records::load(tx, writer, &facts).await?;
    let tenant = &writer.tenant;
    let rows = records.iter().flat_map(|(id, record)| record.rows(RecordId(*id), tenant));
    let telling = |row: &Row| row.cells.iter().any(|cell| matches!(cell, Cell::Told(_)));
    let mut rows: Vec<Row> = rows.filter(telling).collect();
    fold::name_canonically(&mut rows, &aliases);
    rows::tell(tx, &tenant.organization, &mut rows).await?;
    for table in tables::ALL {
        rows::upsert(tx, table, &rows).await?;
    }
    Ok(())
}

/// Facts on their way to rows.
pub struct Fold<'w> {
    /// In whose name.
    pub writer: &'w Writer,
    /// Records whose opening fact waits.
    pub unopened: BTreeSet<Uuid>,
    /// Other names that facts use for records.
    pub aliases: Aliases,
    /// The touched records, so far.
    pub records: BTreeMap<Uuid, Record>,
    /// Which of them facts have changed.
    pub changed: BTreeSet<Uuid>,
    /// Rows of facts that are records of their own.
    pub own: Vec<Row>,
    /// Facts that wait.
    pub held: Vec<Held>,
}

impl Fold<'_> {
    /// Takes the next fact in.
    pub fn add(&mut self, fact: &Fact) {
        let records = self.canonical(self.writer.records(fact));
        let waits = self.writer.builds_on(fact).iter().any(|id| self.unopened.contains(id));
        if waits && !planted(Bug::DependentsNotHeld) {
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
        self.own.extend(touches.into_iter().flat_map(|touch| match touch {
            Touch::Rows(rows) => rows,
            Touch::Record(_) => vec![],
        }));
    }

    /// Records by the names that everybody uses.
    fn canonical(&self, mut ids: Vec<Uuid>) -> Vec<Uuid> {
        for id in &mut ids {
            *id = self.aliases.get(&RecordId(*id)).map_or(*id, |canonical| canonical.0);
        }
        ids
    }

    /// The touched records with the fact in them.
    fn join(&self, fact: &Fact, records: &[Uuid]) -> Option<BTreeMap<Uuid, Record>> {
        let mut joined = BTreeMap::new();
        for id in records {
            let known = self.records.get(id).cloned();
            let Some(mut record) = known.or_else(|| Record::empty_for(fact)) else {
                // What no fact has told yet has no time to put right.
                matches!(fact.fact, Body::Retimed(_)).then_some(())?;
                continue;
            };
            record.apply(RecordId(*id), self.writer.origin, fact).then_some(())?;
            joined.insert(*id, record);
        }
        Some(joined)
    }

    /// What all of it is in tables.
    pub fn rows(&self) -> Vec<Row> {
        let changed = self.changed.iter().filter_map(|id| Some((id, self.records.get(id)?)));
        let tenant = &self.writer.tenant;
        let of_records = changed.flat_map(|(id, record)| record.rows(RecordId(*id), tenant));
        let mut rows = self.own.iter().cloned().chain(of_records).collect::<Vec<_>>();
        fold::name_canonically(&mut rows, &self.aliases);
        rows
    }

    /// Rows that were while the records stood as in `known`, and are not among `now`.
    pub fn withdrawn(
        &self,
        known: &BTreeMap<Uuid, Record>,
        now: &[Row],
    ) -> Vec<(&'static Table, Uuid)> {
        let changed = self.changed.iter().filter_map(|id| Some((id, known.get(id)?)));
        let tenant = &self.writer.tenant;
        let before: Vec<Row> =
            changed.flat_map(|(id, record)| record.rows(RecordId(*id), tenant)).collect();
        fold::withdrawn(&before, now)
    }
}
