//! The machine map: which signals a machine has, what they count, and the rules for its state.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    counter::{CounterKind, CounterShape},
    deadband::Deadband,
    id::{EquipmentId, StationId},
    machine::MachineState,
    rule::Rule,
    signal::{SignalName, Value},
};

/// All machines this terminal reads.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Map {
    /// Short hash of the map's text; every derived fact names it.
    pub fingerprint: String,
    /// The machines; samples name them by their place here.
    pub machines: Vec<MachineMap>,
}

/// One machine.
#[derive(Clone, PartialEq, Debug)]
pub struct MachineMap {
    /// Its row.
    pub equipment: EquipmentId,
    /// The station whose terminal this is, where the machine belongs to one.
    pub station: Option<StationId>,
    /// Its signals, with the unit each is shown in.
    pub signals: Vec<(SignalName, String)>,
    /// Which of them are counters.
    pub counters: Vec<CounterMap>,
    /// In order.
    pub rules: Vec<Rule>,
    /// When no rule holds.
    pub otherwise: MachineState,
    /// A value older than this cannot be decided on, microseconds.
    pub stale_us: i64,
    /// What is known of how it works.
    pub habits: Habits,
}

/// How a machine works, beside the rules for its state.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Habits {
    /// Microseconds per part at best; 0 where unknown.
    pub cycle_us: i64,
    /// A stop that is shorter is a loss of speed and not recorded, microseconds.
    pub minimum_stop_us: i64,
    /// A stop that is shorter is a micro-stop: recorded, but nobody is asked why, microseconds.
    pub micro_stop_us: i64,
    /// The signal that must go on changing, and the longest it may take, microseconds.
    pub heartbeat: Option<(SignalName, i64)>,
    /// The signal that names the fault.
    pub fault: Option<Codes>,
    /// The signal that names what is being made.
    pub product: Option<Codes>,
    /// How far measured signals may move before they count as moved.
    pub deadbands: BTreeMap<SignalName, Deadband>,
    /// At most so many changes of state within any minute; 0 for any number.
    pub changes_per_minute: u32,
    /// Signals whose values have the time of their arrival, because their messages tell none that
    /// counts. It is for the eye only.
    pub arrival: BTreeSet<SignalName>,
}

/// A signal whose values stand for codes of reference data.
#[derive(Clone, PartialEq, Debug)]
pub struct Codes {
    /// Which signal.
    pub signal: SignalName,
    /// Code of reference data for a value.
    pub table: Vec<(Value, String)>,
}

impl Codes {
    /// The code that `value` stands for.
    pub fn of(&self, value: &Value) -> Option<&str> {
        let entry = self.table.iter().find(|(listed, _)| listed.equals(value));
        entry.map(|(_, code)| code.as_str())
    }
}

/// A signal that counts.
#[derive(Clone, PartialEq, Debug)]
pub struct CounterMap {
    /// Which signal.
    pub signal: SignalName,
    /// What it counts.
    pub kind: CounterKind,
    /// Width and greatest rate.
    pub shape: CounterShape,
}
