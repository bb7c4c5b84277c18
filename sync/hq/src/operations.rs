//! What headquarters decides because no terminal can: which records are one batch, the order of
//! queues, where jobs stand, and what becomes of a batch that nobody works on any more.
//!
//! It is decided in the transaction of the push, in the order of the log, and never refuses what
//! happened: what contradicts itself is written down for a supervisor.

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact},
    id::RecordId,
    record::{Assertion, conflict::Conflict, fold::Aliases, tables},
};
use tokio_postgres::Error;
use uuid::Uuid;

use crate::project::{Writer, rows};

pub(crate) mod alias;
mod close;
pub(crate) mod conflict;
mod job;
mod labor;
pub(crate) mod lost;
mod queue;
mod reason;

/// One transaction's decisions.
struct Office<'t> {
    tx: &'t Transaction<'t>,
    writer: &'t Writer,
    aliases: &'t Aliases,
}

/// Decides what follows from facts that have just become rows.
pub(crate) async fn follow(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[&Fact],
    aliases: &Aliases,
) -> Result<(), Error> {
    let office = Office { tx, writer, aliases };
    for fact in facts {
        match &fact.fact {
            Body::BatchStarted(started) => {
                office.used_up(fact, started).await?;
                office.goes_on(fact, started).await?;
            },
            Body::StopExplained { stop, reason, label, .. } => {
                office.was_in_use(fact, (*stop, *reason, label)).await?;
            },
            Body::QueueAsked(asked) => {
                office.not_ahead(fact).await?;
                office.asked(fact, asked).await?;
            },
            Body::JobPosted(_)
            | Body::JobStarted(_)
            | Body::JobCompleted(_)
            | Body::JobMoved(_)
            | Body::JobScrapped(_)
            | Body::JobAborted(_) => {
                office.not_ahead(fact).await?;
                office.job(fact).await?;
            },
            _ => {},
        }
    }
    office.close(facts).await?;
    office.overlaps(facts).await
}

impl Office<'_> {
    /// The name that everybody uses.
    fn canonical(&self, id: RecordId) -> Uuid {
        self.aliases.get(&id).map_or(id.0, |canonical| canonical.0)
    }

    /// Which fact says it.
    fn assertion(&self, fact: &Fact) -> Assertion {
        Assertion { wall_us: fact.at.wall_us.0, origin: self.writer.origin, seq: fact.seq }
    }

    async fn note(&self, conflict: Conflict) -> Result<(), Error> {
        tracing::info!(record = %conflict.record, kind = conflict.kind.word(), "conflict");
        let row = conflict.row(&self.writer.tenant);
        rows::upsert(self.tx, &tables::CONFLICTS, &[row]).await
    }

    /// Keeps everybody else from deciding about the same thing until the transaction ends.
    async fn lock(&self, what: &str) -> Result<(), Error> {
        lock(self.tx, &[what.to_owned()]).await
    }

    /// Ends the fact as one whose reference cannot be resolved: not yet, or never.
    async fn unresolved(&self, table: &str, id: Uuid) -> Result<(), Error> {
        self.not_lost(RecordId(id)).await?;
        let statement =
            self.tx.prepare_cached("SELECT edge.unresolved_reference($1, 'id', $2)").await?;
        self.tx.execute(&statement, &[&table, &id.to_string()]).await.map(drop)
    }
}

/// Locks names, in an order that keeps two transactions from waiting for each other.
async fn lock(tx: &Transaction<'_>, names: &[String]) -> Result<(), Error> {
    let statement = tx
        .prepare_cached(
            "SELECT pg_advisory_xact_lock(k) FROM
                 (SELECT DISTINCT hashtextextended(n, 0) AS k FROM unnest($1::text[]) n ORDER BY 1) o",
        )
        .await?;
    tx.execute(&statement, &[&names]).await.map(drop)
}
