//! The words of [`Problem::code`](crate::Problem::code).

/// 401: no token, an unknown or an expired one. Get a new one.
pub const UNAUTHORIZED: &str = "unauthorized";
/// 403: this terminal was revoked or retired. A person must act.
pub const REVOKED: &str = "revoked";
/// 403: the push or hello names another terminal than the token.
pub const FOREIGN: &str = "foreign";
/// 403: the enrollment code is unknown, used or expired.
pub const BAD_CODE: &str = "bad_code";
/// 409: the hashes do not match the lines.
pub const BROKEN_CHAIN: &str = "broken_chain";
/// 409: another fact is already stored under this number.
pub const FORKED: &str = "forked";
/// 409: facts between the watermark and `from` are missing.
pub const GAP: &str = "gap";
/// 409: the session is not the terminal's current one. Say hello again.
pub const STALE_SESSION: &str = "stale_session";
/// 409: the log is another life than the registered one.
pub const OTHER_INCARNATION: &str = "other_incarnation";
/// 409: headquarters holds facts that the log of this terminal lacks or has otherwise; ask
/// [`crate::Common`], then [`crate::Renew`].
pub const ROLLED_BACK: &str = "rolled_back";
/// 409: another installation uses this identity. A person must act.
pub const CLONED: &str = "cloned";
/// 429: too many requests of this terminal, or a renewal that is not finished. Ask the same again, not
/// before `retry-after` has passed; the session goes on. What stands before headquarters and answers
/// 429 or 503 with `retry-after` in words of its own says the same.
pub const BUSY: &str = "busy";
/// 413: too large a body, a line or too many facts.
pub const TOO_LARGE: &str = "too_large";
/// 400: not of this contract.
pub const MALFORMED: &str = "malformed";
/// 426: the terminal's protocol is too old.
pub const UPGRADE_REQUIRED: &str = "upgrade_required";
/// 500, 503: headquarters cannot work now. The session is over; begin another later, not before
/// `retry-after` has passed.
pub const UNAVAILABLE: &str = "unavailable";
