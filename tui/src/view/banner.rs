//! The first four lines: who we are, whether anything is recorded, headquarters, who is here.

use kart_api::{HqLink, Recording, Sync, View};
use kart_core::reference::Reference;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    model::{Age, Daemon},
    msg::Lost,
    plain::fitted,
    theme,
    widget::aged,
    words::{Sentence, age, lasting},
};

/// Site data older than this is worth a word in yellow.
const REFERENCE_LIMIT_US: i64 = 24 * 3_600_000_000;

/// Draws the banner.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>) {
    let [first, second, third, fourth] = lines(scene, usize::from(area.width));
    for ((line, style), row) in [first, second, third, fourth].into_iter().zip(area.rows()) {
        frame.buffer_mut().set_style(row, style);
        frame.render_widget(line, row);
    }
}

type Styled = (Line<'static>, Style);

fn lines(scene: Scene<'_>, width: usize) -> [Styled; 4] {
    let plain = |line| (line, Style::new());
    let title = plain(title(scene, width));
    let Some(view) = &scene.model.view else {
        let [problem, advice] = away(scene, width);
        return [title, problem, advice, plain(Line::default())];
    };
    let people = plain(people(scene, view, width));
    match scene.model.daemon {
        Daemon::Up => {
            let hq = headquarters(scene, &view.sync, width);
            [title, recording(scene, &view.sync, width), plain(hq), people]
        },
        Daemon::Connecting | Daemon::Lost { .. } => {
            let [problem, advice] = away(scene, width);
            [title, problem, advice, people]
        },
    }
}

fn title(scene: Scene<'_>, width: usize) -> Line<'static> {
    let model = scene.model;
    let clock = model.zone.full(model.daemon_now());
    let mut name = String::from(" Kartorium Edge");
    if let Some(view) = &model.view {
        name.push_str(" · ");
        name.push_str(&view.terminal.code);
        let reference = view.reference.as_ref();
        let station = view.terminal.station.zip(reference);
        if let Some(station) = station.and_then(|(id, reference)| reference.station(id)) {
            name.push_str(&format!(" · {} {}", station.code, station.name));
        }
    }
    let name = fitted(&name, width.saturating_sub(clock.len() + 2));
    let gap = width.saturating_sub(Span::raw(&name).width() + clock.len() + 1);
    Line::from(vec![
        Span::styled(name, theme::STRONG),
        Span::raw(" ".repeat(gap)),
        Span::styled(clock, theme::STRONG),
    ])
}

/// The daemon is not there: since when, and what still works.
fn away(scene: Scene<'_>, width: usize) -> [Styled; 2] {
    let model = scene.model;
    let known = model.view.is_some();
    let line = |text: String, style| {
        (Line::from(Span::styled(fitted(&format!(" {text}"), width), style)), style)
    };
    let Daemon::Lost { since_us, why } = &model.daemon else {
        return [line(scene.say("connecting"), theme::QUIET), line(String::new(), Style::new())];
    };
    let since = model.zone.clock(*since_us);
    let (problem, advice) = match why {
        Lost::Foreign => (Sentence::new("daemon-foreign"), "daemon-foreign-advice"),
        Lost::Fault(text) => {
            let problem = Sentence::new("daemon-fault").with("since", since).with("text", text);
            (problem, "daemon-away-advice")
        },
        Lost::NoAnswer if known => {
            (Sentence::new("daemon-away").with("since", since), "daemon-away-advice")
        },
        Lost::NoAnswer => {
            (Sentence::new("daemon-never").with("since", since), "daemon-never-advice")
        },
    };
    [
        line(format!("■ {}", scene.tell(&problem)), theme::WRONG),
        line(scene.say(advice), theme::CARE),
    ]
}

fn recording(scene: Scene<'_>, sync: &Sync, width: usize) -> Styled {
    let saved = scene.words.format().count(sync.saved);
    match &sync.recording {
        Recording::Yes => {
            let saved = scene.tell(&Sentence::new("saved-here").with("count", saved));
            let line = Line::from(vec![
                Span::styled(format!(" ● {}", scene.say("recording")), theme::WELL),
                Span::raw(format!(" · {saved}")),
            ]);
            (line, Style::new())
        },
        Recording::No { reason, since_us } => {
            let now = scene.model.daemon_now();
            let sentence = Sentence::new("not-recording")
                .with("since", scene.model.zone.short(*since_us, now))
                .with("reason", reason);
            let text = fitted(&format!(" ■ {}", scene.tell(&sentence)), width);
            (Line::from(Span::styled(text, theme::WRONG)), theme::WRONG)
        },
    }
}

fn headquarters(scene: Scene<'_>, sync: &Sync, width: usize) -> Line<'static> {
    let zone = &scene.model.zone;
    let now = scene.model.daemon_now();
    let (shape, style, state, reason) = match &sync.link {
        HqLink::Alone => {
            let text = format!(" ○ {}", scene.say("hq-alone"));
            return Line::from(Span::styled(fitted(&text, width), theme::QUIET));
        },
        HqLink::Connecting => ("○", theme::QUIET, Sentence::new("hq-connecting"), None),
        HqLink::Up => ("●", theme::WELL, Sentence::new("hq-up"), None),
        HqLink::Down { since_us, reason } => {
            let since = zone.short(*since_us, now);
            ("▲", theme::CARE, Sentence::new("hq-down").with("since", since), Some(reason))
        },
        HqLink::Refused { reason } => {
            ("■", theme::WRONG, Sentence::new("hq-refused"), Some(reason))
        },
    };
    let mut spans = vec![Span::styled(format!(" {shape} {}", scene.tell(&state)), style)];
    for (text, style) in counts(scene, sync) {
        spans.push(Span::styled(" · ", theme::QUIET));
        spans.push(Span::styled(text, style));
    }
    // The reason comes last: it is the longest, and the first to be cut.
    if let Some(reason) = reason {
        let used: usize = spans.iter().map(Span::width).sum();
        let room = width.saturating_sub(used + 3);
        spans.push(Span::styled(format!(" · {}", fitted(reason, room)), theme::CARE));
    }
    Line::from(spans)
}

fn counts(scene: Scene<'_>, sync: &Sync) -> Vec<(String, Style)> {
    let format = scene.words.format();
    let now = scene.model.daemon_now();
    let mut counts = Vec::new();
    let mut add = |sentence: Sentence, style| counts.push((scene.tell(&sentence), style));
    let acked = format.count(sync.acked);
    add(Sentence::new("at-headquarters").with("count", acked), Style::new());
    let waiting = format.count(sync.saved.saturating_sub(sync.acked));
    match sync.oldest_waiting_us.filter(|_| sync.saved > sync.acked) {
        Some(oldest) => {
            let oldest = age(now.0.saturating_sub(oldest.0));
            let sentence = Sentence::new("waiting-oldest").with("count", waiting);
            add(sentence.with("oldest", oldest), Style::new());
        },
        None => add(Sentence::new("waiting").with("count", waiting), Style::new()),
    }
    if sync.quarantined > 0 {
        let held = format.count(sync.quarantined);
        add(Sentence::new("held").with("count", held), theme::CARE);
    }
    match sync.reference_us {
        Some(at) => {
            let us = now.0.saturating_sub(at.0);
            let style = if us > REFERENCE_LIMIT_US { theme::CARE } else { Style::new() };
            add(Sentence::new("site-data").with("age", age(us)), style);
        },
        None => add(Sentence::new("site-data-never"), theme::CARE),
    }
    counts
}

fn people(scene: Scene<'_>, view: &View, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    if view.reference.is_none() {
        return Line::from(Span::styled(format!(" {}", scene.say("no-site")), theme::CARE));
    }
    if view.people.is_empty() {
        return Line::from(Span::styled(format!(" {}", scene.say("nobody-here")), theme::QUIET));
    }
    let here = |present: &kart_api::Present| {
        let station =
            view.reference.as_ref().and_then(|site: &Reference| site.station(present.station));
        let elsewhere = station.filter(|_| view.terminal.station != Some(present.station));
        let place = elsewhere.map_or(String::new(), |station| format!(" {}", station.code));
        let time = lasting(now.0.saturating_sub(present.since_us.0));
        format!("{}{place} {time}", fitted(&present.name, 30))
    };
    let names: Vec<String> = view.people.iter().map(here).collect();
    let label = format!(" {} ", scene.say("here"));
    let room = width.saturating_sub(Span::raw(&label).width());
    let age = Age::told(view.terminal.now_us, now, scene.model.is_live());
    Line::from(vec![
        Span::styled(label, theme::QUIET),
        aged(&fitted(&names.join(" · "), room), age, Style::new()),
    ])
}
