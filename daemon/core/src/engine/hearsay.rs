//! What a source knows of its values beside the values: that they do not hold any more, and that
//! somebody kept them for a while before they came here.
//!
//! Words that were kept come all at once. One that tells its own time says what the machine did
//! then, and is decided on as of then. Of those that do not, only the last one says anything: what
//! the others ask for does not stand long enough to become a state.

use std::sync::Arc;

use super::{Engine, Watch};
use crate::{
    rule::Stroke,
    signal::{Quality, Sample, SignalName},
    time::{Moment, Stamp},
};

/// What words ask for that were kept, without a time of their own, must stand so long, microseconds.
const STANDS_US: i64 = 3_000_000;
/// Readings that were kept and come closer than this tell nothing of the machine's pace, microseconds.
const RUSH_US: i64 = 100_000;

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
        for together in samples.chunk_by(|one, next| one.at == next.at) {
            let Some(at) = together.first().map(|sample| sample.at) else { continue };
            let mut touched: Vec<usize> = together.iter().map(|sample| sample.machine).collect();
            touched.sort_unstable();
            touched.dedup();
            let then = self.tells_when(at).then_some(at);
            for index in then.iter().flat_map(|_| &touched) {
                // What fell due before it was said.
                self.decide_then(*index, at.plus(-1), now);
            }
            for sample in together {
                self.observe(sample, now);
            }
            for index in touched {
                match then {
                    Some(then) => self.decide_then(index, then, now),
                    None => self.stand(index, now),
                }
            }
        }
        self.kept = None;
    }

    /// Whether samples of a time were kept and tell when they were taken.
    fn tells_when(&self, at: Stamp) -> bool {
        self.kept.is_some_and(|kept| at.mono_us < kept.mono_us)
    }

    /// Decides on a state as of `then`, unless more is known by now.
    fn decide_then(&mut self, index: usize, then: Stamp, now: &Moment) {
        let (Some(machine), Some(watch)) = (self.map.machines.get(index), self.watches.get(index))
        else {
            return;
        };
        let then = Moment { at: then, boot: now.boot.clone() };
        let newer = |at: Stamp| at.mono_us > then.at.mono_us;
        let needed = machine.rules.iter().flat_map(|rule| &rule.when);
        let known = needed.filter_map(|condition| watch.observed.get(&condition.signal));
        let seen = known.map(|observed| observed.at).any(newer);
        let interval = self.plant.interval(machine.equipment);
        let decided = interval.is_some_and(|interval| match interval.from.boot == now.boot {
            true => newer(interval.from.at),
            false => interval.from.at.wall_us > then.at.wall_us,
        });
        if !seen && !decided {
            self.written = Some(now.at);
            self.decide_state(index, &then);
            self.written = None;
        }
    }

    /// What the words of a machine ask for must stand for a while.
    fn stand(&mut self, index: usize, now: &Moment) {
        if let Some(watch) = self.watches.get_mut(index).map(Arc::make_mut) {
            watch.stands_us = Some(now.at.mono_us.saturating_add(STANDS_US));
        }
        self.decide_state(index, now);
    }

    /// When a reading was taken at the latest, for counting.
    pub(super) fn counted_at(&self, sample: &Sample) -> Stamp {
        self.kept.filter(|kept| kept.mono_us < sample.at.mono_us).unwrap_or(sample.at)
    }

    /// Whether a reading was kept and comes so close behind the one before that it says nothing of
    /// when its part was made.
    pub(super) fn rushes(&self, sample: &Sample) -> bool {
        let watch = self.watches.get(sample.machine);
        let before = watch.and_then(|watch| watch.strokes.get(&sample.signal));
        let (Some(_), Some(Stroke::Part(before) | Stroke::Watched(before))) = (self.kept, before)
        else {
            return false;
        };
        !self.tells_when(sample.at) && sample.at.since(*before) < RUSH_US
    }
}

