//! The shift log, handovers, incidents, calls for help: what keys do there.

mod call;
mod incident;
mod note;

use kart_core::{id::UserId, reference::Person};

pub(super) use call::open as call;
pub(super) use incident::open as incident;
pub(super) use note::{hand, open as notes, take};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{Entry, Model, Screen, Sending, Talk, TalkField, Who},
    update::refuse,
    words::Sentence,
};

/// The screen on top, where it is one of these.
fn top(model: &mut Model) -> Option<&mut Talk> {
    match model.screens.last_mut() {
        Some(Screen::Talk(talk)) => Some(talk),
        _ => None,
    }
}

fn push(model: &mut Model, talk: Talk) {
    model.screens.push(Screen::Talk(Box::new(talk)));
}

/// The badge of somebody who is not clocked in, on a form that takes anybody. `true` when it did.
pub(super) fn badge(model: &mut Model, person: &Person) -> bool {
    let Some(talk) = top(model).filter(|talk| talk.takes_anybody()) else { return false };
    let Some(who) = talk.who_mut().filter(|who| !who.has(person.id)) else { return false };
    who.add(person.id, &person.name);
    true
}

/// Follows what the daemon tells while one of these stands on the screen.
pub(super) fn refresh(talk: &mut Talk, view: &kart_api::View) {
    match talk {
        Talk::Incidents(choice) => incident::refresh(choice, &view.open.incidents),
        Talk::Call(form) => call::refresh(&mut form.choice, &view.open.calls),
        _ => {},
    }
}

/// Leaves the field of what is looked for; `false` when nobody is in it.
pub(super) fn close(model: &mut Model) -> bool {
    match top(model) {
        Some(Talk::Log(shown)) if shown.searching => {
            shown.searching = false;
            true
        },
        _ => false,
    }
}

/// Moves in the screen on top.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    if matches!(top(model), Some(Talk::Incidents(_))) {
        return incident::navigate(model, cmd);
    }
    let Some(talk) = top(model) else { return };
    if let Some(sending) = talk.sending_mut() {
        *sending = Sending::No;
    }
    match talk {
        Talk::Log(shown) => match cmd {
            Cmd::Next => shown.searching = !shown.searching,
            Cmd::Up => shown.scroll = shown.scroll.saturating_sub(1),
            Cmd::PageUp => shown.scroll = shown.scroll.saturating_sub(5),
            Cmd::Down => shown.down(1),
            Cmd::PageDown => shown.down(5),
            _ => {},
        },
        Talk::Note(form) => match (cmd, form.focus) {
            (Cmd::Next, _) => form.focus = form.focus.next(),
            (_, TalkField::About) => drop(form.about.obey(cmd)),
            (_, _) => drop(form.kinds.obey(cmd)),
        },
        Talk::Incident(form) => match (cmd, form.focus) {
            (Cmd::Next, _) => form.focus = form.focus.next(),
            (Cmd::Mark, _) => form.grade(),
            (_, TalkField::About) => incident::mark(model, cmd),
            (_, _) => drop(form.reasons.obey(cmd)),
        },
        Talk::Call(form) => drop(form.choice.obey(cmd)),
        Talk::Give(_) | Talk::Take(_) | Talk::Incidents(_) | Talk::Follow(_) => {},
    }
}

/// Enter, on the screen on top.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    match top(model) {
        Some(Talk::Log(shown)) => {
            shown.searching = false;
            Vec::new()
        },
        Some(Talk::Note(_)) => note::write(model),
        Some(Talk::Give(_)) => note::give(model),
        Some(Talk::Take(_)) => note::sign(model),
        Some(Talk::Incident(_)) => incident::report(model),
        Some(Talk::Follow(_)) => incident::follow(model, false),
        Some(Talk::Call(_)) => call::act(model, false),
        Some(Talk::Incidents(_)) | None => Vec::new(),
    }
}

/// The key that ends: an incident is over, a call has ended.
pub(super) fn resolve(model: &mut Model) -> Vec<Effect> {
    match top(model) {
        Some(Talk::Follow(_)) => incident::follow(model, true),
        Some(Talk::Call(_)) => call::act(model, true),
        _ => Vec::new(),
    }
}

/// Who acts; asked for where several could be meant.
fn actor(model: &mut Model, who: &Who) -> Result<Option<UserId>, Vec<Effect>> {
    if who.key().is_none() && who.entries.len() > 1 {
        return Err(refuse(model, Sentence::new("choose-person")));
    }
    Ok(who.key())
}

fn entry<K>(key: K, label: String, detail: String) -> Entry<K> {
    Entry { key, label, detail }
}
