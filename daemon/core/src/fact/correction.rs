//! Corrections: a supervisor at headquarters puts right what a terminal recorded.
//!
//! A correction never changes a fact. It is a fact of headquarters' own log that says which fields
//! of a record are otherwise; the terminal answers with a fact that it has seen it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Commitment;
use crate::{
    id::{Origin, ProductId, ReasonId, RecordId, StationId, UserId},
    time::Micros,
};

/// What a correction says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Corrected {
    /// Which record.
    pub record: RecordId,
    /// What kind of record it is.
    pub kind: Correctable,
    /// Rank of the person's role; a higher one wins.
    pub rank: u8,
    /// Why, committed to under the field `reason`.
    pub reason: Option<Commitment>,
    /// The fields of `after` as they stood.
    pub before: Amendment,
    /// The fields that are otherwise, and nothing else.
    pub after: Amendment,
}

/// A terminal has taken over a correction of one of its records.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CorrectionSeen {
    /// Its key in `edge.corrections`.
    pub correction: Uuid,
    /// Headquarters' log.
    pub origin: Origin,
    /// The place of the correction in that log.
    pub seq: u64,
    /// When it was made.
    pub made: Micros,
    /// Who made it.
    pub by: Option<UserId>,
    /// What it says, so that the log of the terminal alone adds up to the terminal's rows.
    pub corrected: Corrected,
    /// The name of the record in this log, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<RecordId>,
    /// By which headquarters knows a correction again that it has lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

impl CorrectionSeen {
    /// What it says of the record by the name that this log has for it.
    pub fn corrects(&self) -> Corrected {
        let record = self.here.unwrap_or(self.corrected.record);
        Corrected { record, ..self.corrected.clone() }
    }
}

/// A correction as it came down.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Correction {
    /// The fact that it becomes here.
    pub seen: CorrectionSeen,
    /// Why; `None` once the words were erased.
    pub reason: Option<String>,
}

/// Kinds of records that can be corrected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correctable {
    /// A labor entry.
    Labor,
    /// A downtime of a machine.
    Stop,
    /// A batch.
    Batch,
}

impl Correctable {
    /// The word, as it stands in the line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Labor => "labor",
            Self::Stop => "stop",
            Self::Batch => "batch",
        }
    }
}

/// Fields of a record; those that are `None` are not spoken of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Amendment {
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Micros>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<StationId>,
    /// Whose labor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Why a machine stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downtime: Option<Downtime>,
    /// Good parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good: Option<i64>,
    /// Scrapped parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrap: Option<i64>,
    /// What was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// It never happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub void: Option<bool>,
}

/// A downtime reason as it was named when it was chosen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Downtime {
    /// The reason.
    pub reason: ReasonId,
    /// Its name.
    pub label: String,
    /// The type of its group.
    pub group_type: String,
}

impl Amendment {
    /// Whether it speaks of nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Corrected {
    /// Whether the record is over because of this correction.
    pub fn ends(&self) -> bool {
        self.after.until.is_some() || self.after.void == Some(true)
    }
}
