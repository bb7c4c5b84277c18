//! Batches, and what contradicts itself.

use kart_core::{
    id::{EquipmentId, RecordId, UserId},
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
