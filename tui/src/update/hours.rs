//! Records of hours: which one is seen, what is asked of one's own, and what a lead or a supervisor does to
//! those of others.

use kart_api::labor::Entry as Hours;
use kart_core::{
    calendar::Interval,
    command::{AddLabor, AmendLabor, Command},
    fact::{correction::Amendment, labor::Inside},
    reference::Person,
    time::Micros,
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        AmendField, AmendForm, Choice, CrewForm, Entry, Mending, Model, RecordScreen, Screen,
        Sending, TextField, Tone,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Pay periods that one can look back.
const PERIODS: u8 = 60;

/// A time without a day is looked for this far around what it belongs to.
const NEAR_US: i64 = 12 * 3_600_000_000;

/// A time with a day, this far back.
const FAR_US: i64 = 400 * 24 * 3_600_000_000;

/// Obeys a key on a record.
pub(super) fn on_record(model: &mut Model, cmd: Cmd) {
    let Some(Screen::Record(shown)) = model.screens.last_mut() else { return };
    let own = shown.is_own();
    match cmd {
        Cmd::Left if shown.back < PERIODS => shown.turn(shown.back + 1),
        Cmd::Right if shown.back > 0 => shown.turn(shown.back - 1),
        Cmd::Up => shown.step(-1),
        Cmd::Down => shown.step(1),
        Cmd::PageUp => shown.step(-5),
        Cmd::PageDown => shown.step(5),
        Cmd::Open => open(model, if own { Mending::Ask } else { Mending::Amend }),
        Cmd::Remove => open(model, if own { Mending::NotMe } else { Mending::Void }),
        Cmd::New if own => model.say(Tone::Plain, Sentence::new("own-record-asks")),
        Cmd::New => open(model, Mending::Add),
        Cmd::Yes | Cmd::Withdraw if own => {
            model.say(Tone::Plain, Sentence::new("own-record-asks"));
        },
        Cmd::Yes => answer(model, Mending::Accept),
        Cmd::Withdraw => answer(model, Mending::Decline),
        _ => {},
    }
}

/// Enter on a record: the PIN that was typed, or what is to be done to the chosen entry.
pub(super) fn enter(model: &mut Model) {
    match model.screens.last_mut() {
        Some(Screen::Record(shown)) if shown.pin.is_some() => shown.show_pin(),
        _ => on_record(model, Cmd::Open),
    }
}

/// Whose record a lead or a supervisor wants to see.
pub(super) fn crew(model: &mut Model) {
    let Some(Screen::Record(shown)) = model.screens.last() else { return };
    let Some(view) = &model.view else { return };
    let Some(reference) = &view.reference else { return };
    let person = reference.person(shown.by);
    let leads = person.is_some_and(|person| person.role.leads());
    if !shown.others {
        let name = person.map_or_else(String::new, |person| person.name.clone());
        let why = match leads {
            true => "refusal-pin-missing",
            false => "refusal-others-record",
        };
        return model.say(Tone::Wrong, Sentence::new(why).with("name", name));
    }
    let missing = |person: &Person| {
        view.people.iter().any(|it| it.user == person.id && it.missed.is_some())
            || view.unended.iter().any(|it| it.user == person.id)
    };
    let here = |person: &Person| view.people.iter().any(|it| it.user == person.id);
    let others = reference.people.iter().filter(|person| person.id != shown.by);
    let mut people: Vec<(u8, Entry<_>)> = others
        .filter(|person| person.active || here(person))
        .map(|person| {
            let place = match () {
                () if missing(person) => 0,
                () if here(person) => 1,
                () => 2,
            };
            let detail = if place == 0 { "▲".to_owned() } else { person.badge.clone() };
            (place, Entry { label: person.name.clone(), detail, ..Entry::of(person.id) })
        })
        .collect();
    people.sort_by(|one, other| (one.0, &one.1.label).cmp(&(other.0, &other.1.label)));
    let mut people = Choice::new(people.into_iter().map(|(_, entry)| entry).collect());
    people.step(0);
    model.screens.push(Screen::Crew(Box::new(CrewForm { people })));
}

/// The record of whoever was chosen, in the place of one's own.
pub(super) fn choose(model: &mut Model) {
    let Some(Screen::Crew(form)) = model.screens.pop() else { return };
    let Some(chosen) = form.people.entry() else { return };
    let (user, name) = (chosen.key, chosen.label.clone());
    if let Some(Screen::Record(shown)) = model.screens.last() {
        let other = shown.of(user, &name);
        model.screens.push(Screen::Record(Box::new(other)));
    }
}

/// Does what was asked for, or declines it: where something was.
fn answer(model: &mut Model, mending: Mending) {
    let Some(Screen::Record(shown)) = model.screens.last() else { return };
    match shown.chosen().is_some_and(|entry| entry.asked.is_some()) {
        true => open(model, mending),
        false => model.say(Tone::Plain, Sentence::new("nothing-asked")),
    }
}

fn open(model: &mut Model, mending: Mending) {
    let Some(Screen::Record(shown)) = model.screens.last() else { return };
    let entry = shown.chosen().filter(|_| mending != Mending::Add).cloned();
    if entry.is_none() && mending != Mending::Add {
        return model.say(Tone::Plain, Sentence::new("record-empty"));
    }
    let form = form(model, shown, mending, entry);
    model.screens.push(Screen::Amend(Box::new(form)));
}

fn form(model: &Model, shown: &RecordScreen, mending: Mending, entry: Option<Hours>) -> AmendForm {
    let kinds = [None, Some(Inside::Meal), Some(Inside::Break), Some(Inside::Activity)];
    let mut kind = Choice::of(kinds);
    kind.choose(None);
    let station = model.view.as_ref().and_then(|view| {
        let stations = &view.reference.as_ref()?.stations;
        let people = stations.iter().find(|station| !station.machine_only);
        view.terminal.station.or_else(|| people.map(|station| station.id))
    });
    let mut form = AmendForm {
        mending,
        badge: shown.badge.clone(),
        ticket: shown.ticket.clone(),
        user: shown.user,
        name: shown.name.clone(),
        entry: None,
        station,
        kind,
        from: TextField::default(),
        until: TextField::default(),
        reason: TextField::default(),
        focus: AmendField::Reason,
        sending: Sending::No,
    };
    if let Some(entry) = &entry {
        form.from.offer(&model.zone.typed(entry.from));
        if let Some(until) = entry.until {
            form.until.offer(&model.zone.typed(until));
        }
    }
    form.entry = entry;
    form.focus = form.fields().first().copied().unwrap_or(AmendField::Reason);
    form
}

/// Moves in these forms.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    match model.screens.last_mut() {
        Some(Screen::Amend(form)) => match cmd {
            Cmd::Next => form.step(1),
            Cmd::Previous => form.step(-1),
            Cmd::Up | Cmd::Down if form.focus == AmendField::Kind => {
                form.kind.obey(cmd);
            },
            _ => {},
        },
        Some(Screen::Crew(form)) => {
            form.people.obey(cmd);
        },
        _ => {},
    }
}

