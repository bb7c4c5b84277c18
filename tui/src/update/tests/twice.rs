//! Two things at once: screens on one another that both want to be told, keys pressed twice, and badges
//! that come while the last one is still being saved.

use kart_api::{Present, Review, Stop};

use super::*;
use crate::{
    fixture::ago,
    model::{Seen, Watch},
};

fn watched(effects: &[Effect]) -> Option<&Watch> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Watch(watch) => watch.as_ref(),
        _ => None,
    })
}

#[test]
fn what_is_asked_for_is_what_stands_on_top() {
    let mut model = screen(view());
    assert_eq!(watched(&press(&mut model, "w")), Some(&Watch::Ledger(0)));
    assert_eq!(press(&mut model, "?"), [], "help wants nothing: the list beneath goes on");
    press(&mut model, "<esc>");
    // A badge on the ledger, and from its menu one's own record: it must not wait for the ledger.
    scan(&mut model, "1001");
    let acts = match model.screens.last() {
        Some(Screen::Punch(form)) => form.acts.entries.clone(),
        other => panic!("{other:?}"),
    };
    let record = acts.iter().position(|entry| entry.key == Act::Record).unwrap() + 1;
    let effects = press(&mut model, &format!("{record} <enter>"));
    assert!(matches!(watched(&effects), Some(Watch::OpenRecord(_))), "{effects:?}");
    assert_eq!(watched(&press(&mut model, "<esc>")), Some(&Watch::Ledger(0)));
}

#[test]
fn an_answer_goes_to_the_screen_that_asked() {
    let mut model = screen(view());
    press(&mut model, "w");
    let now = model.now;
    model.screens.push(Screen::Board(Box::default()));
    update(&mut model, Msg::Seen(Box::new(Seen::Lost("gone".into()))), now);
    let Some(Screen::Board(board)) = model.screens.last() else { panic!("no board") };
    assert_eq!(board.lost.as_deref(), Some("gone"));
    let Some(Screen::Ledger(ledger)) = model.screens.first() else { panic!("no ledger") };
    assert_eq!(ledger.lost, None);
}

fn two_explained() -> Model {
    let of = |id, from| Stop {
        id,
        machine: STOPPED,
        from_us: ago(from),
        until_us: Some(ago(from - 10)),
        reason: Some("Infeed jam".into()),
        ..view().stops[0].clone()
    };
    let mut view = view();
    view.stops.clear();
    let explained = vec![of(STOP, 70), of(BATCH, 50)];
    view.review = Review { explained, ..Review::default() };
    screen(view)
}

#[test]
fn a_key_pressed_twice_makes_one_stop_of_two_once() {
    let mut model = two_explained();
    let effects = press(&mut model, "e m <down> j");
    let stops = vec![STOP, BATCH];
    assert_eq!(sent(&effects), Some(&Command::MergeStops { by: ANNA, stops }));
    assert_eq!(press(&mut model, "j"), []);
    assert_eq!(said(&model), "still-saving");
    // Nor is anything else made of them meanwhile.
    assert_eq!(press(&mut model, "u"), []);
    assert_eq!(model.pending.len(), 1);
    answer(&mut model, "key-1", saved(None));
    assert_ne!(press(&mut model, "u"), []);
}

#[test]
fn a_badge_read_while_the_last_punch_is_being_saved_comes_next() {
    let mut model = alone();
    scan(&mut model, "1002");
    assert!(sent(&press(&mut model, "<enter>")).is_some());
    assert!(scan(&mut model, "1001").is_empty());
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.user, BEN, "the one that is being saved stays");
    assert_eq!(said(&model), "badge-next");
    answer(&mut model, "key-1", saved(Some(BEN)));
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("the badge was lost") };
    assert_eq!(form.user, ANNA);
    assert_eq!(model.screens.len(), 1);
}

#[test]
fn an_answer_in_the_midst_of_a_badge_takes_no_digit_from_it() {
    let mut model = alone();
    scan(&mut model, "1002");
    press(&mut model, "<enter>");
    model.now.mono_us += 1_000_000;
    for (n, digit) in "1001".chars().enumerate() {
        if n == 2 {
            answer(&mut model, "key-1", saved(Some(BEN)));
        }
        let now = Now { mono_us: model.now.mono_us + 1_000, ..model.now };
        update(&mut model, Msg::Key(KeyEvent::from(KeyCode::Char(digit))), now);
    }
    let now = Now { mono_us: model.now.mono_us + 1_000, ..model.now };
    update(&mut model, Msg::Key(KeyEvent::from(KeyCode::Enter)), now);
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no badge was read") };
    assert_eq!((form.user, model.selected), (ANNA, Some(PRESS)));
}

#[test]
fn nobody_signs_in_the_place_of_whoever_was_chosen() {
    let mut view = view();
    let ben = Present { user: BEN, name: "Ben Okafor".into(), ..view.people[0].clone() };
    view.people.push(ben.clone());
    let mut model = screen(view);
    press(&mut model, "3 s");
    scan(&mut model, "1001");
    // Anna clocks out at another terminal: Ben has said nothing.
    delta(&mut model, 2, |delta| delta.people = Some(vec![ben]));
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.who.key(), Some(ANNA));
}
