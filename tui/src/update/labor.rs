//! Punches that are taken back, ends that were forgotten, a PIN of one's own, one's own record; and
//! the screen that forgets who was here last.

use kart_api::View;
use kart_core::{
    calendar::Interval,
    command::Command,
    fact::labor::Share,
    id::{RecordId, UserId},
    pin::{Chosen, DIGITS},
    reference::Person,
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        BadgeForm, Choice, Entry, Model, PinForm, RecordScreen, Screen, Sending, SharesForm,
        TextField, ToldForm, Tone, UndoForm,
    },
    update::{badge, refuse, send, send_once},
    words::Sentence,
};

/// After a while without a key the last badge is nobody's any more. What was typed stays, and forms
/// ask who it is, where more than one could be meant.
pub(super) fn tick(model: &mut Model) {
    let Some(view) = &model.view else { return };
    let idle_us = i64::from(view.terminal.habits.idle_s) * 1_000_000;
    let idle = model.now.mono_us.saturating_sub(model.key_us);
    if idle_us == 0 || idle < idle_us {
        return;
    }
    if std::mem::replace(&mut model.idle, true) && model.badged.is_empty() {
        return;
    }
    model.badged.clear();
    model.badges.clear();
    let several = view.people.len() > 1;
    let mut asks = false;
    for screen in &mut model.screens {
        // A card that asks what a badge is for says whose it is; a half-typed form is anybody's.
        if let Some(who) = screen.who_mut().filter(|_| several) {
            asks |= who.chosen.take().is_some();
        }
    }
    let personal = |screen: &Screen| {
        matches!(
            screen,
            Screen::Punch(_)
                | Screen::Told(_)
                | Screen::Pin(_)
                | Screen::Shares(_)
                | Screen::Record(_)
                | Screen::Amend(_)
                | Screen::Crew(_)
        )
    };
    // What lies above one stays: it may be half typed.
    model.screens.retain(|screen| !personal(screen));
    if asks {
        model.say(Tone::Plain, Sentence::new("who-forgotten"));
    }
}

/// Opens what can still be taken back.
pub(super) fn open_undo(model: &mut Model) {
    let Some(view) = &model.view else { return };
    let entry = |punch: &kart_api::Punch| Entry {
        key: punch.entry,
        label: punch.name.clone(),
        detail: String::new(),
    };
    let mut punches = Choice::new(view.undoable.iter().map(entry).collect());
    punches.step(0);
    if punches.entries.is_empty() {
        return model.say(Tone::Plain, Sentence::new("nothing-to-undo"));
    }
    model.screens.push(Screen::Undo(Box::new(UndoForm { punches, sending: Sending::No })));
}

/// Takes the chosen punch back.
pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Undo(form)) = model.screens.last() else { return Vec::new() };
    let view = model.view.as_ref();
    let of = |entry| view?.undoable.iter().find(|punch| punch.entry == entry);
    let Some(punch) = form.punches.key().and_then(of) else {
        return refuse(model, Sentence::new("refusal-cannot-undo"));
    };
    let by = model.who().key();
    let what = Sentence::new("what-undo").with("name", &punch.name);
    let command = Command::UndoPunch { by, user: punch.user, entry: punch.entry };
    send(model, command, what)
}

/// Asks somebody who did not clock out when they left; the card beneath waits.
pub(super) fn ask_forgotten(model: &mut Model, person: &Person, badge: &str) {
    let Some(view) = &model.view else { return };
    let unended = view.unended.iter().find(|unended| unended.user == person.id);
    let present = view.people.iter().find(|present| present.user == person.id);
    let (entry, since_us, latest_us, missed) = match (unended, present) {
        (Some(it), _) => (it.entry, it.since_us, Some(it.until_us), it.missed.clone()),
        (None, Some(it)) if it.missed.is_some() => (it.entry, it.since_us, None, it.missed.clone()),
        _ => return,
    };
    let mut time = TextField::default();
    if let Some(proposed) = missed.as_ref().and_then(|missed| missed.proposed_us) {
        time.offer(&model.zone.typed(proposed));
    }
    model.screens.push(Screen::Told(Box::new(ToldForm {
        badge: badge.to_owned(),
        user: person.id,
        name: person.name.clone(),
        entry,
        since_us,
        latest_us,
        missed,
        time,
        reason: TextField::default(),
        reasoning: false,
        sending: Sending::No,
    })));
}

