//! From the queue to the end of a batch: how many keys it takes, and what each of them sends.

use kart_api::Order;
use kart_core::{
    command::StartDetail,
    fact::queue::{Ask, Place as At, Queue},
    id::RecordId,
    reference::{Field, FieldType, Queued},
};

use super::*;
use crate::model::{BatchField, StartField};

const NEXT: RecordId = RecordId(uuid::Uuid::from_u128(91));
const AFTER: RecordId = RecordId(uuid::Uuid::from_u128(92));

/// The packer has two orders and no batch.
fn queued() -> Model {
    let mut view = view();
    let order = |entry, number: &str| Order {
        queued: Queued {
            entry,
            queue: Queue::Equipment(PACKER),
            product: Some(HOUSING),
            number: Some(number.into()),
            work_order: None,
            target: Some(300),
            batch: None,
        },
        asked: false,
    };
    view.orders = vec![order(NEXT, "B-1050"), order(AFTER, "B-1051")];
    screen(view)
}

/// The last command is saved.
fn save(model: &mut Model) {
    let key = model.pending.last().unwrap().request.key.clone();
    answer(model, &key, saved(None));
}

fn refuse_it(model: &mut Model, why: Refusal) {
    let key = model.pending.last().unwrap().request.key.clone();
    answer(model, &key, Answer::Refused(why));
}

