//! Keys of what a technician looks at.

use super::{Binding, Cmd, Key, every::*};

pub(super) const COMMISSIONING: &[Binding] = &[
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
