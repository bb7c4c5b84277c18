//! The contract between a terminal and headquarters. It lasts for ever: terminals in the field
//! are older than the gateway, so fields are only added and unknown ones ignored.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /v1/enroll` | [`Enroll`] | [`Enrolled`] |
//! | `POST /v1/token` | [`Assertion`] | [`Token`] |
//! | `POST /v1/rotate` | [`Rotate`] | 204 |
//! | `POST /v1/hello` | [`Hello`] | [`Welcome`] |
//! | `POST /v1/push` | NDJSON, zstd: [`PushEnvelope`], then `facts` lines, then `texts` lines of [`TextLine`] | [`Pushed`] |
//! | `POST /v1/pull` | [`Pull`] | [`Pulled`]; protocol 1 |
//! | `POST /v1/feed` | [`Feed`] | NDJSON, zstd: [`FeedHead`], then `rows` lines of [`FeedRow`] |
//! | `POST /v1/common` | [`Common`] | [`Found`] |
//! | `POST /v1/renew` | [`Renew`] | [`Renewed`] |
//! | `POST /v1/aside` | [`Aside`] | [`Kept`] |
//! | `POST /v1/status` | [`Status`] | 204 |
//! | `GET /openapi.json` | | this contract as OpenAPI |
//! | `GET /health` | | 200 while the database answers |
//!
//! Every request but the first three carries `authorization: Bearer <token>`. A fact's line is
//! opaque here: it is stored and hashed as the bytes that came, without the newline. An answer
//! that is not 2xx carries a [`Problem`].

#![deny(missing_docs)]

pub mod code;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The protocol number that both sides name in `hello`. 2 has the feed, lives and leases.
pub const PROTOCOL: u32 = 2;

/// The first protocol with [`Feed`], [`Common`] and [`Renew`].
pub const FEED_PROTOCOL: u32 = 2;

/// A push carries at most this many facts.
pub const MOST_FACTS: usize = 1_000;

/// A push's body may not be larger than this before compression, in bytes.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// A push's body may not be larger than this on the wire, in bytes.
pub const MOST_WIRE_BYTES: usize = 1024 * 1024;

/// The answer to a feed is not larger than this before compression, in bytes.
pub const MOST_FEED_BYTES: usize = 64 * 1024 * 1024;

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

/// A device replaces its key: a compact JWS over [`Rotation`], signed by the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rotate {
    /// `header.claims.signature`, each base64url without padding.
    pub rotation: String,
}

/// What a device signs to replace its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// As in [`Claims`]; the audience is [`ROTATION`].
    #[serde(flatten)]
    pub claims: Claims,
    /// The new Ed25519 public key: base64url without padding.
    pub public_key: String,
}

/// Whom a rotation is made for.
pub const ROTATION: &str = "kartorium-hq/v1/rotate";

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
    /// First sequence number still on its disk: what is before was purged. 0 says nothing.
    #[serde(default)]
    pub oldest_seq: u64,
}

/// A session as one side remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastSession {
    /// Its id.
    pub session: Uuid,
    /// What was acknowledged by its end.
    pub watermark: u64,
    /// The last cursor it gave; opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
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
    /// [`PROTOCOL`] of the gateway; gateways of the first one do not say.
    #[serde(default = "first_protocol")]
    pub protocol: u32,
}

fn first_protocol() -> u32 {
    1
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

/// A terminal asks for the rows that changed since its cursor.
///
/// What comes back is complete: applied in one transaction it makes the mirror equal to one commit
/// boundary at headquarters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Feed {
    /// From the welcome.
    pub session: Uuid,
    /// From the last answer; opaque. `None`: every scope whole.
    pub cursor: Option<String>,
    /// Scopes wanted whole although the cursor is good: their checksum differed.
    #[serde(default)]
    pub whole: Vec<Scope>,
    /// Wait up to this many milliseconds for a change before answering without rows.
    #[serde(default)]
    pub wait_ms: u64,
    /// Also send [`FeedHead::sums`].
    #[serde(default)]
    pub sums: bool,
}

