//! Jobs: the list, one of them, and what is done to it.

use kart_api::{Job, View};
use kart_core::{
    command::{Command, JobAsk, Refusal},
    job::State,
};

use crate::{
    effect::Effect,
    keys::{Cmd, JobDeed},
    model::{
        JobDoing, JobField, JobForm, JobsScreen, Model, PAGE, Screen, Sending, TextField, Tone,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the list.
pub(super) fn open(model: &mut Model) {
    if model.view.is_none() {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    }
    model.screens.push(Screen::Jobs(Box::default()));
}

/// Opens the job in focus, or the one that was scanned.
fn open_one(model: &mut Model) {
    let who = model.who();
    let Some(view) = &model.view else { return };
    let Some(Screen::Jobs(shown)) = model.screens.last_mut() else { return };
    let Some(job) = shown.opens(view) else {
        let number = shown.find.text().to_owned();
        let why = Sentence::new("no-such-job").with("number", number);
        return model.say(Tone::Wrong, why);
    };
    shown.chosen = Some(job.id);
    // The next scan begins anew.
    shown.find = TextField::default();
    let form = JobForm::new(job.id, who);
    model.screens.push(Screen::Job(Box::new(form)));
}

/// The job of a form, as it stands.
pub(crate) fn of<'v>(form: &JobForm, view: &'v View) -> Option<&'v Job> {
    view.jobs.iter().find(|job| job.id == form.job)
}

/// Moves within the list or a form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let page = isize::try_from(PAGE).unwrap_or(1);
    let Some(view) = &model.view else { return };
    match model.screens.last_mut() {
        Some(Screen::Jobs(shown)) => match cmd {
            Cmd::Up => shown.step(view, -1),
            Cmd::Down => shown.step(view, 1),
            Cmd::PageUp => shown.step(view, -page),
            Cmd::PageDown => shown.step(view, page),
            Cmd::Open => open_one(model),
            _ => {},
        },
        Some(Screen::Job(form)) => within(form, cmd),
        _ => {},
    }
}

fn within(form: &mut JobForm, cmd: Cmd) {
    form.sending = Sending::No;
    let page = u16::try_from(PAGE).unwrap_or(1);
    match (form.doing, form.focus, cmd) {
        (JobDoing::Card, ..) => {},
        (JobDoing::History, _, Cmd::Up) => form.scroll = form.scroll.saturating_sub(1),
        (JobDoing::History, _, Cmd::Down) => form.scroll = form.scroll.saturating_add(1),
        (JobDoing::History, _, Cmd::PageUp) => form.scroll = form.scroll.saturating_sub(page),
        (JobDoing::History, _, Cmd::PageDown) => form.scroll = form.scroll.saturating_add(page),
        (JobDoing::History, ..) => {},
        (_, _, Cmd::Next) => form.step(1),
        (_, _, Cmd::Previous) => form.step(-1),
        (JobDoing::Scrap, JobField::List, _) => drop(form.reasons.obey(cmd)),
        (_, JobField::List, _) => drop(form.stations.obey(cmd)),
        (_, _, Cmd::Up) => form.step(-1),
        (_, _, Cmd::Down) => form.step(1),
        _ => {},
    }
}

/// One step back: from what is being done to the job. `false` where the job itself is left.
pub(super) fn leave(model: &mut Model) -> bool {
    match model.screens.last_mut() {
        Some(Screen::Job(form))
            if form.doing != JobDoing::Card && !matches!(form.sending, Sending::Saving(_)) =>
        {
            (form.doing, form.sending) = (JobDoing::Card, Sending::No);
            true
        },
        // What narrows the list down goes first.
        Some(Screen::Jobs(shown)) if !shown.find.text().is_empty() => {
            shown.find = TextField::default();
            true
        },
        _ => false,
    }
}

/// Whether the job stays on the screen once its command is on disk: where somebody goes on with it.
pub(super) fn stays(screen: &mut Screen) -> bool {
    let Screen::Job(form) = screen else { return false };
    if form.doing != JobDoing::Card {
        return false;
    }
    form.sending = Sending::No;
    true
}

/// A key of the card: it does it, or asks what it needs.
pub(super) fn deed(model: &mut Model, deed: JobDeed) -> Vec<Effect> {
    let Some(view) = &model.view else { return Vec::new() };
    let Some(Screen::Job(form)) = model.screens.last_mut() else { return Vec::new() };
    if form.doing != JobDoing::Card {
        return Vec::new();
    }
    let (Some(job), Some(reference)) = (of(form, view), &view.reference) else {
        return refuse(model, refusal(&Refusal::NoSuchJob));
    };
    let doing = match deed {
        JobDeed::Start | JobDeed::Join | JobDeed::Leave => return at_once(model, deed),
        JobDeed::Complete => JobDoing::Complete,
        JobDeed::Move => JobDoing::Move,
        JobDeed::Rework => JobDoing::Rework,
        JobDeed::Scrap => JobDoing::Scrap,
        JobDeed::History => JobDoing::History,
    };
    if let Err(why) = can(doing, job, form) {
        return refuse(model, why);
    }
    form.begin(doing, job, reference);
    if doing == JobDoing::Rework && form.stations.entries.is_empty() {
        form.doing = JobDoing::Card;
        let why = Sentence::new("job-was-nowhere").with("number", &job.number);
        return refuse(model, why);
    }
    Vec::new()
}

