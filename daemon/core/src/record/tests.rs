//! Facts in, rows out; and the promise that the order between terminals does not matter.

use super::*;
use crate::{
    fact::{
        BatchStarted, Draft,
        replay::{Event, Rederived},
    },
    id::{EquipmentId, Incarnation, ProductId, ReasonId, StationId, TerminalId, UserId},
    machine::MachineState,
    row::{Cell, Table},
    time::{Boot, Micros, Stamp},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn origin(n: u128) -> Origin {
    Origin { terminal: TerminalId(id(n)), incarnation: Incarnation(1) }
}

fn tenant() -> Tenant {
    Tenant { organization: "o".into(), site: SiteId(id(99)) }
}

fn stamp(second: i64) -> Stamp {
    Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 }
}

fn fact(seq: u64, second: i64, body: Body) -> Fact {
    let boot = Boot("b".into());
    let draft = Draft { at: stamp(second), boot, by: None, key: None, body, texts: vec![] };
    draft.seal(seq)
}

fn stop(state: MachineState, second: i64, ends: Option<RecordId>) -> Body {
    Body::StateChanged {
        equipment: EquipmentId(id(1)),
        station: Some(StationId(id(2))),
        state,
        from: stamp(second),
        ends,
        rule: "r".into(),
        map: "m".into(),
        batch: Some(RecordId(id(3))),
        detail: crate::fact::machine::Detail::default(),
    }
}

fn explained(record: RecordId, label: &str, rank: u8) -> Body {
    Body::StopExplained {
        stop: record,
        reason: ReasonId(id(5)),
        label: label.into(),
        group_type: "unplanned".into(),
        rank,
        comment: None,
        choice: None,
    }
}

/// Folds all facts and returns the rows of all records.
fn fold(facts: &[(Origin, Fact)]) -> BTreeMap<RecordId, Vec<Row>> {
    let mut records: BTreeMap<RecordId, Record> = BTreeMap::new();
    for (origin, fact) in facts {
        for touch in touches(*origin, fact, &tenant()) {
            let Touch::Record(record) = touch else { continue };
            let empty = || Record::empty_for(fact).unwrap();
            let state = records.entry(record).or_insert_with(empty);
            assert!(state.apply(record, *origin, fact));
            let text = serde_json::to_string(state).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), *state);
        }
    }
    records.into_iter().map(|(id, record)| (id, record.rows(id, &tenant()))).collect()
}

fn cell<'r>(rows: &'r [Row], table: &Table, column: &str) -> &'r Cell {
    let row = rows.iter().find(|row| row.table == table).unwrap();
    &row.cells[table.columns.iter().position(|name| *name == column).unwrap()]
}

#[test]
fn every_row_has_the_columns_of_its_table() {
    let terminal = origin(7);
    let record = terminal.record(1);
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Stopped, 10, None))),
        (terminal, fact(2, 70, stop(MachineState::Running, 70, Some(record)))),
        (terminal, fact(3, 80, explained(record, "jam", 1))),
    ];
    let all = fold(&facts);
    let rows = &all[&record];
    assert!(rows.iter().all(|row| row.cells.len() == row.table.columns.len()));
    let minutes = cell(rows, &tables::MACHINE_EVENTS, "duration_minutes");
    assert_eq!(*minutes, Cell::Decimal("1.0000".into()));
    assert_eq!(*cell(rows, &tables::MACHINE_EVENTS, "reason_label"), Cell::Text("jam".into()));
    assert_eq!(*cell(rows, &tables::EVENT_BATCH_LINKS, "batch_event_id"), Cell::Uuid(id(3)));
    // The running interval is no downtime.
    assert_eq!(all[&terminal.record(2)].len(), 1);
}

#[test]
fn a_person_of_higher_rank_decides_the_reason() {
    let terminal = origin(7);
    let record = terminal.record(1);
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Stopped, 10, None))),
        (terminal, fact(2, 20, explained(record, "supervisor's", 3))),
        (terminal, fact(3, 30, explained(record, "operator's", 1))),
    ];
    let label = fold(&facts)[&record].clone();
    let expect = Cell::Text("supervisor's".into());
    assert_eq!(*cell(&label, &tables::MACHINE_EVENTS, "reason_label"), expect);
}

fn rederived(record: Option<RecordId>, until: Option<i64>) -> Body {
    let micros = |second: i64| Micros(second * 1_000_000);
    let now = until.map(|until| Event {
        station: None,
        state: MachineState::Stopped,
        from: micros(10),
        until: micros(until),
        rule: "r".into(),
        map: "m2".into(),
        batch: None,
        detail: crate::fact::machine::Detail::default(),
    });
    let equipment = EquipmentId(id(1));
    Body::Rederived(Rederived { equipment, record, now, instead: None, explained: None })
}

/// All orders in which facts may arrive.
fn orders<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    if all.is_empty() {
        return vec![vec![]];
    }
    let with = |place: usize| {
        let mut rest = all.to_vec();
        let first = rest.remove(place);
        orders(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..all.len()).flat_map(with).collect()
}

#[test]
fn what_a_replay_found_can_be_taken_back() {
    let terminal = origin(7);
    let record = terminal.record(1);
    let facts = [
        (terminal, fact(1, 100, rederived(None, Some(70)))),
        (terminal, fact(2, 200, rederived(Some(record), Some(40)))),
        (terminal, fact(3, 300, rederived(Some(record), None))),
    ];
    assert_eq!(
        *cell(&fold(&facts[..2])[&record], &tables::MACHINE_STATES, "duration_seconds"),
        Cell::Decimal("30.0000".into())
    );
    for facts in orders(&facts) {
        let all = fold(&facts);
        let rows = &all[&record];
        let none = Cell::Decimal("0.0000".into());
        assert_eq!(*cell(rows, &tables::MACHINE_STATES, "duration_seconds"), none);
        assert_eq!(*cell(rows, &tables::MACHINE_STATES, "superseded_by"), Cell::Uuid(record.0));
        assert_eq!(*cell(rows, &tables::MACHINE_EVENTS, "is_archived"), Cell::Bool(true));
    }
}

