//! `kart-hq refold`: folds a site's facts again from the inbox and compares what comes out with the
//! records and rows that are kept; without `--check` it puts them right.
//!
//! Terminals of the site cannot push meanwhile, and what they say is kept by them. What headquarters
//! decided in its own order, queues, jobs and which records are one batch, is no fold and stays: what
//! must hold of it in any order is looked up, and nothing of it mended. The sweep of background work
//! compares a part at a time, in a snapshot that holds nobody up, and mends nothing.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use deadpool_postgres::{Object, Transaction};
use kart_core::{
    fact::{Body, Fact},
    id::{Origin, RecordId, SiteId, TerminalId},
    record::{
        FOLD_VERSION, Record, Tenant, Touch,
        conflict::Kind,
        count,
        fold::{Aliases, WITHDRAWN_FROM, name_canonically},
        tables, touches,
    },
    row::{Cell, Row, Table},
    time::Micros,
};
use serde_json::Value;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{
    cli::{SiteArgs, say},
    database::{Database, Role, begin, begin_snapshot, enter, relation},
    names::Names,
    project::rows,
    quarantine::command::Outcome,
};

mod derived;

use derived::Difference;

/// So many facts or records at a time.
const PAGE: usize = 1_000;
/// So many differences are named.
const MOST_NAMED: usize = 10;

/// Which site, and whether to write.
#[derive(Args)]
pub(crate) struct RefoldArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// Compare only; ends with a failure where something differs.
    #[arg(long)]
    check: bool,
}

/// A part of a site's records, by their keys.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) number: u8,
    pub(crate) of: u8,
}

impl Part {
    const WHOLE: Self = Self { number: 0, of: 1 };

    fn has(self, id: Uuid) -> bool {
        id.as_u128() % u128::from(self.of) == u128::from(self.number)
    }
}

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    facts: usize,
    pub(crate) records: usize,
    /// Records whose state is kept otherwise.
    states: usize,
    /// Rows that are missing or otherwise.
    rows: u64,
    /// Rows that no fact says.
    extra: u64,
    /// Tables and keys of the first of them.
    named: Vec<String>,
    /// What does not hold of that which is derived beside the fold.
    derived: Vec<Difference>,
}

impl Found {
    fn name(&mut self, table: &str, id: Uuid) {
        if self.named.len() < MOST_NAMED {
            self.named.push(format!("{table} {id}"));
        }
    }

    /// What is not as the facts say, in words.
    pub(crate) fn differences(&self) -> Option<String> {
        let Self { states, rows, extra, named, derived, .. } = self;
        let ours = derived.iter().filter(|difference| !difference.shared);
        let mut told: Vec<String> = ours.map(Difference::to_string).collect();
        if *states > 0 || *rows > 0 || *extra > 0 {
            let named = named.join(", ");
            told.push(format!(
                "{states} states, {rows} rows and {extra} rows too many differ: {named}"
            ));
        }
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// Compares a part of a site with what the inbox says, as of one moment.
pub(crate) async fn check(
    client: &mut Object,
    organization: &str,
    site: Uuid,
    part: Part,
) -> anyhow::Result<Found> {
    let tx = begin_snapshot(client).await?;
    enter(&tx, organization, site).await?;
    tx.batch_execute("SET LOCAL statement_timeout = 0").await?;
    let tenant = Tenant { organization: organization.to_owned(), site: SiteId(site) };
    Site::refolded(&tx, tenant, part, false).await
}

/// Does it.
pub(crate) async fn run(database: &Database, args: RefoldArgs) -> anyhow::Result<()> {
    let place = args.site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    place.enter(&tx).await?;
    tx.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'").await?;
    tx.execute("SELECT FROM edge.terminals ORDER BY terminal_id FOR UPDATE", &[]).await?;
    let tenant = Tenant { organization: place.organization.to_owned(), site: SiteId(place.id()) };
    let found = Site::refolded(&tx, tenant, Part::WHOLE, !args.check).await?;
    tx.commit().await?;
    let Found { facts, records, states, rows, extra, derived, .. } = &found;
    say(&format!(
        "{facts} facts are {records} records; {states} states, {rows} rows and {extra} rows too \
         many {}",
        if args.check { "differ" } else { "were put right" }
    ))?;
    for difference in derived {
        let whose = if difference.shared { "; another program may have written it" } else { "" };
        say(&format!("does not hold, and is not mended: {difference}{whose}"))?;
    }
    // Said with every result, so that nobody takes it for more than it is.
    say(
        "not folded: queues, jobs and which records are one; what must hold of them was looked up",
    )?;
    let same = found.differences().is_none();
    anyhow::ensure!(same || !args.check, "what is kept is not what the facts say");
    Ok(())
}

struct Site<'t> {
    tx: &'t Transaction<'t>,
    tenant: Tenant,
    names: Names,
    aliases: Aliases,
    part: Part,
    found: Found,
}

impl<'t> Site<'t> {
    /// Folds a part of a site again; what is derived beside the fold is looked up with the first part.
    async fn refolded(
        tx: &'t Transaction<'t>,
        tenant: Tenant,
        part: Part,
        write: bool,
    ) -> anyhow::Result<Found> {
        let names = Names::read(tx).await?;
        let (aliases, found) = (Aliases::new(), Found::default());
        let mut site = Self { tx, tenant, names, aliases, part, found };
        site.refold(write).await?;
        if part.number == 0 {
            site.found.derived = derived::differences(tx).await?;
        }
        Ok(site.found)
    }

