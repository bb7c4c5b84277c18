//! The hours of others: who may put them right, and what follows from it here.

use super::*;
use crate::{
    command::{AddLabor, AmendLabor},
    fact::correction::Amendment,
    id::UserId,
};

const HOUR: i64 = 3_600_000;

/// Anna is an operator, Ben a supervisor.
const ANNA: &str = "1001";
const BEN: &str = "1002";

fn user(bench: &Bench, badge: &str) -> UserId {
    bench.reference.person_by_badge(badge).unwrap().id
}

fn clock_in(bench: &mut Bench, millis: i64, badge: &str) -> RecordId {
    let station = bench.reference.stations[0].id;
    bench.command(millis, &Command::ClockIn { badge: badge.into(), station }).unwrap()
}

fn amend(bench: &Bench, entry: RecordId, (by, of): (&str, &str), after: Amendment) -> AmendLabor {
    AmendLabor {
        badge: by.into(),
        user: user(bench, of),
        entry,
        before: Amendment::default(),
        after,
        reason: Some("clock-out was forgotten".into()),
    }
}

fn until(millis: i64) -> Amendment {
    Amendment { until: Some(stamp(millis).wall_us), ..Amendment::default() }
}

#[test]
fn nobody_puts_hours_right_who_may_not_and_nobody_their_own() {
    let mut bench = Bench::new();
    let entry = clock_in(&mut bench, 0, ANNA);
    let ask = |bench: &mut Bench, amend: AmendLabor| {
        bench.command(9 * HOUR, &Command::AmendLabor(Box::new(amend)))
    };
    let asked = amend(&bench, entry, (ANNA, BEN), until(8 * HOUR));
    assert!(matches!(ask(&mut bench, asked), Err(Refusal::MayNotAgree { .. })));
    let asked = amend(&bench, entry, (BEN, BEN), until(8 * HOUR));
    assert!(matches!(ask(&mut bench, asked), Err(Refusal::OwnRecord { .. })));
    let right = amend(&bench, entry, (BEN, ANNA), until(8 * HOUR));
    let silent = AmendLabor { reason: Some("  ".into()), ..right.clone() };
    assert!(matches!(ask(&mut bench, silent), Err(Refusal::WhyNeeded)));
    let same = AmendLabor { before: right.after.clone(), ..right.clone() };
    assert!(matches!(ask(&mut bench, same), Err(Refusal::NothingChanged)));
    let late = AmendLabor { after: until(10 * HOUR), ..right.clone() };
    assert!(matches!(ask(&mut bench, late), Err(Refusal::OutOutside { .. })));
    let other = Amendment { good: Some(1), ..until(8 * HOUR) };
    let parts = AmendLabor { after: other, ..right.clone() };
    assert!(matches!(ask(&mut bench, parts), Err(Refusal::BadValue { .. })));
    ask(&mut bench, right).unwrap();
    assert!(bench.engine.plant.labor.is_empty(), "she left by what was told");
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn an_edit_ends_the_time_on_batches_too_and_what_is_added_is_here() {
    let mut bench = Bench::new();
    let entry = clock_in(&mut bench, 0, ANNA);
    let start = Command::StartBatch {
        by: user(&bench, ANNA),
        equipment: bench.equipment(0),
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    let batch = bench.command(1_000, &start).unwrap();
    let void = Amendment { void: Some(true), ..Amendment::default() };
    let amend = amend(&bench, entry, (BEN, ANNA), void);
    bench.command(HOUR, &Command::AmendLabor(Box::new(amend))).unwrap();
    assert!(bench.engine.plant.batches[&batch].operators.is_empty());
    let add = AddLabor {
        badge: BEN.into(),
        user: user(&bench, ANNA),
        station: bench.reference.stations[0].id,
        kind: None,
        from: stamp(HOUR / 2).wall_us,
        until: None,
        reason: Some("badge was at home".into()),
    };
    let add = Command::AddLabor(Box::new(add));
    let added = bench.command(HOUR, &add).unwrap();
    let presence = &bench.engine.plant.labor[&user(&bench, ANNA)];
    assert_eq!((presence.entry, presence.since.at.wall_us), (added, stamp(HOUR / 2).wall_us));
    assert!(matches!(bench.command(HOUR, &add), Err(Refusal::AlreadyClockedIn { .. })));
    bench.command(2 * HOUR, &Command::ClockOut { badge: ANNA.into() }).unwrap();
    assert_eq!(bench.replayed(), bench.engine.plant);
}
