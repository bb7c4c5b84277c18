//! Starting a batch.

use kart_core::command::{Command, Refusal};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{Model, PAGE, Screen, Sending, StartField, StartForm, Tone},
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the form for the selected machine, where a batch can be started.
pub(super) fn open(model: &mut Model) {
    match form(model) {
        Ok(form) => model.screens.push(Screen::Start(Box::new(form))),
        Err(why) => model.say(Tone::Wrong, why),
    }
}

fn form(model: &Model) -> Result<StartForm, Sentence> {
    let machine = model.machine().ok_or_else(|| Sentence::new("no-machine"))?;
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let reference = reference.ok_or_else(|| refusal(&Refusal::NoSite))?;
    if let Some(batch) = machine.batch.as_ref().filter(|batch| batch.terminal.is_none()) {
        let (number, machine) = (batch.number.clone(), machine.code.clone());
        return Err(refusal(&Refusal::BatchRunning { number, machine }));
    }
    let who = model.who();
    if who.entries.is_empty() {
        return Err(Sentence::new("badge-first"));
    }
    let mut form = StartForm::new(machine.id, who, reference);
    // What is open there is most likely what is meant.
    if let Some(batch) = &machine.batch {
        form.number.offer(&batch.number);
        form.join = Some((batch.id, batch.number.clone()));
        form.sending = Sending::Refused(Sentence::new("join-offer").with("number", &batch.number));
    }
    Ok(form)
}

/// Lists the products that fit, after the filter or the site's data changed.
pub(super) fn narrow(model: &mut Model) {
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    if let (Some(Screen::Start(form)), Some(reference)) = (model.screens.last_mut(), reference)
        && form.focus == StartField::Product
    {
        form.narrow(reference);
    }
}

/// Moves within the form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let Some(Screen::Start(form)) = model.screens.last_mut() else { return };
    let page = isize::try_from(PAGE).unwrap_or(1);
    let choosing = form.focus == StartField::Product;
    match cmd {
        Cmd::Next => form.focus = form.focus.next(),
        Cmd::Previous => form.focus = form.focus.previous(),
        Cmd::Up if choosing => form.found.step(-1),
        Cmd::Down if choosing => form.found.step(1),
        Cmd::Up => form.focus = form.focus.previous(),
        Cmd::Down => form.focus = form.focus.next(),
        Cmd::PageUp => form.found.step(-page),
        Cmd::PageDown => form.found.step(page),
        _ => {},
    }
    if let Some(reference) = reference {
        form.offer_target(reference);
    }
    form.sending = Sending::No;
}

/// From the product on to the target; from there the batch is started.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let code = |id| model.machine_by_id(id).map_or(String::new(), |machine| machine.code.clone());
    let Some(Screen::Start(form)) = model.screens.last() else { return Vec::new() };
    let machine = code(form.machine);
    if let Some((batch, number)) = form.join.clone()
        && form.number.filled().as_ref() == Some(&number)
    {
        let Some(by) = form.who.key() else {
            return refuse(model, Sentence::new("choose-person"));
        };
        let what = Sentence::new("what-join").with("number", number);
        return send(model, Command::JoinBatch { by, batch }, what);
    }
    let Some(product) = form.found.chosen.and_then(|at| form.found.entries.get(at)) else {
        return refuse(model, Sentence::new("choose-product"));
    };
    if form.focus == StartField::Product {
        if let Some(Screen::Start(form)) = model.screens.last_mut() {
            form.focus = StartField::Target;
        }
        return Vec::new();
    }
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let target = form.target.number().filter(|target| *target > 0);
    if target.is_none() && form.target.filled().is_some() {
        return refuse(model, Sentence::new("bad-target"));
    }
    let what = Sentence::new("what-start").with("product", &product.label).with("machine", machine);
    let command = Command::StartBatch {
        by,
        equipment: form.machine,
        product: product.key,
        target,
        number: form.number.filled(),
        work_order: form.work_order.filled(),
    };
    send(model, command, what)
}
