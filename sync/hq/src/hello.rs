//! A session begins: both sides compare what they believe to have in common, so that a restore,
//! a rollback or a copy on either side is noticed before anything is sent.

use std::time::Duration;

use axum::{Json, extract::State};
use deadpool_postgres::Transaction;
use kart_core::fact::Hash;
use kart_wire::{Hello, MOST_FACTS, PROTOCOL, PastSession, Problem, Welcome, code};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    auth::{Bearer, Terminal, authenticate},
    clock,
    database::{Role, begin, to_bigint},
    enroll::canonical_incarnation,
    problem::Refusal,
    push::head::{Head, hash_from},
    quarantine,
    server::{App, body::Message},
};

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
    Message(hello): Message<Hello>,
) -> Result<Json<Welcome>, Refusal> {
    if hello.protocol < 1 {
        let detail = format!("headquarters speaks protocol {PROTOCOL}");
        return Err(Refusal::new(
            axum::http::StatusCode::UPGRADE_REQUIRED,
            code::UPGRADE_REQUIRED,
            detail,
        ));
    }
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, &bearer).await?;
    let head = Head::lock(&tx, &terminal).await?;
    same_life(&tx, &terminal, &hello, &head).await?;
    same_facts(&tx, &terminal, &hello, &head).await?;
    let session = remember(&tx, &terminal, &head, &hello.sessions).await?;
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

/// The log is the registered one, and the device the one that was enrolled.
async fn same_life(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    hello: &Hello,
    head: &Head,
) -> Result<(), Refusal> {
    let other = |detail| Err(Refusal::conflict(code::OTHER_INCARNATION, detail).at(head.watermark));
    if canonical_incarnation(&hello.incarnation)? != terminal.incarnation {
        return other("the log is not the one that was enrolled; enroll the terminal again");
    }
    let row = tx
        .query_one("SELECT nonce FROM edge.terminals WHERE terminal_id = $1", &[&terminal.id])
        .await?;
    match row.try_get::<_, Option<String>>(0)? {
        Some(nonce) if nonce != hello.nonce => {
            tracing::warn!("another installation uses the identity of this terminal");
            other("this is a copy of the enrolled terminal; enroll it as a terminal of its own")
        },
        _ => Ok(()),
    }
}

/// Where both have a hash, it is the same one.
async fn same_facts(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    hello: &Hello,
    head: &Head,
) -> Result<(), Refusal> {
    for (seq, hash) in [(hello.acked_seq, &hello.acked_hash), (hello.last_seq, &hello.head_hash)] {
        let theirs: Hash = hash.parse().map_err(Refusal::malformed)?;
        if seq > head.watermark {
            continue;
        }
        let ours = hash_at(tx, terminal, head, seq).await?;
        if ours.is_some_and(|ours| ours != theirs) {
            let detail = format!("fact {seq} is another one at headquarters");
            return Err(Refusal::conflict(code::FORKED, detail).at(head.watermark));
        }
    }
    if hello.last_seq < head.watermark {
        tracing::warn!(
            watermark = head.watermark,
            last_seq = hello.last_seq,
            "the terminal has lost facts that are stored here"
        );
    }
    if hello.acked_seq > head.watermark {
        tracing::warn!(
            watermark = head.watermark,
            acked_seq = hello.acked_seq,
            "headquarters has lost facts that it had acknowledged; they will come again"
        );
    }
    Ok(())
}

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

/// Mints a session; the oldest are forgotten.
async fn remember(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    head: &Head,
    theirs: &[PastSession],
) -> Result<Uuid, Refusal> {
    let key: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&terminal.organization, &terminal.id];
    let known = tx
        .query(
            "SELECT session_id FROM edge.sessions WHERE organization_id = $1 AND terminal_id = $2",
            &key,
        )
        .await?;
    let known: Vec<Uuid> = known.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if let Some(newest) = theirs.first()
        && !known.contains(&newest.session)
    {
        tracing::warn!(session = %newest.session, "headquarters does not know this past session");
    }
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
    tx.execute(
        "UPDATE edge.terminals SET last_seen_at = now() WHERE organization_id = $1
         AND terminal_id = $2",
        &key,
    )
    .await?;
    Ok(session)
}
