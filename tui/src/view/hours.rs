//! A record of hours: what was punched and edited, what it comes to, and beside it what named views make
//! of it; and the forms by which it is put right.

use kart_api::labor::{Entry, Line as Told, Record, Worked};
use kart_core::{fact::labor::Inside, hours::Period, time::Micros};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{Scene, forms::sending, framed, scrolled};
use crate::{
    model::{AmendField, AmendForm, CrewForm, Mending, RecordScreen},
    plain::{fitted, plain},
    theme,
    widget::{field, lines},
    words::{Sentence, lasting, refusal},
};

/// Views of which a line stands above the entries.
const VIEWS: usize = 3;

/// A record.
pub(super) fn record(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &RecordScreen) {
    let title = Sentence::new("record-title").with("name", &shown.name);
    let inside = framed(frame, area, &scene.tell(&title));
    let Some(record) = &shown.record else { return waits(frame, inside, scene, shown) };
    let head = head(scene, shown, record);
    let height = u16::try_from(head.len()).unwrap_or(u16::MAX).saturating_add(1);
    let [first, rest] =
        Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(inside);
    let width = usize::from(inside.width);
    for (n, (text, row)) in head.iter().zip(first.rows()).enumerate() {
        let style = if n == 0 { theme::STRONG } else { theme::QUIET };
        frame.render_widget(Span::styled(fitted(text, width), style), row);
    }
    let mut lines = Vec::new();
    let mut chosen = 0;
    for (n, entry) in record.entries.iter().rev().enumerate() {
        if n == shown.row {
            chosen = lines.len();
        }
        let told = entry_lines(scene, record, entry, (width, n == shown.row));
        lines.extend(told);
    }
    if lines.is_empty() {
        frame.render_widget(Span::styled(scene.say("record-empty"), theme::QUIET), rest);
    }
    scrolled(frame, rest, lines, u16::try_from(chosen).unwrap_or(u16::MAX));
}

/// Before there is anything to see: a PIN is asked for, or it may not be seen.
fn waits(frame: &mut Frame<'_>, inside: Rect, scene: Scene<'_>, shown: &RecordScreen) {
    let mut rows = inside.rows();
    let text = match (&shown.lost, &shown.refused) {
        (Some(why), _) => scene.tell(&Sentence::new("record-lost").with("reason", why)),
        (None, Some(why)) => scene.tell(&refusal(why)),
        (None, None) => scene.say("record-reading"),
    };
    if let Some(row) = rows.next() {
        let text = fitted(&text, usize::from(row.width));
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    }
    if let (Some(pin), Some(row)) = (&shown.pin, rows.nth(1)) {
        field(frame, row, &scene.say("pin"), pin, true);
    }
}

/// What it comes to: as punched, what it was spent on, and each view by its name.
fn head(scene: Scene<'_>, shown: &RecordScreen, record: &Record) -> Vec<String> {
    let now = scene.model.daemon_now();
    // What is not known is not counted.
    let counts = |entry: &&Entry| {
        entry.kind == "shift" && entry.source != "void" && entry.source != "missing_out"
    };
    let worked = record.entries.iter().filter(counts);
    let worked: i64 =
        worked.map(|entry| entry.until.unwrap_or(now).0.saturating_sub(entry.from.0)).sum();
    let open = i64::try_from(shown.unconfirmed().len()).unwrap_or(i64::MAX);
    let sum = Sentence::new("record-sum")
        .with("month", period(scene, record))
        .with("worked", lasting(worked))
        .count("open", open);
    let spent = &record.spent;
    let on = Sentence::new("record-spent")
        .with("jobs", lasting(spent.jobs_us))
        .with("away", lasting(spent.away_us))
        .with("activity", lasting(spent.activity_us))
        .with("unbooked", lasting(spent.unbooked_us()));
    let view = |(name, us): &(String, i64)| {
        let sum = Sentence::new("record-view").with("view", plain(name)).with("sum", lasting(*us));
        scene.tell(&sum)
    };
    let views = record.views.iter().take(VIEWS).map(view);
    [scene.tell(&sum), scene.tell(&on)].into_iter().chain(views).collect()
}

/// A month by its number, anything else by its first and last day.
fn period(scene: Scene<'_>, record: &Record) -> String {
    let zone = &scene.model.zone;
    let day = |at: Micros| zone.full(at).chars().take(10).collect::<String>();
    match record.period {
        Period::Month => day(record.span.from).chars().take(7).collect(),
        Period::Week | Period::TwoWeeks { .. } => {
            let last = Micros(record.span.until.0.saturating_sub(1));
            format!("{} – {}", day(record.span.from), day(last))
        },
    }
}

