//! Commissioning: what keys do there.

use super::floor::move_by;
use crate::{
    keys::Cmd,
    model::{Commissioning, Model, Screen, Tab, TextField},
};

/// No screen of commissioning has more lines.
const MOST_LINES: u16 = 2_000;

/// Opens the screens of commissioning.
pub(super) fn open(model: &mut Model) {
    let code = model.machine().map(|machine| machine.code.clone()).unwrap_or_default();
    let shown = Commissioning { code, ..Commissioning::default() };
    model.screens.push(Screen::Commissioning(Box::new(shown)));
}

fn shown(model: &mut Model) -> Option<&mut Commissioning> {
    model.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Commissioning(shown) => Some(&mut **shown),
        _ => None,
    })
}

/// Leaves a text field; `false` when there is none.
pub(super) fn leave_field(model: &mut Model) -> bool {
    match model.screens.last_mut() {
        Some(Screen::Commissioning(shown)) => shown.leave_field(),
        _ => false,
    }
}

/// Obeys a key.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    if cmd == Cmd::Device {
        return next(model);
    }
    let Some(shown) = shown(model) else { return };
    match cmd {
        Cmd::Next => turn(shown, 1),
        Cmd::Previous => turn(shown, Tab::ALL.len() - 1),
        Cmd::Pick(number) => {
            if let Some(tab) = Tab::ALL.get(number - 1) {
                shown.tab = *tab;
            }
        },
        _ => match shown.tab {
            Tab::Registers => registers(shown, cmd),
            Tab::Topics => topics(shown, cmd),
            Tab::Signals | Tab::Rules => move_by(&mut shown.scroll, cmd, MOST_LINES),
            Tab::Plan => plan(shown, cmd),
        },
    }
}

fn turn(shown: &mut Commissioning, by: usize) {
    let at = Tab::ALL.iter().position(|tab| *tab == shown.tab).unwrap_or(0);
    if let Some(tab) = Tab::ALL.get((at + by) % Tab::ALL.len()) {
        shown.tab = *tab;
    }
}

fn registers(shown: &mut Commissioning, cmd: Cmd) {
    match cmd {
        Cmd::Up => shown.registers.step(-1),
        Cmd::Down => shown.registers.step(1),
        Cmd::PageUp | Cmd::Left => shown.registers.turn(-1),
        Cmd::PageDown | Cmd::Right => shown.registers.turn(1),
        Cmd::Mark => shown.registers.mark(),
        Cmd::Go => shown.registers.going = Some(TextField::whole()),
        Cmd::Table => shown.next_table(),
        _ => {},
    }
}

fn plan(shown: &mut Commissioning, cmd: Cmd) {
    match cmd {
        Cmd::Go => shown.plan.typing = Some(TextField::default()),
        _ => move_by(&mut shown.plan.scroll, cmd, MOST_LINES),
    }
}

fn topics(shown: &mut Commissioning, cmd: Cmd) {
    let topics = &mut shown.topics;
    match cmd {
        Cmd::Up => topics.step(-1),
        Cmd::Down => topics.step(1),
        Cmd::PageUp => topics.step(-10),
        Cmd::PageDown => topics.step(10),
        Cmd::Right => topics.down(),
        Cmd::Left => topics.up(),
        Cmd::Go => topics.typing = Some(TextField::default()),
        _ => {},
    }
}

/// The next device, broker or machine, whichever is shown.
fn next(model: &mut Model) {
    let codes = model.view.iter().flat_map(|view| &view.machines).map(|machine| &machine.code);
    let codes: Vec<String> = codes.cloned().collect();
    let Some(shown) = shown(model) else { return };
    match shown.tab {
        Tab::Registers => shown.next_device(),
        Tab::Topics => shown.next_broker(),
        Tab::Signals | Tab::Rules => {
            let at = codes.iter().position(|code| *code == shown.code);
            let next = at.map_or(0, |at| (at + 1) % codes.len());
            if let Some(code) = codes.get(next) {
                shown.show(code.clone());
            }
        },
        Tab::Plan => {},
    }
}

/// Enter: what was typed is meant.
pub(super) fn confirm(model: &mut Model) {
    let Some(shown) = shown(model) else { return };
    match shown.tab {
        Tab::Registers => {
            let typed = shown.registers.going.take().and_then(|field| field.number());
            if let Some(start) = typed.and_then(|number| u16::try_from(number).ok()) {
                shown.registers.go(start);
            }
        },
        Tab::Topics => match shown.topics.typing.take() {
            Some(field) => shown.topics.listen(field.filled().unwrap_or_default()),
            None => shown.topics.down(),
        },
        Tab::Signals | Tab::Rules => {},
        Tab::Plan => {
            if let Some(field) = shown.plan.typing.take() {
                shown.plan.file = field.filled();
                shown.plan.preview = None;
                shown.plan.scroll = 0;
            }
        },
    }
}
