//! What goes on began at the right time, too, once that is known.

use super::Plant;
use crate::{
    fact::clock::{ClockCorrected, ClockStepped},
    time::{Boot, Moment},
};

impl Plant {
    /// Stamps of `boot` in everything that is remembered here go by the right time.
    pub(super) fn correct_clock(&mut self, boot: &Boot, corrected: &ClockCorrected) {
        let zero = corrected.zero;
        let right = |moment: &mut Moment| {
            if moment.boot == *boot {
                moment.at = moment.at.by(zero);
            }
        };
        right(&mut self.head_at);
        for machine in self.machines.values_mut() {
            machine.interval.iter_mut().for_each(|interval| right(&mut interval.from));
            machine.changeover.iter_mut().for_each(right);
            machine.counters.values_mut().for_each(|base| right(&mut base.at));
        }
        self.labor.values_mut().for_each(|presence| right(&mut presence.since));
        self.batches.values_mut().for_each(|batch| right(&mut batch.from));
        for stop in self.stops.values_mut() {
            right(&mut stop.from);
            stop.until.iter_mut().for_each(right);
        }
        // A second correction tells by how much the first was out.
        let again = self.clock.as_ref().is_some_and(|(known, _)| known == boot);
        let before = if again { self.fast_us } else { 0 };
        self.fast_us = before.saturating_add(corrected.fast_us);
        self.clock = Some((boot.clone(), zero));
    }

    /// The computer's clock was set; stamps that go by headquarters were not.
    pub(super) fn step_clock(&mut self, boot: &Boot, stepped: &ClockStepped) {
        if self.clock.as_ref().is_some_and(|(known, _)| known == boot) {
            self.fast_us = self.fast_us.saturating_add(stepped.by_us);
        }
    }
}
