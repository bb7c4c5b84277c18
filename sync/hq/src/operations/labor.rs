//! Nobody is in two places at once: two entries of one person that overlap are both kept, and shown.

use std::collections::BTreeMap;

use kart_core::{
    fact::{Body, Fact, correction::Correctable},
    id::RecordId,
    record::conflict::Kind,
};
use tokio_postgres::Error;
use uuid::Uuid;

use super::Office;

impl Office<'_> {
    /// Finds overlaps of the entries that `facts` changed, and forgets those that are none now.
    pub(super) async fn overlaps(&self, facts: &[&Fact]) -> Result<(), Error> {
        let mut touched: BTreeMap<Uuid, &Fact> = BTreeMap::new();
        for fact in facts {
            let entry: RecordId = match &fact.fact {
                Body::ClockedIn { .. } => self.writer.origin.record(fact.seq),
                Body::ClockedOut { entry, .. } => *entry,
                Body::OutTold(told) => told.entry,
                Body::PunchUndone(undone) => undone.entry,
                Body::LaborAdded(_) => self.writer.origin.record(fact.seq),
                Body::LaborAmended(amended) => amended.entry,
                Body::Corrected(corrected) if corrected.kind == Correctable::Labor => {
                    corrected.record
                },
                _ => continue,
            };
            touched.insert(entry.0, fact);
        }
        if touched.is_empty() {
            return Ok(());
        }
        let statement = self
            .tx
            .prepare_cached(
                "SELECT mine.id, other.id FROM ops_labor_entries mine
                 JOIN ops_labor_entries other ON other.user_id = mine.user_id
                      AND other.id <> mine.id AND other.site_id = mine.site_id
                      AND other.start_ts < coalesce(mine.end_ts, 'infinity')
                      AND mine.start_ts < coalesce(other.end_ts, 'infinity')
                      AND NOT ARRAY[mine.source, other.source]::text[]
                          && ARRAY['void', 'missing_out']
                 WHERE mine.id = ANY($1) AND mine.entry_type = 'shift'
                   AND other.entry_type = 'shift'",
            )
            .await?;
        let ids: Vec<Uuid> = touched.keys().copied().collect();
        let rows = self.tx.query(&statement, &[&ids]).await?;
        let pairs: Vec<(Uuid, Uuid)> = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, Error>>()?;
        let (mine, others): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
        let statement = self
            .tx
            .prepare_cached(
                "DELETE FROM edge.conflicts c
                 WHERE c.kind = 'labor_overlap' AND c.resolved_at IS NULL
                   AND (c.record_id = ANY($1) OR c.other_id = ANY($1))
                   AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::uuid[]) AS p(a, b)
                                   WHERE (c.record_id, c.other_id) IN ((p.a, p.b), (p.b, p.a)))",
            )
            .await?;
        self.tx.execute(&statement, &[&ids, &mine, &others]).await?;
        for (mine, other) in pairs {
            let Some(fact) = touched.get(&mine) else { continue };
            if self.is_known(mine, other).await? {
                continue;
            }
            let detail = "a person was clocked in twice at the same time; both entries are kept";
            self.note(self.conflict(fact, mine, Some(other), Kind::LaborOverlap, detail)).await?;
        }
        Ok(())
    }

    async fn is_known(&self, mine: Uuid, other: Uuid) -> Result<bool, Error> {
        let statement = self
            .tx
            .prepare_cached(
                "SELECT EXISTS (SELECT FROM edge.conflicts WHERE kind = 'labor_overlap'
                     AND (record_id, other_id) IN (($1, $2), ($2, $1)))",
            )
            .await?;
        self.tx.query_one(&statement, &[&mine, &other]).await?.try_get(0)
    }
}
