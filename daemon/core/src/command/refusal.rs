//! Why a terminal says no.

use serde::{Deserialize, Serialize};

use crate::{id::RecordId, job::State, reference::FieldType, time::Micros};

/// Why a command was not carried out. Nothing was recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Refusal {
    /// Nobody has this badge.
    #[error("no person here has badge {badge}")]
    UnknownBadge {
        /// What was read.
        badge: String,
    },
    /// The badge belongs to somebody who may not work here any more.
    #[error("{name} is not active")]
    Inactive {
        /// Whose badge.
        name: String,
    },
    /// Already clocked in.
    #[error("{name} is already clocked in")]
    AlreadyClockedIn {
        /// Who.
        name: String,
    },
    /// Not clocked in.
    #[error("{name} is not clocked in")]
    NotClockedIn {
        /// Who.
        name: String,
    },
    /// The station takes machine time only.
    #[error("station {station} takes machine time only")]
    MachineOnly {
        /// Code of the station.
        station: String,
    },
    /// A batch is running there.
    #[error("batch {number} is running on {machine}")]
    BatchRunning {
        /// Its number.
        number: String,
        /// Code of the machine.
        machine: String,
    },
    /// Another terminal has a batch of this number open; it can be joined.
    #[error(
        "batch {number} is open on {machine}, started at {terminal}; join it or give another number"
    )]
    OpenElsewhere {
        /// Its record, to join it.
        batch: RecordId,
        /// Its number.
        number: String,
        /// Code of the machine it began on.
        machine: String,
        /// Code of the terminal it began at; empty when it was none.
        terminal: String,
        /// How long ago that was, microseconds.
        #[serde(default)]
        ago_us: i64,
    },
    /// Works on it already.
    #[error("{name} is on this batch already")]
    AlreadyOnBatch {
        /// Who.
        name: String,
    },
    /// Is on a break, at a meal or at something else already.
    #[error("{name} is away already")]
    AlreadyAway {
        /// Who.
        name: String,
    },
    /// There is nothing to be back from.
    #[error("{name} is not away")]
    NotAway {
        /// Who.
        name: String,
    },
    /// The punch is too old to be taken back, or not the person's last.
    #[error("this punch cannot be taken back any more; headquarters can correct it")]
    CannotUndo,
    /// The entry has an end, or is not known here.
    #[error("this entry is not open here")]
    NoSuchEntry,
    /// Nobody can have left then.
    #[error("the end must lie after clocking in and before now")]
    OutOutside {
        /// The earliest possible end.
        from_us: Micros,
        /// The latest.
        until_us: Micros,
    },
    /// Another time than the proposed one needs a word.
    #[error("another time than the proposed one needs a reason")]
    ReasonNeeded,
    /// Somebody's own record is put right by somebody else.
    #[error("{name} cannot put their own record right; another lead or supervisor does")]
    OwnRecord {
        /// Who.
        name: String,
    },
    /// Nothing would be otherwise.
    #[error("the entry stands like that already")]
    NothingChanged,
    /// Another entry than the one that was shown.
    #[error("the entry is otherwise by now; look at it again")]
    OtherwiseByNow,
    /// The entry is kept by another terminal.
    #[error(
        "this entry was recorded at another terminal; it is put right there, or at headquarters"
    )]
    OtherTerminal,
    /// A badge alone does not do, and there is no PIN.
    #[error("this needs a PIN, and {name} has none; choose one first")]
    PinMissing {
        /// Who.
        name: String,
    },
    /// Only those who answer for others see this.
    #[error("{name} may look at their own record only")]
    OthersRecord {
        /// Who.
        name: String,
    },
    /// Percents that are no division.
    #[error("parts must be 1 to 100 percent, of batches the person is on, and add up to 100")]
    BadShares,
    /// Something that is no PIN.
    #[error("a PIN has 4 to 12 digits")]
    BadPin,
    /// Does not work on it.
    #[error("{name} is not on this batch")]
    NotOnBatch {
        /// Who.
        name: String,
    },
    /// The batch rests already.
    #[error("batch {number} rests already")]
    AlreadyPaused {
        /// Its number.
        number: String,
    },
    /// The batch does not rest.
    #[error("batch {number} does not rest")]
    NotPaused {
        /// Its number.
        number: String,
    },
    /// The entry is not in this queue any more.
    #[error("this entry is not in the queue any more")]
    NotQueued,
    /// A batch cannot have begun later than now.
    #[error("the start lies in the future")]
    StartInFuture,
    /// A batch cannot have begun before the one before it ended.
    #[error("the batch before it on {machine} ended later")]
    StartBeforeEnd {
        /// Code of the machine.
        machine: String,
        /// When that was.
        until_us: Micros,
    },
    /// So early a start needs a lead or a supervisor, and a word.
    #[error("a start before this shift needs the badge of a lead or supervisor, and a why")]
    StartTooEarly {
        /// What needs nobody.
        from_us: Micros,
    },
    /// The other machine is not said to be one that can stand in.
    #[error(
        "{machine} does not stand in for {instead}; that needs a lead or supervisor, and a why"
    )]
    NotCompatible {
        /// Code of the machine that was chosen.
        machine: String,
        /// Code of the machine that it is to stand in for.
        instead: String,
    },
    /// The second badge belongs to nobody who may agree.
    #[error("{name} is neither lead nor supervisor")]
    MayNotAgree {
        /// Whose badge.
        name: String,
    },
    /// Whoever agrees says why.
    #[error("say why")]
    WhyNeeded,
    /// A field that has to be answered was not.
    #[error("{label} has to be answered")]
    FieldMissing {
        /// The field's label.
        label: String,
    },
    /// The answer is none of what the field takes.
    #[error("{label} takes another answer")]
    FieldWrong {
        /// The field's label.
        label: String,
        /// What it takes.
        takes: FieldType,
    },
    /// The parts by reason are not the scrapped parts.
    #[error("{split} parts have a reason, and {scrap} were scrapped")]
    ScrapUneven {
        /// Scrapped in all.
        scrap: i64,
        /// With a reason.
        split: i64,
    },
    /// The job stands at none of the stations of this terminal.
    #[error("this job is at none of the stations here")]
    NoSuchJob,
    /// A job in this state cannot do that.
    #[error("job {number} is {}", state.word())]
    JobIs {
        /// Its number.
        number: String,
        /// Its state.
        state: State,
    },
    /// A station takes one job at a time.
    #[error("job {number} is being worked on at {station}")]
    JobRunning {
        /// Number of that job.
        number: String,
        /// Code of the station.
        station: String,
    },
    /// Works on it already.
    #[error("{name} is on this job already")]
    AlreadyOnJob {
        /// Who.
        name: String,
    },
    /// Does not work on it.
    #[error("{name} is not on this job")]
    NotOnJob {
        /// Who.
        name: String,
    },
    /// The batch is not running here.
    #[error("this batch is not running here")]
    NoSuchBatch,
    /// The stop is not known here any more.
    #[error("this stop is not open for explanation here")]
    NoSuchStop,
    /// Only what is over can be split or made one with others.
    #[error("this stop still lasts; it can be changed once it is over")]
    StopLasts,
    /// Somebody of a higher role has explained it.
    #[error("somebody of a higher role gave the reason {label}")]
    HigherRank {
        /// The reason as given.
        label: String,
    },
    /// The shift in which it was explained is over.
    #[error("its shift is over: a supervisor changes this, and says why")]
    SupervisorNeeded,
    /// These stops cannot be one.
    #[error("only neighbouring stops of one machine become one")]
    NotNeighbours,
    /// There is nothing left to undo.
    #[error("there is nothing to undo here")]
    NothingToUndo,
    /// The incident is not open here.
    #[error("this incident is not open here")]
    NoSuchIncident,
    /// Somebody looks for the cause already.
    #[error("somebody looks for the cause of this incident already")]
    AlreadyTroubleshooting,
    /// The call is not open.
    #[error("this call has ended")]
    NoSuchCall,
    /// The same help was called for already.
    #[error("this help has been called already")]
    AlreadyCalled,
    /// Somebody comes already.
    #[error("somebody has acknowledged this call already")]
    AlreadyAcknowledged,
    /// The handover was signed by both crews, or is not known here.
    #[error("this handover is not waiting for a signature")]
    NoSuchHandover,
    /// Both signatures would be the same person's.
    #[error("{name} has given this handover; somebody of the next crew signs it")]
    OwnHandover {
        /// Who.
        name: String,
    },
    /// Something named is not in the reference data.
    #[error("{what} is not known here")]
    Unknown {
        /// What was named: `station`, `machine`, `product`, `reason` or `person`.
        what: String,
    },
    /// A value is not possible.
    #[error("{field}: {problem}")]
    BadValue {
        /// Which field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another reading is held than the one that was shown when it was asked for.
    #[error("another reading of {counter} is held by now; look at it again")]
    OtherReading {
        /// The counter's name in the map.
        counter: String,
    },
    /// The disk is so full that nothing new may begin.
    #[error("the disk is full: no new batch can begin")]
    DiskFull,
    /// The terminal cannot write to its disk.
    #[error("NOT RECORDING: {reason}")]
    NotRecording {
        /// What the disk said.
        reason: String,
    },
    /// No reference data yet.
    #[error("this terminal has no site data yet")]
    NoSite,
    /// The badge alone does not do.
    #[error("{name} has a PIN; it is needed here")]
    PinNeeded {
        /// Whose.
        name: String,
    },
    /// The PIN is another one.
    #[error("this is not the PIN of {name}")]
    PinWrong {
        /// Whose.
        name: String,
        /// Tries until the next one has to wait.
        left: u32,
    },
    /// Too many wrong ones.
    #[error("{name} has to wait after too many wrong PINs")]
    PinLocked {
        /// Whose.
        name: String,
        /// Until when.
        until_us: Micros,
    },
    /// Headquarters has not confirmed anybody's PIN for too long.
    #[error(
        "headquarters has not confirmed PINs for too long; a supervisor's badge and PIN unlock them"
    )]
    PinExpired,
}
