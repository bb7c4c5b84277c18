//! Rows of the central tables that figures are made of, in one snapshot and as the gateway sees
//! them: those of one site.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use kart_core::{
    counter::CounterKind,
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    kpi::{Batch, BatchRow, Count, GroupType, Interval, Person, Rows, StateRow, StopRow, Window},
    time::Micros,
};
use serde::de::DeserializeOwned;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::{
    database::{Database, begin_snapshot},
    site::Place,
};

/// States, also those of a stop that was moved into the window or out of it.
const STATES: &str = "SELECT s.equipment_id, s.id, s.state, s.start_ts, s.end_ts, s.rule,
        s.map_version, coalesce(s.micro_stop_seconds, 0)::float8
    FROM edge.machine_states s
    LEFT JOIN oee_machine_events e ON e.id = s.id
    WHERE s.equipment_id = ANY ($1) AND s.superseded_by IS NULL
      AND (s.start_ts < $3 AND coalesce(s.end_ts, 'infinity') > $2
           OR e.start_ts < $3 AND coalesce(e.end_ts, 'infinity') > $2)
    ORDER BY s.start_ts, s.id";

/// Downtimes, each with every machine that it covers.
const STOPS: &str = "SELECT m.equipment_id, e.id, e.start_ts, e.end_ts, e.downtime_reason_id,
        e.reason_label, e.reason_group_type, e.created_by, e.is_archived,
        (SELECT count(*) FROM oee_machine_event_equipment c WHERE c.event_id = e.id) > 1
    FROM oee_machine_events e
    JOIN LATERAL (
        SELECT e.equipment_id
        UNION SELECT l.equipment_id FROM oee_machine_event_equipment l WHERE l.event_id = e.id) m
        ON m.equipment_id = ANY ($1)
    WHERE e.event_type = 'downtime'
      AND NOT EXISTS (SELECT FROM edge.machine_states s
                      WHERE s.id = e.id AND s.superseded_by IS NOT NULL)
      AND (e.start_ts < $3 AND coalesce(e.end_ts, 'infinity') > $2
           OR EXISTS (SELECT FROM edge.machine_states s WHERE s.id = e.id
                      AND s.start_ts < $3 AND coalesce(s.end_ts, 'infinity') > $2))
    ORDER BY e.start_ts, e.id";

const BATCHES: &str = "SELECT e.equipment_id, e.id, coalesce(e.station_id, d.station_id),
        coalesce(d.batch_number, ''), d.product_id, e.start_ts, e.end_ts, d.status,
        d.good_parts::bigint, d.scrap_parts::bigint, d.target_quantity::bigint, e.created_by
    FROM oee_machine_events e JOIN oee_batch_details d ON d.event_id = e.id
    WHERE e.event_type = 'batch' AND NOT e.is_archived AND e.equipment_id = ANY ($1)
      AND e.start_ts < $3 AND coalesce(e.end_ts, 'infinity') >= $2
    ORDER BY e.start_ts, e.id";

const PEOPLE: &str = "SELECT d.event_id, t.id, t.user_id, t.start_ts, t.end_ts,
        t.duration_override_minutes::float8
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    WHERE d.event_id = ANY ($1) AND t.user_id IS NOT NULL
    ORDER BY t.start_ts, t.id";

const RUNS: &str = "SELECT d.event_id, t.start_ts, t.end_ts
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    JOIN oee_machine_events e ON e.id = d.event_id
    WHERE d.event_id = ANY ($1) AND t.user_id IS NULL AND t.equipment_id = e.equipment_id
    ORDER BY t.start_ts, t.id";

/// Readings in the window, and those before it that may have shown the same positions.
const COUNTS: &str = "WITH here AS (
        SELECT * FROM edge.production_counts c
        WHERE c.equipment_id = ANY ($1) AND c.until_ts >= $2 AND c.until_ts < $3
    ), lowest AS (
        SELECT equipment_id, source, counter, epoch, min(raw_from) AS raw_from
        FROM here GROUP BY equipment_id, source, counter, epoch
    )
    SELECT equipment_id, id, source, counter, epoch, raw_from, raw_to, verdict, from_ts, until_ts,
           batch_event_id, map_version
    FROM (SELECT * FROM here
          UNION ALL
          SELECT c.* FROM edge.production_counts c JOIN lowest l
              USING (equipment_id, source, counter, epoch)
          WHERE c.until_ts < $2 AND c.raw_to > l.raw_from) c
    ORDER BY until_ts, id";

