//! Batches that the mirror shows open at another terminal.

use super::*;
use crate::reference::OpenBatch;

const FOREIGN: RecordId = RecordId(Uuid::from_u128(88));

/// A bench whose mirror shows the batch B-7 open on the second machine, at this terminal.
fn bench(terminal: &str) -> Bench {
    let mut bench = Bench::new();
    let mut reference = (*bench.reference).clone();
    reference.work.floor.batches.push(OpenBatch {
        record: FOREIGN,
        number: "B-7".into(),
        product: None,
        machine: reference.machines[1].id,
        station: Some(reference.stations[0].id),
        terminal: Some(terminal.into()),
        from: Micros(0),
        work_order: None,
        target: None,
        operators: vec![reference.people[1].id],
        job: None,
    });
    bench.engine.set_reference(Arc::new(reference));
    let station = bench.reference.stations[0].id;
    bench.command(1, &Command::ClockIn { badge: "1001".into(), station }).unwrap();
    bench
}

fn start(bench: &Bench, number: &str) -> Command {
    Command::StartBatch {
        by: bench.reference.people[0].id,
        equipment: bench.equipment(0),
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: Some(number.into()),
        work_order: None,
        detail: Default::default(),
    }
}

#[test]
fn a_number_that_another_terminal_has_open_is_offered_and_any_other_begins() {
    let mut other = bench("T-08");
    let asked = start(&other, "B-7");
    let refused = other.command(2, &asked).unwrap_err();
    assert!(matches!(refused, Refusal::OpenElsewhere { batch: FOREIGN, .. }), "{refused}");
    let asked = start(&other, "B-8");
    other.command(3, &asked).unwrap();
    // What the mirror has of our own log is no reason: the plant knows better.
    let mut own = bench("T-07");
    let asked = start(&own, "B-7");
    own.command(2, &asked).unwrap();
}

#[test]
fn whoever_joined_a_batch_of_another_terminal_leaves_it_with_the_shift() {
    let mut bench = bench("T-08");
    let [anna, ben] = [0, 1].map(|n| bench.reference.people[n].id);
    let join = |by, batch| Command::JoinBatch { by, batch };
    let unknown = RecordId(Uuid::from_u128(89));
    assert_eq!(bench.command(2, &join(anna, unknown)), Err(Refusal::NoSuchBatch));
    assert_eq!(bench.command(3, &join(anna, FOREIGN)), Ok(FOREIGN));
    assert!(matches!(bench.command(4, &join(anna, FOREIGN)), Err(Refusal::AlreadyOnBatch { .. })));
    assert!(matches!(bench.command(4, &join(ben, FOREIGN)), Err(Refusal::NotClockedIn { .. })));
    bench.command(5, &Command::ClockOut { badge: "1001".into() }).unwrap();
    let left = |fact: &&Fact| matches!(fact.fact, Body::BatchLeft { batch: FOREIGN, user, .. } if user == anna);
    assert_eq!(bench.facts.iter().filter(left).count(), 1);
    assert!(bench.engine.plant.joined.is_empty());
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn nobody_goes_back_to_an_own_batch_that_is_over_though_the_mirror_still_shows_it() {
    let mut bench = bench("T-08");
    let by = bench.reference.people[0].id;
    let asked = start(&bench, "B-9");
    let own = bench.command(2, &asked).unwrap();
    let mut reference = (**bench.engine.reference().unwrap()).clone();
    let shown = OpenBatch {
        record: own,
        number: "B-9".into(),
        terminal: Some("T-07".into()),
        ..reference.work.floor.batches[0].clone()
    };
    reference.work.floor.batches.push(shown);
    bench.engine.set_reference(Arc::new(reference));
    bench.command(3, &Command::JoinBatch { by, batch: FOREIGN }).unwrap();
    let (badge, kind) = ("1001".to_owned(), crate::fact::labor::Inside::Meal);
    bench.command(4, &Command::BeginLabor { badge: badge.clone(), kind }).unwrap();
    let complete = Command::CompleteBatch {
        by,
        batch: own,
        good: 1,
        scrap: 0,
        scrap_reason: None,
        detail: Default::default(),
    };
    bench.command(5, &complete).unwrap();
    bench.command(6, &Command::EndLabor { badge }).unwrap();
    assert_eq!(bench.engine.plant.works_on(by), [FOREIGN]);
    assert_eq!(bench.command(7, &Command::JoinBatch { by, batch: own }), Err(Refusal::NoSuchBatch));
}
