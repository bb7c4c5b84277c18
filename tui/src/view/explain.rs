//! Saying why a machine stood.

use kart_core::{fact::stop::Because, machine::MachineState};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, forms, framed, sidebar};
use crate::{
    model::{Choice, Entry, ExplainForm, Listed, PAGE, Subject, Why, listed},
    plain::{fitted, plain},
    theme,
    widget::{field, list},
    words::{Sentence, lasting},
};

/// The reasons for one stop, for several, or what a blind time was.
pub(super) fn explain(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &ExplainForm) {
    let inside = framed(frame, area, &title(scene, form));
    let mut rows = inside.rows();
    let width = usize::from(inside.width);
    if let Some(row) = rows.next() {
        frame.render_widget(about(scene, form, width), row);
    }
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    let page = u16::try_from(PAGE).unwrap_or(9);
    let top = rows.next().map_or(inside.bottom(), |row| row.y);
    let room = inside.bottom().saturating_sub(top);
    let reasons = Rect { y: top, height: page.min(room.saturating_sub(3)), ..inside };
    list(frame, reasons, &said(scene, form), true);
    if form.reasons.entries.is_empty() {
        frame.render_widget(Span::styled(scene.say("no-reason-found"), theme::CARE), reasons);
    }
    let more = form.reasons.entries.len().saturating_sub(form.reasons.page_start() + PAGE);
    let mut below = (reasons.bottom()..inside.bottom()).map(|y| Rect { y, height: 1, ..inside });
    if let Some(row) = below.next() {
        let more = Sentence::new("more").count("count", i64::try_from(more).unwrap_or(i64::MAX));
        let more = scene.tell(&more);
        let text = match (form.reasons.entries.len() > PAGE, form.filter.is_empty()) {
            (_, false) => {
                scene.tell(&Sentence::new("looked-for").with("text", form.filter.as_str()))
            },
            (true, true) => format!("{more} · {}", scene.say("type-to-find")),
            (false, true) => String::new(),
        };
        frame.render_widget(Span::styled(fitted(&text, width), theme::QUIET), row);
    }
    let comments = matches!(form.about, Subject::Stop(_));
    if let Some(row) = below.next()
        && comments
    {
        field(frame, row, &scene.say("comment"), &form.comment, form.commenting);
    }
    if let Some(row) = below.next_back() {
        forms::sending(frame, row, scene, &form.sending);
    }
}

/// What is asked, and which rule took it for a stop: whoever doubts it can name it.
fn title(scene: Scene<'_>, form: &ExplainForm) -> String {
    let stops = scene.model.view.iter().flat_map(|view| &view.stops);
    let of_it =
        |stop: &&kart_api::Stop| form.about == Subject::Stop(stop.id) && !stop.rule.is_empty();
    let made_by = stops.filter(of_it).map(|stop| format!(" · {}", plain(&stop.rule))).next();
    let title = match &form.about {
        Subject::Blind(_) => "blind-title",
        Subject::Shared(_) => "share-title",
        Subject::Site => "site-title",
        Subject::Stop(_) | Subject::Stops(_) => "explain-title",
    };
    scene.say(title) + &made_by.unwrap_or_default()
}

/// The stop, the blind time, or how many stops.
fn about(scene: Scene<'_>, form: &ExplainForm, width: usize) -> Line<'static> {
    let Some(view) = &scene.model.view else { return Line::default() };
    let count = |id, stops: &[kart_core::id::RecordId]| {
        let code = scene.model.machine_by_id(form.machine).map(|machine| machine.code.clone());
        let count = i64::try_from(stops.len()).unwrap_or(i64::MAX);
        let sentence =
            Sentence::new(id).count("count", count).with("machine", code.unwrap_or_default());
        Line::from(fitted(&scene.tell(&sentence), width))
    };
    match &form.about {
        Subject::Stops(stops) => count("several-alike", stops),
        Subject::Shared(stops) => count("several-shared", stops),
        Subject::Site => Line::from(fitted(&scene.say("everything-stands"), width)),
        Subject::Stop(id) | Subject::Blind(id) => match listed(view, *id) {
            Some(Listed::Stop(stop)) => sidebar::stop(scene, view, stop, width),
            Some(Listed::Blind(blind)) => super::stops::blind(scene, blind, width),
            None => Line::from(scene.say("refusal-no-such-stop")),
        },
    }
}

/// The reasons with what stands beside them.
fn said(scene: Scene<'_>, form: &ExplainForm) -> Choice<Why> {
    let entry = |entry: &Entry<Why>| {
        let beside = form.because(entry.key).map(|because| scene.say(word(because)));
        let group = match form.twin(entry.key) {
            Some(group_type) => format!("⇄ {}", scene.say(group_word(group_type))),
            None => entry.detail.clone(),
        };
        let label = match entry.key {
            Why::Reason(_) => entry.label.clone(),
            Why::Ran => scene.say("blind-ran"),
            Why::Nobody => scene.say("blind-nobody"),
        };
        let twin = form.twin(entry.key).is_some();
        let detail = match beside {
            Some(beside) if twin => format!("{beside} {group}"),
            Some(beside) => beside,
            None => group,
        };
        Entry { key: entry.key, label, detail }
    };
    Choice {
        entries: form.reasons.entries.iter().map(entry).collect(),
        chosen: form.reasons.chosen,
    }
}

/// The words for why a reason is offered.
pub(super) fn word(because: Because) -> &'static str {
    match because {
        Because::Map => "because-map",
        Because::Fault => "because-fault",
        Because::Before => "because-before",
        Because::Product => "because-product",
        Because::Hour => "because-hour",
        Because::Favourite => "because-favourite",
        Because::Listed => "because-listed",
    }
}

fn group_word(group_type: &str) -> &'static str {
    match group_type {
        "planned" => "group-planned",
        "idle" => "group-idle",
        _ => "group-unplanned",
    }
}

/// How long, and in which state: for lines of several stops.
pub(super) fn lasted(scene: Scene<'_>, state: MachineState, us: i64) -> String {
    format!("{} {}", scene.state(state), lasting(us))
}
