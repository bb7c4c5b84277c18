//! Another map while machines go on.

use super::*;
use crate::engine::remap::Moves;
use MachineState as S;

/// Puts a map in force whose first machine is another one; `moved` are its signals that are read elsewhere.
fn remap(
    bench: &mut Bench,
    millis: i64,
    moved: &[&str],
    change: impl FnOnce(&mut MachineMap),
) -> Vec<Body> {
    let mut map = (**bench.engine.map()).clone();
    map.fingerprint = "m2".into();
    change(&mut map.machines[0]);
    let equipment = bench.equipment(0);
    let signals = moved.iter().map(|signal| (equipment, (*signal).to_owned())).collect();
    let counters = moved.iter().filter(|signal| **signal == "good");
    let counters = counters.map(|signal| (equipment, (*signal).to_owned())).collect();
    bench.engine.on_map(&Arc::new(map), &Moves { signals, counters }, None, &moment(millis));
    bench.engine.on_time(&moment(millis));
    bench.collect()
}

fn counted(bodies: &[Body]) -> Vec<(Verdict, u32, i64, i64)> {
    let of = |body: &Body| match body {
        Body::Counted(c) => Some((c.verdict, c.epoch, c.raw_to, c.quantity)),
        _ => None,
    };
    bodies.iter().filter_map(of).collect()
}

#[test]
fn what_is_read_as_before_goes_on() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(false));
    bench.sample(200, 0, "good", Value::Whole(50));
    let bodies = remap(&mut bench, 1_000, &[], |machine| {
        machine.rules[0].name = "runs".into();
        machine.rules[0].hold_us = 0;
    });
    assert!(matches!(&bodies[..], [Body::MapApplied(applied)]
        if applied.from == "m1" && applied.to == "m2" && applied.moved.is_empty()));
    let bodies = bench.sample(1_200, 0, "good", Value::Whole(53));
    assert_eq!(counted(&bodies), [(Verdict::Increase, 0, 53, 3)]);
    bench.sample(1_300, 0, "status", Value::Bit(false));
    assert_eq!(bench.states(0), [(S::Unknown, 0), (S::Stopped, 100)], "the stop stays one");
    let bodies = bench.sample(1_400, 0, "status", Value::Bit(true));
    assert!(
        matches!(&bodies[..], [Body::StateChanged { map, rule, .. }] if map == "m2" && rule == "runs")
    );
}

#[test]
fn a_counter_that_moved_begins_anew_with_both_readings_kept() {
    let mut bench = Bench::new();
    bench.sample(200, 0, "good", Value::Whole(50));
    bench.sample(300, 0, "good", Value::Whole(52));
    let bodies = remap(&mut bench, 1_000, &["good"], |_| {});
    assert!(matches!(&bodies[..], [Body::MapApplied(applied)]
        if applied.moved.len() == 1 && applied.moved[0].last == Some(52)));
    // Whoever starts anew in between knows of it as well.
    assert_eq!(bench.replayed(), bench.engine.plant);
    let bodies = bench.sample(1_200, 0, "good", Value::Whole(9_000));
    assert_eq!(counted(&bodies), [(Verdict::Base, 1, 9_000, 0)]);
    let bodies = bench.sample(1_400, 0, "good", Value::Whole(9_001));
    assert_eq!(counted(&bodies), [(Verdict::Increase, 1, 9_001, 1)]);
    assert_eq!(bench.engine.plant.machines[&bench.equipment(0)].good, 3);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn nothing_is_decided_until_a_moved_signal_had_time_to_be_read() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(false));
    remap(&mut bench, 1_000, &["status"], |_| {});
    assert_eq!(bench.engine.next_deadline(), Some(4_000_001));
    bench.sample(1_500, 0, "good", Value::Whole(1));
    assert_eq!(bench.states(0).last(), Some(&(S::Stopped, 100)));
    bench.sample(2_000, 0, "status", Value::Bit(false));
    assert_eq!(bench.states(0).last(), Some(&(S::Stopped, 100)), "one stop");
    remap(&mut bench, 3_000, &["status"], |_| {});
    bench.engine.on_time(&moment(6_100));
    bench.collect();
    assert_eq!(bench.states(0).last(), Some(&(S::Unknown, 3_000)));
}

#[test]
fn a_machine_that_is_gone_is_unknown_and_the_others_keep_their_places() {
    let mut bench = Bench::new();
    bench.sample(100, 0, "status", Value::Bit(true));
    bench.sample(100, 1, "status", Value::Bit(true));
    let mut map = (**bench.engine.map()).clone();
    map.machines.remove(0);
    bench.engine.on_map(&Arc::new(map), &Moves::default(), None, &moment(1_000));
    bench.collect();
    assert_eq!(bench.states(0).last(), Some(&(S::Unknown, 1_000)));
    bench.sample(1_200, 0, "status", Value::Bit(false));
    bench.sample(1_800, 0, "status", Value::Bit(false));
    assert_eq!(bench.states(1).last(), Some(&(S::Stopped, 1_200)));
}
