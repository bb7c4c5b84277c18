//! Parts per machine and counter.

use serde::Serialize;

use super::{Books, Difference};
use crate::world::plant::Totals;

#[derive(Debug, Serialize)]
pub struct Parts {
    pub machine: String,
    /// `good` or `scrap`.
    pub counter: &'static str,
    /// Made in the plant since its start.
    pub plant: u64,
    pub sqlite: i64,
    pub postgres: Option<i64>,
    /// Postgres once more, as the union of intervals by `edge.counted`.
    pub counted: Option<i64>,
}

pub(super) async fn compare(
    books: &Books<'_>,
    totals: &Totals,
) -> anyhow::Result<(Vec<Parts>, Difference)> {
    let mut all = Vec::new();
    let mut difference = Difference::default();
    for (machine, total) in totals {
        for (counter, plant) in [("good", total.good), ("scrap", total.scrap)] {
            let parts = of_counter(books, machine, counter, plant).await?;
            for held in [Some(parts.sqlite), parts.postgres, parts.counted].into_iter().flatten() {
                difference.add(Difference::of(plant, held));
            }
            all.push(parts);
        }
    }
    Ok((all, difference))
}

async fn of_counter(
    books: &Books<'_>,
    machine: &str,
    counter: &'static str,
    plant: u64,
) -> anyhow::Result<Parts> {
    let id = books.machines.get(machine).copied().unwrap_or_default();
    let sqlite = books.edge.query_row(
        "SELECT coalesce(sum(quantity), 0) FROM edge_production_counts
         WHERE equipment_id = ?1 AND counter = ?2",
        (id, counter),
        |row| row.get(0),
    )?;
    let (postgres, counted) = match books.headquarters {
        None => (None, None),
        Some(headquarters) => {
            let rows = headquarters
                .sql(
                    "SELECT (SELECT coalesce(sum(quantity), 0)::bigint FROM edge.production_counts
                             WHERE equipment_id = $1 AND counter = $2),
                            (SELECT coalesce(sum(quantity), 0)::bigint
                             FROM edge.counted($1, '-infinity', 'infinity') WHERE counter = $2)",
                    &[&id, &counter],
                )
                .await?;
            let row = rows.first();
            (row.map(|row| row.get(0)), row.map(|row| row.get(1)))
        },
    };
    Ok(Parts { machine: machine.to_owned(), counter, plant, sqlite, postgres, counted })
}
