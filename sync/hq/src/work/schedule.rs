//! What is due: rows of `edge.work` whose time has come become jobs, at most one of a kind and place
//! at a time. Facts that wait are tried as soon as something changed at their site.

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::kind::{Kind, Reach};
use crate::{
    clock,
    database::{Database, Role, begin},
};

/// How often new sites are looked for, in seconds.
const SITES_EVERY: i64 = 30;
/// How soon facts are tried again after a change of a machine's or a station's rows, which a running
/// plant makes all the time. Reference data are rarer and count at once.
const CALM_S: f64 = 30.0;
/// So many changed scopes are told apart; with more, everything has changed.
const MOST_SCOPES: i32 = 10_000;

/// What one worker remembers between two looks.
#[derive(Default)]
pub(super) struct Schedule {
    sites_at: Option<i64>,
    /// Everything visible in this snapshot has been looked at.
    seen: Option<String>,
}

/// Makes kinds of work due now, everywhere.
pub(super) async fn make_due(database: &Database, kinds: &[Kind]) -> anyhow::Result<()> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Worker).await?;
    enlist(&tx).await?;
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    tx.execute("UPDATE edge.work SET next_at = now() WHERE kind = ANY($1)", &[&words]).await?;
    tx.commit().await?;
    Ok(())
}

impl Schedule {
    /// Puts what is due on the queue.
    pub(super) async fn plan(&mut self, database: &Database) -> anyhow::Result<()> {
        let mut client = database.client().await?;
        let tx = begin(&mut client, Role::Worker).await?;
        let now = clock::now_s();
        let look = self.sites_at.is_none_or(|at| !(at..at + SITES_EVERY).contains(&now));
        if look {
            enlist(&tx).await?;
        }
        let seen = changed(&tx, self.seen.as_deref()).await?;
        for kind in Kind::ALL {
            queue(&tx, kind).await?;
        }
        tx.commit().await?;
        self.seen = Some(seen);
        if look {
            self.sites_at = Some(now);
        }
        Ok(())
    }
}

/// A row for each kind of work and each place where it is done.
async fn enlist(tx: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    let words = |reach| -> Vec<&str> {
        Kind::ALL.iter().filter(|kind| kind.reach() == reach).map(|kind| kind.word()).collect()
    };
    tx.execute(
        "INSERT INTO edge.work (organization_id, site_id, kind)
         SELECT s.organization_id, s.site_id, k FROM edge.sites s, unnest($1::text[]) k
         UNION SELECT s.organization_id, $4, k FROM edge.sites s, unnest($2::text[]) k
         UNION SELECT '*', $4, k FROM unnest($3::text[]) k
         ON CONFLICT DO NOTHING",
        &[
            &words(Reach::Site),
            &words(Reach::Organization),
            &words(Reach::Everywhere),
            &Uuid::nil(),
        ],
    )
    .await?;
    Ok(())
}

/// Makes the retry due where facts wait and something has changed since `seen`. Answers up to where
/// it has looked.
async fn changed(
    tx: &Transaction<'_>,
    seen: Option<&str>,
) -> Result<String, tokio_postgres::Error> {
    let now: String = tx.query_one("SELECT pg_current_snapshot()::text", &[]).await?.try_get(0)?;
    let Some(seen) = seen else { return Ok(now) };
    if seen == now {
        return Ok(now);
    }
    let statement = tx
        .prepare_cached(
            "WITH changed AS MATERIALIZED (
                 SELECT organization_id, scope
                 FROM edge.changed_since($1::text::pg_snapshot, $2)
                 WHERE scope NOT LIKE 'terminal:%'),
             waiting AS (
                 SELECT DISTINCT t.organization_id, t.site_id
                 FROM edge.quarantine q JOIN edge.terminals t USING (organization_id, terminal_id)
                 WHERE q.resolved_at IS NULL AND EXISTS (SELECT FROM changed))
             UPDATE edge.work w
             SET next_at = least(w.next_at, now() + make_interval(secs => CASE
                 WHEN EXISTS (SELECT FROM changed c WHERE c.organization_id = w.organization_id
                              AND c.scope IN ('org', 'site:' || w.site_id)) THEN 0.0 ELSE $3::float8 END))
             FROM waiting
             WHERE w.kind = $4
               AND (w.organization_id, w.site_id) = (waiting.organization_id, waiting.site_id)
               AND EXISTS (SELECT FROM changed c WHERE c.organization_id = w.organization_id
                           AND (c.scope NOT LIKE 'site:%' OR c.scope = 'site:' || w.site_id))",
        )
        .await?;
    let kind = Kind::QuarantineRetry.word();
    tx.execute(&statement, &[&seen, &MOST_SCOPES, &CALM_S, &kind]).await?;
    Ok(now)
}

/// Jobs for what is due, unless one is under way; the next time is a little uneven, so that many
/// sites do not come at once.
async fn queue(tx: &Transaction<'_>, kind: Kind) -> Result<(), tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "WITH due AS (
                 SELECT w.organization_id, w.site_id FROM edge.work w
                 WHERE w.kind = $1 AND w.next_at <= now()
                   -- While one of its kind is under way a site stays due: what has changed
                   -- meanwhile may have come too late for that one.
                   AND NOT EXISTS (
                     SELECT FROM jobs j
                     WHERE j.job_type = $1 AND j.payload ->> 'site_id' = w.site_id::text
                       AND j.organization_id IS NOT DISTINCT FROM nullif(w.organization_id, '*'))
                 ORDER BY w.next_at LIMIT 100 FOR UPDATE OF w SKIP LOCKED),
             queued AS (
                 INSERT INTO jobs (organization_id, job_type, payload)
                 SELECT nullif(d.organization_id, '*'), $1,
                        jsonb_build_object('site_id', d.site_id)
                 FROM due d)
             UPDATE edge.work w
             SET next_at = now() + make_interval(secs => $2::float8 * (0.9 + random() / 5)),
                 updated_at = now()
             FROM due d
             WHERE w.kind = $1
               AND (w.organization_id, w.site_id) = (d.organization_id, d.site_id)",
        )
        .await?;
    tx.execute(&statement, &[&kind.word(), &kind.every().as_secs_f64()]).await?;
    Ok(())
}
