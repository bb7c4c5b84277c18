//! The screens of commissioning: their names in one line, and the one that is shown beneath.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{Scene, plan, registers, rules, topics, traces};
use crate::{
    model::{Commissioning, Tab},
    plain::fitted,
    theme,
    words::Sentence,
};

/// Draws the screen that is shown.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    let rows = [Constraint::Length(1), Constraint::Fill(1)];
    let [tabs, body] = Layout::vertical(rows).areas(area);
    frame.render_widget(names(scene, shown), tabs);
    let body = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    if let Some(why) = &shown.lost {
        let [row, rest] = Layout::vertical(rows).areas(body);
        let text = scene.tell(&Sentence::new("commissioning-lost").with("reason", why));
        let text = fitted(&text, usize::from(row.width));
        frame.render_widget(Span::styled(text, theme::CARE), row);
        return view(frame, rest, scene, shown);
    }
    view(frame, body, scene, shown);
}

fn view(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    match shown.tab {
        Tab::Registers => registers::draw(frame, area, scene, shown),
        Tab::Topics => topics::draw(frame, area, scene, shown),
        Tab::Signals => traces::draw(frame, area, scene, shown),
        Tab::Rules => rules::draw(frame, area, scene, shown),
        Tab::Plan => plan::draw(frame, area, scene, shown),
    }
}

fn names(scene: Scene<'_>, shown: &Commissioning) -> Line<'static> {
    let mut spans = vec![Span::styled(format!(" {} ", scene.say("commissioning")), theme::QUIET)];
    for (place, tab) in Tab::ALL.iter().enumerate() {
        let style = if *tab == shown.tab { theme::CHOSEN } else { theme::QUIET };
        let text = format!(" {} {} ", place + 1, scene.say(tab.label()));
        spans.extend([Span::styled(text, style), Span::raw(" ")]);
    }
    Line::from(spans)
}
