//! The board of a machine's shift: figures, the line of time, and one of hours, reasons and batches; in a
//! window that has room, all three.

use kart_core::kpi::{Board, Cost, Kpi, Pace, Span, Why};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span as Text},
};

use super::{
    Scene, figures,
    figures::{left, right},
    framed, line, pace, scrolled,
};
use crate::{
    model::{Behind, BoardScreen, Section},
    plain::{fitted, plain},
    theme,
    words::{Sentence, lasting},
};

/// Columns of an hour's name, and of each of its numbers.
const HOUR: usize = 12;
const NUMBER: usize = 9;

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &BoardScreen) {
    let inside = framed(frame, area, &title(scene, shown));
    let width = usize::from(inside.width);
    let mut lines = Vec::new();
    if let Some(why) = &shown.lost {
        let text = scene.tell(&Sentence::new("commissioning-lost").with("reason", why));
        lines.push(Line::styled(fitted(&text, width), theme::CARE));
    }
    let Some(board) = shown.chosen().map(|machine| &machine.board) else {
        let id = if shown.shift.is_some() { "no-machines" } else { "figures-reading" };
        lines.push(Line::styled(scene.say(id), theme::QUIET));
        return scrolled(frame, inside, lines, 0);
    };
    if let Some(scroll) = shown.opened {
        lines.extend(behind(scene, shown, scroll, width));
        return scrolled(frame, inside, lines, 0);
    }
    lines.push(summary(scene, board, width));
    lines.extend(line::draw(scene, shown.shift.as_ref().map(|it| it.span), board, width));
    let sections = Section::ALL.map(|section| self::section(scene, shown, board, section, width));
    let all: usize = sections.iter().map(|section| section.len() + 2).sum();
    let room = usize::from(inside.height).saturating_sub(lines.len());
    if all > room {
        let tabs = Section::ALL.into_iter().map(|section| name(scene, shown, section));
        lines.push(Line::from(tabs.collect::<Vec<_>>()));
    }
    let room = usize::from(inside.height).saturating_sub(lines.len());
    for (section, told) in Section::ALL.into_iter().zip(sections) {
        if all <= room {
            lines.push(Line::from(name(scene, shown, section)));
            lines.extend(told);
            lines.push(Line::default());
        } else if section == shown.section {
            lines.extend(kept(told, shown.row, room));
        }
    }
    scrolled(frame, inside, lines, 0);
}

