//! Stops, what people said of them lately, and times that nobody saw.

use kart_core::{
    fact::stop::{Because, Told},
    id::{EquipmentId, ReasonId, RecordId, UserId},
    machine::MachineState,
    plant::Offered,
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
    /// Reasons that suit it, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// Who gave the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// How a person told of it, where no signal did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// Further machines that it covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<EquipmentId>,
}

/// A reason that is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// Which one.
    pub reason: ReasonId,
    /// Why it stands where it does.
    pub because: Because,
}

/// What became of stops lately.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    /// Stops that are over and explained, or told of by a person, newest first.
    pub explained: Vec<Stop>,
    /// Times that nobody saw and nobody told of, newest first.
    pub blinds: Vec<Blind>,
    /// How often people took what was suggested.
    pub offered: Offered,
}

/// A time that nobody saw.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Blind {
    /// The interval's record.
    pub id: RecordId,
    /// Which machine.
    pub machine: EquipmentId,
    /// Since when.
    pub from_us: Micros,
    /// Until when.
    pub until_us: Micros,
    /// Reasons that suit it, the likeliest first.
    pub offers: Vec<Offer>,
}
