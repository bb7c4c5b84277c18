//! Why a terminal says no.

use serde::{Deserialize, Serialize};

use crate::{id::RecordId, time::Micros};

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
    },
    /// Works on it already.
    #[error("{name} is on this batch already")]
    AlreadyOnBatch {
        /// Who.
        name: String,
    },
    /// The batch is not running here.
    #[error("this batch is not running here")]
    NoSuchBatch,
    /// The stop is not known here any more.
    #[error("this stop is not open for explanation here")]
    NoSuchStop,
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
