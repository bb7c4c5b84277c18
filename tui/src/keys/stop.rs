//! Keys of stops.

use super::{Binding, Cmd, Key, every::*};

pub(super) const STOPS: &[Binding] = &[
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

pub(super) const EXPLAIN_KEYS: &[Binding] = &[
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
