//! Incidents: reporting one, and what becomes of it.

use kart_core::{
    command::{Command, Refusal},
    fact::incident::Severity,
    id::RecordId,
    reference::{ReasonGroup, Reference},
};

use super::{actor, entry, push, top};
use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        Choice, Entry, FollowForm, IncidentForm, Model, Screen, Sending, Talk, TalkField,
        TextField, Tone,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the open incidents; where there is none, and within them, a report.
pub(in crate::update) fn open(model: &mut Model) {
    let Some(view) = &model.view else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let listed = matches!(model.screens.last(), Some(Screen::Talk(talk)) if matches!(**talk, Talk::Incidents(_)));
    if listed || view.open.incidents.is_empty() {
        return report_one(model);
    }
    let mut choice = Choice::of(view.open.incidents.iter().map(|one| one.id));
    choice.step(0);
    push(model, Talk::Incidents(choice));
}

/// Moves in the list of incidents.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let Some(Talk::Incidents(choice)) = top(model) else { return };
    let opens = choice.obey(cmd) || cmd == Cmd::Open;
    if let Some(incident) = choice.key().filter(|_| opens) {
        let (who, notes, sending) = (model.who(), TextField::long(), Sending::No);
        push(model, Talk::Follow(FollowForm { who, incident, notes, sending }));
    }
}

fn report_one(model: &mut Model) {
    let Some(reference) = model.reference() else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let at = model.machine().map(|machine| machine.id);
    let machines: Vec<_> = model
        .machines()
        .into_iter()
        .map(|machine| (machine.id, machine.code.clone(), Some(machine.id) == at))
        .collect();
    let form = IncidentForm {
        who: model.who(),
        station: model.station(),
        at: machines.iter().position(|(.., marked)| *marked).unwrap_or_default(),
        reasons: reasons(reference, !machines.is_empty()),
        machines,
        severity: Severity::Minor,
        comment: TextField::long(),
        focus: TalkField::Kind,
        sending: Sending::No,
    };
    push(model, Talk::Incident(form));
}

fn reasons(reference: &Reference, of_machines: bool) -> Choice<kart_core::id::ReasonId> {
    let groups: &[ReasonGroup] =
        if of_machines { &reference.incident_groups } else { &reference.station_incident_groups };
    let all = groups.iter().flat_map(|group| {
        group.reasons.iter().map(|one| entry(one.id, one.name.clone(), group.name.clone()))
    });
    Choice::new(all.collect())
}

/// Marks machines. Without any it is the station's, which has reasons of its own.
pub(super) fn mark(model: &mut Model, cmd: Cmd) {
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref()).cloned();
    let Some(Talk::Incident(form)) = top(model) else { return };
    let last = form.machines.len().saturating_sub(1);
    match cmd {
        Cmd::Up => form.at = form.at.saturating_sub(1),
        Cmd::Down => form.at = (form.at + 1).min(last),
        Cmd::Pick(number) if number <= form.machines.len() => {
            form.at = number - 1;
            let before = form.marked().is_empty();
            if let Some((.., marked)) = form.machines.get_mut(number - 1) {
                *marked = !*marked;
            }
            let now = form.marked().is_empty();
            if let (true, Some(reference)) = (before != now, reference) {
                form.reasons = reasons(&reference, !now);
            }
        },
        _ => {},
    }
}

/// Records the incident. Nobody needs to be clocked in for that.
pub(super) fn report(model: &mut Model) -> Vec<Effect> {
    let Some(Talk::Incident(form)) = top(model) else { return Vec::new() };
    let form = form.clone();
    let (reason, comment) = (form.reasons.key(), form.comment.filled());
    if reason.is_none() && comment.is_none() {
        return refuse(model, Sentence::new("choose-incident"));
    }
    let by = match actor(model, &form.who) {
        Ok(by) => by,
        Err(asked) => return asked,
    };
    let label = form.reasons.entry();
    let label = label.map(|one| one.label.clone()).or_else(|| comment.clone());
    let what = Sentence::new("what-incident").with("reason", label.unwrap_or_default());
    let (machines, batches) = (form.marked(), form.batches(model));
    let (station, severity) = (form.station, form.severity);
    let command =
        Command::OpenIncident { by, station, machines, batches, reason, severity, comment };
    send(model, command, what)
}

/// The next step of an incident: somebody looks for the cause, then it is over.
pub(super) fn follow(model: &mut Model, resolve: bool) -> Vec<Effect> {
    let Some(Talk::Follow(form)) = top(model) else { return Vec::new() };
    let form = form.clone();
    let by = match actor(model, &form.who) {
        Ok(by) => by,
        Err(asked) => return asked,
    };
    let open = model.view.as_ref().and_then(|view| find(&view.open.incidents, form.incident));
    let Some(open) = open else {
        return refuse(model, refusal(&Refusal::NoSuchIncident));
    };
    let started = open.troubleshooting_us.is_some();
    let (incident, notes) = (form.incident, form.notes.filled());
    match resolve || started {
        true => {
            let command = Command::ResolveIncident { by, incident, notes };
            send(model, command, Sentence::new("what-resolve"))
        },
        false => {
            let command = Command::StartTroubleshooting { by, incident, notes };
            send(model, command, Sentence::new("what-troubleshoot"))
        },
    }
}

fn find(all: &[kart_api::Incident], id: RecordId) -> Option<&kart_api::Incident> {
    all.iter().find(|one| one.id == id)
}

/// Lists the incidents that are open now; an empty list leaves the screen.
pub(in crate::update) fn refresh(choice: &mut Choice<RecordId>, open: &[kart_api::Incident]) {
    choice.list(open.iter().map(|one| Entry::of(one.id)).collect());
    if choice.chosen.is_none() {
        choice.step(0);
    }
}
