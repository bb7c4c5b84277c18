//! What becomes of a batch at a station when nobody works on it there any more, and of the ones
//! further up when it has gone on: decided here, because it takes the whole flow to see.

use std::collections::BTreeMap;

use kart_core::{
    batch::{Closed, Standing, closing},
    fact::{Body, Fact},
};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::Office;

/// The stations that a batch comes to from `$1`, and those it came from; edges may run in circles.
const STATIONS: &str = "WITH RECURSIVE
    batch AS (SELECT e.id, e.site_id, e.station_id, d.batch_number, d.product_id
              FROM oee_machine_events e JOIN oee_batch_details d ON d.event_id = e.id
              WHERE e.id = ANY($1) AND e.station_id IS NOT NULL AND d.batch_number IS NOT NULL),
    down (id, station_id) AS (
        SELECT b.id, c.to_station_id FROM batch b
        JOIN ops_station_connections c ON c.from_station_id = b.station_id
             AND c.connection_type = 'feeds_into'
        UNION
        SELECT d.id, c.to_station_id FROM down d
        JOIN ops_station_connections c ON c.from_station_id = d.station_id
             AND c.connection_type = 'feeds_into'),
    up (id, station_id) AS (
        SELECT b.id, c.from_station_id FROM batch b
        JOIN ops_station_connections c ON c.to_station_id = b.station_id
             AND c.connection_type = 'feeds_into'
        UNION
        SELECT u.id, c.from_station_id FROM up u
        JOIN ops_station_connections c ON c.to_station_id = u.station_id
             AND c.connection_type = 'feeds_into')";

const OPEN_ENTRIES: &str = "EXISTS (SELECT FROM oee_batch_time_entries t
    JOIN oee_batch_details own ON own.id = t.batch_id
    WHERE own.event_id = x.id AND t.user_id IS NOT NULL AND t.end_ts IS NULL)";

impl Office<'_> {
    /// Decides for all batches that `facts` began, left or completed.
    pub(super) async fn close(&self, facts: &[&Fact]) -> Result<(), Error> {
        let mut closed: BTreeMap<Uuid, (Closed, &Fact)> = BTreeMap::new();
        let mut began: Vec<Uuid> = Vec::new();
        let mut joined: Vec<Uuid> = Vec::new();
        for fact in facts {
            match &fact.fact {
                Body::BatchStarted(_) => {
                    began.push(self.canonical(self.writer.origin.record(fact.seq)));
                },
                Body::BatchJoined { batch, .. } => joined.push(self.canonical(*batch)),
                Body::BatchLeft { batch, .. } => {
                    closed.insert(self.canonical(*batch), (Closed::Left, fact));
                },
                Body::BatchCompleted { batch, .. } => {
                    closed.insert(self.canonical(*batch), (Closed::Completed, fact));
                },
                _ => {},
            }
        }
        if !joined.is_empty() {
            self.reopen(&joined).await?;
        }
        if !closed.is_empty() {
            self.decide(&closed).await?;
        }
        if !began.is_empty() {
            self.gone_on(&began).await?;
        }
        Ok(())
    }

    async fn decide(&self, closed: &BTreeMap<Uuid, (Closed, &Fact)>) -> Result<(), Error> {
        let statement = self
            .tx
            .prepare_cached(&format!(
                "{STATIONS}
                 SELECT x.id, {OPEN_ENTRIES},
                     EXISTS (SELECT FROM down
                             JOIN oee_batch_details d ON d.station_id = down.station_id
                                  AND d.batch_number = x.batch_number
                                  AND d.product_id = x.product_id AND d.status <> 'aborted'
                             JOIN oee_machine_events e ON e.id = d.event_id
                                  AND e.site_id = x.site_id AND NOT e.resolved
                                  AND NOT e.is_archived AND e.id <> x.id
                             WHERE down.id = x.id),
                     EXISTS (SELECT FROM down WHERE down.id = x.id)
                 FROM batch x"
            ))
            .await?;
        let ids: Vec<Uuid> = closed.keys().copied().collect();
        for row in self.tx.query(&statement, &[&ids]).await? {
            let (id, standing) = standing(&row)?;
            let Some((how, fact)) = closed.get(&id) else { continue };
            if let Some(resolved) = closing(*how, standing).resolved() {
                self.resolve(&[id], resolved, fact).await?;
            }
        }
        Ok(())
    }

    /// A batch began at a station: the instances further up that nobody works on are behind it.
    async fn gone_on(&self, began: &[Uuid]) -> Result<(), Error> {
        let statement = self
            .tx
            .prepare_cached(&format!(
                "{STATIONS}
                 UPDATE oee_machine_events x
                 SET resolved = true, resolved_at = now(), updated_at = now()
                 FROM batch b JOIN up ON up.id = b.id
                 JOIN oee_batch_details d ON d.station_id = up.station_id
                      AND d.batch_number = b.batch_number AND d.product_id = b.product_id
                 WHERE x.id = d.event_id AND x.site_id = b.site_id AND x.event_type = 'batch'
                   AND x.id <> b.id AND NOT x.resolved AND NOT {OPEN_ENTRIES}"
            ))
            .await?;
        self.tx.execute(&statement, &[&began]).await.map(drop)
    }

    async fn resolve(&self, ids: &[Uuid], resolved: bool, fact: &Fact) -> Result<(), Error> {
        let statement = self
            .tx
            .prepare_cached(
                "UPDATE oee_machine_events SET resolved = $2, updated_at = now(),
                     resolved_at = CASE WHEN $2 THEN $3::text::timestamptz END,
                     resolved_by = CASE WHEN $2 THEN $4::uuid END
                 WHERE id = ANY($1) AND resolved <> $2",
            )
            .await?;
        let (at, by) = (fact.at.wall_us.rfc3339(), fact.by.map(|user| user.0));
        self.tx.execute(&statement, &[&ids, &resolved, &at, &by]).await.map(drop)
    }

    /// Somebody works on it again.
    async fn reopen(&self, joined: &[Uuid]) -> Result<(), Error> {
        let statement = self
            .tx
            .prepare_cached(
                "UPDATE oee_machine_events
                 SET resolved = false, resolved_at = NULL, resolved_by = NULL, updated_at = now()
                 WHERE id = ANY($1) AND event_type = 'batch' AND resolved AND end_ts IS NULL",
            )
            .await?;
        self.tx.execute(&statement, &[&joined]).await.map(drop)
    }
}

fn standing(row: &Row) -> Result<(Uuid, Standing), Error> {
    let (others_open, further_down, leads_on) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    Ok((row.try_get(0)?, Standing { others_open, further_down, leads_on }))
}
