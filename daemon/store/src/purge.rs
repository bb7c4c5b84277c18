//! Purging: facts that are backed up at headquarters and old enough leave this disk, a few at a
//! time. The chain stays verifiable from the last of them on. How old a fact is, its stamp does not always
//! say: the clock may have been wrong.

use kart_core::{fact::Fact, time::Moment};
use kart_planted::{Bug, planted};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::BTreeMap;

use crate::StoreError;

/// So many facts leave in one transaction: callers wait no longer for it than for a commit.
const STEP: usize = 500;

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

/// Takes the oldest facts away that headquarters has in a backup and that are older `now` than
/// `keep_us`, microseconds. The plant as saved must contain them: the log will not tell them again.
pub(crate) fn step(
    connection: &mut Connection,
    now: &Moment,
    keep_us: i64,
) -> Result<Purged, StoreError> {
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
    let ages = Ages::of(&sql, now)?;
    let mut seen: Vec<(i64, [u8; 32])> = Vec::new();
    let mut old = 0;
    {
        let mut select =
            sql.prepare_cached("SELECT seq, line, hash FROM facts WHERE seq <= ?1 ORDER BY seq")?;
        let mut rows = select.query([limit])?;
        while let Some(row) = rows.next()?.filter(|_| old < STEP) {
            let fact = Fact::parse(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?)?;
            seen.push((row.get(0)?, row.get(2)?));
            match ages.age(&fact) {
                Some(age_us) if age_us > keep_us => old = seen.len(),
                Some(_) => break,
                // As old as what follows it.
                None => {},
            }
        }
    }
    let facts = old.min(STEP);
    let last = facts.checked_sub(1).and_then(|last| seen.get(last));
    let Some((seq, hash)) = last.copied() else { return Ok(Purged { facts: 0, more: false }) };
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
    Ok(Purged { facts: facts as u64, more: facts == STEP })
}

/// How old facts are, whatever the clock said when they were recorded.
struct Ages<'n> {
    now: &'n Moment,
    /// By how much stamps of a boot were late or early before they were corrected, microseconds.
    by_us: BTreeMap<String, Vec<i64>>,
}

impl<'n> Ages<'n> {
    fn of(sql: &Connection, now: &'n Moment) -> Result<Self, StoreError> {
        let mut by_us: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let select = "SELECT boot, by_us FROM edge_clock_records WHERE kind = 'corrected'";
        let mut select = sql.prepare_cached(select)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            by_us.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        Ok(Self { now, by_us })
    }

    /// The least that it can be, microseconds: within this boot by its clock, otherwise by the latest
    /// that the stamp can mean. `None` for one that lies ahead.
    fn age(&self, fact: &Fact) -> Option<i64> {
        let now = self.now;
        if fact.boot == now.boot {
            return Some(now.at.since(fact.at));
        }
        let corrections = self.by_us.get(&fact.boot.0).map_or(&[][..], Vec::as_slice);
        let all: i64 = corrections.iter().fold(0, |sum, by_us| sum.saturating_add(*by_us));
        let told = now.at.wall_us.0.saturating_sub(fact.at.wall_us.0);
        let means = corrections.iter().chain([&0, &all]).map(|by_us| told.saturating_sub(*by_us));
        means.filter(|age_us| *age_us >= 0).min()
    }
}
