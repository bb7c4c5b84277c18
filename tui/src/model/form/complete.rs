//! Completing a batch.

use kart_core::{
    id::{EquipmentId, ReasonId, RecordId},
    reference::Reference,
};

use super::{Sending, Who, reasons};
use crate::model::{Choice, TextField};

/// Complete a batch.
#[derive(Clone, Debug)]
pub struct CompleteForm {
    /// On this machine.
    pub machine: EquipmentId,
    /// Which batch.
    pub batch: RecordId,
    /// Its number; not safe to draw.
    pub number: String,
    /// Who.
    pub who: Who,
    /// Good parts.
    pub good: TextField,
    /// Scrapped parts.
    pub scrap: TextField,
    /// Why parts were scrapped.
    pub reasons: Choice<ReasonId>,
    /// The field in focus.
    pub focus: CompleteField,
    /// How far the command is.
    pub sending: Sending,
}

/// The fields of [`CompleteForm`] in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompleteField {
    Good,
    Scrap,
    Reason,
}

impl CompleteForm {
    /// A form for the batch on a machine, with the machine's counts offered.
    pub fn new(
        machine: &kart_api::Machine,
        batch: &kart_api::Batch,
        who: Who,
        reference: Option<&Reference>,
    ) -> Self {
        let groups = reference.map(|reference| reference.scrap_groups.as_slice());
        let mut form = Self {
            machine: machine.id,
            batch: batch.id,
            number: batch.number.clone(),
            who,
            good: TextField::whole(),
            scrap: TextField::whole(),
            reasons: Choice::new(reasons(groups.unwrap_or_default(), None, None)),
            focus: CompleteField::Good,
            sending: Sending::No,
        };
        form.offer(machine);
        form
    }

    /// Offers the machine's counts; what somebody typed stays.
    pub fn offer(&mut self, machine: &kart_api::Machine) {
        self.good.offer(&machine.good.max(0).to_string());
        self.scrap.offer(&machine.scrap.max(0).to_string());
    }

    /// Whether parts were scrapped, so that a reason is asked for.
    pub fn asks_reason(&self) -> bool {
        self.scrap.number().is_some_and(|scrap| scrap > 0) && !self.reasons.entries.is_empty()
    }

    /// The text field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match self.focus {
            CompleteField::Good => Some(&mut self.good),
            CompleteField::Scrap => Some(&mut self.scrap),
            CompleteField::Reason => None,
        }
    }

    /// Moves to the next field, past the reason when nothing was scrapped.
    pub fn next(&mut self) {
        self.focus = match self.focus {
            CompleteField::Good => CompleteField::Scrap,
            CompleteField::Scrap if self.asks_reason() => CompleteField::Reason,
            CompleteField::Scrap | CompleteField::Reason => CompleteField::Good,
        };
    }

    /// Moves to the field before.
    pub fn previous(&mut self) {
        self.focus = match self.focus {
            CompleteField::Good if self.asks_reason() => CompleteField::Reason,
            CompleteField::Good | CompleteField::Reason => CompleteField::Scrap,
            CompleteField::Scrap => CompleteField::Good,
        };
    }
}
