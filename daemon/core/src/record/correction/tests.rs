//! Corrections beside facts of the floor, in any order and more than once.

use super::*;
use crate::{
    fact::{
        Draft,
        correction::{Correctable, Corrected},
    },
    id::{EquipmentId, Incarnation, ReasonId, RecordId, SiteId, TerminalId},
    machine::MachineState,
    record::{Record, Tenant, tables},
    row::{Cell, Row, Table},
    time::{Boot, Stamp},
};
use proptest::prelude::*;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn origin(n: u128) -> Origin {
    Origin { terminal: TerminalId(id(n)), incarnation: Incarnation(1) }
}

fn at(second: i64) -> Micros {
    Micros(second * 1_000_000)
}

fn fact(seq: u64, second: i64, body: Body) -> Fact {
    let at = Stamp { wall_us: at(second), mono_us: second * 1_000_000 };
    let by = Some(UserId(id(77)));
    Draft { at, boot: Boot("b".into()), by, key: None, body, texts: vec![] }.seal(seq)
}

fn corrected(kind: Correctable, record: RecordId, rank: u8, after: Amendment) -> Body {
    let before = Amendment::default();
    Body::Corrected(Corrected { record, kind, rank, reason: None, before, after })
}

/// The answer of a terminal to the correction in this fact of headquarters.
fn seen(writer: Origin, told: &Fact) -> Body {
    let Body::Corrected(corrected) = told.fact.clone() else { panic!("a correction") };
    Body::CorrectionSeen(CorrectionSeen {
        correction: id(1),
        origin: writer,
        seq: told.seq,
        made: told.at.wall_us,
        by: told.by,
        corrected,
        here: None,
        seal: None,
    })
}

fn fold(id: RecordId, facts: &[(Origin, Fact)]) -> (Record, Vec<Row>) {
    let mut record = Record::empty_for(&facts[0].1).unwrap();
    for (origin, fact) in facts {
        assert!(record.apply(id, *origin, fact), "{fact:?}");
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
    let tenant = Tenant { organization: "o".into(), site: SiteId(self::id(99)) };
    let rows = record.rows(id, &tenant);
    (record, rows)
}

fn cell<'r>(rows: &'r [Row], table: &Table, column: &str) -> &'r Cell {
    let row = rows.iter().find(|row| row.table == table).unwrap();
    &row.cells[table.columns.iter().position(|name| *name == column).unwrap()]
}

fn reason(label: &str) -> Downtime {
    Downtime { reason: ReasonId(id(5)), label: label.into(), group_type: "unplanned".into() }
}

const FLOOR: u128 = 7;
const HEADQUARTERS: u128 = 8;

fn labor() -> (RecordId, Vec<(Origin, Fact)>) {
    let floor = origin(FLOOR);
    let (user, station) = (UserId(id(1)), StationId(id(2)));
    let entry = floor.record(1);
    let facts = vec![
        (floor, fact(1, 100, Body::ClockedIn { user, station })),
        (floor, fact(2, 900, Body::ClockedOut { user, entry })),
    ];
    (entry, facts)
}

#[test]
fn of_each_field_the_highest_rank_wins_and_among_equals_the_newest() {
    let (entry, mut facts) = labor();
    let until = |second| Amendment { until: Some(at(second)), ..Amendment::default() };
    let moved =
        Amendment { until: Some(at(700)), station: Some(StationId(id(3))), ..Amendment::default() };
    let headquarters = origin(HEADQUARTERS);
    for (seq, second, rank, after) in
        [(1, 5_000, 2, moved), (2, 2_000, 3, until(600)), (3, 1_000, 3, until(500))]
    {
        let body = corrected(Correctable::Labor, entry, rank, after);
        facts.push((headquarters, fact(seq, second, body)));
    }
    let (record, rows) = fold(entry, &facts);
    assert_eq!(*cell(&rows, &tables::LABOR_ENTRIES, "end_ts"), Cell::Time(at(600)));
    assert_eq!(*cell(&rows, &tables::LABOR_ENTRIES, "station_id"), Cell::Uuid(id(3)));
    let standing = record.stands().unwrap();
    assert_eq!((standing.owner, standing.fields.until), (origin(FLOOR), Some(at(600))));
    assert!(standing.check(&until(600), at(9_000)).unwrap_err().contains("already"));
    assert!(standing.check(&until(99), at(9_000)).unwrap_err().contains("before it begins"));
    assert!(standing.check(&until(9_500), at(9_000)).unwrap_err().contains("what will be"));
    let parts = Amendment { good: Some(1), ..Amendment::default() };
    assert!(standing.check(&parts, at(9_000)).unwrap_err().contains("has no number of parts"));
    assert_eq!(standing.check(&until(300), at(9_000)), Ok(()));
    assert_eq!(standing.before(&until(300)), until(600));
}

