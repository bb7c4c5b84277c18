//! What goes on began at the right time, too, once that is known.

use super::Plant;
use crate::time::{Boot, Micros, Moment};

impl Plant {
    /// Stamps of `boot` in everything that is remembered here go by the right time.
    pub(super) fn correct_clock(&mut self, boot: &Boot, zero: Micros) {
        let right = |moment: &mut Moment| {
            if moment.boot == *boot {
                moment.at = moment.at.by(zero);
            }
        };
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
        self.clock = Some((boot.clone(), zero));
    }
}
