//! The poll plan: what each line is asked for, and whether there is time for it; and what another
//! map would change.

use kart_api::commissioning::{MapAnswer, MapChange, PollGroup, PollHole, PollLine, PollRequest};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, scrolled};
use crate::{model::Commissioning, plain::fitted, theme, words::Sentence};

/// More than this share of the time is tight for a slow device.
const TIGHT: f64 = 0.8;

/// Draws the plan in force, or the other map with its plan.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    let mut lines = Vec::new();
    let plan = &shown.plan;
    if let Some(field) = &plan.typing {
        let typed = Sentence::new("plan-file").with("path", format!("{}_", field.raw()));
        lines.push(Line::from(Span::styled(scene.tell(&typed), theme::CHOSEN)));
    }
    match (&plan.file, &plan.preview) {
        (Some(file), Some(answer)) => other(&mut lines, scene, file, answer),
        (Some(file), None) => {
            let text = scene.tell(&Sentence::new("plan-reading").with("path", file));
            lines.push(Line::from(Span::styled(text, theme::QUIET)));
        },
        (None, _) => {
            let Some(sources) = &shown.sources else { return };
            let text = scene.tell(&Sentence::new("plan-in-force").with("map", &sources.map));
            lines.push(Line::from(Span::styled(text, theme::STRONG)));
            sources.plan.iter().for_each(|line| of_line(&mut lines, scene, line));
            if sources.plan.is_empty() {
                lines.push(Line::from(Span::styled(scene.say("no-devices"), theme::QUIET)));
            }
        },
    }
    scrolled(frame, area, lines, plan.scroll);
}

fn other(lines: &mut Vec<Line<'static>>, scene: Scene<'_>, file: &str, answer: &MapAnswer) {
    match answer {
        MapAnswer::Refused(faults) => {
            let text = scene.tell(&Sentence::new("plan-refused").with("path", file));
            lines.push(Line::from(Span::styled(text, theme::WRONG)));
            lines.extend(faults.iter().map(|fault| Line::from(fitted(fault, 300))));
        },
        MapAnswer::Preview(change) | MapAnswer::Applied(change) => {
            let text = Sentence::new("plan-preview")
                .with("path", file)
                .with("from", &change.from)
                .with("to", &change.to);
            lines.push(Line::from(Span::styled(scene.tell(&text), theme::STRONG)));
            lines.extend(changes(scene, change));
            change.plan.iter().for_each(|line| of_line(lines, scene, line));
        },
    }
}

fn changes(scene: Scene<'_>, change: &MapChange) -> Vec<Line<'static>> {
    let parts = [
        (scene.say("change-machines-added"), &change.machines_added, theme::STRONG),
        (scene.say("change-machines-removed"), &change.machines_removed, theme::CARE),
        (scene.say("change-rules"), &change.rules, theme::STRONG),
        (scene.say("change-signals-added"), &change.signals_added, theme::STRONG),
        (scene.say("change-signals-moved"), &change.signals_moved, theme::CARE),
        (scene.say("change-signals-removed"), &change.signals_removed, theme::CARE),
        (scene.say("change-counters"), &change.counters, theme::CARE),
        (scene.say("change-started"), &change.started, theme::STRONG),
        (scene.say("change-kept"), &change.kept, theme::QUIET),
        (scene.say("change-stopped"), &change.stopped, theme::CARE),
        (scene.say("change-warnings"), &change.warnings, theme::CARE),
    ];
    let said = parts.into_iter().filter(|(_, names, _)| !names.is_empty());
    said.map(|(what, names, style)| {
        let text = fitted(&format!("  {what}: {}", names.join(", ")), 300);
        Line::from(Span::styled(text, style))
    })
    .collect()
}

fn of_line(lines: &mut Vec<Line<'static>>, scene: Scene<'_>, line: &PollLine) {
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let (id, style) = match line {
        _ if line.is_refused() => ("plan-line-refused", theme::WRONG),
        _ if line.expected_use > TIGHT => ("plan-line-tight", theme::CARE),
        _ => ("plan-line", theme::WELL),
    };
    let text = Sentence::new(id).with("line", &line.line).with("share", percent(line.expected_use));
    lines.push(Line::from(Span::styled(scene.tell(&text), style)));
    for group in &line.groups {
        of_group(lines, scene, group);
    }
    for PollHole { device, what } in &line.holes {
        let text = Sentence::new("plan-hole").with("device", device).with("what", what);
        lines.push(Line::from(Span::styled(format!("  {}", scene.tell(&text)), theme::QUIET)));
    }
}

fn of_group(lines: &mut Vec<Line<'static>>, scene: Scene<'_>, group: &PollGroup) {
    let PollGroup { device, unit, interval_ms, phase_ms, expected_ms, waits_ms, .. } = group;
    let bytes: u32 = group.requests.iter().map(|request| u32::from(request.bytes)).sum();
    let text = Sentence::new("plan-group")
        .with("device", device)
        .with("unit", unit.to_string())
        .with("every", format!("{interval_ms:.0}"))
        .with("takes", format!("{expected_ms:.1}"))
        .count("requests", i64::try_from(group.requests.len()).unwrap_or(i64::MAX))
        .with("bytes", bytes.to_string());
    lines.push(Line::from(format!("  {}", scene.tell(&text))));
    if *phase_ms > 0.0 {
        let text = Sentence::new("plan-phase").with("phase", format!("{phase_ms:.0}"));
        lines.push(Line::from(format!("    {}", scene.tell(&text))));
    }
    if *waits_ms > 0.0 {
        let (id, style) = match group.is_late {
            true => ("plan-late", theme::CARE),
            false => ("plan-waits", theme::QUIET),
        };
        let text = Sentence::new(id).with("waits", format!("{waits_ms:.0}"));
        lines.push(Line::from(Span::styled(format!("    {}", scene.tell(&text)), style)));
    }
    for PollRequest { what, signals, bytes, read_along } in &group.requests {
        let text = Sentence::new("plan-request")
            .with("what", what)
            .count("signals", i64::try_from(*signals).unwrap_or(i64::MAX))
            .with("bytes", bytes.to_string())
            .count("along", i64::from(*read_along));
        let text = format!("    {}", scene.tell(&text));
        lines.push(Line::from(Span::styled(text, theme::QUIET)));
    }
}
