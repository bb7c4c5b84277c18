//! Rows that figures are made of: what the log of this terminal became in a stretch of time.

use kart_core::{
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    kpi::{Batch, BatchRow, Count, GroupType, Interval, Person, Rows, Span, StateRow, StopRow},
    time::Micros,
};
use rusqlite::{Connection, Params, Row, types::Type};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{Reader, StoreError};

/// How far back a reading may have shown the positions of a later one, microseconds.
const BACK_US: i64 = 24 * 3_600 * 1_000_000;

const STATES: &str = "SELECT s.equipment_id, s.id, s.state, s.start_ts, s.end_ts, s.rule,
        s.map_version, CAST(coalesce(s.micro_stop_seconds, '0') AS REAL)
    FROM edge_machine_states s LEFT JOIN oee_machine_events e ON e.id = s.id
    WHERE s.superseded_by IS NULL
      AND (s.start_ts < ?2 AND coalesce(s.end_ts, ?2) > ?1
           OR e.start_ts < ?2 AND coalesce(e.end_ts, ?2) > ?1)
    ORDER BY s.start_ts, s.id";

/// Downtimes, each with every machine that it covers.
const STOPS: &str = "SELECT coalesce(m.equipment_id, e.equipment_id), e.id, e.start_ts, e.end_ts,
        e.downtime_reason_id, e.reason_label, e.reason_group_type, e.created_by, e.is_archived,
        (SELECT count(*) FROM oee_machine_event_equipment c WHERE c.event_id = e.id) > 1
    FROM oee_machine_events e LEFT JOIN edge_machine_states s ON s.id = e.id
    LEFT JOIN oee_machine_event_equipment m ON m.event_id = e.id
    WHERE e.event_type = 'downtime' AND s.superseded_by IS NULL
      AND (e.start_ts < ?2 AND coalesce(e.end_ts, ?2) > ?1
           OR s.start_ts < ?2 AND coalesce(s.end_ts, ?2) > ?1)
    ORDER BY e.start_ts, e.id";

const BATCHES: &str = "SELECT e.equipment_id, e.id, coalesce(e.station_id, d.station_id),
        d.batch_number, d.product_id, e.start_ts, e.end_ts, d.status, d.good_parts, d.scrap_parts,
        d.target_quantity, e.created_by
    FROM oee_machine_events e JOIN oee_batch_details d ON d.event_id = e.id
    WHERE e.event_type = 'batch' AND NOT e.is_archived
      AND e.start_ts < ?2 AND coalesce(e.end_ts, ?2) >= ?1
    ORDER BY e.start_ts, e.id";

const PEOPLE: &str = "SELECT d.event_id, t.id, t.user_id, t.start_ts, t.end_ts
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    JOIN oee_machine_events e ON e.id = d.event_id
    WHERE t.user_id IS NOT NULL AND e.start_ts < ?2 AND coalesce(e.end_ts, ?2) >= ?1
    ORDER BY t.start_ts, t.id";

const RUNS: &str = "SELECT d.event_id, t.start_ts, t.end_ts
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    JOIN oee_machine_events e ON e.id = d.event_id
    WHERE t.user_id IS NULL AND t.equipment_id = e.equipment_id
      AND e.start_ts < ?2 AND coalesce(e.end_ts, ?2) >= ?1
    ORDER BY t.start_ts, t.id";

/// Each by its own time, wherever it stands: a clock may have been wrong for a while.
const COUNTS: &str = "SELECT equipment_id, id, source, counter, epoch, raw_from, raw_to, verdict,
        from_ts, until_ts, batch_event_id, map_version
    FROM edge_production_counts WHERE until_ts >= ?1 AND until_ts < ?2 ORDER BY rowid";

