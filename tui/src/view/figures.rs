//! Key figures of this shift: a row a machine, each figure with what is known; and what one of them
//! was made of.

use kart_core::{
    kpi::{Class, Evidence, Figure, Kpi, Reasons, Unit},
    machine::MachineState,
    time::Micros,
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, framed};
use crate::{
    model::{COLUMNS, FURTHER, FiguresScreen},
    plain::{fitted, plain},
    theme,
    words::{Sentence, lasting},
};

/// Columns of a machine's code, and of one figure.
const CODE: usize = 10;
const CELL: usize = 11;

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &FiguresScreen) {
    let inside = framed(frame, area, &title(scene, shown));
    let width = usize::from(inside.width);
    let mut lines = Vec::new();
    if let Some(why) = &shown.lost {
        let text = scene.tell(&Sentence::new("commissioning-lost").with("reason", why));
        lines.push(Line::styled(fitted(&text, width), theme::CARE));
    }
    match (&shown.shift, shown.opened) {
        (None, _) => lines.push(Line::styled(scene.say("figures-reading"), theme::QUIET)),
        (Some(_), Some(scroll)) => lines.extend(behind(scene, shown, scroll, width)),
        (Some(_), None) => lines.extend(table(scene, shown, width)),
    }
    for (line, row) in lines.into_iter().zip(inside.rows()) {
        frame.render_widget(line, row);
    }
}

fn title(scene: Scene<'_>, shown: &FiguresScreen) -> String {
    let title = scene.say("figures");
    let Some(shift) = &shown.shift else { return title };
    let now = scene.model.daemon_now();
    let zone = &scene.model.zone;
    let (from, until) = (zone.short(shift.span.from, now), zone.short(shift.span.until, now));
    let name = shift.name.as_deref().map_or_else(|| scene.say("figures-today"), plain);
    let mode = shift.machines.first().map_or("", |machine| machine.figures.mode.word());
    let reasons = scene.say(match shown.reasons {
        Reasons::Recorded => "figures-recorded",
        Reasons::Now => "figures-now",
    });
    format!("{title} · {name} {from}–{until} · {mode} · {reasons}")
}

