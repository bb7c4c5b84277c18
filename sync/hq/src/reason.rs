//! Reasons of stops that headquarters no longer has as terminals know them: merged into another one, or gone
//! while facts that name them wait. The key decides, never the label; what people read when they explained a
//! stop stays beside it, and so does the type it had then.

use anyhow::Context as _;
use clap::Subcommand;
use deadpool_postgres::Transaction;
use kart_core::fact::{Body, Fact};
use serde_json::json;
use uuid::Uuid;

use crate::{
    cli::{SiteArgs, say},
    database::{Database, Role, begin},
    names::Names,
    people::person,
    quarantine::{self, Retried},
    site::{self, Place},
};

/// Reasons of stops.
#[derive(Subcommand)]
pub(crate) enum ReasonCommand {
    /// One reason counts as another one from now on, also where it was given before.
    Merge {
        #[command(flatten)]
        site: SiteArgs,
        /// Code, `Group/code` or key of the one that goes.
        #[arg(long)]
        from: String,
        /// Of the one that stays.
        #[arg(long)]
        into: String,
        /// Badge or key of the person who decides.
        #[arg(long)]
        by: String,
    },
}

/// What becomes of all facts that wait for a reason whose row is gone.
pub(crate) enum Fate<'a> {
    /// It is there again, out of use, by the name that people read.
    Keep,
    /// It counts as this one.
    CountsAs(&'a str),
}

pub(crate) async fn run(database: &Database, command: ReasonCommand) -> anyhow::Result<()> {
    let ReasonCommand::Merge { site, from, into, by } = command;
    let place = site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    site::lock(&tx, &place).await?;
    let (person, _) = person(&tx, &place, &by).await?;
    let (from, into) = (find(&tx, &place, &from).await?, find(&tx, &place, &into).await?);
    anyhow::ensure!(from != into, "it is the same reason");
    goes_by(&tx, &place, from, into).await?;
    let over =
        "UPDATE oee_downtime_reasons SET is_active = false, updated_at = now() WHERE id = $1";
    tx.execute(over, &[&from]).await?;
    audit(&tx, &place, (person, "reason merged"), json!({ "reason_id": from, "into": into }))
        .await?;
    site::publish(&tx, &place, true).await?;
    let events = report_as(&tx, from, into).await?;
    tx.commit().await?;
    drop(client);
    let Retried { applied, waiting } = quarantine::retry_site(database, &place, true).await?;
    say(&format!(
        "{events} stops count as the other reason now; {applied} waiting facts applied, {waiting} still wait"
    ))
}

/// One decision for all facts that wait for a reason whose row is gone. Answers for how many.
pub(crate) async fn decide(
    database: &Database,
    place: &Place<'_>,
    (reason, fate): (Uuid, Fate<'_>),
    (by, note): (&str, Option<&str>),
) -> anyhow::Result<Retried> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    site::lock(&tx, place).await?;
    let (person, _) = person(&tx, place, by).await?;
    let there = "SELECT FROM oee_downtime_reasons WHERE id = $1";
    anyhow::ensure!(tx.query_opt(there, &[&reason]).await?.is_none(), "that reason is there");
    let said = said(&tx, reason).await?;
    let (label, group_type) =
        said.with_context(|| format!("no fact that waits names the reason {reason}"))?;
    let into = match fate {
        Fate::Keep => {
            make_again(&tx, place, reason, (&label, &group_type)).await?;
            None
        },
        Fate::CountsAs(other) => {
            let other = find(&tx, place, other).await?;
            goes_by(&tx, place, reason, other).await?;
            Some(other)
        },
    };
    let detail = json!({ "reason_id": reason, "label": label, "into": into, "note": note });
    audit(&tx, place, (person, "reason of waiting facts decided"), detail).await?;
    site::publish(&tx, place, true).await?;
    tx.commit().await?;
    drop(client);
    quarantine::retry_site(database, place, true).await
}

/// The key of the one reason that is called so.
async fn find(tx: &Transaction<'_>, place: &Place<'_>, called: &str) -> anyhow::Result<Uuid> {
    let key = called.parse().ok().map(|key: Uuid| key);
    let key = match key {
        Some(key) => Some(Names::read(tx).await?.id(key)),
        None => None,
    };
    let rows = tx
        .query(
            "SELECT r.id FROM oee_downtime_reasons r JOIN oee_downtime_groups g ON g.id = r.group_id
             WHERE g.site_id = $1 AND (r.id = $3 OR $2 IN (r.code, g.name || '/' || r.code))
             ORDER BY r.id LIMIT 2",
            &[&place.id(), &called, &key],
        )
        .await?;
    match rows.as_slice() {
        [row] => Ok(row.try_get(0)?),
        [] => anyhow::bail!("{} has no reason {called} of stops", place.code),
        _ => anyhow::bail!("several reasons are called {called}; say Group/code"),
    }
}

