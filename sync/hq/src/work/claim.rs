//! A job is claimed by locking its row for as long as it is worked on: a worker that dies loses its
//! connection and with it the claim, and as long as it lives nobody else gets the job.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use super::kind::{Kind, Where};
use crate::database::{Role, begin};

/// How often the claim is looked after.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A job that is this worker's.
pub(super) struct Claim<'c> {
    tx: Transaction<'c>,
    id: Uuid,
    pub(super) kind: Kind,
    pub(super) place: Where,
}

impl<'c> Claim<'c> {
    /// The most urgent job that nobody works on. That it was begun is written down first, so that
    /// one that ends every worker is given up in the end.
    pub(super) async fn take(client: &'c mut Object, name: &str) -> anyhow::Result<Option<Self>> {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        let begun = {
            let tx = begin(client, Role::Worker).await?;
            let begun = tx
                .query_opt(
                    "UPDATE jobs
                     SET status = 'running', attempts = attempts + 1, locked_by = $2,
                         locked_at = clock_timestamp(), updated_at = now()
                     WHERE id = (
                         SELECT id FROM jobs
                         WHERE job_type = ANY($1) AND run_after <= now()
                           AND (status = 'queued' OR status = 'running'
                                AND locked_at < clock_timestamp() - interval '5 s')
                         ORDER BY priority DESC, run_after, id
                         LIMIT 1 FOR UPDATE SKIP LOCKED)
                     RETURNING id",
                    &[&words, &name],
                )
                .await?;
            tx.commit().await?;
            begun
        };
        let Some(begun) = begun else { return Ok(None) };
        let id: Uuid = begun.try_get(0)?;
        let tx = begin(client, Role::Worker).await?;
        // The claim is idle while the work is done elsewhere.
        tx.batch_execute("SET LOCAL idle_in_transaction_session_timeout = '60s'").await?;
        let row = tx
            .query_opt(
                "SELECT coalesce(organization_id, '*'), job_type, payload,
                        attempts > max_attempts
                 FROM jobs WHERE id = $1 AND locked_by = $2
                 FOR UPDATE SKIP LOCKED",
                &[&id, &name],
            )
            .await?;
        // Somebody else found it without a claim in between.
        let Some(row) = row else { return Ok(None) };
        let (organization, word): (String, &str) = (row.try_get(0)?, row.try_get(1)?);
        let payload: Value = row.try_get(2)?;
        let site = payload["site_id"].as_str().and_then(|id| id.parse().ok());
        let place = Where { organization, site: site.unwrap_or_default() };
        let Some(kind) = Kind::of(word) else { return Ok(None) };
        let claim = Self { tx, id, kind, place };
        if row.try_get(3)? {
            claim.end("failed", None, Some("it ended its worker too often")).await?;
            return Ok(None);
        }
        Ok(Some(claim))
    }

    /// Ends when the claim does not hold any more.
    pub(super) async fn lost(&self) -> anyhow::Error {
        loop {
            sleep(HEARTBEAT).await;
            if let Err(fault) = self.tx.execute("SELECT 1", &[]).await {
                return fault.into();
            }
        }
    }

    /// Moves the job to the history; one that failed waits for its next attempt, if it has one.
    pub(super) async fn finish(self, done: anyhow::Result<String>) -> anyhow::Result<()> {
        match done {
            Ok(did) => self.end("completed", Some(&did), None).await,
            Err(fault) => {
                let fault = format!("{fault:#}");
                let again = self
                    .tx
                    .execute(
                        "UPDATE jobs
                         SET status = 'queued', last_error = $2, locked_by = NULL,
                             locked_at = NULL, updated_at = now(),
                             -- 2, 4, 8 … seconds, ten minutes at most; uneven, so that what failed
                             -- together does not come again together.
                             run_after = now() + make_interval(secs =>
                                 least(power(2, attempts), 600) * (0.5 + random() / 2))
                         WHERE id = $1 AND attempts < max_attempts",
                        &[&self.id, &fault],
                    )
                    .await?;
                if again == 1 {
                    self.tx.commit().await?;
                    return Ok(());
                }
                self.end("failed", None, Some(&fault)).await
            },
        }
    }

    async fn end(self, status: &str, did: Option<&str>, fault: Option<&str>) -> anyhow::Result<()> {
        self.tx
            .execute(
                "WITH done AS (DELETE FROM jobs WHERE id = $1 RETURNING *)
                 INSERT INTO job_history
                     (organization_id, job_id, job_type, payload, status, attempts, last_error,
                      started_at, finished_at)
                 SELECT organization_id, id, job_type,
                        payload || jsonb_strip_nulls(jsonb_build_object('did', $3::text)),
                        $2, attempts, coalesce($4, last_error), locked_at, clock_timestamp()
                 FROM done",
                &[&self.id, &status, &did, &fault],
            )
            .await?;
        self.tx.commit().await?;
        Ok(())
    }
}
