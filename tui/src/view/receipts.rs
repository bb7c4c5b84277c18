//! What was recorded here lately, and where it is.

use kart_api::{Receipt, Stage};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, framed};
use crate::{plain::fitted, theme, words::Sentence};

/// Draws the receipts, the newest first.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, scroll: u16) {
    let inside = framed(frame, area, &scene.say("receipts"));
    let receipts = scene.model.view.as_ref().map(|view| view.receipts.as_slice());
    let receipts = receipts.unwrap_or_default();
    if receipts.is_empty() {
        frame.render_widget(Span::styled(scene.say("no-receipts"), theme::QUIET), inside);
        return;
    }
    // A refused receipt needs a second line for its reason, so rows are dealt one by one.
    let mut rows = inside.rows();
    for receipt in receipts.iter().skip(usize::from(scroll)) {
        let Some(row) = rows.next() else { break };
        frame.render_widget(line(scene, receipt, usize::from(row.width)), row);
        if let Some((reason, style)) = reason(scene, &receipt.stage)
            && let Some(row) = rows.next()
        {
            let text = fitted(&format!("    {reason}"), usize::from(row.width));
            frame.render_widget(Span::styled(text, style), row);
        }
    }
}

/// Time, number, what it was, and where it is.
pub(super) fn line(scene: Scene<'_>, receipt: &Receipt, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    let (stage, style) = stage(scene, &receipt.stage);
    let at = scene.model.zone.short(receipt.at_us, now);
    let left = format!("{at}  #{} ", receipt.seq);
    let what = what(scene, receipt);
    let room = width.saturating_sub(Span::raw(&left).width() + Span::raw(&stage).width() + 2);
    let what = fitted(&what, room);
    let gap = room.saturating_sub(Span::raw(&what).width()) + 2;
    Line::from(vec![
        Span::styled(left, theme::QUIET),
        Span::raw(what),
        Span::raw(" ".repeat(gap)),
        Span::styled(stage, style),
    ])
}

/// What was recorded, in words.
pub(super) fn what(scene: Scene<'_>, receipt: &Receipt) -> String {
    let kind = scene.say(&format!("kind-{}", receipt.kind.replace('_', "-")));
    let mut parts = vec![kind];
    parts.extend(receipt.name.clone());
    if !receipt.about.is_empty() {
        parts.push(receipt.about.clone());
    }
    parts.join(" · ")
}

/// Where it is, with its shape.
pub(super) fn stage(scene: Scene<'_>, stage: &Stage) -> (String, Style) {
    match stage {
        Stage::Saved => (format!("○ {}", scene.say("stage-saved")), Style::new()),
        Stage::Sending => (format!("◌ {}", scene.say("stage-sending")), Style::new()),
        Stage::AtHeadquarters => (format!("● {}", scene.say("stage-at-headquarters")), theme::WELL),
        Stage::Waiting { .. } => (format!("▲ {}", scene.say("stage-waiting")), theme::CARE),
        Stage::Refused { .. } => (format!("✗ {}", scene.say("stage-refused")), theme::WRONG),
    }
}

/// Why it is held back, in the operator's language; the detail of headquarters is for those who
/// look there.
fn reason(scene: Scene<'_>, stage: &Stage) -> Option<(String, Style)> {
    let (code, detail, style) = match stage {
        Stage::Waiting { code, detail } => (code, detail, theme::CARE),
        Stage::Refused { code, detail } => (code, detail, theme::CARE),
        Stage::Saved | Stage::Sending | Stage::AtHeadquarters => return None,
    };
    let sentence = match code.as_str() {
        "unresolved_ref" => Sentence::new("held-unresolved-ref"),
        "waits_for_record" => Sentence::new("held-waits-for-record"),
        "unreadable" => Sentence::new("held-unreadable"),
        "bad_text" => Sentence::new("held-bad-text"),
        "refused" => Sentence::new("held-refused"),
        _ => Sentence::new("held-otherwise").with("detail", detail),
    };
    Some((scene.tell(&sentence), style))
}
