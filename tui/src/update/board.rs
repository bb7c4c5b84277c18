//! The board, the minute ledger and large digits: what keys do there.

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{BoardScreen, Model, Screen, Spoken, Tone},
    words::Sentence,
};

/// Opens the board of the machine that keys act on.
pub(super) fn open(model: &mut Model) {
    let code = model.machine().map(|machine| machine.code.clone());
    model.screens.push(Screen::Board(Box::new(BoardScreen { code, ..BoardScreen::default() })));
}

/// Opens the minute ledger.
pub(super) fn open_ledger(model: &mut Model) {
    model.screens.push(Screen::Ledger(Box::default()));
}

/// Fills the screen with the machine that keys act on, or no more.
pub(super) fn enlarge(model: &mut Model) {
    if let Some(Screen::Large { .. }) = model.screens.last() {
        model.screens.pop();
    } else if let Some(id) = model.machine().map(|machine| machine.id) {
        model.screens.push(Screen::Large { id });
    }
}

/// The next language, for whoever acts here.
pub(super) fn language(model: &mut Model) -> Vec<Effect> {
    let next = Spoken::next(model.language());
    let who = model.who();
    let told = Sentence::new("language-is").inner("language", Sentence::new("language-name"));
    match who.key() {
        Some(user) => {
            model.spoken.by.insert(user, next);
            let name = who.name().unwrap_or_default();
            model.say(Tone::Plain, Sentence { id: "language-of", ..told }.with("name", name));
            vec![Effect::Remember(model.spoken.written())]
        },
        None => {
            model.spoken.here = next;
            model.say(Tone::Plain, told);
            Vec::new()
        },
    }
}

/// Shows no more what is behind a line; `false` when it was not shown.
pub(super) fn close(model: &mut Model) -> bool {
    match model.screens.last_mut() {
        Some(Screen::Board(shown)) => shown.close(),
        _ => false,
    }
}

/// Obeys a key.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    match model.screens.last_mut() {
        Some(Screen::Board(shown)) => shown.obey(cmd),
        Some(Screen::Ledger(_)) if cmd == Cmd::Open => go(model),
        Some(Screen::Ledger(shown)) => shown.obey(cmd),
        Some(Screen::Large { .. }) => large(model, cmd),
        _ => {},
    }
}

/// Goes where the chosen line of the ledger can be looked at: to its machine, else to the badges.
fn go(model: &mut Model) {
    let Some(Screen::Ledger(shown)) = model.screens.last() else { return };
    let Some(entry) = shown.chosen() else { return };
    match entry.equipment.filter(|id| model.machine_by_id(*id).is_some()) {
        Some(id) => {
            // It may be of another station than the one that is shown.
            if !model.machines().iter().any(|machine| machine.id == id) {
                model.chosen = None;
            }
            model.selected = Some(id);
            model.screens.push(Screen::Machine { id, scroll: 0 });
        },
        None => super::badge::open(model),
    }
}

fn large(model: &mut Model, cmd: Cmd) {
    super::floor::select(model, cmd);
    let selected = model.selected;
    if let (Some(Screen::Large { id }), Some(selected)) = (model.screens.last_mut(), selected) {
        *id = selected;
    }
}
