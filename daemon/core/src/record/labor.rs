//! A labor entry: from clock-in to clock-out.

use serde::{Deserialize, Serialize};

use super::{
    Assertion, Tenant,
    correction::{Corrections, Span, Standing},
    keep_first, tables,
};
use crate::{
    fact::{
        Body, Fact,
        correction::{Amendment, Correctable},
    },
    id::{Origin, RecordId, StationId, UserId},
    row::Row,
    time::Moment,
};

/// Folded facts of one labor entry.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Labor {
    opened: Option<(Assertion, (UserId, StationId, Moment))>,
    closed: Option<(Assertion, Moment)>,
    #[serde(default, skip_serializing_if = "Corrections::is_empty")]
    corrections: Corrections,
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
            _ => return self.corrections.add(origin, fact),
        }
        true
    }

    /// How it stands, corrections included, and whose log it is from.
    pub(super) fn stands(&self) -> Option<Standing> {
        let (opened, (user, station, from)) = self.opened.as_ref()?;
        let until = self.closed.as_ref().map(|(_, end)| end.wall_after(from));
        let span = Span::of(&self.corrections, from.at.wall_us, until);
        let fields = Amendment {
            from: Some(span.from),
            until: span.until,
            station: Some(self.corrections.station().unwrap_or(*station)),
            user: Some(self.corrections.user().unwrap_or(*user)),
            void: Some(self.corrections.is_void()),
            ..Amendment::default()
        };
        let (kind, others) = (Correctable::Labor, vec![]);
        let corrected = !self.corrections.is_empty();
        Some(Standing { kind, owner: opened.origin, others, fields, corrected })
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((_, (user, station, from))) = &self.opened else { return vec![] };
        let until = self.closed.as_ref().map(|(_, end)| end.wall_after(from));
        let Span { from, until, .. } = Span::of(&self.corrections, from.at.wall_us, until);
        let is_void = self.corrections.is_void();
        vec![Row {
            table: &tables::LABOR_ENTRIES,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                self.corrections.user().unwrap_or(*user).0.into(),
                self.corrections.station().unwrap_or(*station).0.into(),
                "shift".into(),
                from.into(),
                // Kartorium archives no labor: a void entry took no time, and says so.
                if is_void { Some(from) } else { until }.into(),
                if is_void { "void" } else { "terminal" }.into(),
            ],
        }]
    }
}
