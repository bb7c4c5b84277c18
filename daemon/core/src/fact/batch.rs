//! How a batch begins, what happens to it, and how it ends early.

use serde::{Deserialize, Serialize};

use super::{Commitment, machine::is_zero};
use crate::{
    id::{EquipmentId, FieldId, ProductId, ReasonId, RecordId, StationId, UserId},
    number::Leased,
    time::Stamp,
};

/// How a batch began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchStarted {
    /// On which machine.
    pub equipment: EquipmentId,
    /// At which station.
    pub station: Option<StationId>,
    /// What is made.
    pub product: ProductId,
    /// The batch number, typed or generated.
    pub number: String,
    /// The external work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// When it began.
    pub from: Stamp,
    /// The people at the station at that moment.
    pub operators: Vec<UserId>,
    /// What the number was taken from, when it was neither typed nor the terminal's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Leased>,
    /// What is not as usual about it.
    #[serde(default, skip_serializing_if = "Special::is_none")]
    pub special: Special,
}

/// What is not as usual about a start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Special {
    /// Nobody gave the number and no block was left: it is the terminal's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// The batch that goes on here, from another machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<RecordId>,
    /// Who else agreed to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<UserId>,
    /// Why it was wanted so, committed to under the field `special.why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Commitment>,
}

impl Special {
    /// Everything is as usual.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Parts that were scrapped for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Scrapped {
    /// Why.
    pub reason: ReasonId,
    /// The reason's name as the person read it.
    pub label: String,
    /// So many.
    pub quantity: i64,
}

/// Parts made or scrapped since the last such fact: a difference, never a total.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchProduced {
    /// Which batch.
    pub batch: RecordId,
    /// Further good parts.
    pub good: i64,
    /// Further scrapped parts.
    pub scrap: i64,
    /// Why parts were scrapped.
    pub scrap_reason: Option<ReasonId>,
    /// Further parts put aside to be worked on again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rework: i64,
}

/// A batch was given up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchAborted {
    /// Which batch.
    pub batch: RecordId,
    /// Why; of the taxonomy that scrap and abort share.
    pub reason: ReasonId,
    /// Good parts made until then, all of this terminal's.
    pub good: i64,
    /// Scrapped parts likewise.
    pub scrap: i64,
    /// What the person wrote, committed to under the field `comment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Commitment>,
}

/// A further machine of a batch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchEquipment {
    /// Which batch.
    pub batch: RecordId,
    /// Which machine.
    pub equipment: EquipmentId,
}

/// The answer to a custom field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchFieldSet {
    /// Which batch.
    pub batch: RecordId,
    /// Which field.
    pub field: Field,
    /// The field's label as the person read it.
    pub label: String,
    /// The answer; `None` takes an earlier one back.
    pub value: Option<FieldValue>,
}

/// A custom field, of a machine or of a station.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A row of `oee_equipment_custom_fields`.
    Equipment {
        /// The machine that asks.
        equipment: EquipmentId,
        /// The field.
        field: FieldId,
    },
    /// A row of `oee_station_custom_fields`.
    Station {
        /// The station that asks.
        station: StationId,
        /// The field.
        field: FieldId,
    },
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// A number, a date, yes or no, one of the options.
    Plain(String),
    /// What a person wrote freely, committed to under the field `value.text`.
    Text(Commitment),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Body;
    use uuid::Uuid;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    /// Lines are for ever: what one version writes every later one has to read.
    #[test]
    fn the_words_of_these_facts_stay() {
        let id = Uuid::from_u128(1);
        let (batch, equipment, station) = (RecordId(id), EquipmentId(id), StationId(id));
        let (reason, field) = (ReasonId(id), FieldId(id));
        let text = FieldValue::Text(Commitment("0a".into()));
        let set = |field, value| BatchFieldSet { batch, field, label: "Lot".into(), value };
        let plain = Some(FieldValue::Plain("7".into()));
        let further = BatchEquipment { batch, equipment };
        let facts = [
            (Body::BatchPaused { batch }, r#"{"batch_paused":{"batch":"ID"}}"#),
            (Body::BatchResumed { batch }, r#"{"batch_resumed":{"batch":"ID"}}"#),
            (
                Body::BatchCompleted {
                    batch,
                    good: 5,
                    scrap: 1,
                    scrap_reason: None,
                    counted_good: 6,
                    counted_scrap: 0,
                    scrapped: vec![Scrapped { reason, label: "Burr".into(), quantity: 1 }],
                    rework: 2,
                },
                r#"{"batch_completed":{"batch":"ID","good":5,"scrap":1,"scrap_reason":null,"counted_good":6,"counted_scrap":0,"scrapped":[{"reason":"ID","label":"Burr","quantity":1}],"rework":2}}"#,
            ),
            (
                Body::BatchProduced(BatchProduced {
                    batch,
                    good: 5,
                    scrap: 1,
                    scrap_reason: None,
                    rework: 0,
                }),
                r#"{"batch_produced":{"batch":"ID","good":5,"scrap":1,"scrap_reason":null}}"#,
            ),
            (
                Body::BatchAborted(BatchAborted {
                    batch,
                    reason,
                    good: 5,
                    scrap: 1,
                    comment: None,
                }),
                r#"{"batch_aborted":{"batch":"ID","reason":"ID","good":5,"scrap":1}}"#,
            ),
            (
                Body::BatchEquipmentAdded(further.clone()),
                r#"{"batch_equipment_added":{"batch":"ID","equipment":"ID"}}"#,
            ),
            (
                Body::BatchEquipmentRemoved(further),
                r#"{"batch_equipment_removed":{"batch":"ID","equipment":"ID"}}"#,
            ),
            (
                Body::BatchFieldSet(set(Field::Equipment { equipment, field }, plain)),
                r#"{"batch_field_set":{"batch":"ID","field":{"equipment":{"equipment":"ID","field":"ID"}},"label":"Lot","value":{"plain":"7"}}}"#,
            ),
            (
                Body::BatchFieldSet(set(Field::Station { station, field }, Some(text))),
                r#"{"batch_field_set":{"batch":"ID","field":{"station":{"station":"ID","field":"ID"}},"label":"Lot","value":{"text":"0a"}}}"#,
            ),
        ];
        for (body, line) in facts {
            let line = line.replace("ID", ID);
            assert_eq!(serde_json::to_string(&body).unwrap(), line);
            assert_eq!(serde_json::from_str::<Body>(&line).unwrap(), body);
        }
    }
}
