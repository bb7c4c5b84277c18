//! Stops.

use kart_core::{
    id::{EquipmentId, ReasonId, RecordId},
    machine::MachineState,
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// A stop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// Its record.
    pub id: RecordId,
    /// Which machine.
    pub machine: EquipmentId,
    /// `stopped`, `setup` or `planned_stop`.
    pub state: MachineState,
    /// When it began.
    pub from_us: Micros,
    /// When it ended; `None` while it lasts.
    pub until_us: Option<Micros>,
    /// The reason as given; `None` means: waits for one.
    pub reason: Option<String>,
    /// The reason that the machine's fault code stands for.
    #[serde(default)]
    pub proposed: Option<ReasonId>,
    /// The rule that decided; may be empty.
    #[serde(default)]
    pub rule: String,
    /// The version of the map that holds it; may be empty.
    #[serde(default)]
    pub map: String,
}
