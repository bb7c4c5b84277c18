//! Samples and commands in, facts out; and the promise that replaying the facts gives the state.

use super::{Engine, commands::Asked};
use crate::{
    command::{Accepted, Command, Refusal},
    counter::{CounterKind, CounterShape, Readings, Verdict},
    fact::{Body, Fact},
    id::{EquipmentId, Incarnation, Origin, RecordId, TerminalId},
    machine::MachineState,
    map::{Codes, CounterMap, Habits, MachineMap, Map},
    plant::Plant,
    reference::Reference,
    rule::{Condition, Rule, Stroke, Test},
    signal::{Quality, Sample, Value},
    site,
    time::{Boot, Micros, Moment, Stamp},
};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

const SITE: &str = "
[site]
organization = 'o'
code = 'cedar'
name = 'Cedar'
time_zone = 'Europe/Berlin'
[[system]]
code = 'L2'
name = 'Line 2'
[[station]]
code = 'ST-21'
name = 'Presses'
system = 'L2'
machines = ['EQ-211', 'EQ-212']
[[machine]]
code = 'EQ-211'
name = 'Press'
default_target = 500
[[machine]]
code = 'EQ-212'
name = 'Press'
[[downtime_group]]
name = 'Faults'
type = 'unplanned'
[[downtime_group.reason]]
code = 'JAM'
name = 'Infeed jam'
[[product_family]]
code = 'F'
name = 'Brackets'
[[product_family.product]]
code = 'P1'
name = 'Bracket'
[[person]]
number = '1'
name = 'Anna'
badge = '1001'
[[person]]
number = '2'
name = 'Ben'
badge = '1002'
role = 'supervisor'
";

fn moment(millis: i64) -> Moment {
    Moment { at: stamp(millis), boot: Boot("boot".into()) }
}

fn stamp(millis: i64) -> Stamp {
    Stamp { wall_us: Micros(1_000_000_000_000 + millis * 1000), mono_us: millis * 1000 }
}

fn machine(reference: &Reference, n: usize) -> MachineMap {
    let running = Rule {
        name: "running".into(),
        when: vec![Condition::new("status", Test::Is(Value::Bit(true)))],
        state: MachineState::Running,
        hold_us: 500_000,
    };
    let shape = CounterShape { wraps_at: Some(65_536), max_per_s: 10.0 };
    MachineMap {
        equipment: reference.machines[n].id,
        station: None,
        signals: vec![("status".into(), String::new()), ("good".into(), String::new())],
        counters: vec![CounterMap { signal: "good".into(), kind: CounterKind::Good, shape }],
        rules: vec![running],
        otherwise: MachineState::Stopped,
        stale_us: 3_000_000,
        habits: Habits::default(),
    }
}

#[derive(Clone)]
struct Bench {
    engine: Engine,
    reference: Arc<Reference>,
    facts: Vec<Fact>,
    key: u32,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// A bench whose first machine is another one.
    fn with(change: impl FnOnce(&mut MachineMap)) -> Self {
        let reference = Arc::new(site::parse("site.toml", SITE).unwrap());
        let mut machines = vec![machine(&reference, 0), machine(&reference, 1)];
        change(&mut machines[0]);
        let map = Map { fingerprint: "m1".into(), machines };
        let origin =
            Origin { terminal: TerminalId(Uuid::from_u128(7)), incarnation: Incarnation(9) };
        let mut engine = Engine::new(Plant::new(origin), Arc::new(map), "T-07".into());
        engine.set_reference(Arc::clone(&reference));
        engine.begin_log(&moment(0));
        engine.start("1", None, &moment(0));
        let mut bench = Self { engine, reference, facts: vec![], key: 0 };
        bench.collect();
        bench
    }

    fn collect(&mut self) -> Vec<Body> {
        let drafts = self.engine.take_drafts();
        let mut bodies = vec![];
        for draft in drafts {
            let seq = u64::try_from(self.facts.len()).unwrap() + 1;
            bodies.push(draft.body.clone());
            self.facts.push(draft.seal(seq));
        }
        bodies
    }

    fn sample(&mut self, millis: i64, machine: usize, signal: &str, value: Value) -> Vec<Body> {
        self.sample_of(millis, machine, (signal, value), Quality::Good)
    }

