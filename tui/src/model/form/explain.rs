//! Explaining a stop.

use kart_core::{
    id::{EquipmentId, ReasonId, RecordId},
    machine::MachineState,
    reference::Reference,
    time::Micros,
};

use super::{Sending, Who, reasons};
use crate::model::{Choice, TextField};

/// Explain a stop.
#[derive(Clone, Debug)]
pub struct ExplainForm {
    /// Which stop.
    pub stop: RecordId,
    /// Of which machine.
    pub machine: EquipmentId,
    /// What the machine did.
    pub state: MachineState,
    /// When it began.
    pub from_us: Micros,
    /// Who, where known.
    pub who: Who,
    /// Why.
    pub reasons: Choice<ReasonId>,
    /// Free text.
    pub comment: TextField,
    /// The comment is in focus, not the reasons.
    pub commenting: bool,
    /// How far the command is.
    pub sending: Sending,
}

impl ExplainForm {
    /// A form with the reasons that suit the stop first.
    pub fn new(stop: &kart_api::Stop, who: Who, reference: &Reference) -> Self {
        Self {
            stop: stop.id,
            machine: stop.machine,
            state: stop.state,
            from_us: stop.from_us,
            who,
            reasons: Choice::new(reasons(
                &reference.downtime_groups,
                stop.state.group_type(),
                stop.proposed,
            )),
            comment: TextField::default(),
            commenting: false,
            sending: Sending::No,
        }
    }
}
