//! What is open between people: incidents, calls for help, handovers.

use kart_core::{
    fact::{call::Help, incident::Severity, note::Card},
    id::{EquipmentId, RecordId, StationId, UserId},
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// Everything that somebody still has to look after.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Open {
    /// Incidents that are not resolved, the worst first.
    #[serde(default)]
    pub incidents: Vec<Incident>,
    /// Calls for help that have not ended, oldest first, those of other terminals of the station
    /// included.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Handovers that the coming crew has not signed, newest first.
    #[serde(default)]
    pub handovers: Vec<Handover>,
    /// What a card would say that is given now.
    #[serde(default)]
    pub card: Card,
}

/// An incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// Its record.
    pub id: RecordId,
    /// At which station.
    pub station: Option<StationId>,
    /// Codes of its machines; without any it is the station's.
    pub machines: Vec<String>,
    /// The reason as it was read; may be empty.
    pub label: String,
    /// How bad it is.
    pub severity: Severity,
    /// What the person wrote.
    pub comment: Option<String>,
    /// When it was reported.
    pub from_us: Micros,
    /// Name of who reported it.
    pub by: Option<String>,
    /// Since when somebody looks for the cause.
    pub troubleshooting_us: Option<Micros>,
    /// Name of who does.
    pub troubleshooting_by: Option<String>,
}

/// A call for help.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Its record.
    pub id: RecordId,
    /// Code of the machine, or of the station.
    pub place: String,
    /// The machine.
    pub machine: Option<EquipmentId>,
    /// Whose help.
    pub kind: Help,
    /// Since when.
    pub from_us: Micros,
    /// Name of who comes.
    pub acknowledged_by: Option<String>,
    /// It was called at another terminal.
    pub elsewhere: bool,
}

/// A handover that waits for its second signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// Its record.
    pub id: RecordId,
    /// Code of the station.
    pub station: String,
    /// Who gave it.
    pub user: Option<UserId>,
    /// Their name.
    pub by: Option<String>,
    /// When.
    pub at_us: Micros,
    /// What stood on the card.
    pub card: Card,
    /// What they added.
    pub text: Option<String>,
}
