//! A person's time on a job at a station: a labor entry of type `job` inside their shift. What it adds
//! up to is the job's touch time. A batch keeps its own time, in `oee_batch_time_entries`.

use serde::{Deserialize, Serialize};

use super::{Assertion, Tenant, keep_first, tables};
use crate::{
    fact::{Body, Fact, job::JobJoined},
    id::{Origin, RecordId},
    row::{Cell, Row},
    time::{Micros, Moment},
};

/// Folded facts of one stint.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Stint {
    opened: Option<(Assertion, (JobJoined, Moment))>,
    /// When it ended: by both clocks, and by what was told of it.
    ended: Option<(Assertion, (Moment, Option<Micros>))>,
}

impl Stint {
    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let at = fact.moment(fact.at);
        match &fact.fact {
            Body::JobJoined(joined) => {
                keep_first(&mut self.opened, assertion, (joined.clone(), at));
            },
            Body::JobLeft(left) => keep_first(&mut self.ended, assertion, (at, left.until)),
            _ => return false,
        }
        true
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((_, (joined, from))) = &self.opened else { return vec![] };
        let began = from.at.wall_us;
        let until = self.ended.as_ref().map(|(_, (at, told))| match told {
            Some(told) => (*told).max(began),
            None => at.wall_after(from),
        });
        vec![Row {
            table: &tables::LABOR_ENTRIES,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                joined.user.0.into(),
                joined.station.0.into(),
                joined.job.0.into(),
                Cell::Word("job"),
                began.into(),
                until.into(),
                Cell::Word("terminal"),
            ],
        }]
    }
}
