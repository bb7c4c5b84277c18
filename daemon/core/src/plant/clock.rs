//! What goes on began at the right time, too, once that is known.

use super::{Plant, Presence};
use crate::{
    counter::Base,
    fact::{
        clock::{ClockCorrected, ClockStepped},
        labor::Evidence,
    },
    time::{Boot, Micros, Moment},
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
        // A bare time is one of this boot where it lies in what the wrong clock said of that.
        let began = zero.0.saturating_add(corrected.fast_us);
        let up = Some(&self.head_at).filter(|head| head.boot == *boot).map(|head| head.at.mono_us);
        let bare = |at: &mut Micros| {
            if up.is_some_and(|up| (began..=began.saturating_add(up)).contains(&at.0)) {
                at.0 = at.0.saturating_sub(corrected.fast_us);
            }
        };
        let present = |presence: &mut Presence| {
            right(&mut presence.since);
            presence.away.iter_mut().for_each(|away| right(&mut away.since));
            presence.seen.iter_mut().for_each(right);
            presence.taken_over.iter_mut().for_each(right);
            // The end of a shift goes by the calendar.
            let missed = presence.missed.iter_mut();
            missed
                .filter(|missed| missed.evidence != Evidence::ShiftEnd)
                .filter_map(|missed| missed.proposed.as_mut())
                .for_each(bare);
        };
        right(&mut self.head_at);
        for machine in self.machines.values_mut() {
            machine.interval.iter_mut().for_each(|interval| right(&mut interval.from));
            machine.changeover.iter_mut().for_each(right);
            machine.ended.iter_mut().for_each(right);
            machine.counters.values_mut().flat_map(Base::moments).for_each(right);
        }
        self.labor.values_mut().for_each(present);
        for unended in self.unended.values_mut() {
            present(&mut unended.presence);
            bare(&mut unended.until);
        }
        for punch in &mut self.punches {
            right(&mut punch.at);
            punch.before.iter_mut().for_each(present);
        }
        for blind in self.blinds.values_mut() {
            right(&mut blind.from);
            right(&mut blind.until);
        }
        for incident in self.incidents.values_mut() {
            right(&mut incident.from);
            incident.troubleshooting.iter_mut().for_each(|(at, _)| right(at));
        }
        for call in self.calls.values_mut() {
            right(&mut call.from);
            call.acknowledged.iter_mut().for_each(|(at, _)| right(at));
        }
        for answered in self.answered.values_mut() {
            answered.acknowledged.iter_mut().for_each(|(at, _)| right(at));
        }
        self.handovers.values_mut().for_each(|handover| right(&mut handover.at));
        for batch in self.batches.values_mut() {
            right(&mut batch.from);
            batch.paused.iter_mut().for_each(right);
        }
        for stop in self.stops.values_mut() {
            right(&mut stop.from);
            stop.until.iter_mut().for_each(right);
        }
        self.jobs.stints.values_mut().for_each(|stint| right(&mut stint.from));
        self.notes.values_mut().for_each(|note| right(&mut note.at));
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
        fact::labor::Inside,
        id::{EquipmentId, Incarnation, Origin, RecordId, StationId, TerminalId, UserId},
        plant::{Away, Blind, Missed, Unended},
        time::Stamp,
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

    #[test]
    fn people_and_blind_times_go_by_the_right_time_too() {
        let boot = Boot("b".into());
        let late = 7_200_000_000;
        let fast = |mono_us: i64| Moment {
            at: Stamp { wall_us: Micros(late + mono_us), mono_us },
            boot: boot.clone(),
        };
        let terminal = TerminalId(Uuid::nil());
        let mut plant = Plant::new(Origin { terminal, incarnation: Incarnation(1) });
        plant.head_at = fast(9);
        let (entry, user) = (RecordId(Uuid::nil()), UserId(Uuid::nil()));
        let missed = |evidence| Some(Missed { proposed: Some(Micros(late + 6)), evidence });
        let presence = Presence {
            away: Some(Away { entry, kind: Inside::Break, since: fast(3), left: Vec::new() }),
            seen: Some(fast(4)),
            taken_over: Some(fast(5)),
            missed: missed(Evidence::LastKey),
            ..Presence::new(entry, StationId(Uuid::nil()), fast(2))
        };
        let shift = Presence { missed: missed(Evidence::ShiftEnd), ..presence.clone() };
        plant.labor.insert(user, shift);
        let until = Micros(late + 7);
        plant.unended.insert(entry, Unended { user, presence, until, batches: Vec::new() });
        let equipment = EquipmentId(Uuid::nil());
        let blind = Blind { equipment, from: fast(1), until: fast(8), told: None };
        plant.blinds.insert(entry, blind);
        let corrected = ClockCorrected { zero: Micros(0), fast_us: late, within_us: 0 };
        plant.correct_clock(&boot, &corrected);
        let unended = &plant.unended[&entry];
        let Presence { since, away, seen, taken_over, missed, .. } = &unended.presence;
        let away = &away.as_ref().unwrap().since;
        let moments = [since, away, seen.as_ref().unwrap(), taken_over.as_ref().unwrap()];
        assert_eq!(moments.map(|moment| moment.at.wall_us.0), [2, 3, 4, 5]);
        let proposed = missed.as_ref().unwrap().proposed;
        assert_eq!((proposed, unended.until), (Some(Micros(6)), Micros(7)));
        let of_shift = plant.labor[&user].missed.as_ref().unwrap().proposed;
        assert_eq!(of_shift, Some(Micros(late + 6)), "the calendar was right");
        let blind = &plant.blinds[&entry];
        assert_eq!((blind.from.at.wall_us.0, blind.until.at.wall_us.0), (1, 8));
    }
}
