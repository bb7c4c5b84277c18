//! One machine over the whole window, to be read from two metres away: its state, its good parts, its
//! pace.

use kart_core::id::EquipmentId;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{Scene, pace};
use crate::{
    plain::{fitted, plain},
    theme,
    widget::{aged, aging, huge},
    words::{Sentence, ticking},
};

/// Draws the machine.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, id: EquipmentId) {
    let Some(view) = &scene.model.view else { return };
    let Some(machine) = scene.model.machine_by_id(id) else {
        let gone = Line::from(scene.say("machine-gone"));
        frame.render_widget(gone.centered(), area.centered_vertically(Constraint::Length(1)));
        return;
    };
    let standing = scene.model.standing(view, machine);
    let rows = [Constraint::Length(3), Constraint::Fill(1), Constraint::Length(3)];
    let [top, middle, bottom] = Layout::vertical(rows).areas(area);

    let (shape, style, _) = theme::state(machine.state);
    let style = if standing.state_age.is_old() { theme::OLD } else { style };
    let state = scene.state(machine.state).to_uppercase();
    let time = ticking(standing.in_state_us);
    let text = format!("{shape} {} · {state} · {time}", plain(&machine.code));
    band(frame, top, &fitted(&text, usize::from(top.width)), style);

    let format = scene.words.format();
    let digits = huge(&machine.good.max(0).to_string(), middle.width, middle.height);
    let height = u16::try_from(digits.len()).unwrap_or(0);
    let rows = middle.centered_vertically(Constraint::Length(height)).rows();
    for (line, row) in digits.into_iter().zip(rows) {
        let text = Line::from(aged(&line, standing.age, theme::STRONG));
        frame.render_widget(text.centered(), row);
    }

    let target = machine.batch.as_ref().and_then(|batch| batch.target);
    let told = match target {
        Some(target) => Sentence::new("good-of").with("target", format.whole(target)),
        None => Sentence::new("good-parts"),
    };
    let batch = machine.batch.as_ref().map_or_else(
        || scene.say("no-batch-here"),
        |batch| format!("{} {}", plain(&batch.number), plain(&batch.product_name)),
    );
    let known = aging(standing.age, scene.words).content.into_owned();
    let (pace, style) = match pace::of(scene, &standing) {
        Some((told, share)) => {
            let span = pace::told(scene, told, share);
            (format!(" · {}", span.content), span.style)
        },
        None => (String::new(), Style::new()),
    };
    let text = format!("{}{pace} · {batch} · {known}", scene.tell(&told));
    band(frame, bottom, &fitted(&text, usize::from(bottom.width)), style);
}

/// Three rows in one style with a line of text in the middle.
fn band(frame: &mut Frame<'_>, area: Rect, text: &str, style: Style) {
    frame.buffer_mut().set_style(area, style);
    let line = Line::from(Span::styled(text.to_owned(), style));
    frame.render_widget(line.centered(), area.centered_vertically(Constraint::Length(1)));
}