/// Whom a row is sent to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every terminal of the organisation.
    Org,
    /// Every terminal of the site.
    Site,
    /// This terminal: its stations' queues, jobs and batches, its numbers, its corrections.
    Terminal,
}

/// The first line of a feed's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedHead {
    /// For the next feed.
    pub cursor: String,
    /// Scopes that come whole: rows of them that are not in this answer are gone.
    pub whole: Vec<Scope>,
    /// Number of lines that follow.
    pub rows: usize,
    /// Facts of this terminal up to here are contained in the rows.
    pub applied_through: u64,
    /// Clock of headquarters, microseconds.
    pub server_us: i64,
    /// All facts of this terminal that headquarters holds and could not apply yet.
    pub quarantined: Vec<Quarantined>,
    /// The scopes as they are after this answer, when asked for.
    #[serde(default)]
    pub sums: Vec<ScopeSum>,
}

/// A scope in two numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScopeSum {
    /// Which.
    pub scope: Scope,
    /// Number of rows.
    pub rows: u64,
    /// Sum modulo 2^64 over rows of the first eight bytes, big-endian, of SHA-256 over
    /// `table 0x00 key 0x00 row`; hexadecimal.
    pub sum: String,
}

/// One row of the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedRow {
    /// Whom it is for.
    pub scope: Scope,
    /// Schema and name, for example `public.oee_sites`.
    pub table: String,
    /// The row's key.
    pub key: String,
    /// The row as JSON text: an object of columns, each text as Postgres writes it, or null. `None`: the row is gone, or none of this terminal's any more.
    /// Kept and hashed as these bytes.
    pub row: Option<String>,
}

/// A terminal whose log and headquarters' differ asks how far they are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Common {
    /// Life of the log.
    pub incarnation: String,
    /// Places in the terminal's log.
    pub points: Vec<Point>,
}

/// A place in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// Sequence number.
    pub seq: u64,
    /// Hash there, hexadecimal.
    pub hash: String,
}

/// The answer to [`Common`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// The highest of the points that headquarters has with the same hash; 0 when none.
    pub seq: u64,
    /// Last sequence number at headquarters.
    pub watermark: u64,
}

/// A terminal ends the life of its log, which was put back to an older state, or takes over from
/// a terminal that is no more, and begins a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Renew {
    /// The life that ends.
    pub former: String,
    /// The life that begins; minted by the terminal. Asking again with the same one gives the
    /// same answer.
    pub incarnation: String,
    /// See [`Enroll::nonce`].
    pub nonce: String,
    /// After [`code::OTHER_INCARNATION`]: the answer that the life that begins, or the one that
    /// ends, began with; its plant may be null. Headquarters was put back to before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Renewed>,
}

/// A new life was registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Renewed {
    /// The life that begins.
    pub incarnation: String,
    /// The terminal that wrote the log that ended; another one after a take-over.
    pub former_terminal: Uuid,
    /// The life that ended.
    pub former: String,
    /// Where it ended, as headquarters has it.
    pub end: Point,
    /// What its facts add up to, as the domain library describes it: open batches, people clocked
    /// in, bases of counters.
    #[schema(value_type = Object)]
    pub plant: serde_json::Value,
}

/// A terminal that was refused as [`code::CLONED`] hands over what it has recorded, to be kept
/// aside for a person. Nothing of it is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Aside {
    /// Life of its log.
    pub incarnation: String,
    /// See [`Enroll::nonce`].
    pub nonce: String,
    /// First sequence number.
    pub from: u64,
    /// Hash before `from`, hexadecimal.
    pub prev_hash: String,
    /// Lines of facts, without newlines. None at all only asks for the answer.
    pub lines: Vec<String>,
}

/// The answer to [`Aside`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// Last sequence number that is kept aside of this installation and life.
    pub seq: u64,
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
    /// Clock of headquarters, microseconds, where the clock of whoever asks is the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_us: Option<i64>,
}

impl Problem {
    /// A problem of which code and detail say everything.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), watermark: None, server_us: None }
    }
}
