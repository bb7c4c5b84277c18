//! A judged counter reading is a record of one fact.

use super::{Tenant, tables};
use crate::{
    fact::{Body, Counted, Fact},
    id::{Origin, RecordId},
    row::{Cell, Row},
    time::Micros,
};

/// The row of a reading that was told by a wrong clock, by the one that stood at zero at the right time
/// `zero`; none for another fact.
pub fn retimed(origin: Origin, fact: &Fact, zero: Micros, tenant: &Tenant) -> Vec<Row> {
    let Body::Counted(counted) = &fact.fact else { return vec![] };
    rows(origin.record(fact.seq), &counted.clone().by(zero), tenant)
}

/// The one row of a counter reading.
pub(super) fn rows(id: RecordId, counted: &Counted, tenant: &Tenant) -> Vec<Row> {
    vec![Row {
        table: &tables::PRODUCTION_COUNTS,
        cells: vec![
            id.0.into(),
            tenant.site.0.into(),
            counted.equipment.0.into(),
            counted.source.as_str().into(),
            Cell::Word(counted.counter.word()),
            i64::from(counted.epoch).into(),
            counted.raw_from.into(),
            counted.raw_to.into(),
            counted.quantity.into(),
            Cell::Word(counted.verdict.word()),
            counted.since.wall_us.into(),
            counted.until.wall_us.into(),
            counted.batch.map(|batch| batch.0).into(),
            Some(counted.map.as_str()).filter(|map| !map.is_empty()).into(),
        ],
    }]
}
