//! What forms show: a field to type in, and a list to choose from.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};

use crate::{
    model::{Choice, Entry, PAGE, TextField},
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

/// The page of a choice in sight: each line with its mark and, where digits pick, with the digit that
/// picks it. `words` says what stands there in so many columns.
pub fn lines<K: Copy + PartialEq>(
    frame: &mut Frame<'_>,
    area: Rect,
    choice: &Choice<K>,
    digits: bool,
    words: impl Fn(&Entry<K>, usize) -> Line<'static>,
) {
    let rows = usize::from(area.height).min(PAGE);
    if rows == 0 {
        return;
    }
    // A digit picks within its page, so that no line of the next one is shown beside it.
    let page = choice.page_start();
    let start = page + (choice.chosen.unwrap_or(0) - page) / rows * rows;
    let shown = choice.entries.iter().enumerate().take(page + PAGE).skip(start);
    for ((place, entry), row) in shown.zip(area.rows()) {
        let chosen = choice.chosen == Some(place);
        let mark = if chosen { "►" } else { " " };
        let number = if digits { format!("{} ", place % PAGE + 1) } else { String::new() };
        let width = usize::from(row.width).saturating_sub(2 + number.len());
        let mut line = words(entry, width);
        line.spans.insert(0, Span::styled(format!("{mark} {number}"), theme::QUIET));
        let line = if chosen { Line::from(line.to_string()).style(theme::CHOSEN) } else { line };
        frame.render_widget(line, row);
    }
}

/// The same of entries with words of their own: what each is called, and in small what stands beside it.
pub fn list<K: Copy + PartialEq>(
    frame: &mut Frame<'_>,
    area: Rect,
    choice: &Choice<K>,
    digits: bool,
) {
    lines(frame, area, choice, digits, |entry, width| {
        let detail = fitted(&entry.detail, (width + 4) / 3);
        let room = width.saturating_sub(Span::raw(&detail).width() + 2);
        let label = fitted(&entry.label, room);
        let gap = " ".repeat(room.saturating_sub(Span::raw(&label).width()) + 1);
        Line::from(vec![
            Span::styled(label, theme::STRONG),
            Span::raw(gap),
            Span::styled(detail, theme::QUIET),
        ])
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyEvent};
    use ratatui::{Terminal, backend::TestBackend};

    fn drawn(rows: u16, choice: &Choice<usize>) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(12, rows)).unwrap();
        let words = |entry: &Entry<usize>, _| Line::from(format!("no {}", entry.key));
        terminal.draw(|frame| lines(frame, frame.area(), choice, true, words)).unwrap();
        let cells = terminal.backend().buffer().content.chunks(12);
        let row =
            |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect();
        cells.map(row).map(|row: String| row.trim_end().to_owned()).collect()
    }

    #[test]
    fn the_digit_beside_a_line_picks_it_however_many_there_are() {
        for rows in [3, 4, 9, 12] {
            for at in 0..20 {
                let mut choice = Choice::of(0..20_usize);
                choice.chosen = Some(at);
                for line in drawn(rows, &choice).iter().filter(|line| !line.is_empty()) {
                    let told: Vec<&str> = line.trim_start_matches('►').split_whitespace().collect();
                    let mut picked = choice.clone();
                    assert!(picked.pick(told[0].parse().unwrap()), "{line}");
                    assert_eq!(picked.key().unwrap().to_string(), told[2], "{rows} {at} {line}");
                }
            }
        }
        let mut tenth = Choice::of(0..12_usize);
        tenth.chosen = Some(9);
        assert_eq!(drawn(4, &tenth)[..2], ["► 1 no 9", "  2 no 10"]);
    }

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
