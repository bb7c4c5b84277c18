//! What a command that was carried out is answered.

use serde::{Deserialize, Serialize};

use crate::{
    fact::{Body, Fact},
    id::{Origin, RecordId, UserId},
};

/// The command is on disk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// The fact that it is known again by.
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
            Body::LaborBegan(began) => (origin.record(fact.seq), Some(began.user)),
            Body::LaborEnded(ended) => (ended.entry, Some(ended.user)),
            Body::PunchUndone(undone) => (undone.entry, Some(undone.user)),
            Body::OutTold(told) => (told.entry, Some(told.user)),
            Body::LaborConfirmed(confirmed) => (origin.record(fact.seq), Some(confirmed.user)),
            Body::LaborAsked(asked) => (asked.entry, Some(asked.user)),
            Body::LaborAmended(amended) => (amended.entry, Some(amended.user)),
            Body::LaborAdded(added) => (origin.record(fact.seq), Some(added.user)),
            Body::LaborDeclined(declined) => (declined.entry, Some(declined.user)),
            Body::LaborSplit(split) => (split.entry, Some(split.user)),
            Body::PinSet(set) => (origin.record(fact.seq), Some(set.user)),
            Body::BatchStarted(_) => (origin.record(fact.seq), None),
            Body::BatchCompleted { batch, .. }
            | Body::BatchJoined { batch, .. }
            | Body::BatchLeft { batch, .. }
            | Body::BatchPaused { batch }
            | Body::BatchResumed { batch } => (*batch, None),
            Body::StopExplained { stop, .. } => (*stop, None),
            Body::ExplanationWithdrawn(withdrawn) => (withdrawn.stop, None),
            Body::EventTold(_) => (origin.record(fact.seq), None),
            Body::EventEnded(ended) => (ended.event, None),
            Body::EventTakenBack(back) => (back.event, None),
            Body::BatchProduced(produced) => (produced.batch, None),
            Body::BatchEquipmentAdded(further) | Body::BatchEquipmentRemoved(further) => {
                (further.batch, None)
            },
            Body::BatchAborted(aborted) => (aborted.batch, None),
            Body::BatchFieldSet(set) => (set.batch, None),
            Body::JobPosted(_) => (origin.record(fact.seq), None),
            Body::JobStarted(started) => (started.job, None),
            Body::JobCompleted(completed) => (completed.job, None),
            Body::JobMoved(moved) => (moved.job, None),
            Body::JobScrapped(scrapped) => (scrapped.job, None),
            Body::JobAborted(aborted) => (aborted.job, None),
            Body::JobJoined(joined) => (joined.job, Some(joined.user)),
            Body::JobLeft(left) => (left.job, Some(left.user)),
            Body::Replayed(_) | Body::Counted(_) => (origin.record(fact.seq), None),
            Body::QueueAsked(asked) => (asked.entry(origin, fact.seq), None),
            Body::HandoverGiven(_) => (origin.record(fact.seq), fact.by),
            Body::NoteWritten(_) | Body::IncidentOpened(_) | Body::HelpCalled(_) => {
                (origin.record(fact.seq), None)
            },
            Body::NoteWithdrawn(withdrawn) => (withdrawn.note, None),
            Body::HandoverTaken(taken) => (taken.handover, fact.by),
            Body::TroubleshootingStarted(started) => (started.incident, None),
            Body::IncidentResolved(resolved) => (resolved.incident, None),
            Body::CallAcknowledged(acknowledged) => (acknowledged.call, fact.by),
            Body::CallEnded(ended) => (ended.call, None),
            Body::Genesis { .. }
            | Body::Continued(_)
            | Body::Started { .. }
            | Body::StateChanged { .. }
            | Body::ProductSeen(_)
            | Body::Rederived(_)
            | Body::MapApplied(_)
            | Body::OutMissed(_)
            | Body::Corrected(_)
            | Body::CorrectionSeen(_)
            | Body::ClockCorrected(_)
            | Body::ClockStepped(_)
            | Body::Retimed(_) => return None,
        };
        Some(Self { seq: fact.seq, record, user })
    }
}
