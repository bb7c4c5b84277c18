//! Durable facts per second of the store, beside a plain SQLite loop that writes the same rows in the same tables with
//! the same settings: the limit that the store cannot pass. Both run by turns, so that a disk that changes its mood
//! changes it for both.

use std::path::Path;
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

/// A disk, where `/tmp` may be memory.
const DISK: &str = "/var/tmp";
/// How many different rows the plain loop has to write.
const TEMPLATES: usize = 1_000;
const INSERT_FACT: &str = "INSERT INTO facts VALUES (?, ?, ?, ?)";
const INSERT_COUNT: &str =
    "INSERT INTO edge_production_counts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// One row of the table of results.
#[derive(Debug, Serialize)]
pub struct Speed {
    /// Callers that each wait for their fact to be durable; the plain loop writes as many rows in one commit.
    pub callers: usize,
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
    append_for(&store, callers, turn / 4).await?;
    plain.write_for(callers, turn / 4)?;
    let (mut stores, mut plains, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _run in 0..runs {
        let ours = append_for(&store, callers, turn).await?;
        let limit = plain.write_for(callers, turn)?;
        stores.push(ours);
        plains.push(limit);
        ratios.push(ours / limit);
    }
    store.close().await?;
    ratios.sort_by(f64::total_cmp);
    Ok(Speed {
        callers,
        store: median(stores),
        plain: median(plains),
        lowest: ratios.first().copied().unwrap_or_default(),
        highest: ratios.last().copied().unwrap_or_default(),
        ratio: median(ratios),
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Each caller appends one fact after the other; facts per second of all of them.
async fn append_for(store: &Store, callers: usize, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
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
    let mut facts = 0.0;
    while let Some(ended) = tasks.join_next().await {
        facts += f64::from(ended??);
    }
    Ok(facts / began.elapsed().as_secs_f64())
}

/// A loop without chain, rules or queue, over a file that the store has laid out.
struct Plain {
    connection: Connection,
    facts: Vec<Vec<Value>>,
    counts: Vec<Vec<Value>>,
    seq: i64,
}

impl Plain {
    /// Lets the store write some facts, and takes the rows they became as what to write.
    async fn prepare(folder: &TempDir) -> anyhow::Result<Self> {
        let store = Store::open(options(folder.path()))?;
        let drafts = (0..TEMPLATES).map(|n| draft(i64::try_from(n).unwrap_or_default())).collect();
        let head = store.append(Append { drafts, ..Append::default() }).await?;
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
        Ok(Self { connection, facts, counts, seq: i64::try_from(head.seq)? })
    }

    /// Rows per second with so many in each commit.
    fn write_for(&mut self, rows: usize, time: Duration) -> anyhow::Result<f64> {
        let began = Instant::now();
        let mut written = 0.0;
        let Self { connection, facts, counts, seq } = self;
        let mut templates = facts.iter().zip(counts.iter()).cycle();
        while began.elapsed() < time {
            let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut insert_fact = sql.prepare_cached(INSERT_FACT)?;
                let mut insert_count = sql.prepare_cached(INSERT_COUNT)?;
                for (fact, count) in templates.by_ref().take(rows) {
                    *seq += 1;
                    let number = Value::Integer(*seq);
                    insert_fact.execute(params_from_iter(std::iter::once(&number).chain(fact)))?;
                    insert_count.execute(params_from_iter(count))?;
                    written += 1.0;
                }
            }
            sql.commit()?;
        }
        Ok(written / began.elapsed().as_secs_f64())
    }
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

/// The fact that a busy plant writes most: a counter rose by one.
fn draft(n: i64) -> Draft {
    let at = Stamp { wall_us: Micros(1_790_000_000_000_000 + n), mono_us: n };
    let body = Body::Counted(Counted {
        equipment: EquipmentId(Uuid::from_u128(0x211_0000_0000)),
        source: "good".to_owned(),
        counter: CounterKind::Good,
        epoch: 0,
        raw_from: 65_000 + n,
        raw_to: 65_001 + n,
        quantity: 1,
        verdict: Verdict::Increase,
        since: at,
        until: at.plus(1),
        batch: None,
    });
    Draft { at, boot: Boot("0a1b2c3d".to_owned()), by: None, key: None, body, texts: Vec::new() }
}
