//! What comes from elsewhere: what contradicts itself, and what other terminals have open.

use kart_api::{Batch, Conflict, Machine, View};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Span,
};

use super::{Scene, talk};
use crate::{
    model::Grid,
    plain::fitted,
    theme,
    words::{Sentence, age},
};

/// A line and how it is said.
type Said = (String, Style);

/// Takes lines off the bottom of `area` for what no card says; returns what is left.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, view: &View) -> Rect {
    let mut said: Vec<Said> = talk::calls(scene, view);
    said.extend(talk::incidents(scene, view));
    said.extend(view.conflicts.iter().map(|conflict| (told(scene, conflict), theme::CARE)));
    said.extend(view.elsewhere.iter().map(|open| {
        let sentence = Sentence::new("elsewhere")
            .with("machine", &open.machine)
            .with("batch", &open.batch.number)
            .with("begun", begun(scene, &open.batch));
        (format!("{} · {}", scene.tell(&sentence), open.batch.product_name), Style::new())
    }));
    if said.len() > Grid::BELOW {
        let more = i64::try_from(said.len() - Grid::BELOW + 1).unwrap_or(i64::MAX);
        said.truncate(Grid::BELOW - 1);
        let sentence = Sentence::new("conflicts-more").count("count", more);
        said.push((scene.tell(&sentence), theme::QUIET));
    }
    let height = u16::try_from(said.len()).unwrap_or(0);
    let rows = [Constraint::Fill(1), Constraint::Length(height)];
    let [rest, below] = Layout::vertical(rows).areas(area);
    for ((text, style), row) in said.into_iter().zip(below.rows()) {
        let text = fitted(&format!(" {text}"), usize::from(row.width));
        frame.render_widget(Span::styled(text, style), row);
    }
    rest
}

/// What a machine's card says of it: what contradicts itself, else who else is on the batch.
pub(super) fn of_machine(scene: Scene<'_>, machine: &Machine) -> Option<Said> {
    let view = scene.model.view.as_ref()?;
    let mut conflicts = view.conflicts.iter();
    if let Some(conflict) = conflicts.find(|conflict| conflict.machines.contains(&machine.id)) {
        return Some((told(scene, conflict), theme::CARE));
    }
    let batch = machine.batch.as_ref()?;
    if batch.terminal.is_some() {
        return Some((begun(scene, batch), Style::new()));
    }
    let here = |user| view.people.iter().any(|present| present.user == user);
    let shared = batch.operators.iter().any(|user| !here(*user));
    let together = Sentence::new("together").with("people", names(scene, batch));
    shared.then(|| (scene.tell(&together), Style::new()))
}

/// One sentence a kind, and that somebody is on it.
fn told(scene: Scene<'_>, conflict: &Conflict) -> String {
    let what = Sentence::new(kind(&conflict.kind)).with("about", &conflict.about);
    scene.tell(&Sentence::new("conflict").inner("what", what))
}

fn kind(word: &str) -> &'static str {
    match word {
        "ended_again" => "conflict-ended-again",
        "added_after_end" => "conflict-added-after-end",
        "negative_quantity" => "conflict-negative-quantity",
        "other_product" => "conflict-other-product",
        "unplanned_run" => "conflict-unplanned-run",
        "anchor_gone" => "conflict-anchor-gone",
        "entry_gone" => "conflict-entry-gone",
        "illegal_transition" => "conflict-illegal-transition",
        "moved_from_elsewhere" => "conflict-moved-from-elsewhere",
        "number_taken" => "conflict-number-taken",
        "labor_overlap" => "conflict-labor-overlap",
        "retired_reason" => "conflict-retired-reason",
        // A word of a later headquarters.
        _ => "conflict-other",
    }
}

/// Where and when a batch of another terminal began, and who is on it.
fn begun(scene: Scene<'_>, batch: &Batch) -> String {
    let since = scene.model.daemon_now().0.saturating_sub(batch.started_us.0).max(0);
    let terminal = batch.terminal.as_deref().unwrap_or_default();
    let id = if terminal.is_empty() { "begun-at-none" } else { "begun-at" };
    let begun = Sentence::new(id).with("terminal", terminal).with("age", age(since));
    let parts = [scene.tell(&begun), names(scene, batch)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn names(scene: Scene<'_>, batch: &Batch) -> String {
    let reference = scene.model.view.as_ref().and_then(|view| view.reference.as_ref());
    let person = |user| reference.and_then(|reference| reference.person(user));
    let people = batch.operators.iter().filter_map(|user| person(*user));
    let mut names: Vec<&str> = people.map(|person| person.name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kart_core::record::conflict::Kind;

    use super::*;

    #[test]
    fn every_kind_has_its_sentence() {
        let kinds = Kind::ALL.map(|known| kind(known.word()));
        assert_eq!(kinds.into_iter().collect::<BTreeSet<_>>().len(), Kind::ALL.len());
        assert!(!kinds.contains(&"conflict-other"));
        let english = crate::words::Words::new("en");
        assert!(kinds.iter().all(|id| english.say(id) != **id), "a sentence has no words");
    }
}
