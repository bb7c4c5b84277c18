//! From signals to states and counts.

use super::{Candidate, Engine, Event, Observed};
use crate::{
    counter::{self, Verdict},
    fact::{Body, Counted},
    machine::MachineState,
    map::CounterMap,
    rule::{self, Decision},
    signal::{Quality, Sample},
    time::{Moment, Stamp},
};

/// What the rules ask for now.
enum Wanted {
    /// The state, its rule, and how long it must hold first.
    State(MachineState, String, i64),
    /// Nobody can tell since the given stamp.
    Blind(Option<Stamp>),
}

impl Engine {
    /// Remembers one sample and books what its counter says.
    pub(super) fn observe(&mut self, sample: &Sample, now: &Moment) {
        let map = std::sync::Arc::clone(&self.map);
        let Some(machine) = map.machines.get(sample.machine) else { return };
        let Some(watch) = self.watches.get_mut(sample.machine) else { return };
        let known = watch.observed.get(&sample.signal);
        let overtaken = known.is_some_and(|known| {
            known.at.mono_us > sample.at.mono_us
                || (sample.quality == Quality::Old && known.quality == Quality::Good)
        });
        if !overtaken {
            let observed =
                Observed { value: sample.value.clone(), quality: sample.quality, at: sample.at };
            watch.observed.insert(sample.signal.clone(), observed);
            if sample.quality == Quality::Good {
                watch.last_good = later(watch.last_good, sample.at);
            }
        }
        for counter in machine.counters.iter().filter(|counter| counter.signal == sample.signal) {
            self.count(sample, counter, now);
        }
    }

    fn count(&mut self, sample: &Sample, counter: &CounterMap, now: &Moment) {
        let Some(machine) = self.map.machines.get(sample.machine) else { return };
        let equipment = machine.equipment;
        let Some(raw) = sample.value.count() else { return };
        let known = self.plant.machines.get(&equipment);
        let base = known.and_then(|known| known.counters.get(&counter.signal));
        let at = Moment { at: sample.at, boot: now.boot.clone() };
        let Some(judged) = counter::judge(counter.shape, base, raw, &at) else { return };
        // A retained or repeated reading may be older than what is booked: only a rise can be
        // believed.
        let believed = matches!(judged.verdict, Verdict::Increase | Verdict::Base);
        if (sample.quality == Quality::Old || sample.again) && !believed {
            return;
        }
        let Some(watch) = self.watches.get_mut(sample.machine) else { return };
        if judged.verdict == Verdict::Held {
            if !watch.held.insert(counter.signal.clone()) {
                return;
            }
        } else {
            watch.held.remove(&counter.signal);
        }
        let since = base.filter(|base| base.at.boot == at.boot).map_or(at.at, |base| base.at.at);
        let counted = Counted {
            equipment,
            source: counter.signal.clone(),
            counter: counter.kind,
            epoch: judged.epoch,
            raw_from: judged.raw_from,
            raw_to: judged.raw_to,
            quantity: judged.quantity,
            verdict: judged.verdict,
            since: base.map_or(since, |base| Stamp { wall_us: base.at.at.wall_us, ..since }),
            until: at.at,
            batch: known.and_then(|known| known.batch),
        };
        self.draft(now, Event::new(Body::Counted(counted)));
    }

    /// Asks the rules about one machine and records the state they ask for once it has held.
    pub(super) fn decide_state(&mut self, index: usize, now: &Moment) {
        let map = std::sync::Arc::clone(&self.map);
        let Some(machine) = map.machines.get(index) else { return };
        let current = self.plant.interval(machine.equipment).map(|interval| interval.state);
        match self.wanted(index, now) {
            Wanted::Blind(since) => {
                self.blind_since(index, since, now);
            },
            Wanted::State(state, ..) if current == Some(state) => self.forget_candidate(index),
            Wanted::State(state, rule, hold_us) => {
                let blind = current.is_none_or(|current| current == MachineState::Unknown);
                let hold_us = if blind { 0 } else { hold_us };
                let since = self.candidate_since(index, state, &rule, hold_us, now.at);
                if now.at.since(since) >= hold_us {
                    self.change_state(index, state, rule, since, now);
                }
            },
        }
    }

