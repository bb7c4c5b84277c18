//! What a machine and its station ask with a batch: one field after the other, each of its type.

use kart_core::{
    command::Answered,
    fact::batch::Field,
    id::EquipmentId,
    reference::{FieldType, Reference},
};

use crate::model::{Choice, Entry, TextField};

/// One question with what was answered so far.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which field.
    pub field: Field,
    /// The question; not safe to draw.
    pub label: String,
    /// What it takes.
    pub takes: FieldType,
    /// There is no going on without an answer.
    pub required: bool,
    /// What was typed.
    pub text: TextField,
    /// What can be chosen, where that is so.
    pub choice: Choice<usize>,
}

impl Question {
    /// Everything that is asked on a machine when a batch begins (`start`) or ends (`complete`).
    pub fn all(reference: &Reference, machine: EquipmentId, asked_at: &str) -> Vec<Self> {
        let asked = reference.asked_with(machine, asked_at).into_iter();
        let question = |(field, asks): (Field, &kart_core::reference::Field)| {
            let options: Vec<String> = match asks.field_type {
                FieldType::Boolean => vec!["true".to_owned(), "false".to_owned()],
                FieldType::Select => asks.options.clone(),
                FieldType::Text | FieldType::Number | FieldType::Date => Vec::new(),
            };
            let entry = |(key, label)| Entry { key, label, detail: String::new() };
            Self {
                field,
                label: asks.label.clone(),
                takes: asks.field_type,
                required: asks.required,
                text: TextField::default(),
                choice: Choice::new(options.into_iter().enumerate().map(entry).collect()),
            }
        };
        asked.map(question).collect()
    }

    /// Whether it is answered by choosing.
    pub fn chooses(&self) -> bool {
        matches!(self.takes, FieldType::Boolean | FieldType::Select)
    }

    /// What is typed into, where it is not answered by choosing.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        (!self.chooses()).then_some(&mut self.text)
    }

    /// What was answered.
    pub fn answer(&self) -> Option<String> {
        if !self.chooses() {
            return self.text.filled();
        }
        let chosen = self.choice.chosen.and_then(|at| self.choice.entries.get(at));
        chosen.map(|entry| entry.label.clone())
    }

    /// As a command tells it.
    pub fn told(&self) -> Answered {
        Answered { field: self.field, value: self.answer() }
    }
}

/// Everything that was answered.
pub fn told(questions: &[Question]) -> Vec<Answered> {
    questions.iter().filter(|asked| asked.answer().is_some()).map(Question::told).collect()
}
