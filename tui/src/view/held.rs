//! Readings of counters that are held, and saying what they are.

use kart_api::Held;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, forms, framed};
use crate::{
    model::HeldForm,
    plain::{fitted, plain},
    theme,
    widget::lines,
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
    let y = rows.nth(1).map_or(inside.bottom(), |row| row.y);
    let area = Rect { y, height: inside.bottom().saturating_sub(y + 2), ..inside };
    lines(frame, area, &form.words, true, |entry, width| {
        let (at, accept) = entry.key;
        let Some(held) = form.held.get(at) else { return Line::default() };
        let word = scene.say(if accept { "held-accept" } else { "held-drop" });
        let format = scene.words.format();
        let (before, now) = (format.whole(held.before), format.whole(held.now));
        let text = format!("{} {before} → {now} · {word}", plain(&held.source));
        Line::from(fitted(&text, width))
    });
    let lines = u16::try_from(form.words.entries.len()).unwrap_or(u16::MAX).min(area.height);
    if let Some(row) = rows.nth(usize::from(lines.saturating_sub(1))) {
        let hint = fitted(&scene.say("held-hint"), width);
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    if let Some(row) = inside.rows().next_back() {
        forms::sending(frame, row, scene, &form.sending);
    }
}
