//! Saying why: the form, and the card that comes by itself.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kart_api::{Blind, Stop, View};
use kart_core::{
    command::Refusal,
    id::{RecordId, UserId},
    screen::Screen as Part,
    time::Micros,
};
use std::collections::BTreeSet;

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        Cards, ExplainForm, Listed, Model, Screen, Sending, StopsScreen, Subject, Tone, Why,
        listed, unexplained,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// A stop that ended longer ago raises no card: it waits in the list, microseconds.
const LATELY_US: i64 = 10 * 60 * 1_000_000;

/// Opens the only stop that waits for a reason, or the list of them.
pub(super) fn open(model: &mut Model) {
    let Some(view) = &model.view else {
        return model.say(Tone::Wrong, refusal(&Refusal::NoSite));
    };
    let waiting = unexplained(view, model.selected);
    let only = match waiting.as_slice() {
        [only] if view.review.blinds.is_empty() => Some(only.id),
        _ => None,
    };
    let list = StopsScreen::new(view, model.selected);
    if list.choice.entries.is_empty() {
        return model.say(Tone::Plain, Sentence::new("nothing-to-explain"));
    }
    // Those explained lately stand beneath the form.
    if only.is_none() || list.choice.entries.len() > 1 {
        model.screens.push(Screen::Stops(Box::new(list)));
    }
    if let Some(only) = only {
        open_one(model, only);
    }
}

/// Opens the form for a stop or a blind time.
pub(super) fn open_one(model: &mut Model, id: RecordId) {
    let who = model.who();
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let found = model.view.as_ref().and_then(|view| listed(view, id));
    let form = match (found, reference) {
        (Some(Listed::Stop(stop)), Some(reference)) => ExplainForm::new(stop, who, reference),
        (Some(Listed::Blind(blind)), Some(reference)) => ExplainForm::blind(blind, who, reference),
        (None, _) => return model.say(Tone::Wrong, refusal(&Refusal::NoSuchStop)),
        (_, None) => return model.say(Tone::Wrong, refusal(&Refusal::NoSite)),
    };
    model.screens.push(Screen::Explain(Box::new(form)));
}

/// Whoever pressed a key within this time means the screen that stood there, not a card that comes between.
pub(super) const IDLE_US: i64 = 2_000_000;

/// A stop that begins to wait raises a card by itself, where nothing else is on the screen. What
/// waited before this screen was opened stands in the list; a blind time asks in any case.
pub(super) fn raise(model: &mut Model) {
    if !model.is_live() || !model.shows(Part::Stops) {
        return;
    }
    let idle = model.now.mono_us.saturating_sub(model.key_us) >= IDLE_US;
    if idle && is_needless(model) {
        model.screens.pop();
    }
    let Some(view) = &model.view else { return };
    if view.reference.is_none() {
        return;
    }
    let waiting = || view.stops.iter().filter(|stop| stop.reason.is_none());
    let seen = model.cards.seen.get_or_insert_with(|| waiting().map(|stop| stop.id).collect());
    seen.retain(|id| listed(view, *id).is_some());
    model.cards.known.retain(|id| listed(view, *id).is_some());
    let lately = Micros(view.terminal.now_us.0.saturating_sub(LATELY_US));
    let fresh = |stop: &&Stop| stop.until_us.is_none_or(|until| until >= lately);
    let blinds = view.review.blinds.iter().map(|Blind { id, .. }| *id);
    let stops = waiting().filter(fresh).map(|stop| stop.id);
    let Some(next) = stops.chain(blinds).find(|id| !seen.contains(id)) else { return };
    if !model.screens.is_empty() || !model.burst.digits.is_empty() || !idle {
        return mention(model, next);
    }
    seen.insert(next);
    open_one(model, next);
    if let Some(Screen::Explain(form)) = model.screens.last_mut() {
        form.raised = true;
    }
}

/// Whoever puts a card or the list away has read it: what stands there calls no more.
pub(super) fn acknowledge(cards: &mut Cards, left: &Screen) {
    match left {
        Screen::Explain(form) => cards.known.extend(form.about.one()),
        Screen::Stops(list) => {
            cards.known.extend(list.choice.entries.iter().map(|entry| entry.key));
        },
        _ => {},
    }
}

/// A card that nobody touched, of a stop that asks no more: a setup that is over, or one that somebody else explained.
fn is_needless(model: &Model) -> bool {
    let (Some(Screen::Explain(form)), Some(view)) = (model.screens.last(), &model.view) else {
        return false;
    };
    let waits = form.about.one().is_none_or(|id| match listed(view, id) {
        Some(Listed::Stop(stop)) => stop.reason.is_none(),
        Some(Listed::Blind(_)) => true,
        None => false,
    });
    form.is_untouched() && !waits
}

