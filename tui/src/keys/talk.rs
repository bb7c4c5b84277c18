//! Keys of the shift log, of handovers, incidents and calls.

use super::{Binding, Cmd, Key, every::*};

pub(super) const LOG_KEYS: &[Binding] = &[
    shown(&[Key::Char('n')], Cmd::Notes, "key-note"),
    shown(&[Key::Char('h')], Cmd::Hand, "key-hand"),
    shown(&[Key::Tab], Cmd::Next, "key-search"),
    BACK,
    quiet(&[Key::Enter], Cmd::Confirm, "key-search-end"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const NOTE_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-save"),
    NEXT,
    PERSON,
    BACK,
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-word"),
    UP,
    DOWN,
    HELP,
    QUIT,
];

pub(super) const GIVE_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-sign"), PERSON, BACK, HELP, QUIT];

pub(super) const INCIDENTS_KEYS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-incident"),
    shown(&[Key::Enter], Cmd::Open, "key-open-incident"),
    shown(&[Key::Char('i')], Cmd::Incident, "key-new-incident"),
    BACK,
    UP,
    DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const INCIDENT_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-save"),
    NEXT,
    shown(&[Key::F(3)], Cmd::Mark, "key-severity"),
    PERSON,
    BACK,
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-word"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

pub(super) const FOLLOW_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-follow"),
    shown(&[Key::F(4)], Cmd::Resolve, "key-resolve"),
    PERSON,
    BACK,
    HELP,
    QUIT,
];

pub(super) const CALL_KEYS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-word"),
    shown(&[Key::Enter], Cmd::Confirm, "key-call"),
    shown(&[Key::F(4)], Cmd::Resolve, "key-end-call"),
    PERSON,
    BACK,
    UP,
    DOWN,
    HELP,
    QUIT,
];
