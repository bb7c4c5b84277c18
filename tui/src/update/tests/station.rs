//! A terminal that serves several stations: one is chosen, and what people do there belongs to it.

use kart_core::{
    fact::call::Help,
    id::StationId,
    reference::{Reference, Station},
};
use uuid::Uuid;

use super::*;
use crate::model::Screen;

const PACKING: StationId = StationId(Uuid::from_u128(602));

/// The presses at one station with Anna, the packer at another with Ben; the terminal stands at none.
fn two() -> kart_api::View {
    let mut view = view();
    view.terminal.station = None;
    let reference: &mut Reference = view.reference.as_mut().unwrap();
    let cell = &mut reference.stations[0];
    cell.machines = vec![PRESS, STOPPED];
    let packing = Station {
        id: PACKING,
        code: "ST-30".into(),
        name: "Packing".into(),
        machines: vec![PACKER],
        ..cell.clone()
    };
    reference.stations.push(packing);
    let anna = view.people[0].clone();
    view.people.push(Present { user: BEN, name: "Ben Okafor".into(), station: PACKING, ..anna });
    view
}

fn shown(model: &Model) -> Vec<&str> {
    model.machines().into_iter().map(|machine| machine.code.as_str()).collect()
}

#[test]
fn a_key_goes_through_the_stations_and_all_of_them() {
    let mut model = screen(two());
    assert_eq!(shown(&model), ["EQ-211", "EQ-212", "PK-31"]);
    assert_eq!(model.who().key(), None, "two people could be meant");
    press(&mut model, "<tab>");
    assert_eq!((shown(&model), model.station()), (vec!["EQ-211", "EQ-212"], Some(STATION)));
    assert_eq!(model.who().key(), Some(ANNA));
    press(&mut model, "<tab>");
    assert_eq!((shown(&model), model.station()), (vec!["PK-31"], Some(PACKING)));
    assert_eq!((model.selected, model.who().key()), (Some(PACKER), Some(BEN)));
    press(&mut model, "1");
    assert_eq!(model.selected, Some(PACKER), "digits count the machines that are shown");
    press(&mut model, "<tab>");
    assert_eq!((shown(&model).len(), model.chosen), (3, None));
    // One station is no choice, and no key for it is offered.
    let mut one = screen(view());
    assert!(!one.means(Cmd::Next));
    press(&mut one, "<tab>");
    assert_eq!(one.chosen, None);
}

#[test]
fn what_is_done_at_the_chosen_station_belongs_to_it() {
    let mut view = two();
    view.people.remove(1);
    let mut model = screen(view);
    press(&mut model, "<tab> <tab>");
    scan(&mut model, "1002");
    let effects = press(&mut model, "<enter>");
    let expected = Command::ClockIn { badge: "1002".into(), station: PACKING };
    assert_eq!(sent(&effects), Some(&expected));

    let mut model = screen(two());
    press(&mut model, "<tab> <tab> s");
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!((form.machine, form.who.key()), (PACKER, Some(BEN)));
    press(&mut model, "<esc> a <down>");
    let Some(Screen::Talk(_)) = model.screens.last() else { panic!("no form") };
    match sent(&press(&mut model, "1 <enter>")) {
        Some(Command::CallHelp { station, kind: Help::Maintenance, .. }) => {
            assert_eq!(*station, Some(PACKING));
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_station_that_goes_is_chosen_no_more() {
    let mut model = screen(two());
    press(&mut model, "<tab> <tab>");
    let mut reference = two().reference.unwrap();
    reference.stations.truncate(1);
    delta(&mut model, 2, |delta| delta.reference = Some(reference));
    assert_eq!((model.chosen, shown(&model).len()), (None, 3));
}
