//! Names of records that nobody will ever begin: the end of a log was cut off after others had been told of
//! it, or both sides have lost it. Whoever names one is told so; a step that waited for it would wait for ever,
//! or be taken on whatever bears the name next.

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact, queue::Ask},
    id::{Origin, RecordId, TerminalId},
};
use tokio_postgres::Error;

use super::Office;
use crate::database::from_bigint;

/// So far behind its end a log is looked for a name.
const REACH: u64 = 256;

/// The place behind `after` where the log would have begun this record.
pub fn beyond(log: Origin, after: u64, id: RecordId) -> Option<u64> {
    (after + 1..=after + REACH).find(|seq| log.record(*seq) == id)
}

/// The job or the entry of a queue that a fact does something with.
fn named(fact: &Fact) -> Option<RecordId> {
    match &fact.fact {
        Body::JobStarted(started) => Some(started.job),
        Body::JobCompleted(completed) => Some(completed.job),
        Body::JobMoved(moved) => Some(moved.job),
        Body::JobScrapped(scrapped) => Some(scrapped.job),
        Body::JobAborted(aborted) => Some(aborted.job),
        Body::QueueAsked(asked) => match asked.ask {
            Ask::Move { entry, .. } | Ask::Remove { entry } | Ask::Claim { entry, .. } => {
                Some(entry)
            },
            Ask::Enqueue(_) => None,
        },
        _ => None,
    }
}

/// What a fact names of its own log's future: whoever said it saw what the log had there before its end
/// was cut off.
pub fn ahead(log: Origin, fact: &Fact) -> Option<RecordId> {
    named(fact).filter(|id| beyond(log, fact.seq, *id).is_some())
}

/// Why a fact that names such a record is refused, in words.
pub fn words(id: RecordId) -> String {
    format!("it names {id}, of which the end of a log told that was cut off: that never came")
}

impl Office<'_> {
    /// Refuses a fact about what its own log has not begun.
    pub(super) async fn not_ahead(&self, fact: &Fact) -> Result<(), Error> {
        match ahead(self.writer.origin, fact) {
            Some(id) => self.refuse(&words(id)).await,
            None => Ok(()),
        }
    }

    /// Refuses a fact about what a log that has ended did not get to begin here.
    pub(super) async fn not_lost(&self, id: RecordId) -> Result<(), Error> {
        for (log, end) in ended(self.tx, &self.writer.tenant.organization).await? {
            if beyond(log, end, id).is_some() {
                return self.refuse(&words(id)).await;
            }
        }
        Ok(())
    }

    async fn refuse(&self, words: &str) -> Result<(), Error> {
        let statement = self.tx.prepare_cached("SELECT edge.refuse_fact($1)").await?;
        self.tx.execute(&statement, &[&words]).await.map(drop)
    }
}

/// The logs that have ended, with their last facts here.
async fn ended(tx: &Transaction<'_>, organization: &str) -> Result<Vec<(Origin, u64)>, Error> {
    let statement = tx
        .prepare_cached(
            "SELECT terminal_id, incarnation, watermark FROM edge.lives WHERE organization_id = $1",
        )
        .await?;
    let rows = tx.query(&statement, &[&organization]).await?;
    let lives = rows.iter().map(|row| {
        let incarnation = row.try_get::<_, String>(1)?.parse().ok();
        let terminal = TerminalId(row.try_get(0)?);
        let end = from_bigint(row.try_get(2)?);
        Ok(incarnation.map(|incarnation| (Origin { terminal, incarnation }, end)))
    });
    lives.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::id::Incarnation;
    use uuid::Uuid;

    #[test]
    fn a_name_lies_behind_the_end_of_its_own_log_only() {
        let log = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(1) };
        let next = Origin { incarnation: Incarnation(2), ..log };
        assert_eq!(beyond(log, 7, log.record(8)), Some(8));
        assert_eq!(beyond(log, 7, log.record(7 + REACH)), Some(7 + REACH));
        assert_eq!(beyond(log, 7, log.record(7)), None, "it is there");
        assert_eq!(beyond(next, 0, log.record(8)), None, "another life");
    }
}
