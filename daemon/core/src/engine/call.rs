//! Calls for help, those of other terminals of the station included.

use super::{
    Engine, Event, Words,
    commands::bad,
    note::{Said, place},
    people,
};
use crate::{
    command::{Accepted, Refusal},
    fact::{
        Body,
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
        people::known(reference, by)?;
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
        let words = Words::of("comment", salt, said)?;
        let comment = words.commitment();
        let called = HelpCalled { station, equipment: at.1, kind, comment };
        let event = Event::new(Body::HelpCalled(called)).by(by).key(key);
        Ok(self.accept(now, event.words(words)))
    }

    /// Whoever comes says so by badge, and does not have to work here.
    pub(super) fn acknowledge_call(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, call): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        people::active(reference, by)?;
        if self.open_call(reference, call).ok_or(Refusal::NoSuchCall)? {
            return Err(Refusal::AlreadyAcknowledged);
        }
        let body = Body::CallAcknowledged(CallAcknowledged { call });
        Ok(self.accept(now, Event::new(body).by(Some(by)).key(key)))
    }

    pub(super) fn end_call(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, call): (Option<UserId>, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        people::known(reference, by)?;
        self.open_call(reference, call).ok_or(Refusal::NoSuchCall)?;
        let body = Body::CallEnded(CallEnded { call });
        Ok(self.accept(now, Event::new(body).by(by).key(key)))
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