#[test]
fn void_labor_takes_no_time_and_says_so() {
    let (entry, mut facts) = labor();
    let void = |void| Amendment { void: Some(void), ..Amendment::default() };
    let body = corrected(Correctable::Labor, entry, 3, void(true));
    facts.push((origin(HEADQUARTERS), fact(1, 1_000, body)));
    let (_, rows) = fold(entry, &facts);
    let of = |column| cell(&rows, &tables::LABOR_ENTRIES, column);
    assert_eq!((of("start_ts"), of("end_ts")), (&Cell::Time(at(100)), &Cell::Time(at(100))));
    assert_eq!(*of("source"), Cell::Text("void".into()));

    // And it can be taken back.
    let body = corrected(Correctable::Labor, entry, 3, void(false));
    facts.push((origin(HEADQUARTERS), fact(2, 2_000, body)));
    let (_, rows) = fold(entry, &facts);
    assert_eq!(*cell(&rows, &tables::LABOR_ENTRIES, "end_ts"), Cell::Time(at(900)));
}

/// A stop of ten seconds, explained by somebody of this rank at second 50.
fn stop(rank: u8) -> (RecordId, Vec<(Origin, Fact)>) {
    let floor = origin(FLOOR);
    let changed = |state, second, ends| Body::StateChanged {
        equipment: EquipmentId(id(1)),
        station: Some(StationId(id(2))),
        state,
        from: Stamp { wall_us: at(second), mono_us: second * 1_000_000 },
        ends,
        rule: "r".into(),
        map: "m".into(),
        batch: None,
        detail: crate::fact::machine::Detail::default(),
    };
    let record = floor.record(1);
    let explained = Body::StopExplained {
        stop: record,
        reason: ReasonId(id(4)),
        label: "floor".into(),
        group_type: "planned".into(),
        rank,
        comment: None,
        choice: None,
    };
    let facts = vec![
        (floor, fact(1, 10, changed(MachineState::Stopped, 10, None))),
        (floor, fact(2, 20, changed(MachineState::Running, 20, Some(record)))),
        (floor, fact(3, 50, explained)),
    ];
    (record, facts)
}

#[test]
fn a_reason_from_headquarters_takes_part_in_the_order_of_ranks() {
    let label = |floor_rank, rank, second| {
        let (record, mut facts) = stop(floor_rank);
        let after = Amendment { downtime: Some(reason("office")), ..Amendment::default() };
        let body = corrected(Correctable::Stop, record, rank, after);
        facts.push((origin(HEADQUARTERS), fact(1, second, body)));
        let (_, rows) = fold(record, &facts);
        cell(&rows, &tables::MACHINE_EVENTS, "reason_label").clone()
    };
    assert_eq!(label(1, 3, 10), Cell::Text("office".into()), "a higher role, though earlier");
    assert_eq!(label(3, 3, 60), Cell::Text("office".into()), "equal roles, the newer decision");
    assert_eq!(label(3, 3, 40), Cell::Text("floor".into()), "equal roles, the older decision");
    assert_eq!(label(3, 2, 60), Cell::Text("floor".into()), "a lower role, though later");
}

#[test]
fn the_event_is_corrected_and_the_machine_stays_as_it_was() {
    let (record, mut facts) = stop(1);
    let after = Amendment { from: Some(at(8)), until: Some(at(128)), ..Amendment::default() };
    let body = corrected(Correctable::Stop, record, 3, after);
    facts.push((origin(HEADQUARTERS), fact(1, 900, body)));
    let (_, rows) = fold(record, &facts);
    let minutes = cell(&rows, &tables::MACHINE_EVENTS, "duration_minutes");
    assert_eq!(*minutes, Cell::Decimal("2.0000".into()));
    assert_eq!(*cell(&rows, &tables::MACHINE_STATES, "end_ts"), Cell::Time(at(20)));
}

proptest! {
    /// However facts, corrections and what the terminal makes of them arrive, and how often.
    #[test]
    fn the_order_does_not_matter(
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        twice in 0..9_usize,
    ) {
        let (record, mut facts) = stop(2);
        let headquarters = origin(HEADQUARTERS);
        let amendments = [
            Amendment { downtime: Some(reason("one")), ..Amendment::default() },
            Amendment { until: Some(at(40)), void: Some(true), ..Amendment::default() },
            Amendment { downtime: Some(reason("two")), void: Some(false), ..Amendment::default() },
        ];
        for (n, after) in (1_u8..).zip(amendments) {
            let body = corrected(Correctable::Stop, record, n, after);
            let told = fact(n.into(), i64::from(n) * 100, body);
            facts.push((origin(FLOOR), fact(u64::from(n) + 3, 1_000, seen(headquarters, &told))));
            facts.push((headquarters, told));
        }
        let (_, expected) = fold(record, &facts);
        let mut shuffled: Vec<_> = order.iter().map(|n| facts[*n].clone()).collect();
        shuffled.push(facts[twice].clone());
        let (_, rows) = fold(record, &shuffled);
        prop_assert_eq!(rows, expected);
    }
}
