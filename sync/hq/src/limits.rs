//! What one terminal, and whoever is unknown, may take of headquarters: requests in a time, and
//! depth of a message. All is judged before anything is read, parsed or looked up.
//!
//! The pace is kept in this gateway only: it is there so that one that has lost its mind does not
//! take the connections of all others, not to count to the last request. A terminal that goes by
//! the contract never comes near its own; what is unknown shares one for each address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::Instant;

use crate::{
    auth::{Bearer, Digest, Peer},
    problem::Refusal,
    server::App,
};

mod buckets;

use buckets::{Buckets, Rate, short};

/// Requests with one token.
const TOKEN: Rate = Rate { every_second: 100.0, at_once: 200.0 };
/// Requests from one address that no token of ours speaks for. A whole plant may stand behind one
/// address, and all of it comes at once when the power returns.
const ADDRESS: Rate = Rate { every_second: 100.0, at_once: 4_000.0 };
/// Proofs that one address brings for one terminal, or tries with one code.
const CLAIM: Rate = Rate { every_second: 2.0, at_once: 100.0 };

/// So long a token counts as known before it is looked up again. Every request looks it up once
/// more when it does something: what is revoked is revoked at once.
const KNOWN: Duration = Duration::from_secs(60);
/// More than terminals of one gateway; beyond them all are looked up again.
const MOST_KNOWN: usize = 20_000;

/// Objects and arrays in one another. Nothing of the contract comes near.
const MOST_DEPTH: usize = 16;

/// How fast everybody asks.
pub(crate) struct Pace {
    tokens: Buckets,
    addresses: Buckets,
    claims: Buckets,
    known: Mutex<HashMap<[u8; 16], Instant>>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            tokens: Buckets::new(TOKEN),
            addresses: Buckets::new(ADDRESS),
            claims: Buckets::new(CLAIM),
            known: Mutex::default(),
        }
    }
}

impl Pace {
    /// Whether the token was one of ours a moment ago.
    pub(crate) fn knows(&self, token: &Digest) -> bool {
        self.knew(token, Instant::now())
    }

    fn knew(&self, token: &Digest, now: Instant) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.get(&short(token.bytes()));
        at.is_some_and(|at| now.saturating_duration_since(*at) < KNOWN)
    }

    /// Whether the token was ever one of ours here, as far as this gateway remembers.
    fn met(&self, token: &Digest) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&short(token.bytes()))
    }

    /// The token is one of ours.
    pub(crate) fn know(&self, token: &Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, at| at.elapsed() < KNOWN);
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
        }
        known.insert(short(token.bytes()), Instant::now());
    }
}

/// Before every request: one too many is answered and read no further.
pub(crate) async fn pace(State(app): State<App>, request: Request, next: Next) -> Response {
    let token = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    match token.map_or(Ok(()), |token| app.pace.tokens.take(token, Instant::now())) {
        Ok(()) => next.run(request).await,
        Err(wait) => Refusal::busy(wait).into_response(),
    }
}

/// Somebody who has not proved to be a terminal yet, and may ask all the same. Whoever bears a token
/// that was one of ours, however old, is reckoned by that: strangers at the same address take
/// nothing from it.
pub(crate) struct Stranger(Vec<u8>);

impl FromRequestParts<App> for Stranger {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if let Some(met) = Bearer::named(parts).ok().filter(|one| app.pace.met(one.digest())) {
            return Ok(Self(met.digest().bytes().clone()));
        }
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        let network = network(peer.ip());
        app.pace.addresses.take(&network, Instant::now()).map_err(Refusal::busy)?;
        Ok(Self(network))
    }
}

impl Stranger {
    /// Says to be, or to know, `what`. Counted for each asker, so that nobody is shut out by what
    /// somebody else says.
    pub(crate) fn claims(&self, app: &App, what: &[u8]) -> Result<(), Refusal> {
        let claim = [self.0.as_slice(), b"/", what].concat();
        app.pace.claims.take(&claim, Instant::now()).map_err(Refusal::busy)
    }
}

/// Who is reckoned as one: an address, or the part of it that one customer of a provider has.
fn network(address: Option<IpAddr>) -> Vec<u8> {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets().into_iter().take(8).collect(),
        None => vec![],
    }
}

/// Whether JSON is nested deeper than anything of the contract, found without parsing it.
pub(crate) fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {},
        }
        if depth > MOST_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_seen_outside_of_texts_only() {
        assert!(!is_too_deep(br#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[\"[[[["}"#));
        assert!(is_too_deep("[".repeat(17).as_bytes()));
        assert!(!is_too_deep("[]".repeat(100).as_bytes()));
    }

    #[test]
    fn neighbours_in_one_network_are_one_and_others_are_not() {
        let of = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn a_token_is_known_for_a_while() {
        let (pace, token) = (Pace::default(), Digest::of("a"));
        assert!(!pace.knows(&token));
        pace.know(&token);
        assert!(pace.knows(&token) && !pace.knows(&Digest::of("b")));
        assert!(!pace.knew(&token, Instant::now() + KNOWN));
    }
}
