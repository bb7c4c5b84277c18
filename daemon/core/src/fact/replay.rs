//! The past derived again under a corrected map: what is otherwise than it was recorded.
//!
//! What was recorded is never changed. A replay that a person accepts is one fact that says so, and
//! one for each event that is otherwise.

use serde::{Deserialize, Serialize};

use super::{Commitment, machine::Detail};
use crate::{
    id::{EquipmentId, ReasonId, RecordId, StationId, UserId},
    machine::MachineState,
    time::Micros,
};

/// A person accepted what a replay came to; the events follow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Replayed {
    /// Fingerprint of the map under which the past was derived again.
    pub map: String,
    /// From when …
    pub from: Micros,
    /// … until when.
    pub until: Micros,
    /// Events that are otherwise.
    pub events: u32,
    /// Why, committed to under the field `reason`.
    pub reason: Option<Commitment>,
}

/// One event is otherwise than it was recorded.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rederived {
    /// Which machine.
    pub equipment: EquipmentId,
    /// The event as recorded; without it, one begins that was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// How it is; without it, it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Event>,
    /// What stands in the place of one that never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<RecordId>,
    /// An explanation of another stop that holds for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Carried>,
}

/// A machine was in one state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The station it worked for.
    pub station: Option<StationId>,
    /// The state.
    pub state: MachineState,
    /// Since when.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// The rule that decided.
    pub rule: String,
    /// Fingerprint of the map that holds the rule.
    pub map: String,
    /// The batch that ran on the machine.
    pub batch: Option<RecordId>,
    /// How it came about.
    #[serde(default, skip_serializing_if = "Detail::is_none")]
    pub detail: Detail,
}

/// An explanation, as a person gave it for a stop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Carried {
    /// The stop it was given for.
    pub stop: RecordId,
    /// The fact that gave it, with whatever was written beside it.
    pub seq: u64,
    /// When.
    pub at: Micros,
    /// Who.
    pub by: Option<UserId>,
    /// The reason.
    pub reason: ReasonId,
    /// Its name as the person read it.
    pub label: String,
    /// The type of its group as it was then.
    pub group_type: String,
    /// Rank of the person's role.
    pub rank: u8,
}
