//! What people tell of events of machines beside the reason of a stop: that one stop was two, that
//! two were one, that one thing held up several machines, what went on while nobody could see.
//!
//! Nothing that was recorded is changed by it: an event that is told stands in the place of others,
//! and when it is taken back, those stand again.

use serde::{Deserialize, Serialize};

use super::{Commitment, replay::Carried};
use crate::{
    id::{EquipmentId, Origin, RecordId, StationId},
    machine::MachineState,
    time::Micros,
};

/// A person told of an event of one machine or several.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventTold {
    /// What it is to the events that it was told of.
    pub told: Told,
    /// The machines it covers; at least one.
    pub equipment: Vec<EquipmentId>,
    /// The station they work for, where it is one.
    pub station: Option<StationId>,
    /// What they did.
    pub state: MachineState,
    /// Since when.
    pub from: Micros,
    /// Until when; without it, it lasts until an [`EventEnded`] says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
    /// The batches that ran on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<RecordId>,
    /// What it was told of: the stops in whose place it stands, or the time that nobody saw.
    pub of: Vec<RecordId>,
    /// An explanation of one of those that holds for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Carried>,
}

/// What an event is to those that it was told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A part of a stop that was split.
    Part,
    /// Stops of one machine that were one.
    Merged,
    /// Stops of several machines that had one reason.
    Shared,
    /// What went on while nobody could see.
    Blind,
    /// A downtime of everything here at once, told of while it lasts.
    Site,
}

/// An event that was told of while it lasted is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventEnded {
    /// Which event.
    pub event: RecordId,
    /// Until when it lasted.
    pub until: Micros,
    /// The stops of its machines in whose place it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<RecordId>,
    /// Machines that ran on all the while: it is not about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ran: Vec<EquipmentId>,
}

/// An event that a person told of is none after all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventTakenBack {
    /// Which event.
    pub event: RecordId,
    /// The stops in whose place it stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<RecordId>,
    /// Why, committed to under the field `why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Commitment>,
}

/// An explanation of a stop holds no more; the one before it does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExplanationWithdrawn {
    /// Which stop.
    pub stop: RecordId,
    /// The log of the fact that explained it …
    pub origin: Origin,
    /// … and its place there.
    pub seq: u64,
    /// Why, committed to under the field `why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Commitment>,
}

/// Where a reason stood when it was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// Its place in the list, from 1.
    pub place: u16,
    /// Why it stood there.
    pub because: Because,
}

/// Why a reason stands where it does in the list for a stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The machine's map names it for the fault.
    Map,
    /// It was given for this fault before.
    Fault,
    /// It was given when the machine was in this state before.
    Before,
    /// It was given with this product.
    Product,
    /// It was given at this hour of the day.
    Hour,
    /// It was given on this machine.
    Favourite,
    /// It stands in the list of the site.
    Listed,
}

impl EventTold {
    /// Whether it stands in the place of the stops that it was told of.
    pub fn replaces(&self) -> bool {
        self.told != Told::Blind
    }
}

impl Told {
    /// The word, as it stands in the line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::Merged => "merged",
            Self::Shared => "shared",
            Self::Blind => "blind",
            Self::Site => "site",
        }
    }
}

impl Because {
    /// The word, as it stands in the line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Fault => "fault",
            Self::Before => "before",
            Self::Product => "product",
            Self::Hour => "hour",
            Self::Favourite => "favourite",
            Self::Listed => "listed",
        }
    }
}