fn entry_lines<'a>(
    scene: Scene<'a>,
    record: &Record,
    entry: &Entry,
    (width, chosen): (usize, bool),
) -> Vec<Line<'a>> {
    let zone = &scene.model.zone;
    let now = scene.model.daemon_now();
    let until = match (entry.until, entry.source.as_str()) {
        (Some(until), _) => zone.typed(until),
        (None, "missing_out") => "?".to_owned(),
        (None, _) => "…".to_owned(),
    };
    let took = entry.until.unwrap_or(now).0.saturating_sub(entry.from.0);
    let (mark, state) = match (entry.source.as_str(), entry.confirmed, entry.asked.is_some()) {
        ("void", ..) => ("✗", "record-void"),
        ("missing_out", ..) => ("▲", "record-provisional"),
        (_, _, true) => ("▲", "record-asked"),
        (_, true, _) => ("✓", "record-confirmed"),
        ("told", ..) => ("●", "record-told"),
        ("added", ..) => ("●", "record-added"),
        _ => (" ", "record-open"),
    };
    let kind = match entry.kind.as_str() {
        "break" => "inside-break",
        "meal" => "inside-meal",
        "activity" => "inside-activity",
        "job" => "record-job",
        _ => "record-shift",
    };
    let day: String = zone.full(entry.from).chars().take(10).collect();
    let took = if entry.source == "missing_out" { "?".to_owned() } else { lasting(took) };
    let sent = if entry.sent { String::new() } else { format!("  {}", scene.say("record-unsent")) };
    let text = format!(
        "{} {mark} {day} {} – {until}  {}  {took}  {}{sent}",
        if chosen { "►" } else { " " },
        zone.typed(entry.from),
        scene.say(kind),
        scene.say(state),
    );
    let style = match (chosen, entry.source.as_str()) {
        (true, _) => theme::CHOSEN,
        (false, "missing_out") => theme::CARE,
        (false, _) => theme::STRONG,
    };
    let first = Line::from(Span::styled(fitted(&text, width), style));
    let worked = entry.worked.iter().flat_map(|worked| worked_lines(scene, record, worked, width));
    let told = entry.lines.iter().map(|told| line(scene, told, width));
    std::iter::once(first).chain(worked).chain(told).collect()
}

/// How a shift lies to its plan, what it was spent on, and what views make of it.
fn worked_lines<'a>(
    scene: Scene<'a>,
    record: &Record,
    worked: &Worked,
    width: usize,
) -> Vec<Line<'a>> {
    let zone = &scene.model.zone;
    let quiet = |text: String| Line::from(Span::styled(fitted(&text, width), theme::QUIET));
    let off = [("record-late", worked.late_us), ("record-left-early", worked.early_us)];
    let off = off.into_iter().filter_map(|(id, us)| {
        let us = us.filter(|us| *us >= 60_000_000)?;
        Some(scene.tell(&Sentence::new(id).with("time", lasting(us))))
    });
    let overlaps = worked.overlaps.then(|| scene.say("record-overlaps"));
    let spent = &worked.spent;
    let on = Sentence::new("record-spent")
        .with("jobs", lasting(spent.jobs_us))
        .with("away", lasting(spent.away_us))
        .with("activity", lasting(spent.activity_us))
        .with("unbooked", lasting(spent.unbooked_us()));
    let mut all = vec![quiet(format!("      {}", scene.tell(&on)))];
    let odd: Vec<String> = off.chain(overlaps).collect();
    if !odd.is_empty() {
        let text = format!("      {}", odd.join(" · "));
        all.push(Line::from(Span::styled(fitted(&text, width), theme::CARE)));
    }
    for ((name, _), counted) in record.views.iter().zip(&worked.counted) {
        let view = Sentence::new("record-viewed")
            .with("view", plain(name))
            .with("from", zone.typed(counted.from))
            .with("until", zone.typed(counted.until))
            .with("counted", lasting(counted.counted_us))
            .with("meal", lasting(counted.meal_us));
        let short = if counted.short_meal { scene.say("record-short-meal") } else { String::new() };
        all.push(quiet(format!("      {} {short}", scene.tell(&view))));
    }
    all
}

