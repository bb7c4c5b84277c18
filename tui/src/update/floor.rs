//! Moving about: machines on the overview, and screens that only show.

use crate::{
    keys::Cmd,
    model::{Model, Screen},
};

/// Lines that a page key moves.
const PAGE: u16 = 10;

/// Obeys a key that moves.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let lines = lines(model);
    match model.screens.last_mut() {
        None => overview(model, cmd),
        Some(Screen::Machine { id, scroll }) => match cmd {
            Cmd::Left | Cmd::Right => {
                *scroll = 0;
                model.selected = Some(*id);
                step(model, if cmd == Cmd::Left { -1 } else { 1 });
                let selected = model.selected;
                if let (Some(Screen::Machine { id, .. }), Some(selected)) =
                    (model.screens.last_mut(), selected)
                {
                    *id = selected;
                }
            },
            _ => move_by(scroll, cmd, lines),
        },
        Some(screen) => {
            if let Some(scroll) = screen.scroll_mut() {
                move_by(scroll, cmd, lines);
            }
        },
    }
}

/// How far the screen on top can be scrolled.
fn lines(model: &Model) -> u16 {
    let lines = match (model.screens.last(), &model.view) {
        (Some(Screen::Machine { id, .. }), _) => {
            model.machine_by_id(*id).map_or(0, |machine| machine.signals.len())
        },
        (Some(Screen::Receipts { .. }), Some(view)) => view.receipts.len(),
        (Some(Screen::Help { of, .. }), _) => crate::keys::table(*of).len(),
        _ => 0,
    };
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

/// Scrolls by a key, as far as `lines`.
pub(super) fn move_by(scroll: &mut u16, cmd: Cmd, lines: u16) {
    let wanted = match cmd {
        Cmd::Up => scroll.saturating_sub(1),
        Cmd::Down => scroll.saturating_add(1),
        Cmd::PageUp => scroll.saturating_sub(PAGE),
        Cmd::PageDown => scroll.saturating_add(PAGE),
        _ => *scroll,
    };
    *scroll = wanted.min(lines);
}

/// Selects another machine by a key.
pub(super) fn select(model: &mut Model, cmd: Cmd) {
    match cmd {
        Cmd::Left => step(model, -1),
        Cmd::Right => step(model, 1),
        Cmd::Pick(number) => {
            let picked = model.machines().get(number - 1).map(|machine| machine.id);
            if let Some(picked) = picked {
                model.selected = Some(picked);
            }
        },
        _ => {},
    }
}

fn overview(model: &mut Model, cmd: Cmd) {
    let row = model.view.as_ref().map_or(1, |view| model.grid(view).columns.max(1));
    let row = isize::try_from(row).unwrap_or(1);
    match cmd {
        Cmd::Left | Cmd::Right | Cmd::Pick(_) => select(model, cmd),
        Cmd::Next => model.turn_station(1),
        Cmd::Previous => model.turn_station(-1),
        Cmd::Up => step(model, -row),
        Cmd::Down => step(model, row),
        Cmd::Open => {
            if let Some(id) = model.machine().map(|machine| machine.id) {
                model.screens.push(Screen::Machine { id, scroll: 0 });
            }
        },
        _ => {},
    }
}

/// Selects the machine `by` places further, where there is one.
fn step(model: &mut Model, by: isize) {
    let machines = model.machines();
    let at = machines.iter().position(|machine| Some(machine.id) == model.selected);
    let wanted = at.unwrap_or(0).checked_add_signed(by);
    if let Some(machine) = wanted.and_then(|wanted| machines.get(wanted)) {
        model.selected = Some(machine.id);
    }
}
