//! The machine map: which signals a machine has, what they count, and the rules for its state.

use crate::{
    counter::{CounterKind, CounterShape},
    id::{EquipmentId, StationId},
    machine::MachineState,
    rule::Rule,
    signal::SignalName,
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
