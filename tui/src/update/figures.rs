//! Figures: what keys do there.

use crate::{
    keys::Cmd,
    model::{FiguresScreen, Model, Screen},
};

/// Opens the screen of figures.
pub(super) fn open(model: &mut Model) {
    model.screens.push(Screen::Figures(Box::default()));
}

fn shown(model: &mut Model) -> Option<&mut FiguresScreen> {
    model.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Figures(shown) => Some(&mut **shown),
        _ => None,
    })
}

/// Shows no more what is behind a figure; `false` when it was not shown.
pub(super) fn close(model: &mut Model) -> bool {
    match model.screens.last_mut() {
        Some(Screen::Figures(shown)) => shown.close(),
        _ => false,
    }
}

/// Obeys a key.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    if let Some(shown) = shown(model) {
        shown.obey(cmd);
    }
}
