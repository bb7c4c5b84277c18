//! What a machine and its station ask with a batch: one field after the other, each of its type.

use kart_core::{
    command::Answered,
    fact::batch::Field,
    id::EquipmentId,
    reference::{FieldType, Reference},
};

use crate::{
    keys::Cmd,
    model::{Choice, Entry, TextField},
};

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

    /// Obeys a key that goes through what can be chosen.
    pub fn obey(&mut self, cmd: Cmd) {
        match cmd {
            Cmd::Left => self.choice.step(-1),
            Cmd::Right => self.choice.step(1),
            Cmd::Pick(number) => drop(self.choice.pick(number)),
            _ => {},
        }
    }

    /// What was answered.
    pub fn answer(&self) -> Option<String> {
        if !self.chooses() {
            return self.text.filled();
        }
        self.choice.entry().map(|entry| entry.label.clone())
    }

    /// As a command tells it.
    pub fn told(&self) -> Answered {
        Answered { field: self.field, value: self.answer() }
    }
}

/// A form of several fields with one in focus, questions of a machine or a station among them.
pub trait Asks {
    /// Its fields.
    type Field: Copy + PartialEq;

    /// All fields in their order.
    fn fields(&self) -> Vec<Self::Field>;

    /// The field in focus.
    fn focus_mut(&mut self) -> &mut Self::Field;

    /// The questions.
    fn questions_mut(&mut self) -> &mut Vec<Question>;

    /// The field of a question.
    fn field_of(question: usize) -> Self::Field;

    /// Moves to a neighbouring field; after the last comes the first.
    fn step(&mut self, by: isize) {
        let (all, focus) = (self.fields(), *self.focus_mut());
        let at = all.iter().position(|field| *field == focus).unwrap_or(0);
        let count = isize::try_from(all.len()).unwrap_or(1).max(1);
        let next = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count);
        if let Some(field) = usize::try_from(next).ok().and_then(|next| all.get(next)) {
            *self.focus_mut() = *field;
        }
    }

    /// The question in focus.
    fn question_mut(&mut self) -> Option<&mut Question> {
        let focus = *self.focus_mut();
        let mut all = self.questions_mut().iter_mut().enumerate();
        all.find(|(at, _)| Self::field_of(*at) == focus).map(|(_, asked)| asked)
    }

    /// Goes to the question with this label, where there is one.
    fn go_to(&mut self, label: &str) {
        if let Some(at) = self.questions_mut().iter().position(|asked| asked.label == label) {
            *self.focus_mut() = Self::field_of(at);
        }
    }
}

/// Everything that was answered.
pub fn told(questions: &[Question]) -> Vec<Answered> {
    questions.iter().filter(|asked| asked.answer().is_some()).map(Question::told).collect()
}
