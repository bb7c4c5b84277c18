//! What nobody would do on purpose: keys, pastes, sizes and answers at random, over a plant whose every name is hostile.
//!
//! `KART_INPUTS` says how many inputs, `KART_SEED` which ones; a failing run names both.

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kart_api::{Answer, Call, Handover, Held, Incident, LiveEvent, Stop, View};
use kart_core::command::{Accepted, Refusal};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    fixture::{BATCH, BEN, ago, at, press, scan, screen, view},
    keys::PLACES,
    model::{Seen, Watch},
    msg::{Lost, Outcome},
    theme::Theme,
    view::draw,
    words::Words,
};

/// A tenth of what the long run takes.
const INPUTS: u64 = 100_000;
/// Inputs between two drawings, at the most.
const UNSEEN: u32 = 40;
/// Escapes, a bell, a change of direction, marks that stack, something wide, and nothing at all.
const HOSTILE: [&str; 7] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{202e}evil\u{2066}",
    "Z\u{0341}\u{0341}\u{0341}\u{0341}a\u{0489}\u{0489}l",
    "機械機械機械機械機械",
    "\r\n\t\u{0}\u{8}\u{9b}31m",
    "\u{200b}\u{feff}\u{2028}",
    "",
];

fn variable<T: std::str::FromStr>(name: &str, usual: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The plant of the fixture, with every text of it replaced now and then.
fn hostile(random: &mut StdRng) -> View {
    let mut full = view();
    let another = full.stops.first().map(|stop| Stop { id: BATCH, ..stop.clone() });
    full.stops.extend(another.filter(|_| random.random_bool(0.5)));
    for machine in &mut full.machines {
        let held =
            Held { source: "good".into(), epoch: 0, before: 8, now: 900_000, at_us: ago(60) };
        machine.held.extend(random.random_bool(0.5).then_some(held));
    }
    people_of(&mut full, random);
    words_of(&mut full, random);
    let mut json = serde_json::to_value(full).unwrap();
    spoil(&mut json, "", random);
    serde_json::from_value(json).unwrap_or_else(|_| view())
}

/// Somebody who forgot to clock out, or is away, and a badge that can be taken back.
fn people_of(view: &mut View, random: &mut StdRng) {
    use kart_core::fact::labor::{Evidence, Inside, Punched};
    let missed = kart_api::Missed { proposed_us: Some(ago(60)), evidence: Evidence::TakenOver };
    let away = kart_api::Away { kind: Inside::Meal, since_us: ago(60) };
    for present in &mut view.people {
        present.missed = random.random_bool(0.3).then(|| missed.clone());
        present.away = random.random_bool(0.3).then(|| away.clone());
    }
    let taken_back = view.people.first().map(|present| kart_api::Punch {
        at_us: ago(9),
        user: present.user,
        name: present.name.clone(),
        entry: present.entry,
        punched: Punched::Began,
        inside: None,
    });
    view.undoable.extend(taken_back.filter(|_| random.random_bool(0.5)));
}

/// What people told each other, and nobody has settled; and a stop that is over.
fn words_of(view: &mut View, random: &mut StdRng) {
    use kart_core::fact::{call::Help, incident::Severity, note::Card};
    let incident = Incident {
        id: BATCH,
        station: None,
        machines: vec!["EQ-211".into(), HOSTILE[0].into()],
        label: "Guard loose".into(),
        severity: Severity::Critical,
        comment: Some("rattles".into()),
        from_us: ago(600),
        by: Some(HOSTILE[1].into()),
        troubleshooting_us: random.random_bool(0.5).then(|| ago(60)),
        troubleshooting_by: Some(HOSTILE[2].into()),
    };
    view.open.incidents.extend(random.random_bool(0.7).then_some(incident));
    let call = Call {
        id: BATCH,
        place: HOSTILE[3].into(),
        machine: None,
        kind: Help::Maintenance,
        from_us: ago(125),
        acknowledged_by: random.random_bool(0.5).then(|| HOSTILE[4].into()),
        elsewhere: random.random_bool(0.5),
    };
    view.open.calls.extend(random.random_bool(0.5).then_some(call));
    let handover = Handover {
        id: BATCH,
        station: HOSTILE[1].into(),
        user: None,
        by: Some(HOSTILE[0].into()),
        at_us: ago(900),
        card: Card { stops: 2, incidents: 1, ..Card::default() },
        text: Some(HOSTILE[5].into()),
    };
    view.open.handovers.extend(random.random_bool(0.7).then_some(handover));
    for stop in &mut view.stops {
        stop.until_us = random.random_bool(0.5).then(|| ago(1));
    }
}

/// Names and free texts, not the words that a type is told by.
fn spoil(value: &mut serde_json::Value, key: &str, random: &mut StdRng) {
    const FREE: [&str; 16] = [
        "comment",
        "place",
        "name",
        "number",
        "label",
        "about",
        "reason",
        "work_order",
        "product_name",
        "product_code",
        "unit",
        "problem",
        "rule",
        "title",
        "text",
        "description",
    ];
    match value {
        serde_json::Value::String(text) if FREE.contains(&key) && random.random_bool(0.5) => {
            *text = HOSTILE.choose(random).unwrap().repeat(random.random_range(1..4));
        },
        serde_json::Value::Array(all) => all.iter_mut().for_each(|one| spoil(one, key, random)),
        serde_json::Value::Object(all) => {
            all.iter_mut().for_each(|(key, one)| spoil(one, key, random));
        },
        _ => {},
    }
}

fn key(random: &mut StdRng) -> KeyEvent {
    let letters = "bsceroxniatwyjlzufkqhgmdp?+-* ";
    let named = [
        KeyCode::Enter,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Insert,
        KeyCode::Null,
    ];
    let code = match random.random_range(0..10) {
        0..3 => KeyCode::Char(letters.chars().nth(random.random_range(0..letters.len())).unwrap()),
        3..5 => KeyCode::Char(char::from(random.random_range(b'0'..=b'9'))),
        5 => KeyCode::Char(char::from_u32(random.random_range(0..0x1_1000)).unwrap_or('\u{1b}')),
        6 => KeyCode::F(random.random_range(1..=12)),
        _ => *named.choose(random).unwrap(),
    };
    let modifiers = match random.random_range(0..20) {
        0 => KeyModifiers::CONTROL,
        1 => KeyModifiers::ALT,
        2 => KeyModifiers::SHIFT,
        _ => KeyModifiers::NONE,
    };
    KeyEvent::new(code, modifiers)
}

/// What the daemon makes of the oldest command.
fn outcome(random: &mut StdRng) -> Outcome {
    match random.random_range(0..6) {
        0 => Outcome::Away,
        1 => Outcome::Broken(HOSTILE.choose(random).unwrap().to_string()),
        2 => Outcome::Answered(Answer::Refused(Refusal::NoSuchBatch)),
        3 => {
            let name = HOSTILE.choose(random).unwrap().to_string();
            Outcome::Answered(Answer::Refused(Refusal::NotClockedIn { name }))
        },
        _ => {
            let user = random.random_bool(0.5).then_some(BEN);
            Outcome::Answered(Answer::Saved(Accepted { seq: 9, record: BATCH, user }))
        },
    }
}

fn input(model: &Model, random: &mut StdRng) -> Msg {
    let pending = model.pending.first().map(|pending| pending.request.key.clone());
    match random.random_range(0..100) {
        0..3 => Msg::Resized(random.random_range(0..220), random.random_range(0..70)),
        3..6 => Msg::Pasted(HOSTILE.choose(random).unwrap().repeat(random.random_range(0..40))),
        6..8 => Msg::Tick,
        8 => Msg::Lost(Lost::Fault(HOSTILE.choose(random).unwrap().to_string())),
        9..12 => Msg::Live(LiveEvent::Snapshot(Box::new(hostile(random)))),
        12..22 if pending.is_some() => {
            Msg::Command { key: pending.unwrap_or_default(), outcome: outcome(random) }
        },
        22..26 => answered(model).unwrap_or(Msg::Tick),
        _ => Msg::Key(key(random)),
    }
}

/// What the daemon says of a record that is looked at.
fn answered(model: &Model) -> Option<Msg> {
    use kart_api::labor::{Entry, Opened, Record, Wish};
    let seen = match model.wanted()? {
        Watch::OpenRecord(_) => {
            let ticket = kart_api::Pin("t1".into());
            Seen::Opened(Opened::Ticket { ticket, others: true })
        },
        Watch::Record(user, back, _) => {
            let entry = Entry {
                id: BATCH,
                kind: "shift".into(),
                station: None,
                from: ago(9_000),
                until: Some(ago(60)),
                source: HOSTILE[0].into(),
                confirmed: false,
                sent: false,
                asked: Some(Wish { from: None, until: None, void: true }),
                worked: None,
                lines: vec![],
            };
            Seen::Record(Box::new(Record {
                user,
                back,
                period: kart_core::hours::Period::Month,
                span: kart_core::kpi::Span { from: ago(90_000), until: ago(0) },
                entries: vec![entry],
                spent: kart_core::hours::Spent::default(),
                views: vec![(HOSTILE[1].into(), 1)],
            }))
        },
        _ => return None,
    };
    Some(Msg::Seen(Box::new(seen)))
}

/// No cell may do anything to a terminal but show something in its own place.
fn is_harmless(symbol: &str) -> bool {
    let moves = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
    };
    !symbol.chars().any(moves)
}

