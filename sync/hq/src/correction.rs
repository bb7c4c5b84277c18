//! Corrections: a supervisor puts right what a terminal recorded. The correction is a fact in
//! headquarters' own log of the site, folded by the same code as every other one, and a row that
//! the feed brings down to every terminal that holds a part of the record.

use axum::http::StatusCode;
use deadpool_postgres::Transaction;
use kart_core::{
    fact::{
        Body, FactText,
        correction::{Amendment, Corrected, CorrectionSeen},
    },
    id::RecordId,
    record::{Record, Standing},
    time::Micros,
};
use kart_wire::code;
use serde_json::{Value, json};
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{
    admin::Supervisor,
    clock,
    database::to_bigint,
    privacy,
    problem::Refusal,
    project::{self, Writer},
};

pub(crate) mod ask;
mod authority;
pub(crate) mod backed;
mod log;
pub(crate) mod reach;
pub(crate) mod seal;
mod wish;

use log::Log;
use reach::heir;
use seal::CorrectionSeal;
pub(crate) use wish::Wish;

/// Longest reason, in characters.
const REASON_LIMIT: usize = 500;

/// A terminal has acted on an end: people left, the machine is free, the next batch may run on it.
const NO_WAY_BACK: &str = "an end cannot be taken back, because the terminal has acted on it; correct \
     when it was with `until`, and what goes on is begun anew at the terminal";

/// A record and how it stands.
pub(crate) struct Found {
    pub(crate) record: RecordId,
    pub(crate) standing: Standing,
}

/// A correction that was made.
pub(crate) struct Made {
    pub(crate) id: Uuid,
    pub(crate) found: Found,
    pub(crate) before: Amendment,
    pub(crate) after: Amendment,
}

/// The record `id` as it stands, or the one that it turned out to be.
pub(crate) async fn find(tx: &Transaction<'_>, id: Uuid) -> Result<Found, Refusal> {
    let row = tx
        .query_opt(
            "SELECT record_id, state FROM edge.records
             WHERE record_id = coalesce((SELECT a.canonical_id FROM edge.record_aliases a
                                         WHERE a.record_id = $1), $1)",
            &[&id],
        )
        .await?;
    let found = row.map(|row| {
        let (record, state): (Uuid, Json<Record>) = (row.try_get(0)?, row.try_get(1)?);
        Ok::<_, tokio_postgres::Error>((RecordId(record), state.0.stands()))
    });
    match found.transpose()? {
        Some((record, Some(standing))) => Ok(Found { record, standing }),
        // The same answer for what is not there and for what is somebody else's.
        _ => Err(Refusal::malformed(format!("there is no labor, stop or batch {id}"))),
    }
}

