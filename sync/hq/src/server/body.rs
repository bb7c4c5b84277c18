//! Bodies, read no further than they may be long: on the wire and, against bombs, unpacked.

use std::{io::Read as _, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, header::CONTENT_ENCODING},
};
use futures_util::StreamExt as _;
use kart_wire::{MOST_BYTES, MOST_WIRE_BYTES};
use serde::de::DeserializeOwned;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use crate::{limits, problem::Refusal, server::App};

/// Every request but a push is small.
const MOST_MESSAGE_BYTES: usize = 256 * 1024;
/// What somebody unknown may say …
const MOST_BRIEF_BYTES: usize = 16 * 1024;
/// … and how long they may take.
const BRIEF_LIMIT: Duration = Duration::from_secs(5);
/// What an unpacker may remember: 2 to this power, the size of the largest push.
const WINDOW_LOG: u32 = 23;
/// A terminal that needs longer to send a body is not sending one.
const RECEIVE_LIMIT: Duration = Duration::from_secs(20);
/// So many times too long a body is read, and thrown away, to its end: who is hung up on while
/// sending does not see the answer.
const READ_ON: usize = 4;
/// How long a push waits for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// A request body of the contract in JSON. It is read whatever its content type says: there is
/// only one kind.
pub(crate) struct Message<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Message<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = receive(request.into_body(), MOST_MESSAGE_BYTES, RECEIVE_LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// The same from somebody who is not known yet.
pub(crate) struct Brief<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Brief<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = receive(request.into_body(), MOST_BRIEF_BYTES, BRIEF_LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    if limits::is_too_deep(bytes) {
        return Err(Refusal::malformed("the body is nested too deep"));
    }
    serde_json::from_slice(bytes).map_err(|fault| Refusal::malformed(format!("the body: {fault}")))
}

/// The unpacked body of a push, and the turn that it takes as long as it is kept.
pub(crate) struct Unpacked(pub(crate) Vec<u8>, pub(crate) OwnedSemaphorePermit);

impl FromRequest<App> for Unpacked {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let turn = timeout(TURN_LIMIT, Arc::clone(&app.pushes).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Refusal::unavailable()) };
        let (parts, body) = request.into_parts();
        let packed = receive(body, MOST_WIRE_BYTES, RECEIVE_LIMIT).await?;
        Ok(Self(unpack(&parts.headers, packed)?, turn))
    }
}

async fn receive(body: Body, most: usize, limit: Duration) -> Result<Vec<u8>, Refusal> {
    timeout(limit, collect(body, most)).await.map_err(|_late| Refusal::too_slow())?
}

async fn collect(body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut received = Vec::new();
    let mut length = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::malformed("the body was cut off"))?;
        length += chunk.len();
        if length <= most {
            received.extend_from_slice(&chunk);
        } else if length > most * READ_ON {
            break;
        }
    }
    if length > most {
        return Err(Refusal::too_large(format!("a body has at most {most} bytes")));
    }
    Ok(received)
}

fn unpack(headers: &HeaderMap, packed: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    match headers.get(CONTENT_ENCODING).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(packed),
        Some(b"zstd") => unzstd(&packed),
        Some(_) => Err(Refusal::malformed("content-encoding must be zstd or absent")),
    }
}

fn unzstd(packed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let broken = |_| Refusal::malformed("the body is no zstd");
    let mut decoder = zstd::Decoder::with_buffer(packed).map_err(broken)?;
    decoder.window_log_max(WINDOW_LOG).map_err(broken)?;
    let mut unpacked = Vec::new();
    let most = MOST_BYTES as u64;
    decoder.take(most + 1).read_to_end(&mut unpacked).map_err(broken)?;
    if unpacked.len() > MOST_BYTES {
        return Err(Refusal::too_large(format!("a push has at most {MOST_BYTES} bytes unpacked")));
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_not_unpacked() {
        let fits = zstd::encode_all(&vec![b' '; MOST_BYTES][..], 1).unwrap();
        assert_eq!(unzstd(&fits).unwrap().len(), MOST_BYTES);
        let bomb = zstd::encode_all(&vec![b' '; MOST_BYTES * 8][..], 1).unwrap();
        assert!(bomb.len() < MOST_WIRE_BYTES);
        assert_eq!(unzstd(&bomb).unwrap_err().code(), kart_wire::code::TOO_LARGE);
        assert_eq!(unzstd(b"nonsense").unwrap_err().code(), kart_wire::code::MALFORMED);
    }
}
