//! What cannot all be right, as far as this terminal knows.

use kart_core::{kpi::Span, ledger::Entry};
use serde::{Deserialize, Serialize};

/// The ledger of a shift.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shift {
    /// From when until when.
    #[serde(flatten)]
    pub span: Span,
    /// The name of the shift; `None` where it is the local day, or another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many shifts before the one that is worked now.
    pub back: u8,
    /// By when it began.
    pub entries: Vec<Entry>,
}