/// Counters that had been read by the end of the window: one that was added later says nothing of it.
/// From the first reading of one to the first of the next, along the index: there are few counters and
/// many readings.
const COUNTERS: &str = "WITH RECURSIVE first (id) AS (
        SELECT (SELECT rowid FROM edge_production_counts
                ORDER BY equipment_id, counter, until_ts LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(
                    (SELECT n.rowid FROM edge_production_counts n
                     WHERE n.equipment_id = c.equipment_id AND n.counter > c.counter
                     ORDER BY n.counter, n.until_ts LIMIT 1),
                    (SELECT n.rowid FROM edge_production_counts n
                     WHERE n.equipment_id > c.equipment_id
                     ORDER BY n.equipment_id, n.counter, n.until_ts LIMIT 1))
                FROM edge_production_counts c WHERE c.rowid = first.id)
        FROM first WHERE first.id IS NOT NULL)
    SELECT c.equipment_id, c.counter, c.until_ts
    FROM first JOIN edge_production_counts c ON c.rowid = first.id
    WHERE c.until_ts < ?1 ORDER BY c.equipment_id, c.counter";

impl Reader {
    /// What touches `span`, of all machines.
    pub fn figures(&self, span: Span) -> Result<Rows, StoreError> {
        let connection = self.connection();
        let asked = (span.from.0, span.until.0);
        Ok(Rows {
            states: each(connection, STATES, asked, state)?,
            stops: each(connection, STOPS, asked, stop)?,
            batches: each(connection, BATCHES, asked, batch)?,
            people: each(connection, PEOPLE, asked, person)?,
            runs: each(connection, RUNS, asked, |row| {
                Ok((RecordId(row.get(0)?), Micros(row.get(1)?), at(row, 2)?))
            })?,
            counts: each(connection, COUNTS, (asked.0.saturating_sub(BACK_US), asked.1), count)?,
            counters: each(connection, COUNTERS, [asked.1], |row| {
                Ok((equipment(row)?, word(row, 1)?, Micros(row.get(2)?)))
            })?,
            seen_until: BTreeMap::new(),
        })
    }
}

