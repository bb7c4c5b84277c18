//! Background work: what is due is put on Kartorium's own queue, claimed by one worker at a time,
//! retried with growing pauses and moved to the history.
//!
//! Any number of workers may run, in gateways or alone. Nothing here is needed for a fact to be
//! stored or for a row to reach a terminal.

use std::{panic::AssertUnwindSafe, time::Duration};

use anyhow::Context as _;
use clap::Args;
use futures_util::FutureExt as _;
use tokio::{sync::watch, time::timeout};

use crate::{
    cli::say,
    database::{Database, Role, begin},
};

pub(crate) mod alarm;
mod claim;
mod kind;
mod outliers;
mod retention;
mod schedule;
mod sweep;

use claim::Claim;
use kind::Kind;
use schedule::Schedule;

/// How often somebody looks whether anything is due.
const PACE: Duration = Duration::from_secs(1);
/// After a fault of the database.
const PAUSE: Duration = Duration::from_secs(5);
/// What takes longer is broken off and tried again.
const LIMIT: Duration = Duration::from_secs(600);

/// Background work.
#[derive(Args)]
pub(crate) struct WorkArgs {
    /// Do what is due and end, instead of going on until SIGTERM.
    #[arg(long)]
    once: bool,
    /// Make this kind of work due now, everywhere.
    #[arg(long)]
    due: Vec<Kind>,
}

/// `kart-hq work`.
pub(crate) async fn run(
    database: &Database,
    asked: WorkArgs,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    require_role(database).await?;
    schedule::make_due(database, &asked.due).await?;
    if !asked.once {
        forever(database, stopping).await;
        return Ok(());
    }
    let name = worker();
    let mut schedule = Schedule::default();
    let mut done = 0;
    while !*stopping.borrow() {
        schedule.plan(database).await?;
        match one(database, &name).await? {
            Some(outcome) => {
                done += 1;
                say(&outcome)?;
            },
            None => break,
        }
    }
    let rest = if *stopping.borrow() { "stopped" } else { "nothing else is due" };
    say(&format!("{done} jobs done, {rest}"))
}

/// Works until it is to stop, and then ends what is under way. What is broken off, because this is
/// dropped, is done by another.
pub(crate) async fn forever(database: &Database, mut stopping: watch::Receiver<bool>) {
    let name = worker();
    tracing::info!(name, "background work begins");
    let mut schedule = Schedule::default();
    while !*stopping.borrow() {
        let pause = match turn(database, &name, &mut schedule).await {
            Ok(true) => continue,
            Ok(false) => PACE,
            Err(fault) => {
                tracing::warn!(fault = %format!("{fault:#}"), "background work is delayed");
                PAUSE
            },
        };
        drop(timeout(pause, stopping.changed()).await);
    }
}

async fn turn(database: &Database, name: &str, schedule: &mut Schedule) -> anyhow::Result<bool> {
    schedule.plan(database).await?;
    Ok(one(database, name).await?.is_some())
}

/// Does one job, if there is one. Answers what became of it.
async fn one(database: &Database, name: &str) -> anyhow::Result<Option<String>> {
    let mut client = database.client().await?;
    let Some(claim) = Claim::take(&mut client, name).await? else { return Ok(None) };
    let word = claim.kind.word();
    let doing = AssertUnwindSafe(claim.kind.run(database, &claim.place)).catch_unwind();
    let done = tokio::select! {
        done = timeout(LIMIT, doing) => match done {
            Ok(Ok(done)) => done,
            Ok(Err(_panic)) => Err(anyhow::anyhow!("it panicked")),
            Err(_) => Err(anyhow::anyhow!("it took longer than {} s", LIMIT.as_secs())),
        },
        // Without the claim somebody else may begin: nothing goes on here.
        fault = claim.lost() => return Err(fault.context("the claim was lost")),
    };
    let outcome = match &done {
        Ok(did) => format!("{word}\t{did}"),
        Err(fault) => format!("{word}\tfailed: {fault:#}"),
    };
    match &done {
        Ok(did) => tracing::debug!(kind = word, did, "worked"),
        Err(fault) => tracing::error!(kind = word, fault = %format!("{fault:#}"), "work failed"),
    }
    claim.finish(done).await?;
    Ok(Some(outcome))
}

/// Refuses a login that was made before there was background work.
pub(crate) async fn require_role(database: &Database) -> anyhow::Result<()> {
    let mut client = database.client().await.context("cannot reach the database")?;
    begin(&mut client, Role::Worker).await.map(drop).context(
        "this database login may not take the role kart_worker; `kart-hq migrate --gateway-login` \
         once more gives it",
    )
}

/// Tells workers apart in the queue.
fn worker() -> String {
    format!("kart-hq {} {}", std::process::id(), uuid::Uuid::new_v4().simple())
}
