//! A session begins: both sides compare what they believe to have in common, so that a restore,
//! a rollback or a copy on either side is noticed before anything is sent.

use std::time::Duration;

use axum::{Json, extract::State};
use deadpool_postgres::Transaction;
use kart_core::fact::Hash;
use kart_wire::{Hello, MOST_FACTS, PROTOCOL, PastSession, Problem, Welcome};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{
    auth::{Bearer, Peer, Terminal, authenticate},
    clock,
    database::{Role, begin, to_bigint},
    enroll::canonical_incarnation,
    numbers,
    problem::Refusal,
    push::head::{Head, hash_from},
    quarantine,
    server::{App, body::Message},
};

pub(crate) mod judge;
mod sightings;

use judge::{Known, Said, Verdict, judge};
pub(crate) use sightings::audit;

/// So many sessions are remembered on both sides.
const SESSIONS: i64 = 32;
/// A terminal waits 30 seconds for its welcome.
const RETRY_LIMIT: Duration = Duration::from_secs(12);

/// Compares the terminal's log with what is stored and begins a session.
#[utoipa::path(post, path = "/v1/hello", request_body = Hello,
    responses((status = 200, body = Welcome), (status = "default", body = Problem)))]
pub(crate) async fn hello(
    State(app): State<App>,
    bearer: Bearer,
    peer: Peer,
    Message(hello): Message<Hello>,
) -> Result<Json<Welcome>, Refusal> {
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, &bearer).await?;
    let head = Head::lock(&tx, &terminal).await?;
    let verdict = compare(&tx, &terminal, &hello, &head).await?;
    if let Some((code, detail)) = verdict.refusal() {
        tracing::warn!(code, detail, last_seq = hello.last_seq, "no session");
        sightings::refused(&tx, &terminal, &hello, &verdict, peer).await?;
        // The alarm stays, whatever the terminal is told.
        tx.commit().await?;
        let status = match verdict {
            Verdict::UpgradeRequired => axum::http::StatusCode::UPGRADE_REQUIRED,
            _ => axum::http::StatusCode::CONFLICT,
        };
        return Err(Refusal::new(status, code, detail).at(head.watermark));
    }
    let (session, told) = remember(&tx, &terminal, &head, &hello.sessions).await?;
    numbers::lend(&tx, terminal.id).await?;
    sightings::restored(&tx, &terminal, &verdict, told).await?;
    sightings::welcomed(&tx, &terminal, &hello, peer).await?;
    tx.commit().await?;
    tracing::info!(
        %session,
        version = hello.version,
        watermark = head.watermark,
        last_seq = hello.last_seq,
        clock_off_us = hello.wall_us.saturating_sub(clock::now_us()),
        "session"
    );
    // The session stands; what waits can wait longer.
    match timeout(RETRY_LIMIT, quarantine::retry_first(&mut client, &terminal)).await {
        Ok(Ok(())) => {},
        Ok(Err(fault)) => tracing::warn!(%fault, "the quarantine was not retried"),
        Err(_) => tracing::warn!("the quarantine took too long to retry"),
    }
    Ok(Json(Welcome {
        session,
        watermark: head.watermark,
        watermark_hash: head.hash.to_string(),
        safe_seq: head.safe_seq,
        server_us: clock::now_us(),
        most_facts: MOST_FACTS,
        protocol: PROTOCOL,
    }))
}