    async fn refold(&mut self, write: bool) -> anyhow::Result<()> {
        let aliases = "SELECT record_id, canonical_id FROM edge.record_aliases";
        for row in self.tx.query(aliases, &[]).await? {
            self.aliases.insert(RecordId(row.try_get(0)?), RecordId(row.try_get(1)?));
        }
        let mut records = BTreeMap::new();
        let logs = "SELECT terminal_id, incarnation FROM edge.inbox GROUP BY 1, 2 ORDER BY 1, 2";
        for log in self.tx.query(logs, &[]).await? {
            let (terminal, incarnation): (Uuid, String) = (log.try_get(0)?, log.try_get(1)?);
            let origin =
                Origin { terminal: TerminalId(terminal), incarnation: incarnation.parse()? };
            self.fold(origin, &mut records, write).await?;
        }
        self.found.records = records.len();
        let records: Vec<(RecordId, Record)> = records.into_iter().collect();
        for page in records.chunks(PAGE) {
            self.states(page, write).await?;
            let mut now: Vec<Row> =
                page.iter().flat_map(|(id, record)| record.rows(*id, &self.tenant)).collect();
            name_canonically(&mut now, &self.aliases);
            rows::tell(self.tx, &self.tenant.organization, &mut now).await?;
            // First those too many: one of them may stand where another one has to.
            self.extra(page, &now, write).await?;
            self.compare(&now, write).await?;
        }
        Ok(())
    }

    /// Folds one log into `records`.
    async fn fold(
        &mut self,
        origin: Origin,
        records: &mut BTreeMap<RecordId, Record>,
        write: bool,
    ) -> anyhow::Result<()> {
        let incarnation = origin.incarnation.to_string();
        let retimed = self.retimed(origin).await?;
        let mut after = 0_i64;
        loop {
            let page = self
                .tx
                .query(
                    "SELECT i.seq, i.line FROM edge.inbox i
                     WHERE i.terminal_id = $1 AND i.incarnation = $2 AND i.seq > $3
                       AND NOT EXISTS (SELECT FROM edge.quarantine q
                           WHERE q.terminal_id = i.terminal_id AND q.incarnation = i.incarnation
                             AND q.seq = i.seq
                             -- Nor what a person has closed: nothing ever applies it.
                             AND (q.resolved_at IS NULL OR q.detail = ANY($5))
                             AND q.code IN ('unresolved_ref', 'waits_for_record', 'unreadable',
                                            'refused'))
                     ORDER BY i.seq LIMIT $4",
                    &[
                        &origin.terminal.0,
                        &incarnation,
                        &after,
                        &i64::try_from(PAGE)?,
                        &Outcome::WORDS,
                    ],
                )
                .await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.try_get(0)?;
            let mut own = Vec::new();
            for row in &page {
                let Ok(fact) = Fact::parse(row.try_get(1)?) else { continue };
                let fact = self.names.fact(fact);
                self.found.facts += 1;
                self.add(origin, &fact, records, &mut own);
                if let Some(zero) = retimed.get(&fact.seq) {
                    let right = count::retimed(origin, &fact, *zero, &self.tenant);
                    own.retain(|row| {
                        right.iter().all(|right| right.cells.first() != row.cells.first())
                    });
                    own.extend(right.into_iter().filter(|row| self.has(row)));
                }
            }
            name_canonically(&mut own, &self.aliases);
            self.compare(&own, write).await?;
        }
    }

