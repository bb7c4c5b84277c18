//! One person's time as this terminal knows it: what it adds up to, and what was recorded of it.

use kart_core::{
    calendar::Interval,
    id::{RecordId, StationId, UserId},
    kpi::Span,
    time::Micros,
};
use rusqlite::{Row, params};

use crate::{Reader, StoreError};

/// An entry of `ops_labor_entries`.
#[derive(Clone, PartialEq, Debug)]
pub struct LaborEntry {
    /// Its key.
    pub id: RecordId,
    /// Whose.
    pub user: UserId,
    /// `shift`, `break`, `meal`, `activity` or `job`.
    pub kind: String,
    /// Where.
    pub station: Option<StationId>,
    /// From when …
    pub from: Micros,
    /// … until when.
    pub until: Option<Micros>,
    /// How it came about.
    pub source: String,
    /// The last fact that speaks of it.
    pub seq: u64,
    /// What was recorded of it, in its order.
    pub lines: Vec<PunchLine>,
}

/// A row of `edge_punches`.
#[derive(Clone, PartialEq, Debug)]
pub struct PunchLine {
    /// What it is.
    pub kind: String,
    /// The beginning that it speaks of.
    pub from: Option<Micros>,
    /// The end that it speaks of.
    pub until: Option<Micros>,
    /// The same two as they stood before.
    pub before: [Option<Micros>; 2],
    /// More about it, by a word.
    pub evidence: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When it was recorded.
    pub recorded: Micros,
    /// Who recorded it.
    pub by: Option<UserId>,
}

const ENTRIES: &str = "SELECT id, entry_type, station_id, start_ts, end_ts, source, user_id
    FROM ops_labor_entries
    WHERE user_id = ?1 AND start_ts < ?3 AND coalesce(end_ts, ?3) >= ?2
    ORDER BY start_ts, id";

const ENTRY: &str = "SELECT id, entry_type, station_id, start_ts, end_ts, source, user_id
    FROM ops_labor_entries WHERE id = ?1";

const LINES: &str = "SELECT kind, from_ts, until_ts, evidence, reason, recorded_ts, by_user_id,
        before_from_ts, before_until_ts, seq
    FROM edge_punches WHERE entry_id = ?1 ORDER BY recorded_ts, seq";

const JOBS: &str = "SELECT t.start_ts, coalesce(t.end_ts, ?3)
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    JOIN oee_machine_events e ON e.id = d.event_id
    WHERE NOT e.is_archived AND t.user_id = ?1
      AND t.start_ts < ?3 AND coalesce(t.end_ts, ?3) > ?2
    UNION ALL
    SELECT start_ts, coalesce(end_ts, ?3) FROM ops_labor_entries
    WHERE entry_type = 'job' AND user_id = ?1 AND start_ts < ?3 AND coalesce(end_ts, ?3) > ?2
    ORDER BY 1, 2";

impl Reader {
    /// The entries of a person that touch `span`, oldest first.
    pub fn labor(&self, user: UserId, span: Span) -> Result<Vec<LaborEntry>, StoreError> {
        let mut select = self.connection().prepare_cached(ENTRIES)?;
        let found = select.query_map(params![user.0, span.from.0, span.until.0], entry)?;
        let mut entries = found.collect::<Result<Vec<LaborEntry>, _>>()?;
        for entry in &mut entries {
            self.lines(entry)?;
        }
        Ok(entries)
    }

    /// One entry, where it is this terminal's.
    pub fn labor_entry(&self, id: RecordId) -> Result<Option<LaborEntry>, StoreError> {
        let mut select = self.connection().prepare_cached(ENTRY)?;
        let mut found = select.query_map([id.0], entry)?.collect::<Result<Vec<LaborEntry>, _>>()?;
        let Some(mut entry) = found.pop() else { return Ok(None) };
        self.lines(&mut entry)?;
        Ok(Some(entry))
    }

    /// When a person was on batches and jobs between `from` and `until`, oldest first. What goes on
    /// is told until `until`.
    pub fn jobs(&self, user: UserId, span: Span) -> Result<Vec<Interval>, StoreError> {
        let mut select = self.connection().prepare_cached(JOBS)?;
        let interval =
            |row: &Row<'_>| Ok(Interval { from: Micros(row.get(0)?), until: Micros(row.get(1)?) });
        let found = select.query_map(params![user.0, span.from.0, span.until.0], interval)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn lines(&self, entry: &mut LaborEntry) -> Result<(), StoreError> {
        let mut select = self.connection().prepare_cached(LINES)?;
        let found =
            select.query_map([entry.id.0], |row| Ok((line(row)?, row.get::<_, i64>(9)?)))?;
        for found in found {
            let (line, seq) = found?;
            entry.seq = entry.seq.max(u64::try_from(seq).unwrap_or_default());
            entry.lines.push(line);
        }
        Ok(())
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<LaborEntry> {
    Ok(LaborEntry {
        id: RecordId(row.get(0)?),
        user: UserId(row.get(6)?),
        kind: row.get(1)?,
        station: row.get::<_, Option<uuid::Uuid>>(2)?.map(StationId),
        from: Micros(row.get(3)?),
        until: row.get::<_, Option<i64>>(4)?.map(Micros),
        source: row.get(5)?,
        seq: 0,
        lines: Vec::new(),
    })
}

fn line(row: &Row<'_>) -> rusqlite::Result<PunchLine> {
    let time =
        |place: usize| -> rusqlite::Result<_> { Ok(row.get::<_, Option<i64>>(place)?.map(Micros)) };
    Ok(PunchLine {
        kind: row.get(0)?,
        from: time(1)?,
        until: time(2)?,
        before: [time(7)?, time(8)?],
        evidence: row.get(3)?,
        reason: row.get(4)?,
        recorded: Micros(row.get(5)?),
        by: row.get::<_, Option<uuid::Uuid>>(6)?.map(UserId),
    })
}
