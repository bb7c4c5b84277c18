//! Keys of batches.

use super::{Binding, Cmd, Key, every::*};

pub(super) const START_KEYS: &[Binding] = &[
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

pub(super) const COMPLETE_KEYS: &[Binding] = &[
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
