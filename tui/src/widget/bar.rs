//! A progress bar.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use crate::{model::Age, theme, widget::aged};

/// `width` columns: how much of `target` is done, and the share in percent.
pub fn bar(done: i64, target: i64, width: u16, age: Age, style: Style) -> Line<'static> {
    let (done, target) = (done.max(0), target.max(1));
    let percent = done.saturating_mul(100) / target;
    let share = format!(" {percent} %");
    let room = usize::from(width).saturating_sub(share.len().max(6));
    let cells = i64::try_from(room).unwrap_or(0);
    let full = done.min(target).saturating_mul(cells) / target;
    let full = usize::try_from(full).unwrap_or(0).min(room);
    Line::from(vec![
        aged(&"█".repeat(full), age, style),
        Span::styled("░".repeat(room - full), theme::FRAME),
        aged(&share, age, theme::STRONG),
    ])
}
