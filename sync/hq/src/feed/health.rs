//! How the feed does: what it has sent, who waits, and who holds back the oldest snapshot of the
//! database. That delays no answer, but the tables grow until it is gone.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use kart_wire::{FeedHead, FeedRow};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;

use crate::{
    database::{Database, Role, begin},
    problem::Refusal,
    server::App,
};

/// Older than this, the holder is worth a warning.
pub(super) const LONG: Duration = Duration::from_secs(300);

/// The transaction with the oldest snapshot.
#[derive(Serialize, Debug)]
pub(super) struct Holder {
    /// Of the server process.
    pid: Option<i32>,
    /// Name of a prepared transaction.
    prepared: Option<String>,
    login: Option<String>,
    application: Option<String>,
    state: Option<String>,
    since: Option<jiff::Timestamp>,
    /// Whether `since` is its beginning; otherwise it is older than that.
    exact: bool,
    /// So many have begun since.
    transactions: i64,
}

impl Holder {
    pub(super) fn age(&self) -> Duration {
        let age = self.since.map(|since| jiff::Timestamp::now().duration_since(since));
        age.and_then(|age| age.try_into().ok()).unwrap_or_default()
    }
}

/// The name of the process as people look for it.
impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.pid, &self.prepared) {
            (Some(pid), _) => write!(f, "pid {pid}")?,
            (None, gid) => write!(f, "prepared transaction {}", gid.as_deref().unwrap_or("?"))?,
        }
        let by = [&self.login, &self.application, &self.state];
        let by: Vec<&str> =
            by.into_iter().flatten().map(String::as_str).filter(|word| !word.is_empty()).collect();
        if !by.is_empty() {
            write!(f, " ({})", by.join(", "))?;
        }
        match (self.since, self.exact) {
            (Some(since), true) => write!(f, " since {since:.0}")?,
            (Some(since), false) => write!(f, " since {since:.0} or longer")?,
            (None, _) => {},
        }
        write!(f, ", {} transactions", self.transactions)
    }
}

/// How the feed does.
#[derive(Serialize, Debug)]
pub(super) struct Health {
    /// Entries noted since the database was made.
    pub(super) changes: i64,
    /// `None` when no other transaction is open.
    pub(super) held_by: Option<Holder>,
}

impl Health {
    pub(super) async fn read(database: &Database, role: Role) -> anyhow::Result<Self> {
        let mut client = database.client().await?;
        let tx = begin(&mut client, role).await?;
        let changes = tx.query_one("SELECT edge.changes_noted()", &[]).await?.try_get(0)?;
        let row = tx.query_opt("SELECT * FROM edge.feed_health()", &[]).await?;
        let held_by = match row {
            Some(row) => Some(Holder {
                pid: row.try_get("pid")?,
                prepared: row.try_get("prepared")?,
                login: row.try_get("login")?,
                application: row.try_get("application")?,
                state: row.try_get("state")?,
                since: row.try_get("since")?,
                exact: row.try_get("exact")?,
                transactions: row.try_get("transactions")?,
            }),
            None => None,
        };
        Ok(Self { changes, held_by })
    }
}

/// The metrics of this process.
#[derive(Clone)]
pub(crate) struct Meters(Option<PrometheusHandle>);

impl Meters {
    /// Of this process; shown to those on the same machine only, as where it listens says.
    pub(crate) fn new(shown: bool) -> anyhow::Result<Self> {
        if !shown {
            return Ok(Self(None));
        }
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)?;
        Ok(Self(Some(handle)))
    }
}

/// In the words of Prometheus; nowhere but on loopback.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    match &app.meters.0 {
        Some(handle) => {
            ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
        },
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether the database answers; on loopback also how the feed does.
pub(crate) async fn health(State(app): State<App>) -> Result<Response, Refusal> {
    app.database.client().await?.simple_query("SELECT 1").await?;
    if app.meters.0.is_none() {
        return Ok("ok".into_response());
    }
    let feed = Health::read(&app.database, Role::Gateway).await.ok();
    Ok(Json(serde_json::json!({ "status": "ok", "feed": feed })).into_response())
}

/// Counts a request that is worked on or waits.
pub(super) fn waiting() -> Waiting {
    gauge!("kart_feed_waiting").increment(1);
    Waiting
}

/// One request.
pub(super) struct Waiting;

impl Drop for Waiting {
    fn drop(&mut self) {
        gauge!("kart_feed_waiting").decrement(1);
    }
}

/// Counts an answer.
pub(super) fn answered(head: &FeedHead, rows: &[FeedRow]) {
    let kind = match (head.whole.is_empty(), rows.is_empty()) {
        (false, _) => "whole",
        (true, false) => "changes",
        (true, true) => "nothing",
    };
    counter!("kart_feed_answers_total", "kind" => kind).increment(1);
    counter!("kart_feed_rows_total").increment(rows.len() as u64);
}

/// Looks at what only the database knows.
pub(super) async fn measure(database: &Database, meters: &Meters) {
    if meters.0.is_none() {
        return;
    }
    match Health::read(database, Role::Gateway).await {
        Ok(health) => {
            counter!("kart_feed_changes_total")
                .absolute(u64::try_from(health.changes).unwrap_or(0));
            let (age, transactions) = health
                .held_by
                .map_or((0.0, 0), |held| (held.age().as_secs_f64(), held.transactions));
            gauge!("kart_feed_oldest_snapshot_seconds").set(age);
            #[expect(clippy::cast_precision_loss, reason = "a measure")]
            gauge!("kart_feed_oldest_snapshot_transactions").set(transactions as f64);
        },
        Err(fault) => tracing::warn!("the feed cannot be measured: {fault:#}"),
    }
}

/// Makes room for the coming months.
pub(super) async fn prepare(database: &Database) {
    let made = async {
        let mut client = database.client().await?;
        let tx = begin(&mut client, Role::Gateway).await?;
        let made: i32 =
            tx.query_one("SELECT edge.make_change_partitions()", &[]).await?.try_get(0)?;
        tx.commit().await?;
        anyhow::Ok(made)
    };
    match made.await {
        Ok(0) => {},
        Ok(made) => tracing::info!(made, "partitions of the change feed"),
        // There is a partition for whatever has none.
        Err(fault) => tracing::warn!("no partitions for the change feed: {fault:#}"),
    }
}

/// Notices a database that was moved to another cluster.
pub(crate) async fn check(database: &Database) -> anyhow::Result<()> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let began: i32 = tx.query_one("SELECT edge.check_feed_history()", &[]).await?.try_get(0)?;
    tx.commit().await?;
    if began > 0 {
        tracing::warn!(organizations = began, "the database has another history: epochs began");
    }
    Ok(())
}
