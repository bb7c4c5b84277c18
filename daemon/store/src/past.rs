//! What the log holds of a stretch of time, for a replay to compare with. Read only, and also while
//! the daemon writes.

use kart_core::{
    counter::{Base, CounterKind, Verdict},
    id::{EquipmentId, RecordId},
    record::Record,
    replay::{Bases, Count, Recorded, Written},
    time::{Boot, Micros, Moment, Stamp},
};
use rusqlite::{Connection, Row, params};
use serde_json::Value;
use std::path::Path;

use crate::{Reader, StoreError, open, writer::origin};

impl Reader {
    /// Reads the log in `folder`, whoever writes it.
    pub fn look(folder: &Path) -> Result<Self, StoreError> {
        let origin = origin(&open::reading(folder)?)?;
        let problem = || StoreError::Damaged { seq: 1, problem: "the log is empty".to_owned() };
        Self::open(folder, origin.ok_or_else(problem)?)
    }

    /// The last fact.
    pub fn head(&self) -> Result<u64, StoreError> {
        Ok(crate::append::head(self.connection())?.seq)
    }

    /// What is written about a machine in the time from `from` to `until`.
    pub fn written(
        &self,
        equipment: EquipmentId,
        (from, until): (Micros, Micros),
    ) -> Result<Written, StoreError> {
        let connection = self.connection();
        Ok(Written {
            intervals: intervals(connection, equipment, from, until)?,
            counts: counts(connection, equipment, from, until)?,
            batches: batches(connection, equipment, from, until)?,
        })
    }

    /// Where the counters stood at `at`, as far as readings of them are still here.
    pub fn bases(&self, at: Micros) -> Result<Bases, StoreError> {
        let mut select = self.connection().prepare(
            "SELECT equipment_id, source, epoch, raw_to, max(until_ts) FROM edge_production_counts
             WHERE until_ts < ?1 GROUP BY equipment_id, source",
        )?;
        let mut rows = select.query([at.0])?;
        let mut bases = Bases::new();
        while let Some(row) = rows.next()? {
            let epoch = row.get(2)?;
            let wall_us = Micros(row.get(4)?);
            // By the wall clock alone: which boot it was is not kept.
            let at = Stamp { wall_us, mono_us: 0 };
            let base = Base {
                epoch,
                unwrapped: row.get(3)?,
                at: Moment { at, boot: Boot::default() },
                before_reset: None,
                since_reset: 0,
                burst: None,
                last_epoch: epoch,
                held: None,
            };
            bases.entry(EquipmentId(row.get(0)?)).or_default().insert(row.get(1)?, base);
        }
        Ok(bases)
    }
}

fn intervals(
    connection: &Connection,
    equipment: EquipmentId,
    from: Micros,
    until: Micros,
) -> Result<Vec<Recorded>, StoreError> {
    let mut select = connection.prepare(
        "SELECT s.id, r.state FROM edge_machine_states s JOIN records r ON r.record_id = s.id
         WHERE s.equipment_id = ?1 AND s.start_ts < ?3
           AND (s.end_ts IS NULL OR s.end_ts > ?2) AND s.superseded_by IS NULL
         ORDER BY s.start_ts, s.end_ts IS NULL, s.end_ts",
    )?;
    let mut rows = select.query(params![equipment.0, from.0, until.0])?;
    let mut intervals = Vec::new();
    while let Some(row) = rows.next()? {
        let id = RecordId(row.get(0)?);
        let state: Record = serde_json::from_str(&row.get::<_, String>(1)?)?;
        if let Record::Interval(interval) = &*state.right() {
            intervals.extend(interval.recorded(id));
        }
    }
    Ok(intervals)
}

fn counts(
    connection: &Connection,
    equipment: EquipmentId,
    from: Micros,
    until: Micros,
) -> Result<Vec<Count>, StoreError> {
    let mut select = connection.prepare(
        "SELECT source, counter, until_ts, quantity, verdict FROM edge_production_counts
         WHERE equipment_id = ?1 AND until_ts >= ?2 AND until_ts < ?3 ORDER BY until_ts",
    )?;
    let mut rows = select.query(params![equipment.0, from.0, until.0])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        counts.push(Count {
            source: row.get(0)?,
            kind: word::<CounterKind>(row, 1)?,
            at: Micros(row.get(2)?),
            quantity: row.get(3)?,
            verdict: word::<Verdict>(row, 4)?,
        });
    }
    Ok(counts)
}

fn batches(
    connection: &Connection,
    equipment: EquipmentId,
    from: Micros,
    until: Micros,
) -> Result<Vec<(RecordId, Micros, Option<Micros>)>, StoreError> {
    let mut select = connection.prepare(
        "SELECT id, start_ts, end_ts FROM oee_machine_events
         WHERE equipment_id = ?1 AND event_type = 'batch' AND start_ts < ?3
           AND (end_ts IS NULL OR end_ts > ?2) ORDER BY start_ts",
    )?;
    let rows = select.query_map(params![equipment.0, from.0, until.0], |row| {
        let end: Option<i64> = row.get(2)?;
        Ok((RecordId(row.get(0)?), Micros(row.get(1)?), end.map(Micros)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A word of the vocabulary, as tables and lines have it.
fn word<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    Ok(serde_json::from_value(Value::String(row.get(column)?))?)
}
