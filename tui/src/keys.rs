//! Which key does what. Footer and help are printed from this table, so that they cannot lie.
//!
//! A text field in focus takes what can be typed before this table is asked.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kart_core::screen::Screen as Part;

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cmd {
    Help,
    Quit,
    Back,
    Badge,
    Start,
    Complete,
    Explain,
    Receipts,
    Open,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Next,
    Previous,
    Confirm,
    Person,
    Commission,
    Figures,
    Held,
    Reasons,
    Mark,
    Go,
    Device,
    Table,
    /// The n-th of what is shown, counted from 1.
    Pick(usize),
}

impl Cmd {
    /// The screen that this leads to, where an organisation may hide it.
    pub fn part(self, place: Place) -> Option<Part> {
        match self {
            Self::Badge => Some(Part::Labor),
            Self::Start | Self::Complete => Some(Part::Batches),
            Self::Explain => Some(Part::Stops),
            Self::Receipts => Some(Part::Receipts),
            Self::Commission => Some(Part::Commissioning),
            Self::Figures => Some(Part::Machine),
            Self::Open if place == Place::Overview => Some(Part::Machine),
            _ => None,
        }
    }
}

/// Where keys have their own meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Overview,
    Machine,
    Receipts,
    Help,
    Badge,
    Punch,
    Start,
    Complete,
    Stops,
    Explain,
    Commissioning,
    Figures,
    Held,
}

/// One line of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys, the one to print in the footer first.
    pub keys: &'static [Key],
    /// What they ask for.
    pub cmd: Cmd,
    /// The words for it in the Fluent files.
    pub label: &'static str,
    /// Whether the footer names it; the help names all.
    pub footer: bool,
}

/// A key as the table names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    Char(char),
    Ctrl(char),
    F(u8),
    /// Any of `1` to `9`; stands for [`Cmd::Pick`] of that number.
    Digit,
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
}

impl Key {
    /// The key of an event; `None` for keys no table can name.
    fn of(event: &KeyEvent) -> Option<Self> {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        if event.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        match event.code {
            KeyCode::Char(letter) if ctrl => Some(Self::Ctrl(letter.to_ascii_lowercase())),
            KeyCode::Char(letter) => Some(Self::Char(letter.to_ascii_lowercase())),
            KeyCode::F(number) => Some(Self::F(number)),
            KeyCode::Enter => Some(Self::Enter),
            KeyCode::Esc => Some(Self::Esc),
            KeyCode::Tab => Some(Self::Tab),
            KeyCode::BackTab => Some(Self::BackTab),
            KeyCode::Up => Some(Self::Up),
            KeyCode::Down => Some(Self::Down),
            KeyCode::Left => Some(Self::Left),
            KeyCode::Right => Some(Self::Right),
            KeyCode::PageUp => Some(Self::PageUp),
            KeyCode::PageDown => Some(Self::PageDown),
            _ => None,
        }
    }

    /// The key as printed on a keyboard.
    pub fn name(self) -> String {
        match self {
            Self::Char(letter) => letter.to_string(),
            Self::Ctrl(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()),
            Self::F(number) => format!("F{number}"),
            Self::Digit => "1-9".into(),
            Self::Enter => "Enter".into(),
            Self::Esc => "Esc".into(),
            Self::Tab => "Tab".into(),
            Self::BackTab => "Shift-Tab".into(),
            Self::Up => "↑".into(),
            Self::Down => "↓".into(),
            Self::Left => "←".into(),
            Self::Right => "→".into(),
            Self::PageUp => "PgUp".into(),
            Self::PageDown => "PgDn".into(),
        }
    }
}

const fn shown(keys: &'static [Key], cmd: Cmd, label: &'static str) -> Binding {
    Binding { keys, cmd, label, footer: true }
}

const fn quiet(keys: &'static [Key], cmd: Cmd, label: &'static str) -> Binding {
    Binding { keys, cmd, label, footer: false }
}