/// Says how to see it again when something breaks.
struct Again {
    seed: u64,
    inputs: u64,
}

impl Drop for Again {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "the test that fails says how to repeat it")]
            {
                eprintln!("KART_SEED={} KART_INPUTS={}", self.seed, self.inputs);
            }
        }
    }
}

#[test]
fn nothing_that_is_pressed_breaks_the_screen() {
    let (inputs, seed) = (variable("KART_INPUTS", INPUTS), variable("KART_SEED", 5_u64));
    let mut random = StdRng::seed_from_u64(seed);
    let words = ["en", "de", "es"].map(Words::new);
    let mut model = screen(hostile(&mut random));
    let mut again = Again { seed, inputs: 0 };
    let (mut unseen, mut places) = (0, BTreeSet::new());
    for n in 0..inputs {
        again.inputs = n + 1;
        if random.random_range(0..200) == 0 {
            scan(&mut model, ["1001", "1002", "9", "123456789012"].choose(&mut random).unwrap());
        }
        // Left to chance alone, few ways lead further than two screens.
        if random.random_range(0..60) == 0 {
            press(&mut model, "<esc> <esc> <esc> <esc>");
            let first = *["e", "n", "i", "a", "y", "u", "o", "x", "s", "c", "t"]
                .choose(&mut random)
                .unwrap();
            let second =
                *["<f8>", "t", "n", "h", "1 <enter>", "1 0 0 2 <enter>", "2", "<enter>", "m j"]
                    .choose(&mut random)
                    .unwrap();
            press(&mut model, first);
            press(&mut model, second);
            // A record opens only for a badge, and for what the daemon says of it.
            if first == "y" {
                scan(&mut model, "1001");
                for _ in 0..2 {
                    if let Some(msg) = answered(&model) {
                        let now = model.now;
                        update(&mut model, msg, now);
                    }
                }
                press(&mut model, ["<enter>", "n", "a", "o"].choose(&mut random).unwrap());
            }
        }
        let msg = input(&model, &mut random);
        let now = at(i64::try_from(n).unwrap() * random.random_range(1..200));
        let now = if now.mono_us < model.now.mono_us { model.now } else { now };
        let effects = update(&mut model, msg, now);
        if effects.contains(&Effect::Quit) {
            model = screen(hostile(&mut random));
        }
        unseen += 1;
        if unseen < random.random_range(1..=UNSEEN) {
            continue;
        }
        unseen = 0;
        places.insert(format!("{:?}", model.place()));
        let (columns, rows) = model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let language = words.choose(&mut random).unwrap();
        let theme = Theme::default();
        terminal.draw(|frame| draw(frame, &model, language, theme)).unwrap();
        for cell in &terminal.backend().buffer().content {
            assert!(is_harmless(cell.symbol()), "{:?} at {:?}", cell.symbol(), model.place());
        }
    }
    // A walk that sees little proves little.
    let never: Vec<Place> =
        PLACES.into_iter().filter(|place| !places.contains(&format!("{place:?}"))).collect();
    assert!(inputs < INPUTS || never.is_empty(), "never seen: {never:?}");
}
