//! Facts: what happened, as one line of JSON that is written once and never changed.
//!
//! A [`Draft`] is serialised exactly once, into a [`Prepared`] one, and becomes a [`Fact`] with a
//! line when it gets its sequence number. Those bytes are hashed, stored, sent and stored again. The hash of a fact is
//! SHA-256 over the hash before it and the line's bytes; the hash before the first is 32 zeros.
//!
//! People's names and free text never stand in a line. A line carries a [`Commitment`], the text
//! travels beside it as a [`FactText`] and can be erased without breaking the chain.

use serde::{Deserialize, Serialize};

use crate::{
    id::{EquipmentId, Incarnation, Origin, ReasonId, RecordId, StationId, TerminalId, UserId},
    machine::MachineState,
    time::{Boot, Micros, Moment, Stamp},
};

pub mod batch;
pub mod call;
pub mod clock;
pub mod correction;
mod count;
mod hash;
pub mod incident;
mod kind;
pub mod labor;
pub mod life;
pub mod job;
pub mod machine;
pub mod note;
pub mod queue;
pub mod replay;
pub mod stop;
mod text;

pub use batch::BatchStarted;
pub use count::Counted;
pub use hash::Hash;
pub use text::{Commitment, FactText};

use batch::{BatchAborted, BatchEquipment, BatchFieldSet, BatchProduced, Scrapped};
use call::{CallAcknowledged, CallEnded, HelpCalled};
use clock::{ClockCorrected, ClockStepped, Retimed};
use correction::{Corrected, CorrectionSeen};
use incident::{IncidentOpened, IncidentResolved, TroubleshootingStarted};
use job::{
    JobAborted, JobCompleted, JobJoined, JobLeft, JobMoved, JobPosted, JobScrapped, JobStarted,
};
use labor::{
    LaborAdded, LaborAmended, LaborAsked, LaborBegan, LaborConfirmed, LaborDeclined, LaborEnded,
    LaborSplit, OutMissed, OutTold, PinSet, PunchUndone,
};
use life::{Continued, Former};
use machine::{Detail, MapApplied, ProductSeen, is_zero};
use note::{HandoverGiven, HandoverTaken, NoteWithdrawn, NoteWritten};
use queue::{Ask, QueueAsked};
use replay::{Rederived, Replayed};
use stop::{Choice, EventEnded, EventTakenBack, EventTold, ExplanationWithdrawn};

/// The number of this format, written into the first fact of every log.
pub const FORMAT: u32 = 1;

/// A line may not be longer than this many bytes.
pub const LINE_LIMIT: usize = 16 * 1024;

/// One fact with its place in the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// 1, 2, 3 … without holes within one incarnation.
    pub seq: u64,
    /// When it was recorded.
    pub at: Stamp,
    /// The boot that `at.mono_us` counts from.
    pub boot: Boot,
    /// The person who did it, where it was a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// The idempotency key of the command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it stood before, when it was issued again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// What happened.
    pub fact: Body,
}

/// A fact that has no place in the log yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// When it is being recorded.
    pub at: Stamp,
    /// The boot that `at.mono_us` counts from.
    pub boot: Boot,
    /// The person who did it, where it was a person.
    pub by: Option<UserId>,
    /// The idempotency key of the command that caused it.
    pub key: Option<String>,
    /// What happened.
    pub body: Body,
    /// The erasable texts that the body commits to.
    pub texts: Vec<FactText>,
}

/// A draft whose line is made but for its place, so that the one writer of a log has little left
/// to do.
#[derive(Clone, PartialEq, Debug)]
pub struct Prepared {
    fact: Fact,
    tail: String,
    texts: Vec<FactText>,
}

