//! The shift log, a note, and the card that crews hand to each other.

use kart_api::notes::Note;
use kart_core::fact::note::Card;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{heading, labelled, wrapped};
use crate::{
    model::{About, Choice, GiveForm, LogScreen, NoteForm, TakeForm, TalkField},
    plain::{fitted, plain},
    theme,
    view::{Scene, forms, framed},
    widget::{field, list},
    words::Sentence,
};

/// The log, newest first; a note takes as many lines as it needs.
pub(super) fn log(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &LogScreen) {
    let inside = framed(frame, area, &scene.say("log-title"));
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("log-search"), &shown.words, shown.searching);
    }
    let width = usize::from(inside.width);
    let notes = shown.notes.as_deref();
    let empty = match (&shown.lost, notes) {
        (Some(why), None) => Some((fitted(why, width), theme::CARE)),
        (None, None) => Some((scene.say("asking"), theme::QUIET)),
        (_, Some([])) if shown.words.text().is_empty() => {
            Some((scene.say("log-empty"), theme::QUIET))
        },
        (_, Some([])) => Some((scene.say("log-not-found"), theme::CARE)),
        _ => None,
    };
    if let (Some((text, style)), Some(row)) = (empty, rows.next()) {
        frame.render_widget(Span::styled(text, style), row);
        return;
    }
    for note in notes.unwrap_or_default().iter().skip(shown.scroll) {
        let Some(row) = rows.next() else { return };
        frame.render_widget(Span::styled(fitted(&head(scene, note), width), theme::QUIET), row);
        let text = note.text.clone().unwrap_or_default();
        for line in wrapped(&text, width.saturating_sub(2)) {
            let Some(row) = rows.next() else { return };
            frame.render_widget(Line::from(format!("  {line}")), row);
        }
    }
}

/// When, where, what kind, and who.
fn head(scene: Scene<'_>, note: &Note) -> String {
    let at = scene.model.zone.short(note.at_us, scene.model.daemon_now());
    let kind = match note.category.as_str() {
        "general" => None,
        word => Some(category(scene, word)),
    };
    let taken = note.taken_by.as_ref();
    let taken = taken.map(|name| scene.tell(&Sentence::new("log-taken").with("name", name)));
    let place = Some(note.place.clone()).filter(|place| !place.is_empty());
    let parts = [Some(at), place, note.batch.clone(), kind, note.by.clone(), taken];
    parts.into_iter().flatten().map(|part| plain(&part)).collect::<Vec<_>>().join(" · ")
}

fn category(scene: Scene<'_>, word: &str) -> String {
    match word {
        "general" | "quality" | "maintenance" | "material" | "safety" | "handover" => {
            scene.say(&format!("note-{word}"))
        },
        // A word of a later version.
        other => plain(other),
    }
}

/// A note that is being written.
pub(super) fn note(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &NoteForm) {
    let inside = framed(frame, area, &scene.say("note-title"));
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("note-text"), &form.text, form.focus == TalkField::Text);
    }
    if let Some(row) = rows.nth(1) {
        heading(frame, row, &scene.say("note-kind"), form.focus == TalkField::Kind);
        let kinds = form.kinds.entries.iter().cloned().map(|mut one| {
            one.label = category(scene, one.key.word());
            one
        });
        let kinds = Choice { entries: kinds.collect(), chosen: form.kinds.chosen };
        list(frame, Rect { y: row.y + 1, height: 5, ..row }, &kinds, form.focus == TalkField::Kind);
    }
    if let Some(row) = rows.nth(5) {
        heading(frame, row, &scene.say("note-about"), form.focus == TalkField::About);
        let about = form.about.entries.iter().cloned().map(|mut one| {
            if matches!(one.key, About::Station(_)) && one.label.is_empty() {
                one.label = scene.say("note-here");
            }
            one
        });
        let about = Choice { entries: about.collect(), chosen: form.about.chosen };
        list(
            frame,
            Rect { y: row.y + 1, height: 3, ..row },
            &about,
            form.focus == TalkField::About,
        );
    }
    if let Some(row) = last {
        forms::sending(frame, row, scene, &form.sending);
    }
}

