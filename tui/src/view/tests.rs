use kart_api::{Conflict, DeviceLink, HqLink, Recording, View};
use kart_core::{id::EquipmentId, machine::MachineState};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};

use super::*;
use crate::{
    fixture::{STOPPED, ago, at, press, scan, screen, view},
    msg::{Lost, Msg, Outcome},
    update::update,
};

mod batch;
mod board;
mod commissioning;
mod job;
mod labor;
mod states;
mod stops;
mod talk;

fn drawn(model: &mut Model, size: (u16, u16), lang: &str, theme: Theme) -> Buffer {
    let now = model.now;
    update(model, Msg::Resized(size.0, size.1), now);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let words = Words::new(lang);
    terminal.draw(|frame| draw(frame, model, &words, theme)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    let row = |cells: &[ratatui::buffer::Cell]| {
        let row: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        row.trim_end().to_owned()
    };
    rows.map(row).collect::<Vec<_>>().join("\n")
}

fn check(name: &str, buffer: &Buffer) {
    insta::with_settings!({
        snapshot_path => "../../tests/screens",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text(buffer));
    });
}

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 40);

fn small(name: &str, model: &mut Model) -> Buffer {
    let buffer = drawn(model, SMALL, "en", Theme::default());
    check(name, &buffer);
    buffer
}

/// The cells of the first place where `wanted` stands.
fn cell<'a>(buffer: &'a Buffer, wanted: &str) -> &'a ratatui::buffer::Cell {
    for y in 0..buffer.area.height {
        let row: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        for x in 0..row.len() {
            if row[x..].concat().starts_with(wanted) {
                return &buffer[(u16::try_from(x).unwrap(), y)];
            }
        }
    }
    panic!("{wanted:?} is not on the screen:\n{}", text(buffer));
}

fn is_struck(buffer: &Buffer, wanted: &str) -> bool {
    cell(buffer, wanted).modifier.contains(ratatui::style::Modifier::CROSSED_OUT)
}

#[test]
fn overview() {
    let buffer = small("overview-80x24", &mut screen(view()));
    assert!(!is_struck(&buffer, "► RUNNING"));
    assert_eq!(cell(&buffer, "■ STOPPED").bg, Color::Red);
    check("overview-120x40", &drawn(&mut screen(view()), LARGE, "en", Theme::default()));
    check("overview-de", &drawn(&mut screen(view()), SMALL, "de", Theme::default()));
    check("overview-es", &drawn(&mut screen(view()), SMALL, "es", Theme::default()));
}

#[test]
fn overview_in_ascii() {
    let mut odd = view();
    odd.people[0].name = "Jürgen Łoś 田中".into();
    let buffer = drawn(&mut screen(odd), SMALL, "de", Theme { ascii: true, ..Theme::default() });
    assert!(text(&buffer).is_ascii());
    check("overview-ascii", &buffer);
}

#[test]
fn many_machines_become_lines_and_small_windows_still_work() {
    let mut many = view();
    for _ in 0..3 {
        let machines = many.machines.clone();
        many.machines.extend(machines);
    }
    small("many-machines", &mut screen(many));
    let buffer = drawn(&mut screen(view()), (60, 16), "en", Theme::default());
    check("small-window", &buffer);
    for size in [(1, 1), (10, 3), (20, 8), (300, 90)] {
        for open in ["r", "?", "e", "c", "<enter>", "3 s", "b"] {
            let mut model = screen(view());
            press(&mut model, open);
            drawn(&mut model, size, "en", Theme::default());
        }
    }
}

#[test]
fn a_machine_that_does_not_answer_is_struck_through() {
    let mut stale = view();
    stale.machines[0].link =
        DeviceLink::Down { since_us: ago(95), reason: "connection refused".into() };
    stale.machines[0].seen_us = Some(ago(95));
    stale.machines[0].state = MachineState::Unknown;
    stale.machines[1].seen_us = Some(ago(40));
    stale.machines[2].seen_us = None;
    let buffer = small("stale", &mut screen(stale));
    assert!(is_struck(&buffer, "good of 500") && is_struck(&buffer, "■ STOPPED"));
    assert!(!is_struck(&buffer, "? UNKNOWN"), "that we do not know it is no old news");
}

#[test]
fn values_grow_old_by_themselves() {
    let mut model = screen(view());
    update(&mut model, Msg::Tick, at(20_000));
    let buffer = drawn(&mut model, SMALL, "en", Theme::default());
    assert!(is_struck(&buffer, "► RUNNING"), "{}", text(&buffer));
}

