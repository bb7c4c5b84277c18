//! Tests of notes, incidents and calls as rows: the order between terminals does not matter, and no
//! text is ever in a state.

use super::super::*;
use crate::{
    fact::{
        Commitment, Draft,
        call::{CallAcknowledged, Help, HelpCalled},
        incident::{IncidentOpened, IncidentResolved, Severity, TroubleshootingStarted},
        note::{Card, Category, HandoverGiven, HandoverTaken, NoteWithdrawn, NoteWritten},
    },
    id::{EquipmentId, Incarnation, StationId, TerminalId, UserId},
    row::Table,
    time::{Boot, Micros, Stamp},
};
use std::collections::BTreeMap;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn origin(n: u128) -> Origin {
    Origin { terminal: TerminalId(id(n)), incarnation: Incarnation(1) }
}

fn fact(seq: u64, by: Option<u128>, body: Body) -> Fact {
    let second = i64::try_from(seq).unwrap() * 10_000_000;
    let at = Stamp { wall_us: Micros(second), mono_us: second };
    let by = by.map(|by| UserId(id(by)));
    let boot = Boot("b".into());
    Draft { at, boot, by, key: None, body, texts: vec![] }.seal(seq)
}

fn rows(facts: &[(Origin, Fact)]) -> Vec<Row> {
    let tenant = Tenant { organization: "o".into(), site: SiteId(id(99)) };
    let mut records: BTreeMap<RecordId, Record> = BTreeMap::new();
    for (origin, fact) in facts {
        for touch in touches(*origin, fact, &tenant) {
            let Touch::Record(record) = touch else { continue };
            let state = records.entry(record).or_insert_with(|| Record::empty_for(fact).unwrap());
            assert!(state.apply(record, *origin, fact));
            let text = serde_json::to_string(state).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), *state);
        }
    }
    let rows: Vec<Row> =
        records.iter().flat_map(|(id, record)| record.rows(*id, &tenant)).collect();
    assert!(rows.iter().all(|row| row.cells.len() == row.table.columns.len()));
    rows
}

fn cell(rows: &[Row], table: &Table, column: &str) -> Cell {
    let row = rows.iter().find(|row| row.table == table).unwrap();
    row.cell(column).unwrap().clone()
}

fn committed() -> Option<Commitment> {
    Some(Commitment("0a".into()))
}

#[test]
fn a_note_is_an_event_and_its_words_are_told_by_their_fact() {
    let terminal = origin(7);
    let note = NoteWritten {
        station: Some(StationId(id(2))),
        equipment: None,
        batch: Some(RecordId(id(3))),
        category: Category::Quality,
        text: committed(),
    };
    let rows = rows(&[(terminal, fact(4, Some(11), Body::NoteWritten(note)))]);
    let told = Cell::Told(Told { origin: terminal, seq: 4, field: "text" });
    assert_eq!(cell(&rows, &tables::NOTES_DETAILS, "note_text"), told);
    assert_eq!(cell(&rows, &tables::NOTE_EVENTS, "equipment_id"), Cell::Null);
    assert_eq!(cell(&rows, &tables::EVENT_BATCH_LINKS, "batch_event_id"), Cell::Uuid(id(3)));
}

#[test]
fn a_note_that_is_withdrawn_is_kept_and_archived() {
    let terminal = origin(7);
    let written = NoteWritten {
        station: None,
        equipment: None,
        batch: None,
        category: Category::General,
        text: committed(),
    };
    let withdrawn = NoteWithdrawn { note: terminal.record(4), why: None };
    let written = (terminal, fact(4, Some(11), Body::NoteWritten(written)));
    let withdrawn = (terminal, fact(5, Some(11), Body::NoteWithdrawn(withdrawn)));
    let forward = rows(&[written.clone(), withdrawn.clone()]);
    assert_eq!(forward, rows(&[withdrawn, written.clone()]));
    assert_eq!(cell(&forward, &tables::NOTE_EVENTS, "is_archived"), Cell::Bool(true));
    assert_eq!(forward.len(), rows(&[written]).len(), "nothing of it goes");
}

