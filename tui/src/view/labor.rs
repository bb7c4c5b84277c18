//! Badges and what they ask, what is taken back, what was forgotten, a PIN, and one's own record.

use kart_api::labor::{Entry, Line as Told};
use kart_core::fact::labor::{Evidence, Inside, Punched};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, forms::sending, framed, scrolled};
use crate::{
    model::{
        Act, BadgeForm, PAGE, PinForm, PunchForm, RecordScreen, SharesForm, ToldForm, UndoForm,
    },
    plain::{fitted, plain},
    theme,
    widget::field,
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
        let start = form.acts.page_start();
        let shown = form.acts.entries.iter().enumerate().skip(start).take(PAGE);
        for ((place, entry), row) in shown.zip(rows.skip(1)) {
            let text = act(scene, entry.key, &entry.label, &entry.detail);
            let number = (!form.is_in() || form.pin.is_none()).then_some(place % PAGE + 1);
            choice(frame, row, (number, &text), form.acts.chosen == Some(place));
        }
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// One line of a list, with the digit that picks it.
fn choice(frame: &mut Frame<'_>, row: Rect, (number, text): (Option<usize>, &str), chosen: bool) {
    let mark = if chosen { "►" } else { " " };
    let number = number.map_or(String::new(), |number| format!("{number} "));
    let text = fitted(&format!("{mark} {number}{text}"), usize::from(row.width));
    let line = Line::from(text);
    frame.render_widget(if chosen { line.style(theme::CHOSEN) } else { line }, row);
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
    let chosen = form.acts.chosen.and_then(|at| form.acts.entries.get(at));
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
    let shown = form.punches.entries.iter().enumerate().take(PAGE);
    for ((place, entry), row) in shown.zip(rows.skip(1)) {
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
        choice(frame, row, (Some(place + 1), &text), form.punches.chosen == Some(place));
    }
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

/// Somebody's own record.
pub(super) fn record(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &RecordScreen) {
    let now = scene.model.daemon_now();
    let title = Sentence::new("record-title").with("name", &shown.name);
    let inside = framed(frame, area, &scene.tell(&title));
    let Some(record) = &shown.record else {
        let text = match &shown.lost {
            Some(why) => scene.tell(&Sentence::new("record-lost").with("reason", why)),
            None => scene.say("record-reading"),
        };
        return frame.render_widget(Span::styled(text, theme::QUIET), inside);
    };
    let month: String = scene.model.zone.full(record.span.from).chars().take(7).collect();
    // What is not known is not counted.
    let counts = |entry: &&Entry| {
        entry.kind == "shift" && entry.source != "void" && entry.source != "missing_out"
    };
    let worked = record.entries.iter().filter(counts);
    let worked: i64 =
        worked.map(|entry| entry.until.unwrap_or(now).0.saturating_sub(entry.from.0)).sum();
    let open = shown.unconfirmed().len();
    let head = Sentence::new("record-sum")
        .with("month", month)
        .with("worked", lasting(worked))
        .count("open", i64::try_from(open).unwrap_or(i64::MAX));
    let [first, rest] = ratatui::layout::Layout::vertical([
        ratatui::layout::Constraint::Length(2),
        ratatui::layout::Constraint::Fill(1),
    ])
    .areas(inside);
    let text = fitted(&scene.tell(&head), usize::from(inside.width));
    frame.render_widget(Span::styled(text, theme::STRONG), first);
    let lines: Vec<Line<'_>> = record
        .entries
        .iter()
        .rev()
        .flat_map(|entry| entry_lines(scene, entry, rest.width))
        .collect();
    if lines.is_empty() {
        frame.render_widget(Span::styled(scene.say("record-empty"), theme::QUIET), rest);
    }
    scrolled(frame, rest, lines, shown.scroll);
}

fn entry_lines<'a>(scene: Scene<'a>, entry: &Entry, width: u16) -> Vec<Line<'a>> {
    let width = usize::from(width);
    let zone = &scene.model.zone;
    let now = scene.model.daemon_now();
    let until = match (entry.until, entry.source.as_str()) {
        (Some(until), _) => zone.typed(until),
        (None, "missing_out") => "?".to_owned(),
        (None, _) => "…".to_owned(),
    };
    let took = entry.until.unwrap_or(now).0.saturating_sub(entry.from.0);
    let (mark, state) = match (entry.source.as_str(), entry.confirmed) {
        ("void", _) => ("✗", "record-void"),
        ("missing_out", _) => ("▲", "record-provisional"),
        (_, true) => ("✓", "record-confirmed"),
        ("told", _) => ("●", "record-told"),
        _ => (" ", "record-open"),
    };
    let kind = match entry.kind.as_str() {
        "break" => "inside-break",
        "meal" => "inside-meal",
        "activity" => "inside-activity",
        _ => "record-shift",
    };
    let day: String = zone.full(entry.from).chars().take(10).collect();
    let took = if entry.source == "missing_out" { "?".to_owned() } else { lasting(took) };
    let text = format!(
        "{mark} {day} {} – {until}  {}  {took}  {}",
        zone.typed(entry.from),
        scene.say(kind),
        scene.say(state),
    );
    let style = if entry.source == "missing_out" { theme::CARE } else { theme::STRONG };
    let first = Line::from(Span::styled(fitted(&text, width), style));
    let lines = entry.lines.iter().map(|told| line(scene, told, width));
    std::iter::once(first).chain(lines).collect()
}

fn line<'a>(scene: Scene<'a>, told: &Told, width: usize) -> Line<'a> {
    let zone = &scene.model.zone;
    let view = scene.model.view.as_ref();
    let reference = view.and_then(|view| view.reference.as_ref());
    let by = told.by.and_then(|by| reference?.person(by)).map(|person| person.name.clone());
    let id = match told.kind.as_str() {
        "in" => "punch-kind-in",
        "out" => "punch-kind-out",
        "break" | "meal" | "activity" => "punch-kind-began",
        "back" => "punch-kind-back",
        "undone" => "punch-kind-undone",
        "missing_out" => "punch-kind-missing",
        "told_out" => "punch-kind-told",
        "confirmed" => "punch-kind-confirmed",
        "asked" => "punch-kind-asked",
        "corrected" => "punch-kind-corrected",
        _ => "punch-kind-other",
    };
    let at = |at: Option<kart_core::time::Micros>| at.map_or("–".to_owned(), |at| zone.typed(at));
    let text = scene.tell(
        &Sentence::new(id)
            .with("recorded", zone.full(told.recorded))
            .with("by", by.unwrap_or_else(|| "–".to_owned()))
            .with("from", at(told.from))
            .with("until", at(told.until)),
    );
    let why = told.reason.as_ref().map_or(String::new(), |why| format!(": {}", plain(why)));
    Line::from(Span::styled(fitted(&format!("      {text}{why}"), width), theme::QUIET))
}