#[test]
fn a_lost_daemon_makes_everything_old_and_says_what_works() {
    let mut model = screen(view());
    update(&mut model, Msg::Lost(Lost::NoAnswer), at(2_000));
    update(&mut model, Msg::Tick, at(9_000));
    let buffer = small("daemon-lost", &mut model);
    assert!(is_struck(&buffer, "► RUNNING") && is_struck(&buffer, "Anna Fischer"));
    press(&mut model, "3 s <enter> <enter>");
    let (key, outcome) = ("key-1".into(), Outcome::Away);
    update(&mut model, Msg::Command { key, outcome }, at(14_000));
    small("daemon-lost-saving", &mut model);
    press(&mut model, "<esc>");
    small("daemon-lost-pending", &mut model);
}

#[test]
fn before_the_first_state() {
    let mut model = Model::new(at(0), crate::model::Mint::Counting(0));
    small("connecting", &mut model);
    update(&mut model, Msg::Lost(Lost::NoAnswer), at(0));
    small("never-connected", &mut model);
    update(&mut model, Msg::Lost(Lost::Foreign), at(0));
    small("foreign-version", &mut model);
}

#[test]
fn not_recording_is_red() {
    let mut full = view();
    full.sync.recording =
        Recording::No { reason: "No space left on device".into(), since_us: ago(60) };
    full.sync.link = HqLink::Down { since_us: ago(600), reason: "no route to host".into() };
    full.sync.quarantined = 2;
    let buffer = small("not-recording", &mut screen(full));
    assert_eq!(cell(&buffer, "■ NOT RECORDING").bg, Color::Red);
}

#[test]
fn headquarters_in_every_state() {
    let states = [
        HqLink::Alone,
        HqLink::Connecting,
        HqLink::Preparing { progress: "2000 of 9000 facts".into() },
        HqLink::Refused { reason: "this terminal was revoked".into() },
    ];
    let mut lines = Vec::new();
    for link in states {
        let mut view = view();
        view.sync.link = link;
        let buffer = drawn(&mut screen(view), SMALL, "en", Theme::default());
        lines.push(text(&buffer).lines().nth(2).unwrap().to_owned());
    }
    assert_eq!(
        lines,
        [
            " ○ Works alone, without headquarters",
            " ○ Headquarters: connecting · site data 2 min old",
            " ○ Headquarters prepares a new life of the log: 2000 of 9000 facts · site data …",
            " ■ HEADQUARTERS REFUSES THIS TERMINAL: this terminal was revoked · site data 2 …",
        ]
    );
}

#[test]
fn a_time_that_cannot_be_believed_is_said_beside_it() {
    use kart_api::Time::{Adrift, Believed, Corrected, Unconfirmed};
    let adrift = Adrift { since_us: ago(24 * 3_600), within_us: 9_000_000 };
    let title = |time, lang| {
        let mut view = view();
        view.terminal.time = time;
        let buffer = drawn(&mut screen(view), SMALL, lang, Theme::default());
        text(&buffer).lines().next().unwrap().to_owned()
    };
    for (time, lang, wanted) in [
        (Unconfirmed, "en", "▲ time not confirmed  2026-"),
        (Corrected(7_200_000_000), "en", "▲ clock here 2 h fast  2026-"),
        (Corrected(-90_000_000), "de", "▲ Uhr hier geht 1 min nach  2026-"),
        (Unconfirmed, "es", "▲ hora sin confirmar  2026-"),
        (adrift, "en", "▲ time ±9 s since 2026-11-"),
        (adrift, "de", "▲ Zeit ±9 s seit 2026-11-"),
    ] {
        let title = title(time, lang);
        assert!(title.contains(wanted) && title.contains("T-07"), "{title}");
    }
    for time in [Believed, Corrected(0)] {
        assert!(!title(time, "en").contains('▲'));
    }
}

#[test]
fn a_damaged_log_is_said_beside_the_recording() {
    let mut full = view();
    full.sync.damage = Some(kart_api::Damage {
        at_us: ago(60),
        problem: "a line does not follow".into(),
        file: "facts-00000000000000ab.db".into(),
    });
    let buffer = drawn(&mut screen(full), SMALL, "en", Theme::default());
    let line = text(&buffer).lines().nth(1).unwrap().to_owned();
    assert!(line.starts_with(" ● Recording · ▲ LOG DAMAGED "), "{line}");
    assert!(line.contains("see facts-00000000000000ab.db"), "{line}");
}

