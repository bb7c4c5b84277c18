//! A press that is told by its strokes: two seconds a part, six seconds are a stop, and a minute
//! is one that somebody is asked about.

use super::*;
use crate::{deadband::Deadband, engine::Observed, fact::machine::Detail, map::Codes};
use MachineState as S;

const SECOND: i64 = 1_000_000;

fn press() -> Bench {
    Bench::with(|machine| {
        let codes = |signal: &str, value, code: &str| Codes {
            signal: signal.into(),
            table: vec![(value, code.to_owned())],
        };
        machine.rules = vec![Rule {
            name: "counting".into(),
            when: vec![Condition::new("good", Test::Rose(6 * SECOND))],
            state: S::Running,
            hold_us: 0,
        }];
        machine.habits = Habits {
            cycle_us: 2 * SECOND,
            minimum_stop_us: 6 * SECOND,
            micro_stop_us: 60 * SECOND,
            heartbeat: None,
            fault: Some(codes("fault", Value::Whole(20), "infeed-jam")),
            product: Some(codes("recipe", Value::Whole(7), "P-100")),
            ..Habits::default()
        };
    })
}

/// Polls the press once a second; `parts` are the seconds at which it made one.
fn poll(bench: &mut Bench, seconds: std::ops::Range<i64>, parts: impl Fn(i64) -> i64) {
    for second in seconds {
        bench.sample(second * 1_000, 0, "good", Value::Whole(parts(second)));
    }
}

/// One part every two seconds until `stop`, and again from `go` on.
fn strokes(stop: i64, go: i64) -> impl Fn(i64) -> i64 {
    move |second| second.min(stop) / 2 + (second - go).max(-2).div_euclid(2) + 1
}

fn details(bench: &Bench) -> Vec<(MachineState, i64, Detail)> {
    let of = |fact: &Fact| match &fact.fact {
        Body::StateChanged { equipment, state, from, detail, .. }
            if *equipment == bench.equipment(0) =>
        {
            Some((*state, from.mono_us / SECOND, detail.clone()))
        },
        _ => None,
    };
    bench.facts.iter().filter_map(of).collect()
}

#[test]
fn a_short_pause_is_a_loss_of_speed_and_no_stop() {
    let mut bench = press();
    poll(&mut bench, 1..40, strokes(20, 24));
    assert_eq!(bench.states(0), [(S::Unknown, 0), (S::Running, 2_000)]);
}

#[test]
fn a_stop_begins_when_the_next_part_should_have_come() {
    let mut bench = press();
    poll(&mut bench, 1..26, strokes(20, 60));
    assert_eq!(bench.states(0).len(), 2, "five seconds after it should have come");
    poll(&mut bench, 26..70, strokes(20, 60));
    let expected =
        [(S::Unknown, 0), (S::Running, 2_000), (S::Stopped, 22_000), (S::Running, 60_000)];
    assert_eq!(bench.states(0), expected);
    let stop = bench.engine.plant.stops.values().next().unwrap();
    assert_eq!(stop.lasts(&moment(90_000)), 38 * SECOND);
    assert!(stop.is_micro(&moment(90_000)), "counted, but nobody is asked");
}

#[test]
fn a_long_stop_is_asked_about_with_the_reason_its_fault_proposes() {
    let mut bench = press();
    poll(&mut bench, 1..22, strokes(20, 200));
    bench.sample(22_000, 0, "fault", Value::Whole(20));
    for second in 22..30 {
        bench.sample(second * 1_000, 0, "fault", Value::Whole(20));
        bench.sample(second * 1_000, 0, "good", Value::Whole(10));
    }
    let stop = details(&bench).pop().unwrap();
    assert_eq!((stop.0, stop.1), (S::Stopped, 22));
    assert_eq!(stop.2.fault, Some(Value::Whole(20)));
    assert_eq!(stop.2.reason.as_deref(), Some("infeed-jam"));
    let stop = bench.engine.plant.stops.values().next().unwrap().clone();
    assert!(stop.is_micro(&moment(81_999)) && !stop.is_micro(&moment(82_000)));
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn time_alone_ends_a_run_that_is_told_by_counts() {
    let mut bench = press();
    poll(&mut bench, 1..21, strokes(20, 200));
    // Nothing is read any more, but the value is still good.
    let mut asked = Vec::new();
    let mut at = 20_000;
    while let Some(due) = bench.engine.next_deadline().filter(|_| asked.len() < 9) {
        assert!(due > at * 1_000, "{due} comes again");
        at = due / 1_000 + 1;
        asked.push(at);
        bench.engine.on_time(&moment(at));
        bench.collect();
    }
    assert_eq!(bench.states(0).last(), Some(&(S::Unknown, 20_000)), "{asked:?}");
}

#[test]
fn a_stop_while_the_product_is_changed_is_setup() {
    let mut bench = press();
    bench.sample(500, 0, "recipe", Value::Whole(7));
    poll(&mut bench, 1..41, strokes(20, 60));
    let seen = bench.sample(41_000, 0, "recipe", Value::Whole(8));
    assert!(matches!(&seen[..], [Body::ProductSeen(seen), ..] if seen.product == "8"), "{seen:?}");
    poll(&mut bench, 42..130, strokes(20, 60));
    let states = bench.states(0);
    let setup = [(S::Stopped, 22_000), (S::Setup, 41_000), (S::Running, 60_000)];
    assert_eq!(states[2..5], setup, "{states:?}");
    let plant = &bench.engine.plant.machines[&bench.equipment(0)];
    assert_eq!((plant.product.as_deref(), plant.changeover.as_ref()), (Some("8"), None));
}

#[test]
fn parts_that_nobody_watched_are_booked_as_a_gap() {
    let mut bench = press();
    poll(&mut bench, 1..11, strokes(100, 200));
    let verdict = |bodies: &[Body]| match bodies {
        [Body::Counted(counted), ..] => (counted.verdict, counted.quantity),
        other => panic!("{other:?}"),
    };
    let after = bench.sample(30_000, 0, "good", Value::Whole(15));
    assert_eq!(verdict(&after), (Verdict::Gap, 10));
    let next = bench.sample(31_000, 0, "good", Value::Whole(16));
    assert_eq!(verdict(&next), (Verdict::Increase, 1));
}

#[test]
fn what_did_not_hold_is_told_with_the_next_change() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    for n in 0..3 {
        bench.sample(1_000 + n * 1_000, 0, "status", Value::Bit(false));
        bench.sample(1_200 + n * 1_000, 0, "status", Value::Bit(true));
    }
    bench.sample(5_000, 0, "status", Value::Bit(false));
    bench.sample(5_600, 0, "status", Value::Bit(false));
    let last = details(&bench).pop().unwrap();
    assert_eq!((last.0, last.2.suppressed), (S::Stopped, 3));
}