/// Makes a correction within a transaction of the gateway that has entered the site.
pub(crate) async fn make(
    tx: &mut Transaction<'_>,
    supervisor: &Supervisor,
    wish: &Wish,
) -> Result<Made, Refusal> {
    let reason = wish.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_LIMIT {
        let detail = format!("a correction needs a reason of at most {REASON_LIMIT} characters");
        return Err(Refusal::malformed(detail));
    }
    if wish.reopen == Some(true) {
        return Err(Refusal::malformed(NO_WAY_BACK.to_owned()));
    }
    // Corrections of one site come one after the other.
    let mut log = Log::lock(tx, supervisor).await?;
    // Erasing begins with this and waits for whoever holds the log: from here on there is nobody
    // whose words would stay behind.
    if !privacy::forgotten(tx, &[supervisor.user.0]).await?.is_empty() {
        let detail = "whoever corrects here has been forgotten";
        return Err(Refusal::new(StatusCode::FORBIDDEN, code::UNAUTHORIZED, detail));
    }
    let found = find(tx, wish.record).await?;
    let after = wish.resolve(tx).await?;
    let now = clock::now_us();
    found.standing.check(&after, Micros(now)).map_err(Refusal::malformed)?;
    let before = found.standing.before(&after);
    let text = FactText {
        field: "reason".to_owned(),
        salt: Uuid::new_v4().simple().to_string(),
        text: Some(reason.to_owned()),
    };
    let corrected = Corrected {
        record: found.record,
        kind: found.standing.kind,
        rank: Supervisor::rank(),
        reason: text.commitment(),
        before: before.clone(),
        after: after.clone(),
    };
    let body = Body::Corrected(corrected.clone());
    let written = log.append(tx, body, Some(supervisor.user), vec![text], now).await?;
    let writer = Writer::of(log.writer())?;
    let seen = CorrectionSeen {
        correction: written.id,
        origin: writer.origin,
        seq: written.seq,
        made: Micros(now),
        by: Some(supervisor.user),
        corrected,
        here: None,
        seal: None,
    };
    let seal = CorrectionSeal::read(tx).await?.of(&seen);
    let projected = project::project(tx, &writer, &written.facts, None).await?;
    if let Some(held) = projected.held.first() {
        return Err(Refusal::malformed(format!("it cannot be applied: {}", held.detail)));
    }
    let made = Made { id: written.id, found, before, after };
    let terminal = heir(tx, &supervisor.organization, made.found.standing.owner).await?;
    let mut others = Vec::new();
    for other in &made.found.standing.others {
        others.push(heir(tx, &supervisor.organization, *other).await?);
    }
    others.retain(|other| *other != terminal);
    let whose = (terminal, &others[..]);
    insert(tx, supervisor, (&made, whose), reason, (&written, &seen, &seal)).await?;
    audit(tx, supervisor, &made).await?;
    Ok(made)
}

async fn insert(
    tx: &Transaction<'_>,
    supervisor: &Supervisor,
    (made, (terminal, others)): (&Made, (Uuid, &[Uuid])),
    reason: &str,
    (written, seen, seal): (&log::Written, &CorrectionSeen, &str),
) -> Result<(), Refusal> {
    let at = jiff::Timestamp::from_microsecond(seen.made.0).map_err(|_| Refusal::unavailable())?;
    let standing = &made.found.standing;
    let station = made.after.station.or(standing.fields.station).map(|station| station.0);
    tx.execute(
        "INSERT INTO edge.corrections
             (organization_id, id, site_id, station_id, terminal_id, record_id, kind, before,
              after, reason, by_user, at, writer_id, incarnation, seq, line, others, seal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        &[
            &supervisor.organization,
            &made.id,
            &supervisor.site,
            &station,
            &terminal,
            &made.found.record.0,
            &standing.kind.word(),
            &shown(&made.before),
            &shown(&made.after),
            &reason,
            &supervisor.user.0,
            &at,
            &seen.origin.terminal.0,
            &seen.origin.incarnation.to_string(),
            &to_bigint(written.seq),
            &written.line,
            &others,
            &seal,
        ],
    )
    .await?;
    Ok(())
}

async fn audit(
    tx: &Transaction<'_>,
    supervisor: &Supervisor,
    made: &Made,
) -> Result<(), tokio_postgres::Error> {
    let detail = json!({
        "correction": made.id,
        "record": made.found.record,
        "kind": made.found.standing.kind,
    });
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, $2, 'corrected', $3)",
        &[&supervisor.organization, &format!("user {}", supervisor.user), &detail],
    )
    .await?;
    Ok(())
}

/// An amendment for people: times as text.
pub(crate) fn shown(amendment: &Amendment) -> Value {
    let mut value = json!(amendment);
    if let Some(fields) = value.as_object_mut() {
        for field in ["from", "until"] {
            if let Some(time) = fields.get_mut(field) {
                *time = Value::from(Micros(time.as_i64().unwrap_or_default()).rfc3339());
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_text_and_what_is_not_spoken_of_not_at_all() {
        let amendment = Amendment {
            until: Some(Micros(1_780_293_600_000_000)),
            void: Some(true),
            ..Amendment::default()
        };
        let expected = json!({ "until": "2026-06-01T06:00:00Z", "void": true });
        assert_eq!(shown(&amendment), expected);
    }
}
