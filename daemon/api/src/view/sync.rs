//! Disk and headquarters.

use kart_core::{room::Room, time::Micros};
use serde::{Deserialize, Serialize};

/// Disk and headquarters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sync {
    /// Whether facts can be written.
    pub recording: Recording,
    /// The connection to headquarters.
    pub link: HqLink,
    /// Last sequence number on disk.
    pub saved: u64,
    /// Last sequence number that headquarters confirmed.
    pub acked: u64,
    /// When the oldest fact that headquarters does not have was recorded.
    pub oldest_waiting_us: Option<Micros>,
    /// Facts after `acked` that are in a request to headquarters now.
    #[serde(default)]
    pub sending: u64,
    /// Facts that headquarters holds but could not apply, those of `refused` included.
    pub quarantined: u64,
    /// Of those, the ones that do not become possible by themselves.
    #[serde(default)]
    pub refused: u64,
    /// When the reference data was last confirmed by headquarters.
    pub reference_us: Option<Micros>,
    /// How much room the disk has left.
    #[serde(default)]
    pub room: Room,
    /// The log was found damaged, and nobody has said yet that this is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
}

/// A log that was found damaged at a start. It is settled when headquarters holds a fact that was
/// recorded after it, or when a person has taken the file away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Damage {
    /// When it was found.
    pub at_us: Micros,
    /// What was damaged.
    pub problem: String,
    /// The file that was set aside, in the data folder.
    pub file: String,
}

/// Whether facts can be written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// Yes.
    Yes,
    /// No: nothing can be saved.
    No {
        /// What the disk said.
        reason: String,
        /// Since when.
        since_us: Micros,
    },
}

/// The connection to headquarters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HqLink {
    /// None is configured: this terminal works alone.
    Alone,
    /// Configured, no answer yet.
    Connecting,
    /// It answers, and reads the log's former life, so that a new one can begin.
    Preparing {
        /// How far it is, in words.
        progress: String,
    },
    /// It answers.
    Up,
    /// It does not.
    Down {
        /// Since when.
        since_us: Micros,
        /// In words.
        reason: String,
    },
    /// It answered and refused this terminal: a person must act.
    Refused {
        /// In words.
        reason: String,
    },
}
