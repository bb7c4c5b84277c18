//! Calls for help: those that are open, and whom one can call.

use kart_api::{Call, View};
use kart_core::fact::call::Help;
use ratatui::{Frame, layout::Rect, style::Style, text::Line};

use crate::{
    model::{CallForm, CallItem},
    plain::{fitted, plain},
    theme,
    view::{Scene, forms, framed},
    widget::lines,
    words::{Sentence, lasting},
};

fn kind(scene: Scene<'_>, kind: Help) -> String {
    scene.say(&format!("help-{}", kind.word()))
}

/// Who is wanted where, for how long, and who comes.
fn words(scene: Scene<'_>, call: &Call) -> String {
    let since = scene.model.daemon_now().0.saturating_sub(call.from_us.0);
    let comes = match &call.acknowledged_by {
        Some(name) => scene.tell(&Sentence::new("call-comes").with("name", plain(name))),
        None => scene.say("call-waits"),
    };
    format!("{} · {} · {} · {comes}", plain(&call.place), kind(scene, call.kind), lasting(since))
}

/// The lines of the overview: bright until somebody comes.
pub(in crate::view) fn news(scene: Scene<'_>, view: &View) -> Vec<(String, Style)> {
    let line = |call: &Call| {
        let text = Sentence::new("call-open").with("what", words(scene, call));
        let style = if call.acknowledged_by.is_some() { theme::CARE } else { theme::WRONG };
        (format!("! {}", scene.tell(&text)), style)
    };
    view.open.calls.iter().map(line).collect()
}

/// The form.
pub(super) fn calls(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &CallForm) {
    let inside = framed(frame, area, &scene.say("call-title"));
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    let calls = scene.model.view.as_ref().map(|view| &view.open.calls[..]).unwrap_or_default();
    let y = rows.nth(1).map_or(inside.bottom(), |row| row.y);
    let area = Rect { y, height: inside.bottom().saturating_sub(y + 1), ..inside };
    lines(frame, area, &form.choice, true, |one, width| {
        let text = match one.key {
            CallItem::Open(id) => {
                calls.iter().find(|call| call.id == id).map(|call| words(scene, call))
            },
            CallItem::New(help) => {
                let sentence = Sentence::new("call-new")
                    .with("help", kind(scene, help))
                    .with("place", plain(&form.place));
                Some(scene.tell(&sentence))
            },
        };
        Line::from(fitted(&text.unwrap_or_default(), width))
    });
    if let Some(row) = last {
        forms::sending(frame, row, scene, &form.sending);
    }
}
