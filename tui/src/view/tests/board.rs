//! The board, the minute ledger, large digits, palettes and languages, as they look.

use kart_api::{board, ledger};
use kart_core::{
    counter::{CounterKind, Verdict},
    id::{ProductId, RecordId},
    kpi::{
        self, Batch, Count, GroupType, Interval, Mode, Person, Rate, Reason, Reasons, Span, Status,
        Window,
    },
    ledger::{Entry, Kind},
    time::Micros,
};
use uuid::Uuid;

use super::*;
use crate::{
    fixture::{ANNA, BEN, HOUSING, JAM, PACKER, PRESS, STATION},
    model::Seen,
    theme::Palette,
};

const HUGE: (u16, u16) = (200, 60);

/// So many minutes after six in the morning.
fn six(minutes: i64) -> Micros {
    Micros(ago(22_223).0 + minutes * 60_000_000)
}

fn interval(n: u128, state: MachineState, minutes: (i64, Option<i64>)) -> Interval {
    Interval {
        record: RecordId(Uuid::from_u128(n)),
        state,
        from: six(minutes.0),
        until: minutes.1.map(six),
        reason: None,
        micro_stop_s: 60.0,
        void: false,
        rule: Some("fault".into()),
        map: Some("7c1d".into()),
    }
}

fn explained(interval: Interval, label: &str) -> Interval {
    let reason = Reason {
        id: JAM,
        label: label.into(),
        group_type: GroupType::Unplanned,
        now: None,
        by: Some(ANNA),
    };
    Interval { reason: Some(reason), ..interval }
}

fn intervals() -> Vec<Interval> {
    let mut all = vec![
        interval(1, MachineState::Setup, (0, Some(12))),
        interval(2, MachineState::Running, (12, Some(80))),
        explained(interval(3, MachineState::Stopped, (80, Some(102))), "Infeed jam"),
        interval(4, MachineState::Running, (102, Some(210))),
        interval(5, MachineState::PlannedStop, (210, Some(240))),
        interval(6, MachineState::Running, (240, Some(290))),
        interval(7, MachineState::Unknown, (290, Some(300))),
        interval(8, MachineState::Stopped, (300, Some(309))),
        interval(9, MachineState::Running, (309, Some(330))),
        interval(10, MachineState::Starved, (330, Some(338))),
        interval(11, MachineState::Running, (338, None)),
    ];
    all[1].until = Some(six(80));
    all
}

fn counts() -> Vec<Count> {
    let mut raw: i64 = 60_000;
    let made =
        [(40, 700), (75, 900), (130, 800), (200, 2_100), (280, 1_300), (325, 480), (365, 760)];
    made.into_iter()
        .map(|(minute, parts)| {
            let count = Count {
                record: RecordId(Uuid::from_u128(500 + raw.unsigned_abs() as u128)),
                source: "good".into(),
                counter: CounterKind::Good,
                epoch: 0,
                raw_from: raw,
                raw_to: raw + parts,
                verdict: if minute == 325 { Verdict::Gap } else { Verdict::Increase },
                since: six(minute - 1),
                until: six(minute),
                batch: Some(RecordId(Uuid::from_u128(if minute < 240 { 1041 } else { 1042 }))),
                map: None,
            };
            raw += parts;
            count
        })
        .collect()
}

fn batch(n: u128, product: ProductId, minutes: (i64, Option<i64>)) -> Batch {
    let person = |entry, user, from| Person {
        entry: Uuid::from_u128(entry),
        user,
        from: six(from),
        until: minutes.1.map(six),
        override_minutes: None,
    };
    Batch {
        record: RecordId(Uuid::from_u128(n)),
        number: format!("B-{n}"),
        product,
        from: six(minutes.0),
        until: minutes.1.map(six),
        status: if minutes.1.is_some() { Status::Completed } else { Status::Running },
        good: minutes.1.map(|_| 4_480),
        scrap: minutes.1.map(|_| 20),
        target: Some(4_500),
        standard_hours: Some(0.001),
        by: Some(ANNA),
        people: vec![person(n + 1, ANNA, minutes.0), person(n + 2, BEN, minutes.0 + 30)],
        rests: vec![],
    }
}

