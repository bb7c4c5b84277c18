//! Every screen in every state that the daemon, a machine or a command can be in, in every language and
//! size. The overview is there as pictures; of the others it is held that they say the same of that state.

use kart_api::{HqLink, Recording, Stop};
use kart_core::id::RecordId;
use ratatui::style::Modifier;
use uuid::Uuid;

use super::*;
use crate::{
    keys::{Key, PLACES, Place},
    model::{Model, Screen, Sending},
    words::{LANGUAGES, Sentence},
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// How a screen is opened from the overview: keys, with `@` for a badge that is read.
const OPENED: [&str; 24] = [
    "",
    "1 <enter>",
    "r",
    "?",
    "b",
    "@1002",
    "@1001",
    "3 s",
    "1 c",
    "1 o",
    "1 x",
    "e",
    "e <esc>",
    "e <esc> <down> t",
    "k",
    "f",
    "t",
    "w",
    "z",
    "n",
    "n n",
    "n h",
    "i",
    "a",
];

/// Places that only what the daemon tells leads to; their own tests draw them.
const LED_TO: [Place; 12] = [
    Place::Undo,
    Place::Told,
    Place::Pin,
    Place::Record,
    Place::Amend,
    Place::Crew,
    Place::Shares,
    Place::Held,
    Place::Take,
    Place::Incidents,
    Place::Follow,
    Place::Sweep,
];

fn opened(view: View, keys: &str) -> Model {
    let mut model = screen(view);
    for key in keys.split(' ').filter(|key| !key.is_empty()) {
        match key.strip_prefix('@') {
            Some(badge) => drop(scan(&mut model, badge)),
            None => drop(press(&mut model, key)),
        }
    }
    model
}

/// One stop waits and one was explained: `e` leads to a card with the list beneath.
fn explained() -> View {
    let mut view = view();
    let over = Stop {
        id: RecordId(Uuid::from_u128(77)),
        from_us: ago(3_000),
        until_us: Some(ago(2_700)),
        reason: Some("Infeed jam".into()),
        ..view.stops[0].clone()
    };
    view.review.explained = vec![over];
    view
}

/// A screen in each state, by the name of the state.
fn states(view: fn() -> View, keys: &str) -> Vec<(&'static str, Model)> {
    let mut offline = view();
    offline.sync.link = HqLink::Down { since_us: ago(900), reason: "no route to host".into() };
    let mut halted = view();
    halted.sync.recording = Recording::No { reason: "the disk is full".into(), since_us: ago(60) };
    let later = |model: &mut Model, msg| {
        let mono_us = model.now.mono_us + 20_000_000;
        let now = crate::clock::Now { mono_us, ..model.now };
        update(model, msg, now);
    };
    let mut stale = opened(view(), keys);
    later(&mut stale, Msg::Tick);
    let mut lost = opened(view(), keys);
    later(&mut lost, Msg::Lost(Lost::NoAnswer));
    later(&mut lost, Msg::Tick);
    let mut refused = opened(view(), keys);
    if let Some(sending) = refused.screens.last_mut().and_then(Screen::sending_mut) {
        *sending = Sending::Refused(Sentence::new("choose-person"));
    }
    vec![
        ("fresh", opened(view(), keys)),
        ("stale", stale),
        ("offline", opened(offline, keys)),
        ("lost", lost),
        ("refused", refused),
        ("not-recording", opened(halted, keys)),
    ]
}

fn rows(buffer: &Buffer, from: usize, until: usize) -> Vec<String> {
    text(buffer).lines().skip(from).take(until - from).map(str::to_owned).collect()
}

#[test]
fn the_overview_in_every_state_language_and_size() {
    // What is refused is refused in a form.
    let refused = states(view, "1 c").into_iter().filter(|(name, _)| *name == "refused");
    let others = states(view, "").into_iter().filter(|(name, _)| *name != "refused");
    for (name, mut model) in others.chain(refused) {
        let mut all = String::new();
        for (lang, _) in LANGUAGES {
            for size in SIZES {
                let buffer = drawn(&mut model, size, lang, Theme::default());
                all.push_str(&format!("== {lang} {}x{}\n{}\n", size.0, size.1, text(&buffer)));
            }
        }
        insta::with_settings!({
            snapshot_path => "../../../tests/screens",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("state-{name}"), all);
        });
    }
}

