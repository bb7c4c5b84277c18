//! What contradicts itself: kept as it was told, and shown to a supervisor.

use super::{Assertion, Tenant, tables};
use crate::{
    id::RecordId,
    row::{Cell, Row},
    time::Micros,
};
use uuid::Uuid;

/// Something that cannot all be true, or not in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// What it is about.
    pub record: RecordId,
    /// The other side of it, where there is one.
    pub other: Option<Uuid>,
    /// What kind of contradiction.
    pub kind: Kind,
    /// In words.
    pub detail: String,
    /// The fact that brought it to light.
    pub by: Assertion,
}

/// Kinds of contradictions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A batch was completed or given up once more.
    EndedAgain,
    /// Parts, a person or a machine were added to a batch that was over.
    AddedAfterEnd,
    /// Less than nothing was made.
    NegativeQuantity,
    /// Two batches of one number, station and time make different products.
    OtherProduct,
    /// Two batches used up one entry of a queue.
    UnplannedRun,
    /// The entry that another one was to follow is no longer there.
    AnchorGone,
    /// The entry of a queue was used up or taken out already.
    EntryGone,
    /// A job did what its state does not allow.
    IllegalTransition,
    /// A job was seen elsewhere than it stands.
    MovedFromElsewhere,
    /// A job was posted under a number that another job has.
    NumberTaken,
    /// One person was clocked in twice.
    LaborOverlap,
    /// A stop was explained by a reason that was in use no more.
    RetiredReason,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::EndedAgain,
        Self::AddedAfterEnd,
        Self::NegativeQuantity,
        Self::OtherProduct,
        Self::UnplannedRun,
        Self::AnchorGone,
        Self::EntryGone,
        Self::IllegalTransition,
        Self::MovedFromElsewhere,
        Self::NumberTaken,
        Self::LaborOverlap,
        Self::RetiredReason,
    ];

    /// Those that follow from the facts of one record, whoever folds them.
    pub const OF_A_FOLD: [Self; 4] =
        [Self::EndedAgain, Self::AddedAfterEnd, Self::NegativeQuantity, Self::OtherProduct];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::EndedAgain => "ended_again",
            Self::AddedAfterEnd => "added_after_end",
            Self::NegativeQuantity => "negative_quantity",
            Self::OtherProduct => "other_product",
            Self::UnplannedRun => "unplanned_run",
            Self::AnchorGone => "anchor_gone",
            Self::EntryGone => "entry_gone",
            Self::IllegalTransition => "illegal_transition",
            Self::MovedFromElsewhere => "moved_from_elsewhere",
            Self::NumberTaken => "number_taken",
            Self::LaborOverlap => "labor_overlap",
            Self::RetiredReason => "retired_reason",
        }
    }
}

impl Conflict {
    /// The row. The same contradiction, told by the same fact, is the same row.
    pub fn row(&self, tenant: &Tenant) -> Row {
        let Assertion { wall_us, origin, seq } = &self.by;
        let name = format!("conflict/{}/{}/{seq}", self.kind.word(), origin.incarnation);
        let id = Uuid::new_v5(&self.record.part(&name), origin.terminal.0.as_bytes());
        Row {
            table: &tables::CONFLICTS,
            cells: vec![
                id.into(),
                tenant.site.0.into(),
                self.record.0.into(),
                self.other.into(),
                Cell::Word(self.kind.word()),
                self.detail.as_str().into(),
                Micros(*wall_us).into(),
                origin.terminal.0.into(),
                origin.incarnation.to_string().into(),
                i64::try_from(*seq).unwrap_or(i64::MAX).into(),
            ],
        }
    }
}
