//! The one place where this program reads the time. What is stored is dated by the database.

/// Microseconds since 1970 UTC.
pub(crate) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Seconds since 1970 UTC.
pub(crate) fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}
