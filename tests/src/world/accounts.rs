//! What the plant did beside what SQLite and Postgres hold, as numbers. The plant's own truth is the measure; nothing of
//! the product's arithmetic is used to check it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;
use uuid::Uuid;

use super::World;
use super::headquarters::Headquarters;
use super::plant::{Machine, Totals};
use crate::operator::Confirmed;

mod log;
pub mod mirror;
mod parts;
mod punches;
mod rows;
mod stops;

pub use log::Facts;
pub use parts::Parts;
pub use punches::Punches;
pub use rows::Rows;
pub use stops::Stops;

#[derive(Debug, Serialize)]
pub struct Accounts {
    pub parts: Vec<Parts>,
    pub stops: Stops,
    pub punches: Vec<Punches>,
    pub facts: Facts,
    /// The projections: SQLite and Postgres must hold the same rows. Empty without headquarters.
    pub rows: Vec<Rows>,
    /// What happened and is missing somewhere.
    pub lost: u64,
    /// What is held and did not happen, or happened once and is held twice.
    pub doubled: u64,
}

/// The sides of a comparison besides the plant.
struct Books<'w> {
    edge: Connection,
    headquarters: Option<&'w Headquarters>,
    /// Key by code.
    machines: BTreeMap<String, Uuid>,
    packers: Vec<&'w str>,
}

/// Missing and surplus on one side.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Difference {
    pub lost: u64,
    pub doubled: u64,
}

impl Accounts {
    /// Nothing lost, nothing doubled, and both databases hold the same.
    pub fn agree(&self) -> bool {
        self.lost == 0
            && self.doubled == 0
            && self.facts.broken == 0
            && self.rows.iter().all(|rows| rows.differing == 0)
    }
}

pub(super) async fn compare(
    world: &World,
    totals: &Totals,
    confirmed: &Confirmed,
) -> anyhow::Result<Accounts> {
    let view = world.client()?.snapshot().await?;
    let machines = view.machines.iter().map(|machine| (machine.code.clone(), machine.id.0));
    let packers = world.plant.machines.iter().filter_map(|machine| match machine {
        Machine::Packer { machine, .. } => Some(machine.as_str()),
        Machine::Press { .. } => None,
    });
    let books = Books {
        edge: world.terminal.facts()?,
        headquarters: world.headquarters.as_ref(),
        machines: machines.collect(),
        packers: packers.collect(),
    };
    let (parts, of_parts) = parts::compare(&books, totals).await?;
    let (stops, of_stops) = stops::compare(&books, totals).await?;
    let (punches, of_punches) = punches::compare(&books, confirmed).await?;
    let (facts, of_facts) = log::compare(&books).await?;
    let rows = rows::compare(&books).await?;
    let all = [of_parts, of_stops, of_punches, of_facts];
    let lost = all.iter().map(|difference| difference.lost).sum();
    let doubled = all.iter().map(|difference| difference.doubled).sum();
    Ok(Accounts { parts, stops, punches, facts, rows, lost, doubled })
}

impl Books<'_> {
    fn code(&self, machine: Uuid) -> String {
        let found = self.machines.iter().find(|(_code, id)| **id == machine);
        found.map_or_else(|| machine.to_string(), |(code, _id)| code.clone())
    }
}

impl Difference {
    /// `held` beside the `true_` number of the same things.
    fn of(true_: u64, held: i64) -> Self {
        let held = u64::try_from(held).unwrap_or_default();
        Self { lost: true_.saturating_sub(held), doubled: held.saturating_sub(true_) }
    }

    fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}
