//! A labor entry: from clock-in to clock-out.

use serde::{Deserialize, Serialize};

use super::{Assertion, Tenant, keep_first, tables};
use crate::{
    fact::{Body, Fact},
    id::{Origin, RecordId, StationId, UserId},
    row::Row,
    time::Moment,
};

/// Folded facts of one labor entry.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Labor {
    opened: Option<(Assertion, (UserId, StationId, Moment))>,
    closed: Option<(Assertion, Moment)>,
}

impl Labor {
    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let at = fact.moment(fact.at);
        match &fact.fact {
            Body::ClockedIn { user, station } => {
                keep_first(&mut self.opened, assertion, (*user, *station, at));
            },
            Body::ClockedOut { .. } => keep_first(&mut self.closed, assertion, at),
            _ => return false,
        }
        true
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((_, (user, station, from))) = &self.opened else { return vec![] };
        vec![Row {
            table: &tables::LABOR_ENTRIES,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                user.0.into(),
                station.0.into(),
                "shift".into(),
                from.at.wall_us.into(),
                self.closed.as_ref().map(|(_, end)| end.wall_after(from)).into(),
                "terminal".into(),
            ],
        }]
    }
}