/// The card for the next crew: what the plant says, and what somebody adds.
pub(super) fn give(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &GiveForm) {
    let reference = scene.model.view.as_ref().and_then(|view| view.reference.as_ref());
    let station = reference.zip(form.station).and_then(|(all, id)| all.station(id));
    let title = match station {
        Some(station) => format!("{} · {}", scene.say("give-title"), plain(&station.code)),
        None => scene.say("give-title"),
    };
    let inside = framed(frame, area, &title);
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    for (line, row) in now(scene, usize::from(inside.width)).into_iter().zip(rows.by_ref().take(11))
    {
        frame.render_widget(line, row);
    }
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("give-text"), &form.text, true);
    }
    if let Some(row) = last {
        forms::sending(frame, row, scene, &form.sending);
    }
}

/// The card of the crew before.
pub(super) fn take(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &TakeForm) {
    let inside = framed(frame, area, &scene.say("take-title"));
    let last = inside.rows().next_back();
    let cards = scene.model.view.as_ref().map(|view| &view.open.handovers[..]);
    let card = cards.unwrap_or_default().iter().find(|card| card.id == form.handover);
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    let width = usize::from(inside.width);
    let Some(given) = card else {
        if let Some(row) = rows.nth(1) {
            frame.render_widget(Span::raw(scene.say("refusal-no-such-handover")), row);
        }
        return;
    };
    if let Some(row) = rows.next() {
        let at = scene.model.zone.short(given.at_us, scene.model.daemon_now());
        let by = plain(given.by.as_deref().unwrap_or("?"));
        let text = format!("{at} · {} · {by}", plain(&given.station));
        labelled(frame, row, &scene.say("take-from"), Span::raw(fitted(&text, width)));
    }
    let text = given.text.clone().unwrap_or_default();
    let said = wrapped(&text, width).into_iter().map(|line| Line::styled(line, theme::STRONG));
    let lines = told(scene, &given.card, width).into_iter().chain(said);
    for (line, row) in lines.zip(rows.take(13)) {
        frame.render_widget(line, row);
    }
    if let Some(row) = last {
        forms::sending(frame, row, scene, &form.sending);
    }
}

/// How things stand now, as the daemon will write it on the card.
fn now(scene: Scene<'_>, width: usize) -> Vec<Line<'static>> {
    let Some(view) = &scene.model.view else { return vec![] };
    let mut lines = told(scene, &view.open.card, width);
    for open in view.open.incidents.iter().take(3) {
        let what = super::incident::words(scene, open);
        lines.push(Line::from(fitted(&format!("  ▲ {what}"), width)));
    }
    lines
}

/// A card in words: what is well is said quietly, what is left over is not.
fn told(scene: Scene<'_>, card: &Card, width: usize) -> Vec<Line<'static>> {
    let count = |id: &'static str, n: u64| {
        let number = i64::try_from(n).unwrap_or(i64::MAX);
        let text = scene.tell(&Sentence::new(id).count("count", number));
        let (mark, style) = if n == 0 { ("●", theme::QUIET) } else { ("▲", theme::CARE) };
        Line::styled(fitted(&format!("{mark} {text}"), width), style)
    };
    let alone =
        scene.model.view.as_ref().is_some_and(|view| view.sync.link == kart_api::HqLink::Alone);
    let mut lines = vec![
        count("card-stops", card.stops),
        count("card-incidents", card.incidents),
        count("card-calls", card.calls),
    ];
    if !alone {
        lines.push(count("card-waiting", card.waiting));
    }
    let format = scene.words.format();
    lines.extend(card.batches.iter().map(|batch| {
        let sentence = match batch.target {
            Some(target) => Sentence::new("card-batch-of").with("target", format.whole(target)),
            None => Sentence::new("card-batch"),
        };
        let sentence =
            sentence.with("number", plain(&batch.number)).with("good", format.whole(batch.good));
        Line::from(fitted(&format!("► {}", scene.tell(&sentence)), width))
    }));
    lines
}
