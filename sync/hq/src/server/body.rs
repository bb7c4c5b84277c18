//! Bodies, read no further than they may be long: on the wire and, against bombs, unpacked.

use std::io::Read as _;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, header::CONTENT_ENCODING},
};
use futures_util::StreamExt as _;
use kart_wire::{MOST_BYTES, MOST_WIRE_BYTES};
use serde::de::DeserializeOwned;

use crate::problem::Refusal;

/// Every request but a push is small.
const MOST_MESSAGE_BYTES: usize = 256 * 1024;
/// What an unpacker may remember: 2 to this power, the size of the largest push.
const WINDOW_LOG: u32 = 23;

/// A request body of the contract in JSON. It is read whatever its content type says: there is
/// only one kind.
pub(crate) struct Message<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Message<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = receive(request.into_body(), MOST_MESSAGE_BYTES).await?;
        match serde_json::from_slice(&bytes) {
            Ok(message) => Ok(Self(message)),
            Err(fault) => Err(Refusal::malformed(format!("the body: {fault}"))),
        }
    }
}

/// The unpacked body of a push.
pub(crate) struct Unpacked(pub(crate) Vec<u8>);

impl<S: Sync> FromRequest<S> for Unpacked {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let packed = receive(body, MOST_WIRE_BYTES).await?;
        unpack(&parts.headers, packed).map(Self)
    }
}

async fn receive(body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut received = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::malformed("the body was cut off"))?;
        if received.len() + chunk.len() > most {
            return Err(Refusal::too_large(format!("a body has at most {most} bytes")));
        }
        received.extend_from_slice(&chunk);
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