fn each<T>(
    connection: &Connection,
    select: &str,
    asked: impl Params,
    of: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut select = connection.prepare_cached(select)?;
    let rows = select.query_map(asked, of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A word of the vocabulary.
fn word<T: DeserializeOwned>(row: &Row<'_>, place: usize) -> rusqlite::Result<T> {
    let word: String = row.get(place)?;
    let fault =
        |fault| rusqlite::Error::FromSqlConversionFailure(place, Type::Text, Box::new(fault));
    serde_json::from_value(word.into()).map_err(fault)
}

fn at(row: &Row<'_>, place: usize) -> rusqlite::Result<Option<Micros>> {
    Ok(row.get::<_, Option<i64>>(place)?.map(Micros))
}

fn equipment(row: &Row<'_>) -> rusqlite::Result<EquipmentId> {
    Ok(EquipmentId(row.get(0)?))
}

fn state(row: &Row<'_>) -> rusqlite::Result<StateRow> {
    let interval = Interval {
        record: RecordId(row.get(1)?),
        state: word(row, 2)?,
        from: Micros(row.get(3)?),
        until: at(row, 4)?,
        reason: None,
        micro_stop_s: row.get(7)?,
        void: false,
        rule: row.get(5)?,
        map: row.get(6)?,
    };
    Ok(StateRow { equipment: equipment(row)?, interval })
}

fn stop(row: &Row<'_>) -> rusqlite::Result<StopRow> {
    Ok(StopRow {
        equipment: equipment(row)?,
        record: RecordId(row.get(1)?),
        from: Micros(row.get(2)?),
        until: at(row, 3)?,
        reason: row.get::<_, Option<Uuid>>(4)?.map(ReasonId),
        label: row.get(5)?,
        group_type: row.get::<_, Option<String>>(6)?.as_deref().and_then(GroupType::of),
        by: row.get::<_, Option<Uuid>>(7)?.map(UserId),
        void: row.get(8)?,
        shared: row.get(9)?,
    })
}

fn batch(row: &Row<'_>) -> rusqlite::Result<BatchRow> {
    let batch = Batch {
        record: RecordId(row.get(1)?),
        number: row.get(3)?,
        product: ProductId(row.get(4)?),
        from: Micros(row.get(5)?),
        until: at(row, 6)?,
        status: word(row, 7)?,
        good: row.get(8)?,
        scrap: row.get(9)?,
        target: row.get(10)?,
        standard_hours: None,
        by: row.get::<_, Option<Uuid>>(11)?.map(UserId),
        people: Vec::new(),
        rests: Vec::new(),
    };
    let station = row.get::<_, Option<Uuid>>(2)?.map(StationId);
    Ok(BatchRow { equipment: equipment(row)?, station, batch })
}

fn person(row: &Row<'_>) -> rusqlite::Result<(RecordId, Person)> {
    let person = Person {
        entry: row.get(1)?,
        user: UserId(row.get(2)?),
        from: Micros(row.get(3)?),
        until: at(row, 4)?,
        override_minutes: None,
    };
    Ok((RecordId(row.get(0)?), person))
}

fn count(row: &Row<'_>) -> rusqlite::Result<(EquipmentId, Count)> {
    let count = Count {
        record: RecordId(row.get(1)?),
        source: row.get(2)?,
        counter: word(row, 3)?,
        epoch: row.get(4)?,
        raw_from: row.get(5)?,
        raw_to: row.get(6)?,
        verdict: word(row, 7)?,
        since: Micros(row.get(8)?),
        until: Micros(row.get(9)?),
        batch: row.get::<_, Option<Uuid>>(10)?.map(RecordId),
        map: row.get(11)?,
    };
    Ok((equipment(row)?, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = include_str!("../../../migrations/edge/V1__facts_and_projections.sql");

    #[test]
    fn a_clock_that_was_wrong_hides_no_parts() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(FIRST).unwrap();
        let map = "ALTER TABLE edge_production_counts ADD COLUMN map_version TEXT";
        connection.execute_batch(map).unwrap();
        let insert = "INSERT INTO edge_production_counts (id, site_id, equipment_id, source,
                counter, epoch, raw_from, raw_to, quantity, verdict, from_ts, until_ts)
            VALUES (?1, ?1, ?1, 'good', 'good', 0, ?2, ?2 + 1, 1, 'increase', ?2, ?2)";
        // The third was read before the clock was set, the last after the end that is asked for.
        for at in [BACK_US + 5, BACK_US + 6, 7, BACK_US + 8, 2 * BACK_US] {
            connection.execute(insert, (Uuid::from_u128(1), at)).unwrap();
        }
        let told = each(&connection, COUNTS, (BACK_US, 2 * BACK_US), count).unwrap();
        let at: Vec<i64> = told.iter().map(|(_, count)| count.until.0 - BACK_US).collect();
        assert_eq!(at, [5, 6, 8]);
    }

    #[test]
    fn counts_are_found_without_looking_at_all_of_them() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(FIRST).unwrap();
        let map = "ALTER TABLE edge_production_counts ADD COLUMN map_version TEXT";
        connection.execute_batch(map).unwrap();
        let indices = include_str!("../../../migrations/edge/V10__counts_by_time.sql");
        connection.execute_batch(indices).unwrap();
        for select in [COUNTS, COUNTERS] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {select}")).unwrap();
            let asked = vec![0; plan.parameter_count()];
            let steps = plan
                .query_map(rusqlite::params_from_iter(asked), |row| row.get::<_, String>(3))
                .unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            // The first reading of all is the first of the index.
            let whole = |step: &&String| step.starts_with("SCAN edge_") && !step.contains("INDEX");
            assert_eq!(steps.iter().find(whole), None, "{select}\n{steps:#?}");
        }
        let insert = "INSERT INTO edge_production_counts (id, site_id, equipment_id, source,
                counter, epoch, raw_from, raw_to, quantity, verdict, from_ts, until_ts)
            VALUES (?1, ?1, ?1, 's', ?2, 0, 0, 1, 1, 'increase', ?3, ?3)";
        let count = |machine, counter: &str, at: i64| {
            connection.execute(insert, (Uuid::from_u128(machine), counter, at)).unwrap();
        };
        for at in [30, 10, 20] {
            count(2, "good", at);
            count(1, "scrap", at + 1);
        }
        count(2, "total", 99);
        let known = each(&connection, COUNTERS, [50], |row| {
            Ok((row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
        });
        assert_eq!(known.unwrap(), [("scrap".to_owned(), 11), ("good".to_owned(), 10)]);
    }
}
