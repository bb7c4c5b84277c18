//! Completing a batch.

use kart_core::command::Command;

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{CompleteField, CompleteForm, Model, PAGE, Screen, Sending, Tone},
    update::{refuse, send},
    words::Sentence,
};

/// Opens the form for the batch on the selected machine.
pub(super) fn open(model: &mut Model) {
    match form(model) {
        Ok(form) => model.screens.push(Screen::Complete(Box::new(form))),
        Err(why) => model.say(Tone::Wrong, why),
    }
}

fn form(model: &Model) -> Result<CompleteForm, Sentence> {
    let machine = model.machine().ok_or_else(|| Sentence::new("no-machine"))?;
    let batch = machine
        .batch
        .as_ref()
        .ok_or_else(|| Sentence::new("no-batch").with("machine", &machine.code))?;
    if let Some(terminal) = &batch.terminal {
        let sentence = Sentence::new("complete-elsewhere").with("number", &batch.number);
        return Err(sentence.with("terminal", terminal));
    }
    let who = model.who();
    if who.entries.is_empty() {
        return Err(Sentence::new("badge-first"));
    }
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    Ok(CompleteForm::new(machine, batch, who, reference))
}

/// Moves within the form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let Some(Screen::Complete(form)) = model.screens.last_mut() else { return };
    let page = isize::try_from(PAGE).unwrap_or(1);
    let choosing = form.focus == CompleteField::Reason;
    match cmd {
        Cmd::Next => form.next(),
        Cmd::Previous => form.previous(),
        Cmd::Up if choosing && form.reasons.chosen.unwrap_or(0) == 0 => form.previous(),
        Cmd::Up if choosing => form.reasons.step(-1),
        Cmd::Down if choosing => form.reasons.step(1),
        Cmd::PageUp if choosing => form.reasons.step(-page),
        Cmd::PageDown if choosing => form.reasons.step(page),
        Cmd::Pick(number) if choosing => {
            form.reasons.pick(number);
        },
        Cmd::Up => form.previous(),
        Cmd::Down => form.next(),
        _ => {},
    }
    form.sending = Sending::No;
}

/// From field to field; at the last one the batch is completed.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Complete(form)) = model.screens.last_mut() else { return Vec::new() };
    let last = if form.asks_reason() { CompleteField::Reason } else { CompleteField::Scrap };
    if form.focus != last {
        form.next();
        return Vec::new();
    }
    let (Some(good), Some(scrap)) = (form.good.number(), form.scrap.number()) else {
        return refuse(model, Sentence::new("bad-quantity"));
    };
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let scrap_reason = form.reasons.key().filter(|_| form.asks_reason());
    if form.asks_reason() && scrap_reason.is_none() {
        return refuse(model, Sentence::new("choose-scrap-reason"));
    }
    let what = Sentence::new("what-complete")
        .with("number", &form.number)
        .with("good", good.to_string())
        .with("scrap", scrap.to_string());
    let command = Command::CompleteBatch { by, batch: form.batch, good, scrap, scrap_reason };
    send(model, command, what)
}
