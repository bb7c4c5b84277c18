use super::*;
use crate::time::Micros;
use std::collections::BTreeMap;

const SECOND: i64 = 1_000_000;

fn at(us: i64) -> Stamp {
    Stamp { wall_us: Micros(us), mono_us: us }
}

fn rule(name: &str, when: Vec<Condition>, state: MachineState) -> Rule {
    Rule { name: name.into(), when, state, hold_us: 7 }
}

fn one(name: &str, signal: &str, test: Test, state: MachineState) -> Rule {
    rule(name, vec![Condition::new(signal, test)], state)
}

/// Decides at `now` by values that were all read just then.
fn decide<'r>(
    rules: &'r [Rule],
    memory: &mut Memory,
    now: i64,
    values: &[(&str, Value)],
) -> Outcome<'r> {
    let known: BTreeMap<&str, &Value> = values.iter().map(|(name, value)| (*name, value)).collect();
    let read = |name: &str| Some(Seen { value: known.get(name)?, at: at(now), rose: None });
    evaluate(rules, MachineState::PlannedStop, memory, now, 0, read)
}

fn whole(name: &str, n: i64) -> (&str, Value) {
    (name, Value::Whole(n))
}

#[test]
fn the_first_rule_that_holds_decides_and_blindness_is_said() {
    use MachineState as S;
    let rules = [
        one("fault", "fault", Test::Not(Value::Whole(0)), S::Stopped),
        one("setup", "mode", Test::Is(Value::Word("setup".into())), S::Setup),
        one("fast", "speed", Test::AtLeast(1.5), S::Running),
    ];
    let decide =
        |values: &[(&str, Value)]| decide(&rules, &mut Memory::default(), SECOND, values).decision;
    let mode = |w: &str| ("mode", Value::Word(w.into()));
    assert_eq!(decide(&[whole("fault", 3)]), Decision::State(S::Stopped, "fault", 7));
    assert_eq!(decide(&[whole("fault", 0)]), Decision::Blind("mode"));
    let setup = [whole("fault", 0), mode("setup")];
    assert_eq!(decide(&setup), Decision::State(S::Setup, "setup", 7));
    let speed = |x| ("speed", Value::Measured(x));
    let auto = [whole("fault", 0), mode("auto"), speed(1.4)];
    assert_eq!(decide(&auto), Decision::State(S::PlannedStop, "otherwise", 7));
    let auto = [whole("fault", 0), mode("auto"), speed(1.5)];
    assert_eq!(decide(&auto), Decision::State(S::Running, "fast", 7));
    assert_eq!(decide(&[]), Decision::Blind("fault"));
}

#[test]
fn a_rule_that_fails_in_one_condition_does_not_hold_whatever_the_others_are() {
    use MachineState as S;
    let both = vec![
        Condition::new("hidden", Test::Is(Value::Bit(true))),
        Condition::new("fault", Test::Not(Value::Whole(0))),
    ];
    let rules = [rule("both", both, S::Stopped)];
    let decide = |n| decide(&rules, &mut Memory::default(), SECOND, &[whole("fault", n)]).decision;
    assert_eq!(decide(0), Decision::State(S::PlannedStop, "otherwise", 7));
    assert_eq!(decide(1), Decision::Blind("hidden"));
}

#[test]
fn a_set_bit_is_true_and_one_of_a_list() {
    assert!(Test::Is(Value::Bit(true)).passes(&Value::Whole(1), false, 0.0));
    assert!(!Test::Is(Value::Word("1".into())).passes(&Value::Whole(1), false, 0.0));
    let list = Test::OneOf(vec![Value::Whole(3), Value::Whole(5)]);
    assert!(list.passes(&Value::Whole(5), false, 0.0));
    assert!(!list.passes(&Value::Whole(4), false, 0.0));
}

#[test]
fn a_band_keeps_a_number_at_its_limit_from_flickering() {
    let hot = Condition { band: 2.0, ..Condition::new("t", Test::AtLeast(80.0)) };
    let rules = [rule("hot", vec![hot], MachineState::Running)];
    let mut memory = Memory::default();
    let states: Vec<bool> = [79.0, 80.0, 78.5, 77.9, 79.9, 80.1]
        .into_iter()
        .enumerate()
        .map(|(n, x)| {
            let now = i64::try_from(n).unwrap() * SECOND;
            let decided = decide(&rules, &mut memory, now, &[("t", Value::Measured(x))]);
            matches!(decided.decision, Decision::State(MachineState::Running, ..))
        })
        .collect();
    assert_eq!(states, [false, true, true, false, false, true]);
}

#[test]
fn delays_are_served_from_when_the_signal_turned_and_say_when_they_end() {
    let slow = Condition {
        on_us: 2 * SECOND,
        off_us: 3 * SECOND,
        ..Condition::new("run", Test::Is(Value::Bit(true)))
    };
    let rules = [rule("run", vec![slow], MachineState::Running)];
    let mut memory = Memory::default();
    let mut step = |second: i64, on: bool| {
        let outcome = decide(&rules, &mut memory, second * SECOND, &[("run", Value::Bit(on))]);
        let runs = matches!(outcome.decision, Decision::State(MachineState::Running, ..));
        (runs, outcome.turned.map(|at| at.mono_us / SECOND), outcome.next_us.map(|us| us / SECOND))
    };
    assert_eq!(step(0, false), (false, Some(0), None), "the first look needs no delay");
    assert_eq!(step(1, true), (false, Some(0), Some(3)));
    assert_eq!(step(2, false), (false, Some(0), None), "too short to count");
    assert_eq!(step(4, true), (false, Some(0), Some(6)));
    assert_eq!(step(6, true), (true, Some(4), None), "counts from when it turned");
    assert_eq!(step(7, false), (true, Some(4), Some(10)));
    assert_eq!(step(10, false), (false, Some(7), None));
}

#[test]
fn a_run_told_by_counts_ends_when_the_next_part_should_have_come() {
    let rules = [one("counting", "good", Test::Rose(6 * SECOND), MachineState::Running)];
    let mut memory = Memory::default();
    let mut step = |second: i64, rose: Stroke| {
        let value = Value::Whole(1);
        let now = second * SECOND;
        let read = |_: &str| Some(Seen { value: &value, at: at(now), rose: Some(rose) });
        let otherwise = MachineState::Stopped;
        evaluate(&rules, otherwise, &mut memory, now, 2 * SECOND, read)
    };
    let watched = Stroke::Watched(at(0));
    let part = |second| Stroke::Part(at(second * SECOND));
    let first = step(1, watched);
    assert_eq!(first.decision, Decision::Blind("good"), "not watched for long enough");
    assert_eq!(first.next_us, Some(6 * SECOND + 1));
    assert_eq!(step(3, part(3)).decision, Decision::State(MachineState::Running, "counting", 7));
    assert_eq!(step(9, part(3)).next_us, Some(9 * SECOND + 1));
    let missed = step(10, part(3));
    assert_eq!(missed.decision, Decision::State(MachineState::Stopped, "otherwise", 7));
    assert_eq!(missed.turned, Some(at(5 * SECOND)), "last part and one cycle");
    let again = step(12, part(12));
    assert_eq!(again.turned, Some(at(12 * SECOND)));
    let mut fresh = Memory::default();
    let value = Value::Whole(1);
    let read = |_: &str| Some(Seen { value: &value, at: at(7 * SECOND), rose: Some(watched) });
    let silent = evaluate(&rules, MachineState::Stopped, &mut fresh, 7 * SECOND, 0, read);
    assert_eq!(silent.turned, Some(at(0)), "nothing came since it is watched");
}
