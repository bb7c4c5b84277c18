//! One person's own record.

use kart_core::{
    id::{RecordId, StationId, UserId},
    kpi::Span,
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// What this terminal knows of one person's time in a month of the site's calendar.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Whose.
    pub user: UserId,
    /// So many months before this one.
    pub back: u8,
    /// The month.
    #[serde(flatten)]
    pub span: Span,
    /// Entries that touch it, oldest first.
    pub entries: Vec<Entry>,
}

/// One entry, as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its row.
    pub id: RecordId,
    /// `shift`, `break`, `meal` or `activity`.
    pub kind: String,
    /// Where.
    pub station: Option<StationId>,
    /// From when …
    pub from: Micros,
    /// … until when; `None` where it goes on, or nobody said when it ended.
    pub until: Option<Micros>,
    /// `terminal`, `told`, `missing_out` or `void`.
    pub source: String,
    /// Its person said that it is right, as it stands.
    pub confirmed: bool,
    /// Everything that was recorded of it, in its order.
    pub lines: Vec<Line>,
}

/// One thing that was recorded of an entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// The word of `edge.punches.kind`.
    pub kind: String,
    /// The beginning that it speaks of.
    pub from: Option<Micros>,
    /// The end that it speaks of.
    pub until: Option<Micros>,
    /// The word of `edge.punches.evidence`.
    pub evidence: Option<String>,
    /// Why, in the words of whoever said so.
    pub reason: Option<String>,
    /// When it was recorded.
    pub recorded: Micros,
    /// Who recorded it.
    pub by: Option<UserId>,
}
