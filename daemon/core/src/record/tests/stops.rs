//! What people tell of stops, in every order in which it may come.

use super::*;
use crate::fact::stop::{EventEnded, EventTakenBack, EventTold, ExplanationWithdrawn, Told};

fn told(told: Told, of: &[RecordId], (from, until): (i64, i64)) -> EventTold {
    EventTold {
        told,
        equipment: vec![EquipmentId(id(1))],
        station: None,
        state: MachineState::Stopped,
        from: Micros(from * 1_000_000),
        until: Some(Micros(until * 1_000_000)),
        batches: vec![RecordId(id(3))],
        of: of.to_vec(),
        explained: None,
    }
}

fn archived(rows: &[Row]) -> bool {
    *cell(rows, &tables::MACHINE_EVENTS, "is_archived") == Cell::Bool(true)
}

#[test]
fn a_split_puts_two_events_in_the_place_of_one_until_it_is_taken_back() {
    let terminal = origin(7);
    let [whole, first, second] = [1, 3, 4].map(|seq| terminal.record(seq));
    let part = |from, until| Body::EventTold(told(Told::Part, &[whole], (from, until)));
    let back = |event| Body::EventTakenBack(EventTakenBack { event, of: vec![whole], why: None });
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Stopped, 10, None))),
        (terminal, fact(2, 70, stop(MachineState::Running, 70, Some(whole)))),
        (terminal, fact(3, 80, part(10, 40))),
        (terminal, fact(4, 80, part(40, 70))),
        (terminal, fact(5, 90, explained(second, "waits for a fitter", 1))),
        (terminal, fact(6, 95, back(first))),
        (terminal, fact(7, 95, back(second))),
    ];
    for some in orders(&facts[..5]) {
        let all = fold(&some);
        let stands = [whole, first, second].map(|id| !archived(&all[&id]));
        assert_eq!(stands, [false, true, true]);
        let rows = &all[&second];
        assert!(rows.iter().all(|row| row.cells.len() == row.table.columns.len()));
        assert_eq!(*cell(rows, &tables::MACHINE_EVENTS, "source"), Cell::Word("operator"));
        let minutes = cell(rows, &tables::MACHINE_EVENTS, "duration_minutes");
        assert_eq!(*minutes, Cell::Decimal("0.5000".into()));
        assert!(rows.iter().all(|row| *row.table != tables::MACHINE_STATES), "it stood, once");
        assert_eq!(*cell(rows, &tables::STOP_EXPLANATIONS, "holds"), Cell::Bool(true));
    }
    for all in orders(&facts[2..]) {
        let all: Vec<_> = facts[..2].iter().cloned().chain(all).collect();
        let all = fold(&all);
        let stands = [whole, first, second].map(|id| !archived(&all[&id]));
        assert_eq!(stands, [true, false, false]);
    }
}

#[test]
fn a_downtime_of_everything_lasts_until_it_is_over_and_then_stands_for_its_stops() {
    let terminal = origin(7);
    let [own, event] = [1, 3].map(|seq| terminal.record(seq));
    let machines = [1, 21, 22].map(|n| EquipmentId(id(n)));
    let began =
        EventTold { until: None, equipment: machines.to_vec(), ..told(Told::Site, &[], (10, 0)) };
    let (until, ran) = (Micros(70_000_000), vec![machines[0]]);
    let ended = Body::EventEnded(EventEnded { event, until, of: vec![own], ran });
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Stopped, 10, None))),
        (terminal, fact(2, 70, stop(MachineState::Running, 70, Some(own)))),
        (terminal, fact(3, 20, Body::EventTold(began))),
        (terminal, fact(4, 70, ended)),
    ];
    let covered = |rows: &[Row]| {
        let links = rows.iter().filter(|row| *row.table == tables::MACHINE_EVENT_EQUIPMENT);
        links.map(|row| row.cells[2].clone()).collect::<Vec<_>>()
    };
    let lasts = fold(&facts[..3]);
    assert_eq!(*cell(&lasts[&event], &tables::MACHINE_EVENTS, "end_ts"), Cell::Null);
    assert_eq!(covered(&lasts[&event]).len(), 3);
    assert!(!archived(&lasts[&own]) && !archived(&lasts[&event]));
    for some in orders(&facts) {
        let all = fold(&some);
        assert!(archived(&all[&own]) && !archived(&all[&event]));
        let rows = &all[&event];
        assert_eq!(*cell(rows, &tables::MACHINE_EVENTS, "end_ts"), Cell::Time(until));
        assert_eq!(*cell(rows, &tables::MACHINE_EVENTS, "equipment_id"), Cell::Uuid(id(21)));
        assert_eq!(covered(rows), [Cell::Uuid(id(21)), Cell::Uuid(id(22))], "not what ran on");
    }
}

