//! Readings of counters that are held: accepting or dropping one.

use kart_core::{
    command::{Command, Refusal},
    counter::Readings,
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{HeldForm, Model, Screen, Sending, Tone},
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the form of the machine that is shown.
pub(super) fn open(model: &mut Model) {
    let Some(Screen::Machine { id, .. }) = model.screens.last() else { return };
    let machine = model.machine_by_id(*id);
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    match (machine.filter(|machine| !machine.held.is_empty()), reference) {
        (Some(machine), Some(reference)) => {
            let form = HeldForm::new(machine, reference);
            model.screens.push(Screen::Held(Box::new(form)));
        },
        (None, _) => model.say(Tone::Plain, Sentence::new("nothing-held")),
        (_, None) => model.say(Tone::Wrong, refusal(&Refusal::NoSite)),
    }
}

/// Moves in the form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let Some(Screen::Held(form)) = model.screens.last_mut() else { return };
    form.words.obey(cmd);
    form.sending = Sending::No;
}

/// Records what was said.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Held(form)) = model.screens.last() else { return Vec::new() };
    let said = form.words.key().and_then(|(at, accept)| Some((form.held.get(at)?, accept)));
    let Some((held, accept)) = said else {
        return refuse(model, Sentence::new("choose-held"));
    };
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-supervisor"));
    };
    let what = Sentence::new(if accept { "what-accept" } else { "what-drop" })
        .with("counter", &held.source)
        .with("machine", &form.code);
    let (equipment, source, epoch) = (form.machine, held.source.clone(), held.epoch);
    let raw = Readings { before: held.before, now: held.now };
    let command = Command::SettleCount { by, equipment, source, epoch, raw, accept };
    send(model, command, what)
}
