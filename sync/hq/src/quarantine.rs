//! Accepted facts whose rows could not be written yet: kept with the reason, tried again when
//! their terminal says hello, when the site changes, and when a person asks for it.
//!
//! A fact waits for an earlier one only where that one opens its record: a wrong explanation of a
//! stop must not keep the stop from ending.

use std::{collections::BTreeSet, time::Duration};

use deadpool_postgres::{Object, Transaction};
use kart_core::fact::Fact;
use kart_wire::Quarantined;
use tokio::time::Instant;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    auth::Terminal,
    database::{Database, Role, begin, enter, from_bigint, to_bigint},
    problem::Refusal,
    project::{self, Projected, Writer},
    push::head::Head,
    site::Place,
};

pub(crate) mod command;

/// So many facts are tried in one transaction.
const PAGE: i64 = 1_000;
/// So many are named in one answer.
const MOST_NAMED: i64 = 1_000;
/// How long a terminal that has said hello is kept waiting for its old facts.
const FIRST_LIMIT: Duration = Duration::from_secs(5);
/// What becomes possible when reference data arrive or headquarters is renewed.
const CURABLE: [&str; 3] = ["unresolved_ref", "waits_for_record", "unreadable"];
/// What a person may have put right in the meantime.
const ALL: [&str; 4] = ["unresolved_ref", "waits_for_record", "unreadable", "refused"];

/// A fact that is kept out of the tables.
#[derive(Debug)]
pub struct Held {
    /// Which fact.
    pub seq: u64,
    /// Stable word, see [`Quarantined::code`].
    pub code: String,
    /// For people.
    pub detail: String,
    /// The record that has no beginning without this fact.
    pub opens: Option<Uuid>,
}

impl Held {
    /// Keeps no other fact waiting.
    pub fn note(seq: u64, code: &str, detail: impl Into<String>) -> Self {
        // Postgres keeps no NUL.
        let detail = detail.into().replace('\0', "\u{fffd}");
        Self { seq, code: code.to_owned(), detail, opens: None }
    }

    /// The record whose further facts wait for this one. A refused fact is nothing to wait for.
    pub fn blocks(&self) -> Option<Uuid> {
        self.opens.filter(|_| self.code != "refused")
    }
}

/// Which of the records `touched` lack their beginning because it waits: here, in facts of the same
/// log before `first`, and elsewhere, in facts that miss something themselves.
pub(crate) async fn unopened(
    tx: &Transaction<'_>,
    writer: &Writer,
    first: u64,
    touched: &[Uuid],
) -> Result<BTreeSet<Uuid>, tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "SELECT DISTINCT unnest(record_ids) FROM edge.quarantine
             WHERE resolved_at IS NULL AND record_ids && $1
               AND CASE WHEN (terminal_id, incarnation) = ($2, $3::text) THEN seq < $4
                        ELSE code <> 'waits_for_record' END",
        )
        .await?;
    let (id, incarnation) = (writer.origin.terminal.0, writer.origin.incarnation.to_string());
    let rows = tx.query(&statement, &[&touched, &id, &incarnation, &to_bigint(first)]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Writes down what waits, and that it was tried.
pub(crate) async fn hold(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    held: &[Held],
) -> Result<(), tokio_postgres::Error> {
    if held.is_empty() {
        return Ok(());
    }
    let statement = tx
        .prepare_cached(
            "INSERT INTO edge.quarantine AS q
                 (organization_id, terminal_id, incarnation, seq, code, detail, record_ids)
             SELECT $1, $2, $3, h.seq, h.code, h.detail,
                    array_remove(ARRAY[h.opens], NULL)
             FROM unnest($4::bigint[], $5::text[], $6::text[], $7::uuid[])
                 AS h(seq, code, detail, opens)
             ON CONFLICT (organization_id, terminal_id, incarnation, seq) DO UPDATE
             SET code = excluded.code, detail = excluded.detail,
                 record_ids = excluded.record_ids, attempts = q.attempts + 1",
        )
        .await?;
    // One fact can be held for a text and for its rows; the rows are the greater evil.
    let held: std::collections::BTreeMap<u64, &Held> =
        held.iter().map(|held| (held.seq, held)).collect();
    let seqs: Vec<i64> = held.keys().map(|seq| to_bigint(*seq)).collect();
    let codes: Vec<&str> = held.values().map(|held| held.code.as_str()).collect();
    let details: Vec<&str> = held.values().map(|held| held.detail.as_str()).collect();
    let opens: Vec<Option<Uuid>> = held.values().map(|held| held.blocks()).collect();
    let (organization, id, incarnation) =
        (&terminal.organization, &terminal.id, &terminal.incarnation);
    tx.execute(&statement, &[organization, id, incarnation, &seqs, &codes, &details, &opens])
        .await?;
    Ok(())
}

/// What of a terminal's facts `from` to `to` waits.
pub(crate) async fn of(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    from: u64,
    to: u64,
) -> Result<Vec<Quarantined>, tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "SELECT seq, code, coalesce(detail, '') FROM edge.quarantine
             WHERE organization_id = $1 AND terminal_id = $2 AND incarnation = $3
               AND seq BETWEEN $4 AND $5 AND resolved_at IS NULL
             ORDER BY seq LIMIT $6",
        )
        .await?;
    let (organization, id, incarnation) =
        (&terminal.organization, &terminal.id, &terminal.incarnation);
    let range = (to_bigint(from), to_bigint(to));
    let rows = tx
        .query(&statement, &[organization, id, incarnation, &range.0, &range.1, &MOST_NAMED])
        .await?;
    rows.iter()
        .map(|row| {
            let seq = from_bigint(row.try_get(0)?);
            Ok(Quarantined { seq, code: row.try_get(1)?, detail: row.try_get(2)? })
        })
        .collect()
}

