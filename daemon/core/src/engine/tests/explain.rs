//! The trace of the rules says what the rules decided.

use super::*;
use crate::engine::explain::Asks;
use MachineState as S;

fn two_rules() -> Bench {
    Bench::with(|machine| {
        let fault = Condition { on_us: 400_000, ..Condition::new("fault", Test::AtLeast(1.0)) };
        machine.signals.push(("fault".into(), String::new()));
        machine.rules.insert(
            0,
            Rule { name: "fault".into(), when: vec![fault], state: S::Stopped, hold_us: 0 },
        );
    })
}

#[test]
fn the_rule_that_decides_is_named_with_its_inputs() {
    let mut bench = two_rules();
    bench.sample(100, 0, "fault", Value::Whole(0));
    bench.sample(200, 0, "status", Value::Bit(true));
    let told = bench.engine.explain(0, &moment(300)).unwrap();
    assert_eq!(
        (told.asks, told.state.unwrap().0),
        (Asks::State(S::Running, "running".into()), S::Running)
    );
    let holds: Vec<_> = told.rules.iter().map(|rule| (rule.holds, rule.decides)).collect();
    assert_eq!(holds, [(Some(false), false), (Some(true), true)]);
    let status = &told.rules[1].conditions[0];
    assert_eq!((&status.value, status.since), (&Some(Value::Bit(true)), Some(stamp(200))));

    // The fault is seen and its delay runs; then the state asked for is another one.
    bench.sample(1_000, 0, "fault", Value::Whole(7));
    bench.sample(1_000, 0, "status", Value::Bit(true));
    let told = bench.engine.explain(0, &moment(1_100)).unwrap();
    let fault = &told.rules[0].conditions[0];
    assert_eq!((fault.holds, fault.turns_in_us), (Some(false), Some(300_000)));
    bench.engine.on_time(&moment(1_500));
    bench.collect();
    let told = bench.engine.explain(0, &moment(1_500)).unwrap();
    assert_eq!((told.asks, told.rules[0].decides), (Asks::State(S::Stopped, "fault".into()), true));
}

#[test]
fn what_cannot_be_seen_is_said() {
    let mut bench = two_rules();
    bench.sample(100, 0, "status", Value::Bit(true));
    let told = bench.engine.explain(0, &moment(200)).unwrap();
    assert_eq!((told.asks, told.rules[0].holds, told.rules[0].decides), (Asks::Blind, None, true));
    assert_eq!(told.rules[0].conditions[0].value, None);
    assert!(bench.engine.explain(2, &moment(200)).is_none());
}

#[test]
fn a_change_that_has_not_held_long_enough_is_pending() {
    let mut bench = two_rules();
    bench.sample(100, 0, "fault", Value::Whole(0));
    bench.sample(100, 0, "status", Value::Bit(true));
    bench.sample(1_000, 0, "fault", Value::Whole(0));
    bench.sample(1_000, 0, "status", Value::Bit(false));
    let told = bench.engine.explain(0, &moment(1_200)).unwrap();
    assert_eq!(told.pending, Some((S::Stopped, 300_000)));
}
