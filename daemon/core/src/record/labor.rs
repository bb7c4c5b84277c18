//! A labor entry: from clock-in to clock-out, or a break, a meal or an activity inside that.
//!
//! What was punched stands for ever in `edge.punches`; `ops_labor_entries` holds what it adds up to.
//! What is undone or told later is a further saying, weighed in the order of the log.

use serde::{Deserialize, Serialize};

use super::{
    Assertion, Tenant, Touch,
    correction::{Corrections, Span, Standing},
    keep_first,
    stretch::in_order,
    tables,
};
use crate::{
    fact::{
        Body, Fact,
        correction::{Amendment, Correctable},
        labor::{Evidence, Inside, LaborConfirmed, Punched, Share},
    },
    id::{Origin, RecordId, StationId, UserId},
    row::{Cell, Row},
    time::{Micros, Moment},
};

mod rows;

/// Folded facts of one labor entry.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Labor {
    opened: Option<(Assertion, (UserId, StationId, Moment))>,
    /// What it is, where it lies inside a shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inside: Option<Inside>,
    /// The end, as it was kept before there was more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<(Assertion, Moment)>,
    /// Everything after the beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    said: Vec<(Assertion, (Option<UserId>, Said))>,
    #[serde(default, skip_serializing_if = "Corrections::is_empty")]
    corrections: Corrections,
}

/// One thing said of an entry that had begun.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// It was punched to its end.
    Ended(Moment),
    /// A punch was taken back.
    Undone(Punched),
    /// Nobody punched it to its end.
    Missed { proposed: Option<Micros>, evidence: Evidence },
    /// Its person said when it ended.
    Told { until: Micros, as_proposed: bool },
    /// Its person said that it is right.
    Confirmed { from: Micros, until: Option<Micros> },
    /// Its person asked for something else.
    Asked { from: Option<Micros>, until: Option<Micros>, void: bool },
    /// A lead or a supervisor put it right.
    Amended { before: Box<Amendment>, after: Box<Amendment> },
    /// A lead or a supervisor told of it; nobody punched it.
    Added { until: Option<Micros> },
    /// What its person asked for was declined.
    Declined,
    /// Its time was divided.
    Split(Vec<Share>),
}

/// What the sayings add up to, corrections aside.
#[derive(Default)]
struct Sum {
    until: Option<Micros>,
    void: bool,
    missed: bool,
    told: bool,
    added: bool,
}

impl Labor {
    pub(super) fn apply(&mut self, id: RecordId, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let at = fact.moment(fact.at);
        match &fact.fact {
            Body::ClockedIn { user, station } => {
                keep_first(&mut self.opened, assertion, (*user, *station, at));
            },
            Body::LaborBegan(began) => {
                self.inside = Some(began.kind);
                keep_first(&mut self.opened, assertion, (began.user, began.station, at));
            },
            Body::LaborAdded(added) => {
                self.inside = added.kind;
                let opened = (added.user, added.station, Moment::by_wall(added.from));
                keep_first(&mut self.opened, assertion.clone(), opened);
                self.keep(assertion, (fact.by, Said::Added { until: added.until }));
            },
            body => match said(id, body, at) {
                Some(said) => {
                    self.corrections.add(origin, fact);
                    self.keep(assertion, (fact.by, said));
                },
                None => return self.corrections.add(origin, fact),
            },
        }
        true
    }

    fn keep(&mut self, assertion: Assertion, said: (Option<UserId>, Said)) {
        if let Err(place) = self.said.binary_search_by(|(kept, _)| kept.cmp(&assertion)) {
            self.said.insert(place, (assertion, said));
        }
    }

    /// Everything after the beginning, in time.
    fn told(&self) -> Vec<(Assertion, (Option<UserId>, Said))> {
        let first = self
            .closed
            .iter()
            .map(|(assertion, at)| (assertion.clone(), (None, Said::Ended(at.clone()))));
        let all = first.chain(self.said.iter().cloned());
        let all = all.map(|(assertion, said)| (assertion.clone(), (assertion, said)));
        in_order(all).into_iter().map(|(_, told)| told).collect()
    }

