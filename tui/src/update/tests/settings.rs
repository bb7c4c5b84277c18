//! Screens that an organisation hides or opens first, and PINs.

use super::*;
use crate::words::Words;
use kart_api::View;

fn with(change: impl Fn(&mut kart_core::screen::Settings)) -> View {
    let mut view = view();
    change(&mut view.reference.as_mut().unwrap().settings);
    view
}

fn hide(view: &View, word: &str) -> Delta {
    let mut next = view.clone();
    next.number += 1;
    let settings = &mut next.reference.as_mut().unwrap().settings;
    settings.ui_visibility.insert(word.to_owned(), false);
    view.delta(&next).unwrap()
}

#[test]
fn a_hidden_screen_does_not_open_and_says_so() {
    let mut model = screen(with(|settings| {
        settings.flags.insert("stations".into(), false);
        settings.ui_visibility.insert("receipts".into(), false);
    }));
    for key in ["b", "s", "c", "r"] {
        press(&mut model, key);
        assert!(model.screens.is_empty(), "{key}");
        assert_eq!(said(&model), "screen-hidden");
    }
    scan(&mut model, "1002");
    assert!(model.screens.is_empty());
    press(&mut model, "e");
    assert!(!model.screens.is_empty(), "stops are explained everywhere");
}

#[test]
fn a_change_takes_an_open_screen_away() {
    let mut model = screen(view());
    press(&mut model, "r ?");
    assert_eq!(model.screens.len(), 2);
    let delta = hide(model.view.as_ref().unwrap(), "receipts");
    let now = model.now;
    update(&mut model, Msg::Live(LiveEvent::Delta(Box::new(delta))), now);
    assert!(model.screens.is_empty(), "with the help on it");
}

#[test]
fn the_chosen_screen_opens_first_and_only_once() {
    let view = with(|settings| settings.default_home_page = Some("receipts".into()));
    let mut model = screen(view.clone());
    assert!(matches!(model.screens.as_slice(), [Screen::Receipts { .. }]));
    press(&mut model, "<esc>");
    let now = model.now;
    update(&mut model, Msg::Live(LiveEvent::Snapshot(Box::new(view))), now);
    assert!(model.screens.is_empty());
    let unknown = with(|settings| settings.default_home_page = Some("/oee".into()));
    assert!(screen(unknown).screens.is_empty());
}

fn with_pin() -> Model {
    let mut view = view();
    view.people.clear();
    for person in &mut view.reference.as_mut().unwrap().people {
        person.has_pin = person.badge == "1002";
    }
    screen(view)
}

#[test]
fn a_pin_is_asked_for_sent_once_and_never_shown() {
    let mut model = with_pin();
    scan(&mut model, "1002");
    assert!(press(&mut model, "<enter>").is_empty(), "not without a PIN");
    for digit in ["4", "8", "2", "9"] {
        press(&mut model, digit);
    }
    assert_eq!(model.selected, Some(PRESS), "the digits must not select a machine");
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.pin.as_ref().unwrap().raw(), "****");
    let effects = press(&mut model, "<enter>");
    let [Effect::Send(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.pin.as_ref().unwrap().0, "4829");
    assert!(!format!("{effects:?}").contains("4829"));
    let wrong = Refusal::PinWrong { name: "Ben Okafor".into(), left: 4 };
    answer(&mut model, "key-1", Answer::Refused(wrong));
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.pin.as_ref().unwrap().text(), "", "it is typed again");
    let Sending::Refused(why) = &form.sending else { panic!("not refused") };
    let said = Words::new("en").tell(why);
    assert_eq!(said, "This is not the PIN of Ben Okafor. 4 more tries.");
}

#[test]
fn somebody_without_a_pin_is_asked_for_one_when_the_daemon_knows_better() {
    let mut model = alone();
    scan(&mut model, "1002");
    press(&mut model, "<enter>");
    let needed = Refusal::PinNeeded { name: "Ben Okafor".into() };
    answer(&mut model, "key-1", Answer::Refused(needed));
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert!(form.pin.is_some());
}
