//! A log ends and another one goes on: how far both sides have the same log, and what a new life
//! inherits.

use axum::{Json, extract::State};
use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Fact, Hash, life::Former},
    plant::Plant,
};
use kart_wire::{Common, Found, Point, Problem, Renew, Renewed, code};
use serde_json::json;
use tokio_postgres::types::Json as Document;
use uuid::Uuid;

use crate::{
    auth::{Bearer, Terminal, authenticate},
    database::{Role, begin, from_bigint, to_bigint},
    enroll::canonical_incarnation,
    hello::audit,
    problem::Refusal,
    push::head::{Head, hash_from},
    server::{App, body::Message},
};

pub(crate) mod granted;
mod replay;

use granted::{Shown, Standing, shown};
use replay::{Replayed, replay};

/// A request compares at most so many places.
const MOST_POINTS: usize = 64;

/// How far a log of the terminal, of a life that goes on or has ended, is the same here.
#[utoipa::path(post, path = "/v1/common", request_body = Common,
    responses((status = 200, body = Found), (status = "default", body = Problem)))]
pub(crate) async fn common(
    State(app): State<App>,
    bearer: Bearer,
    Message(request): Message<Common>,
) -> Result<Json<Found>, Refusal> {
    if request.points.len() > MOST_POINTS {
        return Err(Refusal::malformed(format!("at most {MOST_POINTS} points at a time")));
    }
    let incarnation = canonical_incarnation(&request.incarnation)?;
    let parse = |point: &Point| point.hash.parse::<Hash>().map_err(Refusal::malformed);
    let hashes: Vec<Hash> = request.points.iter().map(parse).collect::<Result<_, _>>()?;
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    let seqs: Vec<i64> = request.points.iter().map(|point| to_bigint(point.seq)).collect();
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, &bearer).await?;
    let row = tx
        .query_one(
            "WITH point AS (SELECT * FROM unnest($4::bigint[], $5::bytea[]) AS p(seq, hash))
             SELECT coalesce(max(p.seq), 0),
                    coalesce((SELECT t.watermark FROM edge.terminals t
                              WHERE t.organization_id = $1 AND t.terminal_id = $2
                                AND t.incarnation = $3),
                             (SELECT l.watermark FROM edge.lives l
                              WHERE l.organization_id = $1 AND l.terminal_id = $2
                                AND l.incarnation = $3), 0)
             FROM point p
             WHERE EXISTS (SELECT FROM edge.inbox i
                           WHERE i.organization_id = $1 AND i.terminal_id = $2
                             AND i.incarnation = $3 AND i.seq = p.seq AND i.hash = p.hash)
                OR EXISTS (SELECT FROM edge.reissued r
                           WHERE r.organization_id = $1 AND r.terminal_id = $2
                             AND r.former_incarnation = $3 AND r.former_seq = p.seq
                             AND r.former_hash = p.hash)",
            &[&terminal.organization, &terminal.id, &incarnation, &seqs, &hashes],
        )
        .await?;
    let (seq, watermark) = (from_bigint(row.try_get(0)?), from_bigint(row.try_get(1)?));
    tx.commit().await?;
    Ok(Json(Found { seq, watermark }))
}

/// Ends the life that goes on and begins another one.
#[utoipa::path(post, path = "/v1/renew", request_body = Renew,
    responses((status = 200, body = Renewed), (status = "default", body = Problem)))]
pub(crate) async fn renew(
    State(app): State<App>,
    bearer: Bearer,
    Message(request): Message<Renew>,
) -> Result<Json<Renewed>, Refusal> {
    let new = canonical_incarnation(&request.incarnation)?;
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, &bearer).await?;
    let head = Head::lock(&tx, &terminal).await?;
    if let Some(renewed) = ended(&tx, &terminal, &new).await? {
        tx.commit().await?;
        return Ok(Json(renewed));
    }
    let life = life(&tx, &terminal, &head, &request).await?;
    let plant = match replay(&tx, &terminal, &life, app.replay_limit).await? {
        Replayed::Whole(plant) => *plant,
        Replayed::UpTo(seq) => {
            tx.commit().await?;
            return Err(Refusal::unfinished(seq, life.head.watermark));
        },
    };
    archive(&tx, &terminal, &life, &new, &plant).await?;
    let detail = json!({
        "terminal_id": terminal.id,
        "former_terminal": life.terminal,
        "former": life.incarnation,
        "watermark": life.head.watermark,
        "incarnation": new,
        "gap": life.gap,
    });
    tracing::warn!(%detail, "a new life of a log");
    audit(&tx, &terminal, "renewed", &detail).await?;
    if let Some(granted) = &request.granted {
        lost_grant(&tx, &terminal, &life, granted).await?;
    }
    let renewed = ended(&tx, &terminal, &new).await?.ok_or_else(Refusal::unavailable)?;
    tx.commit().await?;
    Ok(Json(renewed))
}

