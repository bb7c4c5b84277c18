//! People.

use kart_core::{
    fact::labor::{Evidence, Inside, Punched, Share},
    id::{RecordId, StationId, UserId},
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// A person who is clocked in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Present {
    /// Who.
    pub user: UserId,
    /// Name for people.
    pub name: String,
    /// Where.
    pub station: StationId,
    /// Since when.
    pub since_us: Micros,
    /// The labor entry.
    pub entry: RecordId,
    /// What they are away for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// They seem to have gone without clocking out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Missed>,
    /// How their time is divided among batches, where somebody said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
}

/// A break, a meal or an activity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Away {
    /// What it is.
    pub kind: Inside,
    /// Since when.
    pub since_us: Micros,
}

/// When somebody who did not clock out probably left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Missed {
    /// The time; `None` where nothing tells.
    pub proposed_us: Option<Micros>,
    /// What it is taken from.
    pub evidence: Evidence,
}

/// An entry without an end whose person has clocked in anew since.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unended {
    /// The entry.
    pub entry: RecordId,
    /// Whose.
    pub user: UserId,
    /// Name for people.
    pub name: String,
    /// When it began.
    pub since_us: Micros,
    /// When it ended at the latest: they clocked in anew then.
    pub until_us: Micros,
    /// When they probably left.
    pub missed: Option<Missed>,
}

/// A punch that can still be taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Punch {
    /// When.
    pub at_us: Micros,
    /// Whose badge it was.
    pub user: UserId,
    /// Name for people.
    pub name: String,
    /// The entry that it began or ended.
    pub entry: RecordId,
    /// Which of the two.
    pub punched: Punched,
    /// What it was, where it lies inside a shift.
    pub inside: Option<Inside>,
}
