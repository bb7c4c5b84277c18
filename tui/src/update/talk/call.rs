//! Calls for help: calling, coming, ending.

use kart_core::{
    command::{Command, Refusal},
    fact::call::Help,
};

use super::{actor, entry, push, top};
use crate::{
    effect::Effect,
    model::{CallForm, CallItem, Choice, Model, Sending, Talk, Tone},
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the calls: those that are open first, then whom one can call to the machine in sight.
pub(in crate::update) fn open(model: &mut Model) {
    let Some(view) = &model.view else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let machine = model.machine();
    let station = model.station();
    let named = station.zip(view.reference.as_ref()).and_then(|(id, all)| all.station(id));
    let place = machine.map(|machine| machine.code.clone());
    let place = place.or_else(|| named.map(|station| station.code.clone())).unwrap_or_default();
    let form = CallForm {
        who: model.who(),
        machine: machine.map(|machine| machine.id),
        place,
        station,
        choice: items(&view.open.calls),
        sending: Sending::No,
    };
    push(model, Talk::Call(form));
}

fn items(open: &[kart_api::Call]) -> Choice<CallItem> {
    let empty = String::new;
    let open = open.iter().map(|call| entry(CallItem::Open(call.id), empty(), empty()));
    let new = Help::ALL.into_iter().map(|kind| entry(CallItem::New(kind), empty(), empty()));
    let mut choice = Choice::new(open.chain(new).collect());
    choice.step(0);
    choice
}

/// Follows the calls while the form is open; a line that was chosen stays so.
pub(in crate::update) fn refresh(choice: &mut Choice<CallItem>, open: &[kart_api::Call]) {
    let kept = choice.key();
    *choice = items(open);
    if let Some(kept) = kept.filter(|kept| choice.entries.iter().any(|one| one.key == *kept)) {
        choice.choose(kept);
    }
}

/// The next step of the chosen line: call; say that one comes; say that it has ended.
pub(super) fn act(model: &mut Model, end: bool) -> Vec<Effect> {
    let Some(Talk::Call(form)) = top(model) else { return Vec::new() };
    let form = form.clone();
    match form.choice.key() {
        Some(CallItem::New(kind)) if !end => {
            let by = match actor(model, &form.who) {
                Ok(by) => by,
                Err(asked) => return asked,
            };
            let (station, equipment, comment) = (form.station, form.machine, None);
            let command = Command::CallHelp { by, station, equipment, kind, comment };
            send(model, command, Sentence::new("what-call").with("place", &form.place))
        },
        Some(CallItem::Open(call)) => {
            let calls = model.view.as_ref().map(|view| &view.open.calls[..]).unwrap_or_default();
            let Some(open) = calls.iter().find(|open| open.id == call) else {
                return refuse(model, refusal(&Refusal::NoSuchCall));
            };
            if end || open.acknowledged_by.is_some() {
                let by = form.who.key();
                return send(model, Command::EndCall { by, call }, Sentence::new("what-end-call"));
            }
            let Some(by) = form.who.key() else {
                return refuse(model, Sentence::new("choose-person"));
            };
            send(model, Command::AcknowledgeCall { by, call }, Sentence::new("what-coming"))
        },
        _ => Vec::new(),
    }
}
