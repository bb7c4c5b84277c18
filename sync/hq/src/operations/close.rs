//! What becomes of a batch at a station when nobody works on it there any more, and of the ones
//! further up when it has gone on: decided here, because it takes the whole flow to see. kart-core
//! decides it for all instances of the batch together; this reads how they stand and writes it down.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::{
    batch::{Closing, End, Instance, Outcome, outcomes},
    fact::{Body, Fact, batch::BatchAborted},
    id::{RecordId, StationId},
    time::Micros,
};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::{Office, lock};

/// What facts say of batches.
#[derive(Default)]
struct Touched<'f> {
    /// The last fact of each; the one that completed it, where there is one.
    facts: BTreeMap<Uuid, &'f Fact>,
    /// Those that somebody works on again.
    resumed: BTreeSet<Uuid>,
}

/// An instance as its rows tell of it.
struct Kept {
    instance: Instance,
    resolved: Option<Micros>,
    /// Nobody has resolved it by hand: whoever completed it did so at that very moment.
    ours: bool,
}

/// What is to be written of one.
#[derive(Default)]
struct Writes {
    ids: Vec<Uuid>,
    at: Vec<Option<String>>,
    by: Vec<Option<Uuid>>,
}

impl Office<'_> {
    /// Decides for all batches that `facts` began, left or ended.
    pub(super) async fn close(&self, facts: &[&Fact]) -> Result<(), Error> {
        let touched = self.touched(facts);
        if touched.facts.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = touched.facts.keys().copied().collect();
        self.lock_numbers(&ids).await?;
        let feeds = self.feeds().await?;
        let mut writes = Writes::default();
        for batch in self.instances(&ids).await?.into_values() {
            let instances: Vec<Instance> = batch.iter().map(|kept| kept.instance).collect();
            let outcomes = outcomes(&instances, &feeds);
            for kept in &batch {
                let Some(outcome) = outcomes.get(&kept.instance.record) else { continue };
                writes.add(kept, outcome, &touched);
            }
        }
        self.write(&writes).await
    }

    fn touched<'f>(&self, facts: &[&'f Fact]) -> Touched<'f> {
        let mut touched = Touched::default();
        for fact in facts {
            let batch = match &fact.fact {
                Body::BatchStarted(_) => self.writer.origin.record(fact.seq),
                Body::BatchJoined { batch, .. }
                | Body::BatchLeft { batch, .. }
                | Body::BatchCompleted { batch, .. }
                | Body::BatchPaused { batch }
                | Body::BatchResumed { batch }
                | Body::BatchAborted(BatchAborted { batch, .. }) => *batch,
                _ => continue,
            };
            let batch = self.canonical(batch);
            if matches!(fact.fact, Body::BatchStarted(_) | Body::BatchJoined { .. }) {
                touched.resumed.insert(batch);
            }
            let known = touched.facts.entry(batch).or_insert(fact);
            if !matches!(known.fact, Body::BatchCompleted { .. }) {
                *known = fact;
            }
        }
        touched
    }

    /// Two terminals at once must see each other: one batch is decided on by one at a time.
    async fn lock_numbers(&self, ids: &[Uuid]) -> Result<(), Error> {
        let statement = self
            .tx
            .prepare_cached(
                "SELECT DISTINCT batch_number FROM oee_batch_details
                 WHERE event_id = ANY($1) AND batch_number IS NOT NULL",
            )
            .await?;
        let rows = self.tx.query(&statement, &[&ids]).await?;
        let site = self.writer.tenant.site;
        let name = |row: &Row| Ok(format!("closing/{site}/{}", row.try_get::<_, String>(0)?));
        let names = rows.iter().map(name).collect::<Result<Vec<String>, Error>>()?;
        lock(self.tx, &names).await
    }

    async fn feeds(&self) -> Result<Vec<(StationId, StationId)>, Error> {
        let statement = self
            .tx
            .prepare_cached(
                "SELECT c.from_station_id, c.to_station_id FROM ops_station_connections c
                 JOIN ops_stations s ON s.id = c.from_station_id
                 WHERE s.site_id = $1 AND c.connection_type = 'feeds_into'",
            )
            .await?;
        let rows = self.tx.query(&statement, &[&self.writer.tenant.site.0]).await?;
        let feed = |row: &Row| Ok((StationId(row.try_get(0)?), StationId(row.try_get(1)?)));
        rows.iter().map(feed).collect()
    }

    /// All instances of these batches, by number and product.
    async fn instances(&self, ids: &[Uuid]) -> Result<BTreeMap<(String, Uuid), Vec<Kept>>, Error> {
        let statement = self
            .tx
            .prepare_cached(
                "WITH named AS (SELECT DISTINCT batch_number, product_id FROM oee_batch_details
                                WHERE event_id = ANY($1)),
                      instance AS (
                          SELECT e.*, d.batch_number, d.product_id, d.status,
                              d.station_id AS place, people.open, people.until,
                              (SELECT min(rest.start_ts) FROM edge.batch_starts s
                               JOIN oee_machine_events rest ON rest.id = s.batch_event_id
                               WHERE s.continues_event_id = e.id) AS continued,
                              EXISTS (SELECT FROM edge.records r WHERE r.record_id = e.id)
                              AND (e.resolved_by IS NULL OR EXISTS (
                                  SELECT FROM oee_batch_time_entries t
                                  WHERE t.batch_id = d.id AND t.end_ts = e.resolved_at)) AS ours
                          FROM named n
                          JOIN oee_batch_details d
                               ON (d.batch_number, d.product_id) = (n.batch_number, n.product_id)
                          JOIN oee_machine_events e ON e.id = d.event_id
                          CROSS JOIN LATERAL (
                              SELECT coalesce(bool_or(t.end_ts IS NULL), false) AS open,
                                     max(t.end_ts) AS until
                              FROM oee_batch_time_entries t
                              WHERE t.batch_id = d.id AND t.user_id IS NOT NULL) people
                          WHERE e.site_id = $2 AND e.event_type = 'batch' AND NOT e.is_archived
                            AND d.station_id IS NOT NULL)
                 SELECT batch_number, product_id, id, place,
                     (extract(epoch FROM start_ts) * 1000000)::bigint,
                     CASE WHEN NOT open THEN
                         (extract(epoch FROM greatest(start_ts, end_ts, until)) * 1000000)::bigint END,
                     CASE WHEN end_ts IS NOT NULL THEN status END,
                     CASE WHEN resolved THEN
                         (extract(epoch FROM coalesce(resolved_at, updated_at)) * 1000000)::bigint END,
                     ours, (extract(epoch FROM continued) * 1000000)::bigint
                 FROM instance ORDER BY id",
            )
            .await?;
        let rows = self.tx.query(&statement, &[&ids, &self.writer.tenant.site.0]).await?;
        let mut batches: BTreeMap<_, Vec<Kept>> = BTreeMap::new();
        for row in rows {
            batches.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(kept(&row)?);
        }
        Ok(batches)
    }

    async fn write(&self, writes: &Writes) -> Result<(), Error> {
        if writes.ids.is_empty() {
            return Ok(());
        }
        let statement = self
            .tx
            .prepare_cached(
                "UPDATE oee_machine_events e
                 SET resolved = w.at IS NOT NULL, resolved_at = w.at::timestamptz, resolved_by = w.by,
                     updated_at = now()
                 FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS w(id, at, by) WHERE e.id = w.id",
            )
            .await?;
        self.tx.execute(&statement, &[&writes.ids, &writes.at, &writes.by]).await.map(drop)
    }
}