/// Whether it makes sense to ask for more.
fn can(doing: JobDoing, job: &Job, form: &JobForm) -> Result<(), Sentence> {
    let next = match doing {
        JobDoing::Complete => State::Completed,
        JobDoing::Move | JobDoing::Rework => State::Pending,
        JobDoing::Scrap => State::Scrapped,
        JobDoing::Card | JobDoing::History => return Ok(()),
    };
    let state = job.state.ok_or_else(|| refusal(&Refusal::NoSuchJob))?;
    if !state.may_become(next) {
        return Err(refusal(&Refusal::JobIs { number: job.number.clone(), state }));
    }
    match form.who.entries.is_empty() {
        true => Err(Sentence::new("badge-first")),
        false => Ok(()),
    }
}

fn at_once(model: &mut Model, deed: JobDeed) -> Vec<Effect> {
    let Some(Screen::Job(form)) = model.screens.last() else { return Vec::new() };
    let number = model.view.as_ref().and_then(|view| of(form, view));
    let number = number.map(|job| job.number.clone()).unwrap_or_default();
    let job = form.job;
    let Some(by) = form.who.key() else {
        let nobody = form.who.entries.is_empty();
        return refuse(model, Sentence::new(if nobody { "badge-first" } else { "choose-person" }));
    };
    let name = form.who.name().unwrap_or_default().to_owned();
    let (ask, what) = match deed {
        JobDeed::Start => (JobAsk::Start, "what-job-start"),
        JobDeed::Join => (JobAsk::Join, "what-job-join"),
        _ => (JobAsk::Leave { user: by }, "what-job-leave"),
    };
    let command = Command::Job { by, job, ask };
    send(model, command, Sentence::new(what).with("number", number).with("name", name))
}

/// Enter: on to the next field, at the last one it is sent.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Job(form)) = model.screens.last_mut() else { return Vec::new() };
    if let Some(next) = form.after() {
        form.focus = next;
        return Vec::new();
    }
    match command(model) {
        Ok((command, what)) => send(model, command, what),
        Err(why) => refuse(model, why),
    }
}

fn command(model: &Model) -> Result<(Command, Sentence), Sentence> {
    let say = Sentence::new;
    let gone = || refusal(&Refusal::NoSuchJob);
    let Some(Screen::Job(form)) = model.screens.last() else { return Err(gone()) };
    let known = model.view.as_ref().and_then(|view| of(form, view)).ok_or_else(gone)?;
    let (job, number) = (form.job, known.number.as_str());
    let by = form.who.key().ok_or_else(|| say("choose-person"))?;
    let parts = |field: &TextField| match field.filled() {
        Some(_) => field.number().ok_or_else(|| say("bad-quantity")),
        None => Ok(0),
    };
    let station = || form.stations.entry().ok_or_else(|| say("choose-station"));
    let (ask, what) = match form.doing {
        JobDoing::Complete => {
            let good = form.good.number().ok_or_else(|| say("bad-quantity"))?;
            let scrap = parts(&form.scrap)?;
            let what = say("what-job-complete").with("good", good.to_string());
            let what = what.with("scrap", scrap.to_string());
            (JobAsk::Complete { good, scrap, next: form.stations.key() }, what)
        },
        JobDoing::Move | JobDoing::Rework => {
            let to = station()?;
            let what = match form.doing {
                JobDoing::Move => say("what-job-move"),
                _ => say("what-job-rework"),
            };
            let why = form.why.filled();
            if form.doing == JobDoing::Rework && why.is_none() {
                return Err(refusal(&Refusal::WhyNeeded));
            }
            (JobAsk::Move { to: to.key, why }, what.with("station", &to.label))
        },
        JobDoing::Scrap => {
            let scrap = form.scrap.number().ok_or_else(|| say("bad-quantity"))?;
            let reason = form.reasons.entry();
            if reason.is_none() && !form.reasons.entries.is_empty() {
                return Err(say("choose-scrap-reason"));
            }
            let label = reason.map(|reason| reason.label.clone()).unwrap_or_default();
            let reason = reason.map(|reason| reason.key);
            let what = say("what-job-scrap").with("reason", label);
            (JobAsk::Scrap { scrap, reason }, what)
        },
        JobDoing::Card | JobDoing::History => return Err(gone()),
    };
    Ok((Command::Job { by, job, ask }, what.with("number", number)))
}

/// Starts the list anew where what is typed into it changed: the focus goes to the first that is found.
pub(super) fn narrow(shown: &mut JobsScreen) {
    shown.chosen = None;
}
