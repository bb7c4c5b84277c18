//! Where the log of a terminal stands at headquarters. Who holds its row is the only one to move it.

use deadpool_postgres::Transaction;
use kart_core::fact::Hash;
use kart_planted::{Bug, planted};
use kart_wire::code;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    auth::{Terminal, require_active},
    database::{from_bigint, to_bigint},
    problem::Refusal,
};

/// The last fact in the inbox.
pub struct Head {
    /// Its number.
    pub watermark: u64,
    /// Its hash.
    pub hash: Hash,
    /// Everything up to here is backed up.
    pub safe_seq: u64,
}

impl Head {
    /// Waits until nobody else works for this terminal, then looks again whether it may.
    pub(crate) async fn lock(tx: &Transaction<'_>, terminal: &Terminal) -> Result<Self, Refusal> {
        let statement = tx
            .prepare_cached(
                "SELECT status, incarnation, watermark, head_hash, safe_seq FROM edge.terminals
                 WHERE organization_id = $1 AND terminal_id = $2 FOR NO KEY UPDATE",
            )
            .await?;
        let row = tx.query_one(&statement, &[&terminal.organization, &terminal.id]).await?;
        require_active(row.try_get(0)?)?;
        if row.try_get::<_, &str>(1)? != terminal.incarnation {
            let detail = "the terminal was enrolled again meanwhile";
            return Err(Refusal::conflict(code::OTHER_INCARNATION, detail));
        }
        Ok(Self {
            watermark: from_bigint(row.try_get(2)?),
            hash: hash_from(&row, 3)?,
            safe_seq: from_bigint(row.try_get(4)?),
        })
    }

    /// Only waits: what is stored is worked on whether or not the terminal may still come.
    pub(crate) async fn wait(
        tx: &Transaction<'_>,
        terminal: &Terminal,
    ) -> Result<(), tokio_postgres::Error> {
        let statement = "SELECT FROM edge.terminals WHERE organization_id = $1
                         AND terminal_id = $2 FOR NO KEY UPDATE";
        tx.query(statement, &[&terminal.organization, &terminal.id]).await?;
        Ok(())
    }

    /// Moves the log's end, and the session's with it. What a second server holds as well when this
    /// is committed is as good as backed up.
    pub(crate) async fn store(
        &self,
        tx: &Transaction<'_>,
        terminal: &Terminal,
        session: Uuid,
    ) -> Result<(), tokio_postgres::Error> {
        let statement = tx
            .prepare_cached(
                "WITH session AS (
                     UPDATE edge.sessions SET watermark = $3
                     WHERE organization_id = $1 AND terminal_id = $2 AND session_id = $5)
                 UPDATE edge.terminals
                 SET watermark = $3, head_hash = $4, last_seen_at = now(), updated_at = now(),
                     safe_seq = CASE WHEN current_setting('synchronous_standby_names') <> ''
                                      AND current_setting('synchronous_commit')
                                          IN ('on', 'remote_apply')
                                     THEN $3 ELSE safe_seq END
                 WHERE organization_id = $1 AND terminal_id = $2",
            )
            .await?;
        let hash: &[u8] = &self.hash.0;
        let (organization, id) = (&terminal.organization, &terminal.id);
        let watermark = to_bigint(self.watermark);
        tx.execute(&statement, &[organization, id, &watermark, &hash, &session]).await?;
        Ok(())
    }
}

/// A request must belong to the newest session: two loops of one terminal cannot both go on.
pub(crate) async fn require_session(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    session: Uuid,
) -> Result<(), Refusal> {
    let statement = tx
        .prepare_cached(
            "SELECT session_id FROM edge.sessions WHERE organization_id = $1 AND terminal_id = $2
             ORDER BY started_at DESC LIMIT 1",
        )
        .await?;
    let newest = tx.query_opt(&statement, &[&terminal.organization, &terminal.id]).await?;
    check_session(newest.map(|row| row.try_get(0)).transpose()?, session)
}

/// Whether a session is the newest of its terminal.
pub fn check_session(newest: Option<Uuid>, session: Uuid) -> Result<(), Refusal> {
    match newest {
        Some(newest) if newest == session || planted(Bug::AnySession) => Ok(()),
        _ => Err(Refusal::conflict(code::STALE_SESSION, "a newer session has begun; say hello")),
    }
}

/// The hash in a column of a row.
pub(crate) fn hash_from(row: &Row, column: usize) -> Result<Hash, Refusal> {
    let bytes: &[u8] = row.try_get(column)?;
    // The schema keeps the length.
    bytes.try_into().map(Hash).map_err(|_| Refusal::unavailable())
}
