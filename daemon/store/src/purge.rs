//! Purging: facts that are backed up at headquarters and old enough leave this disk, a few at a
//! time. The chain stays verifiable from the last of them on.

use kart_core::fact::Fact;
use kart_planted::{Bug, planted};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::StoreError;

/// So many facts leave in one transaction: callers wait no longer for it than for a commit.
const STEP: i64 = 500;

/// What one step of purging came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Purged {
    /// Facts that left.
    pub facts: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// What still needs the facts of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Needed {
    /// Last fact that headquarters holds.
    pub acked: i64,
    /// Last fact that headquarters holds in a backup.
    pub safe: i64,
    /// Last fact that the saved plant contains.
    pub plant: i64,
    /// Last fact of all: the next one follows it.
    pub last: i64,
}

impl Needed {
    /// The last fact that nothing needs any more; 0 when there is none.
    pub fn not_up_to(self) -> i64 {
        let safe = if planted(Bug::PurgeAtAck) { self.acked } else { self.safe };
        safe.min(self.acked).min(self.plant).min(self.last - 1).max(0)
    }
}

/// Takes the oldest facts away that headquarters has in a backup and that were recorded before
/// `before_us`. The plant as saved must contain them: the log will not tell them again.
pub(crate) fn step(connection: &mut Connection, before_us: i64) -> Result<Purged, StoreError> {
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let limit = sql.query_row(
        "SELECT acked_seq, safe_seq, coalesce((SELECT seq FROM plant), 0),
                (SELECT coalesce(max(seq), 0) FROM facts)
         FROM sync",
        [],
        |row| {
            let (acked, safe, plant, last) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Needed { acked, safe, plant, last }.not_up_to())
        },
    )?;
    let mut last: Option<(i64, [u8; 32])> = None;
    let mut facts = 0;
    {
        let mut select = sql.prepare_cached(
            "SELECT seq, line, hash FROM facts WHERE seq <= ?1 ORDER BY seq LIMIT ?2",
        )?;
        let mut rows = select.query([limit, STEP])?;
        while let Some(row) = rows.next()? {
            let fact = Fact::parse(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?)?;
            if fact.at.wall_us.0 >= before_us {
                break;
            }
            last = Some((row.get(0)?, row.get(2)?));
            facts += 1;
        }
    }
    let Some((seq, hash)) = last else { return Ok(Purged { facts: 0, more: false }) };
    let genesis: Option<String> = sql
        .query_row(
            "SELECT genesis FROM purged UNION ALL SELECT line FROM facts WHERE seq = 1 LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    sql.execute(
        "INSERT OR REPLACE INTO purged VALUES (1, ?1, ?2, ?3)",
        params![seq, hash, genesis.unwrap_or_default()],
    )?;
    sql.execute("DELETE FROM fact_texts WHERE seq <= ?1", [seq])?;
    sql.execute("DELETE FROM facts WHERE seq <= ?1", [seq])?;
    sql.execute("DELETE FROM quarantine WHERE seq <= ?1", [seq])?;
    sql.commit()?;
    Ok(Purged { facts, more: i64::try_from(facts).is_ok_and(|facts| facts == STEP) })
}