    fn sample_of(
        &mut self,
        millis: i64,
        machine: usize,
        (signal, value): (&str, Value),
        quality: Quality,
    ) -> Vec<Body> {
        let at = stamp(millis);
        let signal = signal.into();
        let sample = Sample { machine, signal, value, quality, at, again: false };
        self.engine.on_samples(&[sample], &moment(millis));
        self.collect()
    }

    fn command(&mut self, millis: i64, command: &Command) -> Result<RecordId, Refusal> {
        self.key += 1;
        let key = format!("k{}", self.key);
        let asked = Asked { key: &key, command, salt: "00" };
        let answer = self.engine.on_command(&asked, &moment(millis));
        self.collect();
        if let Ok(accepted) = &answer {
            // Whoever asks again is answered from the log.
            let known = self.facts.iter().find(|fact| fact.key.as_deref() == Some(key.as_str()));
            let again = Accepted::of(known.unwrap(), self.engine.plant.origin);
            assert_eq!(again.as_ref(), Some(accepted));
        }
        answer.map(|accepted| accepted.record)
    }

    fn equipment(&self, n: usize) -> EquipmentId {
        self.reference.machines[n].id
    }

    fn states(&self, n: usize) -> Vec<(MachineState, i64)> {
        let equipment = self.equipment(n);
        let of = |fact: &Fact| match &fact.fact {
            Body::StateChanged { equipment: e, state, from, .. } if *e == equipment => {
                Some((*state, from.mono_us / 1000))
            },
            _ => None,
        };
        self.facts.iter().filter_map(of).collect()
    }

    fn replayed(&self) -> Plant {
        let mut plant = Plant::new(self.engine.plant.origin);
        self.facts.iter().for_each(|fact| plant.apply(fact));
        plant
    }
}

mod batch;
mod explain;
mod held;
mod jobs;
mod join;
mod hours;
mod labor;
mod downtime;
mod due;
mod past;
mod press;
mod remap;
mod stops;

#[test]
fn a_state_holds_before_it_counts_and_begins_when_it_was_first_seen() {
    use MachineState as S;
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    bench.sample(1000, 0, "status", Value::Bit(false));
    bench.sample(1200, 0, "status", Value::Bit(true));
    bench.sample(2000, 0, "status", Value::Bit(false));
    bench.sample(2600, 0, "status", Value::Bit(false));
    assert_eq!(bench.states(0), [(S::Unknown, 0), (S::Running, 100), (S::Stopped, 2000)]);
}

#[test]
fn a_silent_machine_is_unknown_since_its_last_good_value() {
    use MachineState as S;
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    assert_eq!(bench.engine.next_deadline(), Some(3_100_001));
    bench.engine.on_time(&moment(3_200));
    bench.collect();
    assert_eq!(bench.states(0), [(S::Unknown, 0), (S::Running, 100), (S::Unknown, 100)]);
}

#[test]
fn a_restart_leaves_the_gap_unknown_and_keeps_counter_bases() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    bench.sample(200, 0, "good", Value::Whole(65_530));
    let plant = bench.engine.plant.clone();
    let map = Arc::clone(&bench.engine.map);
    bench.engine = Engine::new(plant, map, "T-07".into());
    bench.engine.start("1", Some(&moment(5_000)), &moment(9_000));
    bench.collect();
    assert_eq!(bench.states(0).last(), Some(&(MachineState::Unknown, 5_000)));
    let bodies = bench.sample(9_500, 0, "good", Value::Whole(3));
    let Some(Body::Counted(counted)) = bodies.first() else { panic!("{bodies:?}") };
    assert_eq!((counted.quantity, counted.verdict), (9, Verdict::Wrap));
}

#[test]
fn retained_values_decide_no_state_and_only_raise_counters() {
    let mut bench = Bench::new();
    let old = Quality::Old;
    assert_eq!(bench.sample_of(100, 0, ("status", Value::Bit(true)), old), []);
    bench.sample(200, 0, "good", Value::Whole(50));
    assert_eq!(bench.sample_of(300, 0, ("good", Value::Whole(40)), old), []);
    let bodies = bench.sample_of(2_300, 0, ("good", Value::Whole(60)), old);
    assert!(matches!(&bodies[..], [Body::Counted(counted)] if counted.quantity == 10));
}

