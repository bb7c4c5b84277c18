//! Incidents that are not resolved.

use serde::{Deserialize, Serialize};

use super::Plant;
use crate::{
    fact::{
        Fact,
        incident::{IncidentOpened, Severity, TroubleshootingStarted},
    },
    id::{EquipmentId, RecordId, StationId, UserId},
    time::Moment,
};

/// An incident that is open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// At which station.
    pub station: Option<StationId>,
    /// On which machines.
    pub machines: Vec<EquipmentId>,
    /// The reason's name as the person read it.
    pub label: String,
    /// How bad it is.
    pub severity: Severity,
    /// When it was reported.
    pub from: Moment,
    /// Who reported it, where known.
    pub by: Option<UserId>,
    /// The fact, where it stands in this life; what the person wrote stands beside it. Else 0.
    pub seq: u64,
    /// Since when somebody looks for the cause, and who.
    pub troubleshooting: Option<(Moment, Option<UserId>)>,
}

impl Plant {
    pub(super) fn report(&mut self, fact: &Fact, record: RecordId, opened: &IncidentOpened) {
        let incident = Incident {
            station: opened.station,
            machines: opened.machines.clone(),
            label: opened.label.clone(),
            severity: opened.severity,
            from: fact.moment(fact.at),
            by: fact.by,
            seq: fact.seq,
            troubleshooting: None,
        };
        self.incidents.insert(record, incident);
    }

    pub(super) fn troubleshoot(&mut self, fact: &Fact, started: &TroubleshootingStarted) {
        if let Some(incident) = self.incidents.get_mut(&started.incident) {
            incident.troubleshooting.get_or_insert((fact.moment(fact.at), fact.by));
        }
    }
}
