//! Rows as they are taken out of a terminal, a page at a time.

use kart_core::{
    export::{Export, Kind},
    kpi::Span,
    row::Cell,
    time::Micros,
};
use rusqlite::{Row, params};
use uuid::Uuid;

use crate::{Reader, StoreError};

/// After which row a page begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// By when it began, and its key.
    Row(Micros, Uuid),
    /// By its place in the table: many rows, written in the order of time.
    Place(Micros, i64),
}

/// A page of rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// Cells by the columns of [`Export::columns`], those that are computed left out.
    pub rows: Vec<Vec<Cell>>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<After>,
}

const STOPS: &str = "SELECT e.start_ts, e.id, e.equipment_id, e.start_ts, e.end_ts,
        e.downtime_reason_id, e.reason_label, e.reason_group_type, e.created_by, e.source,
        e.is_archived, e.id
    FROM oee_machine_events e LEFT JOIN edge_machine_states s ON s.id = e.id
    WHERE e.event_type = 'downtime' AND s.superseded_by IS NULL
      AND e.start_ts < ?2 AND coalesce(e.end_ts, ?2) > ?1 AND (e.start_ts, e.id) > (?3, ?4)
    ORDER BY e.start_ts, e.id LIMIT ?5";

const BATCHES: &str = "SELECT e.start_ts, e.id, d.batch_number, e.equipment_id,
        coalesce(e.station_id, d.station_id), d.product_id, d.work_order, e.start_ts, e.end_ts,
        d.target_quantity, d.good_parts, d.scrap_parts, d.scrap_reason_id, d.status, e.created_by,
        e.is_archived, e.id
    FROM oee_machine_events e JOIN oee_batch_details d ON d.event_id = e.id
    WHERE e.event_type = 'batch'
      AND e.start_ts < ?2 AND coalesce(e.end_ts, ?2) > ?1 AND (e.start_ts, e.id) > (?3, ?4)
    ORDER BY e.start_ts, e.id LIMIT ?5";

const LABOR: &str =
    "SELECT start_ts, id, user_id, station_id, entry_type, start_ts, end_ts, source,
        user_id, user_id, id
    FROM ops_labor_entries
    WHERE start_ts < ?2 AND coalesce(end_ts, ?2) > ?1 AND (start_ts, id) > (?3, ?4)
    ORDER BY start_ts, id LIMIT ?5";

const STATES: &str =
    "SELECT start_ts, id, equipment_id, state, start_ts, end_ts, rule, map_version,
        fault, superseded_by, id
    FROM edge_machine_states
    WHERE start_ts < ?2 AND coalesce(end_ts, ?2) > ?1 AND (start_ts, id) > (?3, ?4)
    ORDER BY start_ts, id LIMIT ?5";

const COUNTS: &str =
    "SELECT until_ts, rowid, equipment_id, source, counter, epoch, raw_from, raw_to,
        quantity, verdict, from_ts, until_ts, batch_event_id, map_version, id
    FROM edge_production_counts
    WHERE until_ts >= ?1 AND until_ts < ?2 AND (until_ts, rowid) > (?3, ?4)
    ORDER BY until_ts, rowid LIMIT ?5";

impl Reader {
    /// At most `most` rows of a table that touch `span`, behind those that were told already.
    pub fn export(
        &self,
        export: Export,
        span: Span,
        after: Option<After>,
        most: u32,
    ) -> Result<Page, StoreError> {
        let select = match export {
            Export::Stops => STOPS,
            Export::Batches => BATCHES,
            Export::Labor => LABOR,
            Export::States => STATES,
            Export::Counts => COUNTS,
        };
        let mut select = self.connection().prepare_cached(select)?;
        let (from, until) = (span.from.0, span.until.0);
        let mut last = None;
        let row = |row: &Row<'_>| Ok((place(export, row)?, cells(export, row)?));
        let found = match after.unwrap_or_else(|| beginning(export)) {
            After::Row(at, id) => select.query_map(params![from, until, at.0, id, most], row)?,
            After::Place(at, id) => select.query_map(params![from, until, at.0, id, most], row)?,
        };
        let mut rows = Vec::new();
        for found in found {
            let (place, cells) = found?;
            last = Some(place);
            rows.push(cells);
        }
        let full = u32::try_from(rows.len()).is_ok_and(|count| count == most);
        Ok(Page { rows, next: last.filter(|_| full) })
    }
}

fn beginning(export: Export) -> After {
    match export {
        Export::Counts => After::Place(Micros(i64::MIN), i64::MIN),
        _ => After::Row(Micros(i64::MIN), Uuid::nil()),
    }
}

fn place(export: Export, row: &Row<'_>) -> rusqlite::Result<After> {
    let at = Micros(row.get(0)?);
    Ok(match export {
        Export::Counts => After::Place(at, row.get(1)?),
        _ => After::Row(at, row.get(1)?),
    })
}

/// Cells from the third on; the first two are the row's place.
fn cells(export: Export, row: &Row<'_>) -> rusqlite::Result<Vec<Cell>> {
    let read = export.columns().iter().filter(|column| column.kind != Kind::Minutes);
    read.zip(2..)
        .map(|(column, place)| {
            Ok(match column.kind {
                Kind::Time => row.get::<_, Option<i64>>(place)?.map(Micros).into(),
                Kind::Whole => row.get::<_, Option<i64>>(place)?.into(),
                Kind::Flag => row.get::<_, bool>(place)?.into(),
                Kind::Text => row.get::<_, Option<String>>(place)?.into(),
                _ => row.get::<_, Option<Uuid>>(place)?.into(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// Every statement fits the tables as the migrations make them, and the columns it is read by.
    #[test]
    fn statements_fit_tables_and_columns() {
        let connection = Connection::open_in_memory().unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/edge");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "sql"))
            .collect();
        let number = |path: &std::path::PathBuf| -> u32 {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.trim_start_matches('V').split('_').next().unwrap().parse().unwrap()
        };
        files.sort_by_key(number);
        for file in files {
            connection.execute_batch(&std::fs::read_to_string(file).unwrap()).unwrap();
        }
        for (export, select) in [
            (Export::Stops, STOPS),
            (Export::Batches, BATCHES),
            (Export::Labor, LABOR),
            (Export::States, STATES),
            (Export::Counts, COUNTS),
        ] {
            let select = connection.prepare(select).unwrap();
            let read = export.columns().iter().filter(|it| it.kind != Kind::Minutes).count();
            assert_eq!(select.column_count(), read + 2, "{export:?}");
        }
    }
}
