//! Cards that come by themselves, and what people make of stops.

use kart_api::{Blind, Offer, Review, Stop};
use kart_core::{
    command::Was,
    fact::stop::{Because, Told},
    id::{ReasonId, RecordId},
    machine::MachineState,
};
use uuid::Uuid;

use super::*;
use crate::fixture::{NOON, ago, rest};

const NEW: RecordId = RecordId(Uuid::from_u128(7002));
const BREAK: ReasonId = ReasonId(Uuid::from_u128(303));

fn stop(id: RecordId) -> Stop {
    Stop { id, from_us: ago(70), ..view().stops[0].clone() }
}

/// The stops that the daemon shows are these from now on, when nobody has pressed a key for a while.
fn shown(model: &mut Model, number: u64, stops: &[Stop]) {
    rest(model);
    delta(model, number, |delta| delta.stops = Some(stops.to_vec()));
}

#[test]
fn a_stop_raises_a_card_and_is_explained_with_two_keys() {
    let mut model = screen(view());
    assert!(model.screens.is_empty(), "what waited before is in the list");
    shown(&mut model, 2, &[stop(NEW), view().stops[0].clone()]);
    assert_eq!(model.place(), Place::Explain);
    let effects = press(&mut model, "1 <enter>");
    let expected = Command::ExplainStop { by: Some(ANNA), stop: NEW, reason: JAM, comment: None };
    assert_eq!(sent(&effects), Some(&expected));
    answer(&mut model, "key-1", saved(None));
    assert!(model.screens.is_empty(), "and it does not come back before the list is a new one");
}

#[test]
fn a_card_that_nobody_touched_goes_with_its_stop() {
    let said = Stop { reason: Some("Jam".into()), ..stop(NEW) };
    for after in [vec![], vec![said]] {
        let mut model = screen(view());
        shown(&mut model, 2, &[stop(NEW)]);
        assert_eq!(model.place(), Place::Explain);
        shown(&mut model, 3, &after);
        assert_eq!(model.place(), Place::Overview);
        let mut model = screen(view());
        shown(&mut model, 2, &[stop(NEW)]);
        press(&mut model, "1");
        shown(&mut model, 3, &after);
        assert_eq!(model.place(), Place::Explain, "whoever has begun to answer is told");
    }
}

#[test]
fn what_was_said_of_a_stop_that_lasts_can_be_put_right() {
    let mut model = screen(view());
    let said = Stop { reason: Some("Jam".into()), ..stop(NEW) };
    shown(&mut model, 2, &[said]);
    press(&mut model, "e");
    assert_eq!(model.place(), Place::Stops);
    press(&mut model, "1");
    assert_eq!(model.place(), Place::Explain);
}

#[test]
fn a_card_that_was_put_away_stays_away() {
    let mut model = screen(view());
    shown(&mut model, 2, &[stop(NEW)]);
    press(&mut model, "<esc>");
    assert!(model.screens.is_empty());
    let later = Stop { until_us: Some(Micros(NOON)), ..stop(NEW) };
    shown(&mut model, 3, &[later]);
    assert!(model.screens.is_empty());
}

#[test]
fn a_half_typed_form_is_never_covered() {
    let mut model = screen(view());
    press(&mut model, "3 s H");
    delta(&mut model, 2, |delta| delta.stops = Some(vec![stop(NEW)]));
    assert_eq!((model.place(), said(&model)), (Place::Start, "stop-waits"));
    press(&mut model, "<esc>");
    assert_eq!(model.place(), Place::Overview, "no card comes between two keys");
    rest(&mut model);
    assert_eq!(model.place(), Place::Explain, "the card comes when the form has gone");
    // Nor a badge on its way.
    let mut model = screen(view());
    press(&mut model, "1 0");
    update(&mut model, Msg::Tick, at(4_000));
    delta(&mut model, 2, |delta| delta.stops = Some(vec![stop(NEW)]));
    assert!(model.screens.is_empty());
}

#[test]
fn a_card_makes_room_for_the_badge_of_somebody_who_comes() {
    let mut model = screen(view());
    shown(&mut model, 2, &[stop(NEW)]);
    scan(&mut model, "1002");
    assert_eq!(model.place(), Place::Punch);
    press(&mut model, "<esc>");
    rest(&mut model);
    assert_eq!(model.place(), Place::Explain);
    // Of somebody who is here it says who explains.
    scan(&mut model, "1001");
    assert_eq!(model.place(), Place::Explain);
}

