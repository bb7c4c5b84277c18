//! The card that crews hand to each other: it covers no form, and no stray Enter signs it.

use kart_api::Handover;
use kart_core::{fact::note::Card, id::RecordId};
use uuid::Uuid;

use super::*;
use crate::fixture::{ago, rest};

const CARD: RecordId = RecordId(Uuid::from_u128(8001));

/// A plant where Anna left a card and nobody is clocked in.
fn waiting() -> Model {
    let mut view = view();
    view.people.clear();
    view.open.handovers.push(Handover {
        id: CARD,
        station: "ST-21".into(),
        user: Some(ANNA),
        by: Some("Anna Fischer".into()),
        at_us: ago(900),
        card: Card { stops: 0, incidents: 0, calls: 0, waiting: 0, batches: vec![] },
        text: None,
    });
    screen(view)
}

#[test]
fn a_second_enter_at_clocking_in_signs_nothing() {
    let mut model = waiting();
    scan(&mut model, "1002");
    press(&mut model, "<enter>");
    answer(&mut model, "key-1", saved(Some(BEN)));
    assert_eq!(model.place(), Place::Take);
    assert!(press(&mut model, "<enter>").is_empty(), "it cannot have been read yet");
    rest(&mut model);
    let effects = press(&mut model, "<enter>");
    assert_eq!(sent(&effects), Some(&Command::TakeHandover { by: BEN, handover: CARD }));
}

#[test]
fn the_card_covers_no_form_and_waits_in_the_log() {
    let mut model = waiting();
    scan(&mut model, "1002");
    press(&mut model, "<enter> <esc> n n w o r n");
    assert_eq!(model.place(), Place::Note);
    answer(&mut model, "key-1", saved(Some(BEN)));
    assert_eq!(model.place(), Place::Note);
    press(&mut model, "<esc> h");
    assert_eq!(model.place(), Place::Take);
}

#[test]
fn a_terminal_without_a_station_hands_over_that_of_the_machine() {
    let mut view = view();
    view.terminal.station = None;
    let stations = &mut view.reference.as_mut().unwrap().stations;
    let mut other = stations[0].clone();
    other.id = kart_core::id::StationId(Uuid::from_u128(22));
    other.machines.clear();
    stations.insert(0, other);
    let mut model = screen(view);
    press(&mut model, "1 n h");
    let effects = press(&mut model, "<enter>");
    let Some(Command::GiveHandover { station, .. }) = sent(&effects) else { panic!("{effects:?}") };
    assert_eq!(*station, Some(STATION));
}
