//! What counters have counted.

use super::Plant;
use crate::{
    counter::{Base, CounterKind, Judgement, Verdict},
    fact::{Counted, Fact, machine::MapApplied},
    machine::MachineState,
};

impl Plant {
    pub(super) fn count(&mut self, fact: &Fact, counted: &Counted) {
        let machine = self.machines.entry(counted.equipment).or_default();
        let runs = machine.interval.as_ref().is_some_and(|i| i.state == MachineState::Running);
        if runs && counted.quantity > 0 {
            machine.changeover = None;
        }
        // What somebody accepts later may have been made before the batch that runs.
        let of_these = counted.batch == machine.batch;
        match counted.counter {
            _ if !of_these => {},
            CounterKind::Good => machine.good += counted.quantity,
            CounterKind::Scrap => machine.scrap += counted.quantity,
            CounterKind::Total => {},
        }
        let judgement = Judgement {
            verdict: counted.verdict,
            epoch: counted.epoch,
            raw_from: counted.raw_from,
            raw_to: counted.raw_to,
            quantity: counted.quantity,
            raw: counted.raw,
        };
        let before = machine.counters.get(&counted.source);
        let base = Base::after(before, &judgement, &fact.moment(counted.until));
        machine.counters.insert(counted.source.clone(), base);
        // The first reading of another register, and not a held one of the former that was dropped.
        if counted.verdict == Verdict::Base && counted.raw.is_none() {
            machine.moved.remove(&counted.source);
        }
    }

    pub(super) fn remap(&mut self, applied: &MapApplied) {
        for moved in &applied.moved {
            let machine = self.machines.entry(moved.equipment).or_default();
            machine.moved.insert(moved.source.clone());
        }
    }
}