fn shift() -> board::Shift {
    let span = Span { from: six(0), until: six(480) };
    let window = Window {
        from: span.from,
        until: span.until,
        now: ago(0),
        mode: Mode::Standard,
        reasons: Reasons::Recorded,
        planned: vec![
            Span { from: six(0), until: six(210) },
            Span { from: six(240), until: six(480) },
        ],
        shift_hours: None,
    };
    let press = kpi::Machine {
        equipment: PRESS,
        intervals: intervals(),
        counters: vec![CounterKind::Good],
        total_since: None,
        counts: counts(),
        batches: vec![batch(1041, HOUSING, (0, Some(215))), batch(1042, HOUSING, (240, None))],
        rate: Rate { ideal_cycle_s: Some(2.0), ..Rate::default() },
        positions: None,
        seen_until: None,
    };
    let packer = kpi::Machine {
        equipment: PACKER,
        intervals: vec![],
        counters: vec![],
        counts: vec![],
        batches: vec![],
        rate: Rate::default(),
        ..press.clone()
    };
    let hours = kpi::clock_hours("Europe/Berlin", span);
    let machine = |code: &str, told: &kpi::Machine| board::Machine {
        code: code.into(),
        board: kpi::board(&window, told, 85.0, &hours),
    };
    let machines = vec![machine("EQ-211", &press), machine("PK-31", &packer)];
    board::Shift { span, name: Some("Early".into()), back: 0, machines }
}

fn told(model: &mut Model, seen: Seen) {
    let now = model.now;
    update(model, Msg::Seen(Box::new(seen)), now);
}

fn open() -> Model {
    let mut model = screen(view());
    press(&mut model, "t");
    told(&mut model, Seen::Board(Box::new(shift())));
    model
}

#[test]
fn the_board_hour_by_hour() {
    let mut model = screen(view());
    press(&mut model, "t");
    let empty = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(empty.contains("Reading …"), "{empty}");
    assert_eq!(model.watching, Some(crate::model::Watch::Board(0)));
    told(&mut model, Seen::Board(Box::new(shift())));
    let shown = text(&small("board", &mut model));
    for wanted in ["06:00–07:00", "(standard)", "Known", "▼", "EQ-211 (1/2)", "Early"] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    check("board-de", &drawn(&mut model, SMALL, "de", Theme::default()));
    check("board-es", &drawn(&mut model, SMALL, "es", Theme::default()));
    check("board-120x40", &drawn(&mut model, LARGE, "en", Theme::default()));
    check("board-200x60", &drawn(&mut model, HUGE, "en", Theme::default()));
    let ascii = drawn(&mut model, SMALL, "es", Theme { ascii: true, ..Theme::default() });
    assert!(text(&ascii).is_ascii());
    check("board-ascii", &ascii);
}

#[test]
fn every_number_of_the_board_opens() {
    let mut model = open();
    press(&mut model, "<up> <up> <up> <up> <up> <enter>");
    let hour = text(&small("board-hour", &mut model));
    for wanted in ["07:00–08:00", "Infeed jam, Anna Fischer", "good: 60,700 → 61,600, 900 parts"]
    {
        assert!(hour.contains(wanted), "{wanted}\n{hour}");
    }
    press(&mut model, "<esc> <tab>");
    let costs = text(&small("board-costs", &mut model));
    assert!(costs.contains("Infeed jam") && costs.contains("22 min"), "{costs}");
    press(&mut model, "<enter>");
    let cost = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(cost.contains("1 stop") && cost.contains("Infeed jam, Anna Fischer"), "{cost}");
    press(&mut model, "<esc> <tab>");
    let batches = text(&small("board-batches", &mut model));
    for wanted in ["B-1041 Hou", "4,480 / 4,500", "BEHIND", "× standard", "(1.5×), here 3.6 h"] {
        assert!(batches.contains(wanted), "{wanted}\n{batches}");
    }
    press(&mut model, "<down> <enter>");
    let batch = text(&small("board-batch", &mut model));
    assert!(batch.contains("Ben Okafor") && batch.contains("at the standard pace"), "{batch}");
    press(&mut model, "<esc> <right>");
    let other = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(other.contains("PK-31 (2/2)"), "{other}");
    press(&mut model, "<esc>");
    assert!(model.screens.is_empty() && model.watching.is_none());
}

