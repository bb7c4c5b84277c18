//! A note of the shift log, or a card that one crew has handed to the next.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Assertion, Tenant, keep_first, link, tables};
use crate::{
    fact::{
        Body, Fact,
        note::{Card, HandoverGiven, NoteWritten},
    },
    id::{EquipmentId, Origin, RecordId, StationId, UserId},
    row::{Cell, Row},
    time::Moment,
};

/// Folded facts of one note.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Note {
    opened: Option<(Assertion, Opened)>,
    /// Who signed for the coming crew, and when first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    taken: BTreeMap<UserId, Assertion>,
    /// It is to be read no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    withdrawn: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Opened {
    station: Option<StationId>,
    equipment: Option<EquipmentId>,
    batch: Option<RecordId>,
    category: String,
    at: Moment,
    by: Option<UserId>,
    /// Somebody wrote something.
    told: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<Card>,
}

impl Note {
    /// The batch that it is about.
    pub(super) fn batches(&self) -> Vec<RecordId> {
        self.opened.iter().filter_map(|(_, opened)| opened.batch).collect()
    }

    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let (at, by) = (fact.moment(fact.at), fact.by);
        match &fact.fact {
            Body::NoteWritten(NoteWritten { station, equipment, batch, category, text }) => {
                let opened = Opened {
                    station: *station,
                    equipment: *equipment,
                    batch: *batch,
                    category: category.word().to_owned(),
                    at,
                    by,
                    told: text.is_some(),
                    card: None,
                };
                keep_first(&mut self.opened, assertion, opened);
            },
            Body::HandoverGiven(HandoverGiven { station, card, text }) => {
                let opened = Opened {
                    station: *station,
                    equipment: None,
                    batch: None,
                    category: "handover".to_owned(),
                    at,
                    by,
                    told: text.is_some(),
                    card: Some(card.clone()),
                };
                keep_first(&mut self.opened, assertion, opened);
            },
            Body::NoteWithdrawn(_) => self.withdrawn = true,
            Body::HandoverTaken(_) => {
                let Some(by) = by else { return true };
                let first = self.taken.entry(by).or_insert_with(|| assertion.clone());
                *first = assertion.min(first.clone());
            },
            _ => return false,
        }
        true
    }

    pub(super) fn rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some((fact, opened)) = &self.opened else { return vec![] };
        let mut rows = vec![Row {
            table: &tables::NOTE_EVENTS,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                opened.equipment.map(|machine| machine.0).into(),
                opened.station.map(|station| station.0).into(),
                "note".into(),
                opened.at.at.wall_us.into(),
                opened.at.at.wall_us.into(),
                "operator".into(),
                opened.by.map(|user| user.0).into(),
                self.withdrawn.into(),
            ],
        }];
        rows.extend(opened.equipment.map(|machine| link::machine(id, "equipment", machine)));
        rows.extend(opened.batch.map(|batch| link::batch(id, "batch", batch)));
        rows.push(Row {
            table: &tables::NOTES_DETAILS,
            cells: vec![
                id.part("note").into(),
                id.0.into(),
                opened.category.as_str().into(),
                fact.told("text", opened.told),
            ],
        });
        if let Some(card) = &opened.card {
            rows.extend(self.card_rows(id, (fact, opened, card), tenant));
        }
        rows
    }

    fn card_rows(
        &self,
        id: RecordId,
        (fact, opened, card): (&Assertion, &Opened, &Card),
        tenant: &Tenant,
    ) -> Vec<Row> {
        let count = |count: u64| Cell::from(i64::try_from(count).unwrap_or(i64::MAX));
        let site = || Cell::from(tenant.site.0);
        let signature = |side: &'static str, user: UserId, by: &Assertion| Row {
            table: &tables::SIGNATURES,
            cells: vec![
                id.part(&format!("{side}/{user}")).into(),
                site(),
                id.0.into(),
                user.0.into(),
                Cell::Word(side),
                crate::time::Micros(by.wall_us).into(),
            ],
        };
        let mut rows = vec![Row {
            table: &tables::HANDOVERS,
            cells: vec![
                id.0.into(),
                site(),
                opened.station.map(|station| station.0).into(),
                count(card.stops),
                count(card.incidents),
                count(card.calls),
                count(card.waiting),
                serde_json::to_string(&card.batches).unwrap_or_default().into(),
            ],
        }];
        rows.extend(opened.by.map(|user| signature("leaving", user, fact)));
        rows.extend(self.taken.iter().map(|(user, by)| signature("coming", *user, by)));
        rows
    }
}
