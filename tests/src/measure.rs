//! Durable facts per second of the store, beside a plain SQLite loop that writes the same rows in the same tables with
//! the same settings: the limit that the store cannot pass. Both run by turns, so that a disk that changes its mood
//! changes it for both.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kart_core::counter::{CounterKind, Verdict};
use kart_core::fact::{Body, Counted, Draft};
use kart_core::id::{EquipmentId, Incarnation, Origin, SiteId, TerminalId};
use kart_core::record::Tenant;
use kart_core::time::{Boot, Micros, Stamp};
use kart_store::{Append, Store, StoreOptions};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params_from_iter};
use serde::Serialize;
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

pub mod drain;
pub mod light;
pub mod many;

/// A disk, where `/tmp` may be memory.
const DISK: &str = "/var/tmp";
/// How many different rows the plain loop has to write.
const TEMPLATES: usize = 1_000;
/// Commits of that many rows before the first turn: several times around the write-ahead log.
const WARM_UP: usize = 30;

/// One row of the table of results.
#[derive(Debug, Serialize)]
pub struct Speed {
    /// Callers that each wait until their fact is durable before they bring the next.
    pub callers: usize,
    /// Facts that the store made durable in one commit, on average; the plain loop writes as many.
    pub per_commit: usize,
    /// Durable facts per second of the store: the median of the runs.
    pub store: f64,
    /// The same of the plain loop.
    pub plain: f64,
    /// The median of the ratios within one run, and the lowest and highest of them.
    pub ratio: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// Measures with so many callers at once, in `runs` turns of `turn` for each side.
pub async fn store_speed(callers: usize, runs: usize, turn: Duration) -> anyhow::Result<Speed> {
    let folder = tempfile::Builder::new().prefix("kart-measure-").tempdir_in(DISK)?;
    let plain = tempfile::Builder::new().prefix("kart-measure-").tempdir_in(DISK)?;
    let mut plain = Plain::prepare(&plain).await?;
    let store = Store::open(options(folder.path()))?;
    // A log file that still grows costs the file system more than one that is written over.
    for _ in 0..WARM_UP {
        store.append(Append { drafts: templates(), ..Append::default() }).await?;
        plain.commit(TEMPLATES)?;
    }
    let (mut stores, mut plains, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut groups = Vec::new();
    for _ in 0..runs {
        let (ours, per_commit) = append_for(&store, callers, turn).await?;
        let limit = plain.write_for(per_commit, turn)?;
        groups.push(per_commit);
        stores.push(ours);
        plains.push(limit);
        ratios.push(ours / limit);
    }
    store.close().await?;
    ratios.sort_by(f64::total_cmp);
    groups.sort_unstable();
    Ok(Speed {
        callers,
        per_commit: groups.get(runs / 2).copied().unwrap_or_default(),
        store: median(stores),
        plain: median(plains),
        lowest: ratios.first().copied().unwrap_or_default(),
        highest: ratios.last().copied().unwrap_or_default(),
        ratio: median(ratios),
    })
}

/// The middle of them.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Each caller appends one fact after the other. Facts per second of all of them, and facts per commit.
async fn append_for(store: &Store, callers: usize, time: Duration) -> anyhow::Result<(f64, usize)> {
    let began = Instant::now();
    let mut watching = JoinSet::new();
    let mut head = store.head();
    let commits = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&commits);
    watching.spawn(async move {
        while head.changed().await.is_ok() {
            seen.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut tasks = JoinSet::new();
    for _caller in 0..callers {
        let store = store.clone();
        tasks.spawn(async move {
            let mut facts = 0_u32;
            while began.elapsed() < time {
                let drafts = vec![draft(i64::from(facts))];
                store.append(Append { drafts, ..Append::default() }).await?;
                facts += 1;
            }
            anyhow::Ok(facts)
        });
    }
    let mut facts = 0;
    while let Some(ended) = tasks.join_next().await {
        facts += ended??;
    }
    let rate = f64::from(facts) / began.elapsed().as_secs_f64();
    let commits = commits.load(Ordering::Relaxed).max(1);
    let per_commit = (usize::try_from(facts)? + commits / 2) / commits;
    Ok((rate, per_commit.clamp(1, callers)))
}

/// Different facts, as many as fit in one commit.
fn templates() -> Vec<Draft> {
    (0..TEMPLATES).map(|n| draft(i64::try_from(n).unwrap_or_default())).collect()
}

/// A loop without chain, rules or queue, over a file that the store has laid out.
struct Plain {
    connection: Connection,
    facts: Vec<Vec<Value>>,
    counts: Vec<Vec<Value>>,
    insert_fact: String,
    insert_count: String,
    seq: i64,
}

impl Plain {
    /// Lets the store write some facts, and takes the rows they became as what to write.
    async fn prepare(folder: &TempDir) -> anyhow::Result<Self> {
        let store = Store::open(options(folder.path()))?;
        let head = store.append(Append { drafts: templates(), ..Append::default() }).await?;
        store.close().await?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(folder.path().join("facts.db"), flags)?;
        connection.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -2048",
        )?;
        let facts = rows(&connection, "SELECT line, hash, key FROM facts ORDER BY seq")?;
        let counts = rows(&connection, "SELECT * FROM edge_production_counts")?;
        anyhow::ensure!(facts.len() == TEMPLATES && counts.len() == TEMPLATES, "the rows to write");
        // A fact's first column is its number.
        let insert_fact = insert("facts", facts.first().map_or(0, |row| row.len() + 1));
        let insert_count = insert("edge_production_counts", counts.first().map_or(0, Vec::len));
        let seq = i64::try_from(head.seq)?;
        Ok(Self { connection, facts, counts, insert_fact, insert_count, seq })
    }

    /// Rows per second with so many in each commit.
    fn write_for(&mut self, rows: usize, time: Duration) -> anyhow::Result<f64> {
        let began = Instant::now();
        let mut written = 0.0;
        while began.elapsed() < time {
            written += self.commit(rows)?;
        }
        Ok(written / began.elapsed().as_secs_f64())
    }

    fn commit(&mut self, rows: usize) -> anyhow::Result<f64> {
        let sql = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut written = 0.0;
        {
            let mut insert_fact = sql.prepare_cached(&self.insert_fact)?;
            let mut insert_count = sql.prepare_cached(&self.insert_count)?;
            for (fact, count) in self.facts.iter().zip(&self.counts).cycle().take(rows) {
                self.seq += 1;
                let number = Value::Integer(self.seq);
                insert_fact.execute(params_from_iter(std::iter::once(&number).chain(fact)))?;
                insert_count.execute(params_from_iter(count))?;
                written += 1.0;
            }
        }
        sql.commit()?;
        Ok(written)
    }
}

fn insert(table: &str, columns: usize) -> String {
    format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", "))
}

fn rows(connection: &Connection, statement: &str) -> anyhow::Result<Vec<Vec<Value>>> {
    let mut select = connection.prepare(statement)?;
    let columns = select.column_count();
    let rows = select.query_map([], |row| (0..columns).map(|place| row.get(place)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn options(folder: &Path) -> StoreOptions {
    let terminal = TerminalId(Uuid::from_u128(7));
    StoreOptions {
        folder: folder.to_owned(),
        new_origin: Origin { terminal, incarnation: Incarnation(7) },
        tenant: Tenant { organization: "measure".to_owned(), site: SiteId(Uuid::from_u128(1)) },
    }
}

/// What a busy plant writes most: a counter rose by one, from `n` on.
pub fn part(equipment: EquipmentId, n: i64, at: Stamp) -> Body {
    Body::Counted(Counted {
        equipment,
        source: "good".to_owned(),
        counter: CounterKind::Good,
        epoch: 0,
        raw_from: n,
        raw_to: n + 1,
        quantity: 1,
        verdict: Verdict::Increase,
        since: at,
        until: at.plus(1),
        batch: None,
        map: String::new(),
        raw: None,
    })
}

fn draft(n: i64) -> Draft {
    let at = Stamp { wall_us: Micros(1_790_000_000_000_000 + n), mono_us: n };
    let body = part(EquipmentId(Uuid::from_u128(0x211_0000_0000)), 65_000 + n, at);
    Draft { at, boot: Boot("0a1b2c3d".to_owned()), by: None, key: None, body, texts: Vec::new() }
}
