//! What goes on began at the right time, too, once that is known.

use super::Plant;
use crate::{
    counter::Base,
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
            machine.ended.iter_mut().for_each(right);
            machine.counters.values_mut().flat_map(Base::moments).for_each(right);
        }
        self.labor.values_mut().for_each(|presence| right(&mut presence.since));
        for batch in self.batches.values_mut() {
            right(&mut batch.from);
            batch.paused.iter_mut().for_each(right);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        counter::{Burst, Held},
        id::{EquipmentId, Incarnation, Origin, TerminalId},
        time::{Micros, Stamp},
    };
    use uuid::Uuid;

    #[test]
    fn everything_that_is_known_of_a_counter_goes_by_the_right_time() {
        let boot = Boot("b".into());
        let fast = |mono_us: i64| Moment {
            at: Stamp { wall_us: Micros(7_200_000_000 + mono_us), mono_us },
            boot: boot.clone(),
        };
        let base = Base {
            epoch: 1,
            unwrapped: 5,
            at: fast(4),
            before_reset: Some((0, 90, fast(1))),
            since_reset: 5,
            burst: Some(Burst { began: fast(3), before: (2, fast(2)) }),
            last_epoch: 1,
            held: Some(Held { unwrapped: 900, at: fast(5) }),
        };
        let terminal = TerminalId(Uuid::nil());
        let mut plant = Plant::new(Origin { terminal, incarnation: Incarnation(1) });
        let machine = plant.machines.entry(EquipmentId(Uuid::nil())).or_default();
        machine.counters.insert("good".into(), base);
        let (zero, fast_us) = (Micros(0), 7_200_000_000);
        plant.correct_clock(&boot, &ClockCorrected { zero, fast_us, within_us: 0 });
        let machine = &plant.machines[&EquipmentId(Uuid::nil())];
        let Base { at, before_reset, burst, held, .. } = &machine.counters["good"];
        let burst = burst.as_ref().unwrap();
        let all = [
            at,
            &before_reset.as_ref().unwrap().2,
            &burst.began,
            &burst.before.1,
            &held.as_ref().unwrap().at,
        ];
        assert_eq!(all.map(|moment| moment.at.wall_us.0), [4, 1, 3, 2, 5]);
    }
}
