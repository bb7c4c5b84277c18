//! Keys of the board, the minute ledger and large digits.

use super::{Binding, Cmd, Key, every::*};

pub(super) const BOARD_KEYS: &[Binding] = &[
    BACK,
    shown(&[Key::Tab], Cmd::Next, "key-next-section"),
    shown(&[Key::Enter], Cmd::Open, "key-open-line"),
    shown(&[Key::Char('p')], Cmd::Earlier, "key-shift-before"),
    quiet(&[Key::Char('n')], Cmd::Later, "key-shift-after"),
    OPEN_HELP,
    shown(&[Key::Char('w')], Cmd::Ledger, "key-ledger"),
    quiet(&[Key::BackTab], Cmd::Previous, "key-previous-section"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-machine"),
    quiet(&[Key::Left], Cmd::Left, "key-machine-left"),
    quiet(&[Key::Right], Cmd::Right, "key-machine-right"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    QUIT,
];

pub(super) const LEDGER_KEYS: &[Binding] = &[
    BACK,
    shown(&[Key::Enter], Cmd::Open, "key-go-there"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-line"),
    shown(&[Key::Char('p')], Cmd::Earlier, "key-shift-before"),
    quiet(&[Key::Char('n')], Cmd::Later, "key-shift-after"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const LARGE_KEYS: &[Binding] = &[
    BACK,
    quiet(&[Key::Char('z')], Cmd::Large, "key-small"),
    shown(&[Key::Left], Cmd::Left, "key-machine-left"),
    shown(&[Key::Right], Cmd::Right, "key-machine-right"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-machine"),
    OPEN_HELP,
    QUIT,
];
