//! Folding: the facts of one record become rows, the same ones at a terminal and at headquarters.
//!
//! A record's state is a join of what its facts say: the order in which facts of different
//! terminals arrive does not change the rows. Nothing is read back from the tables.

use serde::{Deserialize, Serialize};

use crate::{
    fact::{
        Body, Fact,
        batch::{BatchAborted, BatchEquipment, BatchFieldSet, BatchProduced},
        correction::{Correctable, Corrected, CorrectionSeen},
    },
    id::{Origin, RecordId, SiteId},
    row::Row,
};

mod batch;
mod clock;
pub mod conflict;
pub mod fold;
mod correction;
mod count;
mod interval;
mod labor;
mod stretch;
pub mod tables;

pub use batch::Batch;
pub use correction::Standing;
pub use interval::Interval;
pub use labor::Labor;

/// Raised whenever the same facts would fold into other rows than before.
pub const FOLD_VERSION: i32 = 5;

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
        Body::Genesis { .. } | Body::Continued(_) | Body::Started { .. } => vec![],
        Body::Counted(counted) => {
            vec![Touch::Rows(count::rows(origin.record(fact.seq), counted, tenant))]
        },
        Body::ClockCorrected(_) | Body::ClockStepped(_) => {
            vec![Touch::Rows(clock::rows(origin, fact, tenant))]
        },
        Body::StateChanged { ends: Some(ends), .. } => vec![Touch::Record(*ends), own()],
        Body::StateChanged { .. } | Body::ClockedIn { .. } | Body::BatchStarted(_) => vec![own()],
        Body::ClockedOut { entry, .. } => vec![Touch::Record(*entry)],
        Body::BatchJoined { batch, .. }
        | Body::BatchLeft { batch, .. }
        | Body::BatchCompleted { batch, .. } => vec![Touch::Record(*batch)],
        Body::BatchProduced(BatchProduced { batch, .. })
        | Body::BatchAborted(BatchAborted { batch, .. })
        | Body::BatchEquipmentAdded(BatchEquipment { batch, .. })
        | Body::BatchEquipmentRemoved(BatchEquipment { batch, .. })
        | Body::BatchFieldSet(BatchFieldSet { batch, .. }) => vec![Touch::Record(*batch)],
        Body::JobPosted(_)
        | Body::JobStarted(_)
        | Body::JobCompleted(_)
        | Body::JobMoved(_)
        | Body::JobScrapped(_)
        | Body::JobAborted(_)
        | Body::QueueAsked(_)
        | Body::ProductSeen(_)
        | Body::Replayed(_)
        | Body::MapApplied(_) => vec![],
        Body::Rederived(rederived) => match rederived.record {
            Some(record) => vec![Touch::Record(record)],
            None => vec![own()],
        },
        Body::StopExplained { stop, .. } => vec![Touch::Record(*stop)],
        Body::Corrected(corrected) => vec![Touch::Record(corrected.record)],
        Body::CorrectionSeen(CorrectionSeen { here, corrected, .. }) => {
            vec![Touch::Record(here.unwrap_or(corrected.record))]
        },
    }
}

impl Record {
    /// The empty record that `fact` begins or, arriving early, waits in.
    pub fn empty_for(fact: &Fact) -> Option<Self> {
        match &fact.fact {
            Body::StateChanged { .. } | Body::StopExplained { .. } | Body::Rederived(_) => {
                Some(Self::Interval(Interval::default()))
            },
            Body::BatchStarted(_)
            | Body::BatchJoined { .. }
            | Body::BatchLeft { .. }
            | Body::BatchCompleted { .. }
            | Body::BatchProduced(_)
            | Body::BatchAborted(_)
            | Body::BatchEquipmentAdded(_)
            | Body::BatchEquipmentRemoved(_)
            | Body::BatchFieldSet(_) => Some(Self::Batch(Batch::default())),
            Body::ClockedIn { .. } | Body::ClockedOut { .. } => Some(Self::Labor(Labor::default())),
            Body::Corrected(Corrected { kind, .. })
            | Body::CorrectionSeen(CorrectionSeen { corrected: Corrected { kind, .. }, .. }) => {
                Some(match kind {
                    Correctable::Labor => Self::Labor(Labor::default()),
                    Correctable::Stop => Self::Interval(Interval::default()),
                    Correctable::Batch => Self::Batch(Batch::default()),
                })
            },
            Body::Genesis { .. }
            | Body::Continued(_)
            | Body::Started { .. }
            | Body::Counted(_)
            | Body::ClockCorrected(_)
            | Body::ClockStepped(_)
            | Body::JobPosted(_)
            | Body::JobStarted(_)
            | Body::JobCompleted(_)
            | Body::JobMoved(_)
            | Body::JobScrapped(_)
            | Body::JobAborted(_)
            | Body::QueueAsked(_)
            | Body::ProductSeen(_)
            | Body::Replayed(_)
            | Body::MapApplied(_) => None,
        }
    }

    /// Joins what `fact` says about the record `id` into this state. Returns `false` when the
    /// fact speaks of another kind of record: a fault of the writer, to be quarantined.
    pub fn apply(&mut self, id: RecordId, origin: Origin, fact: &Fact) -> bool {
        match self {
            Self::Interval(interval) => interval.apply(id, origin, fact),
            Self::Batch(batch) => batch.apply(id, origin, fact),
            Self::Labor(labor) => labor.apply(origin, fact),
        }
    }

    /// How it stands, for whoever corrects it; `None` until its opening fact is known, and for what
    /// cannot be corrected.
    pub fn stands(&self) -> Option<Standing> {
        match self {
            Self::Interval(interval) => interval.stands(),
            Self::Batch(batch) => batch.stands(),
            Self::Labor(labor) => labor.stands(),
        }
    }

    /// The rows this record is, parents first. Empty until its opening fact is known.
    pub fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        match self {
            Self::Interval(interval) => interval.rows(id, tenant),
            Self::Batch(batch) => {
                let conflicts = batch.conflicts(id);
                let conflicts = conflicts.iter().map(|conflict| conflict.row(tenant));
                batch.rows(id, tenant).into_iter().chain(conflicts).collect()
            },
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
