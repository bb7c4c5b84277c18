//! Readings of counters that are held, and saying what they are.

use kart_api::Held;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, forms, framed};
use crate::{
    model::{HeldForm, PAGE},
    plain::{fitted, plain},
    theme,
    words::Sentence,
};

/// What is held, in one sentence.
pub(super) fn told(scene: Scene<'_>, held: &Held) -> String {
    let at = scene.model.zone.short(held.at_us, scene.model.daemon_now());
    let format = scene.words.format();
    let sentence = Sentence::new("reading-held")
        .with("counter", plain(&held.source))
        .with("before", format.whole(held.before))
        .with("now", format.whole(held.now))
        .with("at", at);
    scene.tell(&sentence)
}

/// The form.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &HeldForm) {
    let title = Sentence::new("held-title").with("machine", plain(&form.code));
    let inside = framed(frame, area, &scene.tell(&title));
    let width = usize::from(inside.width);
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    let start = form.words.page_start();
    let shown = form.words.entries.iter().enumerate().skip(start).take(PAGE);
    for ((place, entry), row) in shown.zip(rows.by_ref().skip(1)) {
        let (at, accept) = entry.key;
        let Some(held) = form.held.get(at) else { continue };
        let word = scene.say(if accept { "held-accept" } else { "held-drop" });
        let chosen = form.words.chosen == Some(place);
        let mark = if chosen { "►" } else { " " };
        let format = scene.words.format();
        let (before, now) = (format.whole(held.before), format.whole(held.now));
        let number = place % PAGE + 1;
        let text = format!("{mark} {number} {} {before} → {now} · {word}", plain(&held.source));
        let line = Line::from(fitted(&text, width));
        frame.render_widget(if chosen { line.style(theme::CHOSEN) } else { line }, row);
    }
    if let Some(row) = rows.next() {
        let hint = fitted(&scene.say("held-hint"), width);
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    if let Some(row) = inside.rows().next_back() {
        forms::sending(frame, row, scene, &form.sending);
    }
}
