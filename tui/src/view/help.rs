//! Help, printed from the key table.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, framed};
use crate::{
    keys::{self, Cmd, Key, Place},
    theme,
};

/// Draws the keys of `place`.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, place: Place, scroll: u16) {
    let inside = framed(frame, area, &scene.say("help-title"));
    let shown = |cmd: Cmd| cmd.part(place).is_none_or(|part| scene.model.shows(part));
    let bindings = keys::table(place).iter().filter(|binding| shown(binding.cmd));
    let keys = bindings.map(|binding| {
        let names: Vec<String> = binding.keys.iter().copied().map(Key::name).collect();
        Line::from(vec![
            Span::styled(format!("{:>20}  ", names.join(" ")), theme::STRONG),
            Span::raw(scene.say(binding.label)),
        ])
    });
    let hint = Line::from(Span::styled(scene.say("help-badge"), theme::QUIET));
    let lines = std::iter::once(hint).chain(keys).skip(usize::from(scroll));
    for (line, row) in lines.zip(inside.rows()) {
        frame.render_widget(line, row);
    }
}