const BACK: Binding = shown(&[Key::Esc], Cmd::Back, "key-back");
const HELP: Binding = quiet(&[Key::F(1)], Cmd::Help, "key-help");
const QUIT: Binding = quiet(&[Key::Ctrl('q'), Key::Ctrl('c')], Cmd::Quit, "key-quit");
const UP: Binding = quiet(&[Key::Up], Cmd::Up, "key-up");
const DOWN: Binding = quiet(&[Key::Down], Cmd::Down, "key-down");
const PAGE_UP: Binding = quiet(&[Key::PageUp], Cmd::PageUp, "key-page-up");
const PAGE_DOWN: Binding = quiet(&[Key::PageDown], Cmd::PageDown, "key-page-down");
const NEXT: Binding = shown(&[Key::Tab], Cmd::Next, "key-next");
const PREVIOUS: Binding = quiet(&[Key::BackTab], Cmd::Previous, "key-previous");
const PERSON: Binding = shown(&[Key::F(2)], Cmd::Person, "key-person");
const BADGE: Binding = shown(&[Key::Char('b'), Key::F(2)], Cmd::Badge, "key-badge");
const START: Binding = shown(&[Key::Char('s'), Key::F(3)], Cmd::Start, "key-start");
const COMPLETE: Binding = shown(&[Key::Char('c'), Key::F(4)], Cmd::Complete, "key-complete");
const EXPLAIN: Binding = shown(&[Key::Char('e'), Key::F(5)], Cmd::Explain, "key-explain");
const RECEIPTS: Binding = shown(&[Key::Char('r'), Key::F(6)], Cmd::Receipts, "key-receipts");
const OPEN_HELP: Binding = shown(&[Key::Char('?'), Key::F(1)], Cmd::Help, "key-help");

