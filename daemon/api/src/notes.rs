//! The shift log.

use kart_core::{id::RecordId, time::Micros};
use serde::{Deserialize, Serialize};

/// A note, or a handover.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Its record.
    pub id: RecordId,
    /// When it was written.
    pub at_us: Micros,
    /// Code of the machine or station that it is about; may be empty.
    pub place: String,
    /// Number of the batch that it is about.
    pub batch: Option<String>,
    /// The word of its category; `handover` for a card.
    pub category: String,
    /// Name of who wrote it.
    pub by: Option<String>,
    /// What it says; `None` when it says nothing, or no longer stands here.
    pub text: Option<String>,
    /// Name of who signed a card for the coming crew.
    pub taken_by: Option<String>,
}