#[test]
fn a_shift_before_is_asked_for_and_what_came_too_late_is_not_taken_for_it() {
    let mut model = open();
    press(&mut model, "p");
    assert_eq!(model.watching, Some(crate::model::Watch::Board(1)));
    told(&mut model, Seen::Board(Box::new(shift())));
    let shown = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(shown.contains("the shift before") && shown.contains("Reading"), "{shown}");
    told(&mut model, Seen::Lost("the daemon answered 400: there is no such shift".into()));
    let shown = text(&small("board-lost", &mut model));
    assert!(shown.contains("No answer") && shown.contains("no such shift"), "{shown}");
    press(&mut model, "n n n");
    assert_eq!(model.watching, Some(crate::model::Watch::Board(0)));
}

fn entries() -> ledger::Shift {
    let entry = |kind, minutes: (i64, i64), equipment, users: &[_], batches: &[&str]| Entry {
        kind,
        from: six(minutes.0),
        until: six(minutes.1),
        goes_on: minutes.1 == 370,
        equipment,
        stations: vec![STATION, STATION],
        users: users.to_vec(),
        batches: batches.iter().map(|number| (*number).to_owned()).collect(),
        records: vec![],
    };
    let machine = Some(PRESS);
    let entries = vec![
        entry(Kind::RanAlone, (0, 12), machine, &[], &[]),
        entry(Kind::RanAlone, (210, 241), machine, &[], &["B-1041"]),
        entry(Kind::BookedWhileDown, (80, 102), machine, &[ANNA, BEN], &["B-1041"]),
        entry(Kind::SeveralBatches, (240, 260), Some(STOPPED), &[], &["B-1041", "B-1042"]),
        entry(Kind::TwoStations, (300, 370), None, &[BEN], &[]),
    ];
    let span = Span { from: six(0), until: six(480) };
    ledger::Shift { span, name: Some("Early".into()), back: 0, entries }
}

