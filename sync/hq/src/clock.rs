//! The one place where this program reads the time. What is stored is dated by the database.

use kart_planted::clock::ahead_us;

/// Microseconds since 1970 UTC.
pub(crate) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond().saturating_add(ahead_us())
}

/// Seconds since 1970 UTC.
pub(crate) fn now_s() -> i64 {
    now_us().div_euclid(1_000_000)
}
