//! Folding: the facts of one record become rows, the same ones at a terminal and at headquarters.
//!
//! A record's state is a join of what its facts say: the order in which facts of different
//! terminals arrive does not change the rows. Nothing is read back from the tables.

use serde::{Deserialize, Serialize};

use crate::{
    fact::{Body, Fact},
    id::{Origin, RecordId, SiteId},
    row::Row,
};

mod batch;
mod count;
mod interval;
mod labor;
pub mod tables;

pub use batch::Batch;
pub use interval::Interval;
pub use labor::Labor;

/// Raised whenever the same facts would fold into other rows than before.
pub const FOLD_VERSION: i32 = 1;

/// Where rows belong; known from the terminal's registration, never from a fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// `organization_id` of the owner.
    pub organization: String,
    /// The site.
    pub site: SiteId,
}

/// The folded state of one record.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A machine was in one state for a while; a downtime event where that state is one.
    Interval(Interval),
    /// A batch.
    Batch(Batch),
    /// A labor entry.
    Labor(Labor),
}

/// Which fact an assertion comes from: sorts by time, then by origin, so that every fold of the
/// same facts picks the same winner.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Assertion {
    /// Wall clock of the fact, microseconds.
    pub wall_us: i64,
    /// Who wrote it.
    pub origin: Origin,
    /// Its place in that log.
    pub seq: u64,
}

impl Assertion {
    fn of(origin: Origin, fact: &Fact) -> Self {
        Self { wall_us: fact.at.wall_us.0, origin, seq: fact.seq }
    }
}

/// What a fact means for one record.
#[derive(Clone, PartialEq, Debug)]
pub enum Touch {
    /// The fact contributes to the record with this id; see [`Record::apply`].
    Record(RecordId),
    /// The fact is a record of its own and becomes these rows at once.
    Rows(Vec<Row>),
}

/// The records `fact` contributes to.
pub fn touches(origin: Origin, fact: &Fact, tenant: &Tenant) -> Vec<Touch> {
    let own = || Touch::Record(origin.record(fact.seq));
    match &fact.fact {
        Body::Genesis { .. } | Body::Started { .. } => vec![],
        Body::Counted(counted) => {
            vec![Touch::Rows(count::rows(origin.record(fact.seq), counted, tenant))]
        },
        Body::StateChanged { ends: Some(ends), .. } => vec![Touch::Record(*ends), own()],
        Body::StateChanged { .. } | Body::ClockedIn { .. } | Body::BatchStarted(_) => vec![own()],
        Body::ClockedOut { entry, .. } => vec![Touch::Record(*entry)],
        Body::BatchJoined { batch, .. }
        | Body::BatchLeft { batch, .. }
        | Body::BatchCompleted { batch, .. } => vec![Touch::Record(*batch)],
        Body::StopExplained { stop, .. } => vec![Touch::Record(*stop)],
    }
}

impl Record {
    /// The empty record that `fact` begins or, arriving early, waits in.
    pub fn empty_for(fact: &Fact) -> Option<Self> {
        match &fact.fact {
            Body::StateChanged { .. } | Body::StopExplained { .. } => {
                Some(Self::Interval(Interval::default()))
            },
            Body::BatchStarted(_)
            | Body::BatchJoined { .. }
            | Body::BatchLeft { .. }
            | Body::BatchCompleted { .. } => Some(Self::Batch(Batch::default())),
            Body::ClockedIn { .. } | Body::ClockedOut { .. } => Some(Self::Labor(Labor::default())),
            Body::Genesis { .. } | Body::Started { .. } | Body::Counted(_) => None,
        }
    }

    /// Joins what `fact` says about the record `id` into this state. Returns `false` when the
    /// fact speaks of another kind of record: a fault of the writer, to be quarantined.
    pub fn apply(&mut self, id: RecordId, origin: Origin, fact: &Fact) -> bool {
        match self {
            Self::Interval(interval) => interval.apply(id, origin, fact),
            Self::Batch(batch) => batch.apply(origin, fact),
            Self::Labor(labor) => labor.apply(origin, fact),
        }
    }

    /// The rows this record is, parents first. Empty until its opening fact is known.
    pub fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        match self {
            Self::Interval(interval) => interval.rows(id, tenant),
            Self::Batch(batch) => batch.rows(id, tenant),
            Self::Labor(labor) => labor.rows(id, tenant),
        }
    }

    /// The kind's word, as stored beside the state.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Interval(_) => "interval",
            Self::Batch(_) => "batch",
            Self::Labor(_) => "labor",
        }
    }
}

/// Keeps the smaller assertion's value: the first writer stands.
fn keep_first<T>(slot: &mut Option<(Assertion, T)>, assertion: Assertion, value: T) {
    if slot.as_ref().is_none_or(|(standing, _)| assertion < *standing) {
        *slot = Some((assertion, value));
    }
}

/// Whole microseconds as a decimal number of `unit_us`, four digits.
fn decimal(micros: i64, unit_us: i64) -> String {
    let scaled = i128::from(micros) * 10_000 / i128::from(unit_us.max(1));
    format!("{}.{:04}", scaled / 10_000, (scaled % 10_000).abs())
}

#[cfg(test)]
mod tests;
