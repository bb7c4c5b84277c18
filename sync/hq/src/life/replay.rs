//! What a life of a log adds up to, read page by page over as many requests as it takes: a life may
//! have millions of facts, and whoever asks waits half a minute at most. What was read is kept with
//! the fact it is as of. Which life it is, and what becomes of it, is decided elsewhere.

use std::{sync::LazyLock, time::Duration};

use deadpool_postgres::Transaction;
use kart_core::{
    fact::Fact,
    id::{Incarnation, Origin, TerminalId},
    plant::Plant,
    record::FOLD_VERSION,
};
use tokio::time::Instant;
use tokio_postgres::{Row, types::Json as Document};

use super::Life;
use crate::{
    auth::Terminal,
    database::{from_bigint, to_bigint},
    problem::Refusal,
};

/// So many facts are held in memory at a time.
const PAGE: usize = 2_000;
/// Another release, or another fold, may make something else of a fact.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}/{FOLD_VERSION}", env!("CARGO_PKG_VERSION")));

/// How far a request has come.
pub(super) enum Replayed {
    /// To the end.
    Whole(Box<Plant>),
    /// To this fact; the next request goes on behind it.
    UpTo(u64),
}

/// Reads on in a life for about `limit`, one page at least. The caller holds the life's lock and
/// commits.
pub(super) async fn replay(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
    limit: Duration,
) -> Result<Replayed, Refusal> {
    let began = Instant::now();
    let mut plant = match read_before(tx, terminal, life).await? {
        Some(plant) => plant,
        None => inherited(tx, terminal, life).await?,
    };
    loop {
        let rows = page(tx, terminal, life, plant.head).await?;
        for row in &rows {
            match Fact::parse(row.try_get(1)?) {
                Ok(fact) => plant.apply(&fact),
                // It stays in the inbox for a gateway that can read it.
                Err(_) => plant.head = from_bigint(row.try_get(0)?),
            }
        }
        let Some(last) = rows.last().filter(|_| rows.len() == PAGE) else {
            forget(tx, terminal, life).await?;
            return Ok(Replayed::Whole(Box::new(plant)));
        };
        if began.elapsed() >= limit {
            keep(tx, terminal, life, &plant, last.try_get(2)?).await?;
            return Ok(Replayed::UpTo(plant.head));
        }
    }
}

async fn page(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
    after: u64,
) -> Result<Vec<Row>, Refusal> {
    let page = tx
        .prepare_cached(
            "SELECT seq, line, hash FROM edge.inbox WHERE organization_id = $1
             AND terminal_id = $2 AND incarnation = $3 AND seq > $4 ORDER BY seq LIMIT $5",
        )
        .await?;
    let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let (organization, after) = (&terminal.organization, to_bigint(after));
    Ok(tx.query(&page, &[organization, &life.terminal, &life.incarnation, &after, &most]).await?)
}

/// What earlier requests have made of the life, as far as it still stands here.
async fn read_before(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
) -> Result<Option<Plant>, Refusal> {
    let row = tx
        .query_opt(
            "SELECT r.plant FROM edge.replays r
             JOIN edge.inbox i USING (organization_id, terminal_id, incarnation, seq, hash)
             WHERE r.organization_id = $1 AND r.terminal_id = $2 AND r.incarnation = $3
               AND r.version = $4",
            &[&terminal.organization, &life.terminal, &life.incarnation, &*VERSION],
        )
        .await?;
    Ok(row.map(|row| row.try_get::<_, Document<Plant>>(0)).transpose()?.map(|plant| plant.0))
}

/// Where the life began.
async fn inherited(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
) -> Result<Plant, Refusal> {
    let incarnation: Incarnation = life.incarnation.parse().map_err(|_| Refusal::unavailable())?;
    let origin = Origin { terminal: TerminalId(life.terminal), incarnation };
    let row = tx
        .query_opt(
            "SELECT plant FROM edge.lives
             WHERE organization_id = $1 AND successor_terminal = $2 AND successor = $3",
            &[&terminal.organization, &life.terminal, &life.incarnation],
        )
        .await?;
    Ok(match row {
        Some(row) => row.try_get::<_, Document<Plant>>(0)?.0.inherit(origin),
        None => Plant::new(origin),
    })
}

async fn keep(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
    plant: &Plant,
    hash: &[u8],
) -> Result<(), Refusal> {
    tx.execute(
        "INSERT INTO edge.replays
             (organization_id, terminal_id, incarnation, version, seq, hash, plant)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (organization_id, terminal_id, incarnation, version) DO UPDATE
         SET seq = excluded.seq, hash = excluded.hash, plant = excluded.plant, at = now()",
        &[
            &terminal.organization,
            &life.terminal,
            &life.incarnation,
            &*VERSION,
            &to_bigint(plant.head),
            &hash,
            &Document(plant),
        ],
    )
    .await?;
    Ok(())
}

async fn forget(tx: &Transaction<'_>, terminal: &Terminal, life: &Life) -> Result<(), Refusal> {
    tx.execute(
        "DELETE FROM edge.replays WHERE organization_id = $1 AND terminal_id = $2",
        &[&terminal.organization, &life.terminal],
    )
    .await?;
    Ok(())
}