/// Counters that had been read by the end of the window: one that was added later says nothing of it.
/// Looked up, because of each there are many readings.
const COUNTERS: &str = "SELECT m.equipment_id, k.counter, f.until_ts
    FROM unnest($1::uuid[]) m(equipment_id)
    CROSS JOIN unnest(ARRAY['good', 'scrap', 'total']) k(counter)
    CROSS JOIN LATERAL (
        SELECT c.until_ts FROM edge.production_counts c
        WHERE c.equipment_id = m.equipment_id AND c.counter = k.counter AND c.until_ts < $2
        ORDER BY c.until_ts LIMIT 1) f
    ORDER BY m.equipment_id, k.counter";

/// How far the facts reach of the terminal that reads a machine: to its last word, or to the last
/// fact received where more are waiting there.
const SEEN: &str =
    "SELECT r.equipment_id, CASE WHEN coalesce((s.status ->> 'backlog')::bigint, 0) > 0
        THEN (SELECT to_timestamp((convert_from(i.line, 'UTF8')::json
                                   -> 'at' ->> 'wall_us')::numeric / 1000000)
              FROM edge.inbox i
              WHERE i.organization_id = t.organization_id AND i.terminal_id = t.terminal_id
                AND i.incarnation = t.incarnation AND i.seq = t.watermark)
        ELSE greatest(t.last_seen_at, s.at) END
    FROM edge.sources r
    JOIN edge.terminals t ON t.organization_id = r.organization_id AND t.site_id = r.site_id
        AND t.code = r.terminal_code AND t.status = 'active'
    LEFT JOIN edge.terminal_status s
        ON s.organization_id = t.organization_id AND s.terminal_id = t.terminal_id
    WHERE r.equipment_id = ANY ($1) AND r.source = '*'";

/// Everything about these machines that touches the window.
pub(crate) async fn read(
    database: &Database,
    place: &Place<'_>,
    of: &[EquipmentId],
    window: &Window,
) -> anyhow::Result<Rows> {
    let machines: Vec<Uuid> = of.iter().map(|equipment| equipment.0).collect();
    let from = Timestamp::from_microsecond(window.from.0)?;
    let until = Timestamp::from_microsecond(window.until.min(window.now).0)?;
    let mut client = database.client().await?;
    let tx = begin_snapshot(&mut client).await?;
    place.enter(&tx).await?;
    let all: [&(dyn ToSql + Sync); 3] = [&machines, &from, &until];
    let only: [&(dyn ToSql + Sync); 1] = [&machines];
    let batches = each(&tx, BATCHES, &all, batch).await?;
    let records: Vec<Uuid> = batches.iter().map(|row| row.batch.record.0).collect();
    let seen = each(&tx, SEEN, &only, |row| Ok((EquipmentId(row.try_get(0)?), at(row, 1)?)));
    let seen: BTreeMap<EquipmentId, Option<Micros>> = seen.await?.into_iter().collect();
    Ok(Rows {
        states: each(&tx, STATES, &all, state).await?,
        stops: each(&tx, STOPS, &all, stop).await?,
        people: each(&tx, PEOPLE, &[&records], person).await?,
        runs: each(&tx, RUNS, &[&records], |row| {
            Ok((RecordId(row.try_get(0)?), needed(row, 1)?, at(row, 2)?))
        })
        .await?,
        counts: each(&tx, COUNTS, &all, count).await?,
        counters: each(&tx, COUNTERS, &[&machines, &until], |row| {
            Ok((EquipmentId(row.try_get(0)?), word::<CounterKind>(row, 1)?, needed(row, 2)?))
        })
        .await?,
        batches,
        seen_until: seen.into_iter().filter_map(|(of, at)| Some((of, at?))).collect(),
    })
}

