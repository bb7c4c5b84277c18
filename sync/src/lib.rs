//! The terminal's side of reconciliation with headquarters.
//!
//! Facts go up in contiguous ranges, in order, in one lane; rows come down as they change, each
//! answer one commit boundary of headquarters. This crate knows neither SQLite nor what a fact
//! means: what it needs from the terminal is the [`Terminal`] port. Delivery is at least once,
//! headquarters applies once.

mod client;
mod feed;
mod gateway;
mod identity;
mod life;
mod outcome;
mod pace;
mod pull;
mod rotate;
mod session;
mod tls;

use kart_wire::Renewed;
use std::{future::Future, time::Duration};
use uuid::Uuid;

pub use client::{Headquarters, Remote};
pub use gateway::{Fed, Gateway};
pub use identity::{Device, EnrollError, IdentityError, enroll};
pub use life::NewLife;
pub use outcome::{Failure, Remedy};
pub use rotate::rotate_key;
pub use session::{Tuning, run};
pub use tls::Time;

/// What synchronisation needs from a terminal. All answers are from disk.
pub trait Terminal: Send + Sync {
    /// Where the log stands and what headquarters is known to hold.
    fn position(&self) -> impl Future<Output = Result<Position, Fault>> + Send;

    /// The hash at a sequence number, hexadecimal; `None` beyond the last fact.
    fn hash_at(&self, seq: u64) -> impl Future<Output = Result<Option<String>, Fault>> + Send;

    /// Facts after `after`: at most so many, and about so many bytes. `None` at the end.
    fn page(
        &self,
        after: u64,
        facts: usize,
        bytes: usize,
    ) -> impl Future<Output = Result<Option<Page>, Fault>> + Send;

    /// Remembers what headquarters holds, before anything is built upon it.
    fn acknowledged(&self, told: Told) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Remembers all facts that headquarters holds but could not apply yet.
    fn quarantined(
        &self,
        all: Vec<kart_wire::Quarantined>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The cursor of the rows on disk; `None` asks for all of them.
    fn feed_cursor(&self) -> impl Future<Output = Result<Option<String>, Fault>> + Send;

    /// Takes over rows that changed since the cursor `base`, with their cursor or not at all; an
    /// error leaves the old ones in force.
    fn feed(
        &self,
        session: Uuid,
        base: Option<String>,
        fed: Fed,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The scopes of the rows on disk, each in two numbers.
    fn sums(&self) -> impl Future<Output = Result<Vec<kart_wire::ScopeSum>, Fault>> + Send;

    /// The cursor of the site's document on disk; protocol 1.
    fn cursor(&self) -> impl Future<Output = Result<Option<String>, Fault>> + Send;

    /// Takes over the site's document; an error leaves the old data in force. Protocol 1.
    fn reference(
        &self,
        snapshot: serde_json::Value,
        cursor: String,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// What the terminal shows now, for the live lane.
    fn status(&self) -> impl Future<Output = kart_wire::Status> + Send;

    /// Begins a new life of the log. Returns when it has begun, or never, when the program starts
    /// anew for it.
    fn renew(&self, life: NewLife) -> impl Future<Output = Result<(), Fault>> + Send {
        let incarnation = life.renewed.incarnation;
        std::future::ready(Err(Fault(format!("this terminal cannot begin the life {incarnation}"))))
    }

    /// What headquarters answered when the life that goes on began, without the plant; `None` for a
    /// first life, and when its beginning was purged.
    fn granted(&self) -> impl Future<Output = Result<Option<Renewed>, Fault>> + Send {
        std::future::ready(Ok(None))
    }

    /// The name of the life after this one: sixteen random hexadecimal digits.
    fn next_incarnation(&self) -> Result<String, Fault> {
        identity::incarnation().map_err(|fault| Fault(fault.to_string()))
    }

    /// The best time that this terminal knows, microseconds since 1970: at least that of its position.
    fn best_us(&self, position: &Position) -> i64 {
        position.wall_us
    }

    /// Headquarters has just said that it is `right_us`, or was at most `within` ago: microseconds
    /// since 1970.
    fn told_time(&self, right_us: i64, within: Duration) {
        let _ = (right_us, within);
    }

    /// Reports how the link is.
    fn link(&self, link: Link);

    /// Reports that facts up to `last` are on their way; 0 when none are.
    fn sending(&self, last: u64);

    /// Returns once the log reaches beyond `seq`.
    fn grown(&self, seq: u64) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// The terminal could not answer; in words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// Where a log stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// Last sequence number on disk.
    pub last: u64,
    /// Hash there, hexadecimal.
    pub head_hash: String,
    /// Last sequence number known to be at headquarters.
    pub acked: u64,
    /// Hash there, hexadecimal.
    pub acked_hash: String,
    /// Sessions remembered, newest first.
    pub sessions: Vec<kart_wire::PastSession>,
    /// Wall clock, microseconds.
    pub wall_us: i64,
    /// First sequence number still on disk; 0 before the first fact.
    pub oldest: u64,
}

/// Facts on their way up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// First sequence number.
    pub from: u64,
    /// Hash before it, hexadecimal.
    pub prev_hash: String,
    /// The lines, in order.
    pub lines: Vec<String>,
    /// Texts they commit to.
    pub texts: Vec<kart_wire::TextLine>,
}

impl Page {
    /// Bytes of its lines.
    fn size(&self) -> usize {
        self.lines.iter().map(String::len).sum()
    }
}

/// What headquarters said it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// In which session.
    pub session: Uuid,
    /// Last sequence number there.
    pub watermark: u64,
    /// Backed up there.
    pub safe: u64,
    /// Facts of the last push that could not be applied there.
    pub quarantined: Vec<kart_wire::Quarantined>,
}

/// How the link to headquarters is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// Being made.
    Connecting,
    /// Headquarters answers, and is at work on a new life of the log; how far it is.
    Preparing(String),
    /// Headquarters answers.
    Up,
    /// It does not, or not usefully; tried again.
    Down(String),
    /// It refuses this terminal; a person must act.
    Refused(String),
    /// Reference data was confirmed.
    ReferenceConfirmed,
}