#[test]
fn a_blind_time_gets_a_state_of_its_own_and_loses_it_when_taken_back() {
    let terminal = origin(7);
    let [blind, said] = [1, 3].map(|seq| terminal.record(seq));
    let ran = EventTold { state: MachineState::Running, ..told(Told::Blind, &[blind], (10, 70)) };
    let back = Body::EventTakenBack(EventTakenBack { event: said, of: vec![], why: None });
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Unknown, 10, None))),
        (terminal, fact(2, 70, stop(MachineState::Running, 70, Some(blind)))),
        (terminal, fact(3, 80, Body::EventTold(ran))),
        (terminal, fact(4, 90, back)),
    ];
    let all = fold(&facts[..3]);
    let rows = &all[&said];
    assert_eq!(rows.len(), 1, "a run is no event");
    let state = |column| cell(rows, &tables::MACHINE_STATES, column).clone();
    assert_eq!(state("state"), Cell::Text("running".into()));
    assert_eq!(state("source"), Cell::Word("operator"));
    assert_eq!(state("duration_seconds"), Cell::Decimal("60.0000".into()));
    let unseen = cell(&all[&blind], &tables::MACHINE_STATES, "state");
    assert_eq!(*unseen, Cell::Text("unknown".into()), "nobody saw it");
    for facts in orders(&facts) {
        let all = fold(&facts);
        let superseded = cell(&all[&said], &tables::MACHINE_STATES, "superseded_by");
        assert_eq!(*superseded, Cell::Uuid(blind.0));
    }
}

#[test]
fn an_event_of_several_machines_has_many_links() {
    let terminal = origin(7);
    let record = terminal.record(1);
    let event = EventTold {
        equipment: [1, 2, 5].map(|n| EquipmentId(id(n))).to_vec(),
        batches: [3, 4].map(|n| RecordId(id(n))).to_vec(),
        ..told(Told::Shared, &[RecordId(id(8)), RecordId(id(9))], (10, 70))
    };
    let rows = fold(&[(terminal, fact(1, 80, Body::EventTold(event)))])[&record].clone();
    let count = |table| rows.iter().filter(|row| *row.table == table).count();
    assert_eq!(count(tables::MACHINE_EVENTS), 1);
    assert_eq!(count(tables::MACHINE_EVENT_EQUIPMENT), 3);
    assert_eq!(count(tables::EVENT_BATCH_LINKS), 2);
}

#[test]
fn what_is_withdrawn_does_not_hold_and_is_not_forgotten() {
    let terminal = origin(7);
    let record = terminal.record(1);
    let withdrawn = ExplanationWithdrawn { stop: record, origin: terminal, seq: 3, why: None };
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Stopped, 10, None))),
        (terminal, fact(2, 20, explained(record, "jam", 1))),
        (terminal, fact(3, 30, explained(record, "no material", 1))),
        (terminal, fact(4, 40, Body::ExplanationWithdrawn(withdrawn))),
    ];
    for facts in orders(&facts) {
        let all = fold(&facts);
        let rows = &all[&record];
        let label = cell(rows, &tables::MACHINE_EVENTS, "reason_label");
        assert_eq!(*label, Cell::Text("jam".into()));
        let said: Vec<_> = rows
            .iter()
            .filter(|row| *row.table == tables::STOP_EXPLANATIONS)
            .map(|row| (row.cells[4].clone(), row.cells[11].clone(), row.cells[12].clone()))
            .collect();
        let text = |text: &str| Cell::Text(text.into());
        let expect = [
            (text("no material"), Cell::Bool(true), Cell::Bool(false)),
            (text("jam"), Cell::Bool(false), Cell::Bool(true)),
        ];
        assert_eq!(said, expect);
    }
}