#[test]
fn a_handover_shows_both_signatures_whatever_came_first() {
    let (here, there) = (origin(7), origin(8));
    let record = here.record(1);
    let card = Card { stops: 2, waiting: 5, ..Card::default() };
    let given = HandoverGiven { station: None, card, text: None };
    let given = (here, fact(1, Some(11), Body::HandoverGiven(given)));
    let taken = HandoverTaken { handover: record };
    let taken = (there, fact(2, Some(12), Body::HandoverTaken(taken)));
    let forward = rows(&[given.clone(), taken.clone()]);
    assert_eq!(forward, rows(&[taken, given]));
    let signed = forward.iter().filter(|row| row.table == &tables::SIGNATURES);
    let signed: Vec<_> = signed.map(|row| row.cell("side").unwrap().clone()).collect();
    assert_eq!(signed, [Cell::Word("leaving"), Cell::Word("coming")]);
    assert_eq!(cell(&forward, &tables::HANDOVERS, "unexplained_stops"), Cell::Int(2));
}

#[test]
fn an_incident_of_machines_and_one_of_a_station_stand_in_their_own_logs() {
    let terminal = origin(7);
    let record = terminal.record(1);
    let opened = |machines| IncidentOpened {
        station: Some(StationId(id(2))),
        machines,
        batches: vec![RecordId(id(3))],
        reason: None,
        label: "guard".into(),
        severity: Severity::Critical,
        comment: committed(),
    };
    let machines = vec![EquipmentId(id(21)), EquipmentId(id(22))];
    let facts = [
        (terminal, fact(1, None, Body::IncidentOpened(opened(machines)))),
        (
            terminal,
            fact(
                2,
                Some(11),
                Body::TroubleshootingStarted(TroubleshootingStarted {
                    incident: record,
                    notes: None,
                }),
            ),
        ),
        (
            terminal,
            fact(
                4,
                Some(12),
                Body::IncidentResolved(IncidentResolved { incident: record, notes: committed() }),
            ),
        ),
    ];
    let told = rows(&facts);
    let event = &tables::INCIDENT_EVENTS;
    assert_eq!(cell(&told, event, "equipment_id"), Cell::Uuid(id(21)));
    assert_eq!(cell(&told, event, "duration_minutes"), Cell::Decimal("0.5000".into()));
    assert_eq!(cell(&told, event, "resolved_by"), Cell::Uuid(id(12)));
    assert_eq!(cell(&told, event, "troubleshooting_notes"), Cell::Null);
    let notes = Cell::Told(Told { origin: terminal, seq: 4, field: "notes" });
    assert_eq!(cell(&told, event, "resolution_notes"), notes);
    let covered = told.iter().filter(|row| row.table == &tables::MACHINE_EVENT_EQUIPMENT);
    assert_eq!(covered.count(), 2);

    let of_station = rows(&[(terminal, fact(1, None, Body::IncidentOpened(opened(vec![]))))]);
    assert!(of_station.iter().all(|row| row.table.name != "oee_machine_events"));
    assert_eq!(cell(&of_station, &tables::STATION_EVENTS, "resolved"), Cell::Bool(false));
    assert_eq!(cell(&of_station, &tables::INCIDENTS, "severity"), Cell::Word("critical"));
}

#[test]
fn a_call_keeps_how_long_it_took_whoever_answered() {
    let (here, there) = (origin(7), origin(8));
    let call = here.record(1);
    let called = HelpCalled { station: None, equipment: None, kind: Help::Material, comment: None };
    let acknowledged = Body::CallAcknowledged(CallAcknowledged { call });
    let rows = rows(&[
        (there, fact(4, Some(12), acknowledged)),
        (here, fact(1, None, Body::HelpCalled(called))),
    ]);
    assert_eq!(cell(&rows, &tables::CALLS, "response_seconds"), Cell::Decimal("30.0000".into()));
    assert_eq!(cell(&rows, &tables::CALLS, "acknowledged_by"), Cell::Uuid(id(12)));
}
