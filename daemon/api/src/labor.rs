//! Records of hours: one's own, and for leads and supervisors those of others.

use kart_core::{
    command::Refusal,
    hours::{Counted, Period, Spent},
    id::{RecordId, StationId, UserId},
    kpi::Span,
    time::Micros,
};
use serde::{Deserialize, Serialize};

use crate::Pin;

/// Asks to see a record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Open {
    /// What the reader read.
    pub badge: String,
    /// Their PIN, where they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// Whose record it is to be; without it, their own. Of others for leads and supervisors with a PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

/// The answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// It may be seen with this, and commands of it take it for the PIN, for as long as somebody looks.
    Ticket {
        /// The ticket.
        ticket: Pin,
        /// It opens the records of others, too.
        others: bool,
    },
    /// It may not.
    Refused(Refusal),
}

/// What this terminal knows of one person's time in a pay period of the site.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Whose.
    pub user: UserId,
    /// So many periods before this one.
    pub back: u8,
    /// Which kind of period it is.
    pub period: Period,
    /// The period.
    #[serde(flatten)]
    pub span: Span,
    /// Entries that touch it, oldest first.
    pub entries: Vec<Entry>,
    /// What the shifts in it were spent on, as far as they are over.
    pub spent: Spent,
    /// Names of the views that the site has, and what each makes of those shifts, microseconds.
    pub views: Vec<(String, i64)>,
}

/// One entry, as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its row.
    pub id: RecordId,
    /// `shift`, `break`, `meal`, `activity` or `job`.
    pub kind: String,
    /// Where.
    pub station: Option<StationId>,
    /// From when …
    pub from: Micros,
    /// … until when; `None` where it goes on, or nobody said when it ended.
    pub until: Option<Micros>,
    /// `terminal`, `told`, `added`, `missing_out` or `void`.
    pub source: String,
    /// Its person said that it is right, as it stands.
    pub confirmed: bool,
    /// All of it is at headquarters.
    pub sent: bool,
    /// What its person asked for, where nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Wish>,
    /// What comes of it, where it is a shift that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked: Option<Worked>,
    /// Everything that was recorded of it, in its order.
    pub lines: Vec<Line>,
}

/// What somebody asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// It should begin then.
    pub from: Option<Micros>,
    /// It should end then.
    pub until: Option<Micros>,
    /// It was somebody else.
    pub void: bool,
}

/// What comes of a shift.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Worked {
    /// How much later than planned they came, microseconds; less than nothing is earlier.
    pub late_us: Option<i64>,
    /// How much earlier than planned they left; likewise.
    pub early_us: Option<i64>,
    /// It and another shift of theirs lie over each other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overlaps: bool,
    /// What it was spent on.
    pub spent: Spent,
    /// What each view makes of it, in the order of the views.
    pub counted: Vec<Counted>,
}

/// One thing that was recorded of an entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// The word of `edge.punches.kind`.
    pub kind: String,
    /// The beginning that it speaks of.
    pub from: Option<Micros>,
    /// The end that it speaks of.
    pub until: Option<Micros>,
    /// The beginning and the end as they stood before, where it moved them.
    pub before: [Option<Micros>; 2],
    /// The word of `edge.punches.evidence`.
    pub evidence: Option<String>,
    /// Why, in the words of whoever said so.
    pub reason: Option<String>,
    /// When it was recorded.
    pub recorded: Micros,
    /// Who recorded it.
    pub by: Option<UserId>,
}
