//! Beside the machines, where the window is wide enough: stops that wait and the last receipts.

use kart_api::{Stop, View};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Block,
};

use super::{Scene, receipts};
use crate::{
    model::{Age, unexplained},
    plain::fitted,
    theme,
    widget::aged,
    words::lasting,
};

/// Draws both lists.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, view: &View) {
    let [stops, receipts] =
        Layout::vertical([Constraint::Fill(2), Constraint::Fill(3)]).areas(area);
    let inside = boxed(frame, stops, &scene.say("stops"));
    let waiting = unexplained(view, None);
    if waiting.is_empty() {
        let text = fitted(&scene.say("nothing-to-explain"), usize::from(inside.width));
        frame.render_widget(Span::styled(text, theme::QUIET), inside);
    }
    for (stop, row) in waiting.into_iter().zip(inside.rows()) {
        frame.render_widget(self::stop(scene, view, stop, usize::from(row.width)), row);
    }
    let inside = boxed(frame, receipts, &scene.say("receipts"));
    let mut rows = inside.rows();
    for receipt in &view.receipts {
        let (Some(row), second) = (rows.next(), rows.next()) else { break };
        let width = usize::from(row.width);
        frame.render_widget(Span::raw(fitted(&receipts::what(scene, receipt), width)), row);
        if let Some(second) = second {
            let (stage, style) = receipts::stage(scene, &receipt.stage);
            let at = scene.model.zone.short(receipt.at_us, scene.model.daemon_now());
            let spans =
                vec![Span::styled(format!("  {at} "), theme::QUIET), Span::styled(stage, style)];
            frame.render_widget(Line::from(spans), second);
        }
    }
}

fn boxed(frame: &mut Frame<'_>, area: Rect, title: &str) -> Rect {
    let block = Block::bordered().border_style(theme::FRAME);
    let block = block.title(Span::styled(format!(" {title} "), Style::new()));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// One stop: machine, when it began, how long it lasted or has lasted.
pub(super) fn stop(scene: Scene<'_>, view: &View, stop: &Stop, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    let machine = view.machines.iter().find(|machine| machine.id == stop.machine);
    let code = machine.map_or("?", |machine| machine.code.as_str());
    let (shape, _, word) = theme::state(stop.state);
    let until = stop.until_us.unwrap_or(now);
    let time = lasting(until.0.saturating_sub(stop.from_us.0));
    let open = if stop.until_us.is_none() { scene.say("still") } else { String::new() };
    let text = format!(
        "{shape} {code} {} {} {time} {open}",
        scene.model.zone.short(stop.from_us, now),
        scene.say(word),
    );
    let style = if stop.until_us.is_none() { theme::CARE } else { Style::new() };
    let told = Age::told(view.terminal.now_us, now, scene.model.is_live());
    Line::from(aged(&fitted(text.trim_end(), width), told, style))
}
