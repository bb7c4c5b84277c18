//! What the daemon told people it had saved, beside the rows.

use kart_core::id::RecordId;
use serde::Serialize;
use uuid::Uuid;

use super::{Books, Difference};
use crate::operator::Confirmed;

#[derive(Debug, Serialize)]
pub struct Punches {
    pub what: &'static str,
    /// Answered with "saved".
    pub confirmed: usize,
    pub sqlite: usize,
    pub postgres: Option<usize>,
}

pub(super) async fn compare(
    books: &Books<'_>,
    confirmed: &Confirmed,
) -> anyhow::Result<(Vec<Punches>, Difference)> {
    let completed = confirmed.batches_completed.iter().map(|(batch, ..)| batch);
    let kinds: [(&'static str, Vec<Uuid>, &str); 5] = [
        ("clocked in", ids(&confirmed.clocked_in), "SELECT id FROM ops_labor_entries"),
        (
            "clocked out",
            ids(&confirmed.clocked_out),
            "SELECT id FROM ops_labor_entries WHERE end_ts IS NOT NULL",
        ),
        (
            "batches started",
            ids(&confirmed.batches_started),
            "SELECT event_id FROM oee_batch_details",
        ),
        (
            "batches completed",
            ids(completed),
            "SELECT event_id FROM oee_batch_details WHERE status = 'completed'",
        ),
        (
            "stops explained",
            ids(&confirmed.stops_explained),
            "SELECT id FROM oee_machine_events WHERE downtime_reason_id IS NOT NULL",
        ),
    ];
    let mut all = Vec::new();
    let mut difference = Difference::default();
    for (what, confirmed, statement) in kinds {
        let edge = at_edge(books, statement)?;
        difference.add(judge(&confirmed, &edge));
        let postgres = match books.headquarters {
            None => None,
            Some(headquarters) => {
                let rows = headquarters.sql(statement, &[]).await?;
                let held: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
                difference.add(judge(&confirmed, &held));
                Some(held.len())
            },
        };
        all.push(Punches { what, confirmed: confirmed.len(), sqlite: edge.len(), postgres });
    }
    Ok((all, difference))
}

fn ids<'r>(records: impl IntoIterator<Item = &'r RecordId>) -> Vec<Uuid> {
    records.into_iter().map(|record| record.0).collect()
}

fn at_edge(books: &Books<'_>, statement: &str) -> anyhow::Result<Vec<Uuid>> {
    let mut select = books.edge.prepare(statement)?;
    let ids = select.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Confirmed and not held is lost; held and not confirmed, or held twice, is doubled.
fn judge(confirmed: &[Uuid], held: &[Uuid]) -> Difference {
    let mut surplus = held.to_vec();
    let mut lost = 0;
    for record in confirmed {
        match surplus.iter().position(|found| found == record) {
            Some(place) => drop(surplus.swap_remove(place)),
            None => lost += 1,
        }
    }
    Difference { lost, doubled: u64::try_from(surplus.len()).unwrap_or(u64::MAX) }
}
