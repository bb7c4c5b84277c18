//! The list of stops: several become one, one becomes two, and what was said is taken back.

use kart_api::Stop;
use kart_core::{
    calendar::Interval, command::Command, fact::stop::Told, id::RecordId, time::Micros,
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        ExplainForm, Listed, Model, Screen, Sending, SplitForm, StopsScreen, Subject, SweepScreen,
        TextField, Tone, listed,
    },
    update::{explain, refuse, send, send_once},
    words::Sentence,
};

/// Keys of the list and of the sweep.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) -> Vec<Effect> {
    match cmd {
        Cmd::Sweep => sweep(model),
        Cmd::Split => split(model),
        Cmd::Join => return join(model),
        Cmd::Site => return site(model),
        Cmd::Withdraw => return withdraw(model),
        Cmd::Yes => return yes(model),
        _ => {},
    }
    match model.screens.last_mut() {
        Some(Screen::Stops(list)) => {
            if cmd == Cmd::Mark {
                list.mark();
            }
            let open = list.choice.obey(cmd) || cmd == Cmd::Open;
            if let Some(stop) = list.choice.key().filter(|_| open) {
                explain::open_one(model, stop);
            }
        },
        Some(Screen::Sweep(_)) if cmd == Cmd::Open => several(model),
        Some(Screen::Sweep(sweep)) => drop(sweep.choice.obey(cmd)),
        _ => {},
    }
    Vec::new()
}

fn list(model: &Model) -> Option<&StopsScreen> {
    match model.screens.last() {
        Some(Screen::Stops(list)) => Some(list),
        _ => None,
    }
}

/// The stop that is chosen in the list.
fn chosen(model: &Model) -> Option<&Stop> {
    match listed(model.view.as_ref()?, list(model)?.choice.key()?)? {
        Listed::Stop(stop) => Some(stop),
        Listed::Blind(_) => None,
    }
}

fn code(model: &Model, stop: &Stop) -> String {
    model.machine_by_id(stop.machine).map_or(String::new(), |machine| machine.code.clone())
}

/// Stops that wait, alike ones together.
fn sweep(model: &mut Model) {
    let Some(view) = &model.view else { return };
    let sweep = SweepScreen::new(view);
    match sweep.groups.is_empty() {
        true => model.say(Tone::Plain, Sentence::new("nothing-to-sweep")),
        false => model.screens.push(Screen::Sweep(Box::new(sweep))),
    }
}

/// Asks when the second part of a stop began.
fn split(model: &mut Model) {
    let Some(stop) = chosen(model) else { return };
    let Some(until_us) = stop.until_us else {
        return model.say(Tone::Plain, Sentence::new("refusal-stop-lasts"));
    };
    let (stop, from_us) = (stop.id, stop.from_us);
    let (who, at, sending) = (model.who(), TextField::default(), Sending::No);
    let form = SplitForm { stop, from_us, until_us, who, at, sending };
    model.screens.push(Screen::Split(Box::new(form)));
}

/// Splits the stop at the time that was typed.
pub(super) fn confirm_split(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Split(form)) = model.screens.last() else { return Vec::new() };
    let inside = Interval { from: Micros(form.from_us.0.saturating_add(1)), until: form.until_us };
    let at = match model.zone.read(form.at.text(), inside) {
        Ok(at) => at,
        Err(why) => return refuse(model, why),
    };
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let command = Command::SplitStop { by, stop: form.stop, at };
    let what = Sentence::new("what-split-stop").with("at", model.zone.clock(at));
    send(model, command, what)
}

/// Makes one of what is marked: of one machine one stop, of several one event with one reason.
fn join(model: &mut Model) -> Vec<Effect> {
    let Some(list) = list(model) else { return Vec::new() };
    let mut marked = list.marked.clone();
    marked.extend(list.choice.key().filter(|chosen| !marked.contains(chosen)));
    let Some(view) = &model.view else { return Vec::new() };
    let stops = marked.iter().filter_map(|id| match listed(view, *id)? {
        Listed::Stop(stop) => Some(stop),
        Listed::Blind(_) => None,
    });
    let stops: Vec<&Stop> = stops.collect();
    let ids: Vec<RecordId> = stops.iter().map(|stop| stop.id).collect();
    let [first, _, ..] = stops.as_slice() else {
        model.say(Tone::Plain, Sentence::new("mark-stops"));
        return Vec::new();
    };
    if stops.iter().any(|stop| stop.machine != first.machine) {
        let Some(reference) = &view.reference else { return Vec::new() };
        let about = Subject::Shared(ids);
        let form = ExplainForm::of_several(about, first, model.who(), reference);
        model.screens.push(Screen::Explain(Box::new(form)));
        return Vec::new();
    }
    let machine = code(model, first);
    let Some(by) = model.who().key() else {
        model.say(Tone::Wrong, Sentence::new("choose-person"));
        return Vec::new();
    };
    let what = Sentence::new("what-merge").with("machine", machine);
    send_once(model, Command::MergeStops { by, stops: ids }, what)
}

