//! What sayings add up to, in the nights when clocks are changed too.

use super::*;
use crate::{
    fact::{
        Draft,
        correction::Corrected,
        labor::{LaborAdded, LaborAmended, LaborDeclined, OutMissed, OutTold, PunchUndone, Stood},
    },
    id::{Incarnation, SiteId, TerminalId},
    row::Cell,
    time::{Boot, Stamp},
};
use uuid::Uuid;

const ANNA: UserId = UserId(Uuid::from_u128(1));
const STATION: StationId = StationId(Uuid::from_u128(2));

fn origin() -> Origin {
    Origin { terminal: TerminalId(Uuid::from_u128(7)), incarnation: Incarnation(1) }
}

fn entry() -> RecordId {
    origin().record(1)
}

fn at(text: &str) -> Micros {
    Micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn fact(seq: u64, text: &str, body: Body) -> Fact {
    let wall_us = at(text);
    let stamp = Stamp { wall_us, mono_us: wall_us.0 };
    let boot = Boot("b".into());
    Draft { at: stamp, boot, by: Some(ANNA), key: None, body, texts: vec![] }.seal(seq)
}

fn clocked_in(text: &str) -> Fact {
    fact(1, text, Body::ClockedIn { user: ANNA, station: STATION })
}

fn out() -> Body {
    Body::ClockedOut { user: ANNA, entry: entry() }
}

fn undone(punch: Punched) -> Body {
    Body::PunchUndone(PunchUndone { user: ANNA, entry: entry(), punch })
}

fn rows(facts: &[Fact]) -> Vec<Row> {
    // Whatever the order in which they arrive.
    let fold = |facts: &mut dyn Iterator<Item = &Fact>| {
        let mut labor = Labor::default();
        facts.for_each(|fact| assert!(labor.apply(entry(), origin(), fact)));
        let tenant = Tenant { organization: "o".into(), site: SiteId(Uuid::from_u128(9)) };
        labor.rows(entry(), &tenant)
    };
    let rows = fold(&mut facts.iter());
    assert_eq!(fold(&mut facts.iter().rev()), rows);
    assert!(rows.iter().all(|row| row.cells.len() == row.table.columns.len()));
    rows
}

/// Start, end and source.
fn stands(rows: &[Row]) -> (Cell, Cell, Cell) {
    let cell = |column| rows[0].cell(column).cloned().unwrap();
    (cell("start_ts"), cell("end_ts"), cell("source"))
}

fn kinds(rows: &[Row]) -> Vec<&'static str> {
    let punches = rows.iter().filter(|row| row.table == &tables::PUNCHES);
    let kind = |row: &Row| match row.cells[4] {
        Cell::Word(word) => word,
        _ => "?",
    };
    punches.map(kind).collect()
}

#[test]
fn a_night_shift_lasts_seven_hours_in_spring_and_nine_in_autumn() {
    // 22:00 to 06:00 in Berlin.
    let nights = [
        ("2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z", 7),
        ("2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z", 9),
        ("2026-11-22T21:00:11Z", "2026-11-23T05:00:11Z", 8),
    ];
    for (from, until, hours) in nights {
        let rows = rows(&[clocked_in(from), fact(2, until, out())]);
        let (from, until, source) = stands(&rows);
        assert_eq!(source, Cell::Text("terminal".into()));
        let (Cell::Time(from), Cell::Time(until)) = (from, until) else { panic!("{rows:?}") };
        assert_eq!(until.0 - from.0, hours * 3_600_000_000);
    }
}

#[test]
fn a_wrong_badge_took_no_time_and_stays_to_be_seen() {
    let rows = rows(&[
        clocked_in("2026-11-22T09:00:00Z"),
        fact(2, "2026-11-22T09:00:09Z", undone(Punched::Began)),
    ]);
    let (from, until, source) = stands(&rows);
    assert_eq!((from, source), (until, Cell::Text("void".into())));
    assert_eq!(kinds(&rows), ["in", "undone"]);
}

#[test]
fn an_end_taken_back_is_none_until_the_next_one() {
    let mut facts = vec![
        clocked_in("2026-11-22T05:00:00Z"),
        fact(2, "2026-11-22T09:00:00Z", out()),
        fact(3, "2026-11-22T09:00:30Z", undone(Punched::Ended)),
    ];
    assert_eq!(stands(&rows(&facts)).1, Cell::Null);
    facts.push(fact(4, "2026-11-22T13:00:00Z", out()));
    let rows = rows(&facts);
    assert_eq!(stands(&rows).1, Cell::Time(at("2026-11-22T13:00:00Z")));
    assert_eq!(kinds(&rows), ["in", "out", "undone", "out"]);
}