    fn sum(&self, from: &Moment) -> Sum {
        let mut sum = Sum::default();
        for (_, (_, said)) in self.told() {
            match said {
                Said::Ended(at) if sum.until.is_none() => sum.until = Some(at.wall_after(from)),
                Said::Told { until, .. } if sum.until.is_none() => {
                    sum.until = Some(until.max(from.at.wall_us));
                    sum.told = true;
                },
                Said::Added { until } => {
                    sum.added = true;
                    sum.until = sum.until.or(until.map(|until| until.max(from.at.wall_us)));
                },
                Said::Undone(Punched::Ended) => {
                    sum.until = None;
                    sum.told = false;
                },
                Said::Undone(Punched::Began) => sum.void = true,
                Said::Missed { .. } => sum.missed = true,
                _ => {},
            }
        }
        sum
    }

    fn is_void(&self, sum: &Sum) -> bool {
        self.corrections.void().unwrap_or(sum.void)
    }

    /// How it stands, corrections included, and whose log it is from.
    pub(super) fn stands(&self) -> Option<Standing> {
        let (opened, (user, station, from)) = self.opened.as_ref()?;
        let sum = self.sum(from);
        let span = Span::of(&self.corrections, from.at.wall_us, sum.until);
        let fields = Amendment {
            from: Some(span.from),
            until: span.until,
            station: Some(self.corrections.station().unwrap_or(*station)),
            user: Some(self.corrections.user().unwrap_or(*user)),
            void: Some(self.is_void(&sum)),
            ..Amendment::default()
        };
        let (kind, others) = (Correctable::Labor, vec![]);
        let corrected = !self.corrections.is_empty();
        Some(Standing { kind, owner: opened.origin, others, fields, corrected })
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((opened, (user, station, from))) = &self.opened else { return vec![] };
        let sum = self.sum(from);
        let span = Span::of(&self.corrections, from.at.wall_us, sum.until);
        // Kartorium archives no labor: a void entry took no time, and says so.
        let void = self.is_void(&sum);
        let until = if void { Some(span.from) } else { span.until };
        let source = match sum {
            _ if void => "void",
            _ if self.corrections.until().is_some() => "terminal",
            Sum { told: true, .. } => "told",
            Sum { missed: true, until: None, .. } => "missing_out",
            Sum { added: true, .. } => "added",
            _ => "terminal",
        };
        let user = self.corrections.user().unwrap_or(*user);
        let mut rows = vec![Row {
            table: &tables::LABOR_ENTRIES,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                user.0.into(),
                self.corrections.station().unwrap_or(*station).0.into(),
                Cell::Null,
                self.inside.map_or("shift", Inside::word).into(),
                span.from.into(),
                until.into(),
                source.into(),
            ],
        }];
        rows.extend(self.punch_rows(id, (opened, from), tenant));
        rows.extend(self.share_rows(id, user, until, tenant));
        rows
    }
}

/// The entries that somebody confirmed.
pub(super) fn touched(confirmed: &LaborConfirmed) -> Vec<Touch> {
    confirmed.entries.iter().map(|stood| Touch::Record(stood.entry)).collect()
}

/// What a fact says of the entry `id`.
fn said(id: RecordId, body: &Body, at: Moment) -> Option<Said> {
    Some(match body {
        Body::ClockedOut { .. } | Body::LaborEnded(_) => Said::Ended(at),
        Body::PunchUndone(undone) => Said::Undone(undone.punch),
        Body::OutMissed(missed) => {
            Said::Missed { proposed: missed.proposed, evidence: missed.evidence }
        },
        Body::OutTold(told) => {
            Said::Told { until: told.until, as_proposed: told.proposed == Some(told.until) }
        },
        Body::LaborConfirmed(confirmed) => {
            let stood = confirmed.entries.iter().find(|stood| stood.entry == id)?;
            Said::Confirmed { from: stood.from, until: stood.until }
        },
        Body::LaborAsked(asked) => {
            Said::Asked { from: asked.from, until: asked.until, void: asked.void }
        },
        Body::LaborAmended(amended) => Said::Amended {
            before: Box::new(amended.before.clone()),
            after: Box::new(amended.after.clone()),
        },
        Body::LaborDeclined(_) => Said::Declined,
        Body::LaborSplit(split) => Said::Split(split.shares.clone()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
