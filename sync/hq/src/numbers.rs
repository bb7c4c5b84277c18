//! Numbers: lent to terminals in blocks, noted when facts use them, found by people.
//!
//! What is lent is never taken back, and gaps are normal. That no two records share a number is
//! held by an index; where it is hurt, by a copied or restored log, both records stand and the
//! second one is marked.

use anyhow::Context as _;
use clap::Subcommand;
use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact},
    id::Origin,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    auth::Terminal,
    cli::{SiteArgs, say_plain},
    database::{Database, Role, begin},
};

#[derive(Subcommand)]
pub(crate) enum NumberCommand {
    /// One line for whatever bears a number: what, number, id, since when.
    Find {
        #[command(flatten)]
        site: SiteArgs,
        /// As it is written, `CH-000017`, or without its zeros, `CH-17`.
        number: String,
    },
    /// One line a block that is lent: what for, prefix, first, last, used so far, terminal.
    Leases(SiteArgs),
}

/// Lends the terminal a further block when it is running short. The caller has locked its row.
pub(crate) async fn lend(
    tx: &Transaction<'_>,
    terminal: Uuid,
) -> Result<(), tokio_postgres::Error> {
    let statement = tx.prepare_cached("SELECT edge.lend_numbers($1, 'batch')").await?;
    tx.execute(&statement, &[&terminal]).await.map(drop)
}

/// Leases pass over what people typed.
async fn pass_over(
    tx: &Transaction<'_>,
    organization: &str,
    (prefixes, numbers): &(Vec<&str>, Vec<i64>),
) -> Result<(), tokio_postgres::Error> {
    // All of them in one order: what was typed names some, lending takes the first.
    let all = tx
        .prepare_cached(
            "SELECT FROM organization_prefixes
             WHERE organization_id = $1 AND entity_type = 'batch'
             ORDER BY prefix COLLATE \"C\" FOR NO KEY UPDATE",
        )
        .await?;
    tx.execute(&all, &[&organization]).await?;
    let statement = tx.prepare_cached("SELECT edge.numbers_were_typed('batch', $1, $2)").await?;
    tx.execute(&statement, &[prefixes, numbers]).await.map(drop)
}

/// Notes the numbers that facts used, whether or not they could be applied yet: those out of leases,
/// and those in the form of leased ones that people typed, which leases pass over from then on.
///
/// Comes after everything that facts change, with lending after it: who waits for a prefix then holds
/// all else that a push locks, and who holds one waits for nothing but the next.
pub(crate) async fn issued<'f>(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    origin: Origin,
    facts: impl Iterator<Item = &'f Fact>,
) -> Result<(), tokio_postgres::Error> {
    let mut records = Vec::new();
    let mut prefixes = Vec::new();
    let mut numbers = Vec::new();
    let mut typed = (Vec::new(), Vec::new());
    let mut provisional = Vec::new();
    // No prefix has one, and Postgres keeps no NUL.
    let plain = |prefix: &str| !prefix.chars().any(char::is_control);
    for fact in facts {
        let Body::BatchStarted(started) = &fact.fact else { continue };
        match &started.lease {
            Some(leased) if plain(&leased.prefix) => {
                records.push(origin.record(fact.seq).0);
                prefixes.push(leased.prefix.as_str());
                numbers.push(leased.number);
            },
            Some(_) => {},
            // A number that no index takes stays what it is.
            None if started.special.provisional && !fits(&started.number) => {},
            None if started.special.provisional => {
                provisional.push((origin.record(fact.seq).0, started.number.as_str()));
            },
            None => {
                if let Some((prefix, number)) = parts(&started.number).filter(|(p, _)| plain(p)) {
                    typed.0.push(prefix);
                    typed.1.push(number);
                }
            },
        }
    }
    if !typed.0.is_empty() {
        pass_over(tx, &terminal.organization, &typed).await?;
    }
    make_official(tx, &provisional).await?;
    if records.is_empty() {
        return Ok(());
    }
    // The first pass lets the index decide; what it left out is new only where it clashes.
    for clash in [false, true] {
        let statement = tx
            .prepare_cached(
                "INSERT INTO edge.numbers_issued
                     (organization_id, record_id, site_id, entity_type, prefix, number,
                      terminal_id, incarnation, clash)
                 SELECT $1, f.record, $2, 'batch', f.prefix, f.number, $3, $4, $5
                 FROM unnest($6::uuid[], $7::text[], $8::bigint[]) AS f(record, prefix, number)
                 WHERE f.number > 0 AND length(f.prefix) BETWEEN 1 AND 20
                 ORDER BY f.prefix, f.number
                 ON CONFLICT DO NOTHING RETURNING prefix, number, record_id",
            )
            .await?;
        let Terminal { organization, site, id, incarnation, .. } = terminal;
        let rows = tx
            .query(
                &statement,
                &[organization, site, id, incarnation, &clash, &records, &prefixes, &numbers],
            )
            .await?;
        for row in rows.iter().filter(|_| clash) {
            note_clash(tx, terminal, row).await?;
        }
    }
    Ok(())
}

