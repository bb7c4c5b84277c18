//! Incidents: those that are open, a report, and what becomes of one.

use kart_api::{Incident, View};
use kart_core::id::RecordId;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{heading, labelled, wrapped};
use crate::{
    model::{Choice, FollowForm, IncidentForm, TalkField},
    plain::{fitted, plain},
    theme,
    view::{Scene, forms, framed},
    widget::{field, lines, list as choices},
    words::{Sentence, lasting},
};

/// Where, what, how bad, and for how long.
pub(super) fn words(scene: Scene<'_>, open: &Incident) -> String {
    let what = if open.label.is_empty() {
        open.comment.clone().unwrap_or_else(|| scene.say("incident"))
    } else {
        open.label.clone()
    };
    let since = scene.model.daemon_now().0.saturating_sub(open.from_us.0);
    let place = open.machines.join(", ");
    let severity = scene.say(&format!("severity-{}", open.severity.word()));
    let parts = [place, what, severity, lasting(since)];
    parts
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| plain(part))
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The lines of the overview.
pub(in crate::view) fn news(scene: Scene<'_>, view: &View) -> Vec<(String, Style)> {
    let line = |open: &Incident| {
        let text = Sentence::new("incident-open").with("what", words(scene, open));
        let looked = if open.troubleshooting_us.is_some() { theme::CARE } else { theme::SAVING };
        (format!("▲ {}", scene.tell(&text)), looked)
    };
    view.open.incidents.iter().map(line).collect()
}

/// Those that are open.
pub(super) fn list(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, choice: &Choice<RecordId>) {
    let inside = framed(frame, area, &scene.say("incidents-title"));
    let Some(view) = &scene.model.view else { return };
    lines(frame, inside, choice, true, |one, width| {
        let open = view.open.incidents.iter().find(|open| open.id == one.key);
        Line::from(fitted(&open.map_or(String::new(), |open| words(scene, open)), width))
    });
}

/// A report.
pub(super) fn report(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &IncidentForm) {
    let inside = framed(frame, area, &scene.say("incident-title"));
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    if let Some(row) = rows.next() {
        let severity = scene.say(&format!("severity-{}", form.severity.word()));
        labelled(frame, row, &scene.say("severity"), Span::styled(severity, theme::STRONG));
    }
    if let Some(row) = rows.next() {
        let of: &str =
            if form.focus == TalkField::About { "incident-mark" } else { "incident-machines" };
        heading(frame, row, &scene.say(of), form.focus == TalkField::About);
    }
    if let Some(row) = rows.next() {
        machines(frame, row, scene, form);
    }
    if let Some(row) = rows.next() {
        heading(frame, row, &scene.say("incident-reason"), form.focus == TalkField::Kind);
        let height = inside.bottom().saturating_sub(row.y + 4).min(9);
        let area = Rect { y: row.y + 1, height, ..row };
        if form.reasons.entries.is_empty() {
            frame.render_widget(Span::styled(scene.say("incident-no-reasons"), theme::QUIET), area);
        } else {
            choices(frame, area, &form.reasons, form.focus == TalkField::Kind);
        }
    }
    let row = inside.rows().rev().nth(1);
    if let Some(row) = row {
        field(frame, row, &scene.say("comment"), &form.comment, form.focus == TalkField::Text);
    }
    if let Some(row) = last {
        forms::sending(frame, row, scene, &form.sending);
    }
}

fn machines(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, form: &IncidentForm) {
    if form.machines.is_empty() {
        frame.render_widget(Span::styled(scene.say("incident-of-station"), theme::QUIET), row);
        return;
    }
    let shown = form.machines.iter().enumerate().map(|(place, (_, code, marked))| {
        let mark = if *marked { "[x]" } else { "[ ]" };
        let here = form.focus == TalkField::About && place == form.at;
        let style = if here {
            theme::CHOSEN
        } else if *marked {
            theme::STRONG
        } else {
            theme::QUIET
        };
        Span::styled(format!("{} {mark} {}  ", place + 1, plain(code)), style)
    });
    frame.render_widget(Line::from(shown.collect::<Vec<_>>()), row);
}

/// What becomes of one.
pub(super) fn follow(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &FollowForm) {
    let inside = framed(frame, area, &scene.say("follow-title"));
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    let all = scene.model.view.as_ref().map(|view| &view.open.incidents[..]).unwrap_or_default();
    let width = usize::from(inside.width);
    let Some(open) = all.iter().find(|open| open.id == form.incident) else {
        if let Some(row) = rows.nth(1) {
            frame.render_widget(Span::raw(scene.say("refusal-no-such-incident")), row);
        }
        return;
    };
    if let Some(row) = rows.next() {
        frame.render_widget(Span::styled(fitted(&words(scene, open), width), theme::STRONG), row);
    }
    let comment = open.comment.clone().unwrap_or_default();
    for (line, row) in wrapped(&comment, width).into_iter().zip(rows.by_ref().take(4)) {
        frame.render_widget(Line::from(line), row);
    }
    if let Some(row) = rows.next() {
        let (id, name) = match (&open.troubleshooting_us, &open.troubleshooting_by) {
            (Some(_), Some(name)) => ("follow-by", name.clone()),
            (Some(_), None) => ("follow-somebody", String::new()),
            (None, _) => ("follow-nobody", String::new()),
        };
        let text = scene.tell(&Sentence::new(id).with("name", plain(&name)));
        frame.render_widget(Span::styled(fitted(&text, width), theme::QUIET), row);
    }
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("follow-notes"), &form.notes, true);
    }
    if let Some(row) = last {
        forms::sending(frame, row, scene, &form.sending);
    }
}
