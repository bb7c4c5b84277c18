//! What is said of times that are over: what a machine did unseen, and what a replay came to.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ReasonId, UserId},
    replay::Change,
    time::Micros,
};

/// What a machine did while nobody could see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Was {
    /// It ran.
    Running,
    /// It stood, for this reason.
    Down(ReasonId),
    /// Nobody can say.
    Unknown,
}

/// What a replay came to, and who says that it is so.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Who.
    pub by: UserId,
    /// Why.
    pub reason: String,
    /// Fingerprint of the map.
    pub map: String,
    /// From when …
    pub from: Micros,
    /// … until when readings were looked at.
    pub until: Micros,
    /// The last fact that was compared with.
    pub as_of: u64,
    /// Events that are otherwise. A place names a change by its position here.
    pub changes: Vec<Change>,
}
