//! People who are clocked in.

use serde::{Deserialize, Serialize};

use crate::{
    id::{RecordId, StationId},
    time::Moment,
};

/// A person who is clocked in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The labor entry.
    pub entry: RecordId,
    /// Where.
    pub station: StationId,
    /// Since when.
    pub since: Moment,
}