/// Puts what the terminal says beside what is stored.
async fn compare(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    hello: &Hello,
    head: &Head,
) -> Result<Verdict, Refusal> {
    let incarnation = canonical_incarnation(&hello.incarnation)?;
    let parse = |hash: &str| hash.parse::<Hash>().map_err(Refusal::malformed);
    let said = Said {
        protocol: hello.protocol,
        incarnation: &incarnation,
        nonce: &hello.nonce,
        last: (hello.last_seq, parse(&hello.head_hash)?),
        acked: (hello.acked_seq, parse(&hello.acked_hash)?),
        oldest: hello.oldest_seq,
    };
    let row = tx
        .query_one(
            "SELECT nonce, takes_over IS NOT NULL,
                    EXISTS (SELECT FROM edge.lives l WHERE l.organization_id = t.organization_id
                              AND (l.terminal_id = t.terminal_id AND l.incarnation = $3
                                   -- It took over and has not heard so: nothing was sent since.
                                   OR t.watermark = 0 AND l.successor_terminal = t.terminal_id
                                      AND l.terminal_id <> t.terminal_id)),
                    (SELECT count(*) FROM edge.lives l WHERE l.organization_id = t.organization_id
                       AND l.terminal_id = t.terminal_id AND l.watermark > 0
                       AND l.ended_at > now() - interval '1 h')
             FROM edge.terminals t WHERE organization_id = $1 AND terminal_id = $2",
            &[&terminal.organization, &terminal.id, &incarnation],
        )
        .await?;
    let nonce: Option<String> = row.try_get(0)?;
    let known = Known {
        incarnation: &terminal.incarnation,
        nonce: nonce.as_deref(),
        watermark: head.watermark,
        at_last: hash_at(tx, terminal, head, hello.last_seq).await?,
        at_acked: hash_at(tx, terminal, head, hello.acked_seq).await?,
        takes_over: row.try_get(1)?,
        ended: row.try_get(2)?,
        lives: u32::try_from(row.try_get::<_, i64>(3)?).unwrap_or(u32::MAX),
    };
    Ok(judge(&said, &known))
}

/// The hash at `seq` of the life that goes on; `None` beyond the watermark.
async fn hash_at(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    head: &Head,
    seq: u64,
) -> Result<Option<Hash>, Refusal> {
    if seq == 0 || seq == head.watermark {
        return Ok(Some(if seq == 0 { Hash::ZERO } else { head.hash }));
    }
    let row = tx
        .query_opt(
            "SELECT hash FROM edge.inbox WHERE organization_id = $1 AND terminal_id = $2
                 AND incarnation = $3 AND seq = $4",
            &[&terminal.organization, &terminal.id, &terminal.incarnation, &to_bigint(seq)],
        )
        .await?;
    row.map(|row| hash_from(&row, 0)).transpose()
}

/// Mints a session; the oldest are forgotten. Says whether those of the terminal tell of a restore.
async fn remember(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    head: &Head,
    theirs: &[PastSession],
) -> Result<(Uuid, bool), Refusal> {
    let key: [&(dyn ToSql + Sync); 2] = [&terminal.organization, &terminal.id];
    let known = tx
        .query(
            "SELECT session_id FROM edge.sessions WHERE organization_id = $1 AND terminal_id = $2",
            &key,
        )
        .await?;
    let known: Vec<Uuid> = known.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let told = sightings::history(tx, terminal, &known, theirs).await?;
    let session = Uuid::new_v4();
    // The newest one counts, also when the clock was set back since the one before.
    tx.execute(
        "INSERT INTO edge.sessions (organization_id, terminal_id, session_id, started_at, watermark)
         SELECT $1::varchar, $2::uuid, $3::uuid,
                greatest(clock_timestamp(), max(started_at) + interval '1 microsecond'), $4::bigint
         FROM edge.sessions WHERE organization_id = $1 AND terminal_id = $2",
        &[&terminal.organization, &terminal.id, &session, &to_bigint(head.watermark)],
    )
    .await?;
    tx.execute(
        "DELETE FROM edge.sessions WHERE organization_id = $1 AND terminal_id = $2
         AND session_id IN (SELECT session_id FROM edge.sessions
                            WHERE organization_id = $1 AND terminal_id = $2
                            ORDER BY started_at DESC OFFSET $3)",
        &[&terminal.organization, &terminal.id, &SESSIONS],
    )
    .await?;
    Ok((session, told))
}
