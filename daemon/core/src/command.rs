//! What people can ask of a terminal, and why it may say no.

mod refusal;

pub use refusal::Refusal;

use serde::{Deserialize, Serialize};

use crate::{
    fact::{Body, Fact},
    id::{EquipmentId, Origin, ProductId, ReasonId, RecordId, StationId, UserId},
    replay::Change,
    time::Micros,
};

/// Something a person asks for. The answer is a fact on disk or a [`Refusal`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Clock in at a station by badge.
    ClockIn {
        /// What the reader read.
        badge: String,
        /// Where.
        station: StationId,
    },
    /// Clock out by badge.
    ClockOut {
        /// What the reader read.
        badge: String,
    },
    /// Start a batch on a machine.
    StartBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// On which machine.
        equipment: EquipmentId,
        /// What is made.
        product: ProductId,
        /// Parts to make; from product or machine when absent.
        target: Option<i64>,
        /// Batch number; generated when absent.
        number: Option<String>,
        /// External work order.
        work_order: Option<String>,
    },
    /// Work on a batch that is open, wherever it was started.
    JoinBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
    },
    /// Complete the batch.
    CompleteBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
        /// Good parts.
        good: i64,
        /// Scrapped parts.
        scrap: i64,
        /// Why parts were scrapped.
        scrap_reason: Option<ReasonId>,
    },
    /// Take what a replay of raw readings came to for what happened.
    AcceptReplay(Box<Acceptance>),
    /// Say whether the parts were made that a counter shows and that cannot have been: it is held.
    SettleCount {
        /// Who.
        by: UserId,
        /// Which machine.
        equipment: EquipmentId,
        /// The counter's name in the map.
        source: String,
        /// They were made; otherwise none of them was, and the counter goes on from there.
        accept: bool,
    },
    /// Explain a stop. Never refused for want of a clock-in.
    ExplainStop {
        /// Who, where known.
        by: Option<UserId>,
        /// Which stop.
        stop: RecordId,
        /// The reason.
        reason: ReasonId,
        /// Free text.
        comment: Option<String>,
    },
}

/// What a replay came to, and who says that it is so.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Who.
    pub by: UserId,
    /// Why.
    pub reason: String,
    /// Fingerprint of the map.
    pub map: String,
    /// From when …
    pub from: Micros,
    /// … until when readings were looked at.
    pub until: Micros,
    /// The last fact that was compared with.
    pub as_of: u64,
    /// Events that are otherwise. A place names a change by its position here.
    pub changes: Vec<Change>,
}

/// The command is on disk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// The last fact it became.
    pub seq: u64,
    /// The record it opened or changed.
    pub record: RecordId,
    /// The person, where the command named one by badge.
    pub user: Option<UserId>,
}

impl Accepted {
    /// What the command that became `fact` was answered; `None` when no command becomes such a
    /// fact.
    pub fn of(fact: &Fact, origin: Origin) -> Option<Self> {
        let (record, user) = match &fact.fact {
            Body::ClockedIn { user, .. } => (origin.record(fact.seq), Some(*user)),
            Body::ClockedOut { user, entry } => (*entry, Some(*user)),
            Body::BatchStarted(_) => (origin.record(fact.seq), None),
            Body::BatchCompleted { batch, .. } | Body::BatchJoined { batch, .. } => (*batch, None),
            Body::StopExplained { stop, .. } => (*stop, None),
            Body::BatchProduced(produced) => (produced.batch, None),
            Body::BatchAborted(aborted) => (aborted.batch, None),
            Body::BatchFieldSet(set) => (set.batch, None),
            Body::JobPosted(_) => (origin.record(fact.seq), None),
            Body::JobStarted(started) => (started.job, None),
            Body::JobCompleted(completed) => (completed.job, None),
            Body::JobMoved(moved) => (moved.job, None),
            Body::JobScrapped(scrapped) => (scrapped.job, None),
            Body::JobAborted(aborted) => (aborted.job, None),
            Body::Replayed(_) | Body::Counted(_) => (origin.record(fact.seq), None),
            Body::QueueAsked(asked) => (asked.entry(origin, fact.seq), None),
            Body::Genesis { .. }
            | Body::Continued(_)
            | Body::Started { .. }
            | Body::StateChanged { .. }
            | Body::ProductSeen(_)
            | Body::Rederived(_)
            | Body::MapApplied(_)
            | Body::BatchLeft { .. }
            | Body::BatchEquipmentAdded(_)
            | Body::BatchEquipmentRemoved(_)
            | Body::Corrected(_)
            | Body::CorrectionSeen(_)
            | Body::ClockCorrected(_)
            | Body::ClockStepped(_) => return None,
        };
        Some(Self { seq: fact.seq, record, user })
    }
}