    /// The readings of one log that were told by a wrong clock, and when that stood at zero.
    async fn retimed(&self, origin: Origin) -> anyhow::Result<BTreeMap<u64, Micros>> {
        let select = "SELECT line FROM edge.inbox
                      WHERE terminal_id = $1 AND incarnation = $2 AND line LIKE '%\"retimed\"%'
                      ORDER BY seq";
        let life = origin.incarnation.to_string();
        let mut all = BTreeMap::new();
        for row in self.tx.query(select, &[&origin.terminal.0, &life]).await? {
            let Ok(fact) = Fact::parse(row.try_get(0)?) else { continue };
            if let Body::Retimed(retimed) = fact.fact {
                all.extend(retimed.counts.iter().map(|seq| (*seq, retimed.zero)));
            }
        }
        Ok(all)
    }

    fn add(
        &self,
        origin: Origin,
        fact: &Fact,
        records: &mut BTreeMap<RecordId, Record>,
        own: &mut Vec<Row>,
    ) {
        for touch in touches(origin, fact, &self.tenant) {
            match touch {
                Touch::Rows(rows) => own.extend(rows.into_iter().filter(|row| self.has(row))),
                Touch::Record(id) => {
                    let id = self.aliases.get(&id).copied().unwrap_or(id);
                    if !self.part.has(id.0) {
                        continue;
                    }
                    let empty = Record::empty_for(fact);
                    let Some(record) = records.remove(&id).or(empty) else { continue };
                    let mut joined = record.clone();
                    let speaks = joined.apply(id, origin, fact);
                    records.insert(id, if speaks { joined } else { record });
                },
            }
        }
    }

    /// Whether a row that is no record's is looked at.
    fn has(&self, row: &Row) -> bool {
        keys(&[row]).first().is_none_or(|id| self.part.has(*id))
    }

    async fn states(&mut self, page: &[(RecordId, Record)], write: bool) -> anyhow::Result<()> {
        let ids: Vec<Uuid> = page.iter().map(|(id, _)| id.0).collect();
        let select = "SELECT record_id, state, fold_version FROM edge.records
                      WHERE record_id = ANY($1)";
        let mut kept: BTreeMap<Uuid, (Value, i32)> = BTreeMap::new();
        for row in self.tx.query(select, &[&ids]).await? {
            let state: Json<Value> = row.try_get(1)?;
            kept.insert(row.try_get(0)?, (state.0, row.try_get(2)?));
        }
        let mut wrong: Vec<&(RecordId, Record)> = Vec::new();
        for entry in page {
            let same = kept.get(&entry.0.0).is_some_and(|(state, version)| {
                // Whoever only looks asks for the state: an older fold may have come to the same.
                (*version == FOLD_VERSION || !write)
                    && serde_json::from_value::<Record>(state.clone()).ok().as_ref()
                        == Some(&entry.1)
            });
            if !same {
                wrong.push(entry);
            }
        }
        self.found.states += wrong.len();
        wrong.iter().for_each(|(id, _)| self.found.name("edge.records", id.0));
        if !write || wrong.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = wrong.iter().map(|(id, _)| id.0).collect();
        let kinds: Vec<&str> = wrong.iter().map(|(_, record)| record.kind()).collect();
        let states: Vec<Json<&Record>> = wrong.iter().map(|(_, record)| Json(record)).collect();
        self.tx
            .execute(
                "INSERT INTO edge.records AS t
                     (organization_id, record_id, kind, state, fold_version)
                 SELECT $1, r.id, r.kind, r.state, $2
                 FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS r(id, kind, state)
                 ON CONFLICT (organization_id, record_id) DO UPDATE
                 SET state = excluded.state, kind = excluded.kind,
                     fold_version = excluded.fold_version, updated_at = now()",
                &[&self.tenant.organization, &FOLD_VERSION, &ids, &kinds, &states],
            )
            .await?;
        Ok(())
    }

