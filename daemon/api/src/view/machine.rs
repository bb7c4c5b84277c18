//! Machines and what is read from them.

use kart_core::{
    id::EquipmentId,
    machine::MachineState,
    signal::{Quality, Value},
    time::Micros,
};
use serde::{Deserialize, Serialize};

use super::Batch;

/// One machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Its row.
    pub id: EquipmentId,
    /// Code, for example `EQ-211`.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// What it is doing.
    pub state: MachineState,
    /// Since when.
    pub state_since_us: Micros,
    /// Good parts counted on the current batch, or since the last one ended.
    pub good: i64,
    /// Scrapped parts likewise.
    pub scrap: i64,
    /// The batch on it, for which it counts.
    pub batch: Option<Batch>,
    /// Other batches on it: those that rest, and those that run beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Batch>,
    /// Its signals as last read.
    pub signals: Vec<Signal>,
    /// When a value was last read; `None` means never. Ages of `good` and `state` count from it.
    pub seen_us: Option<Micros>,
    /// A value older than this, in microseconds, must not be taken for the present.
    pub stale_us: i64,
    /// Whether the device answers, and if not since when and why.
    pub link: DeviceLink,
    /// Readings of counters that cannot be, and wait for somebody's word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// A reading of a counter that is held: nothing is booked of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The counter's name in the map.
    pub source: String,
    /// The epoch of the counter.
    pub epoch: u32,
    /// The last reading that was believed.
    pub before: i64,
    /// The lowest that is not.
    pub now: i64,
    /// When it was read.
    pub at_us: Micros,
}

impl Machine {
    /// Its batches: the one that it counts for, those beside it, those that rest.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batch.iter().chain(&self.others)
    }
}

/// The connection to a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceLink {
    /// Not tried yet.
    Starting,
    /// It answers.
    Up,
    /// It answers, and some of its values are none.
    Partly {
        /// Since when.
        since_us: Micros,
        /// In words, for the person who can act.
        reason: String,
    },
    /// It does not.
    Down {
        /// Since when.
        since_us: Micros,
        /// In words, for the person who can act.
        reason: String,
    },
}

/// A signal as last read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Name in the map.
    pub name: String,
    /// Unit, may be empty.
    pub unit: String,
    /// The value; `None` means never read.
    pub value: Option<Value>,
    /// When it was read.
    pub at_us: Option<Micros>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// When it was read is when it arrived: it told no time of its own that counts.
    pub arrival: bool,
}
