use crossterm::event::KeyCode;
use kart_api::{Answer, Delta, LiveEvent, Present};
use kart_core::{
    command::{Accepted, Command, Refusal},
    counter::Readings,
    time::Micros,
};

use super::*;
use crate::{
    fixture::{
        ANNA, BATCH, BEN, BURR, HOUSING, JAM, PACKER, PRESS, STATION, STOP, STOPPED, at, press,
        scan, screen, view,
    },
    model::{Act, Daemon},
    msg::{Lost, Outcome},
};

fn sent(effects: &[Effect]) -> Option<&Command> {
    match effects {
        [Effect::Send(request)] => Some(&request.command),
        _ => None,
    }
}

fn answer(model: &mut Model, key: &str, answer: Answer) {
    let now = model.now;
    let outcome = Outcome::Answered(answer);
    update(model, Msg::Command { key: key.into(), outcome }, now);
}

fn saved(user: Option<kart_core::id::UserId>) -> Answer {
    Answer::Saved(Accepted { seq: 9, record: BATCH, user })
}

fn said(model: &Model) -> &'static str {
    model.notice.as_ref().map_or("", |notice| notice.sentence.id)
}

fn alone() -> Model {
    let mut view = view();
    view.people.clear();
    screen(view)
}

#[test]
fn a_badge_clocks_in() {
    let mut model = alone();
    assert!(scan(&mut model, "1002").is_empty());
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!((form.name.as_str(), form.user), ("Ben Okafor", BEN));
    assert_eq!(model.selected, Some(PRESS), "the digits must not select a machine");
    let effects = press(&mut model, "<enter>");
    let expected = Command::ClockIn { badge: "1002".into(), station: STATION };
    assert_eq!(sent(&effects), Some(&expected));
    assert!(matches!(model.screens.last().unwrap().sending(), Some(Sending::Saving(_))));
    assert_eq!(said(&model), "", "nothing is saved before the answer");
    answer(&mut model, "key-1", saved(Some(BEN)));
    assert!(model.screens.is_empty() && model.pending.is_empty());
    assert_eq!((said(&model), model.badged.as_slice()), ("what-clock-in", [BEN].as_slice()));
}

#[test]
fn the_same_badge_again_says_yes_and_another_badge_changes_the_person() {
    let mut model = alone();
    scan(&mut model, "1002");
    scan(&mut model, "1001");
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.user, ANNA);
    assert_eq!(model.screens.len(), 1);
}

#[test]
fn a_badge_of_somebody_present_clocks_out() {
    let mut model = screen(view());
    scan(&mut model, "1001");
    let Some(Screen::Punch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.acts.key(), Some(Act::Out));
    let effects = press(&mut model, "<enter>");
    assert_eq!(sent(&effects), Some(&Command::ClockOut { badge: "1001".into() }));
}

#[test]
fn badges_that_cannot_be_used_are_explained() {
    let mut model = alone();
    scan(&mut model, "4711");
    assert_eq!(said(&model), "refusal-unknown-badge");
    scan(&mut model, "1009");
    assert_eq!(said(&model), "refusal-inactive");
    assert!(model.screens.is_empty());
}

#[test]
fn slow_digits_select_machines() {
    let mut model = screen(view());
    press(&mut model, "3 2 1 3 <enter>");
    assert_eq!(model.selected, Some(PACKER));
    assert_eq!(model.place(), Place::Machine);
}

#[test]
fn digits_typed_in_one_go_are_a_badge_even_when_enter_takes_a_while() {
    let mut model = screen(view());
    for (key, millis) in [('1', 0), ('0', 300), ('0', 700), ('1', 1_000), ('\n', 2_800)] {
        let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        update(&mut model, Msg::Key(KeyEvent::from(code)), at(millis));
    }
    assert_eq!(model.place(), Place::Punch);
}

#[test]
fn a_badge_typed_by_hand_works_too() {
    let mut model = alone();
    press(&mut model, "b 1 0 0 2 <enter>");
    assert_eq!(model.place(), Place::Punch);
}

