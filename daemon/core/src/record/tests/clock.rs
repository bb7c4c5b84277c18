//! What was told by a wrong clock is, once that is known, what a right one would have told.

use super::*;
use crate::{
    fact::{
        clock::Retimed,
        labor::{Evidence, OutMissed, OutTold},
        stop::{EventTold, Told},
    },
    time::Moment,
};

const LATE: i64 = 7_200;

/// The log of a morning, by a clock that is late by so many seconds.
fn morning(late: i64) -> Vec<Fact> {
    let terminal = origin(7);
    let at = |second: i64| Stamp {
        wall_us: Micros((second + late) * 1_000_000),
        mono_us: second * 1_000_000,
    };
    let bare = |second: i64| at(second).wall_us;
    let by_clock = |mut body: Body, second: i64| {
        if let Body::StateChanged { from, .. } = &mut body {
            *from = at(second);
        }
        body
    };
    let (user, station) = (UserId(id(21)), StationId(id(2)));
    let (stood, entry, batch) = (terminal.record(1), terminal.record(3), terminal.record(6));
    let started = BatchStarted {
        equipment: EquipmentId(id(1)),
        station: None,
        product: ProductId(id(4)),
        number: "B-1".into(),
        work_order: None,
        target: Some(5),
        from: at(70),
        operators: vec![],
        lease: None,
        special: Default::default(),
    };
    let told = EventTold {
        told: Told::Part,
        equipment: vec![EquipmentId(id(1))],
        station: None,
        state: MachineState::Stopped,
        from: bare(10),
        until: Some(bare(40)),
        batches: vec![],
        of: vec![stood],
        explained: None,
    };
    let proposed = Some(Micros(50_000_000_000));
    let missed = OutMissed { user, entry, proposed, evidence: Evidence::ShiftEnd };
    let out = OutTold { user, entry, until: bare(95), proposed: Some(bare(95)), reason: None };
    let bodies = [
        (10, by_clock(stop(MachineState::Stopped, 0, None), 10)),
        (60, by_clock(stop(MachineState::Running, 0, Some(stood)), 55)),
        (61, Body::ClockedIn { user, station }),
        (62, explained(stood, "jam", 1)),
        (65, Body::EventTold(told)),
        (71, Body::BatchStarted(started)),
        (75, Body::BatchJoined { batch, user }),
        (80, Body::BatchPaused { batch }),
        (85, Body::BatchResumed { batch }),
        (90, Body::BatchLeft { batch, user, at: Some(bare(88)) }),
        (92, Body::OutMissed(missed)),
        (96, Body::OutTold(out)),
    ];
    let seal = |(n, (second, body)): (usize, (i64, Body))| Fact {
        at: at(second),
        ..fact(u64::try_from(n).unwrap() + 1, second, body)
    };
    bodies.into_iter().enumerate().map(seal).collect()
}

/// What is said when headquarters has told the time.
fn retimed(facts: &[Fact]) -> Vec<Retimed> {
    let mut wrong = Wrong::new(origin(7), Boot("b".into()), Micros(0), 0);
    assert!(facts.iter().rev().all(|fact| wrong.look(fact)));
    wrong.told().parts()
}

fn log(facts: Vec<Fact>) -> Vec<(Origin, Fact)> {
    facts.into_iter().map(|fact| (origin(7), fact)).collect()
}

#[test]
fn all_rows_of_a_boot_get_corrected_time_and_nothing_else_about_them_changes() {
    let right = fold(&log(morning(0)));
    let mut wrong = morning(LATE);
    assert_ne!(fold(&log(wrong.clone())), right);
    for (n, said) in retimed(&wrong.clone()).into_iter().enumerate() {
        wrong.push(fact(13 + u64::try_from(n).unwrap(), 100, Body::Retimed(said)));
    }
    let amended = fold(&log(wrong));
    assert_eq!(amended.len(), right.len());
    for (record, rows) in &right {
        assert_eq!(&amended[record], rows, "{record}");
    }
}

#[test]
fn a_clock_that_was_right_has_nothing_to_be_told_again() {
    assert_eq!(retimed(&morning(0)), []);
}

#[test]
fn a_second_word_on_the_clock_takes_the_place_of_the_first() {
    let mut facts = morning(LATE);
    let said = retimed(&facts);
    let [said] = &said[..] else { panic!("{said:?}") };
    // At first it was thought to be an hour out.
    let first = Retimed { zero: Micros(3_600_000_000), ..said.clone() };
    facts.push(fact(13, 100, Body::Retimed(first)));
    facts.push(fact(14, 110, Body::Retimed(said.clone())));
    assert_eq!(fold(&log(facts)), fold(&log(morning(0))));
}

#[test]
fn what_another_terminal_says_meanwhile_may_come_in_any_order() {
    let terminal = origin(7);
    let stood = terminal.record(1);
    let facts = [
        (terminal, morning(LATE)[0].clone()),
        (terminal, morning(LATE)[1].clone()),
        (terminal, fact(3, 100, Body::Retimed(retimed(&morning(LATE)[..2])[0].clone()))),
        (origin(8), fact(1, 99, explained(stood, "supervisor's", 3))),
    ];
    for last in 1..4 {
        let mut all = facts.to_vec();
        let other = all.remove(3);
        all.insert(last, other);
        let all = fold(&all);
        let rows = &all[&stood];
        let seconds = cell(rows, &tables::MACHINE_STATES, "duration_seconds");
        assert_eq!(*seconds, Cell::Decimal("45.0000".into()));
        let start = cell(rows, &tables::MACHINE_EVENTS, "start_ts");
        assert_eq!(*start, Cell::Time(Micros(10_000_000)));
        let end = cell(rows, &tables::MACHINE_EVENTS, "end_ts");
        assert_eq!(*end, Cell::Time(Micros(55_000_000)));
        let label = cell(rows, &tables::MACHINE_EVENTS, "reason_label");
        assert_eq!(*label, Cell::Text("supervisor's".into()));
    }
}

#[test]
fn a_state_keeps_its_stamps_in_the_form_in_which_they_are_looked_for() {
    let moment = Moment { at: stamp(3), boot: Boot("b".into()) };
    let moment = serde_json::to_value(moment).unwrap();
    assert_eq!(moment["boot"], "b");
    assert_eq!(
        (&moment["at"]["wall_us"], &moment["at"]["mono_us"]),
        (&3_000_000.into(), &3_000_000.into())
    );
    let of =
        Assertion::of(origin(7), &fact(4, 3, Body::BatchPaused { batch: origin(7).record(1) }));
    let of = serde_json::to_value(of).unwrap();
    assert_eq!((&of["wall_us"], &of["seq"]), (&3_000_000.into(), &4.into()));
    assert_eq!(serde_json::from_value::<Origin>(of["origin"].clone()).unwrap(), origin(7));
    assert_eq!(serde_json::to_value(Evidence::ShiftEnd).unwrap(), "shift_end");
}