#[test]
fn escape_codes_in_names_are_text() {
    let mut evil = view();
    evil.people[0].name = "\u{1b}[2J\u{1b}]0;x\u{7}Anna".into();
    evil.machines[0].name = "Press\u{202e}112\r\n".into();
    evil.machines[1].link =
        DeviceLink::Down { since_us: ago(5), reason: "\u{1b}[31mno\u{9b}1m".into() };
    if let Some(batch) = &mut evil.machines[0].batch {
        batch.product_name = format!("Z{}algo", "\u{301}".repeat(60));
    }
    let buffer = small("escape-codes", &mut screen(evil));
    assert!(!buffer.content.iter().any(|cell| cell.symbol().chars().any(char::is_control)));
}

fn form(name: &str, view: View, keys: &str) {
    let mut model = screen(view);
    press(&mut model, keys);
    small(name, &mut model);
}

#[test]
fn forms() {
    form("form-badge", view(), "b 1 0 0");
    form("form-start", view(), "3 s h o u <enter>");
    form("form-complete", view(), "1 c <enter> 5 <enter>");
    form("form-explain", view(), "e 2");
    form("help", view(), "?");
    form("help-form", view(), "e <f1>");
    form("receipts", view(), "r");
    form("machine", view(), "2 <enter>");
    let mut model = screen(view());
    scan(&mut model, "1002");
    small("form-clock-in", &mut model);
    press(&mut model, "<enter>");
    small("form-saving", &mut model);
    let mut model = screen(view());
    scan(&mut model, "1001");
    small("form-clock-out", &mut model);
    scan(&mut model, "4711");
    small("unknown-badge", &mut model);
}

#[test]
fn several_stops() {
    let mut stops = view();
    for number in 1..12 {
        let mut stop = stops.stops[0].clone();
        stop.id = kart_core::id::RecordId(uuid::Uuid::from_u128(number));
        stop.from_us = ago(5000);
        stop.until_us = Some(ago(4000));
        stops.stops.push(stop);
    }
    form("stops", stops, "e <down>");
}

#[test]
fn the_shift_is_shown_while_it_lasts() {
    let mut during = view();
    let shift = kart_core::calendar::ShiftInstance {
        shift: "E".into(),
        name: "Early".into(),
        crews: vec!["Red".into()],
        day: jiff::civil::date(2026, 11, 22),
        at: kart_core::calendar::Interval { from: ago(22_223), until: ago(-6_577) },
        breaks: Vec::new(),
    };
    during.terminal.shift = Some(shift.clone());
    for number in 0..5 {
        let mut person = during.people[0].clone();
        person.name = format!("Person {number}");
        during.people.push(person);
    }
    let buffer = small("shift", &mut screen(during.clone()));
    assert!(text(&buffer).contains(" Early · Red 06:00–14:00"));
    let over = kart_core::calendar::Interval { until: ago(1), ..shift.at };
    during.terminal.shift = Some(kart_core::calendar::ShiftInstance { at: over, ..shift });
    let buffer = drawn(&mut screen(during), SMALL, "en", Theme::default());
    assert!(!text(&buffer).contains("Early"));
}

#[test]
fn a_saved_entry_is_said_to_be_saved() {
    let mut model = screen(view());
    press(&mut model, "e 1 <enter>");
    let accepted =
        kart_core::command::Accepted { seq: 7, record: crate::fixture::STOP, user: None };
    let outcome = Outcome::Answered(kart_api::Answer::Saved(accepted));
    let now = model.now;
    update(&mut model, Msg::Command { key: "key-1".into(), outcome }, now);
    let buffer = small("saved", &mut model);
    assert_eq!(cell(&buffer, " SAVED ").bg, Color::Green);
}

#[test]
fn the_status_in_plain_text() {
    let words = Words::new("en");
    insta::with_settings!({
        snapshot_path => "../../tests/screens",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("status", crate::status::lines(&view(), &words));
    });
}

#[test]
fn what_an_organisation_hides_is_not_offered() {
    let mut hidden = view();
    let settings = &mut hidden.reference.as_mut().unwrap().settings;
    settings.flags.insert("stations".into(), false);
    settings.ui_visibility.insert("receipts".into(), false);
    small("hidden-screens", &mut screen(hidden.clone()));
    let mut model = screen(hidden);
    press(&mut model, "?");
    small("help-hidden-screens", &mut model);
}

#[test]
fn a_pin_is_asked_for() {
    let mut asked = view();
    asked.people.clear();
    asked.reference.as_mut().unwrap().people[1].has_pin = true;
    let mut model = screen(asked);
    scan(&mut model, "1002");
    press(&mut model, "4 8 2 9");
    let buffer = small("form-clock-in-pin", &mut model);
    assert!(!text(&buffer).contains("4829"));
}

