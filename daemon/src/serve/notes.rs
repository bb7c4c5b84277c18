//! The shift log, and what is looked for in it.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kart_api::notes::Note;
use kart_core::reference::Reference;
use serde::Deserialize;
use std::sync::Arc;

use super::Desk;

/// So many notes are shown at most.
const MOST: usize = 200;

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// All of these words, in any order.
    #[serde(default)]
    words: String,
}

/// Notes, newest first.
pub(super) async fn notes(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let view = Arc::clone(&desk.view.borrow());
    let words = asked.words.to_lowercase();
    let look = move |reader: &kart_store::Reader| {
        let words: Vec<&str> = words.split_whitespace().collect();
        let reference = view.reference.as_ref();
        let wanted =
            |note: &kart_store::Note| words.is_empty() || holds(&told(note, reference), &words);
        let found = reader.notes(MOST, wanted)?;
        Ok(found.iter().map(|note| told(note, reference)).collect::<Vec<Note>>())
    };
    match desk.readers.ask(look).await {
        Ok(notes) => Json(notes).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// Whether all words stand in a note, in capitals or not.
fn holds(note: &Note, words: &[&str]) -> bool {
    let Note { place, batch, category, by, text, .. } = note;
    let parts = [Some(place), batch.as_ref(), Some(category), by.as_ref(), text.as_ref()];
    let all: Vec<String> = parts.into_iter().flatten().map(|part| part.to_lowercase()).collect();
    words.iter().all(|word| all.iter().any(|part| part.contains(word)))
}

fn told(note: &kart_store::Note, reference: Option<&Reference>) -> Note {
    let name = |user| {
        let person = reference.and_then(|reference| reference.person(user));
        person.map(|person| person.name.clone())
    };
    let machine = note.machine.zip(reference).and_then(|(id, all)| all.machine(id));
    let station = note.station.zip(reference).and_then(|(id, all)| all.station(id));
    let machine = machine.map(|machine| machine.code.clone());
    let place = machine.or_else(|| station.map(|station| station.code.clone()));
    Note {
        id: note.id,
        at_us: note.at,
        place: place.unwrap_or_default(),
        batch: note.batch.clone(),
        category: note.category.clone(),
        by: note.by.and_then(name),
        text: note.text.clone(),
        taken_by: note.taken_by.and_then(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::{id::RecordId, time::Micros};

    #[test]
    fn words_are_found_wherever_they_stand() {
        let note = Note {
            id: RecordId(uuid::Uuid::nil()),
            at_us: Micros(0),
            place: "EQ-212".to_owned(),
            batch: Some("B-1042".to_owned()),
            category: "maintenance".to_owned(),
            by: None,
            text: Some("Führung links abgenutzt".to_owned()),
            taken_by: None,
        };
        assert!(holds(&note, &["führung", "eq-212"]));
        assert!(holds(&note, &["b-1042", "links"]));
        assert!(!holds(&note, &["führung", "rechts"]));
    }
}
