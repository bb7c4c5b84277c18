//! The time a machine was in one state, and the downtime event it is where that state is one.

use serde::{Deserialize, Serialize};

use super::{
    Assertion, Tenant, commented,
    correction::{self, Corrections, Rank, Span},
    decimal, keep_first, link, tables,
};
use crate::{
    fact::{
        Body, Fact,
        correction::{Amendment, Correctable, Downtime},
        machine::{Detail, is_zero},
        replay::{Carried, Event, Rederived},
        stop::{Choice, EventTold},
    },
    id::{EquipmentId, Origin, ReasonId, RecordId, StationId, UserId},
    machine::MachineState,
    replay::Recorded,
    row::{Cell, Row},
    signal::Value,
    time::{Micros, Moment},
};
use uuid::Uuid;

mod telling;

use telling::Telling;

/// Folded facts of one interval.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Interval {
    opened: Option<(Assertion, Opened)>,
    closed: Option<(Assertion, Moment)>,
    /// The strongest one; also one that was withdrawn.
    explained: Option<(Rank, Explanation)>,
    #[serde(flatten)]
    told: Telling,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rederived: Option<Box<(Assertion, Again)>>,
    /// The last fact of each further log about it; see [`Self::rederive`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<(Assertion, Again)>,
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

/// How the interval is under a corrected map.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Again {
    equipment: EquipmentId,
    /// `None`: it never was.
    now: Option<Event>,
    instead: Option<RecordId>,
}

/// The interval as it stands.
struct Standing {
    origin: Origin,
    opened: Opened,
    end: Option<Moment>,
    /// What stands in its place, where it never was.
    superseded: Option<Option<RecordId>>,
}

/// A reason as a person gave it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Explanation {
    reason: ReasonId,
    label: String,
    group_type: String,
    by: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choice: Option<Choice>,
    /// The person wrote something, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    commented: bool,
}

impl Interval {
    /// The batch that ran when it began.
    pub(super) fn batch(&self) -> Option<RecordId> {
        self.stands_as()?.opened.batch
    }

    /// As recorded, or as derived again since. Later facts about it win, whatever order they come in.
    fn stands_as(&self) -> Option<Standing> {
        if let Some((by, event)) = self.told.event() {
            let superseded = self.told.is_taken_back().then(|| event.of.first().copied());
            let (mut opened, mut end) = (Opened::by_person(event), self.told.until());
            opened.equipment = self.told.machines().next().copied().unwrap_or(opened.equipment);
            // A part goes where the stop goes that it is a part of, or lies outside of it.
            let superseded = match self.rederived.as_deref() {
                Some((_, Again { now: Some(event), .. })) => {
                    (opened.from, end) = (Moment::by_wall(event.from), Some(event.until));
                    superseded
                },
                Some((_, Again { now: None, instead, .. })) => superseded.or(Some(*instead)),
                None => superseded,
            };
            let (origin, end) = (by.origin, end.map(Moment::by_wall));
            return Some(Standing { origin, opened, end, superseded });
        }
        let recorded = self.opened.as_ref().map(|(by, opened)| (by.origin, opened));
        let closed = self.closed.as_ref().map(|(_, end)| end.clone());
        let Some((by, again)) = self.rederived.as_deref() else {
            let (origin, opened) = recorded?;
            return Some(Standing {
                origin,
                opened: opened.clone(),
                end: closed,
                superseded: None,
            });
        };
        let origin = recorded.map_or(by.origin, |(origin, _)| origin);
        match &again.now {
            Some(event) => Some(Standing {
                origin,
                opened: Opened::by_replay(again.equipment, event),
                end: Some(Moment::by_wall(event.until)),
                superseded: None,
            }),
            None => {
                let opened = recorded?.1.clone();
                Some(Standing { origin, opened, end: closed, superseded: Some(again.instead) })
            },
        }
    }

