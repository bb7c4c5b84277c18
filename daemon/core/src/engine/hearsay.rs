//! What a source knows of its values beside the values: that they do not hold any more, and that
//! somebody kept them for a while before they came here.

use std::sync::Arc;

use super::Engine;
use crate::{
    signal::{Quality, Sample, SignalName},
    time::{Moment, Stamp},
};

impl Engine {
    /// These signals have no value any more. What was last seen stays to be shown.
    pub fn on_stale(&mut self, signals: &[(usize, SignalName)], now: &Moment) {
        for (machine, signal) in signals {
            let watch = self.watches.get_mut(*machine).map(Arc::make_mut);
            if let Some(observed) = watch.and_then(|watch| watch.observed.get_mut(signal)) {
                observed.quality = Quality::Old;
            }
        }
        let mut touched: Vec<usize> = signals.iter().map(|(machine, _)| *machine).collect();
        touched.sort_unstable();
        touched.dedup();
        for index in touched {
            self.decide_state(index, now);
        }
    }

    /// Takes in samples that were kept for us before `kept`: what they count was counted until then
    /// and not in the moment in which they are handed over.
    pub fn on_kept(&mut self, samples: &[Sample], kept: Stamp, now: &Moment) {
        self.kept = Some(kept);
        self.on_samples(samples, now);
        self.kept = None;
    }

    /// When a reading was taken at the latest, for counting.
    pub(super) fn counted_at(&self, sample: &Sample) -> Stamp {
        self.kept.filter(|kept| kept.mono_us < sample.at.mono_us).unwrap_or(sample.at)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        counter::{CounterKind, CounterShape, Verdict},
        engine::Engine,
        fact::Body,
        id::{EquipmentId, Incarnation, Origin, TerminalId},
        machine::MachineState,
        map::{CounterMap, Habits, MachineMap, Map},
        plant::Plant,
        rule::{Condition, Rule, Test},
        signal::{Quality, Sample, Value},
        time::{Boot, Micros, Moment, Stamp},
    };
    use std::sync::Arc;
    use uuid::Uuid;

    const EQUIPMENT: EquipmentId = EquipmentId(Uuid::from_u128(1));

    fn engine() -> Engine {
        let when = vec![Condition::new("runs", Test::Is(Value::Bit(true)))];
        let (name, state) = ("runs".to_owned(), MachineState::Running);
        let machine = MachineMap {
            equipment: EQUIPMENT,
            station: None,
            signals: vec![],
            counters: vec![CounterMap {
                signal: "good".into(),
                kind: CounterKind::Good,
                shape: CounterShape { width: None, max_per_s: 1.0 },
            }],
            rules: vec![Rule { name, when, state, hold_us: 0 }],
            otherwise: MachineState::Stopped,
            stale_us: 600_000_000,
            habits: Habits::default(),
        };
        let map = Map { fingerprint: "m".into(), machines: vec![machine] };
        let origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(0) };
        let mut engine = Engine::new(Plant::new(origin), Arc::new(map), "T".into());
        engine.begin_log(&at(0));
        engine.start("0", None, &at(0));
        engine
    }

    fn at(millis: i64) -> Moment {
        let micros = millis * 1000;
        let wall_us = Micros(1_700_000_000_000_000 + micros);
        Moment { at: Stamp { wall_us, mono_us: micros }, boot: Boot("b".into()) }
    }

    fn sample(signal: &str, value: Value, now: &Moment) -> Sample {
        let (signal, quality) = (signal.to_owned(), Quality::Good);
        Sample { machine: 0, signal, value, quality, at: now.at, again: false }
    }

    fn good(count: i64, now: &Moment) -> Sample {
        sample("good", Value::Whole(count), now)
    }

    fn held(engine: &mut Engine) -> usize {
        let drafts = engine.take_drafts();
        let held = |body: &Body| matches!(body, Body::Counted(counted) if counted.verdict == Verdict::Held);
        drafts.iter().filter(|draft| held(&draft.body)).count()
    }

    /// Ten minutes of a machine that makes a part a second, five in a message, in twelve seconds.
    fn backlog(engine: &mut Engine, kept: bool) -> i64 {
        engine.on_samples(&[good(1000, &at(0))], &at(0));
        let connected = at(600_000);
        for n in 1..=120 {
            let now = at(600_000 + 100 * n);
            let sample = good(1000 + 5 * n, &now);
            match kept {
                true => engine.on_kept(&[sample], connected.at, &now),
                false => engine.on_samples(&[sample], &now),
            }
        }
        engine.plant.machines[&EQUIPMENT].good
    }

    #[test]
    fn what_was_kept_is_counted_as_of_then_and_none_is_held() {
        let mut engine = engine();
        assert_eq!(backlog(&mut engine, true), 600);
        assert_eq!(held(&mut engine), 0);
        // And the machine goes on.
        let now = at(613_000);
        engine.on_samples(&[good(1613, &now)], &now);
        assert_eq!(engine.plant.machines[&EQUIPMENT].good, 613);
    }

    #[test]
    fn by_the_time_of_arrival_the_same_would_be_held() {
        let mut engine = engine();
        assert!(backlog(&mut engine, false) < 600);
        assert_eq!(held(&mut engine), 1);
    }

    #[test]
    fn a_value_that_does_not_hold_makes_the_machine_unknown_until_the_next() {
        let mut engine = engine();
        let state = |engine: &Engine| {
            let interval = engine.plant.interval(EQUIPMENT).unwrap();
            (interval.state, interval.from.at.mono_us)
        };
        let runs = |now: &Moment| sample("runs", Value::Bit(true), now);
        engine.on_samples(&[runs(&at(1000))], &at(1000));
        engine.on_stale(&[(0, "good".into())], &at(5000));
        assert_eq!(state(&engine), (MachineState::Running, 1_000_000), "no rule asks for it");
        engine.on_stale(&[(0, "runs".into())], &at(9000));
        assert_eq!(state(&engine), (MachineState::Unknown, 1_000_000), "since it was last said");
        engine.on_samples(&[runs(&at(9500))], &at(9500));
        assert_eq!(state(&engine), (MachineState::Running, 9_500_000));
    }
}