const OVERVIEW: &[Binding] = &[
    BADGE,
    START,
    COMPLETE,
    EXPLAIN,
    RECEIPTS,
    quiet(&[Key::Char('f'), Key::F(7)], Cmd::Figures, "key-figures"),
    quiet(&[Key::Char('k'), Key::F(8)], Cmd::Commission, "key-commission"),
    quiet(&[Key::Enter], Cmd::Open, "key-open-machine"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-machine"),
    quiet(&[Key::Up], Cmd::Up, "key-machine-up"),
    quiet(&[Key::Down], Cmd::Down, "key-machine-down"),
    quiet(&[Key::Left], Cmd::Left, "key-machine-left"),
    quiet(&[Key::Right], Cmd::Right, "key-machine-right"),
    OPEN_HELP,
    shown(&[Key::Char('q'), Key::Ctrl('q'), Key::Ctrl('c')], Cmd::Quit, "key-quit"),
];

const MACHINE: &[Binding] = &[
    BACK,
    START,
    COMPLETE,
    EXPLAIN,
    quiet(&[Key::Char('h')], Cmd::Held, "key-held"),
    quiet(&[Key::Char('b'), Key::F(2)], Cmd::Badge, "key-badge"),
    quiet(&[Key::Char('r'), Key::F(6)], Cmd::Receipts, "key-receipts"),
    quiet(&[Key::Left], Cmd::Left, "key-machine-left"),
    quiet(&[Key::Right], Cmd::Right, "key-machine-right"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

const RECEIPT_KEYS: &[Binding] = &[BACK, UP, DOWN, PAGE_UP, PAGE_DOWN, OPEN_HELP, QUIT];

const HELP_KEYS: &[Binding] = &[BACK, UP, DOWN, PAGE_UP, PAGE_DOWN, QUIT];

const BADGE_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-find-badge"), BACK, HELP, QUIT];

const PUNCH: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-punch"),
    BACK,
    quiet(&[Key::Up], Cmd::Up, "key-station-up"),
    quiet(&[Key::Down], Cmd::Down, "key-station-down"),
    HELP,
    QUIT,
];

const START_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-start"),
    NEXT,
    PERSON,
    BACK,
    PREVIOUS,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

const COMPLETE_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-complete"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-reason"),
    NEXT,
    PERSON,
    BACK,
    PREVIOUS,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

const STOPS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-stop"),
    shown(&[Key::Enter], Cmd::Open, "key-open-stop"),
    BACK,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

const EXPLAIN_KEYS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-reason"),
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-explain"),
    shown(&[Key::Tab, Key::BackTab], Cmd::Next, "key-comment"),
    PERSON,
    BACK,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

const COMMISSIONING: &[Binding] = &[
    BACK,
    shown(&[Key::Tab], Cmd::Next, "key-next-screen"),
    shown(&[Key::Char('m')], Cmd::Mark, "key-mark"),
    shown(&[Key::Char('g')], Cmd::Go, "key-go"),
    shown(&[Key::Char('d')], Cmd::Device, "key-device"),
    shown(&[Key::Char('t')], Cmd::Table, "key-table"),
    quiet(&[Key::Enter], Cmd::Confirm, "key-take"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-screen"),
    quiet(&[Key::BackTab], Cmd::Previous, "key-previous-screen"),
    UP,
    DOWN,
    quiet(&[Key::Left], Cmd::Left, "key-page-up"),
    quiet(&[Key::Right], Cmd::Right, "key-page-down"),
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

const FIGURE_KEYS: &[Binding] = &[
    BACK,
    shown(&[Key::Enter], Cmd::Open, "key-open-figure"),
    shown(&[Key::Char('n')], Cmd::Reasons, "key-reasons"),
    quiet(&[Key::Left], Cmd::Left, "key-figure-left"),
    quiet(&[Key::Right], Cmd::Right, "key-figure-right"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

const HELD_KEYS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-held"),
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-explain"),
    PERSON,
    BACK,
    UP,
    DOWN,
    HELP,
    QUIT,
];

/// The keys of a place.
pub fn table(place: Place) -> &'static [Binding] {
    match place {
        Place::Overview => OVERVIEW,
        Place::Machine => MACHINE,
        Place::Receipts => RECEIPT_KEYS,
        Place::Help => HELP_KEYS,
        Place::Badge => BADGE_KEYS,
        Place::Punch => PUNCH,
        Place::Start => START_KEYS,
        Place::Complete => COMPLETE_KEYS,
        Place::Stops => STOPS,
        Place::Explain => EXPLAIN_KEYS,
        Place::Commissioning => COMMISSIONING,
        Place::Figures => FIGURE_KEYS,
        Place::Held => HELD_KEYS,
    }
}

/// What a key asks for at a place.
pub fn command(place: Place, event: &KeyEvent) -> Option<Cmd> {
    let key = Key::of(event)?;
    table(place).iter().find_map(|binding| {
        if binding.keys.contains(&key) {
            return Some(binding.cmd);
        }
        let number = digit(event)?;
        (number > 0 && binding.keys.contains(&Key::Digit)).then_some(Cmd::Pick(number))
    })
}

/// Whether a text field wants this key for itself.
pub fn is_typing(event: &KeyEvent) -> bool {
    let plain = !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match event.code {
        KeyCode::Char(_) => plain,
        KeyCode::Backspace
        | KeyCode::Delete
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Home
        | KeyCode::End => true,
        _ => false,
    }
}

/// The digit that was typed.
pub fn digit(event: &KeyEvent) -> Option<usize> {
    match event.code {
        KeyCode::Char(letter) if !event.modifiers.contains(KeyModifiers::CONTROL) => {
            letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok())
        },
        _ => None,
    }
}

/// Every place, for those who print or test the whole table.
pub const PLACES: [Place; 13] = [
    Place::Overview,
    Place::Machine,
    Place::Receipts,
    Place::Help,
    Place::Badge,
    Place::Punch,
    Place::Start,
    Place::Complete,
    Place::Stops,
    Place::Explain,
    Place::Commissioning,
    Place::Figures,
    Place::Held,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for place in PLACES {
            let keys: Vec<Key> = table(place).iter().flat_map(|b| b.keys.iter().copied()).collect();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[..at].contains(key), "{place:?}: {key:?} twice");
            }
        }
    }

    #[test]
    fn a_form_binds_no_letters() {
        for place in [Place::Badge, Place::Start, Place::Complete, Place::Explain] {
            let typed = |key: &Key| matches!(key, Key::Char(_));
            assert!(!table(place).iter().any(|binding| binding.keys.iter().any(typed)));
        }
    }

    #[test]
    fn escape_goes_back_from_everywhere_but_the_overview() {
        let escape = KeyEvent::from(KeyCode::Esc);
        for place in PLACES.into_iter().filter(|place| *place != Place::Overview) {
            assert_eq!(command(place, &escape), Some(Cmd::Back), "{place:?}");
        }
    }

    #[test]
    fn digits_pick() {
        assert_eq!(
            command(Place::Overview, &KeyEvent::from(KeyCode::Char('3'))),
            Some(Cmd::Pick(3))
        );
        assert_eq!(command(Place::Overview, &KeyEvent::from(KeyCode::Char('0'))), None);
    }
}