/// Says when they left.
pub(super) fn tell(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Told(form)) = model.screens.last() else { return Vec::new() };
    let until = form.latest_us.unwrap_or(model.daemon_now());
    let proposed = form.missed.as_ref().and_then(|missed| missed.proposed_us);
    let as_proposed = proposed.filter(|_| !form.time.touched);
    let within = Interval { from: form.since_us, until };
    let read = match as_proposed {
        Some(proposed) => Ok(proposed),
        None => model.zone.read(form.time.text(), within),
    };
    let until = match read {
        Ok(until) => until,
        Err(why) => return refuse(model, why),
    };
    let reason = form.reason.filled();
    if as_proposed.is_none() && reason.is_none() {
        if let Some(Screen::Told(form)) = model.screens.last_mut() {
            form.reasoning = true;
        }
        return refuse(model, Sentence::new("refusal-reason-needed"));
    }
    let what = Sentence::new("what-told-out")
        .with("name", &form.name)
        .with("time", model.zone.short(until, model.daemon_now()));
    let (badge, entry) = (form.badge.clone(), form.entry);
    send(model, Command::TellOut { badge, entry, until, reason }, what)
}

/// It was told: the card beneath goes on with clocking in.
pub(super) fn told(model: &mut Model) {
    let Some(Screen::Punch(form)) = model.screens.last() else { return };
    let badge = form.badge.clone();
    badge::again(model, &badge);
}

/// Opens the form for a PIN of one's own.
pub(super) fn open_pin(model: &mut Model, badge: &str, name: &str, has_pin: bool) {
    model.screens.push(Screen::Pin(Box::new(PinForm {
        badge: badge.to_owned(),
        name: name.to_owned(),
        old: has_pin.then(TextField::secret),
        new: [TextField::secret(), TextField::secret()],
        focus: 0,
        sending: Sending::No,
    })));
}

/// Chooses the PIN, once it was typed twice.
pub(super) fn choose_pin(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Pin(form)) = model.screens.last_mut() else { return Vec::new() };
    if form.focus + 1 < form.fields().len() {
        form.focus += 1;
        return Vec::new();
    }
    let [chosen, again] = &form.new;
    let (chosen, again) = (chosen.text().to_owned(), again.text().to_owned());
    let fault = match () {
        () if !DIGITS.contains(&chosen.len()) => Some("refusal-bad-pin"),
        () if chosen != again => Some("pins-differ"),
        () => None,
    };
    if let Some(fault) = fault {
        form.new = [TextField::secret(), TextField::secret()];
        form.focus = form.fields().len().saturating_sub(2);
        return refuse(model, Sentence::new(fault));
    }
    let what = Sentence::new("what-pin").with("name", &form.name);
    let command = Command::SetPin { badge: form.badge.clone(), chosen: Chosen(chosen) };
    send(model, command, what)
}

/// Opens how somebody's time is divided: as it was said last, else in equal parts.
pub(super) fn open_shares(model: &mut Model, user: UserId, badge: &str, name: &str) {
    let Some(view) = &model.view else { return };
    let on = batches_of(view, user);
    let said = view.people.iter().find(|present| present.user == user);
    let said = said.map(|present| present.shares.clone()).unwrap_or_default();
    let each = 100 / on.len().max(1);
    let parts = on.iter().enumerate().map(|(n, (batch, number))| {
        let told = said.iter().find(|share| share.batch == *batch);
        let rest = if n == 0 { 100 - each * on.len() } else { 0 };
        let percent = match told {
            Some(share) if said.len() == on.len() => usize::from(share.percent),
            _ => each + rest,
        };
        let mut field = TextField::whole();
        field.offer(&percent.to_string());
        (*batch, number.clone(), field)
    });
    let form = SharesForm {
        badge: badge.to_owned(),
        name: name.to_owned(),
        parts: parts.collect(),
        focus: 0,
        sending: Sending::No,
    };
    model.screens.push(Screen::Shares(Box::new(form)));
}

