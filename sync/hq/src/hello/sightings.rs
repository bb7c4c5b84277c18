//! What a hello leaves behind: when and where a terminal was seen, and the alarms. An alarm is
//! raised once, not at each try.

use deadpool_postgres::Transaction;
use kart_wire::{Hello, PastSession};
use serde_json::{Value, json};
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::judge::Verdict;
use crate::{
    auth::{Peer, Terminal},
    clock,
    database::to_bigint,
    problem::Refusal,
};

/// The enrolled installation was here.
pub(super) async fn welcomed(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    hello: &Hello,
    verdict: &Verdict,
    peer: Peer,
) -> Result<(), Refusal> {
    tx.execute(
        "UPDATE edge.terminals SET last_seen_at = now(), version = $3, protocol = $4,
             address = $5, clock_off_us = $6, last_seq = $7
         WHERE organization_id = $1 AND terminal_id = $2",
        &[
            &terminal.organization,
            &terminal.id,
            &plain(&hello.version),
            &i32::try_from(hello.protocol).unwrap_or(i32::MAX),
            &peer.text(),
            &hello.wall_us.saturating_sub(clock::now_us()),
            &to_bigint(hello.last_seq),
        ],
    )
    .await?;
    if let Verdict::Restored(from, to) = verdict {
        tracing::warn!(from, to, "headquarters has lost acknowledged facts; they come again");
    }
    Ok(())
}

/// A session was refused.
pub(super) async fn refused(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    hello: &Hello,
    verdict: &Verdict,
    peer: Peer,
) -> Result<(), Refusal> {
    let why = match verdict {
        Verdict::Cloned(why) => why,
        Verdict::Gap(from, to) => return gap(tx, terminal, *from, *to).await,
        _ => return Ok(()),
    };
    let (address, nonce) = (peer.text(), plain(&hello.nonce));
    let row = tx
        .query_one(
            "INSERT INTO edge.copies AS c
                 (organization_id, terminal_id, nonce, address, last_seq)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization_id, terminal_id, nonce) DO UPDATE
             SET address = excluded.address, last_seq = excluded.last_seq,
                 last_seen_at = now(), times = c.times + 1
             RETURNING times = 1, first_seen_at::text",
            &[&terminal.organization, &terminal.id, &nonce, &address, &to_bigint(hello.last_seq)],
        )
        .await?;
    if !row.try_get::<_, bool>(0)? {
        return Ok(());
    }
    let original = tx
        .query_one(
            "SELECT code, nonce, address, last_seen_at::text FROM edge.terminals
             WHERE organization_id = $1 AND terminal_id = $2",
            &[&terminal.organization, &terminal.id],
        )
        .await?;
    let text = |column| original.try_get::<_, Option<String>>(column);
    let detail = json!({
        "terminal_id": terminal.id,
        "terminal_code": text(0)?,
        "why": why,
        "enrolled": { "nonce": text(1)?, "address": text(2)?, "last_seen_at": text(3)? },
        "copy": {
            "nonce": nonce,
            "address": address,
            "first_seen_at": row.try_get::<_, String>(1)?,
            "last_seq": hello.last_seq,
        },
    });
    tracing::error!(%detail, "two installations use the identity of one terminal");
    audit(tx, terminal, "cloned", &detail).await
}

/// Facts are lost on both sides: acknowledged, purged there, lost here by a restore.
async fn gap(tx: &Transaction<'_>, terminal: &Terminal, from: u64, to: u64) -> Result<(), Refusal> {
    let (organization, id) = (&terminal.organization, &terminal.id);
    let noted = tx
        .execute(
            "UPDATE edge.terminals SET gap_from = $3, gap_to = $4
             WHERE organization_id = $1 AND terminal_id = $2
               AND (gap_from, gap_to) IS DISTINCT FROM ($3, $4)",
            &[organization, id, &to_bigint(from), &to_bigint(to)],
        )
        .await?;
    match noted {
        0 => Ok(()),
        _ => {
            let detail = json!({
                "terminal_id": id,
                "incarnation": terminal.incarnation,
                "from": from,
                "to": to,
            });
            audit(tx, terminal, "facts lost", &detail).await
        },
    }
}

/// The newest session that both sides know. When the terminal's newest is none of ours, either
/// side was restored since; after this session that is no news any more.
pub(super) async fn history(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    ours: &[Uuid],
    theirs: &[PastSession],
) -> Result<(), Refusal> {
    let Some(newest) = theirs.first() else { return Ok(()) };
    if ours.contains(&newest.session) {
        return Ok(());
    }
    let common = theirs.iter().find(|session| ours.contains(&session.session));
    let detail = json!({
        "terminal_id": terminal.id,
        "unknown_session": newest.session,
        "acknowledged_then": newest.watermark,
        "newest_common_session": common.map(|session| session.session),
        "acknowledged_in_common": common.map_or(0, |session| session.watermark),
    });
    tracing::warn!(%detail, "headquarters does not know the last session: it was restored");
    audit(tx, terminal, "headquarters restored", &detail).await
}

/// Notes something that a person should know.
pub(crate) async fn audit(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    action: &str,
    detail: &Value,
) -> Result<(), Refusal> {
    let actor = format!("terminal {}", terminal.id);
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail) VALUES ($1, $2, $3, $4)",
        &[&terminal.organization, &actor, &action, &Json(detail)],
    )
    .await?;
    Ok(())
}

/// Postgres keeps no NUL, and nobody reads a long text.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(128).collect()
}
