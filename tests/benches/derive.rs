//! `cargo bench --package kart-tests --bench derive`: samples per second that the engine turns into facts on one core,
//! beside a bare loop that only keeps the last value of each signal. Prints figures and expects none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use kart_core::{
    counter::{CounterKind, CounterShape},
    deadband::Deadband,
    engine::Engine,
    id::{EquipmentId, Incarnation, Origin, TerminalId},
    machine::MachineState,
    map::{CounterMap, Habits, MachineMap, Map},
    plant::Plant,
    rule::{Condition, Rule, Test},
    signal::{Quality, Sample, Value},
    time::{Boot, Micros, Moment, Stamp},
};
use kart_tests::measure::median;
use uuid::Uuid;

const MACHINES: usize = 20;
const SIGNALS: usize = 10;
const ROUNDS: usize = 5_000;
const RUNS: usize = 5;

fn main() {
    let rounds: Vec<(Moment, Vec<Sample>)> = (0..ROUNDS).map(round).collect();
    let (mut ours, mut bare, mut facts) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        let (rate, made) = derived(&rounds);
        ours.push(rate);
        facts = made;
        bare.push(kept(&rounds));
    }
    let (ours, bare) = (median(ours), median(bare));
    #[expect(clippy::print_stdout, reason = "figures are what this program is for")]
    {
        println!(
            "{} samples of {MACHINES} machines with {SIGNALS} signals, one core, medians of {RUNS} interleaved runs",
            ROUNDS * MACHINES * SIGNALS
        );
        println!("engine     {ours:>12.0} samples/s, {facts} facts");
        println!("bare map   {bare:>12.0} samples/s");
        println!("ratio      {:>12.2}", ours / bare);
    }
}

fn moment(round: usize) -> Moment {
    let us = i64::try_from(round).unwrap_or(i64::MAX) * 1_000_000;
    Moment {
        at: Stamp { wall_us: Micros(1_700_000_000_000_000 + us), mono_us: us },
        boot: Boot("bench".to_owned()),
    }
}

/// A second of the plant: each machine makes a part, one in twenty stands still for some rounds, temperatures tremble.
fn round(round: usize) -> (Moment, Vec<Sample>) {
    let now = moment(round);
    let at = now.at;
    let value = |machine: usize, signal: usize| match signal {
        0 => Value::Whole(i64::try_from(round - round / 20).unwrap_or_default()),
        1 => Value::Bit(!(round / 20 + machine).is_multiple_of(20)),
        2 => Value::Whole(i64::from((round / 200 + machine).is_multiple_of(50))),
        _ => Value::Measured(40.0 + ((round * 7 + machine + signal) % 13) as f64 / 10.0),
    };
    let samples = (0..MACHINES).flat_map(|machine| {
        (0..SIGNALS).map(move |signal| Sample {
            machine,
            signal: format!("s{signal}"),
            value: value(machine, signal),
            quality: Quality::Good,
            at,
            again: false,
        })
    });
    (now, samples.collect())
}

fn engine() -> Engine {
    let machines = (0..MACHINES).map(|machine| MachineMap {
        equipment: EquipmentId(Uuid::from_u128(machine as u128 + 1)),
        station: None,
        signals: (0..SIGNALS).map(|signal| (format!("s{signal}"), String::new())).collect(),
        counters: vec![CounterMap {
            signal: "s0".to_owned(),
            kind: CounterKind::Good,
            shape: CounterShape { wraps_at: Some(65_536), max_per_s: 2.0 },
        }],
        rules: vec![
            Rule {
                name: "fault".to_owned(),
                when: vec![Condition::new("s2", Test::Not(Value::Whole(0)))],
                state: MachineState::Stopped,
                hold_us: 0,
            },
            Rule {
                name: "running".to_owned(),
                when: vec![
                    Condition::new("s1", Test::Is(Value::Bit(true))),
                    Condition { band: 2.0, ..Condition::new("s3", Test::AtLeast(30.0)) },
                ],
                state: MachineState::Running,
                hold_us: 500_000,
            },
        ],
        otherwise: MachineState::Stopped,
        stale_us: 5_000_000,
        habits: Habits {
            cycle_us: 1_000_000,
            minimum_stop_us: 2_000_000,
            deadbands: (3..SIGNALS)
                .map(|signal| {
                    (format!("s{signal}"), Deadband { absolute: 0.5, ..Deadband::default() })
                })
                .collect(),
            changes_per_minute: 30,
            ..Habits::default()
        },
    });
    let map = Map { fingerprint: "bench".to_owned(), machines: machines.collect() };
    let origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(0) };
    Engine::new(Plant::new(origin), Arc::new(map), "T".to_owned())
}

/// Samples per second into facts, and how many facts.
fn derived(rounds: &[(Moment, Vec<Sample>)]) -> (f64, usize) {
    let mut engine = engine();
    engine.begin_log(&moment(0));
    engine.start("0", None, &moment(0));
    let (start, mut facts) = (Instant::now(), 0);
    for (now, samples) in rounds {
        engine.on_samples(samples, now);
        facts += engine.take_drafts().len();
    }
    (rate(start), facts)
}

/// The same with nothing decided.
fn kept(rounds: &[(Moment, Vec<Sample>)]) -> f64 {
    let mut last: Vec<BTreeMap<String, Value>> = vec![BTreeMap::new(); MACHINES];
    let start = Instant::now();
    for (_, samples) in rounds {
        for sample in samples {
            last[sample.machine].insert(sample.signal.clone(), sample.value.clone());
        }
    }
    std::hint::black_box(&last);
    rate(start)
}

fn rate(start: Instant) -> f64 {
    (ROUNDS * MACHINES * SIGNALS) as f64 / start.elapsed().as_secs_f64()
}
