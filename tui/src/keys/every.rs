//! Keys that mean the same at every place where they mean anything.

use super::{Binding, Cmd, Key};

pub(super) const fn shown(keys: &'static [Key], cmd: Cmd, label: &'static str) -> Binding {
    Binding { keys, cmd, label, footer: true }
}

pub(super) const fn quiet(keys: &'static [Key], cmd: Cmd, label: &'static str) -> Binding {
    Binding { keys, cmd, label, footer: false }
}

pub(super) const BACK: Binding = shown(&[Key::Esc], Cmd::Back, "key-back");
pub(super) const HELP: Binding = quiet(&[Key::F(1)], Cmd::Help, "key-help");
pub(super) const QUIT: Binding = quiet(&[Key::Ctrl('q'), Key::Ctrl('c')], Cmd::Quit, "key-quit");
pub(super) const UP: Binding = quiet(&[Key::Up], Cmd::Up, "key-up");
pub(super) const DOWN: Binding = quiet(&[Key::Down], Cmd::Down, "key-down");
pub(super) const PAGE_UP: Binding = quiet(&[Key::PageUp], Cmd::PageUp, "key-page-up");
pub(super) const PAGE_DOWN: Binding = quiet(&[Key::PageDown], Cmd::PageDown, "key-page-down");
pub(super) const NEXT: Binding = shown(&[Key::Tab], Cmd::Next, "key-next");
pub(super) const PREVIOUS: Binding = quiet(&[Key::BackTab], Cmd::Previous, "key-previous");
pub(super) const PERSON: Binding = shown(&[Key::F(2)], Cmd::Person, "key-person");
pub(super) const BADGE: Binding = shown(&[Key::Char('b'), Key::F(2)], Cmd::Badge, "key-badge");
pub(super) const START: Binding = shown(&[Key::Char('s'), Key::F(3)], Cmd::Start, "key-start");
pub(super) const COMPLETE: Binding =
    shown(&[Key::Char('c'), Key::F(4)], Cmd::Complete, "key-complete");
pub(super) const BATCH: Binding = shown(&[Key::Char('x')], Cmd::Batch, "key-batch");
pub(super) const ORDERS: Binding = shown(&[Key::Char('o')], Cmd::Orders, "key-orders");
pub(super) const EXPLAIN: Binding =
    shown(&[Key::Char('e'), Key::F(5)], Cmd::Explain, "key-explain");
pub(super) const RECEIPTS: Binding =
    shown(&[Key::Char('r'), Key::F(6)], Cmd::Receipts, "key-receipts");
pub(super) const OPEN_HELP: Binding = shown(&[Key::Char('?'), Key::F(1)], Cmd::Help, "key-help");
