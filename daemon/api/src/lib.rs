//! The contract of the local interface between the daemon and whoever looks at it.
//!
//! HTTP/1.1 with JSON over a Unix socket. Daemon and terminal ship together, so this contract is
//! lockstep: [`VERSION`] is compared at the first request and a stranger is told to restart.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/snapshot` | [`View`] |
//! | `GET /v1/live` | server-sent events: one `snapshot` ([`View`]), then `delta`s ([`Delta`]) |
//! | `POST /v1/commands` | [`Request`] → [`Answer`] |
//! | `GET /v1/sources` | [`commissioning::Sources`] |
//! | `POST /v1/registers` | [`commissioning::BlockQuery`] → [`commissioning::BlockAnswer`] |
//! | `POST /v1/topics` | [`commissioning::TopicQuery`] → [`commissioning::TopicAnswer`] |
//! | `POST /v1/trace` | [`commissioning::TraceQuery`] → [`commissioning::Trace`]s |
//! | `POST /v1/rules` | code of a machine → `kart_core::engine::explain::Explanation` |
//! | `POST /v1/map` | [`commissioning::MapRequest`] → [`commissioning::MapAnswer`] |
//! | `GET /v1/figures` | [`figures::Shift`]; `?from=…&until=…` for another time than this shift, `?as=now` for types of reasons as they are now |
//! | `GET /v1/board` | [`board::Shift`]; `?back=1` for the shift before, `?from=…&until=…` for another time |
//! | `GET /v1/ledger` | [`ledger::Shift`]; likewise |
//! | `GET /v1/export` | [`export::Page`]; `?of=stops&from=…&until=…`, and `&after=…` for the next page; `labor` needs `&ticket=…`, but for the daemon's user and root |
//! | `POST /v1/labor/open` | [`labor::Open`] → [`labor::Opened`] |
//! | `GET /v1/labor` | `?user=…&ticket=…`, `&back=1` for the pay period before → [`labor::Record`] |
//! | `GET /v1/notes` | [`notes::Note`]s, newest first; `?words=guard+EQ-212` for those with all of these words |
//! | `POST /v1/replay` | [`Request`] with what a replay came to → [`Answer`]; for the daemon's user and root |
//! | `GET /health` | [`Health`] |
//! | `GET /metrics` | Prometheus text |
//! | `GET /openapi.json` | this contract as OpenAPI |

#![deny(missing_docs)]

mod view;
mod client;
pub mod board;
pub mod export;
pub mod figures;
pub mod labor;
pub mod ledger;
pub mod notes;
pub mod commissioning;

pub use client::{Client, ClientError, Live, LiveEvent};
pub use view::*;

use kart_core::command::{Accepted, Command, Refusal};
use serde::{Deserialize, Serialize};

/// The number of this contract. Daemon and terminal must agree on it.
pub const VERSION: u32 = 1;

/// A command with the key that makes repeating it harmless.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Unique per form that a person filled in: 1 to 64 characters. The same key again gives the
    /// first answer again and records nothing.
    pub key: String,
    /// What is asked for.
    pub command: Command,
    /// The PIN of the person with the badge, where they have one. It is compared and forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
}

/// A PIN on its way. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(pub String);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin")
    }
}

/// The answer to a command.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is on disk.
    Saved(Accepted),
    /// Nothing was recorded.
    Refused(Refusal),
}

/// Whether the daemon serves its purpose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Health {
    /// Contract number, [`VERSION`].
    pub contract: u32,
    /// Version of the daemon.
    pub version: String,
    /// Process id of the daemon.
    pub pid: u32,
    /// Whether facts can be written, and if not why.
    pub recording: Recording,
    /// Last sequence number on disk.
    pub head: u64,
    /// Head of the hash chain, hexadecimal.
    pub head_hash: String,
    /// Last sequence number that headquarters confirmed.
    pub acked: u64,
}