impl Writes {
    /// What somebody has resolved by hand stays so, until it is worked on again or waits to be routed.
    fn add(&mut self, kept: &Kept, outcome: &Outcome, touched: &Touched<'_>) {
        let id = kept.instance.record.0;
        let fact = touched.facts.get(&id);
        let changes = match (kept.resolved, outcome.resolved) {
            (None, resolved) => resolved.is_some(),
            (Some(before), Some(at)) => kept.ours && before != at,
            (Some(_), None) => {
                let anew = match outcome.closing {
                    None => kept.instance.end == End::Open && touched.resumed.contains(&id),
                    Some(closing) => closing == Closing::WaitsForRouting && fact.is_some(),
                };
                kept.ours || anew
            },
        };
        if changes {
            let by_hand = outcome.closing == Some(Closing::ResolvedAtEnd);
            self.ids.push(id);
            self.at.push(outcome.resolved.map(Micros::rfc3339));
            self.by.push(fact.filter(|_| by_hand).and_then(|fact| fact.by).map(|user| user.0));
        }
    }
}

fn kept(row: &Row) -> Result<Kept, Error> {
    let end = match row.try_get::<_, Option<&str>>(6)? {
        Some("completed") => End::Completed,
        Some("aborted") => End::Aborted,
        _ => End::Open,
    };
    let resolved = row.try_get::<_, Option<i64>>(7)?.map(Micros);
    let ours: bool = row.try_get(8)?;
    let instance = Instance {
        record: RecordId(row.try_get(2)?),
        station: StationId(row.try_get(3)?),
        began: Micros(row.try_get(4)?),
        closed: row.try_get::<_, Option<i64>>(5)?.map(Micros),
        end,
        settled: resolved.filter(|_| !ours),
        continued: row.try_get::<_, Option<i64>>(9)?.map(Micros),
    };
    Ok(Kept { instance, resolved, ours })
}
