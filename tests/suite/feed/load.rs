//! Many writers at once, and what readers see of it: by snapshots everything, by numbers not.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A connection of its own.
pub(super) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move { connection.await.ok() });
    client
}

/// What a writer did, in numbers of its rows.
#[derive(Default)]
pub(super) struct Written {
    pub(super) changes: usize,
    pub(super) keys: BTreeSet<String>,
}

pub(super) const ORGANIZATION: &str = "load-works";

/// One transaction after the other: short ones, long ones, some with savepoints that are given up,
/// some given up altogether. As somebody who knows nothing of us.
pub(super) async fn write(url: &str, writer: u64, transactions: u64, seed: u64) -> Written {
    let client = connect(url).await;
    let mut dice = fastrand::Rng::with_seed(seed ^ writer);
    let mut written = Written::default();
    let mut own: Vec<String> = Vec::new();
    for n in 0..transactions {
        client.batch_execute("BEGIN").await.unwrap();
        let mut ours = insert(&client, writer, n * 3, 90 + dice.usize(..30)).await;
        if dice.u8(..3) == 0 {
            client.batch_execute("SAVEPOINT s").await.unwrap();
            insert(&client, writer, n * 3 + 1, 20).await;
            client.batch_execute("ROLLBACK TO s").await.unwrap();
        }
        if dice.u8(..4) == 0 {
            client.batch_execute("SAVEPOINT s").await.unwrap();
            ours.extend(insert(&client, writer, n * 3 + 2, 20).await);
            client.batch_execute("RELEASE s").await.unwrap();
        }
        // Rows of earlier transactions change, and one goes.
        let changed: Vec<String> =
            (0..15.min(own.len())).map(|_| own[dice.usize(..own.len())].clone()).collect();
        let update = "UPDATE organization_feature_flags SET is_enabled = NOT is_enabled
                      WHERE id = ANY ($1::text[]::uuid[]) RETURNING id";
        let updated = client.query(update, &[&changed]).await.unwrap().len();
        let gone: Vec<String> = changed.iter().take(1).cloned().collect();
        let delete = "DELETE FROM organization_feature_flags WHERE id = ANY ($1::text[]::uuid[])";
        client.execute(delete, &[&gone]).await.unwrap();
        if dice.u8(..10) == 0 {
            // A program that takes its time.
            client.batch_execute("SELECT pg_sleep(0.15)").await.unwrap();
        }
        if dice.u8(..8) == 0 {
            client.batch_execute("ROLLBACK").await.unwrap();
            continue;
        }
        client.batch_execute("COMMIT").await.unwrap();
        written.changes += ours.len() + updated;
        written.keys.extend(ours.iter().cloned());
        own.retain(|id| !gone.contains(id));
        own.extend(ours);
    }
    written
}

async fn insert(client: &Client, writer: u64, group: u64, count: usize) -> Vec<String> {
    let statement = format!(
        "INSERT INTO organization_feature_flags (organization_id, flag)
         SELECT '{ORGANIZATION}', 'w{writer}-{group}-' || n FROM generate_series(1, {count}) n
         RETURNING id::text"
    );
    let rows = client.query(&statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// A reader that follows `edge.changes`.
pub(super) struct Reader {
    client: Client,
    organization: &'static str,
    /// A snapshot, or a number.
    cursor: String,
    /// Keys it was told of.
    pub(super) told: BTreeSet<String>,
    /// Keys that were there when it was last told of them, with what they said.
    pub(super) mirror: BTreeMap<String, bool>,
    pub(super) looks: usize,
}

/// How a reader knows what it has.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// Which transactions it has seen.
    Snapshot,
    /// The highest number it has seen.
    Number,
    /// As by number, but no further than the oldest running transaction.
    Horizon,
}

impl By {
    fn begin(self) -> &'static str {
        match self {
            Self::Snapshot => "1:1:",
            Self::Number | Self::Horizon => "0",
        }
    }

    fn entries(self) -> &'static str {
        match self {
            Self::Snapshot => {
                "SELECT pg_current_snapshot()::text, c.pk FROM (VALUES (1)) one (row) LEFT JOIN
                    (SELECT pk FROM edge.changes WHERE organization_id = $2 AND scope = 'org'
                        AND xid >= pg_snapshot_xmax($1::text::pg_snapshot)
                     UNION SELECT pk FROM edge.changes WHERE organization_id = $2 AND scope = 'org'
                        AND xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))) c
                 ON true"
            },
            Self::Number => {
                "SELECT greatest(max(pos) OVER (), $1::text::bigint)::text, pk FROM edge.changes
                 WHERE organization_id = $2 AND scope = 'org' AND pos > $1::text::bigint"
            },
            Self::Horizon => {
                "SELECT max(pos) OVER ()::text, pk FROM edge.changes
                 WHERE organization_id = $2 AND xid < pg_snapshot_xmin(pg_current_snapshot())
                   AND pos > $1::text::bigint"
            },
        }
    }
}

impl Reader {
    pub(super) async fn new(url: &str, organization: &'static str, by: By) -> Self {
        let client = connect(url).await;
        let (told, mirror) = (BTreeSet::new(), BTreeMap::new());
        Self { client, organization, cursor: by.begin().to_owned(), told, mirror, looks: 0 }
    }

    /// Reads what is new, and the rows as they are in the same snapshot.
    pub(super) async fn look(&mut self, by: By) -> usize {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        self.client.batch_execute(begin).await.unwrap();
        let entries =
            self.client.query(by.entries(), &[&self.cursor, &self.organization]).await.unwrap();
        let keys: Vec<String> = entries.iter().filter_map(|entry| entry.get(1)).collect();
        if let Some(entry) = entries.first() {
            self.cursor = entry.get(0);
        }
        let select = "SELECT id::text, is_enabled FROM organization_feature_flags
                      WHERE id = ANY ($1::text[]::uuid[])";
        let ids: Vec<&String> = keys.iter().filter(|key| Uuid::try_parse(key).is_ok()).collect();
        let rows = self.client.query(select, &[&ids]).await.unwrap();
        self.client.batch_execute("COMMIT").await.unwrap();
        for key in &keys {
            self.mirror.remove(key);
        }
        self.mirror.extend(rows.iter().map(|row| (row.get(0), row.get(1))));
        let count = keys.len();
        self.told.extend(keys);
        self.looks += 1;
        count
    }
}