#[test]
fn a_heartbeat_that_stands_still_blinds_the_machine() {
    let mut bench = Bench::with(|machine| {
        machine.habits.heartbeat = Some(("life".into(), 2 * SECOND));
    });
    let beat = |bench: &mut Bench, millis, value| {
        bench.sample(millis, 0, "life", Value::Whole(value));
        bench.sample(millis, 0, "status", Value::Bit(true));
    };
    beat(&mut bench, 1_000, 1);
    beat(&mut bench, 2_000, 2);
    beat(&mut bench, 3_000, 2);
    beat(&mut bench, 4_000, 2);
    assert_eq!(bench.states(0).len(), 2, "two seconds are not yet too long");
    beat(&mut bench, 4_001, 2);
    assert_eq!(bench.states(0).last(), Some(&(S::Unknown, 2_000)));
    beat(&mut bench, 5_000, 3);
    assert_eq!(bench.states(0).last(), Some(&(S::Running, 5_000)));
}

#[test]
fn what_an_earlier_run_saw_decides_only_from_when_this_run_began() {
    let mut bench = Bench::new();
    bench.sample(1_000, 0, "status", Value::Bit(true));
    bench.sample(1_000, 0, "good", Value::Whole(5));
    let plant = bench.engine.plant.clone();
    bench.engine = Engine::new(plant, Arc::clone(&bench.engine.map), "T-07".into());
    bench.engine.start("1", Some(&moment(1_500)), &moment(2_500));
    let known = |value| Observed { value, quality: Quality::Good, at: stamp(1_000) };
    bench.engine.recall(0, "status".into(), known(Value::Bit(true)));
    bench.engine.recall(0, "good".into(), known(Value::Whole(5)));
    bench.engine.on_time(&moment(2_600));
    bench.collect();
    let expected = [(S::Unknown, 1_500), (S::Running, 2_500)];
    assert_eq!(bench.states(0)[2..], expected, "nobody watched in between");
    let bodies = bench.sample(2_700, 0, "good", Value::Whole(7));
    let [Body::Counted(counted)] = &bodies[..] else { panic!("{bodies:?}") };
    assert_eq!((counted.verdict, counted.quantity), (Verdict::Gap, 2));
}

#[test]
fn a_bouncing_contact_becomes_few_records_and_ends_in_what_is_so() {
    let mut bench = Bench::with(|machine| {
        machine.rules[0].hold_us = 0;
        machine.habits.changes_per_minute = 30;
    });
    // At 50 Hz for two minutes, then still.
    for n in 0..6_000 {
        bench.sample(n * 20, 0, "status", Value::Bit(n % 2 == 0));
    }
    let told = bench.states(0).len();
    assert!((30..=62).contains(&told), "{told}");
    let suppressed = |bench: &Bench| -> u32 { details(bench).iter().map(|d| d.2.suppressed).sum() };
    assert!(suppressed(&bench) > 2_500, "{}", suppressed(&bench));
    for second in 120..180 {
        bench.sample(second * 1_000, 0, "status", Value::Bit(true));
    }
    assert_eq!(bench.states(0).last().unwrap().0, S::Running);
    let told = bench.states(0).len();
    bench.sample(200_000, 0, "status", Value::Bit(false));
    assert_eq!(bench.states(0).len(), told + 1, "a calm machine waits for nothing");
}

#[test]
fn noise_within_the_deadband_decides_nothing_and_keeps_the_value_fresh() {
    let mut bench = Bench::with(|machine| {
        let warm = Condition::new("warm", Test::AtLeast(50.0));
        machine.rules[0] = Rule { when: vec![warm], hold_us: 0, ..machine.rules[0].clone() };
        let band = Deadband { absolute: 1.0, percent: 0.0, restate_us: 20 * SECOND };
        machine.habits.deadbands.insert("warm".into(), band);
    });
    for (second, warm) in [(1, 50.2), (2, 49.8), (3, 50.1), (4, 49.9), (7, 49.5)] {
        bench.sample(second * 1_000, 0, "warm", Value::Measured(warm));
    }
    assert_eq!(bench.states(0).last(), Some(&(S::Running, 1_000)), "nor is it stale at 7 s");
    let told = bench.states(0).len();
    for second in (9..21).step_by(2) {
        bench.sample(second * 1_000, 0, "warm", Value::Measured(49.5));
    }
    assert_eq!(bench.states(0).len(), told);
    bench.sample(21_000, 0, "warm", Value::Measured(49.5));
    assert_eq!(bench.states(0).last().unwrap().0, S::Stopped, "restated as it is");
}
