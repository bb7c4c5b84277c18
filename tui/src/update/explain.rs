//! Explaining stops.

use kart_api::View;
use kart_core::{
    command::{Command, Refusal},
    id::{EquipmentId, RecordId},
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{Choice, Entry, ExplainForm, Model, PAGE, Screen, Sending, Tone, unexplained},
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the only stop that waits for a reason, or the list of them.
pub(super) fn open(model: &mut Model) {
    let Some(view) = &model.view else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let waiting = unexplained(view, model.selected);
    match waiting.as_slice() {
        [] => model.say(Tone::Plain, Sentence::new("nothing-to-explain")),
        [only] => {
            let only = only.id;
            open_stop(model, only);
        },
        _ => {
            let mut choice = Choice::new(Vec::new());
            refresh(&mut choice, view, model.selected);
            choice.step(0);
            model.screens.push(Screen::Stops(choice));
        },
    }
}

/// Lists the stops that wait now. Those listed before keep their place, new ones come last: a line
/// must not move away under the finger.
pub(super) fn refresh(choice: &mut Choice<RecordId>, view: &View, first: Option<EquipmentId>) {
    let kept = choice.key();
    let place = |id| choice.entries.iter().position(|entry| entry.key == id);
    let mut waiting: Vec<RecordId> =
        unexplained(view, first).into_iter().map(|stop| stop.id).collect();
    waiting.sort_by_key(|id| place(*id).unwrap_or(usize::MAX));
    let entry = |key| Entry { key, label: String::new(), detail: String::new() };
    *choice = Choice::new(waiting.into_iter().map(entry).collect());
    if let Some(kept) = kept {
        choice.choose(kept);
    }
    if choice.chosen.is_none() {
        choice.step(0);
    }
}

fn open_stop(model: &mut Model, id: RecordId) {
    let view = model.view.as_ref();
    let stop = view.and_then(|view| view.stops.iter().find(|stop| stop.id == id));
    let reference = view.and_then(|view| view.reference.as_ref());
    match (stop, reference) {
        (Some(stop), Some(reference)) => {
            let form = ExplainForm::new(stop, model.who(), reference);
            model.screens.push(Screen::Explain(Box::new(form)));
        },
        (None, _) => model.say(Tone::Wrong, refusal(&Refusal::NoSuchStop)),
        (_, None) => model.say(Tone::Wrong, refusal(&Refusal::NoSite)),
    }
}

/// A stop was explained: it leaves the list beneath, and an empty list leaves the screen.
pub(super) fn explained(model: &mut Model, stop: RecordId) {
    if let Some(Screen::Stops(choice)) = model.screens.last_mut() {
        choice.entries.retain(|entry| entry.key != stop);
        choice.chosen = None;
        choice.step(0);
        if choice.entries.is_empty() {
            model.screens.pop();
        }
    }
}

/// Moves in the list of stops, or within the form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let page = isize::try_from(PAGE).unwrap_or(1);
    match model.screens.last_mut() {
        Some(Screen::Stops(choice)) => {
            let open = match cmd {
                Cmd::Pick(number) => choice.pick(number),
                Cmd::Open => true,
                _ => {
                    step(choice, cmd, page);
                    false
                },
            };
            if let Some(stop) = choice.key().filter(|_| open) {
                open_stop(model, stop);
            }
        },
        Some(Screen::Explain(form)) => {
            match cmd {
                Cmd::Next => form.commenting = !form.commenting,
                Cmd::Pick(number) => {
                    form.reasons.pick(number);
                },
                _ => step(&mut form.reasons, cmd, page),
            }
            form.sending = Sending::No;
        },
        _ => {},
    }
}

fn step<K: Copy + PartialEq>(choice: &mut Choice<K>, cmd: Cmd, page: isize) {
    match cmd {
        Cmd::Up => choice.step(-1),
        Cmd::Down => choice.step(1),
        Cmd::PageUp => choice.step(-page),
        Cmd::PageDown => choice.step(page),
        _ => {},
    }
}

/// Records the reason. Nobody needs to be clocked in for that.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let code = |id| model.machine_by_id(id).map_or(String::new(), |machine| machine.code.clone());
    let Some(Screen::Explain(form)) = model.screens.last() else { return Vec::new() };
    let Some(reason) = form.reasons.chosen.and_then(|at| form.reasons.entries.get(at)) else {
        return refuse(model, Sentence::new("choose-reason"));
    };
    if form.who.key().is_none() && form.who.entries.len() > 1 {
        return refuse(model, Sentence::new("choose-person"));
    }
    let what = Sentence::new("what-explain")
        .with("reason", &reason.label)
        .with("machine", code(form.machine));
    let command = Command::ExplainStop {
        by: form.who.key(),
        stop: form.stop,
        reason: reason.key,
        comment: form.comment.filled(),
    };
    send(model, command, what)
}
