//! The shift log as this terminal has it, newest first, and the words beside facts.
//!
//! What is looked for is looked for in every note: a station writes some thousand short ones a year,
//! which is nothing. An index of words would have to forget with every erasure.

use kart_core::{
    id::{EquipmentId, RecordId, StationId, UserId},
    time::Micros,
};
use rusqlite::{OptionalExtension, Row};

use crate::{Reader, StoreError};

/// A note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its record.
    pub id: RecordId,
    /// When it was written.
    pub at: Micros,
    /// At which station.
    pub station: Option<StationId>,
    /// About which machine.
    pub machine: Option<EquipmentId>,
    /// About which batch, by its number.
    pub batch: Option<String>,
    /// The word of its category; `handover` for a card.
    pub category: String,
    /// Who wrote it, where known.
    pub by: Option<UserId>,
    /// What it says; `None` when nothing was written, or no longer stands here.
    pub text: Option<String>,
    /// Who signed a card for the coming crew.
    pub taken_by: Option<UserId>,
}

impl Reader {
    /// Notes that are `wanted`, at most `most` of them.
    pub fn notes(
        &self,
        most: usize,
        wanted: impl Fn(&Note) -> bool,
    ) -> Result<Vec<Note>, StoreError> {
        let mut select = self.connection().prepare_cached(
            "SELECT e.id, e.start_ts, e.station_id, e.equipment_id,
                    (SELECT b.batch_number FROM oee_event_batch_links l
                     JOIN oee_batch_details b ON b.event_id = l.batch_event_id
                     WHERE l.event_id = e.id LIMIT 1),
                    n.category, e.created_by, n.note_text,
                    (SELECT s.user_id FROM edge_signatures s
                     WHERE s.event_id = e.id AND s.side = 'coming' ORDER BY s.signed_at LIMIT 1)
             FROM oee_notes_details n JOIN oee_machine_events e ON e.id = n.event_id
             WHERE NOT e.is_archived
             ORDER BY e.start_ts DESC, e.id",
        )?;
        let mut rows = select.query([])?;
        let mut notes = Vec::new();
        while let Some(row) = rows.next()? {
            let note = note(row)?;
            if wanted(&note) {
                notes.push(note);
            }
            if notes.len() >= most {
                break;
            }
        }
        Ok(notes)
    }

    /// What a person wrote beside a fact; `None` where it is not there, or not any more.
    pub fn text(&self, seq: u64, field: &str) -> Result<Option<String>, StoreError> {
        let mut select = self
            .connection()
            .prepare_cached("SELECT text FROM fact_texts WHERE seq = ?1 AND field = ?2")?;
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        Ok(select.query_row((seq, field), |row| row.get(0)).optional()?.flatten())
    }
}

fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: RecordId(row.get(0)?),
        at: Micros(row.get(1)?),
        station: row.get::<_, Option<_>>(2)?.map(StationId),
        machine: row.get::<_, Option<_>>(3)?.map(EquipmentId),
        batch: row.get(4)?,
        category: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
        by: row.get::<_, Option<_>>(6)?.map(UserId),
        text: row.get(7)?,
        taken_by: row.get::<_, Option<_>>(8)?.map(UserId),
    })
}
