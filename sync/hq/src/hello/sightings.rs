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

/// So many copies of one terminal are known by name.
const MOST_COPIES: i64 = 32;

/// The enrolled installation was here.
pub(super) async fn welcomed(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    hello: &Hello,
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
    Ok(())
}

/// Headquarters has lost facts that it had acknowledged; they come again. `told` says whether the
/// sessions have told so already: within one session they do not.
pub(super) async fn restored(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    verdict: &Verdict,
    told: bool,
) -> Result<(), Refusal> {
    let Verdict::Restored(from, to) = verdict else { return Ok(()) };
    tracing::warn!(from, to, "headquarters has lost acknowledged facts; they come again");
    if told {
        return Ok(());
    }
    let detail = json!({ "terminal_id": terminal.id, "from": from, "to": to });
    note_restored(tx, terminal, &detail).await
}

/// At most once an hour: what is acknowledged and which sessions there were is the terminal's word,
/// and one that makes them up is not to fill the audit.
async fn note_restored(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    detail: &Value,
) -> Result<(), Refusal> {
    let first = tx
        .execute(
            "UPDATE edge.terminals SET restored_noted_at = now()
             WHERE organization_id = $1 AND terminal_id = $2
               AND coalesce(restored_noted_at < now() - interval '1 h', true)",
            &[&terminal.organization, &terminal.id],
        )
        .await?;
    match first {
        0 => Ok(()),
        _ => audit(tx, terminal, "headquarters restored", detail).await,
    }
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
        .query_opt(
            "INSERT INTO edge.copies AS c
                 (organization_id, terminal_id, nonce, address, last_seq)
             SELECT $1::varchar, $2::uuid, $3::text, $4::text, $5::bigint
             WHERE EXISTS (SELECT FROM edge.copies
                           WHERE (organization_id, terminal_id, nonce) = ($1, $2, $3))
                OR (SELECT count(*) FROM edge.copies
                    WHERE (organization_id, terminal_id) = ($1, $2)) < $6
             ON CONFLICT (organization_id, terminal_id, nonce) DO UPDATE
             SET address = excluded.address, last_seq = excluded.last_seq,
                 last_seen_at = now(), times = c.times + 1
             RETURNING times = 1, first_seen_at::text",
            &[
                &terminal.organization,
                &terminal.id,
                &nonce,
                &address,
                &to_bigint(hello.last_seq),
                &MOST_COPIES,
            ],
        )
        .await?;
    let Some(row) = row else { return further(tx, terminal, address).await };
    if !row.try_get::<_, bool>(0)? {
        return Ok(());
    }
    let copy = json!({
        "nonce": nonce,
        "address": address,
        "first_seen_at": row.try_get::<_, String>(1)?,
        "last_seq": hello.last_seq,
    });
    let enrolled = enrolled(tx, terminal).await?;
    let detail = json!({
        "terminal_id": terminal.id,
        "terminal_code": enrolled.code,
        "why": why,
        "enrolled": enrolled.detail,
        "copy": copy,
    });
    tracing::error!(%detail, "two installations use the identity of one terminal");
    audit(tx, terminal, "cloned", &detail).await
}

/// The installation that has the right to the identity.
struct Enrolled {
    code: Option<String>,
    detail: Value,
}

async fn enrolled(tx: &Transaction<'_>, terminal: &Terminal) -> Result<Enrolled, Refusal> {
    let row = tx
        .query_one(
            "SELECT code, nonce, address, last_seen_at::text FROM edge.terminals
             WHERE organization_id = $1 AND terminal_id = $2",
            &[&terminal.organization, &terminal.id],
        )
        .await?;
    let text = |column| row.try_get::<_, Option<String>>(column);
    let detail = json!({ "nonce": text(1)?, "address": text(2)?, "last_seen_at": text(3)? });
    Ok(Enrolled { code: text(0)?, detail })
}

/// One copy too many to know it by name: no broken disk image or program that makes up a name at each
/// try fills the tables. Tries are counted at the newest one that has a name, and told once an hour.
async fn further(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    address: Option<String>,
) -> Result<(), Refusal> {
    let row = tx
        .query_one(
            "UPDATE edge.copies c SET further = further + 1, last_seen_at = now(),
                 further_noted_at = CASE WHEN further_noted_at > now() - interval '1 h'
                                         THEN further_noted_at ELSE now() END
             WHERE (organization_id, terminal_id) = ($1, $2)
               AND nonce = (SELECT n.nonce FROM edge.copies n
                            WHERE (n.organization_id, n.terminal_id) = ($1, $2)
                            ORDER BY n.first_seen_at DESC, n.nonce LIMIT 1)
             RETURNING further, further_noted_at = now()",
            &[&terminal.organization, &terminal.id],
        )
        .await?;
    if !row.try_get::<_, bool>(1)? {
        return Ok(());
    }
    let enrolled = enrolled(tx, terminal).await?;
    let detail = json!({
        "terminal_id": terminal.id,
        "terminal_code": enrolled.code,
        "why": format!("more than {MOST_COPIES} installations use the identity of this terminal"),
        "enrolled": enrolled.detail,
        "further": { "tries": row.try_get::<_, i64>(0)?, "last_address": address },
    });
    tracing::error!(%detail, "many installations use the identity of one terminal");
    audit(tx, terminal, "cloned", &detail).await
}

/// Facts are lost on both sides: acknowledged, purged there, lost here by a restore.
async fn gap(tx: &Transaction<'_>, terminal: &Terminal, from: u64, to: u64) -> Result<(), Refusal> {
    let (organization, id) = (&terminal.organization, &terminal.id);
    // Where it begins is known here, where it ends is the terminal's word: told once for each beginning.
    let noted = tx
        .query_opt(
            "UPDATE edge.terminals t SET gap_from = $3, gap_to = $4
             FROM (SELECT gap_from FROM edge.terminals
                   WHERE organization_id = $1 AND terminal_id = $2) before
             WHERE t.organization_id = $1 AND t.terminal_id = $2
               AND (t.gap_from, t.gap_to) IS DISTINCT FROM ($3, $4)
             RETURNING before.gap_from IS DISTINCT FROM $3",
            &[organization, id, &to_bigint(from), &to_bigint(to)],
        )
        .await?;
    match noted.map(|row| row.try_get(0)).transpose()? {
        None | Some(false) => Ok(()),
        Some(true) => {
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
) -> Result<bool, Refusal> {
    let Some(newest) = theirs.first() else { return Ok(false) };
    if ours.contains(&newest.session) {
        return Ok(false);
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
    note_restored(tx, terminal, &detail).await?;
    Ok(true)
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
