//! From signals to states. What counters say is decided beside it.

use std::sync::Arc;

use super::{Candidate, Engine, Event, Observed, Watch};
use crate::{
    deadband::Deadband,
    fact::{
        Body,
        machine::{Detail, ProductSeen},
    },
    machine::MachineState,
    map::{Codes, MachineMap},
    rule::{self, Decision, Memory, Seen},
    signal::{Quality, Sample, Value},
    time::{Moment, Stamp},
};

/// What the rules ask for now.
pub(super) enum Wanted {
    /// The state, its rule, how long it must hold first, and since when it is so.
    State { state: MachineState, rule: String, hold_us: i64, since: Option<Stamp> },
    /// Nobody can tell since the given stamp.
    Blind(Option<Stamp>),
}

impl Engine {
    /// Remembers one sample and books what its counter says.
    pub(super) fn observe(&mut self, sample: &Sample, now: &Moment) {
        let map = Arc::clone(&self.map);
        let Some(machine) = map.machines.get(sample.machine) else { return };
        let Some(watch) = self.watches.get_mut(sample.machine).map(Arc::make_mut) else { return };
        let known = watch.observed.get(&sample.signal);
        let watched = known.is_some_and(|known| {
            known.quality == Quality::Good
                && sample.at.since(known.at) <= machine.stale_us
                && self.started.is_none_or(|began| known.at.mono_us >= began.mono_us)
        });
        let overtaken = known.is_some_and(|known| {
            known.at.mono_us > sample.at.mono_us
                || (sample.again && known.at.mono_us == sample.at.mono_us)
                || (sample.quality == Quality::Old && known.quality == Quality::Good)
        });
        if !overtaken {
            watch.see(sample, machine.habits.deadbands.get(&sample.signal));
            if sample.quality == Quality::Good {
                watch.last_good = later(watch.last_good, sample.at);
                if machine.habits.heartbeat.as_ref().is_some_and(|(name, _)| *name == sample.signal)
                    && watch.beat.as_ref().is_none_or(|(value, _)| *value != sample.value)
                {
                    watch.beat = Some((sample.value.clone(), sample.at));
                }
            }
        }
        if self.reads_elsewhere(machine) {
            return;
        }
        for counter in machine.counters.iter().filter(|counter| counter.signal == sample.signal) {
            self.count(sample, counter, watched, now);
        }
        let product = machine.habits.product.as_ref();
        let product = product.filter(|product| product.signal == sample.signal && !overtaken);
        if let Some(product) = product {
            self.see_product(machine, product, sample, now);
        }
    }

    /// The machine names what it makes. An empty word or zero names nothing.
    fn see_product(
        &mut self,
        machine: &MachineMap,
        product: &Codes,
        sample: &Sample,
        now: &Moment,
    ) {
        let named = product.of(&sample.value).map(str::to_owned);
        let named = named.or_else(|| says(&sample.value).map(Value::to_string));
        let known = self.plant.machines.get(&machine.equipment);
        let known = known.and_then(|known| known.product.as_ref());
        let Some(named) = named.filter(|_| sample.quality == Quality::Good) else { return };
        if known == Some(&named) {
            return;
        }
        let from = now.at.plus(-now.at.since(sample.at));
        let map = self.map.fingerprint.clone();
        let seen = ProductSeen { equipment: machine.equipment, product: named, from, map };
        self.draft(now, Event::new(Body::ProductSeen(seen)));
    }

    /// Asks the rules about one machine and records the state they ask for once it has held.
    pub(super) fn decide_state(&mut self, index: usize, now: &Moment) {
        let map = Arc::clone(&self.map);
        let Some(machine) = map.machines.get(index) else { return };
        if let Some(watch) = self.watches.get_mut(index).map(Arc::make_mut) {
            watch.unasked = false;
        }
        let current = self.plant.interval(machine.equipment).map(|interval| interval.state);
        if self.reads_elsewhere(machine) {
            // What it did until now stays told; what it does is the other one's to tell.
            if current.is_some() {
                self.blind_since(index, None, now);
            }
            return self.forget_candidate(index);
        }
        match self.wanted(index, now) {
            Wanted::Blind(_) if self.settles(index, now) => self.forget_candidate(index),
            Wanted::Blind(since) => {
                self.blind_since(index, since, now);
            },
            Wanted::State { state, .. } if current == Some(state) => self.suppress(index),
            Wanted::State { state, rule, hold_us, since } => {
                let hold_us = match current {
                    None | Some(MachineState::Unknown) => 0,
                    // A shorter stop is a loss of speed.
                    Some(MachineState::Running) if state.is_downtime() => {
                        hold_us.max(machine.habits.minimum_stop_us)
                    },
                    Some(_) => hold_us,
                };
                let watch = self.watches.get(index);
                let hold_us = watch.map_or(hold_us, |watch| watch.standing(hold_us, now.at));
                let since = self.candidate_since(index, (state, &rule, hold_us), since, now.at);
                if now.at.since(since) >= self.paced(index, since, hold_us) {
                    self.change_state(index, state, rule, since, now);
                }
            },
        }
    }

