//! Key figures of the machines of a terminal.

use kart_core::{
    id::EquipmentId,
    kpi::{Figures, Span},
};
use serde::{Deserialize, Serialize};

/// Figures of a stretch of time: of this shift, where nothing else was asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shift {
    /// From when until when; what has not happened yet is left out of figures.
    #[serde(flatten)]
    pub span: Span,
    /// The name of the shift; `None` between shifts, where the site has no calendar, and for another
    /// time. Then it is the local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In the order of the map.
    pub machines: Vec<Machine>,
}

/// Figures of one machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Which one.
    pub equipment: EquipmentId,
    /// Its code.
    pub code: String,
    /// They, and what they were made of.
    pub figures: Figures,
}
