//! A call for help: how long it took until somebody came is what it is kept for.

use serde::{Deserialize, Serialize};

use super::{Assertion, Tenant, decimal, keep_first, tables};
use crate::{
    fact::{Body, Fact, call::HelpCalled},
    id::{Origin, RecordId, UserId},
    row::{Cell, Row},
    time::Moment,
};

/// Folded facts of one call.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Call {
    opened: Option<(Assertion, (HelpCalled, Step))>,
    acknowledged: Option<(Assertion, Step)>,
    ended: Option<(Assertion, Step)>,
}

/// When, and by whom where that is known.
type Step = (Moment, Option<UserId>);

impl Call {
    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let step = (fact.moment(fact.at), fact.by);
        match &fact.fact {
            Body::HelpCalled(called) => {
                keep_first(&mut self.opened, assertion, (called.clone(), step));
            },
            Body::CallAcknowledged(_) => keep_first(&mut self.acknowledged, assertion, step),
            Body::CallEnded(_) => keep_first(&mut self.ended, assertion, step),
            _ => return false,
        }
        true
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((fact, (called, (from, by)))) = &self.opened else { return vec![] };
        let step = |step: &Option<(Assertion, Step)>| match step {
            Some((_, (at, by))) => [at.wall_after(from).into(), by.map(|user| user.0).into()],
            None => [Cell::Null, Cell::Null],
        };
        let [acknowledged_at, acknowledged_by] = step(&self.acknowledged);
        let [ended_at, ended_by] = step(&self.ended);
        let response = self.acknowledged.as_ref().map(|(_, (at, _))| at.since(from));
        vec![Row {
            table: &tables::CALLS,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                called.station.map(|station| station.0).into(),
                called.equipment.map(|machine| machine.0).into(),
                Cell::Word(called.kind.word()),
                fact.told("comment", called.comment.is_some()),
                from.at.wall_us.into(),
                by.map(|user| user.0).into(),
                acknowledged_at,
                acknowledged_by,
                ended_at,
                ended_by,
                response.map_or(Cell::Null, |us| Cell::Decimal(decimal(us, 1_000_000))),
                fact.origin.terminal.0.into(),
            ],
        }]
    }
}
