//! The signals of a machine: value, quality, age, and how they went.

use kart_api::commissioning::Trace;
use kart_core::{signal::Quality, time::Micros};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::Sparkline,
};

use super::Scene;
use crate::{
    model::Commissioning,
    plain::fitted,
    theme,
    widget::by_arrival,
    words::{Sentence, age},
};

/// Columns for the name, the value and the age.
const LEFT: u16 = 42;

/// Draws one line for each signal, and under it the range of the one on top.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    let rows = [Constraint::Length(1), Constraint::Fill(1)];
    let [head, body] = Layout::vertical(rows).areas(area);
    let title = Sentence::new("signals-of").with("machine", shown.machine(scene.model));
    let mut title = vec![Span::styled(scene.tell(&title), theme::STRONG)];
    if shown.traces.iter().any(|trace| trace.signal.arrival) {
        title.push(Span::styled(format!("  {}", scene.say("time-of-arrival")), theme::QUIET));
    }
    frame.render_widget(Line::from(title), head);
    let from = usize::from(shown.scroll).min(shown.traces.len().saturating_sub(1));
    for (trace, row) in shown.traces.iter().skip(from).zip(body.rows()) {
        let columns = [Constraint::Length(LEFT), Constraint::Fill(1), Constraint::Length(18)];
        let [left, middle, right] = Layout::horizontal(columns).areas(row);
        frame.render_widget(of_signal(scene, trace, usize::from(left.width)), left);
        let heights = heights(&trace.points, usize::from(middle.width), scene.theme.ascii);
        match scene.theme.ascii {
            true => frame.render_widget(Line::from(plotted(&heights)), middle),
            false => frame.render_widget(
                Sparkline::default().data(heights).max(STEPS).style(theme::WELL),
                middle,
            ),
        }
        frame.render_widget(Span::styled(range(&trace.points), theme::QUIET), right);
    }
}

/// The height of a value that is the greatest of those shown.
const STEPS: u64 = 8;

/// The last values as heights. One that does not change is low and still seen.
fn heights(points: &[(Micros, f64)], width: usize, ascii: bool) -> Vec<u64> {
    let shown = points.get(points.len().saturating_sub(width)..).unwrap_or_default();
    let (least, most) = bounds(shown);
    let span = most - least;
    let steps = if ascii { 3.0 } else { 7.0 };
    let height = |value: f64| {
        let share = if span < f64::EPSILON { 0.0 } else { (value - least) / span };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share between 0 and 1 of a few steps"
        )]
        let height = (share * steps).round() as u64;
        height + 1
    };
    shown.iter().map(|(_, value)| height(*value)).collect()
}

fn plotted(heights: &[u64]) -> String {
    let letter = |height: &u64| match height {
        0 | 1 => '_',
        2 => '.',
        3 => '-',
        _ => '^',
    };
    heights.iter().map(letter).collect()
}

fn bounds(points: &[(Micros, f64)]) -> (f64, f64) {
    let values = points.iter().map(|(_, value)| *value);
    values.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)))
}

fn range(points: &[(Micros, f64)]) -> String {
    if points.is_empty() {
        return String::new();
    }
    let (least, most) = bounds(points);
    let short = |number: f64| {
        let text = number.to_string();
        if text.len() > 7 { format!("{number:.1e}") } else { text }
    };
    format!(" {}..{}", short(least), short(most))
}

fn of_signal(scene: Scene<'_>, trace: &Trace, width: usize) -> Line<'static> {
    let signal = &trace.signal;
    let value = signal.value.as_ref().map(|value| scene.words.format().value(value));
    let value = format!("{} {}", value.unwrap_or("–".to_owned()), signal.unit);
    let now = scene.model.daemon_now();
    let old = signal.at_us.map_or("–".to_owned(), |at| age(now.0.saturating_sub(at.0).max(0)));
    let old = format!("{}{old}", by_arrival(signal));
    let style = if signal.quality == Quality::Good { theme::STRONG } else { theme::OLD };
    let (name, room) = (width * 2 / 5, width.saturating_sub(width * 2 / 5 + 9));
    Line::from(vec![
        Span::styled(
            format!("{:<name$}", fitted(&signal.name, name.saturating_sub(1))),
            theme::QUIET,
        ),
        Span::styled(format!("{:<room$}", fitted(value.trim(), room.saturating_sub(1))), style),
        Span::styled(format!("{old:>8} "), theme::QUIET),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_is_the_highest_and_what_stands_still_is_low() {
        let points = |values: &[f64]| values.iter().map(|v| (Micros(0), *v)).collect::<Vec<_>>();
        assert_eq!(heights(&points(&[0.0, 7.0, 3.5]), 9, false), [1, 8, 5]);
        assert_eq!(heights(&points(&[1e9, 1e9]), 9, false), [1, 1]);
        assert_eq!(heights(&points(&[1.0, 2.0, 3.0]), 2, true), [1, 4]);
        assert_eq!(plotted(&[1, 2, 3, 4]), "_.-^");
        assert_eq!((range(&points(&[0.0, 7.0])), range(&[])), (" 0..7".into(), String::new()));
    }
}