    /// Whether the site has another terminal read this machine. Only that one tells of it, so that what
    /// two of them see is not told twice.
    fn reads_elsewhere(&self, machine: &MachineMap) -> bool {
        let reference = self.reference.as_ref();
        let known = reference.and_then(|reference| reference.machine(machine.equipment));
        let reader = known.and_then(|known| known.terminal.as_ref());
        reader.is_some_and(|reader| *reader != self.terminal_code)
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
        (0..self.watches.len()).filter_map(|index| self.due(index)).min()
    }

    /// The same of one machine.
    pub(super) fn due(&self, index: usize) -> Option<i64> {
        let (machine, watch) = (self.map.machines.get(index)?, self.watches.get(index)?);
        if watch.unasked {
            return Some(i64::MIN);
        }
        let held = watch.candidate.as_ref().map(|c| c.since.mono_us + c.hold_us);
        let needed = machine.rules.iter().flat_map(|rule| &rule.when);
        let stale = needed
            .filter_map(|condition| watch.observed.get(&condition.signal))
            .map(|observed| observed.at.mono_us + machine.stale_us + 1);
        let beat = machine.habits.heartbeat.as_ref().zip(watch.beat.as_ref());
        let beat = beat.map(|((_, within), (_, since))| since.mono_us + within + 1);
        let settled = watch.settling.map(|since| since.mono_us + machine.stale_us + 1);
        let stale = stale.chain(settled);
        // What has gone stale and was decided on does not fall due again. An unknown machine is asked
        // too: its conditions forget what they remember.
        let late = |at: &i64| *at > self.decided_us;
        let turns = watch.turns_us.filter(|at| *at > self.decided_us);
        held.into_iter().chain(stale.filter(late)).chain(beat.filter(late)).chain(turns).min()
    }

    pub(super) fn wanted(&mut self, index: usize, now: &Moment) -> Wanted {
        let map = Arc::clone(&self.map);
        let (Some(machine), Some(watch)) =
            (map.machines.get(index), self.watches.get_mut(index).map(Arc::make_mut))
        else {
            return Wanted::Blind(None);
        };
        if let Some((_, within_us)) = &machine.habits.heartbeat {
            let since = watch.beat.as_ref().map(|(_, since)| *since);
            if since.is_none_or(|since| now.at.since(since) > *within_us) {
                watch.distrust();
                return Wanted::Blind(since.or(watch.settling));
            }
            watch.trusted = watch.trusted.or(since);
        }
        let Watch { observed, strokes, memory, trusted, .. } = watch;
        let read = |name: &str| {
            let observed = observed.get(name)?;
            let fresh = now.at.since(observed.at) <= machine.stale_us
                && trusted.is_none_or(|trusted| observed.at.mono_us >= trusted.mono_us);
            (fresh && observed.quality == Quality::Good).then_some(Seen {
                value: &observed.value,
                at: observed.at,
                rose: strokes.get(name).copied(),
            })
        };
        let (cycle_us, now_us) = (machine.habits.cycle_us, now.at.mono_us);
        let outcome =
            rule::evaluate(&machine.rules, machine.otherwise, memory, now_us, cycle_us, read);
        watch.turns_us = outcome.next_us;
        match outcome.decision {
            Decision::State(state, rule, hold_us) => {
                watch.settling = None;
                let (rule, since) = (rule.to_owned(), outcome.turned);
                self.changeover(machine, Wanted::State { state, rule, hold_us, since }, now)
            },
            Decision::Blind(signal) => {
                let last = watch.observed.get(signal).filter(|seen| seen.quality == Quality::Good);
                let last = last.map(|seen| seen.at).or(watch.settling);
                Wanted::Blind(last.or(watch.last_good))
            },
        }
    }

    /// A stop while the machine is being changed over to another product is setup.
    fn changeover(&self, machine: &MachineMap, wanted: Wanted, now: &Moment) -> Wanted {
        let known = self.plant.machines.get(&machine.equipment);
        let changeover = known.and_then(|known| known.changeover.as_ref());
        match (wanted, changeover) {
            (Wanted::State { state: MachineState::Stopped, since, .. }, Some(changeover)) => {
                let began = now.at.plus(-now.since(changeover));
                Wanted::State {
                    state: MachineState::Setup,
                    rule: "product change".to_owned(),
                    hold_us: 0,
                    since: Some(
                        since.filter(|since| since.mono_us > began.mono_us).unwrap_or(began),
                    ),
                }
            },
            (wanted, _) => wanted,
        }
    }

