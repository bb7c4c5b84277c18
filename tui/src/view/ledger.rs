//! The minute ledger: a short list of what cannot all be right.

use kart_core::{
    ledger::{Entry, Kind},
    time::Micros,
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, figures, framed, scrolled};
use crate::{
    model::LedgerScreen,
    plain::{fitted, plain},
    theme,
    words::{Sentence, lasting},
};

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &LedgerScreen) {
    let inside = framed(frame, area, &title(scene, shown));
    let width = usize::from(inside.width);
    let mut lines = Vec::new();
    if let Some(why) = &shown.lost {
        let text = scene.tell(&Sentence::new("commissioning-lost").with("reason", why));
        lines.push(Line::styled(fitted(&text, width), theme::CARE));
    }
    lines.push(Line::styled(fitted(&scene.say("ledger-scope"), width), theme::QUIET));
    lines.push(Line::default());
    match &shown.shift {
        None => lines.push(Line::styled(scene.say("figures-reading"), theme::QUIET)),
        Some(shift) if shift.entries.is_empty() => {
            lines.push(Line::styled(fitted(&scene.say("ledger-empty"), width), theme::WELL));
        },
        Some(shift) => {
            let room = usize::from(inside.height).saturating_sub(lines.len()).max(1);
            let skip = (shown.row + 1).saturating_sub(room);
            let rows = shift.entries.iter().enumerate().skip(skip);
            lines.extend(
                rows.map(|(place, entry)| row(scene, place + 1, entry, place == shown.row, width)),
            );
        },
    }
    scrolled(frame, inside, lines, 0);
}

fn title(scene: Scene<'_>, shown: &LedgerScreen) -> String {
    let mut parts = vec![scene.say("ledger")];
    if let Some(shift) = &shown.shift {
        let now = scene.model.daemon_now();
        let at = |at| scene.model.zone.short(at, now);
        let name = shift.name.as_deref().map_or_else(|| scene.say("figures-today"), plain);
        parts.push(format!("{name} {}–{}", at(shift.span.from), at(shift.span.until)));
    }
    if shown.back > 0 {
        parts.push(scene.tell(&Sentence::new("board-back").count("count", shown.back.into())));
    }
    parts.join(" · ")
}

fn row(
    scene: Scene<'_>,
    number: usize,
    entry: &Entry,
    chosen: bool,
    width: usize,
) -> Line<'static> {
    let now = scene.model.daemon_now();
    let at = |at: Micros| scene.model.zone.short(at, now);
    let until = if entry.goes_on { "…".to_owned() } else { at(entry.until) };
    let time = lasting(entry.until.0.saturating_sub(entry.from.0));
    let mark = if chosen { "►" } else { " " };
    let text = format!(
        "{mark}{number:>2} {}–{until}  {time}  {}",
        at(entry.from),
        scene.tell(&told(scene, entry))
    );
    let style = match (chosen, entry.goes_on) {
        (true, _) => theme::CHOSEN,
        (false, true) => theme::CARE,
        (false, false) => Style::new(),
    };
    Line::from(Span::styled(fitted(&text, width), style))
}

/// What cannot be right, as a sentence.
fn told(scene: Scene<'_>, entry: &Entry) -> Sentence {
    let reference = scene.model.view.as_ref().and_then(|view| view.reference.as_ref());
    let machine = entry.equipment.and_then(|id| reference?.machine(id));
    let machine = machine.map_or_else(String::new, |machine| machine.code.clone());
    let people = entry.users.iter().filter_map(|user| figures::person(scene, *user));
    let people = people.collect::<Vec<_>>().join(", ");
    let codes = entry.stations.iter().filter_map(|id| Some(reference?.station(*id)?.code.clone()));
    let sentence = match entry.kind {
        Kind::RanAlone if entry.batches.is_empty() => Sentence::new("ledger-ran-alone"),
        Kind::RanAlone => Sentence::new("ledger-batch-ran-alone"),
        Kind::BookedWhileDown => Sentence::new("ledger-booked-while-down"),
        Kind::SeveralBatches => Sentence::new("ledger-several-batches"),
        Kind::TwoStations => Sentence::new("ledger-two-stations"),
    };
    sentence
        .with("machine", machine)
        .with("people", people)
        .with("batches", entry.batches.join(", "))
        .with("stations", codes.collect::<Vec<_>>().join(", "))
}