impl Watch {
    /// How long a change must hold: longer than `hold_us` where words were kept for us until just now.
    pub(super) fn standing(&self, hold_us: i64, now: Stamp) -> i64 {
        let kept = self.stands_us.is_some_and(|until| now.mono_us < until);
        if kept { hold_us.max(STANDS_US) } else { hold_us }
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
                shape: CounterShape { wraps_at: None, max_per_s: 1.0 },
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

    /// Words of an hour, as they stand at the broker: when each was said, in milliseconds.
    const WORDS: [(i64, bool); 5] =
        [(100_000, false), (200_000, true), (300_000, false), (310_000, true), (400_000, false)];

    fn states(engine: &mut Engine) -> Vec<(MachineState, i64)> {
        let drafts = engine.take_drafts().into_iter();
        let state = |body| match body {
            Body::StateChanged { state, from, .. } => Some((state, from.mono_us / 1000)),
            _ => None,
        };
        drafts.filter_map(|draft| state(draft.body)).collect()
    }

    /// The words arrive one millisecond after the other from the 600th second on, stamped by `told`.
    fn hour(told: impl Fn(i64, i64) -> i64) -> (Engine, Vec<(MachineState, i64)>) {
        let mut engine = engine();
        let runs = |runs: bool, millis: i64| sample("runs", Value::Bit(runs), &at(millis));
        engine.on_samples(&[runs(true, 1000)], &at(1000));
        engine.take_drafts();
        for (arrived, (said, word)) in (600_001..).zip(WORDS) {
            let sample = runs(word, told(said, arrived));
            engine.on_kept(&[sample], at(600_000).at, &at(arrived));
        }
        for later in [600_100, 602_000, 604_000] {
            engine.on_time(&at(later));
        }
        let states = states(&mut engine);
        (engine, states)
    }

    #[test]
    fn of_words_without_a_time_that_were_kept_the_last_one_is_a_state() {
        assert_eq!(hour(|_, arrived| arrived).1, [(MachineState::Stopped, 600_005)]);
    }

    #[test]
    fn words_that_were_kept_and_tell_their_time_are_states_of_then() {
        let (engine, states) = hour(|said, _| said);
        let expect = WORDS.map(|(said, runs)| match runs {
            true => (MachineState::Running, said),
            false => (MachineState::Stopped, said),
        });
        assert_eq!(states, expect);
        assert_eq!(engine.plant.head_at.at, at(600_005).at, "written when they came");
    }

    #[test]
    fn what_is_older_than_the_state_that_was_decided_changes_nothing() {
        let mut engine = engine();
        engine.on_samples(&[sample("runs", Value::Bit(true), &at(500_000))], &at(500_000));
        engine.take_drafts();
        let past = sample("runs", Value::Bit(false), &at(400_000));
        engine.on_kept(&[past], at(600_000).at, &at(600_001));
        engine.on_time(&at(604_000));
        assert_eq!(states(&mut engine), []);
    }

    #[test]
    fn a_word_that_tells_its_time_after_a_silence_leaves_the_silence_unknown() {
        let mut engine = engine();
        let runs = |millis: i64| sample("runs", Value::Bit(true), &at(millis));
        engine.on_samples(&[runs(1000)], &at(1000));
        engine.take_drafts();
        // A value is good for ten minutes; the engine was not asked in between.
        engine.on_kept(&[runs(1_500_000)], at(1_600_000).at, &at(1_600_001));
        let expect = [(MachineState::Unknown, 1000), (MachineState::Running, 1_500_000)];
        assert_eq!(states(&mut engine), expect);
    }

    #[test]
    fn parts_that_come_all_at_once_do_not_show_a_run() {
        let mut engine = engine();
        engine.on_samples(&[good(0, &at(0))], &at(0));
        let stroke = |engine: &Engine| engine.watches()[0].strokes.get("good").copied();
        for n in 1..=50 {
            let now = at(700_000 + n);
            engine.on_kept(&[good(10 * n, &now)], at(700_000).at, &now);
        }
        assert!(matches!(stroke(&engine), Some(crate::rule::Stroke::Watched(_))));
        // Of what comes at the machine's pace each part is one.
        let now = at(701_000);
        engine.on_kept(&[good(501, &now)], at(700_000).at, &now);
        assert!(matches!(stroke(&engine), Some(crate::rule::Stroke::Part(_))));
    }
}