    /// Records that a machine could not be seen since `since` (now, when never seen at all).
    pub(super) fn blind_since(&mut self, index: usize, since: Option<Stamp>, now: &Moment) {
        self.forget_candidate(index);
        let Some(equipment) = self.map.machines.get(index).map(|machine| machine.equipment) else {
            return;
        };
        let current = self.plant.interval(equipment).map(|interval| interval.state);
        if current == Some(MachineState::Unknown) {
            return;
        }
        // By the boot clock: the wall clock may have been set since.
        let since = since.map_or(now.at, |since| now.at.plus(-now.at.since(since)));
        self.change_state(index, MachineState::Unknown, "no data".to_owned(), since, now);
    }

    /// When the next decision may fall due without any input, by the boot clock.
    pub fn next_deadline(&self) -> Option<i64> {
        let machines = self.map.machines.iter().zip(&self.watches);
        machines
            .flat_map(|(machine, watch)| {
                let held = watch.candidate.as_ref().map(|c| c.since.mono_us + c.hold_us);
                let seen = self
                    .plant
                    .interval(machine.equipment)
                    .is_some_and(|interval| interval.state != MachineState::Unknown);
                let needed = machine.rules.iter().flat_map(|rule| &rule.when);
                let stale = needed
                    .filter_map(|condition| watch.observed.get(&condition.signal))
                    .map(|observed| observed.at.mono_us + machine.stale_us + 1)
                    .min();
                // What has gone stale and was decided on does not fall due again.
                let stale = stale.filter(|at| seen && *at > self.decided_us);
                held.into_iter().chain(stale)
            })
            .min()
    }

    fn wanted(&self, index: usize, now: &Moment) -> Wanted {
        let (Some(machine), Some(watch)) = (self.map.machines.get(index), self.watches.get(index))
        else {
            return Wanted::Blind(None);
        };
        let read = |name: &str| {
            let observed = watch.observed.get(name)?;
            let fresh = now.at.since(observed.at) <= machine.stale_us;
            (fresh && observed.quality == Quality::Good).then_some(&observed.value)
        };
        match rule::evaluate(&machine.rules, machine.otherwise, read) {
            Decision::State(state, rule, hold) => Wanted::State(state, rule.to_owned(), hold),
            Decision::Blind(signal) => {
                let last = watch.observed.get(signal).filter(|seen| seen.quality == Quality::Good);
                Wanted::Blind(last.map(|seen| seen.at).or(watch.last_good))
            },
        }
    }

    fn candidate_since(
        &mut self,
        index: usize,
        state: MachineState,
        rule: &str,
        hold_us: i64,
        now: Stamp,
    ) -> Stamp {
        let Some(watch) = self.watches.get_mut(index) else { return now };
        // A value decides from when it was read, not from when it was handed over.
        let read = watch.last_good.map_or(now, |read| now.plus(-now.since(read)));
        let standing = watch.candidate.take().filter(|candidate| candidate.state == state);
        let since = standing.map_or(read, |candidate| candidate.since);
        watch.candidate = Some(Candidate { state, rule: rule.to_owned(), since, hold_us });
        since
    }

    fn forget_candidate(&mut self, index: usize) {
        if let Some(watch) = self.watches.get_mut(index) {
            watch.candidate = None;
        }
    }

    fn change_state(
        &mut self,
        index: usize,
        state: MachineState,
        rule: String,
        since: Stamp,
        now: &Moment,
    ) {
        self.forget_candidate(index);
        let Some(machine) = self.map.machines.get(index) else { return };
        let equipment = machine.equipment;
        let known = self.plant.machines.get(&equipment);
        let station = self
            .reference
            .as_ref()
            .and_then(|reference| reference.station_of(equipment))
            .map(|station| station.id)
            .or(machine.station);
        let changed = Body::StateChanged {
            equipment,
            station,
            state,
            from: self.not_before(equipment, since, now),
            ends: self.plant.interval(equipment).map(|interval| interval.record),
            rule,
            map: self.map.fingerprint.clone(),
            batch: known.and_then(|known| known.batch),
        };
        self.draft(now, Event::new(changed));
    }
}

/// The later of two stamps of one boot, whatever the wall clock did.
fn later(before: Option<Stamp>, now: Stamp) -> Option<Stamp> {
    Some(before.filter(|before| before.mono_us > now.mono_us).unwrap_or(now))
}