#[test]
fn what_is_offered_stands_first_and_the_rest_is_found_by_its_name() {
    let offer = Offer { reason: BREAK, because: Because::Favourite };
    let mut model = screen(view());
    shown(&mut model, 2, &[Stop { offers: vec![offer], ..stop(NEW) }]);
    let Some(Screen::Explain(form)) = model.screens.last() else { panic!("no card") };
    assert_eq!(form.reasons.entries[0].label, "Break");
    assert_eq!(form.because(form.reasons.entries[0].key), Some(Because::Favourite));
    let effects = press(&mut model, "t o o 1 <enter>");
    let Some(Command::ExplainStop { reason, .. }) = sent(&effects) else { panic!("{effects:?}") };
    assert_eq!(*reason, ReasonId(Uuid::from_u128(302)), "Tool broken");
    let mut model = screen(view());
    shown(&mut model, 2, &[stop(NEW)]);
    press(&mut model, "x y <back> <back>");
    let Some(Screen::Explain(form)) = model.screens.last() else { panic!("no card") };
    assert_eq!(form.reasons.entries.len(), 4, "nothing is looked for any more");
}

#[test]
fn one_key_turns_a_reason_into_its_twin() {
    let mut view = view();
    let groups = &mut view.reference.as_mut().unwrap().downtime_groups;
    let mut twin = groups[1].reasons[0].clone();
    twin.id = ReasonId(Uuid::from_u128(399));
    groups[0].reasons.push(twin.clone());
    let mut model = screen(view);
    press(&mut model, "e 1");
    let Some(Screen::Explain(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.reasons.entries.len(), 4, "both are one entry");
    let key = form.reasons.key().unwrap();
    assert_eq!(form.twin(key), Some("unplanned"));
    let effects = press(&mut model, "<f3> <enter>");
    let Some(Command::ExplainStop { reason, .. }) = sent(&effects) else { panic!("{effects:?}") };
    assert_eq!(*reason, twin.id);
}

/// A plant with an explained stop of each press, both over.
fn explained() -> Model {
    let mut view = view();
    let over = Stop { until_us: Some(ago(10)), reason: Some("Infeed jam".into()), ..stop(NEW) };
    let other = Stop { id: BATCH, machine: PRESS, ..over.clone() };
    view.stops.clear();
    view.review = Review { explained: vec![over, other], ..Review::default() };
    screen(view)
}

#[test]
fn what_was_said_is_taken_back() {
    let mut model = explained();
    let effects = press(&mut model, "e u");
    let expected = Command::WithdrawExplanation { by: Some(ANNA), stop: NEW, comment: None };
    assert_eq!(sent(&effects), Some(&expected));
    assert_eq!(said(&model), "", "nothing is saved before the answer");
    assert!(press(&mut model, "u").is_empty(), "one key too many takes nothing further back");
    answer(&mut model, "key-1", saved(None));
    assert_eq!((said(&model), model.place()), ("what-withdraw", Place::Stops));
    // And explained otherwise.
    let effects = press(&mut model, "1 2 <enter>");
    assert!(matches!(sent(&effects), Some(Command::ExplainStop { stop: NEW, .. })), "{effects:?}");
}

#[test]
fn an_event_that_a_person_told_is_taken_back_as_a_whole() {
    let mut model = explained();
    let mut review = model.view.as_ref().unwrap().review.clone();
    review.explained[0].told = Some(Told::Part);
    delta(&mut model, 2, |delta| delta.review = Some(review));
    let effects = press(&mut model, "e u");
    let expected = Command::TakeBackEvent { by: Some(ANNA), event: NEW, comment: None };
    assert_eq!(sent(&effects), Some(&expected));
}

#[test]
fn a_reason_of_a_shift_that_is_over_asks_why_it_is_another_one() {
    let mut model = explained();
    press(&mut model, "e <enter> 1 <enter>");
    answer(&mut model, "key-1", Answer::Refused(Refusal::WhyNeeded));
    assert_eq!(model.place(), Place::Explain);
    // The cursor stands where the why is typed, and the reason is still chosen.
    let effects = press(&mut model, "w r o n g <enter>");
    let comment = Some("wrong".to_owned());
    let expected = Command::ExplainStop { by: Some(ANNA), stop: NEW, reason: JAM, comment };
    assert_eq!(sent(&effects), Some(&expected));
}

#[test]
fn a_stop_is_split_at_a_time_of_the_clock() {
    let mut model = explained();
    press(&mut model, "e t");
    assert_eq!(model.place(), Place::Split);
    assert!(press(&mut model, "9 : 0 0 <enter>").is_empty());
    assert!(matches!(model.screens.last().unwrap().sending(), Some(Sending::Refused(_))));
    let back = "<back> <back> <back> <back>";
    // Noon is 12:10:23; the stop lasted from 70 to 10 seconds before.
    let effects = press(&mut model, &format!("{back} 1 2 : 1 0 <enter>"));
    let at = ago(23);
    assert_eq!(sent(&effects), Some(&Command::SplitStop { by: ANNA, stop: NEW, at }));
}

#[test]
fn marked_stops_of_one_machine_become_one_and_of_several_an_event() {
    let mut model = explained();
    press(&mut model, "e j");
    assert_eq!(said(&model), "mark-stops");
    press(&mut model, "m <down> j");
    assert_eq!(model.place(), Place::Explain, "one reason for both machines");
    let effects = press(&mut model, "1 <enter>");
    let stops = vec![NEW, BATCH];
    let expected = Command::ShareStops { by: ANNA, stops: stops.clone(), reason: JAM };
    assert_eq!(sent(&effects), Some(&expected));

    let mut model = explained();
    let mut review = model.view.as_ref().unwrap().review.clone();
    review.explained[1].machine = STOPPED;
    delta(&mut model, 2, |delta| delta.review = Some(review));
    let effects = press(&mut model, "e m <down> j");
    assert_eq!(sent(&effects), Some(&Command::MergeStops { by: ANNA, stops }));
}

#[test]
fn a_sweep_explains_all_of_a_group_with_one_key() {
    let mut view = view();
    let over = |n: u128, machine, because| Stop {
        machine,
        until_us: Some(ago(600)),
        from_us: ago(700),
        offers: vec![Offer { reason: JAM, because }],
        ..stop(RecordId(Uuid::from_u128(n)))
    };
    let alike = [1, 2, 3].map(|n| over(n, PRESS, Because::Favourite));
    let others = [4, 5].map(|n| over(n, STOPPED, Because::Listed));
    view.stops = alike.iter().cloned().chain(others).collect();
    let mut model = screen(view);
    press(&mut model, "e <f8>");
    assert_eq!(model.place(), Place::Sweep);
    let effects = press(&mut model, "y");
    let stops: Vec<RecordId> = alike.iter().map(|stop| stop.id).collect();
    let expected = Command::ExplainStops { by: Some(ANNA), stops, reason: JAM };
    assert_eq!(sent(&effects), Some(&expected));
    assert!(press(&mut model, "y").is_empty(), "one group after the other");
    let Some(Screen::Sweep(sweep)) = model.screens.last() else { panic!("no sweep") };
    assert_eq!(sweep.choice.entries.len(), 2, "nothing leaves the list before it is saved");
    answer(&mut model, "key-1", saved(None));
    assert!(press(&mut model, "y").is_empty(), "nothing speaks for a reason of the other");
    assert_eq!(said(&model), "nothing-suggested");
    let Some(Screen::Sweep(sweep)) = model.screens.last() else { panic!("no sweep") };
    assert_eq!(sweep.group().map(|group| group.stops.len()), Some(2), "they are alike too");
    press(&mut model, "<enter>");
    assert_eq!(model.place(), Place::Explain);
}

#[test]
fn a_blind_time_asks_once_and_can_be_left_open() {
    let blind =
        Blind { id: NEW, machine: PRESS, from_us: ago(2_000), until_us: ago(995), offers: vec![] };
    let mut view = view();
    view.review.blinds = vec![blind];
    let mut model = screen(view.clone());
    rest(&mut model);
    assert_eq!(model.place(), Place::Explain);
    press(&mut model, "<esc>");
    assert!(model.screens.is_empty(), "it can be skipped");
    let mut model = screen(view);
    rest(&mut model);
    let effects = press(&mut model, "1 <enter>");
    let by = Some(ANNA);
    let expected = Command::TellBlind { by, blind: NEW, was: Was::Running };
    assert_eq!(sent(&effects), Some(&expected));
    assert_eq!(model.machine_by_id(PRESS).unwrap().state, MachineState::Running);
}
