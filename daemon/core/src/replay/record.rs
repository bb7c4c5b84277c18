//! What the log holds of one machine, as far as it can be compared.

use serde::{Deserialize, Serialize};

use crate::{
    fact::machine::Detail,
    fact::replay::Carried,
    id::{RecordId, StationId},
    machine::MachineState,
    time::Micros,
};

use super::Count;

/// An interval as recorded, corrections of the derivation included.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Its record.
    pub id: RecordId,
    /// Where.
    pub station: Option<StationId>,
    /// The state.
    pub state: MachineState,
    /// Since when.
    pub from: Micros,
    /// Until when; `None` while it lasts.
    pub until: Option<Micros>,
    /// The rule that decided.
    pub rule: String,
    /// The map that holds the rule.
    pub map: String,
    /// How it came about.
    pub detail: Detail,
    /// Why, where somebody has said so.
    pub explained: Option<Carried>,
}

/// Batches on a machine: which, from when, until when.
pub type Batches = Vec<(RecordId, Micros, Option<Micros>)>;

/// What the log holds of one machine, in the order of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Written {
    /// Its states. What was superseded before is not among them.
    pub intervals: Vec<Recorded>,
    /// Its counts.
    pub counts: Vec<Count>,
    /// Its batches.
    pub batches: Batches,
}

impl Written {
    /// The batch that was on the machine at `at`.
    pub(super) fn batch(&self, at: Micros) -> Option<RecordId> {
        let on = |from: Micros, until: Option<Micros>| {
            from <= at && until.is_none_or(|until| at < until)
        };
        let found = self.batches.iter().rev().find(|(_, from, until)| on(*from, *until));
        found.map(|(batch, ..)| *batch)
    }
}
