//! Notes and handovers.

use kart_core::{
    command::{Command, Refusal},
    fact::note::Category,
    id::{RecordId, UserId},
};

use super::{actor, entry, push, top};
use crate::{
    effect::Effect,
    model::{
        About, Choice, GiveForm, LogScreen, Model, NoteForm, Screen, Sending, TakeForm, Talk,
        TalkField, TextField, Tone,
    },
    update::{explain::IDLE_US, refuse, send},
    words::{Sentence, refusal},
};

/// Opens the shift log; within it, a note to write.
pub(in crate::update) fn open(model: &mut Model) {
    match top(model) {
        Some(Talk::Log(_)) => write_one(model),
        _ => push(model, Talk::Log(LogScreen::default())),
    }
}

fn write_one(model: &mut Model) {
    let Some(view) = &model.view else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let mut about = Vec::new();
    if let Some(machine) = model.machine() {
        if let Some(batch) = &machine.batch {
            let key = About::Batch(machine.id, batch.id);
            about.push(entry(key, machine.code.clone(), batch.number.clone()));
        }
        about.push(entry(About::Machine(machine.id), machine.code.clone(), machine.name.clone()));
    }
    let station = model.station();
    let named = station.zip(view.reference.as_ref()).and_then(|(id, all)| all.station(id));
    let (code, name) = named
        .map_or((String::new(), String::new()), |named| (named.code.clone(), named.name.clone()));
    about.push(entry(About::Station(station), code, name));
    let mut about = Choice::new(about);
    about.step(0);
    let kinds = Category::ALL.map(|kind| entry(kind, kind.word().to_owned(), String::new()));
    let mut kinds = Choice::new(kinds.to_vec());
    kinds.step(0);
    let (who, text, focus) = (model.who(), TextField::long(), TalkField::Text);
    push(model, Talk::Note(NoteForm { who, text, kinds, about, focus, sending: Sending::No }));
}

/// Records the note.
pub(super) fn write(model: &mut Model) -> Vec<Effect> {
    let Some(Talk::Note(form)) = top(model) else { return Vec::new() };
    let form = form.clone();
    let Some(text) = form.text.filled() else {
        return refuse(model, Sentence::new("write-something"));
    };
    let by = match actor(model, &form.who) {
        Ok(by) => by,
        Err(asked) => return asked,
    };
    let (station, equipment, batch) = match form.about.key() {
        Some(About::Batch(machine, batch)) => (None, Some(machine), Some(batch)),
        Some(About::Machine(machine)) => (None, Some(machine), None),
        Some(About::Station(station)) => (station, None, None),
        None => (None, None, None),
    };
    let category = form.kinds.key().unwrap_or(Category::General);
    let command = Command::WriteNote { by, station, equipment, batch, category, text };
    send(model, command, Sentence::new("what-note"))
}

/// Opens the card of the crew before, where one of somebody else waits, else the one for the next.
pub(in crate::update) fn hand(model: &mut Model) {
    let Some(view) = &model.view else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let by = model.who().key();
    let waits = view.open.handovers.iter().find(|card| card.user.is_none() || card.user != by);
    if let Some(handover) = waits.map(|card| card.id) {
        return show(model, handover, by);
    }
    let station = model.station();
    let (who, text, sending) = (model.who(), TextField::long(), Sending::No);
    push(model, Talk::Give(GiveForm { who, station, text, sending }));
}

/// Signs for the leaving crew.
pub(super) fn give(model: &mut Model) -> Vec<Effect> {
    let waiting = model.view.as_ref().map_or(0, |view| view.open.card.waiting);
    let Some(Talk::Give(form)) = top(model) else { return Vec::new() };
    let (station, text) = (form.station, form.text.filled());
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let command = Command::GiveHandover { by, station, waiting, text };
    send(model, command, Sentence::new("what-give"))
}

/// Shows the card of the crew before to somebody who has just clocked in, unless it is their own. It
/// never covers a form: there it waits in the log.
pub(in crate::update) fn take(model: &mut Model, user: UserId) {
    let form = |screen: &mut Screen| screen.sending().is_some() || screen.text_field().is_some();
    if model.screens.iter_mut().any(form) {
        return;
    }
    let Some(view) = &model.view else { return };
    let waits = view.open.handovers.iter().find(|card| card.user != Some(user));
    let Some(handover) = waits.map(|card| card.id) else { return };
    show(model, handover, Some(user));
}

fn show(model: &mut Model, handover: RecordId, user: Option<UserId>) {
    let mut who = model.who();
    match user {
        Some(user) if who.has(user) => who.choose(user),
        Some(user) => {
            // The list of people comes with the next state.
            if let Some(name) = name(model, user) {
                who.add(user, &name);
            }
        },
        None => {},
    }
    let since_us = model.now.mono_us;
    push(model, Talk::Take(TakeForm { who, handover, since_us, sending: Sending::No }));
}

fn name(model: &Model, user: UserId) -> Option<String> {
    let reference = model.view.as_ref()?.reference.as_ref()?;
    reference.person(user).map(|person| person.name.clone())
}

/// Signs for the coming crew.
pub(super) fn sign(model: &mut Model) -> Vec<Effect> {
    let now_us = model.now.mono_us;
    let Some(Talk::Take(form)) = top(model) else { return Vec::new() };
    // An Enter that was meant for what stood here before signs nothing.
    if now_us.saturating_sub(form.since_us) < IDLE_US {
        return Vec::new();
    }
    let handover = form.handover;
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    send(model, Command::TakeHandover { by, handover }, Sentence::new("what-take"))
}
