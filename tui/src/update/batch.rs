//! What is done to a batch that runs: the menu and what it leads to.

use kart_api::{Batch, Machine, View};
use kart_core::{
    command::{Command, Refusal},
    id::UserId,
};

use super::complete;
use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        Asks, BatchField, BatchForm, Deed, Doing, Entry, Model, Screen, SecondFields, Sending, Tone,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the menu of the batch on the selected machine.
pub(super) fn open(model: &mut Model) {
    match form(model) {
        Ok(form) => model.screens.push(Screen::Batch(Box::new(form))),
        Err(why) => model.say(Tone::Wrong, why),
    }
}

fn form(model: &Model) -> Result<BatchForm, Sentence> {
    let machine = model.machine().ok_or_else(|| Sentence::new("no-machine"))?;
    let batch = machine.batches().next();
    let batch = batch.ok_or_else(|| Sentence::new("no-batch").with("machine", &machine.code))?;
    if let Some(terminal) = &batch.terminal {
        let sentence = Sentence::new("complete-elsewhere").with("number", &batch.number);
        return Err(sentence.with("terminal", terminal));
    }
    let who = model.who();
    if who.entries.is_empty() {
        return Err(Sentence::new("badge-first"));
    }
    let mut form = BatchForm::new(machine.id, batch, who);
    if let Some(view) = &model.view {
        list_people(&mut form, view, batch);
    }
    Ok(form)
}

/// The batch of a form, as it stands.
pub(crate) fn of<'v>(form: &BatchForm, view: &'v View) -> Option<(&'v Machine, &'v Batch)> {
    let machine = view.machines.iter().find(|machine| machine.id == form.machine)?;
    let batch = machine.batches().find(|batch| batch.id == form.batch)?;
    Some((machine, batch))
}

/// Follows the state while the form is open; `false` when its batch is over.
pub(super) fn follow(form: &mut BatchForm, view: &View) -> bool {
    let Some((_, batch)) = of(form, view) else { return false };
    form.follow(batch);
    list_people(form, view, batch);
    true
}

/// Everybody who is clocked in, and whoever is on the batch.
fn list_people(form: &mut BatchForm, view: &View, batch: &Batch) {
    let entry = |user: UserId, label: &str| {
        let on = if batch.operators.contains(&user) { "●" } else { "" };
        Entry { key: user, label: label.to_owned(), detail: on.to_owned() }
    };
    let people = view.people.iter().map(|present| entry(present.user, &present.name));
    form.people.list(people.collect());
}

/// One step back: from what is being done to the menu. `false` where the menu itself is left.
pub(super) fn leave(model: &mut Model) -> bool {
    let Some(Screen::Batch(form)) = model.screens.last_mut() else { return false };
    if form.doing == Doing::Choosing || matches!(form.sending, Sending::Saving(_)) {
        return false;
    }
    form.doing = Doing::Choosing;
    form.focus = BatchField::List;
    form.sending = Sending::No;
    true
}

/// Moves within the menu or what it led to.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let Some(view) = &model.view else { return };
    let Some(Screen::Batch(form)) = model.screens.last_mut() else { return };
    form.sending = Sending::No;
    match (form.doing, form.focus, cmd) {
        (Doing::Choosing, _, Cmd::Left) => other(form, view, -1),
        (Doing::Choosing, _, Cmd::Right) => other(form, view, 1),
        (_, _, Cmd::Next) => form.step(1),
        (_, _, Cmd::Previous) => form.step(-1),
        (_, BatchField::Question(_), Cmd::Left | Cmd::Right | Cmd::Pick(_)) => {
            if let Some(asked) = form.question_mut() {
                asked.obey(cmd);
            }
        },
        (doing, BatchField::List, _) => match doing {
            Doing::Choosing => drop(form.menu.obey(cmd)),
            Doing::Deed(Deed::People) => drop(form.people.obey(cmd)),
            Doing::Deed(Deed::Machines) => drop(form.machines.obey(cmd)),
            Doing::Deed(Deed::Continue) => {
                form.machines.obey(cmd);
                form.second = None;
                if let Some(reference) = &view.reference {
                    form.ask(reference);
                }
            },
            Doing::Deed(_) => drop(form.reasons.obey(cmd)),
        },
        (_, _, Cmd::Up) => form.step(-1),
        (_, _, Cmd::Down) => form.step(1),
        _ => {},
    }
}

/// Another batch of the same machine.
fn other(form: &mut BatchForm, view: &View, by: isize) {
    let machine = view.machines.iter().find(|machine| machine.id == form.machine);
    let Some(machine) = machine else { return };
    let all: Vec<&Batch> = machine.batches().collect();
    let at = all.iter().position(|batch| batch.id == form.batch).unwrap_or(0);
    let next = at.checked_add_signed(by).and_then(|next| all.get(next));
    if let Some(batch) = next {
        form.batch = batch.id;
        form.follow(batch);
        list_people(form, view, batch);
    }
}

/// Begins what the menu says, or does it.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Batch(form)) = model.screens.last() else { return Vec::new() };
    match form.doing {
        Doing::Choosing => begin(model),
        Doing::Deed(Deed::People | Deed::Machines) => act(model),
        Doing::Deed(_) => {
            let Some(Screen::Batch(form)) = model.screens.last_mut() else { return Vec::new() };
            match form.after() {
                Some(next) => {
                    form.focus = next;
                    Vec::new()
                },
                None => act(model),
            }
        },
    }
}

fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &model.view else { return Vec::new() };
    let Some(Screen::Batch(form)) = model.screens.last_mut() else { return Vec::new() };
    let Some(deed) = form.menu.key() else { return Vec::new() };
    let batch = form.batch;
    match (deed, of(form, view), &view.reference) {
        (Deed::Complete, ..) => {
            model.screens.pop();
            complete::open_for(model, Some(batch));
            Vec::new()
        },
        (Deed::Pause | Deed::Resume, ..) => {
            form.doing = Doing::Deed(deed);
            let effects = act(model);
            if let Some(Screen::Batch(form)) = model.screens.last_mut() {
                form.doing = Doing::Choosing;
            }
            effects
        },
        (_, Some((_, batch)), Some(reference)) => {
            form.begin(deed, batch, reference);
            Vec::new()
        },
        (_, None, _) => refuse(model, refusal(&Refusal::NoSuchBatch)),
        (_, _, None) => refuse(model, refusal(&Refusal::NoSite)),
    }
}

fn act(model: &mut Model) -> Vec<Effect> {
    match command(model) {
        Ok((command, what)) => send(model, command, what),
        Err(why) => refuse(model, why),
    }
}

fn command(model: &Model) -> Result<(Command, Sentence), Sentence> {
    let say = Sentence::new;
    let gone = || refusal(&Refusal::NoSuchBatch);
    let Some(Screen::Batch(form)) = model.screens.last() else { return Err(gone()) };
    let found = model.view.as_ref().and_then(|view| of(form, view));
    let (_, known) = found.ok_or_else(gone)?;
    let (batch, number) = (form.batch, known.number.as_str());
    let by = form.who.key().ok_or_else(|| say("choose-person"))?;
    let parts = || form.good.number().zip(form.scrap.number()).ok_or_else(|| say("bad-quantity"));
    let Doing::Deed(deed) = form.doing else { return Err(gone()) };
    let (command, what) = match deed {
        Deed::Pause => (Command::PauseBatch { by, batch }, say("what-pause")),
        Deed::Resume => (Command::ResumeBatch { by, batch }, say("what-resume")),
        Deed::Tell => {
            let told = |field: &crate::model::TextField| match field.filled() {
                Some(_) => field.number().ok_or_else(|| say("bad-quantity")),
                None => Ok(0),
            };
            let (good, scrap) = (told(&form.good)?, told(&form.scrap)?);
            let reason = form.reasons.key().filter(|_| form.asks_reason());
            if form.asks_reason() && reason.is_none() {
                return Err(say("choose-scrap-reason"));
            }
            let rework = told(&form.rework)?;
            let what = say("what-tell")
                .with("good", good.to_string())
                .with("scrap", scrap.to_string())
                .with("rework", rework.to_string());
            (Command::TellParts { by, batch, good, scrap, reason, rework }, what)
        },
        Deed::Abort => {
            let (good, scrap) = parts()?;
            let chosen = form.reasons.entry();
            let reason = chosen.ok_or_else(|| say("choose-reason"))?;
            let what = say("what-abort").with("reason", &reason.label);
            let (reason, comment) = (reason.key, form.comment.filled());
            (Command::AbortBatch { by, batch, reason, good, scrap, comment }, what)
        },
        Deed::People => {
            let chosen = form.people.entry();
            let chosen = chosen.ok_or_else(|| say("choose-person"))?;
            let user = chosen.key;
            if known.operators.contains(&user) {
                let what = say("what-leave").with("name", &chosen.label);
                (Command::LeaveBatch { by, batch, user }, what)
            } else {
                let what = say("what-come").with("name", &chosen.label);
                (Command::JoinBatch { by: user, batch }, what)
            }
        },
        Deed::Machines => {
            let chosen = form.machines.entry();
            let chosen = chosen.ok_or_else(|| say("no-machine"))?;
            let (equipment, on) = (chosen.key, !known.further.contains(&chosen.key));
            let what = say(if on { "what-machine-on" } else { "what-machine-off" });
            let what = what.with("machine", &chosen.label);
            (Command::BatchMachine { by, batch, equipment, on }, what)
        },
        Deed::Continue => {
            parts()?;
            let onward = form.onward(by).ok_or_else(|| say("no-machine"))?;
            let chosen = form.machines.entry();
            let label = chosen.map_or("", |entry| entry.label.as_str());
            let what = say("what-continue").with("machine", label);
            (Command::ContinueBatch(Box::new(onward)), what)
        },
        Deed::Complete => return Err(gone()),
    };
    Ok((command, what.with("number", number)))
}

/// A refusal that a further field answers: it is opened.
pub(super) fn refused(form: &mut BatchForm, why: &Refusal) {
    match why {
        Refusal::NotCompatible { .. } if form.second.is_none() => {
            form.second = Some(SecondFields::default());
            form.focus = BatchField::Badge;
        },
        Refusal::WhyNeeded => form.focus = BatchField::Why,
        Refusal::MayNotAgree { .. } => form.focus = BatchField::Badge,
        Refusal::FieldMissing { label } | Refusal::FieldWrong { label, .. } => {
            form.go_to(label);
        },
        _ => {},
    }
}

/// People, machines and orders come and go one after the other: the list stays open.
pub(super) fn stays(screen: &mut Screen) -> bool {
    let sending = match screen {
        Screen::Orders(shown) => &mut shown.sending,
        Screen::Batch(form) if form.doing == Doing::Deed(Deed::People) => &mut form.sending,
        Screen::Batch(form) if form.doing == Doing::Deed(Deed::Machines) => &mut form.sending,
        _ => return false,
    };
    *sending = Sending::No;
    true
}
