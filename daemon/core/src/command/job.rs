//! What people do to jobs.

use serde::{Deserialize, Serialize};

use crate::id::{ReasonId, StationId, UserId};

/// Something that is done to a job.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum JobAsk {
    /// Work begins at its station.
    Start,
    /// One works on it that others have begun.
    Join,
    /// Somebody works on it no longer.
    Leave {
        /// Whose work it was.
        user: UserId,
    },
    /// Its station is done with it.
    Complete {
        /// Good parts made there.
        good: i64,
        /// Parts scrapped there.
        scrap: i64,
        /// Where it goes, of several; `None` leaves that to the flow.
        next: Option<StationId>,
    },
    /// It goes somewhere else: where the flow leaves a choice, or against the flow with a why.
    Move {
        /// Where it goes.
        to: StationId,
        /// Why it does not go where the flow leads.
        why: Option<String>,
    },
    /// It ends as scrap.
    Scrap {
        /// Parts scrapped at its station.
        scrap: i64,
        /// What for.
        reason: Option<ReasonId>,
    },
}