fn form(model: &Model) -> &crate::model::StartForm {
    match model.screens.last() {
        Some(Screen::Start(form)) => form,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_target_that_is_shown_is_that_of_the_entry() {
    let mut model = queued();
    press(&mut model, "3 s");
    assert_eq!(form(&model).target.number(), Some(300));
}

#[test]
fn the_next_of_the_queue_starts_with_two_keys() {
    let mut model = queued();
    press(&mut model, "3");
    let effects = press(&mut model, "s <enter>");
    let expected = Command::StartBatch {
        by: ANNA,
        equipment: PACKER,
        product: HOUSING,
        target: Some(300),
        number: Some("B-1050".into()),
        work_order: None,
        detail: StartDetail { entry: Some(NEXT), ..StartDetail::default() },
    };
    assert_eq!(sent(&effects), Some(&expected));
    // Enter twice is once.
    assert!(press(&mut model, "<enter>").is_empty());
}

#[test]
fn a_letter_at_the_queue_looks_for_another_product() {
    let mut model = queued();
    press(&mut model, "3 s l i d");
    assert_eq!((form(&model).focus, form(&model).taken), (StartField::Product, None));
    assert_eq!(form(&model).found.entries.len(), 1);
    let effects = press(&mut model, "<enter> <enter>");
    let Some(Command::StartBatch { detail, number, .. }) = sent(&effects) else { panic!("none") };
    assert_eq!((detail.entry, number), (None, &None));
}

#[test]
fn what_is_asked_comes_before_the_start() {
    let mut model = queued();
    let mut view = model.view.clone().unwrap();
    let asks = |id, field_type, options: &[&str]| Field {
        id: uuid::Uuid::from_u128(id),
        code: "f".into(),
        label: format!("Field {id}"),
        field_type,
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        asked_at: "start".into(),
        required: true,
    };
    let reference = view.reference.as_mut().unwrap();
    reference.stations[0].fields =
        vec![asks(1, FieldType::Select, &["A", "B"]), asks(2, FieldType::Number, &[])];
    model = screen(view);
    assert!(press(&mut model, "3 s <enter> <right> <right> <enter> 4").is_empty());
    let effects = press(&mut model, "<enter>");
    let Some(Command::StartBatch { detail, .. }) = sent(&effects) else { panic!("none") };
    let told: Vec<_> = detail.answers.iter().map(|told| told.value.as_deref()).collect();
    assert_eq!(told, [Some("B"), Some("4")]);
    let label = "Field 2".to_owned();
    refuse_it(&mut model, Refusal::FieldWrong { label, takes: FieldType::Number });
    assert_eq!(form(&model).focus, StartField::Question(1));
    assert_eq!(form(&model).questions[1].text.text(), "4");
}

#[test]
fn orders_are_asked_to_be_elsewhere() {
    let mut model = queued();
    press(&mut model, "3 o <down>");
    let effects = press(&mut model, "+");
    let (by, queue) = (ANNA, Queue::Equipment(PACKER));
    let ask = Ask::Move { entry: AFTER, place: At::Front };
    assert_eq!(sent(&effects), Some(&Command::AskQueue { by, queue, ask }));
    save(&mut model);
    assert_eq!(model.place(), Place::Orders);
    let effects = press(&mut model, "d");
    let ask = Ask::Remove { entry: AFTER };
    assert_eq!(sent(&effects), Some(&Command::AskQueue { by, queue, ask }));
    save(&mut model);
    press(&mut model, "n");
    assert_eq!(form(&model).into, Some(queue));
    let effects = press(&mut model, "l i d <enter> <enter>");
    assert!(matches!(sent(&effects), Some(Command::AskQueue { ask: Ask::Enqueue(_), .. })));
}

#[test]
fn the_machines_count_completes_with_three_keys() {
    let mut view = view();
    view.machines[0].batch.as_mut().unwrap().counted = (412, 0);
    let mut model = screen(view);
    press(&mut model, "1");
    let effects = press(&mut model, "c <enter> <enter>");
    let Some(Command::CompleteBatch { good, scrap, .. }) = sent(&effects) else { panic!("none") };
    assert_eq!((*good, *scrap), (412, 0));
}

#[test]
fn scrap_is_split_over_reasons_part_by_part() {
    let mut view = view();
    let reference = view.reference.as_mut().unwrap();
    let mut second = reference.scrap_groups[0].reasons[0].clone();
    second.id = kart_core::id::ReasonId(uuid::Uuid::from_u128(402));
    reference.scrap_groups[0].reasons.push(second.clone());
    let mut model = screen(view);
    press(&mut model, "1 c <enter> <enter> 1 <left>");
    assert!(press(&mut model, "<enter>").is_empty());
    let refused = Sending::Refused(Sentence::new("scrap-without-reason").count("count", 1));
    assert_eq!(model.screens.last().unwrap().sending(), Some(&refused));
    let effects = press(&mut model, "2 <enter>");
    let Some(Command::CompleteBatch { detail, scrap_reason, .. }) = sent(&effects) else {
        panic!("none")
    };
    assert_eq!(detail.scrapped, [(BURR, 2), (second.id, 1)]);
    assert_eq!(*scrap_reason, None);
}

#[test]
fn a_batch_rests_with_three_keys_and_a_menu_leads_back() {
    let mut model = screen(view());
    press(&mut model, "1");
    assert!(press(&mut model, "x 2").is_empty(), "nothing is sent before Enter");
    let effects = press(&mut model, "<enter>");
    assert_eq!(sent(&effects), Some(&Command::PauseBatch { by: ANNA, batch: BATCH }));
    save(&mut model);
    assert!(model.screens.is_empty());
    press(&mut model, "x 3 <enter> <esc>");
    assert_eq!(model.place(), Place::Batch);
    press(&mut model, "<esc>");
    assert!(model.screens.is_empty());
}

#[test]
fn a_badge_over_the_menu_or_the_queue_says_who_and_pauses_nothing() {
    let mut both = view();
    let ben = Present { user: BEN, name: "Ben Okafor".into(), ..both.people[0].clone() };
    both.people.push(ben);
    for (key, place) in [("x", Place::Batch), ("o", Place::Orders)] {
        let mut model = screen(both.clone());
        press(&mut model, "1");
        press(&mut model, key);
        assert!(scan(&mut model, "1002").is_empty());
        assert_eq!(model.place(), place);
        let who = model.screens.last_mut().and_then(Screen::who_mut).unwrap();
        assert_eq!(who.key(), Some(BEN));
        assert!(model.pending.is_empty());
    }
}

#[test]
fn a_machine_that_does_not_stand_in_asks_for_a_second_badge() {
    let mut model = screen(view());
    press(&mut model, "1 x 6 <enter> <enter> <enter>");
    let effects = press(&mut model, "<enter>");
    assert!(matches!(sent(&effects), Some(Command::ContinueBatch(_))), "{effects:?}");
    let [machine, instead] = ["EQ-212", "EQ-211"].map(str::to_owned);
    refuse_it(&mut model, Refusal::NotCompatible { machine, instead });
    let Some(Screen::Batch(form)) = model.screens.last() else { panic!("no form") };
    assert_eq!(form.focus, BatchField::Badge);
    // The badge is typed into its field, and clocks nobody in.
    assert!(scan(&mut model, "1002").is_empty());
    press(&mut model, "d i e");
    let effects = press(&mut model, "<enter>");
    let Some(Command::ContinueBatch(wish)) = sent(&effects) else { panic!("none") };
    let second = wish.second.as_ref().unwrap();
    assert_eq!((second.badge.as_str(), second.why.as_str()), ("1002", "die"));
}
