//! Why a machine is taken for what it is: what its rules ask for, which of them decides, and what
//! still has to pass before its state changes. Decides nothing: it asks a copy of the engine.

use serde::{Deserialize, Serialize};

use super::{Engine, derive::Wanted};
use crate::{
    machine::MachineState,
    rule::{
        Seen,
        explain::{RuleSeen, explain},
    },
    signal::Quality,
    time::{Micros, Moment},
};

/// Why a machine is taken for what it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// Fingerprint of the map that holds the rules.
    pub map: String,
    /// The state as recorded, and since when.
    pub state: Option<(MachineState, Micros)>,
    /// What the rules ask for.
    pub asks: Asks,
    /// A change that has not held long enough: the state, and in how many microseconds it has.
    pub pending: Option<(MachineState, i64)>,
    /// The rules in order.
    pub rules: Vec<RuleSeen>,
    /// When none holds.
    pub otherwise: MachineState,
}

/// What the rules and what is known beside them ask for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// This state, by this rule.
    State(MachineState, String),
    /// Nobody can tell.
    Blind,
    /// The heartbeat stands still, so nothing that was read counts.
    NoHeartbeat,
    /// Another map has come into force and its signals have not all been read.
    Settling,
}

impl Engine {
    /// Why the machine at this place of the map is taken for what it is.
    pub fn explain(&self, index: usize, now: &Moment) -> Option<Explanation> {
        let machine = self.map.machines.get(index)?;
        let mut asked = self.clone();
        let wanted = asked.wanted(index, now);
        let watch = asked.watches.get(index)?;
        let beats = machine.habits.heartbeat.is_none() || watch.trusted.is_some();
        let asks = match wanted {
            Wanted::State { state, rule, .. } => Asks::State(state, rule),
            Wanted::Blind(_) if self.settles(index, now) => Asks::Settling,
            Wanted::Blind(_) if !beats => Asks::NoHeartbeat,
            Wanted::Blind(_) => Asks::Blind,
        };
        let read = |name: &str| {
            let observed = watch.observed.get(name)?;
            let trusted = watch.trusted;
            let fresh = now.at.since(observed.at) <= machine.stale_us
                && observed.quality == Quality::Good
                && beats
                && trusted.is_none_or(|trusted| observed.at.mono_us >= trusted.mono_us);
            let rose = watch.strokes.get(name).copied();
            fresh.then_some(Seen { value: &observed.value, at: observed.at, rose })
        };
        let pending = self.watches.get(index)?.candidate.as_ref().map(|candidate| {
            let left_us = candidate.hold_us - now.at.since(candidate.since);
            (candidate.state, left_us.max(0))
        });
        let cycle_us = machine.habits.cycle_us;
        let current = self.plant.interval(machine.equipment);
        Some(Explanation {
            map: self.map.fingerprint.clone(),
            state: current.map(|interval| (interval.state, interval.from.at.wall_us)),
            asks,
            pending,
            rules: explain(&machine.rules, &watch.memory, now.at.mono_us, cycle_us, read),
            otherwise: machine.otherwise,
        })
    }
}
