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

/// And at least, however many signals there are.
const LEAST_POINTS: usize = 8;

/// Values of all signals: 16 bytes each, 4 MiB together.
const ALL_POINTS: usize = 262_144;

/// A value and when it was read.
pub type Point = (Micros, f64);

/// The traces of all signals.
#[derive(Debug, Default)]
pub struct Traces {
    kept: Mutex<BTreeMap<EquipmentId, BTreeMap<SignalName, VecDeque<Point>>>>,
}

impl Traces {
    /// Takes samples in. Words are no numbers and leave no trace.
    pub fn record(&self, map: &Map, samples: &[Sample]) {
        let signals: usize = map.machines.iter().map(|machine| machine.signals.len()).sum();
        let most = (ALL_POINTS / signals.max(1)).clamp(LEAST_POINTS, MOST_POINTS);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for sample in samples {
            let machine = map.machines.get(sample.machine);
            let Some((machine, number)) = machine.zip(sample.value.number()) else { continue };
            let signals = kept.entry(machine.equipment).or_default();
            let trace = match signals.get_mut(&sample.signal) {
                Some(trace) => trace,
                None => signals.entry(sample.signal.clone()).or_default(),
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
        for (equipment, signals) in kept.iter_mut() {
            signals.retain(|signal, _| !gone(*equipment, signal));
        }
        kept.retain(|_, signals| !signals.is_empty());
    }

    /// The last `most` values of a signal, the oldest first.
    pub fn of(&self, equipment: EquipmentId, signal: &SignalName, most: usize) -> Vec<Point> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let trace = kept.get(&equipment).and_then(|signals| signals.get(signal));
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
        let machine = EquipmentId(Uuid::from_u128(1));
        for (signals, wanted) in [(3, 600), (2_621, 100), (1_000_000, 8)] {
            let (traces, map) = (Traces::default(), map(signals));
            for second in 0..700 {
                traces.record(&map, &[sample(Value::Whole(second), second)]);
            }
            let kept = traces.of(machine, &"s0".to_owned(), 1_000);
            assert_eq!((kept.len(), kept.last().map(|(at, _)| at.0)), (wanted, Some(699_000_000)));
            assert_eq!(traces.of(machine, &"s0".to_owned(), 2).len(), 2);
            traces.forget(|_, signal| signal == "s0");
            assert!(traces.of(machine, &"s0".to_owned(), 2).is_empty());
        }
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
