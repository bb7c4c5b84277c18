//! The shift log, handovers, incidents and calls for help as they are drawn.

mod call;
mod incident;
mod note;

pub(super) use call::news as calls;
pub(super) use incident::news as incidents;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    model::Talk,
    plain::{fitted, plain},
    theme,
    widget::LABEL,
};

/// Whether the screen takes the whole body, instead of standing in a box on the overview.
pub(super) fn is_whole(talk: &Talk) -> bool {
    matches!(talk, Talk::Log(_))
}

/// Rows of the box.
pub(super) fn height(talk: &Talk) -> u16 {
    match talk {
        Talk::Note(_) | Talk::Incident(_) => 18,
        Talk::Log(_) | Talk::Incidents(_) | Talk::Give(_) | Talk::Take(_) => 18,
        Talk::Follow(_) => 14,
        Talk::Call(_) => 16,
    }
}

/// Draws one of them.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, talk: &Talk) {
    match talk {
        Talk::Log(shown) => note::log(frame, area, scene, shown),
        Talk::Note(form) => note::note(frame, area, scene, form),
        Talk::Give(form) => note::give(frame, area, scene, form),
        Talk::Take(form) => note::take(frame, area, scene, form),
        Talk::Incidents(choice) => incident::list(frame, area, scene, choice),
        Talk::Incident(form) => incident::report(frame, area, scene, form),
        Talk::Follow(form) => incident::follow(frame, area, scene, form),
        Talk::Call(form) => call::calls(frame, area, scene, form),
    }
}

/// A label with something beside it that is no field.
fn labelled(frame: &mut Frame<'_>, row: Rect, label: &str, text: Span<'static>) {
    let column = usize::from(LABEL);
    let label = Span::raw(format!("{:<column$}", fitted(label, column - 1)));
    frame.render_widget(Line::from(vec![label, text]), row);
}

/// A heading, strong where its list has the focus.
fn heading(frame: &mut Frame<'_>, row: Rect, label: &str, focus: bool) {
    let style = if focus { theme::STRONG } else { theme::QUIET };
    frame.render_widget(Span::styled(fitted(label, usize::from(row.width)), style), row);
}

/// A text in lines of at most `width` columns, broken between words where that is possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut word = plain(word);
        let fits = |line: &String, word: &str| Span::raw(format!("{line} {word}")).width() <= width;
        match lines.last_mut().filter(|line| fits(line, &word)) {
            Some(line) => {
                line.push(' ');
                line.push_str(&word);
            },
            None => {
                while Span::raw(&word).width() > width && word.chars().count() > 1 {
                    let head: String = word.chars().take(width / 2 + 1).collect();
                    word = word.chars().skip(width / 2 + 1).collect();
                    lines.push(head);
                }
                lines.push(word);
            },
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_never_wider() {
        let lines = wrapped("guard rattles when the press runs fast", 14);
        assert_eq!(lines, ["guard rattles", "when the press", "runs fast"]);
        let long = wrapped(&"x".repeat(300), 20);
        assert!(long.iter().all(|line| Span::raw(line).width() <= 20), "{long:?}");
        assert!(wrapped("  ", 10).is_empty());
        // Nothing in it steers the terminal.
        assert!(!wrapped("a\u{1b}[31mb", 40).concat().contains('\u{1b}'));
    }
}
