//! The boards of the machines of a terminal.

use kart_core::kpi::{Board, Span};
use serde::{Deserialize, Serialize};

/// Boards of a shift.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shift {
    /// From when until when.
    #[serde(flatten)]
    pub span: Span,
    /// The name of the shift; `None` where it is the local day, or another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many shifts before the one that is worked now.
    pub back: u8,
    /// In the order of the map.
    pub machines: Vec<Machine>,
}

/// One machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Its code.
    pub code: String,
    /// Its board.
    pub board: Board,
}
