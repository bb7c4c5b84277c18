//! People's time besides clocking in and out: what lies inside a shift, what was undone, what was
//! forgotten and told later, and what somebody says of their own record.

use serde::{Deserialize, Serialize};

use super::{
    Commitment,
    correction::{Amendment, Correctable, Corrected},
};
use crate::{
    id::{RecordId, StationId, UserId},
    time::Micros,
};

/// Kinds of time inside a shift, by the words of `ops_labor_entries.entry_type`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inside {
    /// A short rest.
    Break,
    /// A meal.
    Meal,
    /// Something else than production: cleaning, training, a meeting.
    Activity,
}

impl Inside {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Break => "break",
            Self::Meal => "meal",
            Self::Activity => "activity",
        }
    }
}

/// A break, a meal or an activity began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborBegan {
    /// Who.
    pub user: UserId,
    /// Where they are clocked in.
    pub station: StationId,
    /// What began.
    pub kind: Inside,
    /// The entry of the shift that it lies in.
    pub shift: RecordId,
}

/// It ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborEnded {
    /// Who.
    pub user: UserId,
    /// The entry that ends.
    pub entry: RecordId,
}

/// A punch was made with the wrong badge and is taken back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PunchUndone {
    /// Whose badge it was.
    pub user: UserId,
    /// The entry that the punch began or ended.
    pub entry: RecordId,
    /// Which of the two it did.
    pub punch: Punched,
}

/// What a punch did to its entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Punched {
    /// It began it.
    Began,
    /// It ended it.
    Ended,
}

/// Somebody seems to have gone home without clocking out. Nothing ends by this.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OutMissed {
    /// Who.
    pub user: UserId,
    /// The entry that has no end.
    pub entry: RecordId,
    /// When they probably left; `None` where nothing tells.
    pub proposed: Option<Micros>,
    /// What that is taken from.
    pub evidence: Evidence,
}

/// What a proposed end is taken from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The last thing that they recorded here.
    LastKey,
    /// The same, and somebody else went on with their batch soon after.
    TakenOver,
    /// The end of their shift by the calendar.
    ShiftEnd,
    /// Nothing.
    Nothing,
}

impl Evidence {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::LastKey => "last_key",
            Self::TakenOver => "taken_over",
            Self::ShiftEnd => "shift_end",
            Self::Nothing => "nothing",
        }
    }
}

/// Somebody says when they left, because they did not clock out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OutTold {
    /// Who.
    pub user: UserId,
    /// The entry that ends.
    pub entry: RecordId,
    /// When they left.
    pub until: Micros,
    /// What was proposed.
    pub proposed: Option<Micros>,
    /// Why it is another time than the proposed one, committed to under the field `reason`.
    pub reason: Option<Commitment>,
}

/// Somebody has read their own record and says that it is right.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborConfirmed {
    /// Who.
    pub user: UserId,
    /// The entries, as they stood on the screen.
    pub entries: Vec<Stood>,
}

/// An entry as it stood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stood {
    /// Which.
    pub entry: RecordId,
    /// From when …
    pub from: Micros,
    /// … until when; `None` where it went on.
    pub until: Option<Micros>,
}

/// Somebody asks headquarters to put an entry of theirs right.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborAsked {
    /// Who asks.
    pub user: UserId,
    /// Which entry.
    pub entry: RecordId,
    /// When it should begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Micros>,
    /// When it should end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
    /// It never was: another person had the badge.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub void: bool,
    /// Why, committed to under the field `reason`.
    pub reason: Option<Commitment>,
}

/// How somebody's time is divided among batches from now on. Instead of what was said before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborSplit {
    /// Who.
    pub user: UserId,
    /// The entry of the shift.
    pub entry: RecordId,
    /// The parts, which add up to 100.
    pub shares: Vec<Share>,
}

/// One batch's part of somebody's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Share {
    /// Which batch.
    pub batch: RecordId,
    /// Percent of the time.
    pub percent: u8,
}

/// Somebody chose their own PIN at this terminal. Nothing of it stands here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PinSet {
    /// Who.
    pub user: UserId,
}

/// A lead or a supervisor put an entry of somebody else right, at the terminal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborAmended {
    /// Which entry.
    pub entry: RecordId,
    /// Whose it is.
    pub user: UserId,
    /// Rank of the role of whoever did; a higher one wins.
    pub rank: u8,
    /// Why, committed to under the field `reason`.
    pub reason: Option<Commitment>,
    /// The fields of `after`, as they stood on the screen.
    pub before: Amendment,
    /// The fields that are otherwise, and nothing else.
    pub after: Amendment,
}

impl LaborAmended {
    /// The correction that it is.
    pub fn corrected(&self) -> Corrected {
        Corrected {
            record: self.entry,
            kind: Correctable::Labor,
            rank: self.rank,
            reason: self.reason.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

/// A lead or a supervisor told of time of somebody that nobody punched.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborAdded {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub station: StationId,
    /// What it was, where it lies inside a shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Inside>,
    /// From when …
    pub from: Micros,
    /// … until when; `None`: they are still here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
    /// Rank of the role of whoever told.
    pub rank: u8,
    /// Why, committed to under the field `reason`.
    pub reason: Option<Commitment>,
}

/// A lead or a supervisor does not do what somebody asked of an entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaborDeclined {
    /// Which entry.
    pub entry: RecordId,
    /// Who asked.
    pub user: UserId,
    /// Why not, committed to under the field `reason`.
    pub reason: Option<Commitment>,
}
