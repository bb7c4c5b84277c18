//! Rows that the minute ledger is made of: who was clocked in where, and who and which machine was on
//! which batch.

use kart_core::{
    id::{EquipmentId, RecordId, StationId, UserId},
    kpi::Span,
    ledger::{LaborRow, Rows, TimeRow},
    time::Micros,
};
use rusqlite::Row;
use uuid::Uuid;

use crate::{Reader, StoreError};

const LABOR: &str = "SELECT id, user_id, station_id, entry_type, start_ts, end_ts
    FROM ops_labor_entries
    WHERE start_ts < ?2 AND coalesce(end_ts, ?2) > ?1
    ORDER BY start_ts, id";

const TIMES: &str =
    "SELECT e.id, d.batch_number, coalesce(t.equipment_id, e.equipment_id), t.user_id,
        t.start_ts, t.end_ts
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    JOIN oee_machine_events e ON e.id = d.event_id
    WHERE NOT e.is_archived AND t.start_ts < ?2 AND coalesce(t.end_ts, ?2) > ?1
    ORDER BY t.start_ts, t.id";

impl Reader {
    /// What touches `span`, of all stations.
    pub fn ledger(&self, span: Span) -> Result<Rows, StoreError> {
        let asked = (span.from.0, span.until.0);
        let mut labor = self.connection().prepare_cached(LABOR)?;
        let mut times = self.connection().prepare_cached(TIMES)?;
        Ok(Rows {
            labor: labor.query_map(asked, entry)?.collect::<Result<_, _>>()?,
            times: times.query_map(asked, time)?.collect::<Result<_, _>>()?,
        })
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<LaborRow> {
    Ok(LaborRow {
        record: RecordId(row.get(0)?),
        user: UserId(row.get(1)?),
        station: row.get::<_, Option<Uuid>>(2)?.map(StationId),
        entry_type: row.get(3)?,
        from: Micros(row.get(4)?),
        until: row.get::<_, Option<i64>>(5)?.map(Micros),
    })
}

fn time(row: &Row<'_>) -> rusqlite::Result<TimeRow> {
    Ok(TimeRow {
        batch: RecordId(row.get(0)?),
        number: row.get(1)?,
        equipment: EquipmentId(row.get(2)?),
        user: row.get::<_, Option<Uuid>>(3)?.map(UserId),
        from: Micros(row.get(4)?),
        until: row.get::<_, Option<i64>>(5)?.map(Micros),
    })
}
