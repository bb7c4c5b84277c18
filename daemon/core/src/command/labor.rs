//! What a lead or a supervisor asks of the hours of others.

use serde::{Deserialize, Serialize};

use crate::{
    fact::{correction::Amendment, labor::Inside},
    id::{RecordId, StationId, UserId},
    time::Micros,
};

/// Put an entry of somebody else right.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmendLabor {
    /// What the reader read: whoever puts it right.
    pub badge: String,
    /// Whose entry it is.
    pub user: UserId,
    /// Which entry.
    pub entry: RecordId,
    /// The fields of `after`, as they were shown.
    pub before: Amendment,
    /// What is otherwise: `from`, `until`, `station` or `void`.
    pub after: Amendment,
    /// Why.
    pub reason: Option<String>,
}

/// Tell of time of somebody else that nobody punched.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddLabor {
    /// What the reader read: whoever tells.
    pub badge: String,
    /// Whose time it was.
    pub user: UserId,
    /// Where.
    pub station: StationId,
    /// What it was, where it lies inside a shift.
    pub kind: Option<Inside>,
    /// From when …
    pub from: Micros,
    /// … until when; `None`: they are still here.
    pub until: Option<Micros>,
    /// Why.
    pub reason: Option<String>,
}
