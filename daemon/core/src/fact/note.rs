//! Words that a shift leaves behind: notes of the shift log, and the card that one crew hands to the next.

use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::id::{EquipmentId, RecordId, StationId};

/// A person wrote into the shift log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NoteWritten {
    /// At which station.
    pub station: Option<StationId>,
    /// About which machine.
    pub equipment: Option<EquipmentId>,
    /// About which batch.
    pub batch: Option<RecordId>,
    /// What kind of note.
    pub category: Category,
    /// What the person wrote, committed to under the field `text`.
    pub text: Option<Commitment>,
}

/// A note is to be read no more; what it said stays beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NoteWithdrawn {
    /// Which note.
    pub note: RecordId,
    /// Why, committed to under the field `why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Commitment>,
}

/// What a note is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Nothing in particular.
    General,
    /// What was made.
    Quality,
    /// The machine itself.
    Maintenance,
    /// What is made from.
    Material,
    /// People could get hurt.
    Safety,
}

/// The leaving crew signs what it leaves to the next one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HandoverGiven {
    /// Of which station.
    pub station: Option<StationId>,
    /// What stood on the card.
    pub card: Card,
    /// What the person added, committed to under the field `text`.
    pub text: Option<Commitment>,
}

/// How a station is handed over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Card {
    /// Stops that nobody has explained.
    pub stops: u64,
    /// Incidents that are not resolved.
    pub incidents: u64,
    /// Calls for help that have not ended.
    pub calls: u64,
    /// Facts that were not at headquarters yet.
    pub waiting: u64,
    /// Batches that run, and how far they are.
    pub batches: Vec<Progress>,
}

/// How far a batch is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// Which batch.
    pub batch: RecordId,
    /// Its number.
    pub number: String,
    /// Good parts so far.
    pub good: i64,
    /// Parts to make.
    pub target: Option<i64>,
}

/// The coming crew signs that it has read the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandoverTaken {
    /// Which card.
    pub handover: RecordId,
}

impl Category {
    /// All of them, the one for everything first.
    pub const ALL: [Self; 5] =
        [Self::General, Self::Quality, Self::Maintenance, Self::Material, Self::Safety];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Quality => "quality",
            Self::Maintenance => "maintenance",
            Self::Material => "material",
            Self::Safety => "safety",
        }
    }
}
