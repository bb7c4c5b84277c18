//! What one terminal may take of headquarters: requests in a time, and depth of a message. Both are
//! judged before anything is read or parsed.
//!
//! The pace is kept by token and in this gateway only: it is there so that one terminal that has
//! lost its mind does not take the connections of all others, not to count to the last request.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use ring::digest;
use tokio::time::Instant;

use crate::{problem::Refusal, server::App};

/// Requests a second, for ever.
const EVERY_SECOND: f64 = 50.0;
/// Requests at once.
const AT_ONCE: f64 = 200.0;
/// So many tokens are watched; beyond them the ones that have rested longest are forgotten.
const MOST_WATCHED: usize = 20_000;
/// Objects and arrays in one another. Nothing of the contract comes near.
const MOST_DEPTH: usize = 16;

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// What it holds at `now`, refilled.
    fn at(self, now: Instant) -> f64 {
        let rested = now.saturating_duration_since(self.at).as_secs_f64();
        (self.left + rested * EVERY_SECOND).min(AT_ONCE)
    }
}

/// How fast each token is used.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<[u8; 16], Bucket>>);

impl Pace {
    /// Takes one request. When there is none left, says how long to wait.
    fn take(&self, token: &[u8], now: Instant) -> Result<(), Duration> {
        let hash = digest::digest(&digest::SHA256, token);
        let mut key = [0; 16];
        key.copy_from_slice(hash.as_ref().split_at(16).0);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_WATCHED && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| bucket.at(now) < AT_ONCE);
            if buckets.len() >= MOST_WATCHED {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: AT_ONCE, at: now });
        let left = bucket.at(now);
        *bucket = Bucket { left: if left >= 1.0 { left - 1.0 } else { left }, at: now };
        if left >= 1.0 { Ok(()) } else { Err(Duration::from_secs(1)) }
    }
}

/// Before every request: one too many is answered and read no further.
pub(crate) async fn pace(State(app): State<App>, request: Request, next: Next) -> Response {
    let token = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    match token.map_or(Ok(()), |token| app.pace.take(token, Instant::now())) {
        Ok(()) => next.run(request).await,
        Err(wait) => Refusal::busy(wait).into_response(),
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
    fn a_burst_is_let_through_and_then_the_pace_counts() {
        let pace = Pace::default();
        let begin = Instant::now();
        let burst = (0..300).filter(|_| pace.take(b"a", begin).is_ok()).count();
        assert_eq!(burst, 200);
        assert!(pace.take(b"b", begin).is_ok(), "another terminal has its own");
        let later = begin + Duration::from_secs(1);
        let second = (0..300).filter(|_| pace.take(b"a", later).is_ok()).count();
        assert_eq!(second, 50);
    }

    #[test]
    fn many_invented_tokens_do_not_fill_the_memory() {
        let pace = Pace::default();
        let now = Instant::now();
        for token in 0..60_000_u32 {
            pace.take(&token.to_be_bytes(), now).unwrap();
        }
        assert!(pace.0.lock().unwrap().len() <= MOST_WATCHED);
    }

    #[test]
    fn depth_is_seen_outside_of_texts_only() {
        assert!(!is_too_deep(br#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[\"[[[["}"#));
        assert!(is_too_deep("[".repeat(17).as_bytes()));
        assert!(!is_too_deep("[]".repeat(100).as_bytes()));
    }
}