/// A life that is to end.
struct Life {
    terminal: Uuid,
    incarnation: String,
    nonce: Option<String>,
    head: Head,
    /// Lost on both sides.
    gap: Option<(u64, u64)>,
}

/// The answer to a renewal that was carried out before.
async fn ended(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    successor: &str,
) -> Result<Option<Renewed>, Refusal> {
    let row = tx
        .query_opt(
            "SELECT terminal_id, incarnation, watermark, head_hash, plant FROM edge.lives
             WHERE organization_id = $1 AND successor_terminal = $2 AND successor = $3",
            &[&terminal.organization, &terminal.id, &successor],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let end = Point { seq: from_bigint(row.try_get(2)?), hash: hash_from(&row, 3)?.to_string() };
    Ok(Some(Renewed {
        incarnation: successor.to_owned(),
        former_terminal: row.try_get(0)?,
        former: row.try_get(1)?,
        end,
        plant: row.try_get::<_, Document<_>>(4)?.0,
    }))
}

/// The life that this request may end: the terminal's own, or that of the terminal it replaces.
async fn life(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    head: &Head,
    request: &Renew,
) -> Result<Life, Refusal> {
    let former = canonical_incarnation(&request.former)?;
    let new = canonical_incarnation(&request.incarnation)?;
    let row = tx
        .query_one(
            "SELECT nonce, takes_over, gap_from, gap_to,
                    EXISTS (SELECT FROM edge.lives l WHERE l.organization_id = t.organization_id
                              AND (l.terminal_id = t.terminal_id AND l.incarnation = $3
                                   -- It took over and has not heard so: nothing was sent since.
                                   OR t.watermark = 0 AND l.successor_terminal = t.terminal_id
                                      AND l.terminal_id <> t.terminal_id)),
                    EXISTS (SELECT FROM edge.lives l WHERE l.organization_id = t.organization_id
                              AND l.terminal_id = t.terminal_id AND l.incarnation = $4)
             FROM edge.terminals t WHERE organization_id = $1 AND terminal_id = $2",
            &[&terminal.organization, &terminal.id, &former, &new],
        )
        .await?;
    let nonce: Option<String> = row.try_get(0)?;
    if nonce.as_ref().is_some_and(|nonce| *nonce != request.nonce) {
        let detail = "another installation uses the identity of this terminal";
        return Err(Refusal::conflict(code::CLONED, detail));
    }
    let concerns = |granted: &Renewed| [&former, &new].contains(&&granted.incarnation);
    let known = former == terminal.incarnation
        || row.try_get::<_, bool>(4)?
        || request.granted.as_ref().is_some_and(concerns);
    if !known {
        let detail = "the life that is to end is none of this terminal";
        return Err(Refusal::conflict(code::OTHER_INCARNATION, detail));
    }
    if new == terminal.incarnation || row.try_get::<_, bool>(5)? {
        return Err(Refusal::malformed("the new life must be a new one"));
    }
    let gap: (Option<i64>, Option<i64>) = (row.try_get(2)?, row.try_get(3)?);
    let own = Life {
        terminal: terminal.id,
        incarnation: terminal.incarnation.clone(),
        nonce,
        head: Head { watermark: head.watermark, hash: head.hash, safe_seq: head.safe_seq },
        gap: gap.0.zip(gap.1).map(|(from, to)| (from_bigint(from), from_bigint(to))),
    };
    let life = match row.try_get::<_, Option<Uuid>>(1)? {
        None => own,
        // What the device has told of itself is as nothing beside what it takes over.
        Some(replaced) => taken_over(tx, terminal, replaced).await?,
    };
    as_granted(request, not_passed_on(tx, terminal, life).await?)
}

/// A life is handed on once. Whoever comes second learns that a person has to decide.
async fn not_passed_on(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: Life,
) -> Result<Life, Refusal> {
    let ended = tx
        .query_opt(
            "SELECT FROM edge.lives
             WHERE organization_id = $1 AND terminal_id = $2 AND incarnation = $3",
            &[&terminal.organization, &life.terminal, &life.incarnation],
        )
        .await?;
    match ended {
        None => Ok(life),
        Some(_) => Err(Refusal::conflict(
            code::OTHER_INCARNATION,
            "another device goes on with this log; take over from that one",
        )),
    }
}

/// The life that ends, as the terminal knows its end from before a restore.
fn as_granted(request: &Renew, life: Life) -> Result<Life, Refusal> {
    let hash = life.head.hash.to_string();
    let here = Standing {
        terminal: life.terminal,
        incarnation: &life.incarnation,
        watermark: life.head.watermark,
        hash: &hash,
    };
    match shown(request, &here) {
        Shown::Nothing | Shown::GoesOn | Shown::Ends(None) => Ok(life),
        Shown::Ends(gap) => Ok(Life { gap, ..life }),
        Shown::Unconnected => Err(Refusal::conflict(
            code::ROLLED_BACK,
            "headquarters was put back and holds less than this life of the log began with",
        )),
    }
}

/// Says what a restore has cost: a life that was granted, and facts of the one before it.
async fn lost_grant(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
    granted: &Renewed,
) -> Result<(), Refusal> {
    let detail = json!({
        "terminal_id": terminal.id,
        "life": granted.incarnation,
        "former_terminal": granted.former_terminal,
        "former": granted.former,
        "former_end": granted.end.seq,
        "held": { "incarnation": life.incarnation, "watermark": life.head.watermark },
    });
    tracing::warn!(%detail, "headquarters was put back to before this life of a log");
    audit(tx, terminal, "grant lost", &detail).await?;
    match life.gap {
        None => Ok(()),
        Some((from, to)) => {
            let detail = json!({
                "terminal_id": life.terminal,
                "incarnation": life.incarnation,
                "from": from,
                "to": to,
            });
            audit(tx, terminal, "facts lost", &detail).await
        },
    }
}

/// The last life of a terminal that was retired for this one.
async fn taken_over(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    replaced: Uuid,
) -> Result<Life, Refusal> {
    let row = tx
        .query_one(
            "SELECT incarnation, nonce, watermark, head_hash, safe_seq FROM edge.terminals
             WHERE organization_id = $1 AND terminal_id = $2 FOR NO KEY UPDATE",
            &[&terminal.organization, &replaced],
        )
        .await?;
    Ok(Life {
        terminal: replaced,
        incarnation: row.try_get(0)?,
        nonce: row.try_get(1)?,
        head: Head {
            watermark: from_bigint(row.try_get(2)?),
            hash: hash_from(&row, 3)?,
            safe_seq: from_bigint(row.try_get(4)?),
        },
        gap: None,
    })
}

/// The life becomes history, the next one begins at zero. What was lent to the former one, for
/// example numbers, is lent to nobody any more.
async fn archive(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    life: &Life,
    successor: &str,
    plant: &Plant,
) -> Result<(), Refusal> {
    let gap = life.gap.map(|(from, to)| (to_bigint(from), to_bigint(to)));
    tx.execute(
        "INSERT INTO edge.lives (organization_id, terminal_id, incarnation, nonce, watermark,
             head_hash, plant, successor_terminal, successor, gap_from, gap_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            &terminal.organization,
            &life.terminal,
            &life.incarnation,
            &life.nonce,
            &to_bigint(life.head.watermark),
            &life.head.hash.0.as_slice(),
            &Document(plant),
            &terminal.id,
            &successor,
            &gap.map(|(from, _)| from),
            &gap.map(|(_, to)| to),
        ],
    )
    .await?;
    tx.execute(
        "UPDATE edge.terminals SET incarnation = $3, watermark = 0, safe_seq = 0,
             head_hash = decode(repeat('00', 32), 'hex'), takes_over = NULL, gap_from = NULL, gap_to = NULL,
             last_seen_at = now(),
             updated_at = now()
         WHERE organization_id = $1 AND terminal_id = $2",
        &[&terminal.organization, &terminal.id, &successor],
    )
    .await?;
    Ok(())
}