/// Tries the oldest facts that wait of one terminal, which has just said hello.
pub(crate) async fn retry_first(client: &mut Object, terminal: &Terminal) -> anyhow::Result<()> {
    let until = Instant::now() + FIRST_LIMIT;
    let page = retry_page(client, terminal, &CURABLE, 0, Some(until)).await?;
    if page.tried > 0 {
        tracing::info!(tried = page.tried, applied = page.applied, "tried the quarantine again");
    }
    Ok(())
}

/// What became of a retry.
#[derive(Default)]
pub(crate) struct Retried {
    pub(crate) applied: usize,
    pub(crate) waiting: usize,
}

/// Tries everything that waits at a site until nothing moves any more: facts of one terminal may
/// wait for facts of another.
pub(crate) async fn retry_site(
    database: &Database,
    site: &Place<'_>,
    by_hand: bool,
) -> anyhow::Result<Retried> {
    let codes: &[&str] = if by_hand { &ALL } else { &CURABLE };
    let mut client = database.client().await?;
    let mut total = Retried::default();
    loop {
        let mut pass = Retried::default();
        let mut failed = 0;
        for terminal in terminals(&mut client, site).await? {
            // What is wrong with one terminal is not to keep the others waiting.
            if let Err(fault) = retry_terminal(&mut client, &terminal, codes, &mut pass).await {
                tracing::error!(terminal = %terminal.id, fault = %format!("{fault:#}"), "not retried");
                failed += 1;
            }
        }
        total.applied += pass.applied;
        total.waiting = pass.waiting;
        if pass.applied == 0 || pass.waiting == 0 {
            let Retried { applied, waiting } = &total;
            anyhow::ensure!(
                failed == 0,
                "{applied} facts applied, {waiting} still wait; {failed} terminals could not be \
                 tried, the log says why"
            );
            return Ok(total);
        }
    }
}

async fn retry_terminal(
    client: &mut Object,
    terminal: &Terminal,
    codes: &[&str],
    pass: &mut Retried,
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = retry_page(client, terminal, codes, after, None).await?;
        pass.applied += page.applied;
        pass.waiting += page.tried - page.applied;
        match page.last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// The terminals of a site, whatever their status: facts stay accepted. Also those that have nothing
/// waiting: a push of theirs may be under way that has looked at the site as it was.
async fn terminals(client: &mut Object, site: &Place<'_>) -> anyhow::Result<Vec<Terminal>> {
    let tx = begin(client, Role::Gateway).await?;
    site.enter(&tx).await?;
    let rows = tx
        .query(
            "SELECT terminal_id, incarnation FROM edge.terminals
             UNION SELECT terminal_id, incarnation FROM edge.quarantine WHERE resolved_at IS NULL
             ORDER BY terminal_id",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Terminal {
                organization: site.organization.to_owned(),
                site: site.id(),
                id: row.try_get(0)?,
                incarnation: row.try_get(1)?,
            })
        })
        .collect()
}

