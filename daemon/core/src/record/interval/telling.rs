//! What people told of an interval beside a reason: that they withdraw one, that other events stand
//! in its place, or that there was an event at all. Only sets, so that the order in which facts
//! come does not matter.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{Explanation, Rank};
use crate::{
    fact::stop::{EventEnded, EventTakenBack, EventTold, ExplanationWithdrawn},
    id::{EquipmentId, Origin, RecordId, UserId},
    record::{Assertion, keep_first},
    time::Micros,
};

/// What people told of one interval.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Telling {
    /// Explanations that are not the strongest, the strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further: Vec<(Rank, Explanation)>,
    /// Explanations that hold no more, by the facts that gave them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    withdrawn: BTreeSet<(Origin, u64)>,
    /// A person told of the whole event, and who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Box<(Assertion, EventTold, Option<UserId>)>>,
    /// Until when that lasted, where it was told of before it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<(Assertion, EventEnded)>,
    /// Events that a person told of in its place …
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    replaced: BTreeSet<RecordId>,
    /// … and those of them that were taken back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    given_up: BTreeSet<RecordId>,
    /// It was taken back itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    taken_back: bool,
}

impl Telling {
    /// Keeps an explanation that another one beats.
    pub(super) fn keep(&mut self, explanation: (Rank, Explanation)) {
        if self.further.iter().all(|(rank, _)| *rank != explanation.0) {
            self.further.push(explanation);
            self.further.sort_by(|(one, _), (other, _)| other.cmp(one));
        }
    }

    pub(super) fn further(&self) -> impl Iterator<Item = &(Rank, Explanation)> {
        self.further.iter()
    }

    pub(super) fn withdraw(&mut self, withdrawn: &ExplanationWithdrawn) {
        self.withdrawn.insert((withdrawn.origin, withdrawn.seq));
    }

    pub(super) fn is_withdrawn(&self, (_, by): &Rank) -> bool {
        self.withdrawn.contains(&(by.origin, by.seq))
    }

    /// A person told of the event `record`, which is this one or stands in its place.
    pub(super) fn tell(
        &mut self,
        id: RecordId,
        (record, by, user): (RecordId, Assertion, Option<UserId>),
        event: &EventTold,
    ) {
        if record != id {
            self.replaced.insert(record);
        } else if self.event.as_ref().is_none_or(|known| by < known.0) {
            self.event = Some(Box::new((by, event.clone(), user)));
        }
    }

    /// The event is over, and stands in the place of the stops that it names.
    pub(super) fn end(&mut self, id: RecordId, by: Assertion, ended: &EventEnded) {
        match ended.event == id {
            true => keep_first(&mut self.ended, by, ended.clone()),
            false => drop(self.replaced.insert(ended.event)),
        }
    }

    /// Until when the event lasted.
    pub(super) fn until(&self) -> Option<Micros> {
        let told = self.event().and_then(|(_, event)| event.until);
        told.or(self.ended.as_ref().map(|(_, ended)| ended.until))
    }

    /// The machines that it is about.
    pub(super) fn machines(&self) -> impl Iterator<Item = &EquipmentId> {
        let all = self.event().into_iter().flat_map(|(_, event)| &event.equipment);
        let ran = self.ended.as_ref().map_or(&[][..], |(_, ended)| &ended.ran);
        all.filter(move |machine| !ran.contains(machine))
    }

    pub(super) fn take_back(&mut self, id: RecordId, back: &EventTakenBack) {
        if back.event == id {
            self.taken_back = true;
        } else {
            self.given_up.insert(back.event);
        }
    }

    /// The event, where a person told of it and no signal did.
    pub(super) fn event(&self) -> Option<(&Assertion, &EventTold)> {
        self.event.as_deref().map(|(by, event, _)| (by, event))
    }

    /// Who told of it.
    pub(super) fn by(&self) -> Option<UserId> {
        self.event.as_deref().and_then(|(.., user)| *user)
    }

    /// The word of the column.
    pub(super) fn source(&self) -> &'static str {
        if self.event.is_some() { "operator" } else { "machine" }
    }

    pub(super) fn is_taken_back(&self) -> bool {
        self.taken_back
    }

    /// Whether other events stand in its place.
    pub(super) fn is_replaced(&self) -> bool {
        !self.replaced.is_subset(&self.given_up)
    }
}
