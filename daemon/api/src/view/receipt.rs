//! What became of what people recorded.

use kart_core::time::Micros;
use serde::{Deserialize, Serialize};

/// What became of something a person recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// The fact.
    pub seq: u64,
    /// When it was recorded.
    pub at_us: Micros,
    /// The fact's kind, for example `clocked_in`.
    pub kind: String,
    /// Whose it is.
    pub name: Option<String>,
    /// What it is about: a batch number, a machine, a reason.
    pub about: String,
    /// Where it is.
    pub stage: Stage,
}

/// Where a fact is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On this terminal's disk.
    Saved,
    /// In a request to headquarters now.
    Sending,
    /// At headquarters, in its tables.
    AtHeadquarters,
    /// At headquarters, not applied yet; it is as soon as what it waits for is there.
    Waiting {
        /// Stable word, see `kart_wire::Quarantined`.
        code: String,
        /// What headquarters says, for those who can act.
        detail: String,
    },
    /// At headquarters, and its tables do not take it: a person there must act.
    Refused {
        /// Stable word, see `kart_wire::Quarantined`.
        code: String,
        /// What headquarters says, for those who can act.
        detail: String,
    },
}
