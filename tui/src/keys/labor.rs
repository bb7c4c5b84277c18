//! Keys of a badge and of what it asks.

use super::{Binding, Cmd, Key, every::*};

pub(super) const BADGE_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-find-badge"), BACK, HELP, QUIT];

pub(super) const PUNCH: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-punch"),
    BACK,
    quiet(&[Key::Up], Cmd::Up, "key-station-up"),
    quiet(&[Key::Down], Cmd::Down, "key-station-down"),
    HELP,
    QUIT,
];
