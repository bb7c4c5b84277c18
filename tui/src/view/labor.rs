//! Badges and what they ask, what is taken back, what was forgotten, a PIN, and one's own record.

use kart_core::fact::labor::{Evidence, Inside, Punched};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, forms::sending, framed};
use crate::{
    model::{Act, BadgeForm, PinForm, PunchForm, SharesForm, ToldForm, UndoForm},
    plain::{fitted, plain},
    theme,
    widget::{field, lines},
    words::{Sentence, age, lasting},
};

/// A badge typed by hand.
pub(super) fn badge(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &BadgeForm) {
    let title = if form.for_record { "record-whose" } else { "badge-title" };
    let inside = framed(frame, area, &scene.say(title));
    let mut rows = inside.rows().skip(1);
    if let Some(row) = rows.next() {
        frame.render_widget(Line::from(scene.say("badge-hint")), row);
    }
    if let Some(row) = rows.nth(1) {
        field(frame, row, &scene.say("badge"), &form.badge, true);
    }
}

/// Clock in, or what somebody who is here can do.
pub(super) fn punch(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &PunchForm) {
    let now = scene.model.daemon_now();
    let inside = framed(frame, area, &scene.say(title(form)));
    let width = usize::from(inside.width);
    let last = inside.rows().next_back();
    let mut rows = inside.rows().skip(1);
    if let Some(row) = rows.next() {
        let text = fitted(&scene.tell(&question(scene, form)), width);
        frame.render_widget(Span::styled(text, theme::STRONG), row);
    }
    if let Some(row) = rows.next() {
        let text = match form.since_us {
            None => {
                let clock = scene.model.zone.clock(now);
                let time = scene.tell(&Sentence::new("punch-time").with("time", clock));
                early(scene).map_or(time.clone(), |early| format!("{time} {early}"))
            },
            Some(since) => {
                let since = scene.model.zone.short(since, now);
                scene.tell(&Sentence::new("punch-since").with("since", since))
            },
        };
        frame.render_widget(Span::styled(fitted(&text, width), theme::QUIET), row);
    }
    if let Some(pin) = form.pin.as_ref().filter(|_| form.is_in())
        && let Some(row) = rows.next()
    {
        field(frame, row, &scene.say("pin"), pin, true);
    }
    if form.acts.entries.len() > 1 {
        let digits = !form.is_in() || form.pin.is_none();
        let area = beneath(inside, rows.nth(1));
        lines(frame, area, &form.acts, digits, |entry, width| {
            Line::from(fitted(&act(scene, entry.key, &entry.label, &entry.detail), width))
        });
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// From a row on down to the one before the last, which says how far the command is.
fn beneath(inside: Rect, row: Option<Rect>) -> Rect {
    let y = row.map_or(inside.bottom(), |row| row.y);
    Rect { y, height: inside.bottom().saturating_sub(y + 1), ..inside }
}

fn title(form: &PunchForm) -> &'static str {
    match form.acts.key() {
        Some(Act::In(_)) | None => "punch-in-title",
        Some(Act::Out) => "punch-out-title",
        Some(_) => "punch-menu-title",
    }
}

fn question(scene: Scene<'_>, form: &PunchForm) -> Sentence {
    let now = scene.model.daemon_now();
    let chosen = form.acts.entry();
    let station = chosen.map_or("?", |entry| entry.label.as_str());
    let id = match chosen.map(|entry| entry.key) {
        Some(Act::In(_)) | None => "punch-in",
        Some(Act::Out) => "punch-out",
        Some(Act::Back) => "punch-back",
        Some(Act::Begin(Inside::Break)) => "punch-break",
        Some(Act::Begin(Inside::Meal)) => "punch-meal",
        Some(Act::Begin(Inside::Activity)) => "punch-activity",
        Some(Act::Move(_)) => "punch-move",
        Some(Act::Record) => "punch-record",
        Some(Act::Shares) => "punch-shares",
        Some(Act::Pin) => "punch-pin",
    };
    let since = form.since_us.unwrap_or(now);
    let away = form.away.as_ref();
    Sentence::new(id)
        .with("name", &form.name)
        .with("station", station)
        .with("worked", lasting(now.0.saturating_sub(since.0)))
        .with("away", lasting(away.map_or(0, |away| now.0.saturating_sub(away.since_us.0))))
        .with("what", away.map_or(String::new(), |away| scene.say(inside_word(away.kind))))
}

fn act(scene: Scene<'_>, act: Act, label: &str, detail: &str) -> String {
    let id = match act {
        Act::In(_) => return format!("{} {}", plain(label), plain(detail)),
        Act::Move(_) => {
            return scene.tell(&Sentence::new("act-move").with("station", label));
        },
        Act::Out => "act-out",
        Act::Back => "act-back",
        Act::Begin(kind) => inside_word(kind),
        Act::Record => "act-record",
        Act::Shares => "act-shares",
        Act::Pin => "act-pin",
    };
    scene.say(id)
}

/// The word for a kind of time inside a shift.
pub(super) fn inside_word(kind: Inside) -> &'static str {
    match kind {
        Inside::Break => "inside-break",
        Inside::Meal => "inside-meal",
        Inside::Activity => "inside-activity",
    }
}

