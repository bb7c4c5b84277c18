//! Cards of stops, and what is made of stops.

use kart_api::{Blind, Offer, Review, Stop};
use kart_core::{
    fact::stop::{Because, Told},
    id::{ReasonId, RecordId},
    plant::Offered,
    time::Micros,
};
use uuid::Uuid;

use super::*;
use crate::fixture::{JAM, NOON, PRESS, rest};

const BREAK: ReasonId = ReasonId(Uuid::from_u128(303));

fn id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

/// One stop waits, several were explained, and nobody saw a press for a while.
fn busy() -> View {
    let mut view = view();
    let offers = vec![
        Offer { reason: JAM, because: Because::Map },
        Offer { reason: BREAK, because: Because::Hour },
    ];
    let waits = Stop { offers: offers.clone(), ..view.stops[0].clone() };
    let over = |n, from, until, reason: &str| Stop {
        id: id(n),
        from_us: ago(from),
        until_us: Some(ago(until)),
        reason: Some(reason.into()),
        ..waits.clone()
    };
    let part =
        |n, from, until, reason| Stop { told: Some(Told::Part), ..over(n, from, until, reason) };
    let shared =
        Stop { told: Some(Told::Shared), with: vec![PRESS], ..over(14, 9_000, 8_100, "Break") };
    view.review = Review {
        explained: vec![
            part(11, 3_000, 2_700, "Infeed jam"),
            part(12, 3_300, 3_000, "Tool broken"),
            over(13, 5_000, 4_500, "Infeed jam"),
            shared,
        ],
        blinds: vec![],
        offered: Offered { given: 15, first: 12, page: 14 },
    };
    let alike = |n| Stop { reason: None, ..over(n, 7_000, 6_900, "") };
    view.stops = vec![waits.clone(), alike(21), alike(22), alike(23)];
    view
}

#[test]
fn the_card_of_a_stop() {
    let mut model = screen(busy());
    press(&mut model, "e 1 2");
    small("card-stop", &mut model);
    press(&mut model, "j a");
    small("card-stop-looked-for", &mut model);
}

#[test]
fn the_list_of_stops_with_what_was_said() {
    let mut model = screen(busy());
    press(&mut model, "e m <down> m");
    small("stops-review", &mut model);
    let german = drawn(&mut model, SMALL, "de", Theme::default());
    check("stops-review-de", &german);
}

#[test]
fn alike_stops_together() {
    let mut model = screen(busy());
    press(&mut model, "e <f8>");
    small("sweep", &mut model);
}

#[test]
fn a_stop_in_two() {
    let mut model = screen(busy());
    press(&mut model, "e 7 <esc> t 1 1 : 2");
    small("split", &mut model);
}

#[test]
fn a_time_that_nobody_saw() {
    let mut view = busy();
    let [from_us, until_us] = [3_000, 1_995].map(ago);
    let offers = vec![Offer { reason: JAM, because: Because::Favourite }];
    view.review.blinds = vec![Blind { id: id(31), machine: PRESS, from_us, until_us, offers }];
    let mut model = screen(view);
    rest(&mut model);
    small("card-blind", &mut model);
    let spanish = drawn(&mut model, SMALL, "es", Theme::default());
    check("card-blind-es", &spanish);
    assert_eq!(model.daemon_now(), Micros(NOON + 3_000_000));
}
