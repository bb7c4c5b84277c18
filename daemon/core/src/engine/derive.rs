//! From signals to states and counts.

use super::{Candidate, Engine, Event, Observed, Watch};
use crate::{
    counter::{self, Verdict},
    fact::{
        Body, Counted,
        machine::{Detail, ProductSeen},
    },
    machine::MachineState,
    map::{Codes, CounterMap, MachineMap},
    rule::{self, Decision, Memory, Seen, Stroke},
    signal::{Quality, Sample, Value},
    time::{Moment, Stamp},
};

/// What the rules ask for now.
enum Wanted {
    /// The state, its rule, how long it must hold first, and since when it is so.
    State { state: MachineState, rule: String, hold_us: i64, since: Option<Stamp> },
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
        let watched = known.is_some_and(|known| {
            known.quality == Quality::Good
                && sample.at.since(known.at) <= machine.stale_us
                && self.started.is_none_or(|began| known.at.mono_us >= began.mono_us)
        });
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
                if machine.habits.heartbeat.as_ref().is_some_and(|(name, _)| *name == sample.signal)
                    && watch.beat.as_ref().is_none_or(|(value, _)| *value != sample.value)
                {
                    watch.beat = Some((sample.value.clone(), sample.at));
                }
            }
        }
        for counter in machine.counters.iter().filter(|counter| counter.signal == sample.signal) {
            self.count(sample, counter, watched, now);
        }
        let product = machine.habits.product.as_ref();
        if let Some(product) = product.filter(|product| product.signal == sample.signal) {
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
        let seen = ProductSeen { equipment: machine.equipment, product: named, from };
        self.draft(now, Event::new(Body::ProductSeen(seen)));
    }

    fn count(&mut self, sample: &Sample, counter: &CounterMap, watched: bool, now: &Moment) {
        let Some(machine) = self.map.machines.get(sample.machine) else { return };
        let equipment = machine.equipment;
        let Some(raw) = sample.value.count() else { return };
        let known = self.plant.machines.get(&equipment);
        let base = known.and_then(|known| known.counters.get(&counter.signal));
        let mut at = Moment { at: self.counted_at(sample), boot: now.boot.clone() };
        let mut judged = counter::judge(counter.shape, base, raw, &at);
        // What was taken for kept may have been said just now.
        if judged.as_ref().is_some_and(|judged| judged.verdict == Verdict::Held) {
            at.at = sample.at;
            judged = counter::judge(counter.shape, base, raw, &at);
        }
        if let Some(watch) = self.watches.get_mut(sample.machine) {
            let rose = judged.as_ref().is_some_and(|judged| judged.quantity > 0);
            watch.stroke(sample, watched, rose);
        }
        let Some(mut judged) = judged else { return };
        if judged.verdict == Verdict::Increase && !watched {
            judged.verdict = Verdict::Gap;
        }
        // A retained or repeated reading may be older than what is booked: only a rise can be
        // believed.
        let believed = matches!(judged.verdict, Verdict::Increase | Verdict::Gap | Verdict::Base);
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
                let since = self.candidate_since(index, (state, &rule, hold_us), since, now.at);
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
                    .map(|observed| observed.at.mono_us + machine.stale_us + 1);
                let beat = machine.habits.heartbeat.as_ref().zip(watch.beat.as_ref());
                let beat = beat.map(|((_, within), (_, since))| since.mono_us + within + 1);
                // What has gone stale and was decided on does not fall due again.
                let decided_us = self.decided_us;
                let late = move |at: &i64| seen && *at > decided_us;
                let turns = watch.turns_us.filter(|at| *at > self.decided_us);
                held.into_iter().chain(stale.filter(late)).chain(beat.filter(late)).chain(turns)
            })
            .min()
    }

    fn wanted(&mut self, index: usize, now: &Moment) -> Wanted {
        let map = std::sync::Arc::clone(&self.map);
        let (Some(machine), Some(watch)) = (map.machines.get(index), self.watches.get_mut(index))
        else {
            return Wanted::Blind(None);
        };
        if let Some((_, within_us)) = &machine.habits.heartbeat {
            let since = watch.beat.as_ref().map(|(_, since)| *since);
            if since.is_none_or(|since| now.at.since(since) > *within_us) {
                watch.distrust();
                return Wanted::Blind(since);
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
                let (rule, since) = (rule.to_owned(), outcome.turned);
                self.changeover(machine, Wanted::State { state, rule, hold_us, since }, now)
            },
            Decision::Blind(signal) => {
                let last = watch.observed.get(signal).filter(|seen| seen.quality == Quality::Good);
                Wanted::Blind(last.map(|seen| seen.at).or(watch.last_good))
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
        let Some(watch) = self.watches.get_mut(index) else { return now };
        // Nobody watched before this run began. A value decides from when it turned, not from when it was handed over.
        let turned = [turned, began].into_iter().flatten().max_by_key(|at| at.mono_us);
        let turned = turned.map_or(now, |turned| now.plus(-now.since(turned)));
        let standing = watch.candidate.take().filter(|candidate| candidate.state == state);
        let since = standing.map_or(turned, |candidate| candidate.since);
        watch.candidate = Some(Candidate { state, rule: rule.to_owned(), since, hold_us });
        since
    }

    fn forget_candidate(&mut self, index: usize) {
        if let Some(watch) = self.watches.get_mut(index) {
            watch.candidate = None;
        }
    }

    /// The state is what it is; what was about to change it did not hold.
    fn suppress(&mut self, index: usize) {
        if let Some(watch) = self.watches.get_mut(index)
            && watch.candidate.take().is_some()
        {
            watch.suppressed = watch.suppressed.saturating_add(1);
        }
    }

    /// What is to be said of a state beside its rule.
    fn detail(&mut self, index: usize, state: MachineState, now: &Moment) -> Detail {
        let map = std::sync::Arc::clone(&self.map);
        let (Some(machine), Some(watch)) = (map.machines.get(index), self.watches.get_mut(index))
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
    }
}

impl Watch {
    /// What was seen until now tells nothing of the machine as it is.
    fn distrust(&mut self) {
        self.trusted = None;
        self.memory = Memory::default();
        self.strokes.clear();
    }

    /// Remembers whether `sample` showed a part: only a reading before that was watched tells when.
    fn stroke(&mut self, sample: &Sample, watched: bool, rose: bool) {
        if sample.quality != Quality::Good || sample.again {
            return;
        }
        match self.strokes.get_mut(&sample.signal) {
            Some(stroke) if watched && rose => *stroke = Stroke::Part(sample.at),
            Some(_) if watched => {},
            _ => {
                self.strokes.insert(sample.signal.clone(), Stroke::Watched(sample.at));
            },
        }
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
