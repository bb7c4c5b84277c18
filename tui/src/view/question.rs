//! What is asked with a batch, and who else agrees: one row each.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    model::Question,
    plain::fitted,
    theme,
    widget::{LABEL, field},
    words::wanted,
};

/// A question: a field to type in, or what is chosen between two arrows.
pub(super) fn question(
    frame: &mut Frame<'_>,
    row: Rect,
    scene: Scene<'_>,
    asked: &Question,
    focus: bool,
) {
    let mark = if asked.required { "*" } else { "" };
    let label = format!("{}{mark}", asked.label);
    if !asked.chooses() {
        field(frame, row, &label, &asked.text, focus);
        let hint = scene.tell(&wanted(asked.takes));
        let left = (LABEL + 41).min(row.width);
        let room = row.width.saturating_sub(left);
        let place = Rect { x: row.x + left, width: room, ..row };
        frame.render_widget(Span::styled(fitted(&hint, usize::from(room)), theme::QUIET), place);
        return;
    }
    let column = usize::from(LABEL);
    let chosen = match asked.answer() {
        Some(answer) if answer == "true" => scene.say("answer-yes"),
        Some(answer) if answer == "false" => scene.say("answer-no"),
        Some(answer) => answer,
        None => scene.say("answer-none"),
    };
    let room = usize::from(row.width.saturating_sub(LABEL + 6).min(36));
    let style = if focus { theme::CHOSEN } else { theme::FIELD };
    let line = Line::from(vec![
        Span::raw(format!("{:<column$}", fitted(&label, column - 1))),
        Span::styled("◄ ", theme::QUIET),
        Span::styled(format!("{:<room$}", fitted(&chosen, room)), style),
        Span::styled(" ►", theme::QUIET),
    ]);
    frame.render_widget(line, row);
}
