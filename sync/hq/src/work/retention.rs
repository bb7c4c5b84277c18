//! What was kept for as long as the organisation wants it is erased. Without a row in
//! `edge.retention` a kind is kept; finished background work, which nobody owns, for 90 days.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::kind::Where;
use crate::{
    database::{Database, Role, begin, enter},
    privacy,
    quarantine::command::Outcome,
};

/// Days that finished background work is kept.
const HISTORY_DAYS: i32 = 90;
/// So many texts and people in one run; the next one goes on.
const MOST: i64 = 5_000;

pub(super) async fn apply(database: &Database, place: &Where) -> anyhow::Result<String> {
    let organization = &place.organization;
    let mut client = database.client().await?;
    let mut did = Vec::new();
    let keep = {
        let tx = begin(&mut client, Role::Worker).await?;
        enter(&tx, organization, Uuid::nil()).await?;
        let keep = periods(&tx).await?;
        let days = keep.get("job_history").copied().unwrap_or(HISTORY_DAYS);
        let statement = "DELETE FROM job_history WHERE organization_id = $1
                         AND finished_at < now() - make_interval(days => $2)";
        did.push((tx.execute(statement, &[organization, &days]).await?, "finished jobs"));
        // Nobody asks any more for the new lives that these were read for.
        let statement = "DELETE FROM edge.replays WHERE organization_id = $1
                         AND at < now() - interval '1 day'";
        did.push((tx.execute(statement, &[organization]).await?, "unfinished replays"));
        if let Some(days) = keep.get("audit") {
            let statement = "DELETE FROM edge.audit WHERE organization_id = $1
                             AND at < now() - make_interval(days => $2)";
            did.push((tx.execute(statement, &[organization, days]).await?, "audit entries"));
        }
        if let Some(days) = keep.get("quarantine") {
            // What a person has closed is what keeps the fact from being folded.
            let statement = "DELETE FROM edge.quarantine WHERE organization_id = $1
                             AND resolved_at < now() - make_interval(days => $2)
                             AND coalesce(detail, '') <> ALL($3)";
            let closed: [&(dyn ToSql + Sync); 3] = [organization, days, &Outcome::WORDS];
            did.push((tx.execute(statement, &closed).await?, "closed facts"));
        }
        tx.commit().await?;
        keep
    };
    if let Some(days) = keep.get("texts") {
        let tx = begin(&mut client, Role::Worker).await?;
        did.push((old_texts(&tx, organization, *days).await?, "texts"));
        tx.commit().await?;
    }
    if let Some(days) = keep.get("people") {
        let tx = begin(&mut client, Role::Worker).await?;
        did.push((people_left(&tx, organization, *days).await?, "people"));
        tx.commit().await?;
    }
    let did: Vec<String> = did.iter().map(|(count, what)| format!("{count} {what}")).collect();
    Ok(format!("erased {}", did.join(", ")))
}

async fn periods(tx: &Transaction<'_>) -> Result<BTreeMap<String, i32>, tokio_postgres::Error> {
    let rows = tx.query("SELECT kind, keep_days FROM edge.retention", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn old_texts(
    tx: &Transaction<'_>,
    organization: &str,
    days: i32,
) -> Result<u64, tokio_postgres::Error> {
    enter(tx, organization, Uuid::nil()).await?;
    let rows = tx
        .query(
            "SELECT x.terminal_id, x.incarnation, x.seq FROM edge.fact_texts x
             JOIN edge.inbox i USING (organization_id, terminal_id, incarnation, seq)
             WHERE x.organization_id = $1 AND x.text IS NOT NULL
               AND i.received_at < now() - make_interval(days => $2)
             ORDER BY i.received_at LIMIT $3",
            &[&organization, &days, &MOST],
        )
        .await?;
    let facts = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<Vec<_>, tokio_postgres::Error>>()?;
    privacy::erase_texts(tx, organization, &facts).await
}

/// Whoever is not at any site any more, and has not been for so long.
async fn people_left(
    tx: &Transaction<'_>,
    organization: &str,
    days: i32,
) -> Result<u64, tokio_postgres::Error> {
    enter(tx, organization, Uuid::nil()).await?;
    let rows = tx
        .query(
            "SELECT id FROM users
             WHERE organization_id = $1 AND NOT is_active AND display_name NOT LIKE $2
               AND updated_at < now() - make_interval(days => $3)
             ORDER BY updated_at LIMIT $4",
            &[&organization, &format!("{}%", privacy::NOBODY), &days, &MOST],
        )
        .await?;
    let mut erased = 0;
    for row in &rows {
        privacy::pseudonymise(tx, organization, row.try_get(0)?).await?;
        erased += 1;
    }
    Ok(erased)
}