#[test]
fn every_screen_says_in_which_state_everything_is_and_how_to_leave_it() {
    let mut seen = Vec::new();
    for keys in OPENED {
        let overviews = states(explained, "");
        for ((name, mut model), (_, mut overview)) in
            states(explained, keys).into_iter().zip(overviews)
        {
            seen.push(model.place());
            let types = model.screens.last_mut().is_some_and(|it| it.text_field().is_some());
            let letter = |key: &Key| matches!(key, Key::Char(_));
            let bound =
                crate::keys::table(model.place()).iter().any(|it| it.keys.iter().any(letter));
            assert!(!types || !bound, "{keys:?}: a letter that is typed does something");
            for (lang, _) in LANGUAGES {
                let words = Words::new(lang);
                for size in SIZES {
                    let at = format!("{keys:?} {name} {lang} {size:?}");
                    let buffer = drawn(&mut model, size, lang, Theme::default());
                    // What of the banner can change by itself is the time.
                    overview.now = model.now;
                    overview.daemon.clone_from(&model.daemon);
                    let expected = drawn(&mut overview, size, lang, Theme::default());
                    assert_eq!(rows(&buffer, 1, 3), rows(&expected, 1, 3), "{at}");
                    let footer = text(&buffer).lines().last().unwrap_or_default().to_owned();
                    let leaves = if model.screens.is_empty() { "? " } else { "Esc " };
                    assert!(footer.contains(leaves), "{at}: {footer}");
                    if let Some(Sending::Refused(why)) =
                        model.screens.last().and_then(Screen::sending)
                    {
                        let why = words.tell(why);
                        assert!(text(&buffer).contains(&why), "{at}: {why}");
                    }
                }
            }
        }
    }
    let unseen: Vec<Place> = PLACES
        .into_iter()
        .filter(|place| !seen.contains(place) && !LED_TO.contains(place))
        .collect();
    assert!(unseen.is_empty(), "no picture of {unseen:?}");
}

fn blinking(buffer: &Buffer) -> String {
    let blinks = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(Modifier::SLOW_BLINK);
    buffer.content.iter().filter(blinks).map(ratatui::buffer::Cell::symbol).collect()
}

#[test]
fn nothing_blinks_but_stops_that_nobody_acknowledged() {
    for (name, mut model) in states(view, "") {
        let buffer = drawn(&mut model, SMALL, "en", Theme::default());
        // What is not the present calls nobody.
        let old = ["stale", "lost"].contains(&name);
        assert_eq!(blinking(&buffer), if old { "" } else { " ■ STOPPED " }, "{name}");
    }
    for ascii in [true, false] {
        let palette = if ascii { theme::Palette::Standard } else { theme::Palette::Mono };
        let theme = Theme { ascii, palette };
        assert_eq!(blinking(&drawn(&mut screen(view()), SMALL, "en", theme)), "");
    }
    // Many machines are lines: there it blinks too.
    let mut many = view();
    many.machines.extend([0; 5].map(|_| many.machines[0].clone()));
    assert_eq!(blinking(&drawn(&mut screen(many), SMALL, "en", Theme::default())), " ■ STOPPED ");
    // Whoever puts the list or the card away has acknowledged it.
    for keys in ["e <esc>", "e <enter> <esc> <esc>"] {
        let mut model = screen(view());
        press(&mut model, keys);
        assert!(model.screens.is_empty(), "{keys}");
        assert_eq!(blinking(&drawn(&mut model, SMALL, "en", Theme::default())), "", "{keys}");
    }
    // One that is over blinks where it is said that it waits.
    let mut over = view();
    over.stops[0].until_us = Some(ago(60));
    over.machines[1].state = MachineState::Running;
    let buffer = drawn(&mut screen(over), SMALL, "en", Theme::default());
    assert!(blinking(&buffer).contains('1'), "{}", blinking(&buffer));
    for keys in OPENED.into_iter().filter(|keys| !keys.is_empty()) {
        let mut model = opened(view(), keys);
        model.cards.known.insert(crate::fixture::STOP);
        assert_eq!(blinking(&drawn(&mut model, LARGE, "en", Theme::default())), "", "{keys}");
    }
}