/// Everything here stands: asks why. Chosen once more, that downtime is over.
fn site(model: &mut Model) -> Vec<Effect> {
    let Some(stop) = chosen(model) else { return Vec::new() };
    let by = model.who().key();
    if stop.told == Some(Told::Site) && stop.until_us.is_none() {
        let command = Command::EndDowntime { by, event: stop.id };
        return send_once(model, command, Sentence::new("what-end-downtime"));
    }
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let Some(reference) = reference else { return Vec::new() };
    let form = ExplainForm::of_several(Subject::Site, stop, model.who(), reference);
    model.screens.push(Screen::Explain(Box::new(form)));
    Vec::new()
}

/// The stops that a command says something of.
pub(super) fn of(command: &Command) -> &[RecordId] {
    match command {
        Command::ExplainStop { stop, .. }
        | Command::WithdrawExplanation { stop, .. }
        | Command::SplitStop { stop, .. }
        | Command::TakeBackEvent { event: stop, .. }
        | Command::TellBlind { blind: stop, .. } => std::slice::from_ref(stop),
        Command::ExplainStops { stops, .. }
        | Command::ShareStops { stops, .. }
        | Command::MergeStops { stops, .. } => stops,
        _ => &[],
    }
}

/// Takes back what was said or told of the chosen stop; what was before holds again.
fn withdraw(model: &mut Model) -> Vec<Effect> {
    let by = model.who().key();
    let Some(stop) = chosen(model) else { return Vec::new() };
    let machine = code(model, stop);
    let (command, what) = match (stop.told, &stop.reason) {
        (Some(_), _) => (
            Command::TakeBackEvent { by, event: stop.id, comment: None },
            Sentence::new("what-take-back"),
        ),
        (None, Some(reason)) => (
            Command::WithdrawExplanation { by, stop: stop.id, comment: None },
            Sentence::new("what-withdraw").with("reason", reason),
        ),
        (None, None) => {
            model.say(Tone::Plain, Sentence::new("refusal-nothing-to-undo"));
            return Vec::new();
        },
    };
    send_once(model, command, what.with("machine", machine))
}

/// Asks why, of all stops of the chosen group.
fn several(model: &mut Model) {
    let Some(Screen::Sweep(sweep)) = model.screens.last() else { return };
    let Some(group) = sweep.group() else { return };
    let Some(view) = &model.view else { return };
    let first = group.stops.first().and_then(|id| view.stops.iter().find(|stop| stop.id == *id));
    let Some((first, reference)) = first.zip(view.reference.as_ref()) else { return };
    let about = Subject::Stops(group.stops.clone());
    let form = ExplainForm::of_several(about, first, model.who(), reference);
    model.screens.push(Screen::Explain(Box::new(form)));
}

/// The suggestion holds for the whole group.
fn yes(model: &mut Model) -> Vec<Effect> {
    let by = model.who().key();
    let Some(Screen::Sweep(sweep)) = model.screens.last() else { return Vec::new() };
    let Some((group, offer)) = sweep.group().and_then(|group| Some((group, group.offer?))) else {
        model.say(Tone::Plain, Sentence::new("nothing-suggested"));
        return Vec::new();
    };
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let named = reference.and_then(|reference| reference.downtime_reason(offer.reason));
    let label = named.map_or(String::new(), |(_, reason)| reason.name.clone());
    let stops = group.stops.clone();
    let count = i64::try_from(stops.len()).unwrap_or(i64::MAX);
    let what = Sentence::new("what-sweep").count("count", count).with("reason", label);
    let command = Command::ExplainStops { by, stops, reason: offer.reason };
    send_once(model, command, what)
}