#[test]
fn a_batch_starts_with_four_keys() {
    let mut model = screen(view());
    press(&mut model, "3 s h o u");
    let effects = press(&mut model, "<enter> <enter>");
    let expected = Command::StartBatch {
        by: ANNA,
        equipment: PACKER,
        product: HOUSING,
        target: Some(500),
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    assert_eq!(sent(&effects), Some(&expected));
}

#[test]
fn the_target_follows_the_product_until_somebody_types_one() {
    let mut model = screen(view());
    press(&mut model, "3 s <down>");
    let target = |model: &Model| match model.screens.last() {
        Some(Screen::Start(form)) => form.target.text().to_owned(),
        _ => panic!("no form"),
    };
    assert_eq!(target(&model), "250", "the machine's, as the product has none");
    press(&mut model, "<enter> 7 0 <tab> B - 7 <tab> <tab> <down>");
    assert_eq!(target(&model), "70");
    let effects = press(&mut model, "<enter> <enter>");
    let Some(Command::StartBatch { target, number, .. }) = sent(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!((*target, number.as_deref()), (Some(70), Some("B-7")));
}

#[test]
fn a_batch_cannot_start_without_a_person_or_over_another() {
    let mut model = alone();
    press(&mut model, "3 s");
    assert_eq!(said(&model), "badge-first");
    let mut model = screen(view());
    press(&mut model, "1 s");
    assert_eq!(said(&model), "refusal-batch-running");
    assert!(model.screens.is_empty());
}

#[test]
fn when_several_could_be_meant_the_screen_asks() {
    let mut view = view();
    let ben = Present { user: BEN, name: "Ben Okafor".into(), ..view.people[0].clone() };
    view.people.push(ben);
    let mut model = screen(view);
    let effects = press(&mut model, "3 s <enter> <enter>");
    assert!(effects.is_empty());
    let refused = Sending::Refused(Sentence::new("choose-person"));
    assert_eq!(model.screens.last().unwrap().sending(), Some(&refused));
    scan(&mut model, "1002");
    let effects = press(&mut model, "<enter>");
    assert!(matches!(sent(&effects), Some(Command::StartBatch { by, .. }) if *by == BEN));
}

#[test]
fn whoever_badged_in_last_here_acts() {
    let mut view = view();
    let ben = Present { user: BEN, name: "Ben Okafor".into(), ..view.people[0].clone() };
    view.people.push(ben);
    let mut model = screen(view);
    model.badged = vec![ANNA, BEN];
    assert_eq!(model.who().key(), Some(BEN));
    press(&mut model, "3 s <f2>");
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.who.key(), Some(ANNA));
}

#[test]
fn a_scan_in_a_text_field_is_not_typed() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter> 9");
    let effects = scan(&mut model, "1001");
    assert!(effects.is_empty());
    let Some(Screen::Start(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.target.text(), "9");
}

#[test]
fn a_batch_is_completed_with_the_machines_counts_or_the_persons() {
    let mut model = screen(view());
    press(&mut model, "1 c <enter> 0 <enter>");
    let Some(Screen::Complete(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.good.text(), "412");
    let effects = press(&mut model, "<esc> c <enter> <enter> 1 <enter>");
    let expected = Command::CompleteBatch {
        by: ANNA,
        batch: BATCH,
        good: 412,
        scrap: 3,
        scrap_reason: Some(BURR),
        detail: Default::default(),
    };
    assert_eq!(sent(&effects), Some(&expected));
}

#[test]
fn scrap_needs_a_reason() {
    let mut model = screen(view());
    assert!(press(&mut model, "1 c <enter> <enter> <enter>").is_empty());
    let refused = Sending::Refused(Sentence::new("choose-scrap-reason"));
    assert_eq!(model.screens.last().unwrap().sending(), Some(&refused));
}

#[test]
fn offered_counts_follow_the_machine_and_typed_ones_stay() {
    let mut model = screen(view());
    press(&mut model, "1 c 4 0 0");
    let mut machine = view().machines[0].clone();
    (machine.good, machine.scrap) = (413, 4);
    machine.batch.as_mut().unwrap().counted = (413, 4);
    delta(&mut model, 2, |delta| delta.machines = vec![machine]);
    let Some(Screen::Complete(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!((form.good.text(), form.scrap.text()), ("400", "4"));
}

fn delta(model: &mut Model, number: u64, change: impl FnOnce(&mut Delta)) -> Vec<Effect> {
    let mut delta = Delta {
        number,
        terminal: None,
        machines: Vec::new(),
        people: None,
        unended: None,
        undoable: None,
        stops: None,
        review: None,
        elsewhere: None,
        orders: None,
        jobs: None,
        conflicts: None,
        open: None,
        sync: None,
        receipts: None,
        reference: None,
    };
    change(&mut delta);
    let now = model.now;
    update(model, Msg::Live(LiveEvent::Delta(Box::new(delta))), now)
}

#[test]
fn a_stop_is_explained_with_three_keys() {
    let mut model = screen(view());
    let effects = press(&mut model, "e 1 <enter>");
    let expected = Command::ExplainStop { by: Some(ANNA), stop: STOP, reason: JAM, comment: None };
    assert_eq!(sent(&effects), Some(&expected), "unplanned reasons come first for a stop");
    answer(&mut model, "key-1", saved(None));
    assert!(model.screens.is_empty());
    assert_eq!(said(&model), "what-explain");
}

#[test]
fn a_stop_is_explained_without_anybody_clocked_in() {
    let mut model = alone();
    let effects = press(&mut model, "e 2 <tab> 1 2 <enter>");
    let Some(Command::ExplainStop { by, comment, .. }) = sent(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!((*by, comment.as_deref()), (None, Some("12")));
}

#[test]
fn several_stops_are_explained_one_after_the_other() {
    let mut view = view();
    let mut second = view.stops[0].clone();
    second.id = BATCH;
    second.machine = PRESS;
    view.stops.push(second);
    let mut model = screen(view);
    press(&mut model, "2 e");
    let Some(Screen::Stops(list)) = model.screens.last() else { panic!("no list") };
    assert_eq!(list.choice.entries[0].key, STOP, "those of the selected machine come first");
    press(&mut model, "1 1 <enter>");
    answer(&mut model, "key-1", saved(None));
    assert_eq!(model.place(), Place::Stops);
    press(&mut model, "<enter> 1 <enter>");
    answer(&mut model, "key-2", saved(None));
    assert_eq!(model.place(), Place::Overview);
}

#[test]
fn a_new_stop_does_not_move_the_list_under_the_finger() {
    let mut view = view();
    let mut second = view.stops[0].clone();
    second.id = BATCH;
    view.stops.push(second);
    let mut model = screen(view.clone());
    press(&mut model, "e <down>");
    let mut newest = view.stops[0].clone();
    newest.id = kart_core::id::RecordId(uuid::Uuid::from_u128(1));
    newest.from_us = Micros(newest.from_us.0 + 1);
    view.stops.insert(0, newest.clone());
    delta(&mut model, 2, |delta| delta.stops = Some(view.stops));
    let Some(Screen::Stops(list)) = model.screens.last() else { panic!("no list") };
    let listed: Vec<_> = list.choice.entries.iter().map(|entry| entry.key).collect();
    assert_eq!((listed, list.choice.key()), (vec![STOP, BATCH, newest.id], Some(BATCH)));
}

#[test]
fn a_badge_among_numbered_reasons_explains_nothing() {
    let mut model = screen(view());
    press(&mut model, "e");
    assert!(scan(&mut model, "1001").is_empty());
    let Some(Screen::Explain(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!((form.reasons.key(), form.who.key()), (None, Some(ANNA)));
}

#[test]
fn a_refusal_stays_with_the_form() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter> <enter>");
    answer(&mut model, "key-1", Answer::Refused(Refusal::NotRecording { reason: "full".into() }));
    let Some(Sending::Refused(why)) = model.screens.last().unwrap().sending() else {
        panic!("no refusal");
    };
    assert_eq!(why.id, "refusal-not-recording");
    let effects = press(&mut model, "<enter>");
    assert!(matches!(&effects[..], [Effect::Send(request)] if request.key == "key-2"));
}

#[test]
fn while_it_is_being_saved_nothing_is_sent_twice() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter> <enter>");
    assert!(press(&mut model, "<enter> <enter> x").is_empty());
    assert_eq!(model.pending.len(), 1);
}

#[test]
fn a_form_that_was_left_still_reports() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter> <enter> <esc>");
    assert_eq!(said(&model), "still-saving");
    answer(&mut model, "key-1", Answer::Refused(Refusal::NoSite));
    assert_eq!(said(&model), "refused-later");
}

#[test]
fn a_lost_daemon_keeps_the_form_and_the_command() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter>");
    update(&mut model, Msg::Lost(Lost::NoAnswer), at(60_000));
    update(&mut model, Msg::Lost(Lost::Fault("500".into())), at(61_000));
    let since_us = Micros(at(60_000).wall_us.0);
    assert!(matches!(model.daemon, Daemon::Lost { since_us: since, .. } if since == since_us));
    press(&mut model, "<enter>");
    let outcome = Outcome::Away;
    update(&mut model, Msg::Command { key: "key-1".into(), outcome }, at(62_000));
    assert!(model.pending[0].away);
    assert_eq!(press(&mut model, "<f1> <esc>"), []);
    update(&mut model, Msg::Live(LiveEvent::Snapshot(Box::new(view()))), at(63_000));
    assert_eq!((&model.daemon, said(&model)), (&Daemon::Up, "daemon-back"));
    answer(&mut model, "key-1", saved(None));
    assert!(model.screens.is_empty());
}

#[test]
fn a_gap_asks_for_a_snapshot() {
    let mut model = screen(view());
    assert_eq!(delta(&mut model, 2, |_| ()), []);
    assert_eq!(delta(&mut model, 4, |_| ()), [Effect::Resync]);
}

#[test]
fn another_contract_is_a_lost_daemon() {
    let mut foreign = view();
    foreign.terminal.contract += 1;
    let model = screen(foreign);
    assert!(matches!(model.daemon, Daemon::Lost { why: Lost::Foreign, .. }));
    assert!(model.view.is_none());
}

#[test]
fn leaving_with_something_unsaved_takes_two_keys() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter> <enter> <esc>");
    assert_eq!(press(&mut model, "q"), []);
    assert_eq!(said(&model), "quit-unsaved");
    assert_eq!(press(&mut model, "q"), [Effect::Quit]);
    let mut model = screen(view());
    assert_eq!(press(&mut model, "q"), [Effect::Quit]);
}

#[test]
fn escape_goes_back_from_everywhere() {
    let mut model = screen(view());
    for open in ["b", "r", "?", "e", "<enter>", "c", "<enter> ? <esc>"] {
        press(&mut model, "1");
        press(&mut model, open);
        assert!(!model.screens.is_empty(), "{open}");
        press(&mut model, "<esc>");
        assert!(model.screens.is_empty(), "{open}");
    }
}

#[test]
fn arrows_follow_the_cards() {
    let mut model = screen(view());
    press(&mut model, "<right>");
    assert_eq!(model.selected, Some(STOPPED));
    press(&mut model, "<left> <down>");
    assert_eq!(model.selected, Some(PACKER), "two columns: below the first is the third");
    press(&mut model, "<down>");
    assert_eq!(model.selected, Some(PACKER));
}

#[test]
fn ages_count_by_the_daemons_clock_and_not_by_ours() {
    let mut model = screen(view());
    let step = Now { wall_us: Micros(0), mono_us: at(5_000).mono_us };
    update(&mut model, Msg::Tick, step);
    assert_eq!(model.daemon_now().0, view().terminal.now_us.0 + 5_000_000);
}

mod batch;
mod elsewhere;
mod labor;
mod stops;
mod settings;
mod station;
mod talk;
mod twice;

#[test]
fn a_reading_that_is_held_is_accepted_or_dropped_by_a_supervisor() {
    let mut holding = view();
    let equipment = holding.machines[0].id;
    let held = kart_api::Held {
        source: "good".into(),
        epoch: 2,
        before: 500,
        now: 1_400,
        at_us: holding.terminal.now_us,
    };
    let mut model = screen(holding.clone());
    press(&mut model, "1 <enter> h");
    assert_eq!(said(&model), "nothing-held");
    holding.machines[0].held.push(held);
    let people = &mut holding.reference.as_mut().unwrap().people;
    people.retain(|person| person.id == ANNA);
    people[0].role = kart_core::reference::Role::Supervisor;
    for (keys, accept) in [("1 <enter> h 1 <enter>", true), ("1 <enter> h 2 <enter>", false)] {
        let mut model = screen(holding.clone());
        let effects = press(&mut model, keys);
        let (source, raw) = ("good".to_owned(), Readings { before: 500, now: 1_400 });
        let by = ANNA;
        let expected = Command::SettleCount { by, equipment, source, epoch: 2, raw, accept };
        assert_eq!(sent(&effects), Some(&expected));
    }
}
