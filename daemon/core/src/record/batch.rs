//! A batch: its event, its details, its people and the time spent on it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{Assertion, Tenant, decimal, keep_first, tables};
use crate::{
    fact::{BatchStarted, Body, Fact},
    id::{EquipmentId, Origin, ReasonId, RecordId, UserId},
    row::{Cell, Row},
    time::{Micros, Moment},
};

/// Folded facts of one batch.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Batch {
    started: Option<(Assertion, Began)>,
    completed: Option<(Assertion, Completed)>,
    /// Comings and goings of people: who, and whether they came.
    people: BTreeSet<(Assertion, UserId, bool)>,
}

/// How it began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Began {
    started: BatchStarted,
    from: Moment,
    by: Option<UserId>,
}

/// What was counted at the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Completed {
    at: Moment,
    good: i64,
    scrap: i64,
    scrap_reason: Option<ReasonId>,
}

/// One person's uninterrupted work on the batch.
struct Presence {
    user: UserId,
    from: Micros,
    until: Option<Micros>,
}

impl Batch {
    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        match &fact.fact {
            Body::BatchStarted(started) => {
                let from = fact.moment(started.from);
                let value = Began { started: started.clone(), from, by: fact.by };
                keep_first(&mut self.started, assertion, value);
            },
            Body::BatchJoined { user, .. } => {
                self.people.insert((assertion, *user, true));
            },
            Body::BatchLeft { user, .. } => {
                self.people.insert((assertion, *user, false));
            },
            Body::BatchCompleted { good, scrap, scrap_reason, .. } => {
                let completed = Completed {
                    at: fact.moment(fact.at),
                    good: *good,
                    scrap: *scrap,
                    scrap_reason: *scrap_reason,
                };
                keep_first(&mut self.completed, assertion, completed);
            },
            _ => return false,
        }
        true
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((_, Began { started, from, by })) = &self.started else { return vec![] };
        let completed = self.completed.as_ref().map(|(_, completed)| completed);
        let mut rows = vec![
            event_row(id, started, from, *by, completed, tenant),
            Row {
                table: &tables::MACHINE_EVENT_EQUIPMENT,
                cells: vec![id.part("equipment").into(), id.0.into(), started.equipment.0.into()],
            },
            details_row(id, started, completed),
        ];
        let until = completed.map(|completed| completed.at.wall_after(from));
        rows.push(machine_time(id, started.equipment, from.at.wall_us, until));
        for (n, presence) in self.presences(started, from.at.wall_us, until).iter().enumerate() {
            rows.extend(person_rows(id, n, presence));
        }
        rows
    }

    /// Comings and goings in time. Within one log the sequence counts, and a wall clock that was
    /// put back stands still instead.
    fn in_order(&self) -> Vec<(Micros, UserId, bool)> {
        let mut people: Vec<_> = self.people.iter().collect();
        people.sort_by_key(|(assertion, ..)| (assertion.origin, assertion.seq));
        let mut last: Option<(Origin, i64)> = None;
        let mut ordered = Vec::with_capacity(people.len());
        for (assertion, user, joined) in people {
            let floor = last.filter(|(origin, _)| *origin == assertion.origin);
            let wall_us = floor.map_or(assertion.wall_us, |(_, us)| us.max(assertion.wall_us));
            last = Some((assertion.origin, wall_us));
            ordered.push(((wall_us, assertion.origin, assertion.seq), *user, *joined));
        }
        ordered.sort_by_key(|(place, ..)| *place);
        ordered.into_iter().map(|((us, ..), user, joined)| (Micros(us), user, joined)).collect()
    }

    /// Everybody's stretches of work, in the order they began.
    fn presences(
        &self,
        started: &BatchStarted,
        from: Micros,
        until: Option<Micros>,
    ) -> Vec<Presence> {
        let begin = |user, from| Presence { user, from, until: None };
        let mut all: Vec<Presence> =
            started.operators.iter().map(|user| begin(*user, from)).collect();
        for (at, user, joined) in &self.in_order() {
            let open = all.iter_mut().find(|p| p.user == *user && p.until.is_none());
            match (open, joined) {
                (None, true) => all.push(begin(*user, *at)),
                (Some(open), false) => open.until = Some(*at),
                (Some(_), true) | (None, false) => {},
            }
        }
        for open in all.iter_mut().filter(|p| p.until.is_none()) {
            open.until = until;
        }
        all
    }
}

fn event_row(
    id: RecordId,
    started: &BatchStarted,
    from: &Moment,
    by: Option<UserId>,
    completed: Option<&Completed>,
    tenant: &Tenant,
) -> Row {
    let minutes = completed.map(|c| Cell::Decimal(decimal(c.at.since(from), 60_000_000)));
    Row {
        table: &tables::MACHINE_EVENTS,
        cells: vec![
            id.0.into(),
            tenant.site.0.into(),
            started.equipment.0.into(),
            started.station.map(|station| station.0).into(),
            "batch".into(),
            from.at.wall_us.into(),
            completed.map(|c| c.at.wall_after(from)).into(),
            minutes.unwrap_or(Cell::Null),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            "operator".into(),
            by.map(|user| user.0).into(),
        ],
    }
}

fn details_row(id: RecordId, started: &BatchStarted, completed: Option<&Completed>) -> Row {
    Row {
        table: &tables::BATCH_DETAILS,
        cells: vec![
            id.0.into(),
            id.0.into(),
            started.product.0.into(),
            started.station.map(|station| station.0).into(),
            started.number.as_str().into(),
            started.work_order.as_deref().into(),
            started.target.into(),
            completed.map(|c| c.good).into(),
            completed.map(|c| c.scrap).into(),
            completed.map(|c| c.good.saturating_add(c.scrap)).into(),
            if completed.is_some() { "completed" } else { "running" }.into(),
            completed.and_then(|c| c.scrap_reason).map(|reason| reason.0).into(),
        ],
    }
}

fn machine_time(id: RecordId, equipment: EquipmentId, from: Micros, until: Option<Micros>) -> Row {
    Row {
        table: &tables::BATCH_TIME_ENTRIES,
        cells: vec![
            id.part("machine").into(),
            id.0.into(),
            equipment.0.into(),
            Cell::Null,
            "machine".into(),
            from.into(),
            until.into(),
        ],
    }
}

fn person_rows(id: RecordId, n: usize, presence: &Presence) -> [Row; 2] {
    [
        Row {
            table: &tables::BATCH_OPERATORS,
            cells: vec![
                id.part(&format!("operator/{n}")).into(),
                id.0.into(),
                presence.user.0.into(),
                presence.from.into(),
                presence.until.into(),
            ],
        },
        Row {
            table: &tables::BATCH_TIME_ENTRIES,
            cells: vec![
                id.part(&format!("person/{n}")).into(),
                id.0.into(),
                Cell::Null,
                presence.user.0.into(),
                "person".into(),
                presence.from.into(),
                presence.until.into(),
            ],
        },
    ]
}
