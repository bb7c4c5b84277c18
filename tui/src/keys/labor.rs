//! Keys of a badge and of what it asks.

use super::{Binding, Cmd, Key, every::*};

pub(super) const BADGE_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-find-badge"), BACK, HELP, QUIT];

pub(super) const PUNCH: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-punch"),
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-act"),
    BACK,
    quiet(&[Key::Up], Cmd::Up, "key-act-up"),
    quiet(&[Key::Down], Cmd::Down, "key-act-down"),
    HELP,
    QUIT,
];

pub(super) const UNDO_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-undo"),
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-punch"),
    BACK,
    UP,
    DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const TOLD_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-told"),
    NEXT,
    shown(&[Key::Esc], Cmd::Back, "key-told-later"),
    PREVIOUS,
    HELP,
    QUIT,
];

pub(super) const PIN_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-confirm-pin"), NEXT, BACK, PREVIOUS, HELP, QUIT];

pub(super) const RECORD_KEYS: &[Binding] = &[
    BACK,
    shown(&[Key::Char('c')], Cmd::Agree, "key-agree"),
    shown(&[Key::Enter], Cmd::Confirm, "key-put-right"),
    shown(&[Key::Char('o'), Key::F(2)], Cmd::Person, "key-others"),
    shown(&[Key::Left], Cmd::Left, "key-period-before"),
    quiet(&[Key::Right], Cmd::Right, "key-period-after"),
    shown(&[Key::Char('x')], Cmd::Remove, "key-not-me"),
    quiet(&[Key::Char('n')], Cmd::New, "key-add-hours"),
    quiet(&[Key::Char('a')], Cmd::Yes, "key-accept-wish"),
    quiet(&[Key::Char('d')], Cmd::Withdraw, "key-decline-wish"),
    quiet(&[Key::Char('w')], Cmd::Ledger, "key-ledger"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const AMEND_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-amend"),
    NEXT,
    BACK,
    PREVIOUS,
    quiet(&[Key::Up], Cmd::Up, "key-up"),
    quiet(&[Key::Down], Cmd::Down, "key-down"),
    HELP,
    QUIT,
];

pub(super) const CREW_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-open-record"),
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-person"),
    BACK,
    UP,
    DOWN,
    OPEN_HELP,
    QUIT,
];

pub(super) const SHARES_KEYS: &[Binding] =
    &[shown(&[Key::Enter], Cmd::Confirm, "key-confirm-shares"), NEXT, BACK, PREVIOUS, HELP, QUIT];