/// Something else is on the screen: it is said that a stop waits, once.
fn mention(model: &mut Model, id: RecordId) {
    let said: &mut BTreeSet<RecordId> = &mut model.cards.said;
    let shown = model.screens.iter().any(|screen| match screen {
        Screen::Explain(form) => form.about.one() == Some(id),
        Screen::Stops(_) => true,
        _ => false,
    });
    if shown || !said.insert(id) {
        return;
    }
    let machine = model.view.as_ref().and_then(|view| match listed(view, id)? {
        Listed::Stop(stop) => Some(stop.machine),
        Listed::Blind(blind) => Some(blind.machine),
    });
    let machine = machine.and_then(|id| model.machine_by_id(id)).map(|it| it.code.clone());
    let sentence = Sentence::new("stop-waits").with("machine", machine.unwrap_or_default());
    model.say(Tone::Plain, sentence);
}

/// Somebody who is not here comes: a card that nobody touched makes room for their badge.
pub(super) fn give_way(model: &mut Model, user: UserId) {
    let Some(Screen::Explain(form)) = model.screens.last() else { return };
    if form.is_untouched() && !form.who.has(user) {
        let id = form.about.one();
        model.screens.pop();
        if let (Some(seen), Some(id)) = (&mut model.cards.seen, id) {
            seen.remove(&id);
        }
    }
}

/// Stops were explained: they leave the lists beneath, and a list without any leaves the screen.
pub(super) fn explained(model: &mut Model, stops: &[RecordId]) {
    let sweep = model.screens.iter().rposition(|screen| matches!(screen, Screen::Sweep(_)));
    if let Some(at) = sweep
        && let Some(Screen::Sweep(sweep)) = model.screens.get_mut(at)
    {
        sweep.leave_out(stops);
        if sweep.choice.entries.is_empty() {
            model.screens.remove(at);
        }
    }
    let view = model.view.as_ref();
    let waits = |view: &View, id| {
        let known = view.stops.iter().find(|stop| stop.id == id);
        known.is_some_and(|stop| stop.reason.is_none())
            || view.review.blinds.iter().any(|blind| blind.id == id)
    };
    let listed =
        |list: &StopsScreen| list.choice.entries.iter().any(|entry| stops.contains(&entry.key));
    if let Some(Screen::Stops(list)) = model.screens.last_mut()
        && listed(list)
    {
        list.choice.entries.retain(|entry| !stops.contains(&entry.key));
        list.choice.chosen = None;
        list.choice.step(0);
        let mut left = list.choice.entries.iter();
        if !left.any(|entry| view.is_some_and(|view| waits(view, entry.key))) {
            model.screens.pop();
        }
    }
}

/// Moves within the form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let Some(Screen::Explain(form)) = model.screens.last_mut() else { return };
    match cmd {
        Cmd::Next => form.commenting = !form.commenting,
        Cmd::Twin => {
            form.turn();
        },
        _ => drop(form.reasons.obey(cmd)),
    }
    form.sending = Sending::No;
}

/// A refusal that the comment answers: the cursor goes there.
pub(super) fn refused(form: &mut ExplainForm, why: &Refusal) {
    form.commenting |= *why == Refusal::WhyNeeded && matches!(form.about, Subject::Stop(_));
}

/// Letters look for a reason by its name. `true` when the key was one of them.
pub(super) fn look_for(model: &mut Model, key: KeyEvent) -> bool {
    let Some(Screen::Explain(form)) = model.screens.last_mut() else { return false };
    let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    if form.commenting || !plain {
        return false;
    }
    match key.code {
        KeyCode::Char(letter) if letter.is_alphabetic() || letter == ' ' => {
            if form.filter.chars().count() < 20 {
                form.filter.push(letter);
            }
        },
        KeyCode::Backspace if !form.filter.is_empty() => {
            form.filter.pop();
        },
        _ => return false,
    }
    form.narrow();
    form.sending = Sending::No;
    true
}

/// Records the reason. Nobody needs to be clocked in for that.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let code = |id| model.machine_by_id(id).map_or(String::new(), |machine| machine.code.clone());
    let Some(Screen::Explain(form)) = model.screens.last() else { return Vec::new() };
    let Some(chosen) = form.reasons.entry() else {
        return refuse(model, Sentence::new("choose-reason"));
    };
    if form.who.key().is_none() && form.who.entries.len() > 1 {
        return refuse(model, Sentence::new("choose-person"));
    }
    let Some(command) = form.command(chosen.key) else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let what = match chosen.key {
        Why::Reason(_) => Sentence::new("what-explain").with("reason", &chosen.label),
        Why::Ran => Sentence::new("what-ran"),
        Why::Nobody => Sentence::new("what-nobody-knows"),
    };
    let what = what.with("machine", code(form.machine));
    send(model, command, what)
}
