//! The states of a machine.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a machine is doing, as derived from its signals.
///
/// Elements of ISO 22400-2: `running` is actual production time, `setup` actual unit setup time,
/// `stopped` actual unit delay time, `blocked` and `starved` actual unit idle time as its neighbours
/// cause it; `unknown` belongs to none and lowers the coverage instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// Producing.
    Running,
    /// Not producing, without a plan.
    Stopped,
    /// Being set up.
    Setup,
    /// Not producing, as planned.
    PlannedStop,
    /// Could produce, but what it made is not taken away.
    Blocked,
    /// Could produce, but has nothing to work on.
    Starved,
    /// Could not be seen; never counted as run or as downtime.
    Unknown,
}

impl MachineState {
    /// The word used in the log, in tables and in configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Setup => "setup",
            Self::PlannedStop => "planned_stop",
            Self::Blocked => "blocked",
            Self::Starved => "starved",
            Self::Unknown => "unknown",
        }
    }

    /// Whether an interval of this state is a downtime event of `oee_machine_events`.
    pub fn is_downtime(self) -> bool {
        !matches!(self, Self::Running | Self::Unknown)
    }

    /// The reason group type a downtime has before anybody explained it.
    pub fn group_type(self) -> Option<&'static str> {
        match self {
            Self::Stopped => Some("unplanned"),
            Self::Setup | Self::PlannedStop => Some("planned"),
            Self::Blocked | Self::Starved => Some("idle"),
            Self::Running | Self::Unknown => None,
        }
    }

    /// The state that a reason of a group of this type stands for.
    pub fn of_group(group_type: &str) -> Self {
        match group_type {
            "planned" => Self::PlannedStop,
            "idle" => Self::Starved,
            _ => Self::Stopped,
        }
    }
}

impl fmt::Display for MachineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