/// As many lines as there is room for, the chosen one among them; the first names the columns.
fn kept(mut told: Vec<Line<'static>>, row: usize, room: usize) -> Vec<Line<'static>> {
    let heads = 1.min(told.len());
    let rows = told.split_off(heads);
    let room = room.saturating_sub(heads).max(1);
    let skip = (row + 1).saturating_sub(room);
    told.extend(rows.into_iter().skip(skip).take(room));
    told
}

fn title(scene: Scene<'_>, shown: &BoardScreen) -> String {
    let mut parts = vec![scene.say("board")];
    if let Some(shift) = &shown.shift {
        if let Some(machine) = shown.chosen() {
            let (place, all) = (shown.machine + 1, shift.machines.len());
            parts.push(format!("{} ({place}/{all})", plain(&machine.code)));
        }
        let now = scene.model.daemon_now();
        let at = |at| scene.model.zone.short(at, now);
        let name = shift.name.as_deref().map_or_else(|| scene.say("figures-today"), plain);
        parts.push(format!("{name} {}–{}", at(shift.span.from), at(shift.span.until)));
    }
    if shown.back > 0 {
        parts.push(scene.tell(&Sentence::new("board-back").count("count", shown.back.into())));
    }
    parts.join(" · ")
}

/// The shift in one line: no figure without what is known of it.
fn summary(scene: Scene<'_>, board: &Board, width: usize) -> Line<'static> {
    // What a narrow window cuts off is what says least.
    let told = [Kpi::Oee, Kpi::Coverage, Kpi::Availability, Kpi::Performance, Kpi::Quality];
    let mut parts: Vec<String> = told
        .into_iter()
        .map(|kpi| {
            let mode = match kpi {
                Kpi::Availability => format!(" ({})", board.mode.word()),
                _ => String::new(),
            };
            let value = figures::value(scene, kpi, board.figures.get(&kpi));
            format!("{}{mode} {value}", scene.say(&format!("column-{}", kpi.word())))
        })
        .collect();
    if let Some(figure) = board.figures.get(&Kpi::Unexplained)
        && figure.value.is_some_and(|minutes| minutes > 0.0)
    {
        let value = figures::value(scene, Kpi::Unexplained, Some(figure));
        parts.insert(2, format!("{} {value}", scene.say("column-unexplained")));
    }
    Line::styled(fitted(&parts.join(" · "), width), theme::STRONG)
}

/// The name of a section, the one that is looked at marked.
fn name(scene: Scene<'_>, shown: &BoardScreen, section: Section) -> Text<'static> {
    let style = if section == shown.section { theme::CHOSEN } else { theme::QUIET };
    Text::styled(format!(" {} ", scene.say(section.label())), style)
}

/// A section with the names of its columns.
fn section(
    scene: Scene<'_>,
    shown: &BoardScreen,
    board: &Board,
    section: Section,
    width: usize,
) -> Vec<Line<'static>> {
    let (head, rows) = match section {
        Section::Hours => hours(scene, board),
        Section::Costs => (String::new(), costs(scene, board, width)),
        Section::Batches => (scene.say("board-batches-head"), batches(scene, board, width)),
    };
    let mut lines = vec![Line::styled(fitted(&head, width), theme::QUIET)];
    if rows.is_empty() {
        lines.push(Line::styled(scene.say("figure-nothing-behind"), theme::QUIET));
    }
    for (place, row) in rows.into_iter().enumerate() {
        let chosen = section == shown.section && place == shown.row;
        let mark = Text::raw(if chosen { "►" } else { " " });
        let mut spans = vec![mark];
        spans.extend(row);
        lines.push(Line::from(spans));
    }
    lines
}

type Row = Vec<Text<'static>>;

/// Hour by hour: what was to be made and what was made.
fn hours(scene: Scene<'_>, board: &Board) -> (String, Vec<Row>) {
    let format = scene.words.format();
    let heads = ["target", "good", "difference", "scrap", "runs", "stops", "no-reason"];
    let heads = heads.map(|head| right(&scene.say(&format!("hour-{head}")), NUMBER)).concat();
    let head = format!(" {:HOUR$}{heads}", "");
    let zone = &scene.model.zone;
    let rows = board.hours.iter().map(|hour| {
        let interval = kart_core::calendar::Interval { from: hour.from, until: hour.until };
        let whole = |parts: Option<i64>| parts.map_or_else(|| "–".to_owned(), |n| format.whole(n));
        let past = hour.due.is_none_or(|due| due > 0) && hour.meant_us > 0
            || hour.run_us + hour.unknown_us > 0
            || hour.good.is_some_and(|good| good > 0);
        let target = right(&whole(hour.target), NUMBER);
        let mut row = vec![Text::raw(left(&zone.hours(interval), HOUR)), Text::raw(target)];
        if !past || hour.from > scene.model.daemon_now() {
            return row;
        }
        let good = match hour.gap {
            0 => whole(hour.good),
            _ => format!("~{}", whole(hour.good)),
        };
        row.push(Text::styled(right(&good, NUMBER), theme::STRONG));
        row.push(difference(scene, hour.good, hour.due));
        row.push(Text::raw(right(&whole(hour.scrap), NUMBER)));
        let stopped = hour.unplanned_us + hour.planned_us + hour.idle_us;
        let minutes = |us: i64| match us {
            0 => String::new(),
            us => format!("{} min", us / 60_000_000),
        };
        row.push(Text::raw(right(&minutes(hour.run_us), NUMBER)));
        row.push(Text::raw(right(&minutes(stopped), NUMBER)));
        row.push(Text::styled(right(&minutes(hour.unexplained_us), NUMBER), theme::CARE));
        row
    });
    (head, rows.collect())
}

/// Good parts less those that are due, with a shape and a colour for it.
fn difference(scene: Scene<'_>, good: Option<i64>, due: Option<i64>) -> Text<'static> {
    let Some((good, due)) = good.zip(due) else {
        return Text::raw(right("–", NUMBER));
    };
    let text = scene.words.format().signed(good - due);
    match Pace::of(good, pace::parts(due)) {
        Some((told, _)) => {
            let (shape, style, _) = theme::pace(told);
            let gap = NUMBER.saturating_sub(Text::raw(format!(" {shape} {text}")).width());
            Text::styled(format!("{} {shape} {text}", " ".repeat(gap)), style)
        },
        None => Text::raw(right(&text, NUMBER)),
    }
}

/// What stops cost, the dearest first, with a bar for its share.
fn costs(scene: Scene<'_>, board: &Board, width: usize) -> Vec<Row> {
    let most = board.costs.iter().map(|cost| cost.us).max().unwrap_or(1).max(1);
    let all = board.costs.iter().map(|cost| cost.us).sum::<i64>().max(1);
    let name = width / 3;
    let bar = width.saturating_sub(name + 32);
    let cells = i64::try_from(bar).unwrap_or(0);
    board
        .costs
        .iter()
        .map(|cost| {
            let full = usize::try_from((cost.us * cells / most).max(1)).unwrap_or(1).min(bar);
            let (_, style) = line::cell(cost.class, cost.why == Why::Unexplained, false);
            let stops = Sentence::new("board-stops").count("count", cost.stops);
            vec![
                Text::raw(left(&why(scene, cost), name)),
                Text::styled("█".repeat(full), theme::filled(style)),
                Text::styled("░".repeat(bar - full), theme::FRAME),
                Text::styled(right(&lasting(cost.us), 11), theme::STRONG),
                Text::raw(right(&scene.tell(&stops), 12)),
                Text::raw(right(&format!("{} %", cost.us * 100 / all), 7)),
            ]
        })
        .collect()
}

fn why(scene: Scene<'_>, cost: &Cost) -> String {
    match (cost.why, &cost.label) {
        (Why::Reason(_), Some(label)) => label.clone(),
        (Why::State(state), _) => scene.state(state),
        (Why::Micro, _) => scene.say("figure-micro-stops"),
        (Why::Unexplained | Why::Reason(_), _) => scene.say("column-unexplained"),
    }
}

/// How batches come along.
fn batches(scene: Scene<'_>, board: &Board, width: usize) -> Vec<Row> {
    let format = scene.words.format();
    let reference = scene.model.view.as_ref().and_then(|view| view.reference.as_ref());
    board
        .batches
        .iter()
        .map(|batch| {
            let product = reference.and_then(|known| known.product(batch.product));
            let product = product.map_or("", |product| product.name.as_str());
            let name = format!("{} {product}", batch.number);
            let good = batch.confirmed.map(|(good, _)| good).or(batch.made);
            let good = good.map_or_else(|| "–".to_owned(), |good| format.whole(good));
            let parts = match batch.target {
                Some(target) => format!("{good} / {}", format.whole(target)),
                None => good,
            };
            let hours = |hours: f64| format!("{} h", format.decimal(hours));
            let worth = batch.of_standard();
            let times = worth.map(|worth| format!(" ({}×)", format.decimal(worth)));
            let touch = batch.touch_hours.map_or_else(|| "–".to_owned(), hours);
            let spent = Sentence::new("board-touch-dwell")
                .with("touch", format!("{touch}{}", times.unwrap_or_default()))
                .with("dwell", hours(batch.dwell_hours));
            // Twice the standard is red, as Kartorium has it.
            let level = match worth {
                Some(worth) if worth >= 2.0 => theme::WRONG,
                Some(worth) if worth >= 1.0 => theme::CARE,
                _ => Style::new(),
            };
            let mut row = vec![
                Text::raw(left(&name, width.saturating_sub(64).clamp(10, 30))),
                Text::styled(right(&parts, 14), theme::STRONG),
                Text::raw("  "),
            ];
            row.push(match batch.pace() {
                Some((told, share)) => pace::told(scene, told, share),
                None => Text::styled(scene.say("pace-unknown"), theme::QUIET),
            });
            row.extend([Text::raw("  "), Text::styled(scene.tell(&spent), level)]);
            row
        })
        .collect()
}

/// What is behind the chosen line, after a line that says what it is.
fn behind(
    scene: Scene<'_>,
    shown: &BoardScreen,
    scroll: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(fitted(&head(scene, shown), width), theme::STRONG)];
    let all = shown.behind();
    if all.is_empty() {
        lines.push(Line::styled(scene.say("figure-nothing-behind"), theme::QUIET));
    }
    let format = scene.words.format();
    let now = scene.model.daemon_now();
    let at = |at| scene.model.zone.short(at, now);
    lines.extend(all.into_iter().skip(scroll).map(|one| {
        let text = match one {
            Behind::Evidence(evidence) => figures::told_of(scene, evidence),
            Behind::Reading(reading) => scene.tell(
                &Sentence::new("board-reading")
                    .with("counter", plain(&reading.source))
                    .with("from", format.whole(reading.raw_from))
                    .with("to", format.whole(reading.raw_to))
                    .with("parts", format.whole(reading.parts))
                    .count("readings", reading.readings),
            ),
            Behind::Person(person) => {
                let name = figures::person(scene, person.user).unwrap_or_default();
                let until = person.until.map_or_else(|| "…".to_owned(), at);
                let span = Span { from: person.from, until: person.until.unwrap_or(now) };
                format!("{}–{until}  {}  {name}", at(person.from), lasting(span.us()))
            },
        };
        Line::raw(fitted(&text, width))
    }));
    lines
}

/// What the opened line is about.
fn head(scene: Scene<'_>, shown: &BoardScreen) -> String {
    let Some(board) = shown.chosen().map(|machine| &machine.board) else { return String::new() };
    let format = scene.words.format();
    match shown.section {
        Section::Hours => {
            let Some(hour) = shown.hour() else { return String::new() };
            let interval = kart_core::calendar::Interval { from: hour.from, until: hour.until };
            let aim = Sentence::new("board-hour-behind")
                .with("hour", scene.model.zone.hours(interval))
                .with("planned", lasting(hour.meant_us))
                .with("aim", format.decimal(board.aim));
            scene.tell(&aim)
        },
        Section::Costs => {
            let Some(cost) = board.costs.get(shown.row) else { return String::new() };
            let stops = Sentence::new("board-stops").count("count", cost.stops);
            format!("{} · {} · {}", why(scene, cost), lasting(cost.us), scene.tell(&stops))
        },
        Section::Batches => {
            let Some(batch) = shown.batch() else { return String::new() };
            let (made, due) = (batch.made.unwrap_or_default(), batch.due.unwrap_or_default());
            let told = Sentence::new("board-batch-behind")
                .with("batch", &batch.number)
                .with("made", format.whole(made))
                .with("due", format.decimal(due))
                .with("aim", format.decimal(board.aim));
            scene.tell(&told)
        },
    }
}
