//! Readings of counters that cannot be, and what a supervisor says of them.

use super::*;
use crate::id::UserId;
use std::collections::BTreeSet;

/// What `by` says of the reading of `good` that shows `raw`.
fn settle(by: UserId, equipment: EquipmentId, (before, now): (i64, i64), accept: bool) -> Command {
    let (source, raw) = ("good".to_owned(), Readings { before, now });
    Command::SettleCount { by, equipment, source, epoch: 0, raw, accept }
}

#[test]
fn a_reading_that_is_held_waits_for_a_supervisor() {
    let mut bench = Bench::new();
    let equipment = bench.engine.map.machines[0].equipment;
    let person = |bench: &Bench, n: usize| bench.reference.people[n].id;
    let good = |bench: &Bench| bench.engine.plant.machines[&equipment].good;
    let settle = |by, accept| settle(by, equipment, (500, 1400), accept);
    bench.sample(0, 0, "good", Value::Whole(500));
    let supervisor = person(&bench, 1);
    assert!(bench.command(100, &settle(supervisor, true)).is_err(), "nothing is held");
    let told = |facts: &[Body]| match facts {
        [Body::Counted(counted)] => (counted.verdict, counted.quantity, counted.raw),
        _ => panic!("{facts:?}"),
    };
    let raw = |before, now| Some(Readings { before, now });
    let facts = bench.sample(1_000, 0, "good", Value::Whole(1400));
    assert_eq!(told(&facts), (Verdict::Held, 0, raw(500, 1400)));
    // Told once, however long it waits; parts that it goes on to make are strokes.
    for second in 2..400 {
        assert!(bench.sample(second * 1_000, 0, "good", Value::Whole(1400 + second)).is_empty());
    }
    assert_eq!(good(&bench), 0);
    assert!(
        matches!(bench.engine.watches[0].strokes["good"], Stroke::Part(at) if at == stamp(399_000))
    );
    let operator = person(&bench, 0);
    assert!(bench.command(400_000, &settle(operator, true)).is_err(), "no supervisor");
    let mut dropped = bench.engine.clone();
    bench.command(400_000, &settle(supervisor, true)).unwrap();
    assert_eq!(good(&bench), 900);
    let fact = bench.facts.last().unwrap();
    assert_eq!((fact.by, fact.key.is_some()), (Some(supervisor), true));
    bench.sample(401_000, 0, "good", Value::Whole(1801));
    assert_eq!(good(&bench), 1301);
    let asked = Asked { key: "drop", command: &settle(supervisor, false), salt: "00" };
    dropped.on_command(&asked, &moment(400_000)).unwrap();
    let told = dropped.take_drafts();
    assert!(matches!(&told[..], [draft] if matches!(&draft.body, Body::Counted(counted)
        if counted.verdict == Verdict::Base && counted.raw == raw(500, 1400))));
    assert_eq!(dropped.plant.machines[&equipment].good, 0);
}

/// A bench whose press stands at 500 and shows 1400; its equipment and a supervisor.
fn holding() -> (Bench, EquipmentId, UserId) {
    let mut bench = Bench::new();
    let equipment = bench.engine.map.machines[0].equipment;
    bench.sample(0, 0, "good", Value::Whole(500));
    bench.sample(1_000, 0, "good", Value::Whole(1_400));
    let supervisor = bench.reference.people[1].id;
    (bench, equipment, supervisor)
}

#[test]
fn what_nobody_saw_nobody_settles() {
    let (mut bench, equipment, supervisor) = holding();
    // Between the look and the key a lower reading comes, and it is the one that is held now.
    bench.sample(2_000, 0, "good", Value::Whole(1_200));
    for accept in [true, false] {
        let seen = settle(supervisor, equipment, (500, 1_400), accept);
        let other = Refusal::OtherReading { counter: "good".into() };
        assert_eq!(bench.command(3_000, &seen).unwrap_err(), other);
    }
    let Command::SettleCount { by, equipment, source, raw, accept, .. } =
        settle(supervisor, equipment, (500, 1_200), true)
    else {
        panic!("another command")
    };
    let former = Command::SettleCount { by, equipment, source, epoch: 7, raw, accept };
    assert!(bench.command(3_000, &former).is_err(), "of another epoch");
    bench.command(3_000, &settle(supervisor, equipment, (500, 1_200), true)).unwrap();
    assert_eq!(bench.engine.plant.machines[&equipment].good, 700);
}

#[test]
fn parts_that_are_accepted_later_are_none_of_the_next_batch() {
    let (mut bench, equipment, supervisor) = holding();
    let (badge, station) = ("1001".to_owned(), bench.reference.stations[0].id);
    bench.command(2_000, &Command::ClockIn { badge, station }).unwrap();
    let anna = bench.reference.people[0].id;
    let start = Command::StartBatch {
        by: anna,
        equipment,
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    bench.command(3_000, &start).unwrap();
    bench.command(4_000, &settle(supervisor, equipment, (500, 1_400), true)).unwrap();
    let machine = &bench.engine.plant.machines[&equipment];
    assert!(machine.batch.is_some());
    assert_eq!(machine.good, 0, "they were made before it began");
    bench.sample(5_000, 0, "good", Value::Whole(1_402));
    assert_eq!(bench.engine.plant.machines[&equipment].good, 2);
}

#[test]
fn a_map_that_moves_a_counter_does_so_though_its_last_reading_is_dropped() {
    let (mut bench, equipment, supervisor) = holding();
    let moved = BTreeSet::from(["good".to_owned()]);
    bench.engine.plant.machines.get_mut(&equipment).unwrap().moved = moved.clone();
    bench.command(2_000, &settle(supervisor, equipment, (500, 1_400), false)).unwrap();
    assert_eq!(bench.engine.plant.machines[&equipment].moved, moved);
    // The register of the new map: were it the old one, it would have been set back.
    let facts = bench.sample(3_000, 0, "good", Value::Whole(9));
    assert!(matches!(&facts[..], [Body::Counted(counted)] if counted.verdict == Verdict::Base));
    assert!(bench.engine.plant.machines[&equipment].moved.is_empty());
}