/// Goes on to the next field, and after the last one does it.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Screen::Amend(form)) = model.screens.last_mut() else { return Vec::new() };
    if !form.is_last() {
        form.step(1);
        return Vec::new();
    }
    let form = form.clone();
    let told = match times(model, &form) {
        Ok(told) => told,
        Err((field, why)) => {
            if let Some(Screen::Amend(form)) = model.screens.last_mut() {
                form.focus = field;
            }
            return refuse(model, why);
        },
    };
    let reason = form.reason.filled();
    if reason.is_none() {
        return refuse(model, refusal(&kart_core::command::Refusal::WhyNeeded));
    }
    match command(&form, told, reason) {
        Some((command, what)) => send(model, command, Sentence::new(what).with("name", &form.name)),
        None => refuse(model, refusal(&kart_core::command::Refusal::NothingChanged)),
    }
}

/// When it began and ended by what was typed; nothing of what was left as it is.
type Told = (Option<Micros>, Option<Micros>);

fn times(model: &Model, form: &AmendForm) -> Result<Told, (AmendField, Sentence)> {
    let now = model.daemon_now();
    let far = Interval { from: Micros(now.0.saturating_sub(FAR_US)), until: now };
    let read = |field: &TextField, near: Interval| {
        let dated = field.text().contains('-');
        model.zone.read(field.text(), if dated { far } else { near })
    };
    let typed = |field: &TextField| field.touched && field.filled().is_some();
    let stood = form.entry.as_ref().map(|entry| entry.from);
    let around = |at: Micros| Interval {
        from: Micros(at.0.saturating_sub(NEAR_US)),
        until: Micros(at.0.saturating_add(NEAR_US)).min(now),
    };
    let day = Interval { from: Micros(now.0.saturating_sub(2 * NEAR_US)), until: now };
    let from = match typed(&form.from) {
        false => None,
        true => Some(
            read(&form.from, stood.map_or(day, around)).map_err(|why| (AmendField::From, why))?,
        ),
    };
    if form.mending == Mending::Add && from.is_none() {
        return Err((AmendField::From, Sentence::new("time-form")));
    }
    let begin = from.or(stood).unwrap_or(now);
    let after =
        Interval { from: begin, until: Micros(begin.0.saturating_add(2 * NEAR_US)).min(now) };
    let until = match typed(&form.until) {
        false => None,
        true => Some(read(&form.until, after).map_err(|why| (AmendField::Until, why))?),
    };
    Ok((from, until))
}

fn command(
    form: &AmendForm,
    (from, until): Told,
    reason: Option<String>,
) -> Option<(Command, &'static str)> {
    let (badge, user) = (form.badge.clone(), form.user);
    if form.mending == Mending::Add {
        let (station, kind) = (form.station?, form.kind.key().flatten());
        let add = AddLabor { badge, user, station, kind, from: from?, until, reason };
        return Some((Command::AddLabor(Box::new(add)), "what-added"));
    }
    let shown = form.entry.as_ref()?;
    let entry = shown.id;
    let amend = |after: Amendment| {
        let before = Amendment {
            from: after.from.and(Some(shown.from)),
            until: after.until.and(shown.until),
            void: after.void.and(Some(shown.source == "void")),
            ..Amendment::default()
        };
        let amend =
            AmendLabor { badge: badge.clone(), user, entry, before, after, reason: reason.clone() };
        Some((Command::AmendLabor(Box::new(amend)), "what-amended"))
    };
    match form.mending {
        Mending::Ask | Mending::NotMe => {
            let void = form.mending == Mending::NotMe;
            if !void && from.is_none() && until.is_none() {
                return None;
            }
            let ask = Command::AskLabor { badge, entry, from, until, void, reason };
            Some((ask, "what-asked"))
        },
        Mending::Amend if from.is_none() && until.is_none() => None,
        Mending::Amend => amend(Amendment { from, until, ..Amendment::default() }),
        Mending::Void => amend(Amendment { void: Some(true), ..Amendment::default() }),
        Mending::Accept => {
            let wish = shown.asked?;
            let void = wish.void.then_some(true);
            let after =
                Amendment { from: wish.from, until: wish.until, void, ..Amendment::default() };
            (!after.is_empty()).then(|| amend(after)).flatten()
        },
        Mending::Decline => {
            Some((Command::DeclineLabor { badge, user, entry, reason }, "what-declined"))
        },
        Mending::Add => None,
    }
}
