//! What a badge can do, taking one back, an end that was forgotten, and the screen that forgets.

use kart_api::{Away, Missed, Punch};
use kart_core::fact::labor::{Evidence, Inside, Punched};

use super::*;
use crate::{
    fixture::{LABOR, ago},
    model::Act,
    msg::Msg,
};

#[test]
fn a_badge_of_somebody_here_opens_what_they_can_do() {
    let mut model = screen(view());
    scan(&mut model, "1001");
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no card") };
    let acts: Vec<Act> = form.acts.entries.iter().map(|entry| entry.key).collect();
    assert_eq!(
        acts[..4],
        [
            Act::Out,
            Act::Begin(Inside::Break),
            Act::Begin(Inside::Meal),
            Act::Begin(Inside::Activity),
        ]
    );
    let effects = press(&mut model, "3 <enter>");
    let expected = Command::BeginLabor { badge: "1001".into(), kind: Inside::Meal };
    assert_eq!(sent(&effects), Some(&expected));
    answer(&mut model, "key-1", saved(Some(ANNA)));
    assert!(model.screens.is_empty());
    assert_eq!(said(&model), "what-meal");
}

#[test]
fn whoever_is_away_is_back_with_one_key() {
    let mut away = view();
    away.people[0].away = Some(Away { kind: Inside::Break, since_us: ago(900) });
    let mut model = screen(away);
    scan(&mut model, "1001");
    let effects = press(&mut model, "<enter>");
    assert_eq!(sent(&effects), Some(&Command::EndLabor { badge: "1001".into() }));
}

fn undoable() -> Model {
    let mut view = view();
    view.undoable = vec![Punch {
        at_us: ago(9),
        user: BEN,
        name: "Ben Okafor".into(),
        entry: LABOR,
        punched: Punched::Began,
        inside: None,
    }];
    screen(view)
}

#[test]
fn a_wrong_badge_is_taken_back_with_two_keys() {
    let mut model = screen(view());
    press(&mut model, "u");
    assert_eq!(said(&model), "nothing-to-undo");
    let mut model = undoable();
    let effects = press(&mut model, "u <enter>");
    let expected = Command::UndoPunch { by: Some(ANNA), user: BEN, entry: LABOR };
    assert_eq!(sent(&effects), Some(&expected));
    answer(&mut model, "key-1", saved(Some(BEN)));
    assert_eq!(said(&model), "what-undo");
}

fn forgot() -> Model {
    let mut view = view();
    let missed = Missed { proposed_us: Some(ago(3_600)), evidence: Evidence::LastKey };
    view.people[0].missed = Some(missed);
    screen(view)
}

#[test]
fn a_forgotten_clock_out_is_confirmed_with_one_key_and_holds_nothing_up() {
    let mut model = forgot();
    scan(&mut model, "1001");
    assert_eq!(model.place(), Place::Told);
    let effects = press(&mut model, "<enter>");
    let until = ago(3_600);
    let told = Command::TellOut { badge: "1001".into(), entry: LABOR, until, reason: None };
    assert_eq!(sent(&effects), Some(&told));
    answer(&mut model, "key-1", saved(Some(ANNA)));
    let effects = press(&mut model, "<enter>");
    let clock_in = Command::ClockIn { badge: "1001".into(), station: STATION };
    assert_eq!(sent(&effects), Some(&clock_in), "and it goes on with clocking in");

    let mut model = forgot();
    scan(&mut model, "1001");
    let effects = press(&mut model, "<esc> <enter>");
    assert_eq!(sent(&effects), Some(&clock_in), "later is fine");
}

