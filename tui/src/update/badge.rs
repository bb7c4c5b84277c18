//! Badges: read by a keyboard wedge or typed, and the clocking in and out that follows.

use crossterm::event::{KeyCode, KeyEvent};
use kart_core::{
    command::{Command, Refusal},
    id::{StationId, UserId},
    reference::{Person, Reference},
    screen::Screen as Part,
};

use crate::{
    effect::Effect,
    keys::{self, Cmd},
    model::{
        BadgeForm, Burst, Choice, Entry, Model, Punch, PunchForm, Screen, Sending, TextField, Tone,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Digits further apart than this were typed by a person, one at a time.
const PAUSE_US: i64 = 500_000;

/// A person who typed the digits in one go may take this long to find Enter.
const ENTER_US: i64 = 2_000_000;

/// In a text field only what no hand can type counts as a badge.
const READER_PAUSE_US: i64 = 30_000;

/// No badge is shorter.
const SHORTEST: usize = 3;

/// Nor longer: what goes on is a stuck key.
const LONGEST: usize = 64;

/// Watches for a badge reader. `true` when this key ended a badge and was used up.
pub(super) fn listen(model: &mut Model, key: KeyEvent) -> bool {
    // A badge typed into its own field is read there.
    if matches!(model.screens.last(), Some(Screen::Badge(_))) {
        return false;
    }
    if let Some(digit) = keys::digit(&key) {
        let pause = model.now.mono_us.saturating_sub(model.burst.mono_us);
        let typing = model.screens.last_mut().is_some_and(|screen| screen.text_field().is_some());
        let limit = if typing { READER_PAUSE_US } else { PAUSE_US };
        if model.burst.digits.is_empty() || pause > limit {
            let before = (model.screens.clone(), model.selected);
            model.burst = Burst { before, ..Burst::default() };
        }
        if model.burst.digits.len() < LONGEST {
            model.burst.digits.push_str(&digit.to_string());
        }
        model.burst.mono_us = model.now.mono_us;
        return false;
    }
    let burst = std::mem::take(&mut model.burst);
    if key.code != KeyCode::Enter || !is_badge(model, &burst) {
        return false;
    }
    (model.screens, model.selected) = burst.before;
    read(model, &burst.digits);
    true
}

/// Forgets digits that nobody ended in time.
pub(super) fn tick(model: &mut Model) {
    if model.now.mono_us.saturating_sub(model.burst.mono_us) > ENTER_US {
        model.burst = Burst::default();
    }
}

fn is_badge(model: &mut Model, burst: &Burst) -> bool {
    let enter = model.now.mono_us.saturating_sub(burst.mono_us);
    let typing = model.screens.last_mut().is_some_and(|screen| screen.text_field().is_some());
    let known = person(model, &burst.digits).is_ok();
    burst.digits.len() >= SHORTEST
        && enter <= if typing { READER_PAUSE_US } else { ENTER_US }
        && (known || !typing)
}

/// Opens the form to type a badge by hand.
pub(super) fn open(model: &mut Model) {
    model.screens.push(Screen::Badge(BadgeForm::default()));
}

/// The badge in the form was typed to its end.
pub(super) fn typed(model: &mut Model) {
    let Some(Screen::Badge(form)) = model.screens.last() else { return };
    let badge = form.badge.text().to_owned();
    if !badge.is_empty() {
        model.screens.pop();
        read(model, &badge);
    }
}

/// A badge was read: in a form it says who acts, elsewhere it offers to clock in or out.
fn read(model: &mut Model, badge: &str) {
    if who_mut(model).is_none() && !model.shows(Part::Labor) {
        return model.say(Tone::Plain, Sentence::new("screen-hidden"));
    }
    let person = match person(model, badge) {
        Ok(person) => person.clone(),
        Err(why) => return model.say(Tone::Wrong, refusal(&why)),
    };
    if matches!(model.screens.last(), Some(Screen::Punch(_))) {
        model.screens.pop();
    } else if let Some(who) = who_mut(model) {
        if who.has(person.id) {
            who.choose(person.id);
        } else {
            let sentence = Sentence::new("refusal-not-clocked-in").with("name", person.name);
            model.say(Tone::Wrong, sentence);
        }
        return;
    }
    match punch(model, person.id) {
        Ok(punch) => model.screens.push(Screen::Punch(Box::new(PunchForm {
            badge: badge.to_owned(),
            user: person.id,
            name: person.name,
            punch,
            pin: person.has_pin.then(TextField::secret),
            sending: Sending::No,
        }))),
        Err(why) => model.say(Tone::Wrong, why),
    }
}

fn person<'a>(model: &'a Model, badge: &str) -> Result<&'a Person, Refusal> {
    let reference = reference(model).ok_or(Refusal::NoSite)?;
    let person = reference
        .person_by_badge(badge)
        .ok_or_else(|| Refusal::UnknownBadge { badge: badge.to_owned() })?;
    if person.active { Ok(person) } else { Err(Refusal::Inactive { name: person.name.clone() }) }
}

fn reference(model: &Model) -> Option<&Reference> {
    model.view.as_ref()?.reference.as_ref()
}

fn who_mut(model: &mut Model) -> Option<&mut crate::model::Who> {
    match model.screens.last_mut()? {
        Screen::Start(form) => Some(&mut form.who),
        Screen::Complete(form) => Some(&mut form.who),
        Screen::Explain(form) => Some(&mut form.who),
        _ => None,
    }
}

/// In or out, as the person stands now.
fn punch(model: &Model, user: UserId) -> Result<Punch, Sentence> {
    let view = model.view.as_ref().ok_or_else(|| refusal(&Refusal::NoSite))?;
    if let Some(present) = view.people.iter().find(|present| present.user == user) {
        return Ok(Punch::Out { since_us: present.since_us });
    }
    let reference = view.reference.as_ref().ok_or_else(|| refusal(&Refusal::NoSite))?;
    let stations = reference
        .stations
        .iter()
        .filter(|station| view.terminal.station.is_none_or(|here| here == station.id))
        .filter(|station| !station.machine_only)
        .map(|station| Entry {
            key: station.id,
            label: station.code.clone(),
            detail: station.name.clone(),
        });
    let mut stations: Choice<StationId> = Choice::new(stations.collect());
    stations.step(0);
    if stations.entries.is_empty() {
        return Err(Sentence::new("no-station"));
    }
    Ok(Punch::In(stations))
}

/// Moves in the list of stations.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    if let Some(Screen::Punch(form)) = model.screens.last_mut()
        && let Punch::In(stations) = &mut form.punch
    {
        match cmd {
            Cmd::Up => stations.step(-1),
            Cmd::Down => stations.step(1),
            _ => {},
        }
    }
}

/// Clocks in or out.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Punch(form)) = model.screens.last() else { return Vec::new() };
    let badge = form.badge.clone();
    // Going home is held up by nothing.
    let no_pin = form.pin.as_ref().is_some_and(|pin| pin.text().is_empty());
    match &form.punch {
        Punch::In(_) if no_pin => refuse(model, Sentence::new("type-pin")),
        Punch::In(stations) => {
            let chosen = stations.chosen.and_then(|at| stations.entries.get(at));
            let Some(station) = chosen else {
                return refuse(model, Sentence::new("no-station"));
            };
            let what = Sentence::new("what-clock-in")
                .with("name", &form.name)
                .with("station", &station.label);
            let command = Command::ClockIn { badge, station: station.key };
            send(model, command, what)
        },
        Punch::Out { .. } => {
            let what = Sentence::new("what-clock-out").with("name", &form.name);
            send(model, Command::ClockOut { badge }, what)
        },
    }
}
