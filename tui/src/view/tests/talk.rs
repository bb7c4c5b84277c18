//! What people tell each other, on the screen: in three languages, with texts from outside that try
//! to steer the terminal.

use kart_api::{Call, Handover, Incident, notes::Note};
use kart_core::{
    fact::{
        call::Help,
        incident::Severity,
        note::{Card, Progress},
    },
    id::{RecordId, UserId},
};
use uuid::Uuid;

use super::*;
use crate::model::Seen;

fn id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

/// A floor with an incident, two calls and a card that waits.
fn busy() -> View {
    let mut view = view();
    view.open.incidents.push(Incident {
        id: id(1),
        station: None,
        machines: vec!["EQ-211".into(), "EQ-212".into()],
        label: "Guard loose".into(),
        severity: Severity::Critical,
        comment: Some("rattles\u{1b}[31m when the press runs".into()),
        from_us: ago(600),
        by: None,
        troubleshooting_us: None,
        troubleshooting_by: None,
    });
    let call = |n, comes: Option<&str>, elsewhere| Call {
        id: id(n),
        place: "EQ-211".into(),
        machine: None,
        kind: Help::Maintenance,
        from_us: ago(125),
        acknowledged_by: comes.map(str::to_owned),
        elsewhere,
    };
    view.open.calls = vec![call(2, None, false), call(3, Some("Sabine Köhler"), true)];
    let batch = Progress { batch: id(5), number: "B-1042".into(), good: 412, target: Some(500) };
    view.open.card =
        Card { stops: 1, incidents: 1, calls: 1, waiting: 4, batches: vec![batch.clone()] };
    view.open.handovers.push(Handover {
        id: id(4),
        station: "ST-21".into(),
        user: Some(UserId(Uuid::from_u128(9))),
        by: Some("Ada Brandt".into()),
        at_us: ago(900),
        card: Card {
            stops: 2,
            incidents: 1,
            calls: 0,
            waiting: 12,
            batches: vec![Progress { good: 340, ..batch }],
        },
        text: Some("guide worn on EQ-212".into()),
    });
    view
}

fn log(model: &mut Model) {
    let note = |n, category: &str, text: Option<&str>| Note {
        id: id(n),
        at_us: ago(i64::try_from(n).unwrap() * 60),
        place: "EQ-212".into(),
        batch: Some("B-1042".into()),
        category: category.into(),
        by: Some("Ada Brandt".into()),
        text: text.map(str::to_owned),
        taken_by: None,
    };
    let long = "the left guide is worn and the press catches every tenth part; \
                the spare one is in the cupboard behind the saw";
    let notes = vec![
        note(1, "handover", Some("all told")),
        note(2, "maintenance", Some(long)),
        note(3, "general", None),
    ];
    let now = model.now;
    update(model, Msg::Seen(Box::new(Seen::Notes(notes))), now);
}

#[test]
fn what_is_open_stands_on_the_overview() {
    let buffer = small("talk-overview", &mut screen(busy()));
    assert_eq!(cell(&buffer, "! HELP").bg, Color::Red);
    assert!(!text(&buffer).contains('\u{1b}'));
}

#[test]
fn the_screens_of_what_people_tell_each_other() {
    for (name, keys) in [
        ("log", "n"),
        ("note", "n n"),
        ("take", "n h"),
        ("give", "n h"),
        ("incidents", "i"),
        ("incident", "i i"),
        ("follow", "i 1"),
        ("call", "a"),
    ] {
        for lang in ["en", "de", "es"] {
            let mut plant = busy();
            if name == "give" {
                plant.open.handovers.clear();
            }
            let mut model = screen(plant);
            press(&mut model, keys);
            log(&mut model);
            let buffer = drawn(&mut model, SMALL, lang, Theme::default());
            if lang == "en" {
                check(&format!("talk-{name}"), &buffer);
            }
            for size in [(1, 1), (20, 8), (60, 16), (200, 60)] {
                drawn(&mut model, size, lang, Theme { ascii: true, ..Theme::default() });
            }
        }
    }
}

#[test]
fn somebody_who_comes_need_not_be_clocked_in() {
    let mut alone = busy();
    alone.people.clear();
    let mut model = screen(alone);
    press(&mut model, "a");
    scan(&mut model, "1002");
    let shown = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(shown.contains("Ben Okafor") && !shown.contains("is not clocked in"), "{shown}");
}
