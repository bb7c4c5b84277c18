//! What is asked with a batch: fields that the machine and its station define, answered and checked.

use uuid::Uuid;

use super::super::{Engine, Event, Words};
use crate::{
    command::{Answered, Refusal},
    fact::{
        Body,
        batch::{BatchFieldSet, Field, FieldValue},
    },
    id::{EquipmentId, FieldId, RecordId, UserId},
    reference::{self, FieldType, Reference},
    time::Moment,
};

/// The field of the fact that commits to a free answer.
const VALUE: &str = "value.text";

/// A checked answer.
pub(in crate::engine) struct Given {
    field: Field,
    label: String,
    value: Option<FieldValue>,
    words: Words,
}

/// The answers, checked: each is of a field that is asked, and what must be answered is.
pub(in crate::engine) fn answers(
    asked: &[(Field, &reference::Field)],
    told: &[Answered],
    salt: &str,
) -> Result<Vec<Given>, Refusal> {
    let mut all = Vec::new();
    for (field, asks) in asked {
        let typed = told.iter().find(|told| told.field == *field);
        let typed = typed.and_then(|told| told.value.as_deref()).map(str::trim);
        let Some(typed) = typed.filter(|typed| !typed.is_empty()) else {
            if asks.required {
                return Err(Refusal::FieldMissing { label: asks.label.clone() });
            }
            continue;
        };
        let (label, takes) = (asks.label.clone(), asks.field_type);
        let Some(value) = asks.taken(typed) else {
            return Err(Refusal::FieldWrong { label, takes });
        };
        all.push(given(*field, asks, label, value, salt));
    }
    Ok(all)
}

fn given(field: Field, asks: &reference::Field, label: String, value: String, salt: &str) -> Given {
    if asks.field_type != FieldType::Text {
        return Given {
            field,
            label,
            value: Some(FieldValue::Plain(value)),
            words: Words::default(),
        };
    }
    let words = Words::as_given(VALUE, &salt_of(salt, asks.id), value);
    let value = words.commitment().map(FieldValue::Text);
    Given { field, label, value, words }
}

/// No two texts share their salt, or equal ones could be told.
fn salt_of(salt: &str, of: Uuid) -> String {
    let number = u128::from_str_radix(salt, 16).unwrap_or_default();
    format!("{:032x}", number ^ of.as_u128())
}

impl Engine {
    /// Drafts answers as facts of their own.
    pub(super) fn answer(
        &mut self,
        batch: RecordId,
        who: Option<UserId>,
        answers: Vec<Given>,
        now: &Moment,
    ) {
        for Given { field, label, value, words } in answers {
            let set = Body::BatchFieldSet(BatchFieldSet { batch, field, label, value });
            self.draft(now, Event::new(set).by(who).words(words));
        }
    }
}

impl Reference {
    /// What a machine and its station ask when a batch begins (`start`) or ends (`complete`), in
    /// order.
    pub fn asked_with(
        &self,
        equipment: EquipmentId,
        asked_at: &str,
    ) -> Vec<(Field, &reference::Field)> {
        let machine = self.machine(equipment).into_iter().flat_map(|machine| &machine.fields);
        let of_machine = machine.map(|asks| {
            let field = FieldId(asks.id);
            (Field::Equipment { equipment, field }, asks)
        });
        let of_station = self.station_of(equipment).into_iter().flat_map(|station| {
            station.fields.iter().map(|asks| {
                let field = FieldId(asks.id);
                (Field::Station { station: station.id, field }, asks)
            })
        });
        of_machine.chain(of_station).filter(|(_, asks)| asks.asked_at == asked_at).collect()
    }
}
