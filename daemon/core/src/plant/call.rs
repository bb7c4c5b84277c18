//! Calls for help that have not ended, and what was answered here to those of other terminals.

use serde::{Deserialize, Serialize};

use super::Plant;
use crate::{
    fact::{
        Fact,
        call::{CallEnded, Help, HelpCalled},
    },
    id::{EquipmentId, RecordId, StationId, UserId},
    time::Moment,
};

/// Calls of other terminals of which it is kept what was answered here.
const FOREIGN_KEPT: usize = 50;

/// A call from here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// To which station.
    pub station: Option<StationId>,
    /// To which machine.
    pub equipment: Option<EquipmentId>,
    /// Whose help.
    pub kind: Help,
    /// Since when.
    pub from: Moment,
    /// Who called, where known.
    pub by: Option<UserId>,
    /// Who acknowledged it, and when.
    pub acknowledged: Option<(Moment, UserId)>,
}

/// What was answered here to a call of another terminal.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Answered {
    /// Who acknowledged it, and when.
    pub acknowledged: Option<(Moment, UserId)>,
    /// It was ended here.
    pub ended: bool,
}

impl Plant {
    pub(super) fn call(&mut self, fact: &Fact, record: RecordId, called: &HelpCalled) {
        let call = Call {
            station: called.station,
            equipment: called.equipment,
            kind: called.kind,
            from: fact.moment(fact.at),
            by: fact.by,
            acknowledged: None,
        };
        self.calls.insert(record, call);
    }

    pub(super) fn acknowledge(&mut self, fact: &Fact, call: RecordId) {
        let Some(by) = fact.by else { return };
        let given = (fact.moment(fact.at), by);
        match self.calls.get_mut(&call) {
            Some(own) => _ = own.acknowledged.get_or_insert(given),
            None => _ = self.answered(call).acknowledged.get_or_insert(given),
        }
    }

    pub(super) fn end_call(&mut self, ended: CallEnded) {
        if self.calls.remove(&ended.call).is_none() {
            self.answered(ended.call).ended = true;
        }
    }

    fn answered(&mut self, call: RecordId) -> &mut Answered {
        while self.answered.len() >= FOREIGN_KEPT && !self.answered.contains_key(&call) {
            self.answered.pop_first();
        }
        self.answered.entry(call).or_default()
    }
}
