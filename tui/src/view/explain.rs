//! Stops that wait for a reason, and giving one.

use kart_core::id::RecordId;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, forms, framed, sidebar};
use crate::{
    model::{Choice, ExplainForm, PAGE},
    plain::fitted,
    theme,
    widget::{field, list},
    words::Sentence,
};

/// The list of stops.
pub(super) fn stops(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    choice: &Choice<RecordId>,
) {
    let inside = framed(frame, area, &scene.say("stops"));
    let Some(view) = &scene.model.view else { return };
    let start = choice.page_start();
    let shown = choice.entries.iter().enumerate().skip(start).take(PAGE);
    for ((place, entry), row) in shown.zip(inside.rows()) {
        let Some(stop) = view.stops.iter().find(|stop| stop.id == entry.key) else { continue };
        let chosen = choice.chosen == Some(place);
        let mark = if chosen { "►" } else { " " };
        let mut line = sidebar::stop(scene, view, stop, usize::from(row.width).saturating_sub(4));
        line.spans.insert(0, Span::raw(format!("{mark} {} ", place % PAGE + 1)));
        let line = if chosen { Line::from(line.to_string()).style(theme::CHOSEN) } else { line };
        frame.render_widget(line, row);
    }
    let more = choice.entries.len().saturating_sub(start + PAGE);
    if more > 0
        && let Some(row) = inside.rows().nth(PAGE)
    {
        let more = Sentence::new("more").count("count", i64::try_from(more).unwrap_or(i64::MAX));
        frame.render_widget(Span::styled(scene.tell(&more), theme::QUIET), row);
    }
}

/// The reasons for one stop.
pub(super) fn explain(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &ExplainForm) {
    let stops = scene.model.view.iter().flat_map(|view| &view.stops);
    let made_by = stops.filter(|stop| stop.id == form.stop && !stop.map.is_empty());
    // Which rule of which map took it for a stop: whoever doubts it can name both.
    let made_by = made_by.map(|stop| format!(" · {} · {}", stop.rule, stop.map)).next();
    let title = scene.say("explain-title") + &made_by.unwrap_or_default();
    let inside = framed(frame, area, &title);
    let mut rows = inside.rows();
    let width = usize::from(inside.width);
    let (Some(view), Some(row)) = (&scene.model.view, rows.next()) else { return };
    match view.stops.iter().find(|stop| stop.id == form.stop) {
        Some(stop) => frame.render_widget(sidebar::stop(scene, view, stop, width), row),
        None => frame.render_widget(Span::raw(scene.say("refusal-no-such-stop")), row),
    }
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    let page = u16::try_from(PAGE).unwrap_or(9);
    let top = rows.next().map_or(inside.bottom(), |row| row.y);
    let room = inside.bottom().saturating_sub(top);
    let reasons = Rect { y: top, height: page.min(room.saturating_sub(3)), ..inside };
    list(frame, reasons, &form.reasons, true);
    let more = form.reasons.entries.len().saturating_sub(form.reasons.page_start() + PAGE);
    let mut below = (reasons.bottom()..inside.bottom()).map(|y| Rect { y, height: 1, ..inside });
    if let Some(row) = below.next()
        && more > 0
    {
        let more = Sentence::new("more").count("count", i64::try_from(more).unwrap_or(i64::MAX));
        let text = fitted(&scene.tell(&more), width);
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    }
    if let Some(row) = below.next() {
        field(frame, row, &scene.say("comment"), &form.comment, form.commenting);
    }
    if let Some(row) = below.next_back() {
        forms::sending(frame, row, scene, &form.sending);
    }
}
