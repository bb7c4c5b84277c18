//! The screens of batches: starting from the queue, orders, the menu, and the end.

use kart_api::{Batch, Order};
use kart_core::reference::{Field, FieldType};
use uuid::Uuid;

use super::*;
use crate::fixture::PRESS;

fn field(id: u128, label: &str, field_type: FieldType, asked_at: &str) -> Field {
    Field {
        id: Uuid::from_u128(id),
        code: "f".into(),
        label: label.into(),
        field_type,
        options: vec!["A".into(), "B".into()],
        asked_at: asked_at.into(),
        required: true,
    }
}

/// The press is free and has the queue of the fixture; its station asks three things.
fn free() -> Model {
    let mut view = view();
    view.machines[0].batch = None;
    let product = view.reference.as_ref().unwrap().families[0].products[0].id;
    for order in &mut view.orders {
        order.queued.queue = kart_core::fact::queue::Queue::Equipment(PRESS);
        order.queued.product = Some(product);
    }
    let station = &mut view.reference.as_mut().unwrap().stations[0];
    station.fields = vec![
        field(1, "Die no.", FieldType::Text, "start"),
        field(2, "Grade", FieldType::Select, "start"),
        field(3, "Temperature", FieldType::Number, "start"),
    ];
    screen(view)
}

#[test]
fn a_start_from_the_queue() {
    let mut model = free();
    press(&mut model, "1 s");
    small("start-queue", &mut model);
    press(&mut model, "<enter> D <enter> <right>");
    small("start-questions", &mut model);
    check("start-questions-de", &drawn(&mut model, SMALL, "de", Theme::default()));
}

#[test]
fn the_orders_of_a_machine() {
    let mut model = free();
    if let Some(view) = &mut model.view {
        let asked: &mut Order = &mut view.orders[1];
        asked.asked = true;
    }
    press(&mut model, "1 o <down>");
    small("orders", &mut model);
    check("orders-es", &drawn(&mut model, SMALL, "es", Theme::default()));
}

#[test]
fn the_menu_of_a_batch_and_what_it_leads_to() {
    let mut view = view();
    let own = view.machines[0].batch.clone().unwrap();
    let resting = Batch { number: "B-1041".into(), paused_us: Some(ago(600)), ..own };
    view.machines[0].others = vec![Batch { id: crate::fixture::STOP, ..resting }];
    let mut model = screen(view);
    small("overview-resting", &mut model);
    press(&mut model, "1 x");
    small("batch-menu", &mut model);
    press(&mut model, "4 <enter>");
    small("batch-people", &mut model);
    press(&mut model, "<esc> 6 <enter> <enter> <enter>");
    small("batch-onward", &mut model);
    press(&mut model, "<esc> 7 <enter>");
    check("batch-abort-de", &drawn(&mut model, SMALL, "de", Theme::default()));
}

#[test]
fn a_batch_that_ends_with_rework_and_two_reasons() {
    let mut model = screen(view());
    press(&mut model, "1 c <enter> <enter> 1 <left>");
    small("complete-split", &mut model);
}
