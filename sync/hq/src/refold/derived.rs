//! What headquarters derives in its own order, beside the fold: which records are one batch, queues,
//! jobs, and conflicts that take more than one record. The order is not in the inbox, so nothing is
//! made anew here: what must hold of it whatever the order was is looked up.

use std::fmt;

use deadpool_postgres::Transaction;
use uuid::Uuid;

/// So many of a kind are named.
const NAMED: usize = 20;

/// Something that does not hold.
pub(crate) struct Difference {
    /// What must hold and does not.
    pub(crate) rule: &'static str,
    /// The rows of which it does not.
    pub(crate) rows: Vec<Uuid>,
    /// Programs of Kartorium write such rows too, by rules of their own: no alarm.
    pub(crate) shared: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.rows.iter().take(NAMED).map(Uuid::to_string).collect();
        write!(f, "{} rows: {} ({})", self.rows.len(), self.rule, named.join(", "))
    }
}

const QUEUE: &str = "an entry of a queue is used up by one batch, and that stands";
const STANDS: &str = "a job that waits or is worked on stands at a station";
const ENTRIES: &str = "the entries of a job at a station are numbered one after the other";

/// What nobody can tell whose fault it is: these rows are not only ours to write.
const SHARED: [&str; 3] = [QUEUE, STANDS, ENTRIES];

/// What must hold, and a query for the keys of the rows of which it does not.
const RULES: &[(&str, &str)] = &[
    (
        "another name stands for a batch that goes by its own",
        "SELECT a.record_id FROM edge.record_aliases a
         WHERE EXISTS (SELECT FROM edge.record_aliases b WHERE b.record_id = a.canonical_id
                         AND b.organization_id = a.organization_id)
            OR NOT EXISTS (SELECT FROM oee_machine_events e
                           WHERE e.id = a.canonical_id AND e.event_type = 'batch')",
    ),
    (
        "a record of another name is nothing by its own",
        "SELECT a.record_id FROM edge.record_aliases a
         WHERE EXISTS (SELECT FROM edge.records r WHERE r.record_id = a.record_id
                         AND r.organization_id = a.organization_id)
            OR EXISTS (SELECT FROM oee_machine_events e WHERE e.id = a.record_id)",
    ),
    (
        "a station has one open batch of a number",
        "SELECT e.id FROM oee_machine_events e
         JOIN oee_batch_details d ON d.event_id = e.id AND d.status <> 'aborted'
         JOIN edge.records r ON r.record_id = e.id
         WHERE e.event_type = 'batch' AND e.end_ts IS NULL AND NOT e.is_archived
           AND EXISTS (SELECT FROM oee_machine_events o
                       JOIN oee_batch_details p ON p.event_id = o.id
                       JOIN edge.records q ON q.record_id = o.id
                       WHERE o.event_type = 'batch' AND o.end_ts IS NULL AND NOT o.is_archived
                         AND o.site_id = e.site_id AND o.id < e.id
                         AND p.station_id = d.station_id AND p.batch_number = d.batch_number)",
    ),
    (
        QUEUE,
        "SELECT q.id FROM (
             SELECT id, site_id, status, event_id, true AS of_machine FROM oee_batch_queue
             UNION ALL
             SELECT id, site_id, status, event_id, false FROM ops_station_batch_queue) q
         -- An entry of a station waits for a batch that has ended at the station before.
         WHERE q.of_machine AND q.status = 'queued' AND EXISTS (
                   SELECT FROM oee_machine_events e JOIN edge.records r ON r.record_id = e.id
                   WHERE e.id = q.event_id AND e.end_ts IS NOT NULL)
            OR q.status = 'started' AND q.event_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM oee_machine_events e
                   WHERE e.id = q.event_id AND e.event_type = 'batch')",
    ),
    (
        STANDS,
        "SELECT j.id FROM ops_jobs j
         WHERE j.state IN ('pending', 'in_progress') AND j.current_station_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM ops_job_station_history h
                           WHERE h.job_id = j.id AND h.station_id = j.current_station_id
                             AND h.completed_at IS NULL)",
    ),
    (
        ENTRIES,
        "SELECT DISTINCT h.job_id FROM ops_job_station_history h
         GROUP BY h.job_id, h.station_id
         HAVING max(h.entry_number) <> count(*) OR min(h.entry_number) <> 1",
    ),
    (
        "a person who is clocked in twice at a time is a conflict",
        "SELECT mine.id FROM ops_labor_entries mine
         JOIN edge.records r ON r.record_id = mine.id
         JOIN ops_labor_entries other ON other.user_id = mine.user_id AND other.id < mine.id
              AND other.site_id = mine.site_id
              AND other.start_ts < coalesce(mine.end_ts, 'infinity')
              AND mine.start_ts < coalesce(other.end_ts, 'infinity')
         JOIN edge.records s ON s.record_id = other.id
         WHERE NOT EXISTS (SELECT FROM edge.conflicts c WHERE c.kind = 'labor_overlap'
             AND (c.record_id, c.other_id) IN ((mine.id, other.id), (other.id, mine.id)))",
    ),
    (
        "a conflict of two entries of labor is one still",
        "SELECT c.id FROM edge.conflicts c
         WHERE c.kind = 'labor_overlap' AND c.resolved_at IS NULL AND NOT EXISTS (
             SELECT FROM ops_labor_entries a JOIN ops_labor_entries b
                  ON b.user_id = a.user_id AND b.site_id = a.site_id
                 AND b.start_ts < coalesce(a.end_ts, 'infinity')
                 AND a.start_ts < coalesce(b.end_ts, 'infinity')
             WHERE a.id = c.record_id AND b.id = c.other_id)",
    ),
    (
        "a conflict was brought up by a fact that is held",
        "SELECT c.id FROM edge.conflicts c
         WHERE NOT EXISTS (SELECT FROM edge.inbox i
             WHERE i.organization_id = c.organization_id AND i.terminal_id = c.terminal_id
               AND i.incarnation = c.incarnation AND i.seq = c.seq)",
    ),
];

/// Looks all of it up in a transaction that has entered a site as the gateway.
pub(crate) async fn differences(
    tx: &Transaction<'_>,
) -> Result<Vec<Difference>, tokio_postgres::Error> {
    let mut found = Vec::new();
    for (rule, query) in RULES {
        let rows = tx.query(*query, &[]).await?;
        let rows: Vec<Uuid> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        if !rows.is_empty() {
            found.push(Difference { rule, rows, shared: SHARED.contains(rule) });
        }
    }
    Ok(found)
}