/// What happened. Variants are only ever added; an older gateway keeps what it cannot read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The first line of every log.
    Genesis {
        /// Always [`FORMAT`].
        format: u32,
        /// The writing terminal.
        terminal: TerminalId,
        /// The life of this log.
        incarnation: Incarnation,
    },
    /// The second line of a log that goes on where another one ended.
    Continued(Continued),
    /// The daemon started.
    Started {
        /// Version of the program.
        version: String,
        /// Fingerprint of the machine map in force.
        map: String,
    },
    /// Another map is in force.
    MapApplied(MapApplied),
    /// A machine is in a state since `from`; the interval before it ends there.
    StateChanged {
        /// Which machine.
        equipment: EquipmentId,
        /// The station it works for.
        station: Option<StationId>,
        /// The state that begins.
        state: MachineState,
        /// When it began.
        from: Stamp,
        /// The interval that ends, opened by an earlier fact of this kind.
        ends: Option<RecordId>,
        /// The rule that decided, by its name in the map.
        rule: String,
        /// Fingerprint of the map that holds the rule.
        map: String,
        /// The batch running on the machine.
        batch: Option<RecordId>,
        /// How it came about.
        #[serde(default, skip_serializing_if = "Detail::is_none")]
        detail: Detail,
    },
    /// A machine says what it makes.
    ProductSeen(ProductSeen),
    /// A counter of a machine was read and judged.
    Counted(Counted),
    /// A person clocked in at a station.
    ClockedIn {
        /// Who.
        user: UserId,
        /// Where.
        station: StationId,
    },
    /// A person clocked out.
    ClockedOut {
        /// Who.
        user: UserId,
        /// The entry that ends.
        entry: RecordId,
    },
    /// A batch began on a machine.
    BatchStarted(BatchStarted),
    /// A person began to work on a batch.
    BatchJoined {
        /// Which batch.
        batch: RecordId,
        /// Who.
        user: UserId,
    },
    /// A person stopped working on a batch.
    BatchLeft {
        /// Which batch.
        batch: RecordId,
        /// Who.
        user: UserId,
        /// When, where that was earlier and is only told now: it ends what they were at then, and
        /// nothing that began later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Micros>,
    },
    /// A batch was completed.
    BatchCompleted {
        /// Which batch.
        batch: RecordId,
        /// Good parts as confirmed by the person.
        good: i64,
        /// Scrapped parts as confirmed by the person.
        scrap: i64,
        /// Why parts were scrapped.
        scrap_reason: Option<ReasonId>,
        /// Good parts that the machine counted.
        counted_good: i64,
        /// Scrapped parts that the machine counted.
        counted_scrap: i64,
        /// The scrapped parts by reason, where there was more than one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scrapped: Vec<Scrapped>,
        /// Parts put aside to be worked on again; neither good nor scrapped.
        #[serde(default, skip_serializing_if = "is_zero")]
        rework: i64,
    },
    /// A batch rests: its machine is free for another one.
    BatchPaused {
        /// Which batch.
        batch: RecordId,
    },
    /// A batch that rested goes on, on the same machine.
    BatchResumed {
        /// Which batch.
        batch: RecordId,
    },
    /// A person explained a stop.
    StopExplained {
        /// Which stop: the record of its interval.
        stop: RecordId,
        /// The reason.
        reason: ReasonId,
        /// The reason's name as the person read it.
        label: String,
        /// The type of the reason's group as it was then.
        group_type: String,
        /// Rank of the person's role; a higher one wins.
        rank: u8,
        /// What the person wrote, committed to under the field `comment`.
        comment: Option<Commitment>,
        /// Where the reason stood in the list that was offered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        choice: Option<Choice>,
    },
    /// An explanation of a stop holds no more.
    ExplanationWithdrawn(ExplanationWithdrawn),
    /// A person told of an event of machines.
    EventTold(EventTold),
    /// Such an event is over.
    EventEnded(EventEnded),
    /// Such an event is none after all.
    EventTakenBack(EventTakenBack),
    /// Parts of a batch were told by a person.
    BatchProduced(BatchProduced),
    /// A batch was given up.
    BatchAborted(BatchAborted),
    /// A further machine works on a batch.
    BatchEquipmentAdded(BatchEquipment),
    /// A further machine no longer works on a batch.
    BatchEquipmentRemoved(BatchEquipment),
    /// A custom field of a batch was answered.
    BatchFieldSet(BatchFieldSet),
    /// A job was posted to its first station.
    JobPosted(JobPosted),
    /// Work on a job began.
    JobStarted(JobStarted),
    /// Work on a job is done at a station.
    JobCompleted(JobCompleted),
    /// A job was put somewhere else.
    JobMoved(JobMoved),
    /// A job was scrapped.
    JobScrapped(JobScrapped),
    /// A job was given up.
    JobAborted(JobAborted),
    /// A person works on a job.
    JobJoined(JobJoined),
    /// A person works on a job no longer.
    JobLeft(JobLeft),
    /// A wish concerning a queue of next batches.
    QueueAsked(QueueAsked),
    /// A person accepted what became of the past under a corrected map.
    Replayed(Replayed),
    /// An event of a machine is otherwise under that map.
    Rederived(Rederived),
    /// Headquarters put a record right. Only in headquarters' own log.
    Corrected(Corrected),
    /// A terminal has taken over a correction.
    CorrectionSeen(CorrectionSeen),
    /// A break, a meal or an activity began.
    LaborBegan(LaborBegan),
    /// It ended.
    LaborEnded(LaborEnded),
    /// A punch with the wrong badge was taken back.
    PunchUndone(PunchUndone),
    /// A person seems to have gone without clocking out.
    OutMissed(OutMissed),
    /// A person says when they left.
    OutTold(OutTold),
    /// A person says that their record is right.
    LaborConfirmed(LaborConfirmed),
    /// A person asks for their record to be put right.
    LaborAsked(LaborAsked),
    /// A lead or a supervisor put a person's record right.
    LaborAmended(LaborAmended),
    /// A lead or a supervisor told of a person's time that nobody punched.
    LaborAdded(LaborAdded),
    /// What a person asked for was declined.
    LaborDeclined(LaborDeclined),
    /// A person's time is divided among batches.
    LaborSplit(LaborSplit),
    /// A person chose their own PIN.
    PinSet(PinSet),
    /// The terminal's wall clock is wrong, and by how much is known.
    ClockCorrected(ClockCorrected),
    /// The terminal's wall clock was set.
    ClockStepped(ClockStepped),
    /// Records that were told by a wrong clock go by the right one.
    Retimed(Retimed),
    /// A person wrote into the shift log.
    NoteWritten(NoteWritten),
    /// Such a note holds no more.
    NoteWithdrawn(NoteWithdrawn),
    /// The leaving crew signed what it leaves.
    HandoverGiven(HandoverGiven),
    /// The coming crew signed it too.
    HandoverTaken(HandoverTaken),
    /// A person reported an incident.
    IncidentOpened(IncidentOpened),
    /// Somebody looks for its cause.
    TroubleshootingStarted(TroubleshootingStarted),
    /// It is over.
    IncidentResolved(IncidentResolved),
    /// Somebody called for help.
    HelpCalled(HelpCalled),
    /// Somebody comes.
    CallAcknowledged(CallAcknowledged),
    /// Help is not needed any more.
    CallEnded(CallEnded),
}

