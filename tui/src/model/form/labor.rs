//! Badges and what they ask, punches that are taken back, and ends that were forgotten.

use kart_api::{Away, Missed};
use kart_core::{
    fact::labor::Inside,
    id::{RecordId, StationId, UserId},
    time::Micros,
};

use super::Sending;
use crate::model::{Choice, TextField};

/// A badge typed by hand.
#[derive(Clone, Debug, Default)]
pub struct BadgeForm {
    /// What was typed.
    pub badge: TextField,
    /// It is to open their record.
    pub for_record: bool,
}

/// What a badge is for: clocking in, or one of the things that somebody present can do.
#[derive(Clone, Debug)]
pub struct PunchForm {
    /// What the reader read.
    pub badge: String,
    /// Whose it is.
    pub user: UserId,
    /// Their name; not safe to draw.
    pub name: String,
    /// Clocked in since then.
    pub since_us: Option<Micros>,
    /// What they are away for.
    pub away: Option<Away>,
    /// What they can do, the obvious first.
    pub acts: Choice<Act>,
    /// Their PIN, where they have one.
    pub pin: Option<TextField>,
    /// How far the command is.
    pub sending: Sending,
}

impl PunchForm {
    /// The PIN, where what was chosen needs it.
    pub fn pin(&mut self) -> Option<&mut TextField> {
        let needed = matches!(self.acts.key(), Some(Act::In(_)));
        self.pin.as_mut().filter(|_| needed)
    }

    /// Whether it is about clocking in.
    pub fn is_in(&self) -> bool {
        matches!(self.acts.key(), Some(Act::In(_)))
    }
}

/// One thing that a badge can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Clock in there.
    In(StationId),
    /// Clock out.
    Out,
    /// Be back from a break, a meal or an activity.
    Back,
    /// Begin one.
    Begin(Inside),
    /// Go on there.
    Move(StationId),
    /// Read their own record.
    Record,
    /// Divide their time among the batches that they are on.
    Shares,
    /// Choose another PIN.
    Pin,
}

/// Taking a punch back.
#[derive(Clone, Debug)]
pub struct UndoForm {
    /// The punches, by their entries, newest first.
    pub punches: Choice<RecordId>,
    /// How far the command is.
    pub sending: Sending,
}

/// Saying when one left.
#[derive(Clone, Debug)]
pub struct ToldForm {
    /// What the reader read.
    pub badge: String,
    /// Whose it is.
    pub user: UserId,
    /// Their name; not safe to draw.
    pub name: String,
    /// The entry without an end.
    pub entry: RecordId,
    /// When it began.
    pub since_us: Micros,
    /// When it ended at the latest; `None`: now.
    pub latest_us: Option<Micros>,
    /// When they probably left.
    pub missed: Option<Missed>,
    /// The time, as typed.
    pub time: TextField,
    /// Why it is another one.
    pub reason: TextField,
    /// The reason is in focus, not the time.
    pub reasoning: bool,
    /// How far the command is.
    pub sending: Sending,
}

impl ToldForm {
    /// The field in focus.
    pub fn field_mut(&mut self) -> &mut TextField {
        if self.reasoning { &mut self.reason } else { &mut self.time }
    }
}

/// Choosing one's own PIN.
#[derive(Clone, Debug)]
pub struct PinForm {
    /// What the reader read.
    pub badge: String,
    /// Whose it is; not safe to draw.
    pub name: String,
    /// The PIN that they have, where they have one.
    pub old: Option<TextField>,
    /// The new one, and once more.
    pub new: [TextField; 2],
    /// The field in focus, in the order above.
    pub focus: usize,
    /// How far the command is.
    pub sending: Sending,
}

impl PinForm {
    /// The fields in their order.
    pub fn fields(&self) -> Vec<&TextField> {
        self.old.iter().chain(&self.new).collect()
    }

    /// The field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        self.old.iter_mut().chain(&mut self.new).nth(self.focus)
    }
}

/// Dividing one's time among batches.
#[derive(Clone, Debug)]
pub struct SharesForm {
    /// What the reader read.
    pub badge: String,
    /// Whose it is; not safe to draw.
    pub name: String,
    /// The batches with their numbers, not safe to draw, and the percents.
    pub parts: Vec<(RecordId, String, TextField)>,
    /// The batch in focus.
    pub focus: usize,
    /// How far the command is.
    pub sending: Sending,
}

impl SharesForm {
    /// The field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        self.parts.get_mut(self.focus).map(|(.., field)| field)
    }

    /// What the percents come to; `None` where one is none.
    pub fn sum(&self) -> Option<i64> {
        self.parts.iter().map(|(.., field)| field.number()).sum()
    }
}
