//! Jobs that took unusually long, or were unusually fast: see `kart_core::outlier` for the rule.
//! A flag that a person has reviewed stays as it is; one that is none any more goes.

use kart_core::outlier::{Flag, Visit, flags};
use uuid::Uuid;

use super::kind::Where;
use crate::database::{Database, Role, begin, enter};

/// So many of the last visits to a station are its history.
const HISTORY: i64 = 500;

pub(super) async fn flag(database: &Database, place: &Where) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Worker).await?;
    enter(&tx, &place.organization, place.site).await?;
    // Two runs would write the same.
    let rows = tx
        .query(
            "WITH visits AS (
                 SELECT h.*, j.product_id,
                        row_number() OVER (PARTITION BY h.station_id
                                           ORDER BY h.completed_at DESC, h.id) AS place
                 FROM ops_job_station_history h
                 JOIN ops_jobs j ON j.id = h.job_id
                 WHERE h.completed_at IS NOT NULL)
             SELECT v.job_id, v.station_id, v.product_id, touched.minutes::float8,
                    (extract(epoch FROM v.completed_at - v.started_at) / 60)::float8
             FROM visits v
             LEFT JOIN LATERAL (
                 SELECT sum(coalesce(t.minutes,
                            extract(epoch FROM t.until - t.since) / 60)) AS minutes
                 FROM (
                     SELECT e.duration_override_minutes AS minutes, e.start_ts AS since,
                            e.end_ts AS until
                     FROM oee_machine_events b
                     JOIN oee_batch_details d ON d.event_id = b.id
                     JOIN oee_batch_time_entries e ON e.batch_id = d.id
                     WHERE b.job_id = v.job_id AND b.station_id = v.station_id
                       AND NOT b.is_archived AND e.entry_type = 'person'
                     UNION ALL
                     SELECT l.duration_override_minutes, l.start_ts, l.end_ts
                     FROM ops_labor_entries l
                     WHERE l.job_id = v.job_id AND l.station_id = v.station_id
                       AND l.event_id IS NULL AND l.source <> 'void'
                 ) t
                 WHERE t.until IS NOT NULL
                   AND t.since < v.completed_at
                   AND t.until > coalesce(v.started_at, '-infinity')
             ) touched ON true
             WHERE v.place <= $1",
            &[&HISTORY],
        )
        .await?;
    let visits = rows
        .iter()
        .map(|row| {
            Ok(Visit {
                job: row.try_get(0)?,
                station: row.try_get(1)?,
                product: row.try_get(2)?,
                touch: row.try_get(3)?,
                dwell: row.try_get(4)?,
            })
        })
        .collect::<Result<Vec<_>, tokio_postgres::Error>>()?;
    let found = flags(&visits);
    let (written, removed) = write(&tx, &visits, &found).await?;
    tx.commit().await?;
    Ok(format!(
        "{} visits, {} unusual; {written} flags written, {removed} removed",
        visits.len(),
        found.len()
    ))
}

async fn write(
    tx: &deadpool_postgres::Transaction<'_>,
    visits: &[Visit],
    found: &[Flag],
) -> Result<(u64, u64), tokio_postgres::Error> {
    let jobs: Vec<Uuid> = found.iter().map(|flag| flag.job).collect();
    let metrics: Vec<&str> = found.iter().map(|flag| flag.metric.word()).collect();
    let numbers = |of: fn(&Flag) -> f64| -> Vec<f64> { found.iter().map(of).collect() };
    let seen: Vec<Uuid> = visits.iter().map(|visit| visit.job).collect();
    let removed = tx
        .execute(
            "DELETE FROM job_outlier_flags f
             WHERE f.reviewed_at IS NULL AND f.metric IN ('touch_time', 'dwell_time')
               AND f.job_id = ANY($1)
               AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::text[]) AS n(job, metric)
                               WHERE (n.job, n.metric) = (f.job_id, f.metric))",
            &[&seen, &jobs, &metrics],
        )
        .await?;
    let written = tx
        .execute(
            "INSERT INTO job_outlier_flags AS f
                 (job_id, metric, observed_value, expected_value, deviation)
             SELECT n.job, n.metric, round(n.observed::numeric, 4), round(n.expected::numeric, 4),
                    round(greatest(least(n.deviation, 999999), -999999)::numeric, 4)
             FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::float8[], $5::float8[])
                 AS n(job, metric, observed, expected, deviation)
             ON CONFLICT (job_id, metric) DO UPDATE
             SET observed_value = excluded.observed_value,
                 expected_value = excluded.expected_value, deviation = excluded.deviation,
                 updated_at = now()
             WHERE f.reviewed_at IS NULL
               AND (f.observed_value, f.expected_value, f.deviation) IS DISTINCT FROM
                   (excluded.observed_value, excluded.expected_value, excluded.deviation)",
            &[
                &jobs,
                &metrics,
                &numbers(|flag| flag.observed),
                &numbers(|flag| flag.expected),
                &numbers(|flag| flag.deviation),
            ],
        )
        .await?;
    Ok((written, removed))
}
