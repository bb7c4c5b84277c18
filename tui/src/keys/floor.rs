//! Keys of the overview, a machine, and what is read there.

use super::{Binding, Cmd, Key, every::*};

pub(super) const OVERVIEW: &[Binding] = &[
    BADGE,
    shown(&[Key::Char('u')], Cmd::Undo, "key-undo"),
    START,
    COMPLETE,
    BATCH,
    ORDERS,
    EXPLAIN,
    RECEIPTS,
    quiet(&[Key::Char('f'), Key::F(7)], Cmd::Figures, "key-figures"),
    quiet(&[Key::Char('y')], Cmd::Record, "key-record"),
    shown(&[Key::Char('t')], Cmd::Board, "key-board"),
    quiet(&[Key::Char('j')], Cmd::Jobs, "key-jobs"),
    quiet(&[Key::Char('w')], Cmd::Ledger, "key-ledger"),
    quiet(&[Key::Char('z')], Cmd::Large, "key-large"),
    quiet(&[Key::Char('l')], Cmd::Language, "key-language"),
    quiet(&[Key::Char('k'), Key::F(8)], Cmd::Commission, "key-commission"),
    quiet(&[Key::Enter], Cmd::Open, "key-open-machine"),
    quiet(&[Key::Digit], Cmd::Pick(0), "key-pick-machine"),
    shown(&[Key::Tab], Cmd::Next, "key-station"),
    quiet(&[Key::BackTab], Cmd::Previous, "key-station-before"),
    quiet(&[Key::Up], Cmd::Up, "key-machine-up"),
    quiet(&[Key::Down], Cmd::Down, "key-machine-down"),
    quiet(&[Key::Left], Cmd::Left, "key-machine-left"),
    quiet(&[Key::Right], Cmd::Right, "key-machine-right"),
    shown(&[Key::Char('n')], Cmd::Notes, "key-notes"),
    shown(&[Key::Char('i')], Cmd::Incident, "key-incident"),
    shown(&[Key::Char('a')], Cmd::Call, "key-help-call"),
    OPEN_HELP,
    shown(&[Key::Char('q'), Key::Ctrl('q'), Key::Ctrl('c')], Cmd::Quit, "key-quit"),
];

pub(super) const MACHINE: &[Binding] = &[
    BACK,
    START,
    COMPLETE,
    BATCH,
    ORDERS,
    EXPLAIN,
    quiet(&[Key::Char('h')], Cmd::Held, "key-held"),
    quiet(&[Key::Char('n')], Cmd::Notes, "key-notes"),
    quiet(&[Key::Char('i')], Cmd::Incident, "key-incident"),
    quiet(&[Key::Char('a')], Cmd::Call, "key-help-call"),
    shown(&[Key::Char('t')], Cmd::Board, "key-board"),
    quiet(&[Key::Char('z')], Cmd::Large, "key-large"),
    quiet(&[Key::Char('l')], Cmd::Language, "key-language"),
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

pub(super) const RECEIPT_KEYS: &[Binding] = &[BACK, UP, DOWN, PAGE_UP, PAGE_DOWN, OPEN_HELP, QUIT];

pub(super) const HELP_KEYS: &[Binding] = &[BACK, UP, DOWN, PAGE_UP, PAGE_DOWN, QUIT];

pub(super) const FIGURE_KEYS: &[Binding] = &[
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

pub(super) const HELD_KEYS: &[Binding] = &[
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-held"),
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-explain"),
    PERSON,
    BACK,
    UP,
    DOWN,
    HELP,
    QUIT,
];
