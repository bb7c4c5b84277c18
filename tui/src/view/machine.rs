//! Everything about one machine.

use kart_api::{DeviceLink, Machine, Signal, View};
use kart_core::{id::EquipmentId, signal::Quality};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{Scene, card, framed, held};
use crate::{
    model::{Grid, next_on},
    plain::fitted,
    theme,
    widget::{aged, aging, by_arrival},
    words::Sentence,
};

/// Draws one machine: its card, its device and all its signals.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    id: EquipmentId,
    scroll: u16,
) {
    let Some(view) = &scene.model.view else { return };
    let place = view.machines.iter().position(|machine| machine.id == id);
    let Some((place, machine)) = place.and_then(|place| Some((place, view.machines.get(place)?)))
    else {
        let gone = Line::from(scene.say("machine-gone"));
        frame.render_widget(gone.centered(), area.centered_vertically(Constraint::Length(1)));
        return;
    };
    let rows = [Constraint::Length(Grid::CARD_HEIGHT), Constraint::Fill(1)];
    let [top, bottom] = Layout::vertical(rows).areas(area);
    let standing = scene.model.standing(view, machine);
    card::draw(frame, top, scene, &standing, place + 1, true);
    let inside = framed(frame, bottom, &scene.say("signals"));
    let mut lines = inside.rows();
    if let Some(row) = lines.next() {
        frame.render_widget(device(scene, machine, usize::from(row.width)), row);
    }
    for (held, row) in machine.held.iter().zip(lines.by_ref()) {
        let text = fitted(&format!("▲ {}", held::told(scene, held)), usize::from(row.width));
        frame.render_widget(Span::styled(text, theme::CARE), row);
    }
    for (line, row) in work(scene, view, machine).into_iter().zip(lines.by_ref()) {
        frame.render_widget(Span::raw(fitted(&line, usize::from(row.width))), row);
    }
    let from = usize::from(scroll).min(machine.signals.len());
    for (signal, row) in machine.signals.iter().skip(from).zip(lines) {
        frame.render_widget(signal_line(scene, machine, signal, row.width), row);
    }
}

/// What headquarters wants made here next, where it says so.
fn work(scene: Scene<'_>, view: &View, machine: &Machine) -> Vec<String> {
    let Some(reference) = &view.reference else { return vec![] };
    let format = scene.words.format();
    let next: Vec<_> = next_on(view, machine.id).into_iter().map(|order| &order.queued).collect();
    let mut lines = Vec::new();
    if let Some(first) = next.first() {
        let product = first.product.and_then(|id| reference.product(id));
        let target = first.target.map(|target| format.whole(target));
        let named = [first.number.clone(), product.map(|product| product.name.clone()), target];
        let named: Vec<String> = named.into_iter().flatten().collect();
        let sentence = Sentence::new("next-batch").with("batch", named.join(" · "));
        let more = i64::try_from(next.len()).unwrap_or_default() - 1;
        lines.push(scene.tell(&sentence.count("more", more)));
    }
    let jobs = reference.jobs_at(machine.id);
    if !jobs.is_empty() {
        let numbers: Vec<&str> = jobs.iter().map(|job| job.number.as_str()).collect();
        lines.push(scene.tell(&Sentence::new("jobs-here").with("jobs", numbers.join(", "))));
    }
    lines
}

fn device(scene: Scene<'_>, machine: &Machine, width: usize) -> Line<'static> {
    let (text, style) = match &machine.link {
        DeviceLink::Starting => (scene.say("device-starting"), theme::QUIET),
        DeviceLink::Up => (format!("● {}", scene.say("device-up")), theme::WELL),
        DeviceLink::Partly { since_us, reason } | DeviceLink::Down { since_us, reason } => {
            let now = scene.model.daemon_now();
            let partly = matches!(machine.link, DeviceLink::Partly { .. });
            let sentence = Sentence::new(if partly { "device-partly" } else { "device-down" })
                .with("since", scene.model.zone.short(*since_us, now))
                .with("reason", reason);
            (format!("▲ {}", scene.tell(&sentence)), theme::CARE)
        },
    };
    Line::from(Span::styled(fitted(&text, width), style))
}

/// One signal: name, value with unit, age, and a word when it cannot be trusted.
pub(super) fn signal_line(
    scene: Scene<'_>,
    machine: &Machine,
    signal: &Signal,
    width: u16,
) -> Line<'static> {
    let age = scene.model.age(machine, signal.at_us).with(signal.quality);
    let value = signal.value.as_ref().map_or(String::new(), |value| {
        format!("{} {}", scene.words.format().value(value), signal.unit)
    });
    let width = usize::from(width);
    let (name_width, value_width) = (width * 2 / 5, width * 3 / 10);
    let name = fitted(&signal.name, name_width.saturating_sub(1));
    let gap = name_width.saturating_sub(Span::raw(&name).width());
    let value = fitted(value.trim(), value_width.saturating_sub(1));
    let value = aged(&value, age, theme::STRONG);
    let value_gap = value_width.saturating_sub(value.width());
    let mut spans = vec![
        Span::styled(name, theme::QUIET),
        Span::raw(" ".repeat(gap)),
        value,
        Span::raw(" ".repeat(value_gap)),
        Span::styled(by_arrival(signal), theme::QUIET),
        aging(age, scene.words),
    ];
    if signal.quality == Quality::Old && signal.value.is_some() {
        let word = format!(" {}", scene.say("quality-old"));
        spans.push(Span::styled(word, Style::new()));
    }
    Line::from(spans)
}