#[test]
fn what_comes_from_elsewhere() {
    let mut view = view();
    let batch = view.machines[0].batch.clone().unwrap();
    let foreign = kart_api::Batch { terminal: Some("T-08".into()), ..batch };
    let other = kart_api::Batch { number: "B-7".into(), ..foreign.clone() };
    view.machines[0].batch = Some(foreign);
    view.machines.truncate(1);
    view.elsewhere = vec![kart_api::Elsewhere { machine: "EQ-213".into(), batch: other }];
    let conflict = |id: &str, kind: &str, about: &str, machines: &[EquipmentId]| Conflict {
        id: id.into(),
        kind: kind.into(),
        about: about.into(),
        machines: machines.to_vec(),
    };
    view.conflicts = vec![
        conflict("1", "ended_again", "B-1041", &[STOPPED]),
        conflict("2", "labor_overlap", "Anna Fischer", &[]),
    ];
    let shown = text(&small("news", &mut screen(view)));
    for wanted in [
        "started at T-08 1 h ago · Anna Fischer",
        " ▲ Batch B-1041 was ended twice. Headquarters is asked.",
        " ▲ Anna Fischer is clocked in twice at the same time. Headquarters is asked.",
        " EQ-213: batch B-7, started at T-08 1 h ago · Anna Fischer · Housing left",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
}

/// The first of the published vectors, as two machines of a shift: the second one says nothing of its speed.
fn figures_of_a_shift() -> kart_api::figures::Shift {
    let text = include_str!("../../../daemon/core/vectors/kpi.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let case = &vectors["cases"][0];
    let window: kart_core::kpi::Window = serde_json::from_value(case["window"].clone()).unwrap();
    let told: kart_core::kpi::Machine =
        serde_json::from_value(case["machines"][0].clone()).unwrap();
    let slow = kart_core::kpi::Machine { rate: kart_core::kpi::Rate::default(), ..told.clone() };
    let machine = |code: &str, machine: &kart_core::kpi::Machine| kart_api::figures::Machine {
        equipment: machine.equipment,
        code: code.to_owned(),
        figures: kart_core::kpi::figures(&window, std::slice::from_ref(machine)),
    };
    kart_api::figures::Shift {
        span: kart_core::kpi::Span { from: window.from, until: window.until },
        name: Some("Early".to_owned()),
        machines: vec![machine("EQ-211", &told), machine("EQ-212", &slow)],
    }
}

#[test]
fn figures_and_what_is_behind_them() {
    let mut model = screen(view());
    press(&mut model, "f");
    let now = model.now;
    let seen = crate::model::Seen::Figures(Box::new(figures_of_a_shift()));
    update(&mut model, Msg::Seen(Box::new(seen)), now);
    press(&mut model, "<down> <right>");
    let shown = text(&small("figures", &mut model));
    for wanted in
        ["85.7 %", "64.3 %", "n/a", "Performance: nobody says how long a part should take"]
    {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    press(&mut model, "<right> <right> <right> <right> <right>");
    let shown = text(&drawn(&mut model, SMALL, "en", Theme::default()));
    assert!(shown.contains("as recorded") && shown.contains("Micro-stop count"), "{shown}");
    press(&mut model, "<left> <left> <left> <left> <left>");
    press(&mut model, "<up> <left> <enter>");
    let shown = text(&small("figures-opened", &mut model));
    assert!(shown.contains("Availability of EQ-211: 85.7 %, 100.0 % of the time known"), "{shown}");
    assert!(shown.contains("1 h 00 min  stopped · Jam"), "{shown}");
    press(&mut model, "<esc>");
    assert_eq!(model.screens.len(), 1, "back to the table");
    press(&mut model, "<esc>");
    assert!(model.screens.is_empty() && model.watching.is_none());
}

#[test]
fn readings_that_are_held() {
    let mut holding = view();
    let held = |source: &str, now| kart_api::Held {
        source: source.into(),
        epoch: 0,
        before: 61_210,
        now,
        at_us: ago(60),
    };
    holding.machines[0].held = vec![held("good", 62_110), held("scrap", 99_999)];
    let mut model = screen(holding);
    press(&mut model, "1 <enter>");
    let shown = text(&small("held-machine", &mut model));
    assert!(shown.contains("held: nothing is booked"), "{shown}");
    press(&mut model, "h 2");
    let shown = text(&small("held", &mut model));
    assert!(shown.contains("accept: the parts") && shown.contains("drop: they"), "{shown}");
}
