//! Which terminals a correction goes down to: all that hold a part of its record, whenever that turns
//! out. A headquarters that was put back learns of parts after it got the correction again.

use std::collections::BTreeSet;

use deadpool_postgres::Transaction;
use kart_core::{id::Origin, record::Record};
use kart_planted::{Bug, planted};
use tokio_postgres::Error;
use uuid::Uuid;

use crate::project::{Fold, Writer};

/// The logs that a part of a corrected record is in.
pub fn parts(record: &Record) -> Vec<Origin> {
    let standing = record.stands().filter(|standing| standing.corrected);
    let logs = standing.map(|standing| std::iter::once(standing.owner).chain(standing.others));
    let all = if planted(Bug::CorrectionToOneOnly) { 1 } else { usize::MAX };
    logs.into_iter().flatten().take(all).collect()
}

/// Sends the corrections of records that `fold` has changed to all that hold a part of them.
pub(crate) async fn spread(
    tx: &Transaction<'_>,
    writer: &Writer,
    fold: &Fold<'_>,
) -> Result<(), Error> {
    for id in &fold.changed {
        let logs = fold.records.get(id).map(parts).unwrap_or_default();
        if logs.is_empty() {
            continue;
        }
        let mut terminals = BTreeSet::new();
        for log in logs {
            terminals.insert(heir(tx, &writer.tenant.organization, log).await?);
        }
        let terminals: Vec<Uuid> = terminals.into_iter().collect();
        let statement = tx
            .prepare_cached(
                "UPDATE edge.corrections c
                 SET updated_at = now(), others = c.others || ARRAY(
                     SELECT t FROM unnest($3::uuid[]) t WHERE t <> ALL (c.terminal_id || c.others))
                 WHERE c.organization_id = $1 AND NOT $3 <@ (c.terminal_id || c.others)
                   AND c.record_id IN (SELECT $2 UNION SELECT a.record_id FROM edge.record_aliases a
                                       WHERE a.organization_id = $1 AND a.canonical_id = $2)",
            )
            .await?;
        tx.execute(&statement, &[&writer.tenant.organization, id, &terminals]).await?;
    }
    Ok(())
}

/// The terminal that goes on with what this log told: its own, or the one that took over from it.
pub(super) async fn heir(
    tx: &Transaction<'_>,
    organization: &str,
    owner: Origin,
) -> Result<Uuid, Error> {
    let row = tx
        .query_opt(
            "WITH RECURSIVE heirs AS (
                 SELECT l.successor_terminal AS terminal, l.successor AS incarnation
                 FROM edge.lives l
                 WHERE (l.organization_id, l.terminal_id, l.incarnation) = ($1, $2, $3)
                 UNION
                 SELECT l.successor_terminal, l.successor FROM edge.lives l
                 JOIN heirs h ON (l.organization_id, l.terminal_id, l.incarnation)
                                 = ($1, h.terminal, h.incarnation))
             SELECT h.terminal FROM heirs h
             WHERE NOT EXISTS (SELECT FROM edge.lives l
                               WHERE (l.organization_id, l.terminal_id, l.incarnation)
                                     = ($1, h.terminal, h.incarnation))",
            &[&organization, &owner.terminal.0, &owner.incarnation.to_string()],
        )
        .await?;
    row.map_or(Ok(owner.terminal.0), |row| row.try_get(0))
}