/// How early or late somebody comes, by the calendar; nothing is rounded.
fn early(scene: Scene<'_>) -> Option<String> {
    let now = scene.model.daemon_now();
    let view = scene.model.view.as_ref()?;
    let calendar = view.reference.as_ref()?.calendar()?;
    let soon = kart_core::time::Micros(now.0.saturating_add(SOON_US));
    let shifts = calendar.instances(now, soon);
    let (id, us, shift) = match (shifts.first()?, shifts.get(1)) {
        (first, _) if first.at.from > now => ("punch-early", first.at.from.0 - now.0, first),
        (_, Some(next)) => ("punch-early", next.at.from.0 - now.0, next),
        (first, None) => ("punch-late", now.0 - first.at.from.0, first),
    };
    let sentence = Sentence::new(id).with("by", lasting(us)).with("shift", &shift.name);
    Some(scene.tell(&sentence))
}

/// A shift that begins so soon is what one comes for.
const SOON_US: i64 = 3_600_000_000;

/// Punches that can be taken back.
pub(super) fn undo(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &UndoForm) {
    let inside = framed(frame, area, &scene.say("undo-title"));
    let now = scene.model.daemon_now();
    let view = scene.model.view.as_ref();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        let hint = fitted(&scene.say("undo-hint"), usize::from(row.width));
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    let area = beneath(inside, rows.nth(1));
    lines(frame, area, &form.punches, true, |entry, width| {
        let punch = view.and_then(|v| v.undoable.iter().find(|punch| punch.entry == entry.key));
        let text = match punch {
            Some(punch) => {
                let what = match (punch.punched, punch.inside) {
                    (Punched::Began, None) => "undo-in",
                    (Punched::Ended, None) => "undo-out",
                    (Punched::Began, Some(_)) => "undo-began",
                    (Punched::Ended, Some(_)) => "undo-back",
                };
                let kind = punch.inside.map_or(String::new(), |kind| scene.say(inside_word(kind)));
                let sentence = Sentence::new(what)
                    .with("name", &punch.name)
                    .with("what", kind)
                    .with("time", scene.model.zone.clock(punch.at_us))
                    .with("age", age(now.0.saturating_sub(punch.at_us.0)));
                scene.tell(&sentence)
            },
            None => scene.tell(&Sentence::new("undo-too-late").with("name", entry.label.as_str())),
        };
        Line::from(fitted(&text, width))
    });
    if let Some(row) = inside.rows().next_back() {
        sending(frame, row, scene, &form.sending);
    }
}

/// When somebody left who did not clock out.
pub(super) fn told(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &ToldForm) {
    let now = scene.model.daemon_now();
    let zone = &scene.model.zone;
    let inside = framed(frame, area, &scene.say("told-title"));
    let width = usize::from(inside.width);
    let mut rows = inside.rows();
    let since = zone.short(form.since_us, now);
    let first = Sentence::new("told-since").with("name", &form.name).with("since", since);
    let proposed = form.missed.as_ref().and_then(|missed| missed.proposed_us);
    let evidence = form.missed.as_ref().map_or(Evidence::Nothing, |missed| missed.evidence);
    let second = Sentence::new(match evidence {
        Evidence::LastKey => "told-last-key",
        Evidence::TakenOver => "told-taken-over",
        Evidence::ShiftEnd => "told-shift-end",
        Evidence::Nothing => "told-nothing",
    });
    let at = proposed.map_or(String::new(), |at| zone.short(at, now));
    let second = second.with("time", at);
    for (sentence, style) in [(first, theme::STRONG), (second, Style::new())] {
        if let Some(row) = rows.next() {
            let text = fitted(&scene.tell(&sentence), width);
            frame.render_widget(Span::styled(text, style), row);
        }
    }
    let fields = [("told-time", &form.time, false), ("told-reason", &form.reason, true)];
    for ((label, text, reason), row) in fields.into_iter().zip(rows.by_ref().skip(1)) {
        field(frame, row, &scene.say(label), text, form.reasoning == reason);
    }
    if let Some(row) = rows.nth(1) {
        let hint = fitted(&scene.say("told-hint"), width);
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    if let Some(row) = inside.rows().next_back() {
        sending(frame, row, scene, &form.sending);
    }
}

/// A PIN of one's own.
pub(super) fn pin(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &PinForm) {
    let title = Sentence::new("pin-title").with("name", &form.name);
    let inside = framed(frame, area, &scene.tell(&title));
    let labels = ["pin-old", "pin-new", "pin-again"];
    let labels = labels.into_iter().skip(usize::from(form.old.is_none()));
    let fields = form.fields().into_iter().enumerate();
    let mut rows = inside.rows().skip(1);
    for (((place, text), label), row) in fields.zip(labels).zip(rows.by_ref()) {
        field(frame, row, &scene.say(label), text, place == form.focus);
    }
    if let Some(row) = rows.nth(1) {
        let hint = fitted(&scene.say("pin-hint"), usize::from(row.width));
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    if let Some(row) = inside.rows().next_back() {
        sending(frame, row, scene, &form.sending);
    }
}

/// How somebody's time is divided among batches.
pub(super) fn shares(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &SharesForm) {
    let title = Sentence::new("shares-title").with("name", &form.name);
    let inside = framed(frame, area, &scene.tell(&title));
    let mut rows = inside.rows().skip(1);
    for ((place, (_, number, text)), row) in form.parts.iter().enumerate().zip(rows.by_ref()) {
        field(frame, row, &plain(number), text, place == form.focus);
    }
    if let Some(row) = rows.nth(1) {
        let sum = form.sum().map_or("?".to_owned(), |sum| sum.to_string());
        let text = scene.tell(&Sentence::new("shares-sum").with("sum", sum));
        let style = if form.sum() == Some(100) { theme::QUIET } else { theme::CARE };
        frame.render_widget(Span::styled(fitted(&text, usize::from(row.width)), style), row);
    }
    if let Some(row) = inside.rows().next_back() {
        sending(frame, row, scene, &form.sending);
    }
}