async fn each<T>(
    tx: &Transaction<'_>,
    select: &str,
    told: &[&(dyn ToSql + Sync)],
    of: impl Fn(&Row) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    tx.query(select, told).await?.iter().map(of).collect()
}

fn at(row: &Row, place: usize) -> anyhow::Result<Option<Micros>> {
    let at: Option<Timestamp> = row.try_get(place)?;
    Ok(at.map(|at| Micros(at.as_microsecond())))
}

fn needed(row: &Row, place: usize) -> anyhow::Result<Micros> {
    let at: Timestamp = row.try_get(place)?;
    Ok(Micros(at.as_microsecond()))
}

/// A word of the vocabulary.
fn word<T: DeserializeOwned>(row: &Row, place: usize) -> anyhow::Result<T> {
    let word: &str = row.try_get(place)?;
    Ok(serde_json::from_value(word.into())?)
}

fn state(row: &Row) -> anyhow::Result<StateRow> {
    let interval = Interval {
        record: RecordId(row.try_get(1)?),
        state: word(row, 2)?,
        from: needed(row, 3)?,
        until: at(row, 4)?,
        reason: None,
        micro_stop_s: row.try_get(7)?,
        void: false,
        rule: row.try_get(5)?,
        map: row.try_get(6)?,
    };
    Ok(StateRow { equipment: EquipmentId(row.try_get(0)?), interval })
}

fn stop(row: &Row) -> anyhow::Result<StopRow> {
    Ok(StopRow {
        equipment: EquipmentId(row.try_get(0)?),
        record: RecordId(row.try_get(1)?),
        from: needed(row, 2)?,
        until: at(row, 3)?,
        reason: row.try_get::<_, Option<Uuid>>(4)?.map(ReasonId),
        label: row.try_get(5)?,
        group_type: row.try_get::<_, Option<&str>>(6)?.and_then(GroupType::of),
        by: row.try_get::<_, Option<Uuid>>(7)?.map(UserId),
        void: row.try_get(8)?,
        shared: row.try_get(9)?,
    })
}

fn batch(row: &Row) -> anyhow::Result<BatchRow> {
    let batch = Batch {
        record: RecordId(row.try_get(1)?),
        number: row.try_get(3)?,
        product: ProductId(row.try_get(4)?),
        from: needed(row, 5)?,
        until: at(row, 6)?,
        status: word(row, 7)?,
        good: row.try_get(8)?,
        scrap: row.try_get(9)?,
        target: row.try_get(10)?,
        standard_hours: None,
        by: row.try_get::<_, Option<Uuid>>(11)?.map(UserId),
        people: Vec::new(),
        rests: Vec::new(),
    };
    let station = row.try_get::<_, Option<Uuid>>(2)?.map(StationId);
    Ok(BatchRow { equipment: EquipmentId(row.try_get(0)?), station, batch })
}

fn person(row: &Row) -> anyhow::Result<(RecordId, Person)> {
    let person = Person {
        entry: row.try_get(1)?,
        user: UserId(row.try_get(2)?),
        from: needed(row, 3)?,
        until: at(row, 4)?,
        override_minutes: row.try_get(5)?,
    };
    Ok((RecordId(row.try_get(0)?), person))
}

fn count(row: &Row) -> anyhow::Result<(EquipmentId, Count)> {
    let count = Count {
        record: RecordId(row.try_get(1)?),
        source: row.try_get(2)?,
        counter: word(row, 3)?,
        epoch: row.try_get::<_, i32>(4)?.into(),
        raw_from: row.try_get(5)?,
        raw_to: row.try_get(6)?,
        verdict: word(row, 7)?,
        since: needed(row, 8)?,
        until: needed(row, 9)?,
        batch: row.try_get::<_, Option<Uuid>>(10)?.map(RecordId),
        map: row.try_get(11)?,
    };
    Ok((EquipmentId(row.try_get(0)?), count))
}
