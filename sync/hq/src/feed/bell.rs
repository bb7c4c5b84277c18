//! Wakes requests that wait. One task of the gateway asks a few times a second which scopes have
//! changed; those who wait hold neither a connection nor a place in a queue of their own.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{
        Semaphore, SemaphorePermit,
        broadcast::{self, error::RecvError},
    },
    time::{Instant, MissedTickBehavior, interval},
};

use super::health::{self, Meters};
use crate::database::{Database, Role, begin};

/// How long a change may go unnoticed.
const EVERY: Duration = Duration::from_millis(200);
/// When more scopes than this changed at once, everybody is woken.
const MOST_SCOPES: i32 = 10_000;
/// Who is slower than so many strokes is woken, whatever they were for.
const MOST_STROKES: usize = 16;
/// Of the connections to the database, those that looks may take.
const MOST_LOOKS_AT_ONCE: usize = 8;
const HEALTH_EVERY: Duration = Duration::from_secs(5);
const PARTITIONS_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// Scopes by organisation; `None` for all of them.
type Stroke = Option<HashMap<String, HashSet<String>>>;

/// Rings when something has changed.
#[derive(Clone)]
pub(crate) struct Bell {
    strokes: broadcast::Sender<Arc<Stroke>>,
    looks: Arc<Semaphore>,
}

impl Default for Bell {
    fn default() -> Self {
        let looks = Arc::new(Semaphore::new(MOST_LOOKS_AT_ONCE));
        Self { strokes: broadcast::Sender::new(MOST_STROKES), looks }
    }
}

/// Hears the bell from now on.
pub(crate) struct Ear(broadcast::Receiver<Arc<Stroke>>);

impl Ear {
    /// Comes back when one of these scopes may have changed.
    pub(crate) async fn rung(&mut self, organization: &str, scopes: &BTreeSet<String>) {
        loop {
            match self.0.recv().await {
                Ok(stroke) if !concerns(&stroke, organization, scopes) => {},
                // Whoever has missed strokes does not know what they were for; without a bell,
                // the gateway is stopping.
                Ok(_) | Err(RecvError::Lagged(_) | RecvError::Closed) => return,
            }
        }
    }
}

fn concerns(stroke: &Stroke, organization: &str, scopes: &BTreeSet<String>) -> bool {
    let Some(changed) = stroke else { return true };
    changed
        .get(organization)
        .is_some_and(|changed| changed.iter().any(|scope| scopes.contains(scope)))
}

impl Bell {
    pub(crate) fn listen(&self) -> Ear {
        Ear(self.strokes.subscribe())
    }

    /// One's turn to look. A change may wake a thousand, and pushes need connections too.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.looks.acquire().await.ok()
    }

    /// Looks for changes as long as the server runs.
    pub(crate) async fn run(&self, database: &Database, meters: &Meters) -> Infallible {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known: Option<String> = None;
        let (mut health_at, mut partitions_at) = (Instant::now(), Instant::now());
        loop {
            ticks.tick().await;
            let former = known.take();
            match strike(database, former.as_deref()).await {
                Ok((now, stroke)) => {
                    known = Some(now);
                    self.ring(stroke);
                },
                Err(fault) => {
                    // Once a failure: afterwards everybody is woken.
                    if former.is_some() {
                        tracing::warn!("changes cannot be looked for: {fault:#}");
                    }
                    continue;
                },
            }
            if Instant::now() >= health_at {
                health_at = Instant::now() + HEALTH_EVERY;
                health::measure(database, meters).await;
            }
            if Instant::now() >= partitions_at {
                partitions_at = Instant::now() + PARTITIONS_EVERY;
                health::prepare(database).await;
            }
        }
    }

    fn ring(&self, stroke: Stroke) {
        if stroke.as_ref().is_none_or(|changed| !changed.is_empty()) {
            // Nobody may be listening.
            self.strokes.send(Arc::new(stroke)).ok();
        }
    }
}

/// What changed since the snapshot `former`, and the snapshot of this look.
async fn strike(database: &Database, former: Option<&str>) -> anyhow::Result<(String, Stroke)> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let Some(former) = former else {
        let row = tx.query_one("SELECT pg_current_snapshot()::text", &[]).await?;
        return Ok((row.try_get(0)?, None));
    };
    // In one statement, so that both are of one snapshot.
    let statement = tx
        .prepare_cached(
            "SELECT pg_current_snapshot()::text, c.organization_id, c.scope,
                    pg_snapshot_xmax(pg_current_snapshot())
                        < pg_snapshot_xmax($1::text::pg_snapshot)
             FROM (VALUES (1)) one (row)
             LEFT JOIN edge.changed_since($1::text::pg_snapshot, $2) c ON true",
        )
        .await?;
    let rows = tx.query(&statement, &[&former, &MOST_SCOPES]).await?;
    tx.rollback().await?;
    let first = rows.first().ok_or_else(|| anyhow::anyhow!("no snapshot"))?;
    let (now, earlier): (String, bool) = (first.try_get(0)?, first.try_get(3)?);
    if earlier || i32::try_from(rows.len()).is_ok_and(|count| count >= MOST_SCOPES) {
        return Ok((now, None));
    }
    let mut changed: HashMap<String, HashSet<String>> = HashMap::new();
    for row in &rows {
        if let (Some(organization), Some(scope)) = (row.try_get(1)?, row.try_get(2)?) {
            changed.entry(organization).or_default().insert(scope);
        }
    }
    Ok((now, Some(changed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(organization: &str, scope: &str) -> Stroke {
        let scopes = HashSet::from([scope.to_owned()]);
        Some(HashMap::from([(organization.to_owned(), scopes)]))
    }

    #[tokio::test]
    async fn only_whom_it_concerns_is_woken() {
        let bell = Bell::default();
        let mut ear = bell.listen();
        let scopes = BTreeSet::from(["org".to_owned(), "site:1".to_owned()]);
        let limit = Duration::from_millis(50);
        bell.ring(stroke("others", "site:1"));
        bell.ring(stroke("us", "site:2"));
        bell.ring(Some(HashMap::new()));
        assert!(tokio::time::timeout(limit, ear.rung("us", &scopes)).await.is_err());
        bell.ring(stroke("us", "site:1"));
        ear.rung("us", &scopes).await;
        bell.ring(None);
        ear.rung("us", &scopes).await;
        for _ in 0..=MOST_STROKES {
            bell.ring(stroke("others", "org"));
        }
        ear.rung("us", &scopes).await;
    }
}