#[test]
fn what_cannot_all_be_right_is_one_key_from_its_place() {
    let mut model = screen(view());
    press(&mut model, "w");
    told(&mut model, Seen::Ledger(Box::new(entries())));
    let shown = text(&small("ledger", &mut model));
    for wanted in ["ran B-1041, nobody clocked on", "B-1041: Anna Fischer, Ben", "at two stations"]
    {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    check("ledger-de", &drawn(&mut model, SMALL, "de", Theme::default()));
    check("ledger-es", &drawn(&mut model, SMALL, "es", Theme::default()));
    press(&mut model, "4 <enter>");
    assert_eq!(model.selected, Some(STOPPED));
    assert!(matches!(model.screens.last(), Some(Screen::Machine { id, .. }) if *id == STOPPED));
    press(&mut model, "<esc> 5 <enter>");
    assert!(
        matches!(model.screens.last(), Some(Screen::Badge(_))),
        "a person is looked up by badge"
    );
    press(&mut model, "<esc>");
    told(&mut model, Seen::Ledger(Box::new(ledger::Shift { entries: vec![], ..entries() })));
    let shown = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(shown.contains("Nothing in this shift contradicts itself."), "{shown}");
}

#[test]
fn large_digits_fill_the_window() {
    let mut model = screen(view());
    press(&mut model, "z");
    let shown = text(&small("large", &mut model));
    assert!(shown.contains("EQ-211 · RUNNING") && shown.contains("██████"), "{shown}");
    check("large-200x60", &drawn(&mut model, HUGE, "en", Theme::default()));
    let ascii = drawn(&mut model, SMALL, "de", Theme { ascii: true, ..Theme::default() });
    assert!(text(&ascii).is_ascii() && text(&ascii).contains("######"));
    press(&mut model, "<right>");
    let buffer = drawn(&mut model, SMALL, "en", Theme::default());
    assert_eq!(cell(&buffer, "EQ-212").bg, Color::Red, "a stop fills its band");
    press(&mut model, "z");
    assert!(model.screens.is_empty());
    let mut stale = view();
    stale.machines[0].seen_us = Some(ago(90));
    let mut model = screen(stale);
    press(&mut model, "z");
    let buffer = small("large-stale", &mut model);
    assert!(is_struck(&buffer, "██"), "an old number is no number of now");
}

#[test]
fn a_language_belongs_to_whoever_acts() {
    let mut model = screen(view());
    let effects = press(&mut model, "l");
    let [crate::effect::Effect::Remember(kept)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(*kept, format!("{ANNA} de\n"));
    assert_eq!(model.language(), "de");
    let mut alone = view();
    alone.people.clear();
    let mut model = screen(alone);
    assert_eq!(model.language(), "en");
    assert!(press(&mut model, "l l").is_empty(), "of a screen nothing is kept");
    assert_eq!(model.language(), "es");
    model.spoken.by.insert(ANNA, "de");
    update(&mut model, Msg::Live(kart_api::LiveEvent::Snapshot(Box::new(view()))), at(0));
    assert_eq!(model.language(), "de", "Anna is here");
}

#[test]
fn other_palettes_change_colours_and_no_letter() {
    let buffer = |palette| {
        let mut model = open();
        drawn(&mut model, SMALL, "en", Theme { palette, ..Theme::default() })
    };
    let standard = buffer(Palette::Standard);
    let colours = |buffer: &Buffer, unwanted: &[Color]| {
        buffer.content.iter().any(|cell| unwanted.contains(&cell.fg) || unwanted.contains(&cell.bg))
    };
    assert!(colours(&standard, &[Color::Green]));
    for palette in [Palette::Safe, Palette::Mono] {
        let other = buffer(palette);
        assert_eq!(text(&other), text(&standard));
        assert!(!colours(&other, &[Color::Green, Color::LightGreen]));
    }
    let mono = buffer(Palette::Mono);
    assert!(mono.content.iter().all(|cell| [cell.fg, cell.bg] == [Color::Reset; 2]));
}

#[test]
fn no_size_breaks_these_screens() {
    for size in [(1, 1), (10, 3), (20, 8), (79, 23), (300, 90)] {
        for (open, seen) in [
            ("t", Seen::Board(Box::new(shift()))),
            ("t <tab>", Seen::Board(Box::new(shift()))),
            ("t <tab> <tab>", Seen::Board(Box::new(shift()))),
            ("w", Seen::Ledger(Box::new(entries()))),
            ("z", Seen::Lost("gone".into())),
        ] {
            let mut model = screen(view());
            press(&mut model, open);
            told(&mut model, seen);
            drawn(&mut model, size, "de", Theme::default());
            press(&mut model, "<enter>");
            drawn(&mut model, size, "de", Theme::default());
        }
    }
}

#[test]
fn the_pace_of_a_batch_stands_on_its_card() {
    let mut slow = view();
    let buffer = drawn(&mut screen(slow.clone()), SMALL, "en", Theme::default());
    assert_eq!(cell(&buffer, "▼ BEHIND 27 %").bg, Color::Red);
    slow.machines[0].good = 1_600;
    let buffer = drawn(&mut screen(slow), SMALL, "en", Theme::default());
    assert_eq!(cell(&buffer, "▲ pace 105 %").fg, Color::Green);
}
