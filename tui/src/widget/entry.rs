//! What forms show: a field to type in, and a list to choose from.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};

use crate::{
    model::{Choice, PAGE, TextField},
    plain::{fitted, plain},
    theme,
};

/// Columns of the label before a field.
pub const LABEL: u16 = 22;

/// Letters on either side of the cursor that can be in sight.
const AROUND: usize = 80;

/// A label with a field behind it, the cursor in it when it has the focus.
pub fn field(frame: &mut Frame<'_>, area: Rect, label: &str, text: &TextField, focus: bool) {
    let room = area.width.saturating_sub(LABEL + 1).min(40);
    // What is made safe ends where it is long, so only what stands round the cursor goes in.
    let start = text.cursor().saturating_sub(AROUND);
    let raw: String = text.raw().chars().skip(start).take(2 * AROUND).collect();
    let typed = plain(&raw);
    let before = plain(&raw.chars().take(text.cursor() - start).collect::<String>());
    let column = u16::try_from(Span::raw(&before).width()).unwrap_or(u16::MAX);
    // Of a text that is too long the end is shown, where the cursor usually is.
    let hidden = column.saturating_sub(room.saturating_sub(1));
    let seen: String = typed.chars().skip(usize::from(hidden)).collect();
    let width = usize::from(room);
    let style = if focus { theme::CHOSEN } else { theme::FIELD };
    let line = Line::from(vec![
        Span::raw(format!("{:<1$}", fitted(label, usize::from(LABEL) - 1), usize::from(LABEL))),
        Span::styled(format!("{:<width$}", fitted(&seen, width)), style),
    ]);
    frame.render_widget(line, area);
    if focus {
        let x = area.x.saturating_add(LABEL).saturating_add(column - hidden);
        frame.set_cursor_position(Position { x: x.min(area.right().saturating_sub(1)), y: area.y });
    }
}

/// The page of a choice in sight: each line numbered as the digit that picks it.
pub fn list<K: Copy + PartialEq>(
    frame: &mut Frame<'_>,
    area: Rect,
    choice: &Choice<K>,
    numbered: bool,
) {
    let rows = usize::from(area.height).min(PAGE);
    if rows == 0 {
        return;
    }
    let at = choice.chosen.unwrap_or(0);
    let start = if rows == PAGE { choice.page_start() } else { at / rows * rows };
    let width = usize::from(area.width);
    let shown = choice.entries.iter().enumerate().skip(start).take(rows);
    for ((place, entry), row) in shown.zip(area.rows()) {
        let chosen = choice.chosen == Some(place);
        let mark = if chosen { "►" } else { " " };
        let number = if numbered { format!("{} ", place % PAGE + 1) } else { String::new() };
        let detail = fitted(&entry.detail, width / 3);
        let room = width.saturating_sub(Span::raw(&detail).width() + number.len() + 4);
        let label = fitted(&entry.label, room);
        let gap = " ".repeat(room.saturating_sub(Span::raw(&label).width()) + 1);
        let style = if chosen { theme::CHOSEN } else { theme::STRONG };
        let quiet = if chosen { theme::CHOSEN } else { theme::QUIET };
        let line = Line::from(vec![
            Span::styled(format!("{mark} {number}"), quiet),
            Span::styled(label, style),
            Span::styled(gap, quiet),
            Span::styled(detail, quiet),
        ]);
        frame.render_widget(line, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyEvent};
    use ratatui::{Terminal, backend::TestBackend};

    #[test]
    fn what_is_typed_last_is_seen_however_long_the_text_is() {
        let mut text = TextField::long();
        for letter in "x".repeat(300).chars().chain("the end".chars()) {
            text.key(KeyEvent::from(KeyCode::Char(letter)));
        }
        let mut terminal = Terminal::new(TestBackend::new(60, 1)).unwrap();
        terminal.draw(|frame| field(frame, frame.area(), "Text", &text, true)).unwrap();
        let line: String =
            terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(line.contains("xthe end"), "{line}");
    }
}
