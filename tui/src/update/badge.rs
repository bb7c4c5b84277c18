//! Badges: read by a keyboard wedge or typed, and what somebody can do with theirs.

use crossterm::event::{KeyCode, KeyEvent};
use kart_api::{Present, View};
use kart_core::{
    command::{Command, Refusal},
    fact::labor::Inside,
    reference::{Person, Reference, Station},
    screen::Screen as Part,
};

use crate::{
    effect::Effect,
    keys::{self, Cmd, Place},
    model::{
        Act, BadgeForm, Burst, Choice, Entry, Model, PunchForm, Screen, Sending, TextField, Tone,
        Who,
    },
    update::{explain, labor, refuse, send, talk},
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

/// So many people may wait for a punch that is being saved.
const MOST_WAITING: usize = 8;

/// Watches for a badge reader. `true` when this key ended a badge and was used up.
pub(super) fn listen(model: &mut Model, key: KeyEvent) -> bool {
    // A badge typed into its own field is read there.
    if !model.is_saving() && model.screens.last().is_some_and(Screen::takes_badge) {
        return false;
    }
    if let Some(took) = prefixed(model, key) {
        return took;
    }
    if let Some(digit) = keys::digit(&key) {
        let pause = model.now.mono_us.saturating_sub(model.burst.mono_us);
        let limit = if is_typing(model) { READER_PAUSE_US } else { PAUSE_US };
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
    let badge = burst.digits.clone();
    ended(model, burst, &badge);
    true
}

/// A reader that types something before each badge is known by that, wherever the cursor is: what
/// follows is a badge up to Enter, letters included, and no field takes it. `None` where none is meant.
fn prefixed(model: &mut Model, key: KeyEvent) -> Option<bool> {
    let prefix = model.view.as_ref().map(|view| view.terminal.habits.badge_prefix.clone())?;
    if prefix.is_empty() {
        return None;
    }
    let late = model.now.mono_us.saturating_sub(model.burst.mono_us) > ENTER_US;
    let read = if late { "" } else { model.burst.digits.as_str() };
    let inside = read.len() >= prefix.len() && read.starts_with(&prefix);
    match key.code {
        KeyCode::Enter if inside => {
            let burst = std::mem::take(&mut model.burst);
            let badge = burst.digits.strip_prefix(&prefix).unwrap_or(&burst.digits).to_owned();
            ended(model, burst, &badge);
            Some(true)
        },
        KeyCode::Char(letter) if inside && letter.is_ascii_alphanumeric() => {
            if model.burst.digits.len() < LONGEST {
                model.burst.digits.push(letter);
            }
            model.burst.mono_us = model.now.mono_us;
            Some(true)
        },
        KeyCode::Char(letter)
            if prefix.starts_with(read) && prefix.chars().nth(read.len()) == Some(letter) =>
        {
            if read.is_empty() {
                let before = (model.screens.clone(), model.selected);
                model.burst = Burst { before, ..Burst::default() };
            }
            model.burst.digits.push(letter);
            model.burst.mono_us = model.now.mono_us;
            Some(true)
        },
        _ => None,
    }
}

/// Forgets digits that nobody ended in time.
pub(super) fn tick(model: &mut Model) {
    if model.now.mono_us.saturating_sub(model.burst.mono_us) > ENTER_US {
        model.burst = Burst::default();
    }
}

fn is_badge(model: &mut Model, burst: &Burst) -> bool {
    let enter = model.now.mono_us.saturating_sub(burst.mono_us);
    let typing = is_typing(model);
    let known = person(model, &burst.digits).is_ok();
    burst.digits.len() >= SHORTEST
        && enter <= if typing { READER_PAUSE_US } else { ENTER_US }
        && (known || !typing)
}

/// Whether digits go into a field.
fn is_typing(model: &mut Model) -> bool {
    let field = model.screens.last_mut().and_then(Screen::text_field).is_some();
    field && !model.is_saving()
}

/// A badge was read to its end. While something is being saved it waits: what is on top must not
/// change under the answer, and nobody should have to come back.
fn ended(model: &mut Model, burst: Burst, badge: &str) {
    if !model.is_saving() {
        (model.screens, model.selected) = burst.before;
        return read(model, badge);
    }
    // The one whose punch it is has only been impatient.
    let own = matches!(model.screens.last(), Some(Screen::Punch(form)) if form.badge == badge);
    let known = own || model.badges.iter().any(|waiting| waiting == badge);
    if !known && model.badges.len() < MOST_WAITING {
        model.badges.push_back(badge.to_owned());
        model.say(Tone::Plain, Sentence::new("badge-next"));
    }
}

/// The badge that has waited longest, once nothing on the screen could take it for its own.
pub(super) fn next(model: &mut Model) {
    if model.badges.is_empty() || model.is_saving() {
        return;
    }
    let asks = model.screens.last_mut().is_some_and(|screen| {
        let badge = matches!(screen, Screen::Punch(_) | Screen::Told(_));
        badge || screen.who_mut().is_some() || screen.text_field().is_some()
    });
    if !asks && let Some(badge) = model.badges.pop_front() {
        read(model, &badge);
    }
}

/// Opens the form to type a badge by hand.
pub(super) fn open(model: &mut Model) {
    model.screens.push(Screen::Badge(BadgeForm::default()));
}

/// The badge in the form was typed to its end.
pub(super) fn typed(model: &mut Model) {
    let Some(Screen::Badge(form)) = model.screens.last() else { return };
    let (badge, for_record) = (form.badge.text().to_owned(), form.for_record);
    if badge.is_empty() {
        return;
    }
    model.screens.pop();
    if for_record {
        match person(model, &badge).map(|person| (person.id, person.name.clone())) {
            Ok((user, name)) => labor::open_record(model, user, &badge, &name),
            Err(why) => model.say(Tone::Wrong, refusal(&why)),
        }
    } else {
        read(model, &badge);
    }
}

/// A badge was read: in a form it says who acts, elsewhere it asks what it is for.
fn read(model: &mut Model, badge: &str) {
    if who_mut(model).is_none() && !model.shows(Part::Labor) {
        return model.say(Tone::Plain, Sentence::new("screen-hidden"));
    }
    let person = match person(model, badge) {
        Ok(person) => person.clone(),
        // Where a PIN could be asked for, it may be one.
        Err(Refusal::UnknownBadge { .. })
            if matches!(
                model.place(),
                Place::Punch | Place::Pin | Place::Record | Place::Amend
            ) =>
        {
            let shown = Refusal::UnknownBadge { badge: "…".to_owned() };
            return model.say(Tone::Wrong, refusal(&shown));
        },
        Err(why) => return model.say(Tone::Wrong, refusal(&why)),
    };
    // Whoever comes next does not act on the record that somebody else has opened.
    let foreign = |screen: &Screen| matches!(screen, Screen::Record(it) if it.by != person.id);
    if let Some(first) = model.screens.iter().position(foreign) {
        model.screens.truncate(first);
    }
    explain::give_way(model, person.id);
    if talk::badge(model, &person) {
        return;
    }
    if let Some(who) = who_mut(model) {
        if who.has(person.id) {
            who.choose(person.id);
        } else {
            let held = matches!(model.screens.last(), Some(Screen::Held(_)));
            model.say(
                Tone::Wrong,
                match held {
                    true => Sentence::new("choose-supervisor"),
                    false => Sentence::new("refusal-not-clocked-in").with("name", person.name),
                },
            );
        }
        return;
    }
    if matches!(model.screens.last(), Some(Screen::Told(_))) {
        model.screens.pop();
    }
    if matches!(model.screens.last(), Some(Screen::Punch(_))) {
        model.screens.pop();
    }
    match punch(model, &person, badge) {
        Ok(form) => {
            model.screens.push(Screen::Punch(Box::new(form)));
            labor::ask_forgotten(model, &person, badge);
        },
        Err(why) => model.say(Tone::Wrong, why),
    }
}

/// The card of the badge anew, after what it was about has changed.
pub(super) fn again(model: &mut Model, badge: &str) {
    let Ok(person) = person(model, badge).cloned() else { return };
    if let (Ok(form), Some(Screen::Punch(shown))) =
        (punch(model, &person, badge), model.screens.last_mut())
    {
        **shown = form;
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

fn who_mut(model: &mut Model) -> Option<&mut Who> {
    model.screens.last_mut().and_then(Screen::who_mut)
}

/// What the person can do, as they stand now.
fn punch(model: &Model, person: &Person, badge: &str) -> Result<PunchForm, Sentence> {
    let view = model.view.as_ref().ok_or_else(|| refusal(&Refusal::NoSite))?;
    let reference = view.reference.as_ref().ok_or_else(|| refusal(&Refusal::NoSite))?;
    let present = view.people.iter().find(|present| present.user == person.id);
    let acts = match present {
        Some(present) if present.missed.is_none() => acts(view, reference, present),
        // Whoever forgot to clock out is not held up.
        _ => stations(view, reference).map(|station| entry(Act::In(station.id), station)).collect(),
    };
    if acts.is_empty() {
        return Err(Sentence::new("no-station"));
    }
    let mut acts = Choice::new(acts);
    match model.chosen.map(Act::In) {
        Some(there) if acts.entries.iter().any(|entry| entry.key == there) => acts.choose(there),
        _ => acts.step(0),
    }
    let present = present.filter(|present| present.missed.is_none());
    Ok(PunchForm {
        badge: badge.to_owned(),
        user: person.id,
        name: person.name.clone(),
        since_us: present.map(|present| present.since_us),
        away: present.and_then(|present| present.away.clone()),
        acts,
        pin: person.has_pin.then(TextField::secret),
        sending: Sending::No,
    })
}

/// Stations of this terminal that people can work at.
fn stations<'a>(view: &'a View, reference: &'a Reference) -> impl Iterator<Item = &'a Station> {
    let here =
        move |station: &&Station| view.terminal.station.is_none_or(|here| here == station.id);
    reference.stations.iter().filter(here).filter(|station| !station.machine_only)
}

/// What somebody who is here can do, the obvious first.
fn acts(view: &View, reference: &Reference, present: &Present) -> Vec<Entry<Act>> {
    let inside = [Inside::Break, Inside::Meal, Inside::Activity];
    let mut acts = match present.away {
        Some(_) => vec![Entry::of(Act::Back), Entry::of(Act::Out)],
        None => {
            let begin = inside.map(|kind| Entry::of(Act::Begin(kind)));
            [Entry::of(Act::Out)].into_iter().chain(begin).collect()
        },
    };
    // Other stations whose machines are shown here.
    let shown = |station: &&Station| {
        let machines = &station.machines;
        station.id != present.station
            && !station.machine_only
            && view.machines.iter().any(|machine| machines.contains(&machine.id))
    };
    let others = reference.stations.iter().filter(shown);
    acts.extend(others.map(|station| entry(Act::Move(station.id), station)));
    if present.away.is_none() && labor::batches_of(view, present.user).len() > 1 {
        acts.push(Entry::of(Act::Shares));
    }
    acts.extend([Entry::of(Act::Record), Entry::of(Act::Pin)]);
    acts
}

fn entry(key: Act, station: &Station) -> Entry<Act> {
    Entry { key, label: station.code.clone(), detail: station.name.clone() }
}

/// Moves among what can be done.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let Some(Screen::Punch(form)) = model.screens.last_mut() else { return };
    form.acts.obey(cmd);
    form.sending = Sending::No;
}

/// Does what was chosen.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Punch(form)) = model.screens.last() else { return Vec::new() };
    let Some(chosen) = form.acts.entry() else {
        return refuse(model, Sentence::new("no-station"));
    };
    let (badge, name, station) = (form.badge.clone(), form.name.clone(), chosen.label.clone());
    let no_pin = form.pin.as_ref().is_some_and(|pin| pin.text().is_empty());
    let what = |id| Sentence::new(id).with("name", &name);
    let (command, what) = match chosen.key {
        // Going home is held up by nothing.
        Act::In(_) if no_pin => return refuse(model, Sentence::new("type-pin")),
        Act::In(at) => {
            let what = what("what-clock-in").with("station", station);
            (Command::ClockIn { badge, station: at }, what)
        },
        Act::Out => (Command::ClockOut { badge }, what("what-clock-out")),
        Act::Back => (Command::EndLabor { badge }, what("what-back")),
        Act::Begin(kind) => {
            let what = what(match kind {
                Inside::Break => "what-break",
                Inside::Meal => "what-meal",
                Inside::Activity => "what-activity",
            });
            (Command::BeginLabor { badge, kind }, what)
        },
        Act::Move(at) => {
            let what = what("what-move").with("station", station);
            (Command::MoveTo { badge, station: at }, what)
        },
        Act::Record => {
            let user = form.user;
            model.screens.pop();
            labor::open_record(model, user, &badge, &name);
            return Vec::new();
        },
        Act::Shares => {
            let user = form.user;
            model.screens.pop();
            labor::open_shares(model, user, &badge, &name);
            return Vec::new();
        },
        Act::Pin => {
            let has_pin = form.pin.is_some();
            model.screens.pop();
            labor::open_pin(model, &badge, &name, has_pin);
            return Vec::new();
        },
    };
    send(model, command, what)
}
