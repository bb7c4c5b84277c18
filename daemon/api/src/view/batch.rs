//! Batches, and what contradicts itself.

use kart_core::{
    id::{EquipmentId, ReasonId, RecordId, UserId},
    reference::Queued,
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// A running batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Its record.
    pub id: RecordId,
    /// Batch number.
    pub number: String,
    /// Code of the product.
    pub product_code: String,
    /// Name of the product.
    pub product_name: String,
    /// External work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// When it began.
    pub started_us: Micros,
    /// People on it, those at other terminals included.
    pub operators: Vec<UserId>,
    /// Another terminal where it began, and which alone completes it; empty when it began at none.
    #[serde(default)]
    pub terminal: Option<String>,
    /// Good and scrapped parts that the machine counted for it.
    #[serde(default)]
    pub counted: (i64, i64),
    /// What people told of beside.
    #[serde(default)]
    pub told: Told,
    /// Further machines on it.
    #[serde(default)]
    pub further: Vec<EquipmentId>,
    /// Since when it rests.
    #[serde(default)]
    pub paused_us: Option<Micros>,
    /// When it rested before: from when until when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests: Vec<(Micros, Micros)>,
    /// Nobody gave its number: it is the terminal's own.
    #[serde(default)]
    pub provisional: bool,
}

/// Parts that people told of while a batch ran.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    /// Good ones.
    pub good: i64,
    /// Scrapped ones.
    pub scrap: i64,
    /// Those to be worked on again.
    pub rework: i64,
    /// The scrapped ones by reason, as far as one was given.
    pub scrapped: Vec<(ReasonId, i64)>,
}

/// An entry of a queue of next batches.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// What is queued, and where.
    pub queued: Queued,
    /// Headquarters has not yet heard what was asked of it here.
    pub asked: bool,
}

/// A batch on a machine that is not shown here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Code of the machine.
    pub machine: String,
    /// The batch.
    pub batch: Batch,
}

/// Something that cannot all be true.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Conflict {
    /// Its key at headquarters.
    pub id: String,
    /// Stable word, see `kart_core::record::conflict::Kind`.
    pub kind: String,
    /// The number of the batch, job or entry, or the name of the person; may be empty.
    pub about: String,
    /// The machines concerned.
    pub machines: Vec<EquipmentId>,
}
