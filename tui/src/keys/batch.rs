//! Keys of batches.

use super::{Binding, Cmd, Key, every::*};

pub(super) const START_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-start"),
    NEXT,
    PERSON,
    BACK,
    PREVIOUS,
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-next"),
    quiet(&[Key::Left], Cmd::Left, "key-choice-left"),
    quiet(&[Key::Right], Cmd::Right, "key-choice-right"),
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
    quiet(&[Key::Left], Cmd::Left, "key-fewer"),
    quiet(&[Key::Right], Cmd::Right, "key-further"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

pub(super) const ORDERS_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Open, "key-start-order"),
    shown(&[Key::Char('+')], Cmd::Earlier, "key-order-earlier"),
    shown(&[Key::Char('-')], Cmd::Later, "key-order-later"),
    shown(&[Key::Char('n')], Cmd::New, "key-order-new"),
    shown(&[Key::Char('d')], Cmd::Remove, "key-order-remove"),
    PERSON,
    BACK,
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-order"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const BATCH_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-batch"),
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-deed"),
    NEXT,
    PERSON,
    BACK,
    PREVIOUS,
    quiet(&[Key::Left], Cmd::Left, "key-batch-before"),
    quiet(&[Key::Right], Cmd::Right, "key-batch-after"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];
