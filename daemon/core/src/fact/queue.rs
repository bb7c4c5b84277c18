//! What a terminal asks of a queue of next batches. Headquarters alone decides the order.

use serde::{Deserialize, Serialize};

use crate::id::{EquipmentId, Origin, ProductId, RecordId, StationId};

/// A wish concerning a queue.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QueueAsked {
    /// Which queue.
    pub queue: Queue,
    /// What is to happen.
    pub ask: Ask,
}

/// Whose queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// `oee_batch_queue` of a machine.
    Equipment(EquipmentId),
    /// `ops_station_batch_queue` of a station.
    Station(StationId),
}

/// What is asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Put a new entry in; its id is the record of this fact.
    Enqueue(Enqueue),
    /// Put an entry elsewhere in its queue.
    Move {
        /// Which entry.
        entry: RecordId,
        /// Where to.
        place: Place,
    },
    /// Take an entry out. Asking twice is no fault.
    Remove {
        /// Which entry.
        entry: RecordId,
    },
    /// A batch that was started is what the entry asked for.
    Claim {
        /// Which entry.
        entry: RecordId,
        /// The batch, started by an earlier fact.
        batch: RecordId,
    },
}

/// A new entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Enqueue {
    /// What is to be made.
    pub product: ProductId,
    /// The batch number, where it is known already.
    pub number: Option<String>,
    /// The external work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// The batch that is routed here from another station.
    pub batch: Option<RecordId>,
    /// Where in the queue.
    pub place: Place,
}

/// A place in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before all others.
    Front,
    /// Behind this entry.
    After(RecordId),
    /// Behind all others.
    End,
}

impl QueueAsked {
    /// The entry that is spoken of; a new one gets the id of the record that the fact `seq` opens.
    pub fn entry(&self, origin: Origin, seq: u64) -> RecordId {
        match &self.ask {
            Ask::Enqueue(_) => origin.record(seq),
            Ask::Move { entry, .. } | Ask::Remove { entry } | Ask::Claim { entry, .. } => *entry,
        }
    }
}
