//! One person's time as this terminal knows it: what it adds up to, and what was recorded of it.

use kart_core::{
    id::{RecordId, StationId, UserId},
    kpi::Span,
    time::Micros,
};
use rusqlite::params;

use crate::{Reader, StoreError};

/// An entry of `ops_labor_entries`.
#[derive(Clone, PartialEq, Debug)]
pub struct LaborEntry {
    /// Its key.
    pub id: RecordId,
    /// `shift`, `break`, `meal` or `activity`.
    pub kind: String,
    /// Where.
    pub station: Option<StationId>,
    /// From when …
    pub from: Micros,
    /// … until when.
    pub until: Option<Micros>,
    /// How it came about.
    pub source: String,
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
    /// More about it, by a word.
    pub evidence: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When it was recorded.
    pub recorded: Micros,
    /// Who recorded it.
    pub by: Option<UserId>,
}

const ENTRIES: &str = "SELECT id, entry_type, station_id, start_ts, end_ts, source
    FROM ops_labor_entries
    WHERE user_id = ?1 AND start_ts < ?3 AND coalesce(end_ts, ?3) >= ?2
    ORDER BY start_ts, id";

const LINES: &str = "SELECT kind, from_ts, until_ts, evidence, reason, recorded_ts, by_user_id
    FROM edge_punches WHERE entry_id = ?1 ORDER BY recorded_ts, seq";

impl Reader {
    /// The entries of a person that touch `span`, oldest first.
    pub fn labor(&self, user: UserId, span: Span) -> Result<Vec<LaborEntry>, StoreError> {
        let connection = self.connection();
        let mut select = connection.prepare(ENTRIES)?;
        let mut lines = connection.prepare(LINES)?;
        let mut rows = select.query(params![user.0, span.from.0, span.until.0])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let id = RecordId(row.get(0)?);
            let of = lines.query_map([id.0], |row| {
                Ok(PunchLine {
                    kind: row.get(0)?,
                    from: row.get::<_, Option<i64>>(1)?.map(Micros),
                    until: row.get::<_, Option<i64>>(2)?.map(Micros),
                    evidence: row.get(3)?,
                    reason: row.get(4)?,
                    recorded: Micros(row.get(5)?),
                    by: row.get::<_, Option<uuid::Uuid>>(6)?.map(UserId),
                })
            })?;
            entries.push(LaborEntry {
                id,
                kind: row.get(1)?,
                station: row.get::<_, Option<uuid::Uuid>>(2)?.map(StationId),
                from: Micros(row.get(3)?),
                until: row.get::<_, Option<i64>>(4)?.map(Micros),
                source: row.get(5)?,
                lines: of.collect::<Result<_, _>>()?,
            });
        }
        Ok(entries)
    }
}
