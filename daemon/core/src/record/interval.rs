//! The time a machine was in one state, and the downtime event it is where that state is one.

use serde::{Deserialize, Serialize};

use super::{
    Assertion, Tenant,
    correction::{Corrections, Rank, Span, Standing},
    decimal, keep_first, tables,
};
use crate::{
    fact::{
        Body, Fact,
        correction::{Amendment, Correctable, Downtime},
        machine::Detail,
    },
    id::{EquipmentId, Origin, ReasonId, RecordId, StationId, UserId},
    machine::MachineState,
    row::{Cell, Row},
    signal::Value,
    time::Moment,
};

/// Folded facts of one interval.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Interval {
    opened: Option<(Assertion, Opened)>,
    closed: Option<(Assertion, Moment)>,
    explained: Option<(Rank, Explanation)>,
    #[serde(default, skip_serializing_if = "Corrections::is_empty")]
    corrections: Corrections,
}

/// How the interval began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Opened {
    equipment: EquipmentId,
    station: Option<StationId>,
    state: MachineState,
    from: Moment,
    rule: String,
    map: String,
    batch: Option<RecordId>,
    #[serde(default, skip_serializing_if = "Detail::is_none")]
    detail: Detail,
}

/// A reason as a person gave it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Explanation {
    reason: ReasonId,
    label: String,
    group_type: String,
    by: Option<UserId>,
}

impl Interval {
    /// The batch that ran when it began.
    pub(super) fn batch(&self) -> Option<RecordId> {
        self.opened.as_ref()?.1.batch
    }

    pub(super) fn apply(&mut self, id: RecordId, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        match &fact.fact {
            Body::StateChanged { from, ends: Some(ends), .. } if *ends == id => {
                keep_first(&mut self.closed, assertion, fact.moment(*from));
            },
            Body::StateChanged {
                equipment,
                station,
                state,
                from,
                rule,
                map,
                batch,
                detail,
                ..
            } => {
                let opened = Opened {
                    equipment: *equipment,
                    station: *station,
                    state: *state,
                    from: fact.moment(*from),
                    rule: rule.clone(),
                    map: map.clone(),
                    batch: *batch,
                    detail: detail.clone(),
                };
                keep_first(&mut self.opened, assertion, opened);
            },
            Body::StopExplained { reason, label, group_type, rank, .. } => {
                let rank = (*rank, assertion);
                if self.explained.as_ref().is_none_or(|(standing, _)| rank > *standing) {
                    let explanation = Explanation {
                        reason: *reason,
                        label: label.clone(),
                        group_type: group_type.clone(),
                        by: fact.by,
                    };
                    self.explained = Some((rank, explanation));
                }
            },
            _ => return self.corrections.add(origin, fact),
        }
        true
    }

    /// How the stop stands, corrections included, and whose log it is from.
    pub(super) fn stands(&self) -> Option<Standing> {
        let (by, opened) = self.opened.as_ref().filter(|(_, o)| o.state.is_downtime())?;
        let until = self.end().map(|end| end.wall_after(&opened.from));
        let span = Span::of(&self.corrections, opened.from.at.wall_us, until);
        let fields = Amendment {
            from: Some(span.from),
            until: span.until,
            station: self.corrections.station().or(opened.station),
            downtime: self.explanation().map(|e| Downtime {
                reason: e.reason,
                label: e.label,
                group_type: e.group_type,
            }),
            void: Some(self.corrections.is_void()),
            ..Amendment::default()
        };
        Some(Standing { kind: Correctable::Stop, owner: by.origin, others: vec![], fields })
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((_, opened)) = &self.opened else { return vec![] };
        let mut rows = vec![self.state_row(id, opened, tenant)];
        if opened.state.is_downtime() {
            rows.push(self.event_row(id, opened, tenant));
            rows.push(Row {
                table: &tables::MACHINE_EVENT_EQUIPMENT,
                cells: vec![id.part("equipment").into(), id.0.into(), opened.equipment.0.into()],
            });
            rows.extend(opened.batch.map(|batch| Row {
                table: &tables::EVENT_BATCH_LINKS,
                cells: vec![id.part("batch").into(), id.0.into(), batch.0.into()],
            }));
        }
        rows
    }

    fn end(&self) -> Option<&Moment> {
        self.closed.as_ref().map(|(_, end)| end)
    }

    fn state_row(&self, id: RecordId, opened: &Opened, tenant: &Tenant) -> Row {
        let detail = &opened.detail;
        let some = |number: i64| Some(number).filter(|number| *number != 0);
        let seconds = self.end().map(|end| decimal(end.since(&opened.from), 1_000_000));
        Row {
            table: &tables::MACHINE_STATES,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                opened.equipment.0.into(),
                opened.state.word().into(),
                opened.from.at.wall_us.into(),
                self.end().map(|end| end.wall_after(&opened.from)).into(),
                seconds.map_or(Cell::Null, Cell::Decimal),
                opened.rule.as_str().into(),
                opened.map.as_str().into(),
                detail.fault.as_ref().map(Value::to_string).into(),
                detail.reason.as_deref().into(),
                some(detail.micro_stop_us)
                    .map_or(Cell::Null, |us| Cell::Decimal(decimal(us, 1_000_000))),
                some(i64::from(detail.suppressed)).into(),
            ],
        }
    }

    /// The reason of the highest rank, from the floor or from headquarters.
    fn explanation(&self) -> Option<Explanation> {
        let given = self.explained.as_ref();
        match self.corrections.downtime() {
            Some((rank, downtime, by)) if given.is_none_or(|(standing, _)| rank > *standing) => {
                Some(Explanation {
                    reason: downtime.reason,
                    label: downtime.label.clone(),
                    group_type: downtime.group_type.clone(),
                    by,
                })
            },
            _ => given.map(|(_, explanation)| explanation.clone()),
        }
    }

    fn event_row(&self, id: RecordId, opened: &Opened, tenant: &Tenant) -> Row {
        let until = self.end().map(|end| end.wall_after(&opened.from));
        let Span { from, until, moved_us } =
            Span::of(&self.corrections, opened.from.at.wall_us, until);
        let took_us = moved_us.or_else(|| self.end().map(|end| end.since(&opened.from)));
        let minutes = took_us.map(|us| decimal(us, 60_000_000));
        let station = self.corrections.station().or(opened.station);
        let explanation = self.explanation();
        let explanation = explanation.as_ref();
        let group_type =
            explanation.map(|e| e.group_type.as_str()).or_else(|| opened.state.group_type());
        Row {
            table: &tables::MACHINE_EVENTS,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                opened.equipment.0.into(),
                station.map(|station| station.0).into(),
                "downtime".into(),
                from.into(),
                until.into(),
                minutes.map_or(Cell::Null, Cell::Decimal),
                explanation.map(|e| e.reason.0).into(),
                explanation.map(|e| e.label.as_str()).into(),
                group_type.into(),
                "machine".into(),
                explanation.and_then(|e| e.by).map(|user| user.0).into(),
                self.corrections.is_void().into(),
            ],
        }
    }
}
