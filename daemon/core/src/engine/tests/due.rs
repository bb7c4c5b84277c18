//! Only machines for which something is due are asked; asking all of them would record the same.

use super::*;

/// What happens after so many milliseconds.
#[derive(Clone, Debug)]
enum Step {
    Read(usize, &'static str, i64),
    Stale(usize, &'static str),
    Nothing,
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let signal = prop::sample::select(vec!["status", "good", "life", "door"]);
    let read = (0_usize..2, signal.clone(), 0_i64..4).prop_map(|(m, s, v)| Step::Read(m, s, v));
    let stale = (0_usize..2, signal).prop_map(|(m, s)| Step::Stale(m, s));
    let step = prop_oneof![8 => read, 1 => stale, 4 => Just(Step::Nothing)];
    proptest::collection::vec((1_i64..2_500, step), 1..80)
}

fn delayed(machine: &mut MachineMap) {
    let opened = Condition {
        on_us: 1_500_000,
        off_us: 700_000,
        ..Condition::new("door", Test::AtLeast(2.0))
    };
    let rule = |name: &str, when, state| Rule { name: name.into(), when, state, hold_us: 300_000 };
    machine.rules = vec![
        rule("open", vec![opened], MachineState::Setup),
        rule(
            "counting",
            vec![Condition::new("good", Test::Rose(2_000_000))],
            MachineState::Running,
        ),
    ];
    machine.habits = Habits {
        cycle_us: 500_000,
        minimum_stop_us: 1_000_000,
        heartbeat: Some(("life".into(), 4_000_000)),
        changes_per_minute: 10,
        ..Habits::default()
    };
}

/// What is recorded where `all` machines are asked each time, or only those that are due.
fn recorded(steps: &[(i64, Step)], all: bool) -> Vec<Body> {
    let mut bench = Bench::with(delayed);
    let (mut millis, mut bodies) = (0, Vec::new());
    for (after, step) in steps {
        millis += after;
        let now = moment(millis);
        match step {
            Step::Read(machine, signal, value) => {
                let sample = Sample {
                    machine: *machine,
                    signal: (*signal).to_owned(),
                    value: Value::Whole(*value + if *signal == "good" { millis / 400 } else { 0 }),
                    quality: Quality::Good,
                    at: now.at,
                    again: false,
                };
                bench.engine.on_samples(&[sample], &now);
            },
            Step::Stale(machine, signal) => {
                bench.engine.on_stale(&[(*machine, (*signal).to_owned())], &now);
            },
            Step::Nothing => {},
        }
        if all {
            bench.engine.watches.iter_mut().for_each(|watch| Arc::make_mut(watch).unasked = true);
        }
        bench.engine.on_time(&now);
        bodies.extend(bench.collect());
    }
    bodies
}

proptest! {
    #[test]
    fn asking_only_those_that_are_due_records_the_same(steps in steps()) {
        prop_assert_eq!(recorded(&steps, false), recorded(&steps, true));
    }
}
