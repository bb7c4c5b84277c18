//! Queues of next batches. Terminals ask, headquarters says the order, and what was started is used
//! up whether or not anybody asked.

use kart_core::{
    fact::{
        BatchStarted, Fact,
        queue::{Ask, Enqueue, Place, Queue, QueueAsked},
    },
    id::RecordId,
    record::conflict::{Conflict, Kind},
};
use tokio_postgres::Error;
use uuid::Uuid;

use super::Office;

/// Where a position has more digits than this behind the point, the queue is numbered anew.
const MOST_DIGITS: i32 = 12;

/// A queue as a table knows it.
struct Line {
    table: &'static str,
    owner: &'static str,
    id: Uuid,
}

impl From<Queue> for Line {
    fn from(queue: Queue) -> Self {
        match queue {
            Queue::Equipment(machine) => {
                Self { table: "oee_batch_queue", owner: "equipment_id", id: machine.0 }
            },
            Queue::Station(station) => {
                Self { table: "ops_station_batch_queue", owner: "station_id", id: station.0 }
            },
        }
    }
}

/// What an entry is.
struct Entry {
    status: String,
    batch: Option<Uuid>,
}

impl Office<'_> {
    pub(super) async fn asked(&self, fact: &Fact, asked: &QueueAsked) -> Result<(), Error> {
        let line = Line::from(asked.queue);
        self.lock(&format!("queue/{}", line.id)).await?;
        let entry = asked.entry(self.writer.origin, fact.seq);
        match &asked.ask {
            Ask::Enqueue(enqueue) => self.enqueue(fact, &line, entry, enqueue).await,
            Ask::Move { place, .. } => match self.entry(&line, entry).await?.status.as_str() {
                "queued" => self.put(fact, &line, entry, *place).await,
                _ => self.gone(fact, entry, "what was to be moved is no longer in the queue").await,
            },
            Ask::Remove { .. } => match self.entry(&line, entry).await?.status.as_str() {
                "queued" => self.set(&line, entry, "removed", None).await,
                "started" => self.gone(fact, entry, "what was to be removed has begun").await,
                _ => Ok(()),
            },
            Ask::Claim { batch, .. } => self.claim(fact, &line, entry, *batch).await,
        }
    }

    /// A batch began: the entry that asked for it is used up.
    pub(super) async fn used_up(&self, fact: &Fact, started: &BatchStarted) -> Result<(), Error> {
        let batch = self.canonical(self.writer.origin.record(fact.seq));
        let machine = Line::from(Queue::Equipment(started.equipment));
        let station = started.station.map(|station| Line::from(Queue::Station(station)));
        for (line, by_product) in [(Some(machine), true), (station, false)] {
            let Some(line) = line else { continue };
            let Some((entry, standing)) = self.fitting(&line, started, by_product, batch).await?
            else {
                continue;
            };
            match (standing.status.as_str(), standing.batch) {
                ("queued", _) => self.set(&line, entry, "started", Some(batch)).await?,
                ("started", Some(other)) if other != batch => {
                    self.unplanned(fact, batch, Some(other), &started.number).await?;
                },
                _ => {},
            }
        }
        Ok(())
    }

    /// The entry that a batch is: the one it was claimed for, by its number, else the next one of its
    /// product without a number.
    async fn fitting(
        &self,
        line: &Line,
        started: &BatchStarted,
        by_product: bool,
        batch: Uuid,
    ) -> Result<Option<(RecordId, Entry)>, Error> {
        let Line { table, owner, id } = line;
        let statement = self
            .tx
            .prepare_cached(&format!(
                "SELECT id, status, event_id FROM {table}
                 WHERE {owner} = $1
                   AND (event_id = $5 AND status = 'started'
                        OR (product_id IS NULL OR product_id = $2)
                           AND (batch_number = $3 AND status IN ('queued', 'started')
                                OR $4 AND batch_number IS NULL AND product_id IS NOT NULL
                                   AND status = 'queued'))
                 ORDER BY event_id IS NOT DISTINCT FROM $5 AND status = 'started' DESC,
                          batch_number IS NULL, status <> 'queued', queue_position
                 LIMIT 1 FOR UPDATE"
            ))
            .await?;
        let (product, number) = (started.product.0, &started.number);
        let row =
            self.tx.query_opt(&statement, &[id, &product, number, &by_product, &batch]).await?;
        let Some(row) = row else { return Ok(None) };
        let entry = Entry { status: row.try_get(1)?, batch: row.try_get(2)? };
        Ok(Some((RecordId(row.try_get(0)?), entry)))
    }

    async fn enqueue(
        &self,
        fact: &Fact,
        line: &Line,
        entry: RecordId,
        enqueue: &Enqueue,
    ) -> Result<(), Error> {
        let Line { table, owner, id } = line;
        // A batch that waits at a station was routed from the one it was at.
        let routed = if *table == "ops_station_batch_queue" { enqueue.batch } else { None };
        let routed = routed.map(|batch| self.canonical(batch));
        let (columns, values) = match routed {
            Some(_) => (
                ", event_id, from_station_id",
                ", $9::uuid, (SELECT e.station_id FROM oee_machine_events e WHERE e.id = $9)",
            ),
            None => ("", ""),
        };
        let statement = self
            .tx
            .prepare_cached(&format!(
                "INSERT INTO {table} (id, site_id, {owner}, product_id, batch_number, work_order,
                                      target_quantity, created_by, queue_position{columns})
                 SELECT $1, $2, $3, $4, $5, $6, $7::bigint::integer, $8,
                        coalesce(max(queue_position), 0) + 1{values}
                 FROM {table} WHERE {owner} = $3
                 ON CONFLICT (id) DO NOTHING"
            ))
            .await?;
        let (site, product) = (self.writer.tenant.site.0, enqueue.product.0);
        let by = fact.by.map(|user| user.0);
        let (number, order, target) = (&enqueue.number, &enqueue.work_order, &enqueue.target);
        let mut told: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            vec![&entry.0, &site, id, &product, number, order, target, &by];
        if let Some(batch) = &routed {
            told.push(batch);
        }
        self.tx.execute(&statement, &told).await?;
        self.put(fact, line, entry, enqueue.place).await
    }

    /// Puts an entry somewhere in its queue: the end is where it goes when the other is gone.
    async fn put(
        &self,
        fact: &Fact,
        line: &Line,
        entry: RecordId,
        place: Place,
    ) -> Result<(), Error> {
        let Line { table, owner, id } = line;
        let after = match place {
            Place::After(anchor) if anchor != entry => Some(anchor.0),
            _ => None,
        };
        let front = matches!(place, Place::Front);
        // Positions of entries that are used up are taken too.
        let statement = self
            .tx
            .prepare_cached(&format!(
                "WITH line AS (SELECT id, status, queue_position AS at FROM {table}
                               WHERE {owner} = $1 AND id <> $2),
                      anchor AS (SELECT at FROM line WHERE id = $3 AND status = 'queued')
                 UPDATE {table} q SET updated_at = now(), queue_position = CASE
                     WHEN $4 THEN coalesce((SELECT min(at) FROM line), 1) - 1
                     WHEN EXISTS (SELECT FROM anchor) THEN
                         (SELECT coalesce((a.at + (SELECT min(l.at) FROM line l WHERE l.at > a.at)) / 2,
                                          a.at + 1) FROM anchor a)
                     ELSE coalesce((SELECT max(at) FROM line), 0) + 1 END
                 WHERE q.id = $2
                 RETURNING scale(trim_scale(queue_position)), EXISTS (SELECT FROM anchor)"
            ))
            .await?;
        let row = self.tx.query_one(&statement, &[id, &entry.0, &after, &front]).await?;
        let (digits, anchored): (i32, bool) = (row.try_get(0)?, row.try_get(1)?);
        if digits > MOST_DIGITS {
            let anew = format!(
                "UPDATE {table} q SET queue_position = n.at, updated_at = now()
                 FROM (SELECT id, row_number() OVER (ORDER BY queue_position) AS at FROM {table}
                       WHERE {owner} = $1) n WHERE q.id = n.id"
            );
            self.tx.execute(&anew, &[id]).await?;
        }
        if after.is_none() || anchored {
            return Ok(());
        }
        let detail = "the entry it was to follow is no longer in the queue; it went to the end";
        let note = format!("UPDATE {table} SET notes = $2 WHERE id = $1");
        self.tx.execute(&note, &[&entry.0, &detail]).await?;
        self.note(self.conflict(fact, entry.0, after, Kind::AnchorGone, detail)).await
    }

    /// The first by headquarters' order owns the entry; what the second one runs was not planned.
    async fn claim(
        &self,
        fact: &Fact,
        line: &Line,
        entry: RecordId,
        batch: RecordId,
    ) -> Result<(), Error> {
        let batch = self.canonical(batch);
        let standing = self.entry(line, entry).await?;
        let lost = match (standing.status.as_str(), standing.batch) {
            ("queued", _) => None,
            ("started", Some(other)) if other == batch => return Ok(()),
            (_, other) => Some(other),
        };
        // What the start was taken for before the claim came is free again.
        let free = format!(
            "UPDATE {table} SET status = 'queued', event_id = NULL, updated_at = now()
             WHERE {owner} = $1 AND event_id = $2 AND status = 'started' AND id <> $3",
            table = line.table,
            owner = line.owner,
        );
        self.tx.execute(&free, &[&line.id, &batch, &entry.0]).await?;
        match lost {
            None => self.set(line, entry, "started", Some(batch)).await,
            Some(other) => {
                let number = format!("SELECT batch_number FROM {} WHERE id = $1", line.table);
                let row = self.tx.query_one(&number, &[&entry.0]).await?;
                let number: Option<String> = row.try_get(0)?;
                self.unplanned(fact, batch, other, number.as_deref().unwrap_or("no number")).await
            },
        }
    }

    async fn unplanned(
        &self,
        fact: &Fact,
        batch: Uuid,
        other: Option<Uuid>,
        number: &str,
    ) -> Result<(), Error> {
        let detail =
            format!("unplanned run of {number}: the entry was used up or taken out already");
        self.note(self.conflict(fact, batch, other, Kind::UnplannedRun, &detail)).await
    }

    async fn gone(&self, fact: &Fact, entry: RecordId, detail: &str) -> Result<(), Error> {
        self.note(self.conflict(fact, entry.0, None, Kind::EntryGone, detail)).await
    }

    pub(super) fn conflict(
        &self,
        fact: &Fact,
        record: Uuid,
        other: Option<Uuid>,
        kind: Kind,
        detail: &str,
    ) -> Conflict {
        let (record, detail) = (RecordId(record), detail.to_owned());
        Conflict { record, other, kind, detail, by: self.assertion(fact) }
    }

    async fn entry(&self, line: &Line, entry: RecordId) -> Result<Entry, Error> {
        let Line { table, owner, id } = line;
        let select = format!(
            "SELECT status, event_id FROM {table} WHERE id = $1 AND {owner} = $2 FOR UPDATE"
        );
        let statement = self.tx.prepare_cached(&select).await?;
        let row = self.tx.query_opt(&statement, &[&entry.0, id]).await?;
        let Some(row) = row else {
            self.unresolved(table, entry.0).await?;
            return Ok(Entry { status: String::new(), batch: None });
        };
        Ok(Entry { status: row.try_get(0)?, batch: row.try_get(1)? })
    }

    async fn set(
        &self,
        line: &Line,
        entry: RecordId,
        status: &str,
        batch: Option<Uuid>,
    ) -> Result<(), Error> {
        let update = format!(
            "UPDATE {} SET status = $2, event_id = coalesce($3, event_id), updated_at = now()
             WHERE id = $1",
            line.table
        );
        let statement = self.tx.prepare_cached(&update).await?;
        self.tx.execute(&statement, &[&entry.0, &status, &batch]).await.map(drop)
    }
}
