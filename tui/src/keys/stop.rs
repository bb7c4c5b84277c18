//! Keys of stops.

use super::{Binding, Cmd, Key, every::*};

pub(super) const STOPS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-stop"),
    quiet(&[Key::Enter], Cmd::Open, "key-open-stop"),
    shown(&[Key::F(8)], Cmd::Sweep, "key-sweep"),
    shown(&[Key::Char('m')], Cmd::Mark, "key-mark"),
    shown(&[Key::Char('j')], Cmd::Join, "key-join"),
    shown(&[Key::Char('t')], Cmd::Split, "key-split"),
    quiet(&[Key::Char('a')], Cmd::Site, "key-site"),
    shown(&[Key::Char('u')], Cmd::Withdraw, "key-withdraw"),
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
    shown(&[Key::F(3)], Cmd::Twin, "key-twin"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

pub(super) const SPLIT_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-split"), PERSON, BACK, HELP, QUIT];

pub(super) const SWEEP_KEYS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-group"),
    shown(&[Key::Char('y')], Cmd::Yes, "key-take-suggestion"),
    shown(&[Key::Enter], Cmd::Open, "key-open-group"),
    BACK,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];
