//! An incident: of machines in Kartorium's event log of machines, without any in that of stations.

use serde::{Deserialize, Serialize};

use super::{Assertion, Tenant, decimal, keep_first, link, tables};
use crate::{
    fact::{Body, Fact, incident::IncidentOpened},
    id::{Origin, RecordId, UserId},
    row::{Cell, Row},
    time::Moment,
};

/// Folded facts of one incident.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Incident {
    opened: Option<(Assertion, (IncidentOpened, Step))>,
    troubleshooting: Option<(Assertion, Step)>,
    resolved: Option<(Assertion, Step)>,
}

/// Who did something, and when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Step {
    at: Moment,
    by: Option<UserId>,
    /// And wrote something.
    told: bool,
}

impl Incident {
    /// The batches that it touches.
    pub(super) fn batches(&self) -> Vec<RecordId> {
        let opened = self.opened.as_ref();
        opened.map(|(_, (opened, _))| opened.batches.clone()).unwrap_or_default()
    }

    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let step = |told| Step { at: fact.moment(fact.at), by: fact.by, told };
        match &fact.fact {
            Body::IncidentOpened(opened) => {
                let step = step(opened.comment.is_some());
                keep_first(&mut self.opened, assertion, (opened.clone(), step));
            },
            Body::TroubleshootingStarted(started) => {
                keep_first(&mut self.troubleshooting, assertion, step(started.notes.is_some()));
            },
            Body::IncidentResolved(resolved) => {
                keep_first(&mut self.resolved, assertion, step(resolved.notes.is_some()));
            },
            _ => return false,
        }
        true
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((fact, (opened, step))) = &self.opened else { return vec![] };
        let mut rows = vec![self.event(id, (fact, opened, step), tenant)];
        if !opened.machines.is_empty() {
            rows.extend(link::all(id, &opened.machines, &opened.batches));
        }
        rows.push(Row {
            table: &tables::INCIDENTS,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                opened.station.map(|station| station.0).into(),
                Cell::Word(opened.severity.word()),
            ],
        });
        rows
    }

    fn event(
        &self,
        id: RecordId,
        (fact, opened, step): (&Assertion, &IncidentOpened, &Step),
        tenant: &Tenant,
    ) -> Row {
        let end = self.resolved.as_ref().map(|(_, resolved)| &resolved.at);
        let minutes = end.map(|end| decimal(end.since(&step.at), 60_000_000));
        let later = |later: &Option<(Assertion, Step)>| match later {
            Some((fact, later)) => [
                later.at.wall_after(&step.at).into(),
                later.by.map(|user| user.0).into(),
                fact.told("notes", later.told),
            ],
            None => [Cell::Null, Cell::Null, Cell::Null],
        };
        let [trouble_at, trouble_by, trouble_notes] = later(&self.troubleshooting);
        let [resolved_at, resolved_by, resolution_notes] = later(&self.resolved);
        let of_machines = !opened.machines.is_empty();
        let mut cells = vec![id.0.into(), tenant.site.0.into()];
        if of_machines {
            cells.push(opened.machines.first().map(|machine| machine.0).into());
        }
        cells.extend([
            opened.station.map(|station| station.0).into(),
            "incident".into(),
            step.at.at.wall_us.into(),
            end.map(|end| end.wall_after(&step.at)).into(),
            minutes.map_or(Cell::Null, Cell::Decimal),
            opened.reason.map(|reason| reason.0).into(),
            opened.label.as_str().into(),
            fact.told("comment", step.told),
            trouble_at,
            trouble_by,
            trouble_notes,
            self.resolved.is_some().into(),
            resolved_at,
            resolved_by,
            resolution_notes,
            step.by.map(|user| user.0).into(),
        ]);
        if of_machines {
            cells.push("operator".into());
        }
        let table = if of_machines { &tables::INCIDENT_EVENTS } else { &tables::STATION_EVENTS };
        Row { table, cells }
    }
}