/// Remembers which facts of former lives came again, so that none comes a third time.
pub(crate) async fn note_reissued(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    facts: &[Fact],
) -> Result<(), tokio_postgres::Error> {
    let again: Vec<(&Fact, &Former)> = facts
        .iter()
        .flat_map(|fact| {
            fact.former.iter().flat_map(Former::places).map(move |former| (fact, former))
        })
        .collect();
    if again.is_empty() {
        return Ok(());
    }
    let formers: Vec<String> =
        again.iter().map(|(_, former)| former.incarnation.to_string()).collect();
    let former_seqs: Vec<i64> = again.iter().map(|(_, former)| to_bigint(former.seq)).collect();
    let hashes: Vec<&[u8]> = again.iter().map(|(_, former)| former.hash.0.as_slice()).collect();
    let seqs: Vec<i64> = again.iter().map(|(fact, _)| to_bigint(fact.seq)).collect();
    tx.execute(
        "INSERT INTO edge.reissued (organization_id, terminal_id, former_incarnation, former_seq,
             former_hash, incarnation, seq)
         SELECT $1, $2, f.incarnation, f.former_seq, f.hash, $3, f.seq
         FROM unnest($4::text[], $5::bigint[], $6::bytea[], $7::bigint[])
             AS f(incarnation, former_seq, hash, seq)
         WHERE f.former_seq > 0
         ON CONFLICT DO NOTHING",
        &[
            &terminal.organization,
            &terminal.id,
            &terminal.incarnation,
            &formers,
            &former_seqs,
            &hashes,
            &seqs,
        ],
    )
    .await?;
    Ok(())
}
