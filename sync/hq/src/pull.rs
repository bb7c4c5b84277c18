//! What terminals of protocol 1 are sent: the reference data of the site as one document, when it
//! is another one than they have. It is put together from the same rows as the feed's.

use std::{collections::BTreeSet, time::Duration};

use axum::{Json, extract::State};
use kart_core::reference::{Rows, assemble};
use kart_wire::{Problem, Pull, Pulled, Scope};
use ring::digest;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::{
    auth::{Bearer, authenticate},
    database::begin_snapshot,
    feed::{Here, Place, whole},
    problem::Refusal,
    push::head::require_session,
    quarantine,
    server::{App, body::Message},
};

mod cursor;

use cursor::{Content, Seal};

const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends the reference data of the site when they are not those the cursor stands for.
#[utoipa::path(post, path = "/v1/pull", request_body = Pull,
    responses((status = 200, body = Pulled), (status = "default", body = Problem)))]
pub(crate) async fn pull(
    State(app): State<App>,
    bearer: Bearer,
    Message(pull): Message<Pull>,
) -> Result<Json<Pulled>, Refusal> {
    if pull.scope != "site" {
        return Err(Refusal::malformed("the scope must be site"));
    }
    let until = Instant::now() + Duration::from_millis(pull.wait_ms).min(LONGEST_WAIT);
    let mut stopping = app.stopping.clone();
    let mut ear = app.bell.listen();
    loop {
        let (found, organization, scopes) = look(&app, &bearer, &pull).await?;
        let left = until.saturating_duration_since(Instant::now());
        let told = matches!(found, Pulled::Snapshot { .. });
        if told || left.is_zero() || *stopping.borrow() {
            return Ok(Json(found));
        }
        let rung = async {
            tokio::select! {
                () = ear.rung(&organization, &scopes) => {},
                // Gone with the server.
                _ = stopping.changed() => {},
            }
        };
        // Woken or not: the next look says what there is to say.
        timeout(left, rung).await.ok();
    }
}

/// What there is for the terminal at this moment, and what to listen for.
async fn look(
    app: &App,
    bearer: &Bearer,
    pull: &Pull,
) -> Result<(Pulled, String, BTreeSet<String>), Refusal> {
    let _turn = app.bell.turn().await;
    let mut client = app.database.client().await?;
    let tx = begin_snapshot(&mut client).await?;
    let terminal = authenticate(&tx, bearer).await?;
    require_session(&tx, &terminal, pull.session).await?;
    let quarantined = quarantine::of(&tx, &terminal, 0, u64::MAX).await?;
    let here = Here::read(&tx, &terminal).await?;
    let place = Place::read(&tx, &terminal).await?;
    let mut rows = Rows::new();
    for scope in [Scope::Org, Scope::Site] {
        for row in whole(&tx, &place, scope).await? {
            let columns = row.row.and_then(|text| serde_json::from_str(&text).ok());
            rows.entry(row.table).or_default().extend(columns);
        }
    }
    tx.rollback().await?;
    let seal = Seal::new(&here.key, terminal.id, &pull.scope);
    let known = pull.cursor.as_deref().and_then(|cursor| seal.open(cursor));
    let found = match document(&rows) {
        Some((content, snapshot)) if known != Some(content) => {
            Pulled::Snapshot { cursor: seal.close(content), snapshot, quarantined }
        },
        _ => Pulled::Unchanged { quarantined },
    };
    Ok((found, terminal.organization, place.scopes().into_iter().collect()))
}

/// The document and its fingerprint; none while the rows do not make one.
fn document(rows: &Rows) -> Option<(Content, Value)> {
    let reference = match assemble(rows) {
        Ok(reference) => reference,
        Err(fault) => {
            tracing::warn!(%fault, "the reference data of the site cannot be put together");
            return None;
        },
    };
    let snapshot = serde_json::to_value(reference).ok()?;
    let hash = digest::digest(&digest::SHA256, snapshot.to_string().as_bytes());
    Some((hash.as_ref().try_into().ok()?, snapshot))
}
