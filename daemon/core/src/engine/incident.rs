//! Incidents are reported, looked into and resolved. Nobody has to be clocked in for any of it.

use super::{
    Engine, Event, Words,
    commands::{bad, unknown},
    note::{Said, place},
    people,
};
use crate::{
    command::{Accepted, Refusal},
    fact::{
        Body,
        incident::{IncidentOpened, IncidentResolved, Severity, TroubleshootingStarted},
    },
    id::{EquipmentId, ReasonId, RecordId, StationId, UserId},
    reference::Reference,
    time::Moment,
};

/// So many machines or batches one incident can name.
const MOST: usize = 40;

/// What a person reports.
pub(super) struct Report<'a> {
    pub(super) station: Option<StationId>,
    pub(super) machines: &'a [EquipmentId],
    pub(super) batches: &'a [RecordId],
    pub(super) reason: Option<ReasonId>,
    pub(super) severity: Severity,
}

impl Engine {
    pub(super) fn open_incident(
        &mut self,
        reference: &Reference,
        key: &str,
        by: Option<UserId>,
        (report, (salt, said)): (Report<'_>, Said<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        people::known(reference, by)?;
        if report.machines.len() > MOST || report.batches.len() > MOST {
            return Err(bad("machines", "must be at most 40"));
        }
        for machine in report.machines {
            reference.machine(*machine).ok_or_else(|| unknown("machine"))?;
        }
        let first = report.machines.first().copied();
        let station = place(reference, (report.station, first))?;
        if first.is_none() && station.is_none() {
            return Err(bad("machines", "name a machine or a station"));
        }
        let label = match report.reason {
            Some(id) => {
                reference.incident_reason(first.is_some(), id).ok_or_else(|| unknown("reason"))?
            },
            None => String::new(),
        };
        let words = Words::of("comment", salt, said)?;
        if report.reason.is_none() && words.is_empty() {
            return Err(bad("reason", "choose one, or write what happened"));
        }
        let mut machines = report.machines.to_vec();
        machines.sort_unstable();
        machines.dedup();
        // The one that was named first stands in the event itself.
        machines.sort_by_key(|machine| Some(*machine) != first);
        let mut batches = report.batches.to_vec();
        batches.sort_unstable();
        batches.dedup();
        let opened = IncidentOpened {
            station,
            machines,
            batches,
            reason: report.reason,
            label,
            severity: report.severity,
            comment: words.commitment(),
        };
        let event = Event::new(Body::IncidentOpened(opened)).by(by).key(key);
        Ok(self.accept(now, event.words(words)))
    }

    /// Somebody looks for the cause; `resolved` says that it is over.
    pub(super) fn follow_incident(
        &mut self,
        reference: &Reference,
        key: &str,
        by: Option<UserId>,
        (incident, resolved, (salt, said)): (RecordId, bool, Said<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        people::known(reference, by)?;
        let open = self.plant.incidents.get(&incident).ok_or(Refusal::NoSuchIncident)?;
        if !resolved && open.troubleshooting.is_some() {
            return Err(Refusal::AlreadyTroubleshooting);
        }
        let words = Words::of("notes", salt, said)?;
        let notes = words.commitment();
        let body = match resolved {
            true => Body::IncidentResolved(IncidentResolved { incident, notes }),
            false => Body::TroubleshootingStarted(TroubleshootingStarted { incident, notes }),
        };
        let event = Event::new(body).by(by).key(key);
        Ok(self.accept(now, event.words(words)))
    }
}
