//! Handovers that the coming crew has not signed.

use serde::{Deserialize, Serialize};

use super::Plant;
use crate::{
    fact::{
        Fact,
        note::{Card, HandoverGiven},
    },
    id::{RecordId, StationId, UserId},
    time::Moment,
};

/// A handover that waits for the coming crew.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// The station handed over.
    pub station: Option<StationId>,
    /// Who signed it first.
    pub by: Option<UserId>,
    /// When.
    pub at: Moment,
    /// What stood on the card.
    pub card: Card,
    /// The fact, where it stands in this life; what the person added stands beside it. Else 0.
    pub seq: u64,
}

/// Notes that can be withdrawn here; the oldest go first.
const NOTES_KEPT: usize = 100;

/// A note that was written here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Written {
    /// When.
    pub at: Moment,
    /// Who.
    pub by: Option<UserId>,
}

impl Plant {
    pub(super) fn write(&mut self, fact: &Fact, note: RecordId) {
        self.notes.insert(note, Written { at: fact.moment(fact.at), by: fact.by });
        while self.notes.len() > NOTES_KEPT {
            let oldest = self.notes.iter().min_by_key(|(id, note)| (note.at.at.wall_us, **id));
            let Some(oldest) = oldest.map(|(id, _)| *id) else { break };
            self.notes.remove(&oldest);
        }
    }

    /// A later card of the same station takes the place of one that nobody signed.
    pub(super) fn give(&mut self, fact: &Fact, record: RecordId, given: &HandoverGiven) {
        self.handovers.retain(|_, handover| handover.station != given.station);
        let handover = Handover {
            station: given.station,
            by: fact.by,
            at: fact.moment(fact.at),
            card: given.card.clone(),
            seq: fact.seq,
        };
        self.handovers.insert(record, handover);
    }
}