impl Draft {
    /// The fact this draft becomes at place `seq`.
    pub fn seal(self, seq: u64) -> Fact {
        Fact {
            seq,
            at: self.at,
            boot: self.boot,
            by: self.by,
            key: self.key,
            former: None,
            fact: self.body,
        }
    }

    /// Makes the line but for its place.
    pub fn prepare(mut self) -> Result<Prepared, serde_json::Error> {
        let texts = std::mem::take(&mut self.texts);
        Prepared::new(self.seal(0), texts)
    }
}

impl Prepared {
    /// A fact and the texts beside it; its place is given later.
    pub fn new(fact: Fact, texts: Vec<FactText>) -> Result<Self, serde_json::Error> {
        let line = serde_json::to_string(&fact)?;
        // `seq` is the first key of a line.
        let tail = line.split_once(',').map(|(_, tail)| tail.to_owned()).unwrap_or_default();
        Ok(Self { fact, tail, texts })
    }

    /// The fact at place `seq`, its line, and the texts beside it.
    pub fn seal(self, seq: u64) -> (Fact, String, Vec<FactText>) {
        let line = format!("{{\"seq\":{seq},{}", self.tail);
        (Fact { seq, ..self.fact }, line, self.texts)
    }
}

impl Fact {
    /// Reads a line back.
    pub fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }

    /// `stamp` together with the boot of this fact.
    pub fn moment(&self, stamp: Stamp) -> Moment {
        Moment { at: stamp, boot: self.boot.clone() }
    }

    /// The record this fact opens, if any.
    pub fn opens(&self, origin: Origin) -> Option<RecordId> {
        match self.fact {
            Body::StateChanged { .. }
            | Body::Rederived(Rederived { record: None, .. })
            | Body::Counted(_)
            | Body::ClockCorrected(_)
            | Body::ClockStepped(_)
            | Body::Retimed(_)
            | Body::ClockedIn { .. }
            | Body::LaborBegan(_)
            | Body::LaborAdded(_)
            | Body::BatchStarted(_)
            | Body::JobPosted(_)
            | Body::JobJoined(_)
            | Body::EventTold(_)
            | Body::NoteWritten(_)
            | Body::HandoverGiven(_)
            | Body::IncidentOpened(_)
            | Body::HelpCalled(_)
            | Body::QueueAsked(QueueAsked { ask: Ask::Enqueue(_), .. }) => {
                Some(origin.record(self.seq))
            },
            Body::Genesis { .. }
            | Body::Continued(_)
            | Body::Started { .. }
            | Body::ClockedOut { .. }
            | Body::LaborEnded(_)
            | Body::PunchUndone(_)
            | Body::OutMissed(_)
            | Body::OutTold(_)
            | Body::LaborConfirmed(_)
            | Body::LaborAsked(_)
            | Body::LaborAmended(_)
            | Body::LaborDeclined(_)
            | Body::LaborSplit(_)
            | Body::PinSet(_)
            | Body::BatchJoined { .. }
            | Body::BatchLeft { .. }
            | Body::BatchCompleted { .. }
            | Body::BatchPaused { .. }
            | Body::BatchResumed { .. }
            | Body::StopExplained { .. }
            | Body::ExplanationWithdrawn(_)
            | Body::EventEnded(_)
            | Body::EventTakenBack(_)
            | Body::BatchProduced(_)
            | Body::BatchAborted(_)
            | Body::BatchEquipmentAdded(_)
            | Body::BatchEquipmentRemoved(_)
            | Body::BatchFieldSet(_)
            | Body::JobStarted(_)
            | Body::JobCompleted(_)
            | Body::JobMoved(_)
            | Body::JobScrapped(_)
            | Body::JobAborted(_)
            | Body::JobLeft(_)
            | Body::QueueAsked(_)
            | Body::ProductSeen(_)
            | Body::Replayed(_)
            | Body::Rederived(_)
            | Body::MapApplied(_)
            | Body::NoteWithdrawn(_)
            | Body::HandoverTaken(_)
            | Body::TroubleshootingStarted(_)
            | Body::IncidentResolved(_)
            | Body::CallAcknowledged(_)
            | Body::CallEnded(_)
            | Body::Corrected(_)
            | Body::CorrectionSeen(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