    fn candidate_since(
        &mut self,
        index: usize,
        (state, rule, hold_us): (MachineState, &str, i64),
        turned: Option<Stamp>,
        now: Stamp,
    ) -> Stamp {
        let began = self.started;
        let Some(watch) = self.watches.get_mut(index).map(Arc::make_mut) else { return now };
        // Nobody watched before this run began. A value decides from when it turned, not from when it was handed over.
        let turned = [turned, began].into_iter().flatten().max_by_key(|at| at.mono_us);
        let turned = turned.map_or(now, |turned| now.plus(-now.since(turned)));
        let standing = watch.candidate.take().filter(|candidate| candidate.state == state);
        let since = standing.map_or(turned, |candidate| candidate.since);
        watch.candidate = Some(Candidate { state, rule: rule.to_owned(), since, hold_us });
        since
    }

    /// How long a change since `since` must hold: longer than `hold_us` where the machine's pace is
    /// used up.
    fn paced(&mut self, index: usize, since: Stamp, hold_us: i64) -> i64 {
        let (Some(machine), Some(watch)) =
            (self.map.machines.get(index), self.watches.get_mut(index).map(Arc::make_mut))
        else {
            return hold_us;
        };
        let next_us = watch.pace.next_us(machine.habits.changes_per_minute);
        let paced_us = next_us.map_or(hold_us, |next| hold_us.max(next - since.mono_us));
        if let Some(candidate) = &mut watch.candidate {
            candidate.hold_us = paced_us;
        }
        paced_us
    }

    fn forget_candidate(&mut self, index: usize) {
        if let Some(watch) = self.watches.get_mut(index).map(Arc::make_mut) {
            watch.candidate = None;
        }
    }

    /// The state is what it is; what was about to change it did not hold.
    fn suppress(&mut self, index: usize) {
        if let Some(watch) = self.watches.get_mut(index).map(Arc::make_mut)
            && watch.candidate.take().is_some()
        {
            watch.suppressed = watch.suppressed.saturating_add(1);
        }
    }

    /// What is to be said of a state beside its rule.
    fn detail(&mut self, index: usize, state: MachineState, now: &Moment) -> Detail {
        let map = Arc::clone(&self.map);
        let (Some(machine), Some(watch)) =
            (map.machines.get(index), self.watches.get_mut(index).map(Arc::make_mut))
        else {
            return Detail::default();
        };
        let suppressed = std::mem::take(&mut watch.suppressed);
        if !state.is_downtime() {
            return Detail { suppressed, ..Detail::default() };
        }
        let codes = machine.habits.fault.as_ref();
        let seen = codes.and_then(|codes| watch.observed.get(&codes.signal));
        let fresh = |seen: &&Observed| {
            seen.quality == Quality::Good && now.at.since(seen.at) <= machine.stale_us
        };
        let fault = seen.filter(fresh).and_then(|seen| says(&seen.value));
        Detail {
            reason: codes.zip(fault).and_then(|(codes, fault)| codes.of(fault)).map(str::to_owned),
            fault: fault.cloned(),
            micro_stop_us: match state {
                MachineState::Stopped => machine.habits.micro_stop_us,
                _ => 0,
            },
            suppressed,
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
        let detail = self.detail(index, state, now);
        let Some(machine) = self.map.machines.get(index) else { return };
        if let Some(watch) = self.watches.get_mut(index).map(Arc::make_mut) {
            watch.pace.record(machine.habits.changes_per_minute, now.at.mono_us);
        }
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
            detail,
        };
        self.draft(now, Event::new(changed));
        if state == MachineState::Running {
            self.ran_again(equipment, now);
        }
    }
}

impl Watch {
    /// Remembers a value. One within its deadband is the value that it was, read again.
    fn see(&mut self, sample: &Sample, deadband: Option<&Deadband>) {
        if let Some(deadband) = deadband
            && sample.quality == Quality::Good
            && let Some(known) = self.observed.get_mut(&sample.signal)
            && known.quality == Quality::Good
            && let Some(said) = self.said.get(&sample.signal)
            && !deadband.reports(&known.value, *said, &sample.value, sample.at)
        {
            known.at = sample.at;
            return;
        }
        if deadband.is_some() {
            self.said.insert(sample.signal.clone(), sample.at);
        }
        let observed =
            Observed { value: sample.value.clone(), quality: sample.quality, at: sample.at };
        self.observed.insert(sample.signal.clone(), observed);
    }

    /// What was seen until now tells nothing of the machine as it is.
    fn distrust(&mut self) {
        self.trusted = None;
        self.memory = Memory::default();
        self.strokes.clear();
    }
}

/// The value, where it names something: 0, false and the empty word name nothing.
fn says(value: &Value) -> Option<&Value> {
    let something = match value {
        Value::Word(word) => !word.is_empty(),
        _ => value.number().is_some_and(|number| number.abs() > f64::EPSILON),
    };
    something.then_some(value)
}

/// The later of two stamps of one boot, whatever the wall clock did.
fn later(before: Option<Stamp>, now: Stamp) -> Option<Stamp> {
    Some(before.filter(|before| before.mono_us > now.mono_us).unwrap_or(now))
}
