//! Completing a batch.

use kart_core::{
    command::CompleteDetail,
    id::{EquipmentId, ReasonId, RecordId},
    reference::Reference,
};

use super::{Asks, Question, Sending, Who, question, reasons};
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
    /// Parts put aside to be worked on again.
    pub rework: TextField,
    /// Why parts were scrapped.
    pub reasons: Choice<ReasonId>,
    /// How many for which reason, in the order they were given.
    pub split: Vec<(ReasonId, i64)>,
    /// What is asked with it.
    pub questions: Vec<Question>,
    /// The field in focus.
    pub focus: CompleteField,
    /// How far the command is.
    pub sending: Sending,
}

/// The fields of [`CompleteForm`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompleteField {
    Good,
    Scrap,
    Rework,
    Reason,
    Question(usize),
}

impl CompleteForm {
    /// A form for a batch on a machine, with what was counted and told offered.
    pub fn new(
        machine: &kart_api::Machine,
        batch: &kart_api::Batch,
        who: Who,
        reference: Option<&Reference>,
    ) -> Self {
        let groups = reference.map(|reference| reference.scrap_groups.as_slice());
        let asked = |reference| Question::all(reference, machine.id, "complete");
        let mut form = Self {
            machine: machine.id,
            batch: batch.id,
            number: batch.number.clone(),
            who,
            good: TextField::whole(),
            scrap: TextField::whole(),
            rework: TextField::whole(),
            reasons: Choice::new(reasons(groups.unwrap_or_default(), None, None)),
            split: batch.told.scrapped.clone(),
            questions: reference.map(asked).unwrap_or_default(),
            focus: CompleteField::Good,
            sending: Sending::No,
        };
        form.offer(batch);
        form
    }

    /// Offers what the machine counted and people told; what somebody typed stays.
    pub fn offer(&mut self, batch: &kart_api::Batch) {
        let (good, scrap) = proposed(batch);
        self.good.offer(&good.to_string());
        self.scrap.offer(&scrap.to_string());
        if batch.told.rework > 0 {
            self.rework.offer(&batch.told.rework.to_string());
        }
    }

    /// Scrapped parts without a reason.
    pub fn unexplained(&self) -> i64 {
        let given: i64 = self.split.iter().map(|(_, parts)| *parts).sum();
        self.scrap.number().unwrap_or_default().saturating_sub(given)
    }

    /// How many parts were scrapped for this reason.
    pub fn given(&self, reason: ReasonId) -> i64 {
        let given = self.split.iter().filter(|(known, _)| *known == reason);
        given.map(|(_, parts)| *parts).sum()
    }

    /// Gives the reason whatever has none yet, or else everything.
    pub fn give(&mut self, reason: ReasonId) {
        match self.unexplained() {
            left if left > 0 => self.add(reason, left),
            _ => {
                let scrap = self.scrap.number().unwrap_or_default();
                self.split = vec![(reason, scrap)];
            },
        }
    }

    /// Moves parts to a reason, or from it where `parts` is negative.
    pub fn add(&mut self, reason: ReasonId, parts: i64) {
        let parts = parts.min(self.unexplained()).max(-self.given(reason));
        match self.split.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, given)) => *given = given.saturating_add(parts),
            None => self.split.push((reason, parts)),
        }
        self.split.retain(|(_, given)| *given > 0);
    }

    /// What is told beside good and scrapped parts; `None` while parts have no reason.
    pub fn detail(&self) -> Option<CompleteDetail> {
        let scrapped = if self.asks_reason() { self.split.clone() } else { Vec::new() };
        if self.asks_reason() && self.unexplained() != 0 {
            return None;
        }
        // One reason for all of them is told as it always was.
        let scrapped = if scrapped.len() > 1 { scrapped } else { Vec::new() };
        let rework = self.rework.number().unwrap_or_default();
        Some(CompleteDetail { scrapped, rework, answers: question::told(&self.questions) })
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
            CompleteField::Rework => Some(&mut self.rework),
            CompleteField::Reason => None,
            CompleteField::Question(at) => self.questions.get_mut(at)?.field_mut(),
        }
    }

    /// Where Enter leads: past rework, which is rare; `None` where it completes the batch.
    pub fn after(&self) -> Option<CompleteField> {
        let all = self.fields();
        let rare = |field: &&CompleteField| **field != CompleteField::Rework;
        let at = all.iter().position(|field| *field == self.focus)?;
        all.iter().skip(at + 1).find(rare).copied()
    }
}

impl Asks for CompleteForm {
    type Field = CompleteField;

    fn fields(&self) -> Vec<Self::Field> {
        let mut all = vec![CompleteField::Good, CompleteField::Scrap, CompleteField::Rework];
        if self.asks_reason() {
            all.push(CompleteField::Reason);
        }
        all.extend((0..self.questions.len()).map(CompleteField::Question));
        all
    }

    fn focus_mut(&mut self) -> &mut Self::Field {
        &mut self.focus
    }

    fn questions_mut(&mut self) -> &mut Vec<Question> {
        &mut self.questions
    }

    fn field_of(question: usize) -> Self::Field {
        CompleteField::Question(question)
    }
}

/// Good and scrapped parts as counted by the machine, with what people told of beside.
pub fn proposed(batch: &kart_api::Batch) -> (i64, i64) {
    let (good, scrap) = batch.counted;
    let sum = |counted: i64, told: i64| counted.saturating_add(told).max(0);
    (sum(good, batch.told.good), sum(scrap, batch.told.scrap))
}
