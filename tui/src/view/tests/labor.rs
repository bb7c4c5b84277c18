//! What a badge opens: each card as it stands at 80×24, in every language where words are long.

use kart_api::{
    Away, Missed, Punch,
    labor::{Entry, Line, Opened, Record, Wish, Worked},
};
use kart_core::{
    calendar::Interval,
    command::Refusal,
    fact::labor::{Evidence, Inside, Punched},
    hours::{Counted, Period, Spent},
    id::RecordId,
    kpi::Span,
};

use super::*;
use crate::{
    fixture::{ANNA, BEN, LABOR, STATION, ago},
    model::{Act, Seen},
};

fn in_three(name: &str, model: &mut Model) {
    for (language, _) in crate::words::LANGUAGES {
        let buffer = drawn(model, SMALL, language, Theme::default());
        check(&format!("{name}-{language}"), &buffer);
    }
}

#[test]
fn a_card_of_what_a_badge_can_do() {
    let mut model = screen(view());
    scan(&mut model, "1001");
    press(&mut model, "3");
    in_three("labor-menu", &mut model);
    let mut away = view();
    away.people[0].away = Some(Away { kind: Inside::Meal, since_us: ago(1_860) });
    let mut model = screen(away);
    scan(&mut model, "1001");
    small("labor-back", &mut model);
}

#[test]
fn punches_that_can_be_taken_back() {
    let mut view = view();
    let punch = |user, name: &str, punched, inside: Option<Inside>| Punch {
        at_us: ago(9),
        user,
        name: name.into(),
        entry: inside.map_or(LABOR, |_| RecordId(uuid::Uuid::from_u128(22))),
        punched,
        inside,
    };
    view.undoable = vec![
        punch(BEN, "Ben Okafor", Punched::Began, None),
        punch(ANNA, "Anna Fischer", Punched::Ended, Some(Inside::Meal)),
    ];
    let mut model = screen(view);
    press(&mut model, "u");
    in_three("labor-undo", &mut model);
}

#[test]
fn an_end_that_was_forgotten() {
    let mut view = view();
    let missed = Missed { proposed_us: Some(ago(3_600)), evidence: Evidence::TakenOver };
    view.people[0].missed = Some(missed);
    let mut model = screen(view);
    scan(&mut model, "1001");
    in_three("labor-told", &mut model);
}

#[test]
fn a_pin_of_ones_own() {
    let mut model = screen(view());
    scan(&mut model, "1001");
    if let Some(Screen::Punch(form)) = model.screens.last_mut() {
        form.acts.choose(Act::Pin);
    }
    press(&mut model, "<enter> 7 3");
    in_three("labor-pin", &mut model);
}

fn ticket(others: bool) -> Seen {
    Seen::Opened(Opened::Ticket { ticket: kart_api::Pin("t1".into()), others })
}

/// Ben, a lead, looks at the record of Anna, who says that an entry is not hers.
fn others() -> Model {
    let mut view = view();
    let reference = view.reference.as_mut().unwrap();
    for person in &mut reference.people {
        if person.id == BEN {
            person.role = kart_core::reference::Role::Lead;
        }
    }
    let mut model = screen(view);
    press(&mut model, "y 1 0 0 2 <enter>");
    let now = model.now;
    update(&mut model, Msg::Seen(Box::new(ticket(true))), now);
    model
}

#[test]
fn whose_record_it_is_to_be() {
    let mut model = others();
    press(&mut model, "o");
    in_three("hours-crew", &mut model);
}

#[test]
fn hours_of_somebody_else_are_put_right() {
    let mut model = others();
    press(&mut model, "o <enter>");
    let asked = Some(Wish { from: None, until: None, void: true });
    let entry = Entry {
        id: LABOR,
        kind: "shift".into(),
        station: Some(STATION),
        from: ago(30_000),
        until: Some(ago(1_200)),
        source: "terminal".into(),
        confirmed: false,
        sent: true,
        asked,
        worked: None,
        lines: vec![],
    };
    let span = Span { from: ago(1_900_000), until: ago(-600_000) };
    let record = Record {
        user: ANNA,
        back: 0,
        period: Period::Week,
        span,
        entries: vec![entry],
        spent: Spent::default(),
        views: vec![],
    };
    let now = model.now;
    update(&mut model, Msg::Seen(Box::new(Seen::Record(Box::new(record)))), now);
    press(&mut model, "a");
    in_three("hours-accept", &mut model);
    press(&mut model, "b u s");
    let sent = press(&mut model, "<enter>");
    let sent = format!("{sent:?}");
    assert!(sent.contains("AmendLabor") && sent.contains("void: Some(true)"), "{sent}");
}

