//! Incidents: something is wrong with machines or at a station, whether they stop or not.

use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::id::{EquipmentId, ReasonId, RecordId, StationId};

/// A person reported an incident.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentOpened {
    /// At which station.
    pub station: Option<StationId>,
    /// On which machines; without any it is the station's.
    pub machines: Vec<EquipmentId>,
    /// Batches that it touches.
    pub batches: Vec<RecordId>,
    /// What it is: of the reasons of machines or of stations.
    pub reason: Option<ReasonId>,
    /// The reason's name as the person read it.
    pub label: String,
    /// How bad it is.
    pub severity: Severity,
    /// What the person wrote, committed to under the field `comment`.
    pub comment: Option<Commitment>,
}

/// How bad an incident is, mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It can wait.
    Minor,
    /// It has to be looked at.
    Major,
    /// It cannot wait.
    Critical,
}

/// Somebody began to look for the cause.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TroubleshootingStarted {
    /// Which incident.
    pub incident: RecordId,
    /// What was found so far, committed to under the field `notes`.
    pub notes: Option<Commitment>,
}

/// It is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentResolved {
    /// Which incident.
    pub incident: RecordId,
    /// What it was, committed to under the field `notes`.
    pub notes: Option<Commitment>,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Minor, Self::Major, Self::Critical];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}