    /// Rows that are not kept as they are to be.
    async fn compare(&mut self, now: &[Row], write: bool) -> anyhow::Result<()> {
        for table in tables::ALL {
            let rows: Vec<&Row> = now.iter().filter(|row| row.table == table).collect();
            if rows.is_empty() {
                continue;
            }
            let objects: Vec<Value> = rows.iter().map(|row| rows::object(table, row)).collect();
            let (name, columns) = (relation(table.schema, table.name), table.columns.join(", "));
            let differ = format!(
                "SELECT d.id FROM (
                     SELECT {columns} FROM jsonb_populate_recordset(NULL::{name}, $1::jsonb)
                     EXCEPT SELECT {columns} FROM {name} WHERE id = ANY($2)) d"
            );
            let ids = keys(&rows);
            let differing = self.tx.query(&differ, &[&Json(&objects), &ids]).await?;
            self.found.rows += differing.len() as u64;
            for row in &differing {
                self.found.name(table.name, row.try_get(0)?);
            }
            if write && !differing.is_empty() {
                let rows: Vec<Row> = rows.into_iter().cloned().collect();
                rows::upsert(self.tx, table, &rows).await?;
            }
        }
        Ok(())
    }

    /// Rows of these records that are kept and that no fact says.
    async fn extra(
        &mut self,
        page: &[(RecordId, Record)],
        now: &[Row],
        write: bool,
    ) -> anyhow::Result<()> {
        let records: Vec<Uuid> = page.iter().map(|(id, _)| id.0).collect();
        let kinds: Vec<&str> = Kind::OF_A_FOLD.iter().map(|kind| kind.word()).collect();
        for table in WITHDRAWN_FROM {
            let said: Vec<&Row> = now.iter().filter(|row| row.table == table).collect();
            let name = relation(table.schema, table.name);
            let parent = parent(table);
            let of_a_fold = if *table == tables::CONFLICTS {
                "kind = ANY($3)"
            } else {
                "cardinality($3::text[]) > 0"
            };
            let select = format!(
                "SELECT id FROM {name}
                 WHERE {parent} = ANY($1) AND id <> ALL($2) AND {of_a_fold}"
            );
            let gone = self.tx.query(&select, &[&records, &keys(&said), &kinds]).await?;
            let gone: BTreeSet<Uuid> =
                gone.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            self.found.extra += gone.len() as u64;
            gone.iter().for_each(|id| self.found.name(table.name, *id));
            if write {
                let gone: Vec<(&'static Table, Uuid)> =
                    gone.into_iter().map(|id| (table, id)).collect();
                rows::withdraw(self.tx, &gone).await?;
            }
        }
        Ok(())
    }
}

/// The column by which a row belongs to its record.
fn parent(table: &Table) -> &'static str {
    // A link names a batch, too, and belongs to its event.
    let names = ["record_id", "batch_id", "event_id", "batch_event_id"];
    names.into_iter().find(|name| table.columns.contains(name)).unwrap_or("event_id")
}

fn keys(rows: &[&Row]) -> Vec<Uuid> {
    let key = |row: &&Row| match row.cells.first() {
        Some(Cell::Uuid(id)) => Some(*id),
        _ => None,
    };
    rows.iter().filter_map(key).collect()
}