#[test]
fn of_two_replays_the_later_in_the_log_holds_whatever_the_clock_said() {
    let (terminal, other) = (origin(7), origin(8));
    let record = terminal.record(1);
    // The clock was put back before the second replay; the other terminal is behind both.
    let facts = [
        (terminal, fact(1, 10, stop(MachineState::Stopped, 10, None))),
        (terminal, fact(2, 500, rederived(Some(record), Some(70)))),
        (terminal, fact(3, 200, rederived(Some(record), Some(40)))),
        (other, fact(1, 100, rederived(Some(record), Some(50)))),
    ];
    for facts in orders(&facts) {
        let all = fold(&facts);
        let seconds = cell(&all[&record], &tables::MACHINE_STATES, "duration_seconds");
        assert_eq!(*seconds, Cell::Decimal("30.0000".into()));
    }
}

#[test]
fn a_batch_knows_who_worked_on_it_and_when() {
    let terminal = origin(7);
    let batch = terminal.record(1);
    let (anna, ben) = (UserId(id(21)), UserId(id(22)));
    let started = BatchStarted {
        equipment: EquipmentId(id(1)),
        station: None,
        product: ProductId(id(4)),
        number: "B-1".into(),
        work_order: None,
        target: Some(5),
        from: stamp(10),
        operators: vec![anna],
        lease: None,
        special: Default::default(),
    };
    let completed = Body::BatchCompleted {
        batch,
        good: 4,
        scrap: 1,
        scrap_reason: None,
        counted_good: 4,
        counted_scrap: 1,
        scrapped: vec![],
        rework: 0,
    };
    let facts = [
        (terminal, fact(1, 10, Body::BatchStarted(started))),
        (terminal, fact(2, 20, Body::BatchJoined { batch, user: ben })),
        (terminal, fact(3, 30, Body::BatchLeft { batch, user: anna, at: None })),
        (terminal, fact(4, 40, Body::BatchJoined { batch, user: anna })),
        (terminal, fact(5, 50, completed)),
    ];
    let rows = fold(&facts)[&batch].clone();
    assert_eq!(*cell(&rows, &tables::BATCH_DETAILS, "total_parts"), Cell::Int(5));
    assert_eq!(*cell(&rows, &tables::BATCH_DETAILS, "status"), Cell::Text("completed".into()));
    let people: Vec<(&Cell, &Cell, &Cell)> = rows
        .iter()
        .filter(|row| *row.table == tables::BATCH_OPERATORS)
        .map(|row| (&row.cells[2], &row.cells[3], &row.cells[4]))
        .collect();
    let time = |second: i64| Cell::Time(Micros(second * 1_000_000));
    let expect = [
        (&Cell::Uuid(anna.0), &time(10), &time(30)),
        (&Cell::Uuid(ben.0), &time(20), &time(50)),
        (&Cell::Uuid(anna.0), &time(40), &time(50)),
    ];
    assert_eq!(people, expect);
}

#[test]
fn a_wall_clock_put_back_turns_no_labor_round() {
    let terminal = origin(7);
    let entry = terminal.record(1);
    let user = UserId(id(21));
    let station = StationId(id(2));
    let mut out = fact(2, 1_000, Body::ClockedOut { user, entry });
    out.at.wall_us = Micros(out.at.wall_us.0 - 3_600_000_000);
    let facts = [(terminal, fact(1, 100, Body::ClockedIn { user, station })), (terminal, out)];
    let rows = fold(&facts)[&entry].clone();
    let end = Cell::Time(Micros(1_000_000_000));
    assert_eq!(*cell(&rows, &tables::LABOR_ENTRIES, "end_ts"), end);
}

proptest! {
    /// Facts of one terminal stay in order; facts of different terminals interleave at will.
    #[test]
    fn the_order_between_terminals_does_not_matter(
        picks in prop::collection::vec(any::<bool>(), 12),
        ranks in prop::collection::vec((0..4_u8, 0..50_i64), 6),
    ) {
        let (a, b) = (origin(7), origin(8));
        let record = a.record(1);
        let mut left = vec![(a, fact(1, 10, stop(MachineState::Stopped, 10, None)))];
        let mut right = Vec::new();
        for (n, (rank, second)) in ranks.iter().enumerate() {
            let label = format!("{n}");
            let seq = u64::try_from(n).unwrap() + 2;
            let (origin, side) = if n % 2 == 0 { (a, &mut left) } else { (b, &mut right) };
            side.push((origin, fact(seq, *second, explained(record, &label, *rank))));
        }
        left.push((a, fact(9, 70, stop(MachineState::Running, 70, Some(record)))));
        let straight: Vec<_> = left.iter().chain(&right).cloned().collect();
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        let mut mixed = Vec::new();
        for pick in picks {
            let next = if pick { left.next().or_else(|| right.next()) }
                       else { right.next().or_else(|| left.next()) };
            mixed.extend(next);
        }
        mixed.extend(left);
        mixed.extend(right);
        prop_assert_eq!(fold(&mixed), fold(&straight));
    }
}

mod clock;
mod stops;
mod words;