#[test]
fn a_message_delivered_once_more_books_nothing() {
    let mut bench = Bench::new();
    for (millis, raw) in [(100, 101), (1_100, 102), (2_100, 103), (3_100, 104)] {
        bench.sample(millis, 0, "good", Value::Whole(raw));
    }
    let again = |raw| Sample {
        machine: 0,
        signal: "good".into(),
        value: Value::Whole(raw),
        quality: Quality::Good,
        at: stamp(4_000),
        again: true,
    };
    bench.engine.on_samples(&[again(102), again(103), again(104)], &moment(4_000));
    let bodies = bench.collect();
    assert!(!bodies.iter().any(|body| matches!(body, Body::Counted(_))), "{bodies:?}");
    let equipment = bench.equipment(0);
    assert_eq!(bench.engine.plant.machines[&equipment].good, 3);
}

#[test]
fn a_wall_clock_that_is_set_changes_no_duration() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    // One hour forward, then nothing is heard any more.
    let mut later = moment(3_200);
    later.at.wall_us = Micros(later.at.wall_us.0 + 3_600_000_000);
    bench.engine.on_time(&later);
    bench.collect();
    assert_eq!(bench.states(0).last(), Some(&(MachineState::Unknown, 100)));
}

#[test]
fn what_went_stale_and_was_decided_on_is_not_due_again() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    bench.engine.on_time(&moment(3_200));
    bench.collect();
    assert_eq!(bench.engine.next_deadline(), None);
}

#[test]
fn a_machine_taken_out_of_the_map_is_unknown_since_the_last_sign_of_life() {
    let mut bench = Bench::new();
    bench.sample(100, 1, "status", Value::Bit(true));
    let mut map = (*bench.engine.map).clone();
    map.machines.pop();
    bench.engine = Engine::new(bench.engine.plant.clone(), Arc::new(map), "T-07".into());
    bench.engine.start("1", Some(&moment(5_000)), &moment(9_000));
    bench.collect();
    assert_eq!(bench.states(1).last(), Some(&(MachineState::Unknown, 5_000)));
}

#[test]
fn a_shift_becomes_facts() {
    let mut bench = Bench::new();
    let station = bench.reference.stations[0].id;
    let product = bench.reference.families[0].products[0].id;
    let by = bench.reference.people[0].id;
    let equipment = bench.equipment(0);
    let clock_in = |badge: &str| Command::ClockIn { badge: badge.into(), station };
    let start = Command::StartBatch {
        by,
        equipment,
        product,
        target: None,
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    let name = || "Anna".to_owned();
    assert_eq!(bench.command(0, &start), Err(Refusal::NotClockedIn { name: name() }));
    let unknown = Refusal::UnknownBadge { badge: "7".into() };
    assert_eq!(bench.command(0, &clock_in("7")), Err(unknown));
    bench.command(1, &clock_in("1001")).unwrap();
    assert_eq!(
        bench.command(1, &clock_in("1001")),
        Err(Refusal::AlreadyClockedIn { name: name() })
    );
    let batch = bench.command(2, &start).unwrap();
    assert_eq!(bench.engine.plant.batches[&batch].target, Some(500));
    assert!(matches!(bench.command(3, &start), Err(Refusal::BatchRunning { .. })));
    bench.command(4, &clock_in("1002")).unwrap();
    assert_eq!(bench.engine.plant.batches[&batch].operators.len(), 2);
    bench.sample(10, 0, "good", Value::Whole(5));
    bench.sample(1_010, 0, "good", Value::Whole(9));
    assert_eq!(bench.engine.plant.machines[&equipment].good, 4);
    bench.sample(1_020, 0, "status", Value::Bit(false));
    let stop = *bench.engine.plant.stops.keys().next().unwrap();
    let reason = bench.reference.downtime_groups[0].reasons[0].id;
    let explain = |stop| Command::ExplainStop { by: None, stop, reason, comment: None };
    bench.command(1_030, &explain(stop)).unwrap();
    assert_eq!(bench.command(1_030, &explain(batch)), Err(Refusal::NoSuchStop));
    let complete = Command::CompleteBatch {
        by,
        batch,
        good: 4,
        scrap: 0,
        scrap_reason: None,
        detail: Default::default(),
    };
    bench.command(1_040, &complete).unwrap();
    assert_eq!(bench.command(1_041, &complete), Err(Refusal::NoSuchBatch));
    bench.command(1_050, &Command::ClockOut { badge: "1001".into() }).unwrap();
    assert_eq!(bench.engine.plant.labor.len(), 1);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

/// One thing that can happen to a terminal.
#[derive(Clone, Debug)]
enum Happening {
    Status(usize, bool),
    Count(usize, i64),
    Silence,
    Punch(bool, bool),
    Start(usize),
    Complete,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..2_usize, any::<bool>()).prop_map(|(m, on)| Happening::Status(m, on)),
        (0..2_usize, 0..65_536_i64).prop_map(|(m, n)| Happening::Count(m, n)),
        Just(Happening::Silence),
        (any::<bool>(), any::<bool>()).prop_map(|(who, on)| Happening::Punch(who, on)),
        (0..2_usize).prop_map(Happening::Start),
        Just(Happening::Complete),
    ]
}

