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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Body;
    use uuid::Uuid;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    #[test]
    fn the_words_of_these_facts_stay() {
        let id = Uuid::from_u128(1);
        let (entry, batch, product) = (RecordId(id), RecordId(id), ProductId(id));
        let enqueue = Enqueue {
            product,
            number: None,
            work_order: None,
            target: Some(5),
            batch: None,
            place: Place::End,
        };
        let asks = [
            (
                Ask::Enqueue(enqueue),
                r#"{"enqueue":{"product":"ID","number":null,"work_order":null,"target":5,"batch":null,"place":"end"}}"#,
            ),
            (
                Ask::Move { entry, place: Place::After(entry) },
                r#"{"move":{"entry":"ID","place":{"after":"ID"}}}"#,
            ),
            (Ask::Remove { entry }, r#"{"remove":{"entry":"ID"}}"#),
            (Ask::Claim { entry, batch }, r#"{"claim":{"entry":"ID","batch":"ID"}}"#),
        ];
        for (ask, line) in asks {
            let queue = Queue::Equipment(EquipmentId(id));
            let body = Body::QueueAsked(QueueAsked { queue, ask });
            let line =
                format!(r#"{{"queue_asked":{{"queue":{{"equipment":"ID"}},"ask":{line}}}}}"#);
            let line = line.replace("ID", ID);
            assert_eq!(serde_json::to_string(&body).unwrap(), line);
            assert_eq!(serde_json::from_str::<Body>(&line).unwrap(), body);
        }
    }
}
