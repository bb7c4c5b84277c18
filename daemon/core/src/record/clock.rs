//! What became of a terminal's wall clock is a record of one fact.

use super::{Tenant, tables};
use crate::{
    fact::{
        Body, Fact,
        clock::{ClockCorrected, ClockStepped},
    },
    id::Origin,
    row::{Cell, Row},
};

/// The one row of a fact about a clock, if `fact` is one.
pub(super) fn rows(origin: Origin, fact: &Fact, tenant: &Tenant) -> Vec<Row> {
    let (kind, right, by_us, within_us) = match &fact.fact {
        Body::ClockCorrected(ClockCorrected { zero, fast_us, within_us }) => {
            let right = fact.at.by(*zero).wall_us;
            ("corrected", Some(right), fast_us.saturating_neg(), Some(*within_us))
        },
        Body::ClockStepped(ClockStepped { by_us }) => ("stepped", None, *by_us, None),
        _ => return vec![],
    };
    vec![Row {
        table: &tables::CLOCK_RECORDS,
        cells: vec![
            origin.record(fact.seq).0.into(),
            tenant.site.0.into(),
            origin.terminal.0.into(),
            fact.boot.0.as_str().into(),
            Cell::Word(kind),
            fact.at.wall_us.into(),
            right.into(),
            by_us.into(),
            within_us.into(),
        ],
    }]
}