proptest! {
    #[test]
    fn replaying_the_log_gives_the_same_state(
        happenings in prop::collection::vec((1..2_000_i64, happening()), 1..60),
    ) {
        let mut bench = Bench::new();
        let station = bench.reference.stations[0].id;
        let product = bench.reference.families[0].products[0].id;
        let by = bench.reference.people[0].id;
        let mut now = 0;
        for (pause, happening) in happenings {
            now += pause;
            match happening {
                Happening::Status(m, on) => drop(bench.sample(now, m, "status", Value::Bit(on))),
                Happening::Count(m, n) => drop(bench.sample(now, m, "good", Value::Whole(n))),
                Happening::Silence => {
                    now += 4_000;
                    bench.engine.on_time(&moment(now));
                    bench.collect();
                },
                Happening::Punch(second, on) => {
                    let badge = if second { "1002" } else { "1001" }.to_owned();
                    let punch = if on {
                        Command::ClockIn { badge, station }
                    } else {
                        Command::ClockOut { badge }
                    };
                    drop(bench.command(now, &punch));
                },
                Happening::Start(m) => {
                    let equipment = bench.equipment(m);
                    let number = None;
                    let start = Command::StartBatch {
                        by, equipment, product, target: None, number, work_order: None,
                        detail: Default::default(),
                    };
                    drop(bench.command(now, &start));
                },
                Happening::Complete => {
                    let running = bench.engine.plant.batches.keys().next().copied();
                    if let Some(batch) = running {
                        let complete = Command::CompleteBatch {
                            by, batch, good: 1, scrap: 0, scrap_reason: None,
                            detail: Default::default(),
                        };
                        drop(bench.command(now, &complete));
                    }
                },
            }
        }
        prop_assert_eq!(bench.replayed(), bench.engine.plant);
    }
}

/// A machine that is redelivered: its values with their own time, and what it makes.
fn redelivered(bench: &mut Bench, millis: i64, told: (&str, Value)) -> Vec<Body> {
    let (signal, value) = (told.0.to_owned(), told.1);
    let at = stamp(millis);
    let sample = Sample { machine: 0, signal, value, quality: Quality::Good, at, again: true };
    bench.engine.on_samples(&[sample], &moment(millis + 10_000));
    bench.collect()
}

#[test]
fn what_is_delivered_once_more_is_no_news() {
    let mut bench = Bench::with(|machine| {
        machine.stale_us = 3_600_000_000;
        machine.rules[0].hold_us = 0;
        machine.habits.product = Some(Codes { signal: "recipe".into(), table: vec![] });
        machine.signals.push(("recipe".into(), String::new()));
    });
    let word = |word: &str| Value::Word(word.into());
    let history = [
        (1_000, "status", Value::Bit(true)),
        (2_000, "recipe", word("P1")),
        (3_000, "good", Value::Whole(5)),
        (4_000, "recipe", word("P2")),
        (5_000, "status", Value::Bit(false)),
        (6_000, "good", Value::Whole(7)),
    ];
    for (millis, signal, value) in &history {
        bench.sample(*millis, 0, signal, value.clone());
    }
    let (head, state) = (bench.engine.plant.head, bench.engine.plant.machines.clone());
    for prefix in 1..=history.len() {
        for (millis, signal, value) in &history[history.len() - prefix..] {
            let facts = redelivered(&mut bench, *millis, (signal, value.clone()));
            assert!(facts.is_empty(), "{prefix}: {facts:?}");
        }
    }
    assert_eq!(bench.engine.plant.head, head);
    assert_eq!(bench.engine.plant.machines, state);
}

mod words;
