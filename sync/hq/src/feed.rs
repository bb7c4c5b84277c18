//! The feed: what changed at headquarters since a terminal's cursor, sent as soon as it changes.
//!
//! A cursor is a snapshot of Postgres, an answer everything that a newer snapshot shows and that
//! one did not. So an answer is complete, nothing waits for the oldest transaction, and a mirror
//! equals one commit boundary. A request that waits holds no connection: it is woken.

use std::{io::Write as _, time::Duration};

use axum::{
    extract::State,
    http::header::{CONTENT_ENCODING, CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use kart_wire::{Feed, FeedHead, FeedRow, MOST_FEED_BYTES, Problem};
use tokio::time::{Instant, timeout};

use crate::{
    auth::Bearer,
    problem::Refusal,
    server::{App, body::Message},
};

mod answer;
mod bell;
pub(crate) mod command;
pub(crate) mod cursor;
mod health;
mod place;
mod rows;

use answer::{Look, differs, look};
pub(crate) use bell::Bell;
pub(crate) use health::{Meters, check, health, metrics};
pub(crate) use place::{Here, Place};
pub(crate) use rows::whole;

const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A history that changes under every look is no history.
const MOST_LOOKS: usize = 5;
const LEVEL: i32 = 3;

/// Sends what changed since the cursor, waiting for a change if there is none.
#[utoipa::path(post, path = "/v1/feed", request_body = Feed,
    responses((status = 200, body = FeedHead, content_type = "application/x-ndjson"),
              (status = "default", body = Problem)))]
pub(crate) async fn feed(
    State(app): State<App>,
    bearer: Bearer,
    Message(feed): Message<Feed>,
) -> Result<Response, Refusal> {
    let until = Instant::now() + Duration::from_millis(feed.wait_ms).min(LONGEST_WAIT);
    let mut stopping = app.stopping.clone();
    let _waiting = health::waiting();
    // Before the first look, so that nothing happens unheard between a look and the waiting.
    let mut ear = app.bell.listen();
    let mut told = None;
    loop {
        let (organization, scopes, head) = match settled(&app, &bearer, &feed).await? {
            Look::Idle { organization, scopes, head } => (organization, scopes, head),
            Look::Answer(head, rows) => return answered(&head, &rows),
            Look::Again => return Err(Refusal::unavailable()),
        };
        let news = told
            .as_ref()
            .is_some_and(|told: &FeedHead| differs(&told.quarantined, &head.quarantined));
        let left = until.saturating_duration_since(Instant::now());
        if news || left.is_zero() || *stopping.borrow() {
            return answered(&head, &[]);
        }
        told = Some(head);
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

/// A look in a history that is settled.
async fn settled(app: &App, bearer: &Bearer, feed: &Feed) -> Result<Look, Refusal> {
    for _ in 0..MOST_LOOKS {
        let _turn = app.bell.turn().await;
        let mut client = app.database.client().await?;
        match look(&mut client, bearer, feed).await? {
            Look::Again => {},
            settled => return Ok(settled),
        }
    }
    Ok(Look::Again)
}

/// Lines of JSON, packed.
fn answered(head: &FeedHead, rows: &[FeedRow]) -> Result<Response, Refusal> {
    health::answered(head, rows);
    let body = pack(head, rows).map_err(|fault| {
        tracing::error!(%fault, rows = rows.len(), "a feed cannot be packed");
        Refusal::unavailable()
    })?;
    let headers = [(CONTENT_TYPE, "application/x-ndjson"), (CONTENT_ENCODING, "zstd")];
    Ok((headers, body).into_response())
}

fn pack(head: &FeedHead, rows: &[FeedRow]) -> std::io::Result<Vec<u8>> {
    let mut plain = serde_json::to_vec(head)?;
    plain.push(b'\n');
    for row in rows {
        serde_json::to_writer(&mut plain, row)?;
        plain.write_all(b"\n")?;
        if plain.len() > MOST_FEED_BYTES {
            return Err(std::io::Error::other("it is larger than the contract allows"));
        }
    }
    zstd::bulk::compress(&plain, LEVEL)
}