    /// As it can be compared with what is derived again; `None` for what is superseded already.
    pub fn recorded(&self, id: RecordId) -> Option<Recorded> {
        // What a person told is not what signals said.
        if self.told.event().is_some() {
            return None;
        }
        let Standing { opened, end, superseded: None, .. } = self.stands_as()? else {
            return None;
        };
        let explained = self.explanation().map(|((rank, assertion), explanation)| Carried {
            stop: id,
            seq: assertion.seq,
            at: Micros(assertion.wall_us),
            by: explanation.by,
            reason: explanation.reason,
            label: explanation.label,
            group_type: explanation.group_type,
            rank,
        });
        Some(Recorded {
            id,
            station: opened.station,
            state: opened.state,
            from: opened.from.at.wall_us,
            until: end.map(|end| end.wall_after(&opened.from)),
            rule: opened.rule,
            map: opened.map,
            detail: opened.detail,
            explained,
        })
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
            Body::StopExplained { reason, label, group_type, rank, choice, comment, .. } => {
                let explanation = Explanation {
                    reason: *reason,
                    label: label.clone(),
                    group_type: group_type.clone(),
                    by: fact.by,
                    choice: *choice,
                    commented: comment.is_some(),
                };
                self.explain((*rank, assertion), explanation);
            },
            Body::ExplanationWithdrawn(withdrawn) => self.told.withdraw(withdrawn),
            Body::EventTold(event) => {
                let record = origin.record(fact.seq);
                if let Some(carried) = event.explained.as_ref().filter(|_| record == id) {
                    self.carry(origin, carried);
                }
                self.told.tell(id, (record, assertion, fact.by), event);
            },
            Body::EventEnded(ended) => self.told.end(id, assertion, ended),
            Body::EventTakenBack(back) => self.told.take_back(id, back),
            Body::Rederived(Rederived { equipment, record, now, instead, explained }) => {
                if let (None, Some(event)) = (record, now) {
                    // Born of a replay: a later one may find that it never was.
                    keep_first(
                        &mut self.opened,
                        assertion.clone(),
                        Opened::by_replay(*equipment, event),
                    );
                    keep_first(&mut self.closed, assertion.clone(), Moment::by_wall(event.until));
                }
                if let Some(carried) = explained {
                    self.carry(origin, carried);
                }
                let again = Again { equipment: *equipment, now: now.clone(), instead: *instead };
                self.rederive(assertion, again);
            },
            _ => return self.corrections.add(origin, fact),
        }
        true
    }

    /// Within one log the later fact wins, and of several logs the one whose last fact is later.
    fn rederive(&mut self, by: Assertion, again: Again) {
        let standing = self.rederived.take().map(|standing| *standing);
        let mut all: Vec<_> = standing.into_iter().chain(self.elsewhere.drain(..)).collect();
        match all.iter_mut().find(|(known, _)| known.origin == by.origin) {
            Some(known) if known.0.seq < by.seq => *known = (by, again),
            Some(_) => {},
            None => all.push((by, again)),
        }
        all.sort_by(|(one, _), (other, _)| other.cmp(one));
        let mut all = all.into_iter();
        self.rederived = all.next().map(Box::new);
        self.elsewhere = all.collect();
    }

    fn explain(&mut self, rank: Rank, explanation: Explanation) {
        match self.explained.take() {
            Some((standing, last)) if rank < standing => {
                self.told.keep((rank, explanation));
                self.explained = Some((standing, last));
            },
            Some((standing, last)) => {
                if rank > standing {
                    self.told.keep((standing, last));
                }
                self.explained = Some((rank, explanation));
            },
            None => self.explained = Some((rank, explanation)),
        }
    }

    /// As old as it was when the person gave it, so that it beats nothing newer.
    fn carry(&mut self, origin: Origin, carried: &Carried) {
        let given = Assertion { wall_us: carried.at.0, origin, seq: carried.seq };
        let explanation = Explanation {
            reason: carried.reason,
            label: carried.label.clone(),
            group_type: carried.group_type.clone(),
            by: carried.by,
            choice: None,
            commented: false,
        };
        self.explain((carried.rank, given), explanation);
    }

    /// What people at terminals said, the strongest first.
    fn said(&self) -> impl Iterator<Item = &(Rank, Explanation)> {
        self.explained.iter().chain(self.told.further())
    }

    /// How the stop stands, corrections included, and whose log it is from.
    pub(super) fn stands(&self) -> Option<correction::Standing> {
        let Standing { origin, opened, end, superseded } = self.stands_as()?;
        if !opened.state.is_downtime() {
            return None;
        }
        let until = end.map(|end| end.wall_after(&opened.from));
        let span = Span::of(&self.corrections, opened.from.at.wall_us, until);
        let fields = Amendment {
            from: Some(span.from),
            until: span.until,
            station: self.corrections.station().or(opened.station),
            downtime: self.explanation().map(|(_, e)| Downtime {
                reason: e.reason,
                label: e.label,
                group_type: e.group_type,
            }),
            void: Some(self.corrections.is_void() || superseded.is_some()),
            ..Amendment::default()
        };
        let (kind, others) = (Correctable::Stop, vec![]);
        let corrected = !self.corrections.is_empty();
        Some(correction::Standing { kind, owner: origin, others, fields, corrected })
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some(stands) = self.stands_as() else { return vec![] };
        let told = self.told.event().map(|(_, event)| event);
        let mut rows = Vec::new();
        if told.is_none_or(|event| !event.replaces()) {
            rows.push(stands.state_row(id, told.is_some(), tenant));
        }
        let opened = &stands.opened;
        if opened.state.is_downtime() {
            let event = self.event_row(id, &stands, tenant);
            let comment = self.comment().map(|comment| commented(&event, comment));
            rows.push(event);
            rows.extend(comment);
            rows.push(link::machine(id, "equipment", opened.equipment));
            rows.extend(opened.batch.map(|batch| link::batch(id, "batch", batch)));
            if let Some(event) = told {
                let (machines, batches) = (self.told.machines(), event.batches.iter());
                rows.extend(link::all(id, machines.skip(1), batches.skip(1)));
            }
            rows.extend(self.explanation_rows(id, tenant));
        }
        rows
    }

    /// What was written with the reason that holds; nothing where nobody ever wrote anything.
    fn comment(&self) -> Option<Cell> {
        self.said().any(|(_, said)| said.commented).then_some(())?;
        let holds = self.explanation();
        Some(holds.map_or(Cell::Null, |((_, fact), holds)| fact.told("comment", holds.commented)))
    }

    /// The reason of the highest rank, from the floor or from headquarters.
    fn explanation(&self) -> Option<(Rank, Explanation)> {
        let given = self.said().find(|(rank, _)| !self.told.is_withdrawn(rank));
        match self.corrections.downtime() {
            Some((rank, downtime, by)) if given.is_none_or(|(standing, _)| rank > *standing) => {
                let explanation = Explanation {
                    reason: downtime.reason,
                    label: downtime.label.clone(),
                    group_type: downtime.group_type.clone(),
                    by,
                    choice: None,
                    commented: false,
                };
                Some((rank, explanation))
            },
            _ => given.cloned(),
        }
    }

    fn event_row(&self, id: RecordId, stands: &Standing, tenant: &Tenant) -> Row {
        let Standing { opened, end, superseded, .. } = stands;
        let until = end.as_ref().map(|end| end.wall_after(&opened.from));
        let Span { from, until, moved_us } =
            Span::of(&self.corrections, opened.from.at.wall_us, until);
        let took_us = moved_us.or_else(|| end.as_ref().map(|end| end.since(&opened.from)));
        let minutes = took_us.map(|us| decimal(us, 60_000_000));
        let station = self.corrections.station().or(opened.station);
        let explanation = self.explanation();
        let explanation = explanation.as_ref().map(|(_, explanation)| explanation);
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
                Cell::Word(self.told.source()),
                explanation.and_then(|e| e.by).or(self.told.by()).map(|user| user.0).into(),
                (self.corrections.is_void() || superseded.is_some() || self.told.is_replaced())
                    .into(),
            ],
        }
    }

    /// Everything that was said of it, and which of that holds.
    fn explanation_rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let holds = self.explanation().map(|(rank, _)| rank);
        let row = |(rank, explanation): &(Rank, Explanation)| {
            let (role, Assertion { wall_us, origin, seq }) = rank;
            let name = format!("explanation/{}/{}/{seq}", origin.terminal, origin.incarnation);
            let choice = explanation.choice;
            Row {
                table: &tables::STOP_EXPLANATIONS,
                cells: vec![
                    id.part(&name).into(),
                    tenant.site.0.into(),
                    id.0.into(),
                    explanation.reason.0.into(),
                    explanation.label.as_str().into(),
                    explanation.group_type.as_str().into(),
                    i64::from(*role).into(),
                    explanation.by.map(|user| user.0).into(),
                    Micros(*wall_us).into(),
                    choice.map(|choice| i64::from(choice.place)).into(),
                    choice.map_or(Cell::Null, |choice| Cell::Word(choice.because.word())),
                    self.told.is_withdrawn(rank).into(),
                    (holds.as_ref() == Some(rank)).into(),
                ],
            }
        };
        self.said().map(row).collect()
    }
}

