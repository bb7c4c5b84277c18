//! What a fenced copy of a terminal has recorded: kept aside under its own name, so that neither
//! installation loses data. Nothing of it is applied, and there is an end to it.

use axum::{Json, extract::State};
use kart_core::fact::{Hash, LINE_LIMIT};
use kart_wire::{Aside, Kept, MOST_FACTS, Problem, code};

use crate::{
    auth::{Bearer, authenticate},
    database::{Role, begin, from_bigint, to_bigint},
    enroll::canonical_incarnation,
    problem::Refusal,
    push::head::Head,
    server::{App, body::Message},
};

/// So many facts are kept of one copy.
const MOST_KEPT: i64 = 100_000;

/// Keeps facts of a fenced copy aside.
#[utoipa::path(post, path = "/v1/aside", request_body = Aside,
    responses((status = 200, body = Kept), (status = "default", body = Problem)))]
pub(crate) async fn aside(
    State(app): State<App>,
    bearer: Bearer,
    Message(request): Message<Aside>,
) -> Result<Json<Kept>, Refusal> {
    let incarnation = canonical_incarnation(&request.incarnation)?;
    let (seqs, hashes) = chain(&request)?;
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, &bearer).await?;
    Head::lock(&tx, &terminal).await?;
    let row = tx
        .query_one(
            "SELECT EXISTS (SELECT FROM edge.copies c WHERE c.organization_id = $1
                              AND c.terminal_id = $2 AND c.nonce = $3),
                    (SELECT count(*) FROM edge.fenced_facts f WHERE f.organization_id = $1
                       AND f.terminal_id = $2)",
            &[&terminal.organization, &terminal.id, &request.nonce],
        )
        .await?;
    if !row.try_get::<_, bool>(0)? {
        return Err(Refusal::forbidden(code::FOREIGN, "this installation is not fenced"));
    }
    if row.try_get::<_, i64>(1)? + i64::try_from(seqs.len()).unwrap_or(i64::MAX) > MOST_KEPT {
        return Err(Refusal::too_large(format!("no more than {MOST_KEPT} facts are kept aside")));
    }
    let lines: Vec<&[u8]> = request.lines.iter().map(String::as_bytes).collect();
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    tx.execute(
        "INSERT INTO edge.fenced_facts
             (organization_id, terminal_id, nonce, incarnation, seq, line, hash)
         SELECT $1, $2, $3, $4, f.seq, f.line, f.hash
         FROM unnest($5::bigint[], $6::bytea[], $7::bytea[]) AS f(seq, line, hash)
         ON CONFLICT DO NOTHING",
        &[
            &terminal.organization,
            &terminal.id,
            &request.nonce,
            &incarnation,
            &seqs,
            &lines,
            &hashes,
        ],
    )
    .await?;
    let row = tx
        .query_one(
            "SELECT coalesce(max(seq), 0) FROM edge.fenced_facts WHERE organization_id = $1
             AND terminal_id = $2 AND nonce = $3 AND incarnation = $4",
            &[&terminal.organization, &terminal.id, &request.nonce, &incarnation],
        )
        .await?;
    let seq = from_bigint(row.try_get(0)?);
    tx.commit().await?;
    Ok(Json(Kept { seq }))
}

/// Places and hashes of what comes.
fn chain(request: &Aside) -> Result<(Vec<i64>, Vec<Hash>), Refusal> {
    if request.lines.len() > MOST_FACTS || request.from == 0 {
        return Err(Refusal::malformed(format!("1 to {MOST_FACTS} facts, numbered from 1")));
    }
    if request.lines.iter().any(|line| line.len() > LINE_LIMIT) {
        return Err(Refusal::too_large(format!("a line has at most {LINE_LIMIT} bytes")));
    }
    let mut hash: Hash = request.prev_hash.parse().map_err(Refusal::malformed)?;
    let hashes = request.lines.iter().map(|line| {
        hash = hash.after(line.as_bytes());
        hash
    });
    let hashes = hashes.collect();
    let seqs = (request.from..).take(request.lines.len()).map(to_bigint).collect();
    Ok((seqs, hashes))
}
