//! The last two lines: what just happened, and what the keys do here.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    keys::{self, Binding, Cmd, Place},
    model::{Notice, Tone},
    plain::fitted,
    theme,
    words::Sentence,
};

/// The smallest window that shows everything.
const SMALLEST: (u16, u16) = (80, 24);

/// Digits that look like a badge on its way.
const BURST: usize = 2;

/// What just happened, or what is on its way.
pub(super) fn notice(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>) {
    let model = scene.model;
    let width = usize::from(area.width);
    let waiting = model.pending.last().filter(|pending| pending.away || model.notice.is_none());
    // A PIN is nobody's business.
    let typing = matches!(
        model.place(),
        Place::Badge
            | Place::Punch
            | Place::Pin
            | Place::Record
            | Place::Amend
            | Place::Start
            | Place::Complete
    );
    let (mark, style, text) = if model.burst.digits.len() >= BURST && !typing {
        let text = Sentence::new("burst").with("digits", &model.burst.digits);
        (String::new(), Style::new(), scene.tell(&text))
    } else if let Some(pending) = waiting {
        let id = if pending.away { "pending-away" } else { "pending" };
        let what = Sentence::new(id).inner("what", pending.what.clone());
        (scene.say("mark-saving"), theme::SAVING, scene.tell(&what))
    } else if let Some(notice) = &model.notice {
        said(scene, notice)
    } else if model.size.0 < SMALLEST.0 || model.size.1 < SMALLEST.1 {
        let text = Sentence::new("small-window")
            .with("columns", model.size.0.to_string())
            .with("rows", model.size.1.to_string());
        (String::new(), Style::new(), scene.tell(&text))
    } else if let Some(hint) = model.hint.as_ref().filter(|_| model.screens.is_empty()) {
        (String::new(), Style::new(), hint.clone())
    } else {
        return;
    };
    let mark = if mark.is_empty() { String::new() } else { format!(" {mark} ") };
    let room = width.saturating_sub(Span::raw(&mark).width() + 2);
    let line = Line::from(vec![
        Span::styled(mark, style),
        Span::raw(" "),
        Span::styled(fitted(&text, room), theme::STRONG),
    ]);
    frame.render_widget(line, area);
}

fn said(scene: Scene<'_>, notice: &Notice) -> (String, Style, String) {
    let text = scene.tell(&notice.sentence);
    match notice.tone {
        Tone::Saved => (scene.say("mark-saved"), theme::SAVED, text),
        Tone::Plain => (String::new(), Style::new(), text),
        Tone::Wrong => ("!".into(), theme::WRONG, text),
    }
}

/// The keys of this place, as many as fit, and always the way back and the one that names them all.
pub(super) fn keys(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>) {
    // The last label may end in a blank that does not fit.
    let width = usize::from(area.width) + 1;
    let offered = |binding: &&Binding| {
        binding.footer && scene.model.offers(binding.cmd) && scene.model.means(binding.cmd)
    };
    let bindings = keys::table(scene.model.place()).iter().filter(offered);
    let named: Vec<(Cmd, [Span<'_>; 2])> = bindings
        .filter_map(|binding| {
            let key = Span::styled(format!(" {} ", binding.keys.first()?.name()), theme::KEY);
            Some((binding.cmd, [key, Span::raw(format!(" {} ", scene.say(binding.label)))]))
        })
        .collect();
    let columns = |spans: &[Span<'_>; 2]| spans.iter().map(Span::width).sum::<usize>();
    let all: usize = named.iter().map(|(_, spans)| columns(spans)).sum();
    let way_out = |cmd: Cmd| all > width && matches!(cmd, Cmd::Back | Cmd::Help);
    let (ways_out, others): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|(cmd, _)| way_out(*cmd));
    let kept: usize = ways_out.iter().map(|(_, spans)| columns(spans)).sum();
    let mut room = width.saturating_sub(kept);
    let mut spans = Vec::new();
    for (_, named) in others {
        match room.checked_sub(columns(&named)) {
            Some(left) => room = left,
            None => break,
        }
        spans.extend(named);
    }
    spans.extend(ways_out.into_iter().flat_map(|(_, spans)| spans));
    frame.render_widget(Line::from(spans), area);
}
