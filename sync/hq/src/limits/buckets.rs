//! Buckets that fill up again: how much of a right is left to each of many.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ring::digest;
use tokio::time::Instant;

/// So many are watched; beyond them the ones that have rested longest are forgotten.
const MOST_WATCHED: usize = 20_000;

/// How often something may be done.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    /// For ever.
    pub(super) every_second: f64,
    /// At once.
    pub(super) at_once: f64,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// One bucket for each key.
pub(super) struct Buckets {
    rate: Rate,
    each: Mutex<HashMap<[u8; 16], Bucket>>,
}

impl Buckets {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, each: Mutex::default() }
    }

    /// Takes one. When there is none left, says how long until there is.
    pub(super) fn take(&self, key: &[u8], now: Instant) -> Result<(), Duration> {
        let key = short(key);
        let Rate { every_second, at_once } = self.rate;
        let filled = |bucket: &Bucket| {
            let rested = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.left + rested * every_second).min(at_once)
        };
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if each.len() >= MOST_WATCHED && !each.contains_key(&key) {
            each.retain(|_, bucket| filled(bucket) < at_once);
            if each.len() >= MOST_WATCHED {
                each.clear();
            }
        }
        let bucket = each.entry(key).or_insert(Bucket { left: at_once, at: now });
        let left = filled(bucket);
        *bucket = Bucket { left: if left >= 1.0 { left - 1.0 } else { left }, at: now };
        if left >= 1.0 {
            return Ok(());
        }
        Err(Duration::try_from_secs_f64((1.0 - left) / every_second).unwrap_or(Duration::MAX))
    }
}

/// Who asks need not be remembered, only told apart.
pub(super) fn short(key: &[u8]) -> [u8; 16] {
    let hash = digest::digest(&digest::SHA256, key);
    let mut short = [0; 16];
    short.copy_from_slice(hash.as_ref().split_at(16).0);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets() -> Buckets {
        Buckets::new(Rate { every_second: 50.0, at_once: 200.0 })
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_pace_counts() {
        let buckets = buckets();
        let begin = Instant::now();
        let burst = (0..300).filter(|_| buckets.take(b"a", begin).is_ok()).count();
        assert_eq!(burst, 200);
        assert!(buckets.take(b"b", begin).is_ok(), "another terminal has its own");
        assert_eq!(buckets.take(b"a", begin), Err(Duration::from_millis(20)));
        let later = begin + Duration::from_secs(1);
        let second = (0..300).filter(|_| buckets.take(b"a", later).is_ok()).count();
        assert_eq!(second, 50);
    }

    #[test]
    fn many_invented_keys_do_not_fill_the_memory() {
        let buckets = buckets();
        let now = Instant::now();
        for key in 0..60_000_u32 {
            buckets.take(&key.to_be_bytes(), now).unwrap();
        }
        assert!(buckets.each.lock().unwrap().len() <= MOST_WATCHED);
    }
}