#[test]
fn a_pin_is_asked_for_before_a_record_is_seen() {
    let mut model = screen(view());
    press(&mut model, "y 1 0 0 1 <enter>");
    let now = model.now;
    let needed = Refusal::PinNeeded { name: "Anna".into() };
    let refused = Seen::Opened(Opened::Refused(needed));
    update(&mut model, Msg::Seen(Box::new(refused)), now);
    let shown = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(shown.contains("PIN"), "{shown}");
    press(&mut model, "4 8 2 9");
    let effects = format!("{:?}", press(&mut model, "<enter>"));
    assert!(effects.contains("OpenRecord") && !effects.contains("4829"), "{effects}");
}

/// What comes of a shift that began five minutes late.
fn worked() -> Worked {
    Worked {
        late_us: Some(300_000_000),
        early_us: Some(-60_000_000),
        overlaps: false,
        spent: Spent {
            here_us: 29_000_000_000,
            away_us: 1_860_000_000,
            activity_us: 0,
            jobs_us: 25_280_000_000,
            unbooked: vec![Interval { from: ago(173_000), until: ago(171_140) }],
        },
        counted: vec![Counted {
            from: ago(200_000),
            until: ago(171_200),
            meal_us: 1_860_000_000,
            counted_us: 26_940_000_000,
            short_meal: false,
        }],
    }
}

/// Entries of a week: one told late and confirmed, one without an end, a shift that goes on with its meal.
fn recorded() -> Vec<Entry> {
    let line = |kind: &str, from: Option<i64>, until: Option<i64>, recorded: i64| Line {
        kind: kind.into(),
        from: from.map(ago),
        until: until.map(ago),
        before: [None; 2],
        evidence: None,
        reason: (kind == "told_out").then(|| "bus was early".into()),
        recorded: ago(recorded),
        by: Some(ANNA),
    };
    let entry = |n: u128, kind: &str, times: (i64, Option<i64>), source: &str, lines| Entry {
        id: RecordId(uuid::Uuid::from_u128(n)),
        kind: kind.into(),
        station: Some(STATION),
        from: ago(times.0),
        until: times.1.map(ago),
        source: source.into(),
        confirmed: n == 1,
        sent: n < 3,
        asked: None,
        worked: (n == 1).then(worked),
        lines,
    };
    vec![
        entry(
            1,
            "shift",
            (200_000, Some(171_000)),
            "told",
            vec![
                line("in", Some(200_000), None, 200_000),
                line("missing_out", None, Some(171_060), 160_000),
                line("told_out", None, Some(171_000), 110_000),
                line("confirmed", Some(200_000), Some(171_000), 100_000),
            ],
        ),
        entry(
            2,
            "shift",
            (110_000, None),
            "missing_out",
            vec![
                line("in", Some(110_000), None, 110_000),
                line("missing_out", None, Some(82_000), 70_000),
            ],
        ),
        entry(3, "shift", (18_720, None), "terminal", vec![line("in", Some(18_720), None, 18_720)]),
        entry(
            4,
            "meal",
            (9_000, Some(7_140)),
            "terminal",
            vec![line("meal", Some(9_000), None, 9_000), line("back", None, Some(7_140), 7_140)],
        ),
    ]
}

#[test]
fn ones_own_record() {
    let mut model = screen(view());
    scan(&mut model, "1001");
    if let Some(Screen::Punch(form)) = model.screens.last_mut() {
        form.acts.choose(Act::Record);
    }
    press(&mut model, "<enter>");
    let entries = recorded();
    let span = Span { from: ago(1_900_000), until: ago(-600_000) };
    let period = Period::Month;
    let views = vec![("agreement 2026".to_owned(), 28_800_000_000)];
    let spent = entries.iter().find_map(|entry: &Entry| entry.worked.clone()).unwrap().spent;
    let record = Record { user: ANNA, back: 0, period, span, entries, spent, views };
    let now = model.now;
    for seen in [ticket(false), Seen::Record(Box::new(record))] {
        update(&mut model, Msg::Seen(Box::new(seen)), now);
    }
    in_three("labor-record", &mut model);
}

#[test]
fn who_is_away_and_who_forgot_is_seen_at_once() {
    let mut both = view();
    both.people[0].away = Some(Away { kind: Inside::Break, since_us: ago(600) });
    let missed = Some(Missed { proposed_us: None, evidence: Evidence::Nothing });
    let ben = kart_api::Present {
        user: BEN,
        name: "Ben Okafor".into(),
        away: None,
        missed,
        ..both.people[0].clone()
    };
    both.people.push(ben);
    let mut model = screen(both);
    let shown = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(shown.contains("Anna Fischer (Break 10 min)"), "{shown}");
    assert!(shown.contains("▲ Ben Okafor clock-out missing"), "{shown}");
}
