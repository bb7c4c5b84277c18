//! The line of a machine's time: one cell a stretch, each with a shape of its own, and beneath it the
//! hours and what the shapes mean.

use kart_core::{
    kpi::{Board, Class, Span, Stretch},
    machine::MachineState,
    time::Micros,
};
use ratatui::{
    style::{Color, Style},
    text::{Line, Span as Text},
};

use super::Scene;
use crate::{plain::fitted, theme};

/// A stop counts this many times, so that a short one is not lost among what ran around it.
const STOP_WEIGHS: i64 = 3;

/// Columns between two hours that can be read apart.
const HOUR: usize = 6;

/// What a cell looks like.
pub(super) fn cell(class: Class, unexplained: bool, setup: bool) -> (&'static str, Style) {
    match class {
        Class::Run => ("▁", theme::WELL),
        Class::Unplanned if unexplained => ("!", theme::WRONG),
        Class::Unplanned => ("█", Style::new().fg(Color::Red)),
        _ if setup => ("◆", Style::new().fg(Color::Cyan)),
        Class::Planned => ("▬", Style::new().fg(Color::LightBlue)),
        Class::Idle => ("░", theme::CARE),
        Class::Unknown => ("?", theme::FRAME),
    }
}

/// Three rows: the line, the hours, and what the shapes mean.
pub(super) fn draw(
    scene: Scene<'_>,
    whole: Option<Span>,
    board: &Board,
    width: usize,
) -> Vec<Line<'static>> {
    let Some(whole) = whole else { return Vec::new() };
    let cells = (0..width).map(|place| {
        let told = told(&board.line, part(whole, place, width));
        let (shape, style) = told.map_or((" ", Style::new()), |it| {
            cell(it.class, it.unexplained, it.state == MachineState::Setup)
        });
        Text::styled(shape, style)
    });
    vec![
        Line::from(cells.collect::<Vec<_>>()),
        Line::styled(hours(scene, whole, board, width), theme::QUIET),
        legend(scene, width),
    ]
}

/// The part of a stretch that one of `width` cells stands for.
fn part(whole: Span, place: usize, width: usize) -> Span {
    let (place, width) = (i64::try_from(place).unwrap_or(0), i64::try_from(width).unwrap_or(1));
    let at = |place: i64| Micros(whole.from.0 + whole.us() * place / width.max(1));
    Span { from: at(place), until: at(place + 1) }
}

/// What most of a cell was; nothing where nothing has happened yet.
fn told(line: &[Stretch], cell: Span) -> Option<&Stretch> {
    let weight = |it: &&Stretch| {
        let us = Span { from: it.from, until: it.until }.and(cell).us();
        if it.class == Class::Unplanned { us * STOP_WEIGHS } else { us }
    };
    let first = line.partition_point(|it| it.until <= cell.from);
    let here = line.iter().skip(first).take_while(|it| it.from < cell.until);
    here.max_by_key(weight)
}

/// Each hour where it begins, as far as there is room.
fn hours(scene: Scene<'_>, whole: Span, board: &Board, width: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for hour in &board.hours {
        let cells = i64::try_from(width).unwrap_or(0);
        let at = (hour.from.0 - whole.from.0) * cells / whole.us().max(1);
        let at = usize::try_from(at).unwrap_or(0);
        if at < used || at + HOUR > width + 1 {
            continue;
        }
        let interval = kart_core::calendar::Interval { from: hour.from, until: hour.from };
        let begin: String = scene.model.zone.hours(interval).chars().take(HOUR - 1).collect();
        text.push_str(&" ".repeat(at - used));
        used = at + begin.chars().count();
        text.push_str(&begin);
    }
    text
}

fn legend(scene: Scene<'_>, width: usize) -> Line<'static> {
    let kinds = [
        (Class::Run, false, false, "line-runs"),
        (Class::Unplanned, true, false, "line-unexplained"),
        (Class::Unplanned, false, false, "line-stopped"),
        (Class::Planned, false, false, "line-planned"),
        (Class::Planned, false, true, "line-setup"),
        (Class::Idle, false, false, "line-idle"),
        (Class::Unknown, false, false, "line-unknown"),
    ];
    let mut spans = Vec::new();
    let mut used = 0;
    for (class, unexplained, setup, word) in kinds {
        let (shape, style) = cell(class, unexplained, setup);
        let word = Text::styled(format!(" {}  ", scene.say(word)), theme::QUIET);
        used += 1 + word.width();
        if used > width + 2 {
            break;
        }
        spans.extend([Text::styled(shape, style), word]);
    }
    if spans.is_empty() {
        return Line::raw(fitted("", width));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: i64, until: i64, class: Class) -> Stretch {
        Stretch {
            from: Micros(from),
            until: Micros(until),
            class,
            state: MachineState::Running,
            record: None,
            unexplained: false,
        }
    }

    #[test]
    fn a_short_stop_is_seen_among_a_long_run() {
        let line = [
            stretch(0, 70, Class::Run),
            stretch(70, 100, Class::Unplanned),
            stretch(100, 190, Class::Run),
            stretch(190, 200, Class::Unplanned),
        ];
        let whole = Span { from: Micros(0), until: Micros(400) };
        let shown: Vec<Option<Class>> =
            (0..4).map(|place| told(&line, part(whole, place, 4)).map(|it| it.class)).collect();
        assert_eq!(shown, [Some(Class::Unplanned), Some(Class::Run), None, None]);
    }

    #[test]
    fn no_two_kinds_look_alike_without_colours() {
        let kinds = [
            cell(Class::Run, false, false),
            cell(Class::Unplanned, true, false),
            cell(Class::Unplanned, false, false),
            cell(Class::Planned, false, false),
            cell(Class::Planned, false, true),
            cell(Class::Idle, false, false),
            cell(Class::Unknown, false, false),
        ];
        let plain: std::collections::BTreeSet<&str> =
            kinds.iter().map(|(shape, _)| theme::ascii(shape)).collect();
        assert_eq!(plain.len(), kinds.len(), "{plain:?}");
    }
}
