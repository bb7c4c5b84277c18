//! Putting hours right: what somebody asks of their own, and what a lead or a supervisor does to those of
//! others.

use kart_api::{Pin, labor::Entry as Hours};
use kart_core::{
    fact::labor::Inside,
    id::{StationId, UserId},
};

use super::Sending;
use crate::model::{Choice, TextField};

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mending {
    /// Ask for other times of an own entry.
    Ask,
    /// Say that an own entry was somebody else's.
    NotMe,
    /// Put an entry of somebody else right.
    Amend,
    /// Say that an entry never was.
    Void,
    /// Tell of what nobody punched.
    Add,
    /// Do what was asked for.
    Accept,
    /// Decline it.
    Decline,
}

/// The form.
#[derive(Clone, Debug)]
pub struct AmendForm {
    /// What is done.
    pub mending: Mending,
    /// What the reader read of whoever does it.
    pub badge: String,
    /// What stands for their PIN.
    pub ticket: Option<Pin>,
    /// Whose hours they are.
    pub user: UserId,
    /// Their name; not safe to draw.
    pub name: String,
    /// The entry, where there is one.
    pub entry: Option<Hours>,
    /// Where, of what is added.
    pub station: Option<StationId>,
    /// What it was, of what is added: a shift, or something inside one.
    pub kind: Choice<Option<Inside>>,
    /// When it began.
    pub from: TextField,
    /// When it ended.
    pub until: TextField,
    /// Why.
    pub reason: TextField,
    /// The field in focus.
    pub focus: AmendField,
    /// How far the command is.
    pub sending: Sending,
}

/// A field of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmendField {
    /// What it was.
    Kind,
    /// When it began.
    From,
    /// When it ended.
    Until,
    /// Why.
    Reason,
}

impl AmendForm {
    /// The fields that are asked, in their order.
    pub fn fields(&self) -> &'static [AmendField] {
        match self.mending {
            Mending::Ask | Mending::Amend => {
                &[AmendField::From, AmendField::Until, AmendField::Reason]
            },
            Mending::Add => {
                &[AmendField::Kind, AmendField::From, AmendField::Until, AmendField::Reason]
            },
            Mending::NotMe | Mending::Void | Mending::Accept | Mending::Decline => {
                &[AmendField::Reason]
            },
        }
    }

    /// The field in focus, where something is typed into it.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match self.focus {
            AmendField::Kind => None,
            AmendField::From => Some(&mut self.from),
            AmendField::Until => Some(&mut self.until),
            AmendField::Reason => Some(&mut self.reason),
        }
    }

    /// The field so many further on, round and round.
    pub fn step(&mut self, by: isize) {
        let fields = self.fields();
        let place = fields.iter().position(|field| *field == self.focus).unwrap_or_default();
        let count = isize::try_from(fields.len()).unwrap_or(1);
        let next = (isize::try_from(place).unwrap_or_default() + by).rem_euclid(count);
        let next = usize::try_from(next).ok().and_then(|next| fields.get(next));
        self.focus = next.copied().unwrap_or(self.focus);
    }

    /// Whether the last field is in focus.
    pub fn is_last(&self) -> bool {
        self.fields().last() == Some(&self.focus)
    }
}

/// Whose record is to be seen.
#[derive(Clone, Debug)]
pub struct CrewForm {
    /// Everybody, those of whom something waits first.
    pub people: Choice<UserId>,
}