#[test]
fn a_missing_end_is_provisional_until_it_is_told() {
    let proposed = Some(at("2026-11-22T13:01:40Z"));
    let mut facts = vec![
        clocked_in("2026-11-22T05:00:00Z"),
        fact(
            2,
            "2026-11-22T15:30:00Z",
            Body::OutMissed(OutMissed {
                user: ANNA,
                entry: entry(),
                proposed,
                evidence: Evidence::TakenOver,
            }),
        ),
    ];
    let (_, until, source) = stands(&rows(&facts));
    assert_eq!((until, source), (Cell::Null, Cell::Text("missing_out".into())));
    let until = at("2026-11-22T13:01:40Z");
    let told = OutTold { user: ANNA, entry: entry(), until, proposed, reason: None };
    facts.push(fact(3, "2026-11-23T05:00:00Z", Body::OutTold(told)));
    let stood = Stood { entry: entry(), from: at("2026-11-22T05:00:00Z"), until: Some(until) };
    let confirmed = LaborConfirmed { user: ANNA, entries: vec![stood] };
    facts.push(fact(4, "2026-11-23T05:01:00Z", Body::LaborConfirmed(confirmed)));
    let told = rows(&facts);
    assert_eq!(stands(&told).1, Cell::Time(until));
    assert_eq!(stands(&told).2, Cell::Text("told".into()));
    assert_eq!(kinds(&told), ["in", "missing_out", "told_out", "confirmed"]);
    // A supervisor's word stands above all of that.
    let until = at("2026-11-22T13:30:00Z");
    let corrected = Corrected {
        record: entry(),
        kind: Correctable::Labor,
        rank: 3,
        reason: None,
        before: Amendment::default(),
        after: Amendment { until: Some(until), ..Amendment::default() },
    };
    facts.push(fact(5, "2026-11-23T06:00:00Z", Body::Corrected(corrected)));
    let corrected = rows(&facts);
    assert_eq!(stands(&corrected).1, Cell::Time(until));
    assert_eq!(kinds(&corrected).last(), Some(&"corrected"));
}

fn amended(before: Amendment, after: Amendment, rank: u8) -> Body {
    let (entry, user) = (entry(), ANNA);
    Body::LaborAmended(LaborAmended { entry, user, rank, reason: None, before, after })
}

#[test]
fn an_edit_at_the_terminal_stands_beside_what_was_punched() {
    let until = |text: &str| Amendment { until: Some(at(text)), ..Amendment::default() };
    let (punched, edited) = (until("2026-11-22T13:40:00Z"), until("2026-11-22T13:10:00Z"));
    let mut facts = vec![
        clocked_in("2026-11-22T05:00:00Z"),
        fact(2, "2026-11-22T13:40:00Z", out()),
        fact(3, "2026-11-22T14:00:00Z", amended(punched, edited.clone(), 2)),
    ];
    let told = rows(&facts);
    assert_eq!(stands(&told).1, Cell::Time(at("2026-11-22T13:10:00Z")));
    assert_eq!(kinds(&told), ["in", "out", "amended"], "once, and what was punched is there");
    let line = told.iter().rfind(|row| row.table == &tables::PUNCHES).unwrap();
    let before = line.cell("before_until_ts").cloned();
    assert_eq!(before, Some(Cell::Time(at("2026-11-22T13:40:00Z"))));
    // Somebody of a higher role decides otherwise, and that it never was.
    let other = Amendment { until: Some(at("2026-11-22T13:20:00Z")), ..Amendment::default() };
    facts.push(fact(4, "2026-11-22T15:00:00Z", amended(edited.clone(), other, 3)));
    facts.push(fact(5, "2026-11-22T16:00:00Z", amended(Amendment::default(), edited, 2)));
    assert_eq!(stands(&rows(&facts)).1, Cell::Time(at("2026-11-22T13:20:00Z")));
    let void = Amendment { void: Some(true), ..Amendment::default() };
    facts.push(fact(6, "2026-11-22T17:00:00Z", amended(Amendment::default(), void, 3)));
    let (from, until, source) = stands(&rows(&facts));
    assert_eq!((from, source), (until, Cell::Text("void".into())));
}

#[test]
fn what_nobody_punched_begins_and_ends_as_it_was_told() {
    let added = |until: Option<&str>| {
        Body::LaborAdded(LaborAdded {
            user: ANNA,
            station: STATION,
            kind: None,
            from: at("2026-11-22T05:00:00Z"),
            until: until.map(at),
            rank: 3,
            reason: None,
        })
    };
    let whole = rows(&[fact(1, "2026-11-23T08:00:00Z", added(Some("2026-11-22T13:00:00Z")))]);
    let wanted = (at("2026-11-22T05:00:00Z"), at("2026-11-22T13:00:00Z"));
    assert_eq!(stands(&whole).0, Cell::Time(wanted.0));
    assert_eq!(stands(&whole).1, Cell::Time(wanted.1));
    assert_eq!((stands(&whole).2, kinds(&whole)), (Cell::Text("added".into()), vec!["added"]));
    // They are still here, and clock out by themselves.
    let open = rows(&[
        fact(1, "2026-11-22T08:00:00Z", added(None)),
        fact(2, "2026-11-22T13:30:00Z", out()),
        fact(
            3,
            "2026-11-22T14:00:00Z",
            Body::LaborDeclined(LaborDeclined { entry: entry(), user: ANNA, reason: None }),
        ),
    ]);
    assert_eq!(stands(&open).1, Cell::Time(at("2026-11-22T13:30:00Z")));
    assert_eq!(kinds(&open), ["added", "out", "declined"]);
}
