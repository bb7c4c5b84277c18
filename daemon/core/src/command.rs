//! What people can ask of a terminal, and why it may say no.

mod accepted;
mod batch;
mod job;
mod labor;
mod past;
mod refusal;

pub use accepted::Accepted;
pub use batch::{Answered, CompleteDetail, Continue, Second, StartDetail};
pub use job::JobAsk;
pub use labor::{AddLabor, AmendLabor};
pub use past::{Acceptance, Was};
pub use refusal::Refusal;

use serde::{Deserialize, Serialize};

use crate::{
    counter::Readings,
    fact::{
        call::Help,
        incident::Severity,
        labor::{Inside, Share, Stood},
        note::Category,
        queue::{Ask, Queue},
    },
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    pin::Chosen,
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
    /// Begin a break, a meal or an activity inside the shift.
    BeginLabor {
        /// What the reader read.
        badge: String,
        /// What begins.
        kind: Inside,
    },
    /// Be back from it.
    EndLabor {
        /// What the reader read.
        badge: String,
    },
    /// Go on at another station.
    MoveTo {
        /// What the reader read.
        badge: String,
        /// Where.
        station: StationId,
    },
    /// Take back the last punch of somebody: it was the wrong badge. By anybody, for two minutes.
    UndoPunch {
        /// Who, where known.
        by: Option<UserId>,
        /// Whose badge it was.
        user: UserId,
        /// The entry that the punch began or ended, as it was shown.
        entry: RecordId,
    },
    /// Say when one left, because one did not clock out.
    TellOut {
        /// What the reader read.
        badge: String,
        /// The entry without an end.
        entry: RecordId,
        /// When it ended.
        until: Micros,
        /// Why it is another time than the proposed one.
        reason: Option<String>,
    },
    /// Say that one's record is right.
    ConfirmLabor {
        /// What the reader read.
        badge: String,
        /// The entries, as they were shown.
        entries: Vec<Stood>,
    },
    /// Ask headquarters to put an entry of one's own right.
    AskLabor {
        /// What the reader read.
        badge: String,
        /// Which entry.
        entry: RecordId,
        /// When it should begin.
        from: Option<Micros>,
        /// When it should end.
        until: Option<Micros>,
        /// It was somebody else.
        void: bool,
        /// Why.
        reason: Option<String>,
    },
    /// Put an entry of somebody else right: by a lead or a supervisor, who has a PIN.
    AmendLabor(Box<AmendLabor>),
    /// Tell of time of somebody else that nobody punched; likewise.
    AddLabor(Box<AddLabor>),
    /// Decline what somebody asked of an entry; likewise.
    DeclineLabor {
        /// What the reader read.
        badge: String,
        /// Who asked.
        user: UserId,
        /// Of which entry.
        entry: RecordId,
        /// Why not.
        reason: Option<String>,
    },
    /// Divide one's time among batches.
    SplitLabor {
        /// What the reader read.
        badge: String,
        /// The parts, which add up to 100.
        shares: Vec<Share>,
    },
    /// Choose one's own PIN. What is made of it stays at this terminal; the fact only says that it
    /// happened.
    SetPin {
        /// What the reader read.
        badge: String,
        /// The PIN.
        chosen: Chosen,
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
        /// Where it comes from, and what is asked with it.
        #[serde(default)]
        detail: StartDetail,
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
        /// What is told beside.
        #[serde(default)]
        detail: CompleteDetail,
    },
    /// Let a batch rest, so that its machine is free.
    PauseBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
    },
    /// Go on with a batch that rests.
    ResumeBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
    },
    /// Give a batch up.
    AbortBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
        /// Why.
        reason: ReasonId,
        /// Good parts until then.
        good: i64,
        /// Scrapped parts until then.
        scrap: i64,
        /// Free text.
        comment: Option<String>,
    },
    /// Tell of parts that no counter has seen.
    TellParts {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
        /// Further good parts.
        good: i64,
        /// Further scrapped parts.
        scrap: i64,
        /// Why they were scrapped.
        reason: Option<ReasonId>,
        /// Further parts to be worked on again.
        rework: i64,
    },
    /// Work on a batch no longer.
    LeaveBatch {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
        /// Whose work it was.
        user: UserId,
    },
    /// Put a further machine on a batch, or take it off.
    BatchMachine {
        /// Who; must be clocked in.
        by: UserId,
        /// Which batch.
        batch: RecordId,
        /// Which machine.
        equipment: EquipmentId,
        /// It works on it from now on; otherwise no longer.
        on: bool,
    },
    /// Go on with a batch on another machine.
    ContinueBatch(Box<Continue>),
    /// Ask for a queue to be otherwise.
    AskQueue {
        /// Who; must be clocked in.
        by: UserId,
        /// Which queue.
        queue: Queue,
        /// What is to happen.
        ask: Ask,
    },
    /// Do something to a job.
    Job {
        /// Who; must be clocked in.
        by: UserId,
        /// Which job.
        job: RecordId,
        /// What is done.
        ask: JobAsk,
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
        /// The epoch of the counter, as it was shown.
        epoch: u32,
        /// What is held, as it was shown: another reading is not settled unseen.
        raw: Readings,
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
    /// Give several stops one reason, each by itself.
    ExplainStops {
        /// Who, where known.
        by: Option<UserId>,
        /// Which stops.
        stops: Vec<RecordId>,
        /// The reason.
        reason: ReasonId,
    },
    /// Withdraw the explanation of a stop that holds.
    WithdrawExplanation {
        /// Who, where known.
        by: Option<UserId>,
        /// Of which stop.
        stop: RecordId,
        /// Why.
        comment: Option<String>,
    },
    /// Split a stop that is over.
    SplitStop {
        /// Who; must be clocked in.
        by: UserId,
        /// Which stop.
        stop: RecordId,
        /// When its second part began.
        at: Micros,
    },
    /// Make one of stops of a machine with nothing but short runs between them.
    MergeStops {
        /// Who; must be clocked in.
        by: UserId,
        /// Which stops.
        stops: Vec<RecordId>,
    },
    /// Make one event of stops of several machines that had one reason.
    ShareStops {
        /// Who; must be clocked in.
        by: UserId,
        /// Which stops.
        stops: Vec<RecordId>,
        /// The reason.
        reason: ReasonId,
    },
    /// Take back an event that a person told of.
    TakeBackEvent {
        /// Who, where known.
        by: Option<UserId>,
        /// Which event.
        event: RecordId,
        /// Why.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Tell of a downtime of everything here that lasts: no power, no compressed air.
    BeginDowntime {
        /// Who, where known.
        by: Option<UserId>,
        /// Which machines; without any all of this terminal.
        machines: Vec<EquipmentId>,
        /// The reason.
        reason: ReasonId,
    },
    /// Say that it is over.
    EndDowntime {
        /// Who, where known.
        by: Option<UserId>,
        /// Which one.
        event: RecordId,
    },
    /// Say what a machine did while nobody could see it.
    TellBlind {
        /// Who, where known.
        by: Option<UserId>,
        /// The time that nobody saw.
        blind: RecordId,
        /// What it did.
        was: Was,
    },
    /// Write into the shift log. Never refused for want of a clock-in.
    WriteNote {
        /// Who, where known.
        by: Option<UserId>,
        /// At which station; the machine's when absent.
        station: Option<StationId>,
        /// About which machine.
        equipment: Option<EquipmentId>,
        /// About which batch.
        batch: Option<RecordId>,
        /// What kind of note.
        category: Category,
        /// The note.
        text: String,
    },
    /// Withdraw a note. It stays where it is kept, and is shown no more.
    WithdrawNote {
        /// Who; the one who wrote it, or a lead or supervisor.
        by: UserId,
        /// Which note.
        note: RecordId,
        /// Why.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Sign what is left to the next crew.
    GiveHandover {
        /// Who; must be clocked in.
        by: UserId,
        /// Of which station.
        station: Option<StationId>,
        /// Facts that were not at headquarters yet, as it was shown.
        waiting: u64,
        /// What the person adds.
        text: Option<String>,
    },
    /// Sign that it was read.
    TakeHandover {
        /// Who; must be clocked in, and not who gave it.
        by: UserId,
        /// Which card.
        handover: RecordId,
    },
    /// Report an incident. Never refused for want of a clock-in.
    OpenIncident {
        /// Who, where known.
        by: Option<UserId>,
        /// At which station; the first machine's when absent.
        station: Option<StationId>,
        /// On which machines; without any it is the station's.
        machines: Vec<EquipmentId>,
        /// Batches that it touches.
        batches: Vec<RecordId>,
        /// What it is.
        reason: Option<ReasonId>,
        /// How bad it is.
        severity: Severity,
        /// Free text.
        comment: Option<String>,
    },
    /// Look for the cause of an incident.
    StartTroubleshooting {
        /// Who, where known.
        by: Option<UserId>,
        /// Which incident.
        incident: RecordId,
        /// What was found so far.
        notes: Option<String>,
    },
    /// Say that an incident is over.
    ResolveIncident {
        /// Who, where known.
        by: Option<UserId>,
        /// Which incident.
        incident: RecordId,
        /// What it was.
        notes: Option<String>,
    },
    /// Call for help. Never refused for want of a clock-in.
    CallHelp {
        /// Who, where known.
        by: Option<UserId>,
        /// To which station; the machine's when absent.
        station: Option<StationId>,
        /// To which machine.
        equipment: Option<EquipmentId>,
        /// Whose help.
        kind: Help,
        /// Free text.
        comment: Option<String>,
    },
    /// Say that one comes.
    AcknowledgeCall {
        /// Who, by badge; needs no clock-in.
        by: UserId,
        /// Which call.
        call: RecordId,
    },
    /// Say that no help is needed any more.
    EndCall {
        /// Who, where known.
        by: Option<UserId>,
        /// Which call.
        call: RecordId,
    },
}
