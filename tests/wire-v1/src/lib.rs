//! The contract between a terminal and headquarters. It lasts for ever: terminals in the field
//! are older than the gateway, so fields are only added and unknown ones ignored.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /v1/enroll` | [`Enroll`] | [`Enrolled`] |
//! | `POST /v1/token` | [`Assertion`] | [`Token`] |
//! | `POST /v1/hello` | [`Hello`] | [`Welcome`] |
//! | `POST /v1/push` | NDJSON, zstd: [`PushEnvelope`], then `facts` lines, then `texts` lines of [`TextLine`] | [`Pushed`] |
//! | `POST /v1/pull` | [`Pull`] | [`Pulled`] |
//! | `POST /v1/status` | [`Status`] | 204 |
//! | `GET /openapi.json` | | this contract as OpenAPI |
//! | `GET /health` | | 200 while the database answers |
//!
//! Every request but the first two carries `authorization: Bearer <token>`. A fact's line is
//! opaque here: it is stored and hashed as the bytes that came, without the newline. An answer
//! that is not 2xx carries a [`Problem`].

#![deny(missing_docs)]

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The protocol number that both sides name in `hello`.
pub const PROTOCOL: u32 = 1;

/// A push carries at most this many facts.
pub const MOST_FACTS: usize = 1_000;

/// A push's body may not be larger than this before compression, in bytes.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// A push's body may not be larger than this on the wire, in bytes.
pub const MOST_WIRE_BYTES: usize = 1024 * 1024;

/// A terminal asks to be registered, once, with the code that headquarters issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enroll {
    /// The one-time code.
    pub code: String,
    /// Minted by the terminal.
    pub terminal: Uuid,
    /// Minted by the terminal: 16 hexadecimal digits.
    pub incarnation: String,
    /// The device's Ed25519 public key: base64url without padding.
    pub public_key: String,
    /// Random at installation and kept outside backups: tells clones apart.
    pub nonce: String,
}

/// The terminal is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrolled {
    /// `organization_id`.
    pub organization: String,
    /// Code of the site.
    pub site: String,
    /// Code of the terminal.
    pub terminal_code: String,
}

/// Proof of the device key: a compact JWS (RFC 7515, `EdDSA`) over [`Claims`], as RFC 7523 uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assertion {
    /// `header.claims.signature`, each base64url without padding.
    pub assertion: String,
}

/// What a device signs to get a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The terminal.
    pub iss: Uuid,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// Signed at, seconds since 1970 by the terminal's clock.
    pub iat: i64,
    /// Used once; random.
    pub jti: Uuid,
}

/// Whom an assertion is made for.
pub const AUDIENCE: &str = "kartorium-hq/v1/token";

/// A short-lived opaque token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Sent as `authorization: Bearer`.
    pub token: String,
    /// Seconds it lives.
    pub expires_in_s: u64,
}

/// A terminal says where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// [`PROTOCOL`] of the terminal.
    pub protocol: u32,
    /// Version of the daemon.
    pub version: String,
    /// Life of its log: 16 hexadecimal digits.
    pub incarnation: String,
    /// See [`Enroll::nonce`].
    pub nonce: String,
    /// Last sequence number on its disk.
    pub last_seq: u64,
    /// Hash there, hexadecimal.
    pub head_hash: String,
    /// Last sequence number it knows to be at headquarters.
    pub acked_seq: u64,
    /// Hash there, hexadecimal.
    pub acked_hash: String,
    /// The sessions it remembers, newest first: session and the watermark then.
    pub sessions: Vec<PastSession>,
    /// Its wall clock, microseconds.
    pub wall_us: i64,
}

/// A session as one side remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastSession {
    /// Its id.
    pub session: Uuid,
    /// What was acknowledged by its end.
    pub watermark: u64,
}

/// Headquarters answers a hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Welcome {
    /// Named in every push and pull of this session.
    pub session: Uuid,
    /// Last sequence number at headquarters. Below `acked_seq`: headquarters was restored and
    /// wants everything after it again.
    pub watermark: u64,
    /// Hash there, hexadecimal.
    pub watermark_hash: String,
    /// Everything up to here is in a backup and may be purged.
    pub safe_seq: u64,
    /// Clock of headquarters, microseconds.
    pub server_us: i64,
    /// Most facts in one push.
    pub most_facts: usize,
}

/// The first line of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushEnvelope {
    /// From the welcome.
    pub session: Uuid,
    /// The pushing terminal: must be the one that the token is for.
    pub terminal: Uuid,
    /// Life of its log.
    pub incarnation: String,
    /// First sequence number.
    pub from: u64,
    /// Number of fact lines that follow.
    pub facts: usize,
    /// Number of text lines after those.
    pub texts: usize,
    /// Hash before `from`, hexadecimal.
    pub prev_hash: String,
}

/// An erasable text that a fact commits to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextLine {
    /// The fact.
    pub seq: u64,
    /// The field of the fact that commits to it.
    pub field: String,
    /// 32 hexadecimal digits.
    pub salt: String,
    /// `None` when it was erased on the terminal.
    pub text: Option<String>,
}

/// What became of a push. It is stored: the answer comes after the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pushed {
    /// The session the push belonged to.
    pub session: Uuid,
    /// Last sequence number at headquarters now.
    pub watermark: u64,
    /// Hash there, hexadecimal.
    pub watermark_hash: String,
    /// See [`Welcome::safe_seq`].
    pub safe_seq: u64,
    /// Facts of this push that are stored and wait to be applied.
    pub quarantined: Vec<Quarantined>,
}

/// A fact that headquarters holds and could not apply yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quarantined {
    /// The fact.
    pub seq: u64,
    /// Stable word: `unresolved_ref`, `unreadable`, `waits_for_record`, `bad_text`, `refused`.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// A terminal asks for what it should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pull {
    /// From the welcome.
    pub session: Uuid,
    /// `site`; later also `organization` and `terminal`.
    pub scope: String,
    /// From the last answer; opaque. `None`: everything.
    pub cursor: Option<String>,
    /// Wait up to this many milliseconds for a change before answering `unchanged`.
    #[serde(default)]
    pub wait_ms: u64,
}

/// What headquarters sends down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pulled {
    /// Nothing new.
    Unchanged {
        /// Quarantined facts of this terminal that still wait.
        quarantined: Vec<Quarantined>,
    },
    /// The whole scope in one consistent version.
    Snapshot {
        /// For the next pull.
        cursor: String,
        /// The reference data, as the domain library describes it.
        #[schema(value_type = Object)]
        snapshot: serde_json::Value,
        /// See `unchanged`.
        quarantined: Vec<Quarantined>,
    },
}

/// The live lane: what the terminal shows now. Overwritten, never counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Wall clock of the terminal, microseconds.
    pub at_us: i64,
    /// Facts that wait to be pushed.
    pub backlog: u64,
    /// State per machine code, and whatever later versions add.
    #[schema(value_type = Object)]
    pub machines: serde_json::Value,
}

/// Why a request was not carried out; nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    /// Stable word, see [`code`].
    pub code: String,
    /// For people.
    pub detail: String,
    /// Last sequence number at headquarters, where that is the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<u64>,
}

/// The words of [`Problem::code`].
pub mod code {
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
    /// 413: too large a body, a line or too many facts.
    pub const TOO_LARGE: &str = "too_large";
    /// 400: not of this contract.
    pub const MALFORMED: &str = "malformed";
    /// 426: the terminal's protocol is too old.
    pub const UPGRADE_REQUIRED: &str = "upgrade_required";
    /// 500, 503: headquarters cannot work now. Try later.
    pub const UNAVAILABLE: &str = "unavailable";
}
