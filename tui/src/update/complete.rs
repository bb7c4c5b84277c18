//! Completing a batch.

use kart_core::{
    command::{Command, Refusal},
    id::RecordId,
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{Asks, CompleteField, CompleteForm, Model, Screen, Sending, Tone},
    update::{refuse, send},
    words::Sentence,
};

/// Opens the form for the batch on the selected machine.
pub(super) fn open(model: &mut Model) {
    open_for(model, None);
}

/// Opens the form for one batch of the selected machine, where it has several.
pub(super) fn open_for(model: &mut Model, batch: Option<RecordId>) {
    match form(model, batch) {
        Ok(form) => model.screens.push(Screen::Complete(Box::new(form))),
        Err(why) => model.say(Tone::Wrong, why),
    }
}

fn form(model: &Model, wanted: Option<RecordId>) -> Result<CompleteForm, Sentence> {
    let machine = model.machine().ok_or_else(|| Sentence::new("no-machine"))?;
    let all = || machine.batches();
    let batch = all().find(|batch| wanted.is_none_or(|wanted| wanted == batch.id));
    let batch = batch.ok_or_else(|| Sentence::new("no-batch").with("machine", &machine.code))?;
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
    match (form.focus, cmd) {
        (_, Cmd::Next) => form.step(1),
        (_, Cmd::Previous) => form.step(-1),
        (CompleteField::Reason, _) => reason(form, cmd),
        (CompleteField::Question(_), Cmd::Left | Cmd::Right | Cmd::Pick(_)) => {
            if let Some(asked) = form.question_mut() {
                asked.obey(cmd);
            }
        },
        (_, Cmd::Up) => form.step(-1),
        (_, Cmd::Down) => form.step(1),
        _ => {},
    }
    form.sending = Sending::No;
}

/// A digit gives a reason whatever has none; the arrows give it one part more or less.
fn reason(form: &mut CompleteForm, cmd: Cmd) {
    match cmd {
        Cmd::Up if form.reasons.chosen.unwrap_or(0) == 0 => form.step(-1),
        Cmd::Left | Cmd::Right => {
            if let Some(reason) = form.reasons.key() {
                form.add(reason, if cmd == Cmd::Left { -1 } else { 1 });
            }
        },
        _ => {
            let picked = form.reasons.obey(cmd);
            if let Some(reason) = form.reasons.key().filter(|_| picked) {
                form.give(reason);
            }
        },
    }
}

/// From field to field; at the last one the batch is completed.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Complete(form)) = model.screens.last_mut() else { return Vec::new() };
    // Whoever walks to a reason and takes it gives it everything.
    if form.focus == CompleteField::Reason
        && form.split.is_empty()
        && let Some(reason) = form.reasons.key()
    {
        form.give(reason);
    }
    let stays = form.focus == CompleteField::Reason && form.unexplained() != 0;
    if let Some(next) = form.after().filter(|_| !stays) {
        form.focus = next;
        return Vec::new();
    }
    let (Some(good), Some(scrap)) = (form.good.number(), form.scrap.number()) else {
        return refuse(model, Sentence::new("bad-quantity"));
    };
    if form.rework.filled().is_some() && form.rework.number().is_none() {
        return refuse(model, Sentence::new("bad-quantity"));
    }
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let Some(detail) = form.detail() else {
        let left = form.unexplained();
        form.focus = CompleteField::Reason;
        return refuse(model, unexplained(left, scrap));
    };
    let only = form.split.first().map(|(reason, _)| *reason);
    let scrap_reason = only.filter(|_| form.asks_reason() && detail.scrapped.is_empty());
    let what = Sentence::new("what-complete")
        .with("number", &form.number)
        .with("good", good.to_string())
        .with("scrap", scrap.to_string());
    let batch = form.batch;
    let command = Command::CompleteBatch { by, batch, good, scrap, scrap_reason, detail };
    send(model, command, what)
}

fn unexplained(left: i64, scrap: i64) -> Sentence {
    match left {
        left if left == scrap => Sentence::new("choose-scrap-reason"),
        left if left > 0 => Sentence::new("scrap-without-reason").count("count", left),
        left => Sentence::new("scrap-too-many-reasons").count("count", -left),
    }
}

/// A refusal that a field answers: it gets the focus.
pub(super) fn refused(form: &mut CompleteForm, why: &Refusal) {
    if let Refusal::FieldMissing { label } | Refusal::FieldWrong { label, .. } = why {
        form.go_to(label);
    }
}
