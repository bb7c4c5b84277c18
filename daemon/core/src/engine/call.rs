//! Calls for help, those of other terminals of the station included.

use super::{
    Engine, Event,
    commands::{bad, text, unknown},
    note::{Said, known, place},
};
use crate::{
    command::{Accepted, Refusal},
    fact::{
        Body, FactText,
        call::{CallAcknowledged, CallEnded, Help, HelpCalled},
    },
    id::{EquipmentId, RecordId, StationId, UserId},
    reference::Reference,
    time::Moment,
};

impl Engine {
    /// Nobody has to be clocked in to call.
    pub(super) fn call_help(
        &mut self,
        reference: &Reference,
        key: &str,
        by: Option<UserId>,
        (at, kind, (salt, said)): ((Option<StationId>, Option<EquipmentId>), Help, Said<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let by = known(reference, by)?;
        let station = place(reference, at)?;
        if station.is_none() && at.1.is_none() {
            return Err(bad("machine", "name a machine or a station"));
        }
        let same = |call: &&crate::plant::Call| {
            (call.station, call.equipment, call.kind) == (station, at.1, kind)
        };
        if self.plant.calls.values().find(same).is_some() {
            return Err(Refusal::AlreadyCalled);
        }
        let texts = text("comment", salt, said)?;
        let comment = texts.first().and_then(FactText::commitment);
        let called = HelpCalled { station, equipment: at.1, kind, comment };
        let event = Event::new(Body::HelpCalled(called)).by(by).key(key);
        let (seq, record) = self.draft(now, Event { texts, ..event });
        Ok(Accepted { seq, record, user: None })
    }

    /// Whoever comes says so by badge, and does not have to work here.
    pub(super) fn acknowledge_call(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, call): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = reference.person(by).ok_or_else(|| unknown("person"))?;
        if !person.active {
            return Err(Refusal::Inactive { name: person.name.clone() });
        }
        if self.open_call(reference, call).ok_or(Refusal::NoSuchCall)? {
            return Err(Refusal::AlreadyAcknowledged);
        }
        let body = Body::CallAcknowledged(CallAcknowledged { call });
        let (seq, _) = self.draft(now, Event::new(body).by(Some(by)).key(key));
        Ok(Accepted { seq, record: call, user: Some(by) })
    }

    pub(super) fn end_call(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, call): (Option<UserId>, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let by = known(reference, by)?;
        self.open_call(reference, call).ok_or(Refusal::NoSuchCall)?;
        let body = Body::CallEnded(CallEnded { call });
        let (seq, _) = self.draft(now, Event::new(body).by(by).key(key));
        Ok(Accepted { seq, record: call, user: None })
    }

    /// Whether an open call has been acknowledged; `None` when it is not open.
    fn open_call(&self, reference: &Reference, call: RecordId) -> Option<bool> {
        if let Some(own) = self.plant.calls.get(&call) {
            return Some(own.acknowledged.is_some());
        }
        let there = reference.work.floor.calls.iter().find(|known| known.record == call)?;
        let here = self.plant.answered.get(&call);
        if here.is_some_and(|here| here.ended) || there.ours(self.plant.origin) {
            return None;
        }
        let here = here.is_some_and(|here| here.acknowledged.is_some());
        Some(here || there.acknowledged.is_some())
    }
}