/// What is said under one key counts for another row from now on.
async fn goes_by(
    tx: &Transaction<'_>,
    place: &Place<'_>,
    name: Uuid,
    row: Uuid,
) -> anyhow::Result<()> {
    // Whatever went by the name of the one that goes, goes on with it.
    tx.execute(
        "UPDATE edge.reference_names SET id = $2, merged = true, named_at = clock_timestamp()
         WHERE id = $1",
        &[&name, &row],
    )
    .await?;
    tx.execute(
        "INSERT INTO edge.reference_names (organization_id, site_id, name, id, tbl, merged)
         VALUES ($1, $2, $3, $4, 'oee_downtime_reasons', true)
         ON CONFLICT (organization_id, site_id, name)
             DO UPDATE SET id = excluded.id, merged = true, named_at = clock_timestamp()",
        &[&place.organization, &place.id(), &name, &row],
    )
    .await?;
    Ok(())
}

/// Rows that name the reason name the other one; their labels and types stay as they were read.
async fn report_as(tx: &Transaction<'_>, from: Uuid, into: Uuid) -> anyhow::Result<u64> {
    // No push commits in between by what the names were before, however long the rows of a site take.
    tx.batch_execute(
        "SET LOCAL ROLE kart_gateway; SET LOCAL statement_timeout = 0;
         SELECT FROM edge.terminals ORDER BY terminal_id FOR UPDATE",
    )
    .await?;
    let events = "UPDATE oee_machine_events SET downtime_reason_id = $2, updated_at = now()
                  WHERE downtime_reason_id = $1";
    let events = tx.execute(events, &[&from, &into]).await?;
    let said = "UPDATE edge.stop_explanations SET reason_id = $2, updated_at = now()
                WHERE reason_id = $1";
    tx.execute(said, &[&from, &into]).await?;
    // What rows are written from, so that the next fact of a stop, and a refold, agree with them.
    let folded = "UPDATE edge.records
                  SET state = replace(state::text, $1::text, $2::text)::jsonb, updated_at = now()
                  WHERE kind = 'interval' AND state::text LIKE '%' || $1::text || '%'";
    tx.execute(folded, &[&from.to_string(), &into.to_string()]).await?;
    Ok(events)
}

/// What people read when they gave the reason: its name, and the type of its group.
async fn said(tx: &Transaction<'_>, wanted: Uuid) -> anyhow::Result<Option<(String, String)>> {
    let rows = tx
        .query(
            "SELECT i.line FROM edge.quarantine q
             JOIN edge.inbox i USING (organization_id, terminal_id, incarnation, seq)
             WHERE q.resolved_at IS NULL AND q.code = 'unresolved_ref' AND q.detail LIKE '%' || $1 || '%' ORDER BY q.created_at DESC",
            &[&wanted.to_string()],
        )
        .await?;
    for row in &rows {
        let fact = Fact::parse(row.try_get(0)?)?;
        match fact.fact {
            Body::StopExplained { reason, label, group_type, .. } if reason.0 == wanted => {
                return Ok(Some((label, group_type)));
            },
            _ => {},
        }
    }
    Ok(None)
}

/// The row is there again, out of use, in the first group of its type.
async fn make_again(
    tx: &Transaction<'_>,
    place: &Place<'_>,
    reason: Uuid,
    (label, group_type): (&str, &str),
) -> anyhow::Result<()> {
    let mark: String = reason.simple().to_string().chars().take(8).collect();
    let made = tx
        .execute(
            "INSERT INTO oee_downtime_reasons (id, group_id, code, name, is_active, sort_order)
             SELECT $1, g.id, $2, $3, false, 0 FROM oee_downtime_groups g
             WHERE g.site_id = $4 AND g.type = $5 ORDER BY g.sort_order, g.name LIMIT 1",
            &[&reason, &mark, &label, &place.id(), &group_type],
        )
        .await?;
    anyhow::ensure!(made == 1, "{} has no group of the type {group_type} any more", place.code);
    Ok(())
}

async fn audit(
    tx: &Transaction<'_>,
    place: &Place<'_>,
    (person, action): (Uuid, &str),
    detail: serde_json::Value,
) -> anyhow::Result<()> {
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail) VALUES ($1, $2, $3, $4)",
        &[&place.organization, &format!("user {person}"), &action, &detail],
    )
    .await?;
    Ok(())
}