/// The batches shown here that somebody is on, with their numbers.
pub(super) fn batches_of(view: &View, user: UserId) -> Vec<(RecordId, String)> {
    let here = view.machines.iter().flat_map(kart_api::Machine::batches);
    let all = here.chain(view.elsewhere.iter().map(|elsewhere| &elsewhere.batch));
    let of = all.filter(|batch| batch.operators.contains(&user));
    of.map(|batch| (batch.id, batch.number.clone())).collect()
}

/// Says how it is divided.
pub(super) fn divide(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Shares(form)) = model.screens.last_mut() else { return Vec::new() };
    if form.focus + 1 < form.parts.len() {
        form.focus += 1;
        return Vec::new();
    }
    let share = |(batch, _, field): &(RecordId, String, TextField)| {
        let percent = field.number().and_then(|percent| u8::try_from(percent).ok())?;
        Some(Share { batch: *batch, percent }).filter(|share| share.percent > 0)
    };
    let shares: Option<Vec<Share>> = form.parts.iter().map(share).collect();
    let Some(shares) = shares.filter(|_| form.sum() == Some(100)) else {
        return refuse(model, Sentence::new("refusal-bad-shares"));
    };
    let what = Sentence::new("what-split").with("name", &form.name);
    let badge = form.badge.clone();
    send(model, Command::SplitLabor { badge, shares }, what)
}

/// Asks whose record it is to be.
pub(super) fn ask_record(model: &mut Model) {
    let form = BadgeForm { for_record: true, ..BadgeForm::default() };
    model.screens.push(Screen::Badge(form));
}

/// Opens somebody's own record.
pub(super) fn open_record(model: &mut Model, user: UserId, badge: &str, name: &str) {
    let shown = RecordScreen::new(user, badge, name);
    model.screens.push(Screen::Record(Box::new(shown)));
}

/// Says that the record is right as it stands.
pub(super) fn agree(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Record(shown)) = model.screens.last() else { return Vec::new() };
    if !shown.is_own() {
        model.say(Tone::Plain, Sentence::new("confirm-own").with("name", &shown.name));
        return Vec::new();
    }
    let mut entries = shown.unconfirmed();
    entries.truncate(MOST_AT_ONCE);
    if entries.is_empty() {
        model.say(Tone::Plain, Sentence::new("nothing-to-confirm"));
        return Vec::new();
    }
    let what = Sentence::new("what-confirm")
        .with("name", &shown.name)
        .count("count", i64::try_from(entries.len()).unwrap_or(i64::MAX));
    let badge = shown.badge.clone();
    send_once(model, Command::ConfirmLabor { badge, entries }, what)
}

/// One fact has room for so many.
const MOST_AT_ONCE: usize = 100;

/// Moves in these forms.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    match model.screens.last_mut() {
        Some(Screen::Undo(form)) => {
            form.punches.obey(cmd);
            form.sending = Sending::No;
        },
        Some(Screen::Told(form)) if matches!(cmd, Cmd::Next | Cmd::Previous) => {
            form.reasoning = !form.reasoning;
        },
        Some(Screen::Pin(form)) => {
            let last = form.fields().len().saturating_sub(1);
            match cmd {
                Cmd::Next => form.focus = if form.focus == last { 0 } else { form.focus + 1 },
                Cmd::Previous => form.focus = form.focus.checked_sub(1).unwrap_or(last),
                _ => {},
            }
        },
        Some(Screen::Shares(form)) => {
            let last = form.parts.len().saturating_sub(1);
            match cmd {
                Cmd::Next => form.focus = if form.focus >= last { 0 } else { form.focus + 1 },
                Cmd::Previous => form.focus = form.focus.checked_sub(1).unwrap_or(last),
                _ => {},
            }
        },
        _ => {},
    }
}