struct Page {
    tried: usize,
    applied: usize,
    last: Option<u64>,
}

async fn retry_page(
    client: &mut Object,
    terminal: &Terminal,
    codes: &[&str],
    after: u64,
    until: Option<Instant>,
) -> anyhow::Result<Page> {
    let mut tx = begin(client, Role::Gateway).await?;
    enter(&tx, &terminal.organization, terminal.site).await?;
    Head::wait(&tx, terminal).await?;
    let rows = waiting(&tx, terminal, codes, after).await?;
    let mut facts = Vec::new();
    let mut held = Vec::new();
    let mut seqs = Vec::new();
    for row in &rows {
        let seq = from_bigint(row.try_get(0)?);
        seqs.push(to_bigint(seq));
        match Fact::parse(row.try_get(1)?) {
            Ok(fact) => facts.push(fact),
            Err(fault) => held.push(Held::note(seq, "unreadable", fault.to_string())),
        }
    }
    let last = seqs.last().copied().map(from_bigint);
    let refused = |refusal: Refusal| anyhow::anyhow!("{refusal:?}");
    let writer = Writer::of(terminal).map_err(refused)?;
    let Projected { held: refused, late } =
        project::project(&mut tx, &writer, &facts, until).await?;
    held.extend(refused);
    hold(&tx, terminal, &held).await?;
    // What there was no time for waits for the same reason as before.
    let still: Vec<i64> = held.iter().chain(&late).map(|held| to_bigint(held.seq)).collect();
    resolve(&tx, terminal, &seqs, &still).await?;
    tx.commit().await?;
    Ok(Page { tried: seqs.len(), applied: seqs.len() - still.len(), last })
}

async fn waiting(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    codes: &[&str],
    after: u64,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    tx.query(
        "SELECT q.seq, i.line FROM edge.quarantine q
         JOIN edge.inbox i USING (organization_id, terminal_id, incarnation, seq)
         WHERE q.organization_id = $1 AND q.terminal_id = $2 AND q.incarnation = $3
           AND q.resolved_at IS NULL AND q.code = ANY($4) AND q.seq > $5
         ORDER BY q.seq LIMIT $6",
        &[
            &terminal.organization,
            &terminal.id,
            &terminal.incarnation,
            &codes,
            &to_bigint(after),
            &PAGE,
        ],
    )
    .await
}

async fn resolve(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    tried: &[i64],
    still: &[i64],
) -> Result<(), tokio_postgres::Error> {
    tx.execute(
        "UPDATE edge.quarantine SET resolved_at = now()
         WHERE organization_id = $1 AND terminal_id = $2 AND incarnation = $3
           AND seq = ANY($4) AND seq <> ALL($5)",
        &[&terminal.organization, &terminal.id, &terminal.incarnation, &tried, &still],
    )
    .await?;
    Ok(())
}

/// What waits at a site, for people: one line a fact.
pub(crate) async fn list(database: &Database, site: &Place<'_>) -> anyhow::Result<Vec<String>> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    site.enter(&tx).await?;
    site.require(&tx).await?;
    let rows = tx
        .query(
            "SELECT t.code, q.seq, q.code, q.attempts, q.created_at, coalesce(q.detail, '')
             FROM edge.quarantine q JOIN edge.terminals t USING (organization_id, terminal_id)
             WHERE q.resolved_at IS NULL ORDER BY t.code, q.seq",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (terminal, seq, code): (String, i64, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let (attempts, since): (i32, jiff::Timestamp) = (row.try_get(3)?, row.try_get(4)?);
            let detail: String = row.try_get(5)?;
            Ok(format!("{terminal}\t{seq}\t{code}\t{attempts}\t{since:.0}\t{detail}"))
        })
        .collect()
}
