//! A push is one transaction: the lines into the inbox, what they mean into the tables, the
//! watermark behind them. It is answered after the commit.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State};
use deadpool_postgres::Transaction;
use kart_core::fact::{Body, Hash};
use kart_planted::{Bug, planted};
use kart_wire::{Problem, Pushed, code};
use tokio::time::Instant;

use crate::{
    auth::{Bearer, Terminal, authenticate},
    database::{Role, begin, from_bigint, to_bigint},
    enroll::canonical_incarnation,
    life, numbers,
    problem::Refusal,
    project::{self, Projected, Writer},
    quarantine::{self, Held},
    server::{App, body::Unpacked},
};

pub(crate) mod chain;
pub(crate) mod envelope;
pub(crate) mod head;
pub(crate) mod texts;

use chain::Link;
use envelope::Push;
use head::{Head, hash_from, require_session};

/// How often a push is tried that another transaction got in the way of.
const ATTEMPTS: u32 = 5;
/// How long culprits are looked for among the facts of a push; a terminal waits 30 seconds.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);

/// Everything here is found by its key, however small a table was when its plan was made.
const BY_KEY: &str = "SET LOCAL enable_seqscan = off";

/// Stores facts and answers when they are stored.
#[utoipa::path(post, path = "/v1/push",
    request_body(content = String, content_type = "application/x-ndjson",
        description = "zstd: PushEnvelope, lines of facts, lines of TextLine"),
    responses((status = 200, body = Pushed), (status = "default", body = Problem)))]
pub(crate) async fn push(
    State(app): State<App>,
    bearer: Bearer,
    Unpacked(body, _turn): Unpacked,
) -> Result<Json<Pushed>, Refusal> {
    let until = Instant::now() + SEARCH_LIMIT;
    let push = Push::parse(&body)?;
    let mut attempt = 1;
    loop {
        match store(&app, &bearer, &push, until).await {
            Err(refusal) if refusal.transient && attempt < ATTEMPTS => attempt += 1,
            answer => return answer.map(Json),
        }
    }
}

async fn store(
    app: &App,
    bearer: &Bearer,
    push: &Push<'_>,
    until: Instant,
) -> Result<Pushed, Refusal> {
    let mut client = app.database.client().await?;
    let mut tx = begin(&mut client, Role::Gateway).await?;
    // Both go out together.
    let (by_key, terminal) = tokio::join!(tx.batch_execute(BY_KEY), authenticate(&tx, bearer));
    by_key?;
    let terminal = terminal?;
    let head = Head::lock(&tx, &terminal).await?;
    check_sender(&terminal, &head, push)?;
    require_session(&tx, &terminal, push.envelope.session).await?;
    let stored = stored_hashes(&tx, &terminal, &head, push).await?;
    let writer = Writer::of(&terminal)?;
    let links = chain::check(&head, &stored, push, writer.origin)?;
    let head = match links.last() {
        Some(last) => Head { watermark: last.seq, hash: last.hash, safe_seq: head.safe_seq },
        None => head,
    };
    let mut is_clean = false;
    if !links.is_empty() {
        insert(&tx, &terminal, &links).await?;
        let mut held = texts::store(&tx, &terminal, &links, &push.texts).await?;
        held.extend(links.iter().filter(|link| link.fact.is_none()).map(|link| {
            Held::note(link.seq, "unreadable", "headquarters is too old to read this fact")
        }));
        let count = links.len();
        let facts: Vec<_> = links.into_iter().filter_map(|link| link.fact).collect();
        life::note_reissued(&tx, &terminal, &facts).await?;
        let projected = project::project(&mut tx, &writer, &facts, Some(until)).await?;
        let Projected { held: refused, late } = projected;
        held.extend(refused.into_iter().chain(late));
        quarantine::hold(&tx, &terminal, &held).await?;
        head.store(&tx, &terminal, push.envelope.session).await?;
        numbers::issued(&tx, &terminal, writer.origin, facts.iter()).await?;
        // Machines use none, and say most.
        if !facts
            .iter()
            .all(|fact| matches!(fact.fact, Body::Counted(_) | Body::StateChanged { .. }))
        {
            numbers::lend(&tx, terminal.id).await?;
        }
        is_clean = count == push.lines.len() && held.is_empty();
        tracing::info!(facts = count, held = held.len(), watermark = head.watermark, "pushed");
    }
    // Also what waits of facts that were pushed before.
    let quarantined = match is_clean {
        true => vec![],
        false => quarantine::of(&tx, &terminal, push.envelope.from, push.to()).await?,
    };
    tx.commit().await?;
    Ok(Pushed {
        session: push.envelope.session,
        watermark: head.watermark,
        watermark_hash: head.hash.to_string(),
        safe_seq: head.safe_seq,
        quarantined,
    })
}

/// A terminal pushes its own log and no other.
pub fn check_sender(terminal: &Terminal, head: &Head, push: &Push<'_>) -> Result<(), Refusal> {
    if push.envelope.terminal != terminal.id && !planted(Bug::SenderFromBody) {
        return Err(Refusal::forbidden(code::FOREIGN, "the facts are another terminal's"));
    }
    if canonical_incarnation(&push.envelope.incarnation)? != terminal.incarnation
        && !planted(Bug::SenderFromBody)
    {
        let detail = "the log is not the one that was enrolled";
        return Err(Refusal::conflict(code::OTHER_INCARNATION, detail).at(head.watermark));
    }
    Ok(())
}

/// What the inbox already holds of the pushed range, and of the fact before it.
async fn stored_hashes(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    head: &Head,
    push: &Push<'_>,
) -> Result<BTreeMap<u64, Hash>, Refusal> {
    let first = push.envelope.from - 1;
    if first >= head.watermark {
        return Ok(BTreeMap::new());
    }
    let statement = tx
        .prepare_cached(
            "SELECT seq, hash FROM edge.inbox
             WHERE organization_id = $1 AND terminal_id = $2 AND incarnation = $3
               AND seq BETWEEN $4 AND $5",
        )
        .await?;
    let (organization, id, incarnation) =
        (&terminal.organization, &terminal.id, &terminal.incarnation);
    let range = (to_bigint(first), to_bigint(push.to()));
    let rows = tx.query(&statement, &[organization, id, incarnation, &range.0, &range.1]).await?;
    rows.iter().map(|row| Ok((from_bigint(row.try_get(0)?), hash_from(row, 1)?))).collect()
}

/// Puts lines into the inbox, byte for byte.
pub(crate) async fn insert(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    links: &[Link<'_>],
) -> Result<(), tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "INSERT INTO edge.inbox
                 (organization_id, terminal_id, incarnation, seq, kind, line, hash)
             SELECT $1, $2, $3, f.seq, f.kind, f.line, f.hash
             FROM unnest($4::bigint[], $5::text[], $6::bytea[], $7::bytea[])
                 AS f(seq, kind, line, hash)",
        )
        .await?;
    let seqs: Vec<i64> = links.iter().map(|link| to_bigint(link.seq)).collect();
    let kinds: Vec<&str> = links
        .iter()
        .map(|link| link.fact.as_ref().map_or("unreadable", |fact| fact.fact.kind()))
        .collect();
    let lines: Vec<&[u8]> = links.iter().map(|link| link.line).collect();
    let hashes: Vec<&[u8]> = links.iter().map(|link| link.hash.0.as_slice()).collect();
    let (organization, id, incarnation) =
        (&terminal.organization, &terminal.id, &terminal.incarnation);
    tx.execute(&statement, &[organization, id, incarnation, &seqs, &kinds, &lines, &hashes])
        .await?;
    Ok(())
}
