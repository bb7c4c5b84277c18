//! Stops are explained.

use super::{Engine, Event, commands::unknown};
use crate::{
    command::{Accepted, Refusal},
    fact::{Body, FactText},
    id::{ReasonId, RecordId, UserId},
    reference::Reference,
    time::Moment,
};

impl Engine {
    pub(super) fn explain_stop(
        &mut self,
        reference: &Reference,
        key: &str,
        by: Option<UserId>,
        (stop, reason, texts): (RecordId, ReasonId, Vec<FactText>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        if !self.plant.stops.contains_key(&stop) {
            return Err(Refusal::NoSuchStop);
        }
        let person = by.map(|id| reference.person(id).ok_or_else(|| unknown("person")));
        let rank = person.transpose()?.map_or(0, |person| person.role.rank());
        let (group, reason) = reference.downtime_reason(reason).ok_or_else(|| unknown("reason"))?;
        let explained = Body::StopExplained {
            stop,
            reason: reason.id,
            label: reason.name.clone(),
            group_type: group.group_type.clone(),
            rank,
            comment: texts.first().and_then(FactText::commitment),
        };
        let event = Event { texts, ..Event::new(explained).by(by).key(key) };
        let (seq, _) = self.draft(now, event);
        Ok(Accepted { seq, record: stop, user: None })
    }
}
