//! Batches that other terminals have open.

use kart_core::id::RecordId;
use uuid::Uuid;

use super::*;

const FOREIGN: RecordId = RecordId(Uuid::from_u128(88));

fn refused_as_open(model: &mut Model, key: &str) {
    let refusal = Refusal::OpenElsewhere {
        batch: FOREIGN,
        number: "B-7".into(),
        machine: "EQ-211".into(),
        terminal: "T-08".into(),
        ago_us: 20_000_000,
    };
    answer(model, key, Answer::Refused(refusal));
}

#[test]
fn a_number_that_is_open_elsewhere_is_joined_with_enter_and_given_up_by_typing() {
    let mut model = screen(view());
    press(&mut model, "3 s <enter> <tab> B - 7");
    let effects = press(&mut model, "<enter>");
    assert!(matches!(sent(&effects), Some(Command::StartBatch { .. })));
    refused_as_open(&mut model, "key-1");
    let effects = press(&mut model, "<enter>");
    assert_eq!(sent(&effects), Some(&Command::JoinBatch { by: ANNA, batch: FOREIGN }));

    let mut model = screen(view());
    press(&mut model, "3 s <enter> <tab> B - 7 <enter>");
    refused_as_open(&mut model, "key-1");
    press(&mut model, "8");
    let effects = press(&mut model, "<enter>");
    assert!(matches!(
        sent(&effects),
        Some(Command::StartBatch { number: Some(number), .. }) if number == "B-78"
    ));
}

#[test]
fn a_batch_that_began_elsewhere_is_offered_and_not_completed_here() {
    let mut view = view();
    if let Some(batch) = &mut view.machines[0].batch {
        batch.terminal = Some("T-08".into());
    }
    let mut model = screen(view.clone());
    press(&mut model, "1 c");
    assert_eq!(said(&model), "complete-elsewhere");
    let mut model = screen(view);
    let effects = press(&mut model, "1 s <enter>");
    let expected = Command::JoinBatch { by: ANNA, batch: BATCH };
    assert_eq!(sent(&effects), Some(&expected));
}