fn table(scene: Scene<'_>, shown: &FiguresScreen, width: usize) -> Vec<Line<'static>> {
    let machines = shown.shift.as_ref().map(|shift| shift.machines.as_slice()).unwrap_or_default();
    if machines.is_empty() {
        return vec![Line::styled(scene.say("no-machines"), theme::QUIET)];
    }
    let column = |kpi: Kpi| scene.say(&format!("column-{}", kpi.word()));
    let head = COLUMNS.map(|kpi| right(&column(kpi), CELL)).concat();
    let mut lines = vec![Line::styled(fitted(&format!("{:CODE$}{head}", ""), width), theme::QUIET)];
    for (place, machine) in machines.iter().enumerate() {
        let mut spans = vec![Span::raw(left(&machine.code, CODE))];
        for (column, kpi) in COLUMNS.into_iter().enumerate() {
            let text = right(&value(scene, kpi, machine.figures.figures.get(&kpi)), CELL);
            let chosen = (place, column) == (shown.machine, shown.column);
            spans.push(Span::styled(text, if chosen { theme::CHOSEN } else { Style::new() }));
        }
        lines.push(Line::from(spans));
    }
    lines.push(Line::default());
    let chosen = shown.chosen().map(|machine| &machine.figures);
    let figure = chosen.and_then(|figures| figures.figures.get(&shown.kpi()));
    let why = figure.and_then(|figure| figure.missing).map(|missing| {
        let id = format!("missing-{}", missing.word().replace('_', "-"));
        format!("{}: {}", name(scene, shown.kpi()), scene.say(&id))
    });
    lines.push(Line::styled(fitted(&why.unwrap_or_default(), width), theme::CARE));
    let further: Vec<(usize, Kpi)> = (COLUMNS.len()..).zip(FURTHER).collect();
    lines.extend(further.chunks(3).map(|row| {
        let cell = |(place, kpi): &(usize, Kpi)| {
            let told = value(scene, *kpi, chosen.and_then(|all| all.figures.get(kpi)));
            let text = left(&format!("{} {told}", name(scene, *kpi)), width / 3);
            let style = if *place == shown.column { theme::CHOSEN } else { Style::new() };
            Span::styled(text, style)
        };
        Line::from(row.iter().map(cell).collect::<Vec<_>>())
    }));
    lines
}

fn name(scene: Scene<'_>, kpi: Kpi) -> String {
    scene.say(&format!("figure-{}", kpi.word().replace('_', "-")))
}

/// A figure with its unit; what is missing is never a number.
pub(super) fn value(scene: Scene<'_>, kpi: Kpi, figure: Option<&Figure>) -> String {
    let Some(value) = figure.and_then(|figure| figure.value) else {
        return scene.say("figure-missing");
    };
    let (value, unit) = match kpi.unit() {
        Unit::Percent => (value, "%"),
        // Below one hour a tenth of it says little.
        Unit::Hours if value.abs() < 1.0 => (value * 60.0, "min"),
        Unit::Hours => (value, "h"),
        Unit::Minutes => (value, "min"),
        Unit::Number => return format!("{value:.0}"),
    };
    format!("{} {unit}", scene.words.format().decimal(value))
}

fn behind(
    scene: Scene<'_>,
    shown: &FiguresScreen,
    scroll: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let chosen = shown.chosen();
    let figure = chosen.and_then(|machine| machine.figures.figures.get(&shown.kpi()));
    let code = chosen.map(|machine| plain(&machine.code)).unwrap_or_default();
    let told = value(scene, shown.kpi(), figure);
    let coverage = chosen.and_then(|machine| machine.figures.figures.get(&Kpi::Coverage));
    let known = value(scene, Kpi::Coverage, coverage);
    let head = Sentence::new("figure-behind")
        .with("figure", name(scene, shown.kpi()))
        .with("machine", code)
        .with("value", told)
        .with("known", known);
    let mut lines = vec![Line::styled(fitted(&scene.tell(&head), width), theme::STRONG)];
    let all = shown.behind();
    if all.is_empty() {
        lines.push(Line::styled(scene.say("figure-nothing-behind"), theme::QUIET));
    }
    let rows = all.into_iter().skip(scroll);
    lines.extend(rows.map(|evidence| Line::raw(fitted(&told_of(scene, evidence), width))));
    lines
}

/// One line of what is behind a figure.
pub(super) fn told_of(scene: Scene<'_>, evidence: &Evidence) -> String {
    let now = scene.model.daemon_now();
    let at = |at: Micros| scene.model.zone.short(at, now);
    let span = |from: Micros, until: Option<Micros>| {
        let until = until.map_or_else(|| "…".to_owned(), at);
        format!("{}–{until}", at(from))
    };
    match evidence {
        Evidence::Interval { interval, class, unexplained, counted_us, .. } => {
            let state = scene.state(match class {
                Class::Unknown => MachineState::Unknown,
                _ => interval.state,
            });
            let why = interval.reason.as_ref().map(|reason| {
                let person = reason.by.and_then(|by| person(scene, by));
                let person = person.map_or_else(String::new, |name| format!(", {name}"));
                format!(" · {}{person}", plain(&reason.label))
            });
            let why = why.unwrap_or_else(|| match unexplained {
                true => format!(" · {}", scene.say("figure-unexplained")),
                false => String::new(),
            });
            let rule = interval.rule.as_deref().map(|rule| format!(" · {}", plain(rule)));
            let map = interval.map.as_deref().map(|map| format!(" · {}", plain(map)));
            format!(
                "{}  {}  {state}{why}{}{}",
                span(interval.from, interval.until),
                lasting(*counted_us),
                rule.unwrap_or_default(),
                map.unwrap_or_default(),
            )
        },
        Evidence::Hole(hole) => format!(
            "{}  {}  {}",
            span(hole.span.from, Some(hole.span.until)),
            lasting(hole.counted_us),
            scene.say("figure-hole")
        ),
        Evidence::Count { count, parts, .. } => format!(
            "{}  +{parts}  {} {} → {}",
            at(count.until),
            plain(&count.source),
            count.raw_from,
            count.raw_to
        ),
        Evidence::Batch { batch, .. } => {
            let parts = |parts: Option<i64>| parts.map_or("–".to_owned(), |n| n.to_string());
            let by = batch.by.and_then(|by| person(scene, by)).unwrap_or_default();
            format!(
                "{}  {}  {} / {}  {by}",
                span(batch.from, batch.until),
                plain(&batch.number),
                parts(batch.good),
                parts(batch.scrap)
            )
        },
        Evidence::Rate { cycle, .. } => {
            let seconds = scene.words.format().decimal(cycle.cycle_s);
            scene.tell(&Sentence::new("figure-rate").with("seconds", seconds))
        },
    }
}

pub(super) fn person(scene: Scene<'_>, by: kart_core::id::UserId) -> Option<String> {
    let reference = scene.model.view.as_ref()?.reference.as_ref()?;
    reference.person(by).map(|person| plain(&person.name))
}

pub(super) fn left(text: &str, columns: usize) -> String {
    let text = fitted(&plain(text), columns);
    let gap = columns.saturating_sub(Span::raw(&text).width());
    format!("{text}{}", " ".repeat(gap))
}

pub(super) fn right(text: &str, columns: usize) -> String {
    let text = fitted(text, columns);
    let gap = columns.saturating_sub(Span::raw(&text).width());
    format!("{}{text}", " ".repeat(gap))
}
