//! The last values of each signal, for the eye: in memory only, bounded, and never the record.

use kart_core::{
    id::EquipmentId,
    map::Map,
    signal::{Sample, SignalName},
    time::Micros,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Values of one signal at most.
const MOST_POINTS: usize = 600;

/// Fewer of each are no trace: with so many signals only those have one that somebody has asked for.
const LEAST_POINTS: usize = 60;

/// Values of all signals: 16 bytes each, 4 MiB together.
const ALL_POINTS: usize = 262_144;

/// So many may have been asked for; whoever looks asks again and again.
const ASKED: usize = ALL_POINTS / MOST_POINTS;

/// A value and when it was read.
pub type Point = (Micros, f64);

/// The traces of all signals.
#[derive(Debug, Default)]
pub struct Traces {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    traces: BTreeMap<EquipmentId, BTreeMap<SignalName, VecDeque<Point>>>,
    /// The signals that somebody has asked for, the last one at the end.
    asked: VecDeque<(EquipmentId, SignalName)>,
    /// There are too many signals for all to have one.
    some: bool,
}

impl Kept {
    fn ask(&mut self, equipment: EquipmentId, signal: &SignalName) {
        let place = (equipment, signal.clone());
        if !self.asked.contains(&place) {
            self.asked.push_back(place);
        }
        if self.some {
            self.trace(equipment, signal);
        }
        if self.asked.len() > ASKED
            && let Some((equipment, signal)) = self.asked.pop_front().filter(|_| self.some)
            && let Some(traces) = self.traces.get_mut(&equipment)
        {
            traces.remove(&signal);
        }
    }

    fn trace(&mut self, equipment: EquipmentId, signal: &SignalName) -> &mut VecDeque<Point> {
        self.traces.entry(equipment).or_default().entry(signal.clone()).or_default()
    }

    /// How many values each trace may have, by how many signals there are.
    fn share(&mut self, signals: usize) -> usize {
        let each = ALL_POINTS / signals.max(1);
        let some = each < LEAST_POINTS;
        if some && !self.some {
            self.traces.clear();
        }
        self.some = some;
        if some { MOST_POINTS } else { each.min(MOST_POINTS) }
    }
}

impl Traces {
    /// Takes samples in. Words are no numbers and leave no trace.
    pub fn record(&self, map: &Map, samples: &[Sample]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let most = kept.share(map.machines.iter().map(|machine| machine.signals.len()).sum());
        for sample in samples {
            let machine = map.machines.get(sample.machine);
            let Some((machine, number)) = machine.zip(sample.value.number()) else { continue };
            let all = !kept.some;
            let traces = kept.traces.get_mut(&machine.equipment);
            let trace = match traces.and_then(|traces| traces.get_mut(&sample.signal)) {
                Some(trace) => trace,
                None if all => kept.trace(machine.equipment, &sample.signal),
                None => continue,
            };
            while trace.len() >= most {
                trace.pop_front();
            }
            trace.push_back((sample.at.wall_us, number));
        }
    }

    /// Forgets what was read by a map that is no longer in force.
    pub fn forget(&self, gone: impl Fn(EquipmentId, &SignalName) -> bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (equipment, signals) in &mut kept.traces {
            signals.retain(|signal, _| !gone(*equipment, signal));
        }
        kept.traces.retain(|_, signals| !signals.is_empty());
    }

    /// The last `most` values of a signal, the oldest first. With very many signals they begin when
    /// they are asked for.
    pub fn of(&self, equipment: EquipmentId, signal: &SignalName, most: usize) -> Vec<Point> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.ask(equipment, signal);
        let trace = kept.traces.get(&equipment).and_then(|signals| signals.get(signal));
        let trace = trace.map(|trace| trace.iter().skip(trace.len().saturating_sub(most)));
        trace.into_iter().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::{
        machine::MachineState,
        map::{Habits, MachineMap},
        signal::{Quality, Value},
        time::Stamp,
    };
    use uuid::Uuid;

    fn map(signals: usize) -> Map {
        let named = (0..signals).map(|n| (format!("s{n}"), String::new()));
        let machine = MachineMap {
            equipment: EquipmentId(Uuid::from_u128(1)),
            station: None,
            signals: named.collect(),
            counters: vec![],
            rules: vec![],
            otherwise: MachineState::Stopped,
            stale_us: 1,
            habits: Habits::default(),
        };
        Map { fingerprint: String::new(), machines: vec![machine] }
    }

    fn sample(value: Value, second: i64) -> Sample {
        let at = Stamp::default().plus(second * 1_000_000);
        let (signal, quality) = ("s0".to_owned(), Quality::Good);
        Sample { machine: 0, signal, value, quality, at, again: false }
    }

    #[test]
    fn a_trace_is_bounded_by_itself_and_by_how_many_there_are() {
        let (machine, signal) = (EquipmentId(Uuid::from_u128(1)), "s0".to_owned());
        for (signals, wanted) in [(3, 600), (2_621, 100)] {
            let (traces, map) = (Traces::default(), map(signals));
            for second in 0..700 {
                traces.record(&map, &[sample(Value::Whole(second), second)]);
            }
            let kept = traces.of(machine, &signal, 1_000);
            assert_eq!((kept.len(), kept.last().map(|(at, _)| at.0)), (wanted, Some(699_000_000)));
            assert_eq!(traces.of(machine, &signal, 2).len(), 2);
            traces.forget(|_, signal| signal == "s0");
            assert!(traces.of(machine, &signal, 2).is_empty());
        }
    }

    #[test]
    fn of_very_many_signals_those_have_a_trace_that_somebody_looks_at() {
        let (machine, signal) = (EquipmentId(Uuid::from_u128(1)), "s0".to_owned());
        let (traces, map) = (Traces::default(), map(20_000));
        traces.record(&map, &[sample(Value::Whole(1), 1)]);
        assert_eq!(traces.of(machine, &signal, 9), []);
        traces.record(&map, &[sample(Value::Whole(2), 2)]);
        assert_eq!(traces.of(machine, &signal, 9), [(Micros(2_000_000), 2.0)]);
        for n in 1..=ASKED {
            traces.of(machine, &format!("s{n}"), 9);
        }
        assert_eq!(traces.of(machine, &signal, 9), [], "nobody has looked at it for long");
    }

    #[test]
    fn words_leave_no_trace() {
        let traces = Traces::default();
        traces
            .record(&map(1), &[sample(Value::Word("run".into()), 1), sample(Value::Bit(true), 2)]);
        let machine = EquipmentId(Uuid::from_u128(1));
        assert_eq!(traces.of(machine, &"s0".to_owned(), 9), [(Micros(2_000_000), 1.0)]);
    }
}