#[test]
fn another_time_needs_a_word_and_must_be_one() {
    let mut model = forgot();
    scan(&mut model, "1001");
    let refused = |model: &Model| match model.screens.last().and_then(Screen::sending) {
        Some(Sending::Refused(why)) => why.id,
        _ => "",
    };
    for _ in 0..8 {
        press(&mut model, "<back>");
    }
    press(&mut model, "<enter>");
    assert_eq!(refused(&model), "time-form");
    press(&mut model, "2 3 : 5 9 <enter>");
    assert_eq!(refused(&model), "refusal-out-outside");
    let Some(Screen::Told(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.time.text(), "23:59", "what was typed stays");
}

fn wait(model: &mut Model, seconds: i64) {
    let now = Now {
        mono_us: model.now.mono_us + seconds * 1_000_000,
        wall_us: Micros(model.now.wall_us.0 + seconds * 1_000_000),
    };
    update(model, Msg::Tick, now);
}

#[test]
fn an_idle_screen_forgets_who_it_was_and_keeps_what_was_typed() {
    let mut both = view();
    let ben = Present { user: BEN, name: "Ben Okafor".into(), ..both.people[0].clone() };
    both.people.push(ben);
    let mut model = screen(both);
    model.badged = vec![ANNA];
    press(&mut model, "3 s h o u");
    wait(&mut model, 599);
    assert_eq!(model.badged, [ANNA]);
    wait(&mut model, 2);
    assert!(model.badged.is_empty());
    assert_eq!(said(&model), "who-forgotten");
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("the form is gone") };
    assert_eq!((form.filter.text(), form.who.key()), ("hou", None));
    scan(&mut model, "1002");
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("the form is gone") };
    assert_eq!(form.who.key(), Some(BEN));
    // What is somebody's own does not stand open for the next one.
    for badged in [vec![ANNA], vec![]] {
        let mut model = screen(view());
        model.badged = badged;
        scan(&mut model, "1001");
        wait(&mut model, 601);
        assert!(model.screens.is_empty());
    }
}

#[test]
fn divided_time_knows_the_batches_beside_and_those_that_rest() {
    let mut view = view();
    let mut second = view.machines[0].batch.clone().unwrap();
    second.id = LABOR;
    view.machines[0].others.push(second);
    for batch in view.machines[0].batch.iter_mut() {
        batch.operators = vec![ANNA];
    }
    view.machines[0].others[0].operators = vec![ANNA];
    let on = crate::update::labor::batches_of(&view, ANNA);
    let on: Vec<_> = on.into_iter().map(|(id, _)| id).collect();
    assert!(on.contains(&BATCH) && on.contains(&LABOR), "{on:?}");
}

#[test]
fn a_reader_with_a_prefix_is_known_by_it_even_in_a_field() {
    let mut view = view();
    view.terminal.habits.badge_prefix = "%B".into();
    let mut model = screen(view);
    press(&mut model, "3 s h");
    let keys = "%B1002".chars().map(KeyCode::Char).chain([KeyCode::Enter]);
    for code in keys {
        let now = Now { mono_us: model.now.mono_us + 1_000, ..model.now };
        update(&mut model, Msg::Key(KeyEvent::from(code)), now);
    }
    assert_eq!(said(&model), "refusal-not-clocked-in", "it says who acts, and Ben is not here");
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("the form is gone") };
    assert_eq!(form.filter.text(), "h");
}

#[test]
fn a_pin_is_typed_twice_and_never_shown() {
    let mut model = screen(view());
    scan(&mut model, "1001");
    let Some(Screen::Punch(form)) = model.screens.last_mut() else { panic!("no card") };
    form.acts.choose(Act::Pin);
    press(&mut model, "<enter> 7 3 1 9 <enter> 7 3 1 8");
    assert!(press(&mut model, "<enter>").is_empty());
    let Some(Screen::Pin(form)) = model.screens.last() else { panic!("no form") };
    let Sending::Refused(why) = &form.sending else { panic!("not refused") };
    assert_eq!(why.id, "pins-differ");
    let effects = press(&mut model, "7 3 1 9 <enter> 7 3 1 9 <enter>");
    assert!(matches!(sent(&effects), Some(Command::SetPin { .. })), "{effects:?}");
    assert!(!format!("{effects:?}").contains("7319"));
}

#[test]
fn time_is_divided_among_the_batches_one_is_on() {
    let mut two = view();
    let batch = two.machines[0].batch.clone().unwrap();
    for (n, machine) in two.machines.iter_mut().take(2).enumerate() {
        let id = kart_core::id::RecordId(uuid::Uuid::from_u128(70 + u128::try_from(n).unwrap()));
        let number = format!("B-{n}");
        let operators = vec![ANNA];
        machine.batch = Some(kart_api::Batch { id, number, operators, ..batch.clone() });
    }
    let mut model = screen(two);
    scan(&mut model, "1001");
    let Some(Screen::Punch(form)) = model.screens.last_mut() else { panic!("no card") };
    form.acts.choose(Act::Shares);
    press(&mut model, "<enter>");
    let Some(Screen::Shares(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.sum(), Some(100), "in equal parts at first");
    assert!(press(&mut model, "7 0 <enter> <enter>").is_empty(), "70 and 50 are no division");
    let effects = press(&mut model, "<tab> <tab> 3 0 <enter>");
    let Some(Command::SplitLabor { shares, .. }) = sent(&effects) else { panic!("{effects:?}") };
    let percents: Vec<u8> = shares.iter().map(|share| share.percent).collect();
    assert_eq!(percents, [70, 30]);
}