fn line<'a>(scene: Scene<'a>, told: &Told, width: usize) -> Line<'a> {
    let zone = &scene.model.zone;
    let view = scene.model.view.as_ref();
    let reference = view.and_then(|view| view.reference.as_ref());
    let by = told.by.and_then(|by| reference?.person(by)).map(|person| person.name.clone());
    let void = told.evidence.as_deref() == Some("void");
    let id = match told.kind.as_str() {
        "in" => "punch-kind-in",
        "out" => "punch-kind-out",
        "break" | "meal" | "activity" => "punch-kind-began",
        "back" => "punch-kind-back",
        "undone" => "punch-kind-undone",
        "missing_out" => "punch-kind-missing",
        "told_out" => "punch-kind-told",
        "confirmed" => "punch-kind-confirmed",
        "asked" if void => "punch-kind-not-me",
        "asked" => "punch-kind-asked",
        "corrected" => "punch-kind-corrected",
        "amended" if void => "punch-kind-voided",
        "amended" => "punch-kind-amended",
        "added" => "punch-kind-added",
        "declined" => "punch-kind-declined",
        _ => "punch-kind-other",
    };
    let at = |at: Option<Micros>| at.map_or("–".to_owned(), |at| zone.typed(at));
    let moved = |before: Option<Micros>, after: Option<Micros>| match after {
        None => "–".to_owned(),
        Some(_) => format!("{} → {}", at(before), at(after)),
    };
    let amended = told.kind == "amended";
    let [from, until] = match amended {
        true => [moved(told.before[0], told.from), moved(told.before[1], told.until)],
        false => [at(told.from), at(told.until)],
    };
    let text = scene.tell(
        &Sentence::new(id)
            .with("recorded", zone.full(told.recorded))
            .with("by", by.unwrap_or_else(|| "–".to_owned()))
            .with("from", from)
            .with("until", until),
    );
    let why = told.reason.as_ref().map_or(String::new(), |why| format!(": {}", plain(why)));
    Line::from(Span::styled(fitted(&format!("      {text}{why}"), width), theme::QUIET))
}

/// Hours that are put right, or asked to be.
pub(super) fn amend(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &AmendForm) {
    let zone = &scene.model.zone;
    let title = match form.mending {
        Mending::Ask => "amend-ask",
        Mending::NotMe => "amend-not-me",
        Mending::Amend => "amend-amend",
        Mending::Void => "amend-void",
        Mending::Add => "amend-add",
        Mending::Accept => "amend-accept",
        Mending::Decline => "amend-decline",
    };
    let inside = framed(frame, area, &scene.tell(&Sentence::new(title).with("name", &form.name)));
    let width = usize::from(inside.width);
    let at = |at: Option<Micros>| at.map_or("–".to_owned(), |at| zone.typed(at));
    let mut rows = inside.rows();
    let stands = form.entry.as_ref().map(|entry| {
        let day: String = zone.full(entry.from).chars().take(10).collect();
        let stands = Sentence::new("amend-stands")
            .with("day", day)
            .with("from", at(Some(entry.from)))
            .with("until", at(entry.until));
        scene.tell(&stands)
    });
    let wish = form.entry.as_ref().and_then(|entry| entry.asked);
    let wish =
        wish.filter(|_| matches!(form.mending, Mending::Accept | Mending::Decline)).map(|wish| {
            let asked = match wish.void {
                true => Sentence::new("amend-wish-void"),
                false => Sentence::new("amend-wish")
                    .with("from", at(wish.from))
                    .with("until", at(wish.until)),
            };
            scene.tell(&asked)
        });
    for text in stands.into_iter().chain(wish) {
        if let Some(row) = rows.next() {
            frame.render_widget(Span::styled(fitted(&text, width), theme::STRONG), row);
        }
    }
    for (asked, row) in form.fields().iter().zip(rows.by_ref().skip(1)) {
        let (label, text) = match asked {
            AmendField::Kind => {
                kind(frame, row, scene, form);
                continue;
            },
            AmendField::From => ("amend-from", &form.from),
            AmendField::Until => ("amend-until", &form.until),
            AmendField::Reason => ("amend-reason", &form.reason),
        };
        field(frame, row, &scene.say(label), text, form.focus == *asked);
    }
    if let Some(row) = rows.nth(1) {
        let hint = match form.mending {
            Mending::Ask | Mending::NotMe => "amend-hint-ask",
            Mending::Add => "amend-hint-add",
            _ => "amend-hint",
        };
        frame.render_widget(Span::styled(fitted(&scene.say(hint), width), theme::QUIET), row);
    }
    if let Some(row) = inside.rows().next_back() {
        sending(frame, row, scene, &form.sending);
    }
}

/// What it was, chosen with the arrows.
fn kind(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, form: &AmendForm) {
    let word = match form.kind.key().flatten() {
        None => "record-shift",
        Some(Inside::Meal) => "inside-meal",
        Some(Inside::Break) => "inside-break",
        Some(Inside::Activity) => "inside-activity",
    };
    let text = format!("{}: ↑↓ {}", scene.say("amend-kind"), scene.say(word));
    let style = if form.focus == AmendField::Kind { theme::CHOSEN } else { theme::QUIET };
    frame.render_widget(Span::styled(fitted(&text, usize::from(row.width)), style), row);
}

/// Whose record is to be seen.
pub(super) fn crew(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &CrewForm) {
    let inside = framed(frame, area, &scene.say("crew-title"));
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        let hint = fitted(&scene.say("crew-hint"), usize::from(row.width));
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    let y = rows.nth(1).map_or(inside.bottom(), |row| row.y);
    let area = Rect { y, height: inside.bottom().saturating_sub(y), ..inside };
    lines(frame, area, &form.people, true, |entry, width| {
        let text = format!("{}  {}", plain(&entry.label), plain(&entry.detail));
        Line::from(fitted(&text, width))
    });
}
