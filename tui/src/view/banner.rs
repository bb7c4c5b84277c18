//! The first four lines: who we are, whether anything is recorded, headquarters, who is here.

use kart_api::{HqLink, Recording, Sync, Time, View};
use kart_core::{clock::TOLERANCE_US, reference::Reference, room::Room, time::Micros};
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
    let people = plain(crew(scene, view, width));
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
        let station = model.chosen.or(view.terminal.station).zip(model.reference());
        if let Some(station) = station.and_then(|(id, reference)| reference.station(id)) {
            name.push_str(&format!(" · {} {}", station.code, station.name));
        }
    }
    let doubt = model.view.as_ref().and_then(|view| doubt(scene, view.terminal.time));
    let doubt = doubt.map_or(String::new(), |doubt| format!("▲ {doubt}  "));
    let right = Span::raw(&doubt).width() + clock.len();
    let name = fitted(&name, width.saturating_sub(right + 2));
    let gap = width.saturating_sub(Span::raw(&name).width() + right + 1);
    Line::from(vec![
        Span::styled(name, theme::STRONG),
        Span::raw(" ".repeat(gap)),
        Span::styled(doubt, theme::CARE),
        Span::styled(clock, theme::STRONG),
    ])
}

/// What speaks against the time, if anything does.
fn doubt(scene: Scene<'_>, time: Time) -> Option<String> {
    let told = match time {
        Time::Believed => return None,
        // It has been set right since.
        Time::Corrected(fast_us) if fast_us.abs() < TOLERANCE_US => return None,
        Time::Unconfirmed => Sentence::new("time-unconfirmed"),
        Time::Adrift { since_us, within_us } => {
            let since = scene.model.zone.short(since_us, scene.model.daemon_now());
            let by = (within_us / 1_000_000).to_string();
            Sentence::new("time-adrift").with("since", since).with("by", by)
        },
        Time::Corrected(fast_us) if fast_us < 0 => {
            Sentence::new("clock-slow").with("by", age(fast_us.saturating_neg()))
        },
        Time::Corrected(fast_us) => Sentence::new("clock-fast").with("by", age(fast_us)),
    };
    Some(scene.tell(&told))
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

/// Whether it is recorded, and how far it has come.
fn recording(scene: Scene<'_>, sync: &Sync, width: usize) -> Styled {
    match &sync.recording {
        Recording::Yes => {
            let state = Span::styled(format!(" ● {}", scene.say("recording")), theme::WELL);
            let mut more = Vec::from_iter(filling(scene, sync));
            more.extend(damaged(scene, sync));
            more.extend(counts(scene, sync));
            (joined(vec![state], more, width), Style::new())
        },
        Recording::No { reason, since_us } => {
            let now = scene.model.daemon_now();
            let sentence = Sentence::new("not-recording")
                .with("form", form(scene, *since_us))
                .with("since", scene.model.zone.short(*since_us, now))
                .with("reason", reason);
            let text = fitted(&format!(" ■ {}", scene.tell(&sentence)), width);
            (Line::from(Span::styled(text, theme::WRONG)), theme::WRONG)
        },
    }
}

/// The number of the paper form on which people go on: of this terminal, and since when.
fn form(scene: Scene<'_>, since: Micros) -> String {
    let terminal = scene.model.view.as_ref().map(|view| view.terminal.code.as_str());
    scene.model.zone.form(terminal.unwrap_or_default(), since)
}

/// That the disk fills up, where something was given up for it already.
fn filling(scene: Scene<'_>, sync: &Sync) -> Option<Span<'static>> {
    let said = match sync.room {
        Room::Plenty | Room::Low | Room::Short => return None,
        Room::Scarce => "disk-scarce",
        Room::Last => "disk-last",
    };
    Some(Span::styled(format!("▲ {}", scene.say(said)), theme::CARE))
}

/// That the log was damaged, until this is settled.
fn damaged(scene: Scene<'_>, sync: &Sync) -> Option<Span<'static>> {
    let damage = sync.damage.as_ref()?;
    let since = scene.model.zone.short(damage.at_us, scene.model.daemon_now());
    let sentence =
        Sentence::new("log-damaged").with("since", since).with("file", damage.file.clone());
    Some(Span::styled(format!("▲ {}", scene.tell(&sentence)), theme::CARE))
}

/// The connection, why it is not there, and what headquarters knows.
fn headquarters(scene: Scene<'_>, sync: &Sync, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    let (shape, style, state, reason) = match &sync.link {
        HqLink::Alone => {
            let text = format!(" ○ {}", scene.say("hq-alone"));
            return Line::from(Span::styled(fitted(&text, width), theme::QUIET));
        },
        HqLink::Connecting => ("○", theme::QUIET, Sentence::new("hq-connecting"), None),
        HqLink::Preparing { progress } => {
            ("○", theme::CARE, Sentence::new("hq-preparing"), Some(progress))
        },
        HqLink::Up => ("●", theme::WELL, Sentence::new("hq-up"), None),
        HqLink::Down { since_us, reason } => {
            let since = scene.model.zone.short(*since_us, now);
            ("▲", theme::CARE, Sentence::new("hq-down").with("since", since), Some(reason))
        },
        HqLink::Refused { reason } => {
            ("■", theme::WRONG, Sentence::new("hq-refused"), Some(reason))
        },
    };
    let state = Span::styled(format!(" {shape} {}", scene.tell(&state)), style);
    let mut more = knowledge(scene, sync);
    if sync.recording != Recording::Yes {
        more.extend(counts(scene, sync));
    }
    let Some(reason) = reason else { return joined(vec![state], more, width) };
    let rest: usize = more.iter().map(|span| span.width() + 3).sum();
    let room = width.saturating_sub(state.width() + rest + 2).max(REASON);
    let reason = Span::styled(format!(": {}", fitted(reason, room)), style);
    joined(vec![state, reason], more, width)
}

/// The least of a reason that is still worth showing.
const REASON: usize = 30;

/// One line of `width` columns: what does not fit is cut, and seen to be cut.
fn joined(mut spans: Vec<Span<'static>>, more: Vec<Span<'static>>, width: usize) -> Line<'static> {
    let mut room = width.saturating_sub(spans.iter().map(Span::width).sum());
    for span in more {
        if room < 6 {
            break;
        }
        let text = fitted(&span.content, room - 3);
        let text = Span::styled(text, span.style);
        room = room.saturating_sub(text.width() + 3);
        spans.extend([Span::styled(" · ", theme::QUIET), text]);
    }
    Line::from(spans)
}

/// Saved here, there, and on the way.
fn counts(scene: Scene<'_>, sync: &Sync) -> Vec<Span<'static>> {
    let format = scene.words.format();
    let count = |id, number| Sentence::new(id).with("count", format.count(number));
    let mut sentences = vec![count("saved-here", sync.saved)];
    if sync.link != HqLink::Alone {
        sentences.push(count("at-headquarters", sync.acked));
        let waiting = sync.saved.saturating_sub(sync.acked);
        sentences.push(match sync.oldest_waiting_us.filter(|_| waiting > 0) {
            Some(oldest) => {
                let oldest = scene.model.daemon_now().0.saturating_sub(oldest.0);
                count("waiting-oldest", waiting).with("oldest", age(oldest))
            },
            None => count("waiting", waiting),
        });
    }
    sentences.iter().map(|sentence| Span::raw(scene.tell(sentence))).collect()
}

/// What headquarters could not apply, and how old its data is here.
fn knowledge(scene: Scene<'_>, sync: &Sync) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    if sync.quarantined > 0 {
        let count =
            |id, number| Sentence::new(id).with("count", scene.words.format().count(number));
        let waiting = sync.quarantined.saturating_sub(sync.refused);
        let [held, refused] = [count("held", waiting), count("refused-there", sync.refused)];
        let told = [(held, waiting), (refused, sync.refused)].into_iter();
        let told = told.filter(|(_, number)| *number > 0);
        spans.extend(told.map(|(held, _)| Span::styled(scene.tell(&held), theme::CARE)));
    }
    spans.push(match sync.reference_us {
        Some(at) => {
            let us = scene.model.daemon_now().0.saturating_sub(at.0);
            let style = if us > REFERENCE_LIMIT_US { theme::CARE } else { Style::new() };
            let sentence = Sentence::new("site-data").with("age", age(us));
            Span::styled(scene.tell(&sentence), style)
        },
        None => Span::styled(scene.say("site-data-never"), theme::CARE),
    });
    spans
}

/// Who is here, and at the end of the line the shift that it is.
fn crew(scene: Scene<'_>, view: &View, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    let Some(shift) = view.terminal.shift.as_ref().filter(|shift| shift.at.holds(now)) else {
        return people(scene, view, width);
    };
    let hours = scene.model.zone.hours(shift.at);
    let crews = shift.crews.iter().map(|crew| fitted(crew, 12));
    let told: Vec<String> = std::iter::once(fitted(&shift.name, 16)).chain(crews).collect();
    let shift = fitted(&format!("{} {hours}", told.join(" · ")), width / 2);
    let room = width.saturating_sub(Span::raw(&shift).width() + 1);
    let mut line = people(scene, view, room.saturating_sub(1));
    let gap = room.saturating_sub(line.width());
    line.spans.extend([Span::raw(" ".repeat(gap)), Span::raw(shift)]);
    line
}