/// Two records have one number: both stand, and somebody is told.
async fn note_clash(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    row: &Row,
) -> Result<(), tokio_postgres::Error> {
    let (prefix, number): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    let record: Uuid = row.try_get(2)?;
    tracing::warn!(prefix, number, %record, "another record had this number already");
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq', 'number clash', jsonb_build_object('prefix', $2::text,
             'number', $3::bigint, 'record_id', $4::uuid, 'terminal_id', $5::uuid))",
        &[&terminal.organization, &prefix, &number, &record, &terminal.id],
    )
    .await
    .map(drop)
}

/// Whether a provisional number is one that people could have read.
fn fits(number: &str) -> bool {
    number.len() <= 200 && !number.chars().any(char::is_control)
}

/// What a terminal without a block has numbered by itself gets an official number, once.
async fn make_official(
    tx: &Transaction<'_>,
    provisional: &[(Uuid, &str)],
) -> Result<(), tokio_postgres::Error> {
    for (record, number) in provisional {
        let statement = tx.prepare_cached("SELECT edge.give_number('batch', $1, $2)").await?;
        let official: Option<String> =
            tx.query_one(&statement, &[record, number]).await?.try_get(0)?;
        tracing::info!(%record, number, official, "an official number");
    }
    Ok(())
}

/// `PREFIX` and the number of a leased one, however many zeros were typed.
fn parts(number: &str) -> Option<(&str, i64)> {
    let (prefix, digits) = number.trim().rsplit_once('-')?;
    Some((prefix, digits.parse().ok()?))
}

const FIND: &str = "
    SELECT concat_ws(E'\\t', found.what, found.number, found.id, found.since) FROM (
        SELECT 'batch' AS what, d.batch_number AS number, d.event_id::text AS id,
               e.start_ts::text AS since
        FROM oee_batch_details d JOIN oee_machine_events e ON e.id = d.event_id
        WHERE d.batch_number = $1
        UNION
        SELECT 'batch', d.batch_number, d.event_id::text, e.start_ts::text
        FROM edge.numbers_issued i
        JOIN oee_batch_details d ON d.event_id = i.record_id
        JOIN oee_machine_events e ON e.id = d.event_id
        WHERE (i.prefix, i.number) = ($2, $3)
        UNION
        SELECT 'official', o.official || ' is ' || o.provisional, o.record_id::text,
               o.given_at::text
        FROM edge.official_numbers o
        WHERE o.provisional = $1 OR (o.prefix, o.number) = ($2, $3)
        UNION
        SELECT 'batch', d.batch_number, d.event_id::text, e.start_ts::text
        FROM edge.official_numbers o
        JOIN oee_batch_details d ON d.batch_number = o.provisional
        JOIN oee_machine_events e ON e.id = d.event_id
        WHERE (o.prefix, o.number) = ($2, $3)
        UNION
        SELECT 'clash', i.prefix || '-' || i.number, i.record_id::text, i.issued_at::text
        FROM edge.numbers_issued i WHERE (i.prefix, i.number) = ($2, $3) AND i.clash
        UNION
        SELECT 'job', j.job_number, j.id::text, j.created_at::text
        FROM ops_jobs j WHERE j.job_number = $1
        UNION
        SELECT 'lent to ' || t.code, l.prefix || '-' || l.first_number || '..' || l.last_number,
               l.terminal_id::text, l.granted_at::text
        FROM edge.number_leases l JOIN edge.terminals t USING (organization_id, terminal_id)
        WHERE l.prefix = $2 AND $3 BETWEEN l.first_number AND l.last_number
    ) found ORDER BY found.what, found.since";

const LEASES: &str = "
    SELECT concat_ws(E'\\t', l.entity_type, l.prefix, l.first_number, l.last_number,
                     (SELECT count(*) FROM edge.numbers_issued i
                      WHERE i.organization_id = l.organization_id AND i.prefix = l.prefix
                        AND i.entity_type = l.entity_type
                        AND i.number BETWEEN l.first_number AND l.last_number),
                     t.code, l.incarnation)
    FROM edge.number_leases l JOIN edge.terminals t USING (organization_id, terminal_id)
    ORDER BY l.entity_type, l.prefix, l.first_number";

pub(crate) async fn run(database: &Database, command: NumberCommand) -> anyhow::Result<()> {
    let (NumberCommand::Find { site, .. } | NumberCommand::Leases(site)) = &command;
    let place = site.place();
    let mut client = database.client().await.context("cannot reach the database")?;
    let tx = begin(&mut client, Role::Gateway).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let rows = match &command {
        NumberCommand::Find { number, .. } => {
            let (prefix, value) = parts(number).unwrap_or(("", 0));
            tx.query(FIND, &[&number.trim(), &prefix, &value]).await?
        },
        NumberCommand::Leases(_) => tx.query(LEASES, &[]).await?,
    };
    rows.iter().try_for_each(|row| say_plain(row.try_get(0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_do_not_matter() {
        assert_eq!(parts("CH-000017"), Some(("CH", 17)));
        assert_eq!(parts(" CH-17 "), Some(("CH", 17)));
        assert_eq!(parts("CH"), None);
        assert_eq!(parts("CH-T-07abcde-3"), Some(("CH-T-07abcde", 3)));
    }
}
