//! Folding: the facts of one record become rows, the same ones at a terminal and at headquarters.
//!
//! A record's state is a join of what its facts say: the order in which facts of different
//! terminals arrive does not change the rows. Nothing is read back from the tables.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use crate::{
    fact::{
        Body, Fact,
        batch::{BatchAborted, BatchEquipment, BatchFieldSet, BatchProduced},
        correction::{Correctable, Corrected, CorrectionSeen},
    },
    id::{Origin, RecordId, SiteId},
    row::{Cell, Row, Told},
};

mod batch;
mod call;
mod clock;
pub mod conflict;
pub mod fold;
mod correction;
pub mod count;
mod incident;
mod interval;
mod labor;
mod link;
mod note;
mod stint;
mod stretch;
pub mod tables;

pub use batch::Batch;
pub use call::Call;
pub use clock::{Retold, Wrong};
pub use correction::Standing;
pub use incident::Incident;
pub use interval::Interval;
pub use labor::Labor;
pub use note::Note;
pub use stint::Stint;

/// Raised whenever the same facts would fold into other rows than before.
pub const FOLD_VERSION: i32 = 6;

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
    /// A note, or a card of a handover.
    Note(Note),
    /// An incident.
    Incident(Incident),
    /// A call for help.
    Call(Call),
    /// A person's time on a job.
    Stint(Stint),
    /// Any of these, told by a wrong clock.
    Retold(Box<Retold>),
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

    /// The erasable text beside the fact under this field, where there is one: whoever writes rows
    /// looks it up.
    fn told(&self, field: &'static str, told: bool) -> Cell {
        let Self { origin, seq, .. } = *self;
        if told { Cell::Told(Told { origin, seq, field }) } else { Cell::Null }
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

/// An event that a person told of, and what it was made of.
fn event(event: RecordId, of: &[RecordId]) -> Vec<Touch> {
    std::iter::once(event).chain(of.iter().copied()).map(Touch::Record).collect()
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
        Body::Retimed(retimed) => {
            retimed.records.iter().map(|told| Touch::Record(told.record)).collect()
        },
        Body::StateChanged { ends: Some(ends), .. } => vec![Touch::Record(*ends), own()],
        Body::StateChanged { .. } | Body::ClockedIn { .. } | Body::BatchStarted(_) => vec![own()],
        Body::ClockedOut { entry, .. } => vec![Touch::Record(*entry)],
        Body::LaborBegan(_) | Body::LaborAdded(_) | Body::JobJoined(_) => vec![own()],
        Body::JobLeft(left) => vec![Touch::Record(left.entry)],
        Body::LaborEnded(ended) => vec![Touch::Record(ended.entry)],
        Body::PunchUndone(undone) => vec![Touch::Record(undone.entry)],
        Body::OutMissed(missed) => vec![Touch::Record(missed.entry)],
        Body::OutTold(told) => vec![Touch::Record(told.entry)],
        Body::LaborAsked(asked) => vec![Touch::Record(asked.entry)],
        Body::LaborSplit(split) => vec![Touch::Record(split.entry)],
        Body::LaborAmended(amended) => vec![Touch::Record(amended.entry)],
        Body::LaborDeclined(declined) => vec![Touch::Record(declined.entry)],
        Body::LaborConfirmed(confirmed) => labor::touched(confirmed),
        Body::BatchJoined { batch, .. }
        | Body::BatchLeft { batch, .. }
        | Body::BatchPaused { batch }
        | Body::BatchResumed { batch }
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
        | Body::PinSet(_)
        | Body::ProductSeen(_)
        | Body::Replayed(_)
        | Body::MapApplied(_) => vec![],
        Body::Rederived(rederived) => vec![rederived.record.map_or_else(own, Touch::Record)],
        Body::StopExplained { stop, .. } => vec![Touch::Record(*stop)],
        Body::NoteWritten(_)
        | Body::HandoverGiven(_)
        | Body::IncidentOpened(_)
        | Body::HelpCalled(_) => vec![own()],
        Body::NoteWithdrawn(withdrawn) => vec![Touch::Record(withdrawn.note)],
        Body::HandoverTaken(taken) => vec![Touch::Record(taken.handover)],
        Body::TroubleshootingStarted(started) => vec![Touch::Record(started.incident)],
        Body::IncidentResolved(resolved) => vec![Touch::Record(resolved.incident)],
        Body::CallAcknowledged(acknowledged) => vec![Touch::Record(acknowledged.call)],
        Body::CallEnded(ended) => vec![Touch::Record(ended.call)],
        Body::ExplanationWithdrawn(withdrawn) => vec![Touch::Record(withdrawn.stop)],
        Body::EventTold(told) if told.replaces() => event(origin.record(fact.seq), &told.of),
        Body::EventTold(_) => vec![own()],
        Body::EventEnded(ended) => event(ended.event, &ended.of),
        Body::EventTakenBack(back) => event(back.event, &back.of),
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
            Body::StateChanged { .. }
            | Body::StopExplained { .. }
            | Body::ExplanationWithdrawn(_)
            | Body::EventTold(_)
            | Body::EventEnded(_)
            | Body::EventTakenBack(_)
            | Body::Rederived(_) => Some(Self::Interval(Interval::default())),
            Body::BatchStarted(_)
            | Body::BatchJoined { .. }
            | Body::BatchLeft { .. }
            | Body::BatchPaused { .. }
            | Body::BatchResumed { .. }
            | Body::BatchCompleted { .. }
            | Body::BatchProduced(_)
            | Body::BatchAborted(_)
            | Body::BatchEquipmentAdded(_)
            | Body::BatchEquipmentRemoved(_)
            | Body::BatchFieldSet(_) => Some(Self::Batch(Batch::default())),
            Body::ClockedIn { .. }
            | Body::ClockedOut { .. }
            | Body::LaborBegan(_)
            | Body::LaborEnded(_)
            | Body::PunchUndone(_)
            | Body::OutMissed(_)
            | Body::OutTold(_)
            | Body::LaborConfirmed(_)
            | Body::LaborAsked(_)
            | Body::LaborAmended(_)
            | Body::LaborAdded(_)
            | Body::LaborDeclined(_)
            | Body::LaborSplit(_) => Some(Self::Labor(Labor::default())),
            Body::NoteWritten(_)
            | Body::NoteWithdrawn(_)
            | Body::HandoverGiven(_)
            | Body::HandoverTaken(_) => Some(Self::Note(Note::default())),
            Body::IncidentOpened(_)
            | Body::TroubleshootingStarted(_)
            | Body::IncidentResolved(_) => Some(Self::Incident(Incident::default())),
            Body::HelpCalled(_) | Body::CallAcknowledged(_) | Body::CallEnded(_) => {
                Some(Self::Call(Call::default()))
            },
            Body::JobJoined(_) | Body::JobLeft(_) => Some(Self::Stint(Stint::default())),
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
            | Body::Retimed(_)
            | Body::JobPosted(_)
            | Body::JobStarted(_)
            | Body::JobCompleted(_)
            | Body::JobMoved(_)
            | Body::JobScrapped(_)
            | Body::JobAborted(_)
            | Body::QueueAsked(_)
            | Body::PinSet(_)
            | Body::ProductSeen(_)
            | Body::Replayed(_)
            | Body::MapApplied(_) => None,
        }
    }

    /// Joins what `fact` says about the record `id` into this state. Returns `false` when the
    /// fact speaks of another kind of record: a fault of the writer, to be quarantined.
    pub fn apply(&mut self, id: RecordId, origin: Origin, fact: &Fact) -> bool {
        if let Body::Retimed(retimed) = &fact.fact {
            let told = std::mem::replace(self, Self::Note(Note::default()));
            *self = Self::Retold(Box::new(Retold::of(told).retimed(id, origin, (fact, retimed))));
            return true;
        }
        match self {
            Self::Interval(interval) => interval.apply(id, origin, fact),
            Self::Batch(batch) => batch.apply(id, origin, fact),
            Self::Labor(labor) => labor.apply(id, origin, fact),
            Self::Note(note) => note.apply(origin, fact),
            Self::Incident(incident) => incident.apply(origin, fact),
            Self::Call(call) => call.apply(origin, fact),
            Self::Stint(stint) => stint.apply(origin, fact),
            Self::Retold(retold) => retold.as_told_mut().apply(id, origin, fact),
        }
    }

    /// As it is by the right time, of whatever kind.
    pub fn right(&self) -> Cow<'_, Self> {
        match self {
            Self::Retold(retold) => Cow::Owned(retold.right()),
            told => Cow::Borrowed(told),
        }
    }

    /// How it stands, for whoever corrects it; `None` until its opening fact is known, and for what
    /// cannot be corrected.
    pub fn stands(&self) -> Option<Standing> {
        match self {
            Self::Interval(interval) => interval.stands(),
            Self::Batch(batch) => batch.stands(),
            Self::Labor(labor) => labor.stands(),
            Self::Note(_) | Self::Incident(_) | Self::Call(_) | Self::Stint(_) => None,
            Self::Retold(retold) => retold.right().stands(),
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
            Self::Note(note) => note.rows(id, tenant),
            Self::Incident(incident) => incident.rows(id, tenant),
            Self::Call(call) => call.rows(id, tenant),
            Self::Stint(stint) => stint.rows(id, tenant),
            Self::Retold(retold) => retold.right().rows(id, tenant),
        }
    }

    /// The kind's word, as stored beside the state.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Interval(_) => "interval",
            Self::Batch(_) => "batch",
            Self::Labor(_) => "labor",
            Self::Note(_) => "note",
            Self::Incident(_) => "incident",
            Self::Call(_) => "call",
            Self::Stint(_) => "stint",
            Self::Retold(retold) => retold.as_told().kind(),
        }
    }
}

/// Keeps the smaller assertion's value: the first writer stands.
fn keep_first<T>(slot: &mut Option<(Assertion, T)>, assertion: Assertion, value: T) {
    if slot.as_ref().is_none_or(|(standing, _)| assertion < *standing) {
        *slot = Some((assertion, value));
    }
}

/// What somebody wrote about the downtime or batch that `event` is the row of.
fn commented(event: &Row, comment: Cell) -> Row {
    let table = &tables::EVENT_COMMENTS;
    let cell = |column: &str| event.cell(column).cloned().unwrap_or(Cell::Null);
    let mut cells: Vec<Cell> = table.columns.iter().map(|column| cell(column)).collect();
    if let Some(last) = cells.last_mut() {
        *last = comment;
    }
    Row { table, cells }
}

/// Whole microseconds as a decimal number of `unit_us`, four digits.
fn decimal(micros: i64, unit_us: i64) -> String {
    let scaled = i128::from(micros) * 10_000 / i128::from(unit_us.max(1));
    format!("{}.{:04}", scaled / 10_000, (scaled % 10_000).abs())
}

#[cfg(test)]
mod tests;