fn people(scene: Scene<'_>, view: &View, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    if view.reference.is_none() {
        return Line::from(Span::styled(format!(" {}", scene.say("no-site")), theme::CARE));
    }
    if scene.model.crew().1 == 0 {
        return Line::from(Span::styled(format!(" {}", scene.say("nobody-here")), theme::QUIET));
    }
    let here = |present: &kart_api::Present| {
        let station =
            view.reference.as_ref().and_then(|site: &Reference| site.station(present.station));
        let own = scene.model.chosen.or(view.terminal.station);
        let elsewhere = station.filter(|_| own != Some(present.station));
        let place = elsewhere.map_or(String::new(), |station| format!(" {}", station.code));
        let time = lasting(now.0.saturating_sub(present.since_us.0));
        let name = fitted(&present.name, 30);
        match (&present.missed, &present.away) {
            (Some(_), _) => format!("▲ {name}{place} {}", scene.say("missing-out")),
            (None, Some(away)) => {
                let away_us = now.0.saturating_sub(away.since_us.0);
                let kind = scene.say(super::labor::inside_word(away.kind));
                format!("{name}{place} ({kind} {})", lasting(away_us))
            },
            (None, None) => format!("{name}{place} {time}"),
        }
    };
    let (crew, count) = scene.model.crew();
    let names: Vec<String> = crew.into_iter().take(count).map(here).collect();
    let label = format!(" {} ", scene.say("here"));
    let room = width.saturating_sub(Span::raw(&label).width());
    let age = Age::told(view.terminal.now_us, now, scene.model.is_live());
    Line::from(vec![
        Span::styled(label, theme::QUIET),
        aged(&fitted(&names.join(" · "), room), age, Style::new()),
    ])
}