impl Opened {
    fn by_person(event: &EventTold) -> Self {
        Self {
            equipment: event.equipment.first().copied().unwrap_or(EquipmentId(Uuid::nil())),
            station: event.station,
            state: event.state,
            from: Moment::by_wall(event.from),
            rule: event.told.word().to_owned(),
            map: String::new(),
            batch: event.batches.first().copied(),
            detail: Detail::default(),
        }
    }

    fn by_replay(equipment: EquipmentId, event: &Event) -> Self {
        Self {
            equipment,
            station: event.station,
            state: event.state,
            from: Moment::by_wall(event.from),
            rule: event.rule.clone(),
            map: event.map.clone(),
            batch: event.batch,
            detail: event.detail.clone(),
        }
    }
}

impl Standing {
    /// What never was takes no time, so that no sum over states has to know of it.
    fn state_row(&self, id: RecordId, told: bool, tenant: &Tenant) -> Row {
        let Self { opened, end, superseded, .. } = self;
        let detail = &opened.detail;
        let some = |number: i64| Some(number).filter(|number| *number != 0);
        let end = if superseded.is_some() { Some(&opened.from) } else { end.as_ref() };
        let seconds = end.map(|end| decimal(end.since(&opened.from), 1_000_000));
        let instead = superseded.map(|instead| instead.unwrap_or(id).0);
        Row {
            table: &tables::MACHINE_STATES,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                opened.equipment.0.into(),
                opened.state.word().into(),
                opened.from.at.wall_us.into(),
                end.map(|end| end.wall_after(&opened.from)).into(),
                seconds.map_or(Cell::Null, Cell::Decimal),
                opened.rule.as_str().into(),
                opened.map.as_str().into(),
                detail.fault.as_ref().map(Value::to_string).into(),
                detail.reason.as_deref().into(),
                some(detail.micro_stop_us)
                    .map_or(Cell::Null, |us| Cell::Decimal(decimal(us, 1_000_000))),
                some(i64::from(detail.suppressed)).into(),
                instead.into(),
                Cell::Word(if told { "operator" } else { "machine" }),
            ],
        }
    }
}
