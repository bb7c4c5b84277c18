//! What is said when a batch begins, ends or goes on elsewhere.

use serde::{Deserialize, Serialize};

use crate::{
    fact::batch::Field,
    id::{EquipmentId, ReasonId, RecordId, UserId},
    time::Micros,
};

/// Where a batch comes from, and what is asked with it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StartDetail {
    /// The entry of a queue that it is.
    pub entry: Option<RecordId>,
    /// When it began, where that was earlier.
    pub from: Option<Micros>,
    /// Answers to custom fields.
    pub answers: Vec<Answered>,
    /// Who else agrees.
    pub second: Option<Second>,
}

/// What is told at the end of a batch beside good and scrapped parts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompleteDetail {
    /// The scrapped parts by reason, where there was more than one.
    pub scrapped: Vec<(ReasonId, i64)>,
    /// Parts put aside to be worked on again.
    pub rework: i64,
    /// Answers to custom fields.
    pub answers: Vec<Answered>,
}

/// An answer to a custom field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Which field.
    pub field: Field,
    /// What was answered; nothing takes an earlier answer back.
    pub value: Option<String>,
}

/// A second person who agrees.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// What the reader read.
    pub badge: String,
    /// Why.
    pub why: String,
}

/// A batch that goes on elsewhere.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continue {
    /// Who; must be clocked in.
    pub by: UserId,
    /// Which batch.
    pub batch: RecordId,
    /// On which machine.
    pub equipment: EquipmentId,
    /// Good parts until then.
    pub good: i64,
    /// Scrapped parts until then.
    pub scrap: i64,
    /// Answers to what the other machine asks.
    #[serde(default)]
    pub answers: Vec<Answered>,
    /// Who else agrees.
    #[serde(default)]
    pub second: Option<Second>,
}
