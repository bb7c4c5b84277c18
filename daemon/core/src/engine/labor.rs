//! People clock in and out.

use super::{Engine, Event, commands::unknown};
use crate::{
    command::{Accepted, Refusal},
    fact::Body,
    id::{RecordId, StationId, UserId},
    plant,
    reference::{Person, Reference},
    time::Moment,
};

impl Engine {
    pub(super) fn clock_in(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        station: StationId,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = by_badge(reference, badge)?;
        if !person.active {
            return Err(Refusal::Inactive { name: person.name.clone() });
        }
        let place = reference.station(station).ok_or_else(|| unknown("station"))?;
        if place.machine_only {
            return Err(Refusal::MachineOnly { station: place.code.clone() });
        }
        if self.plant.labor.contains_key(&person.id) {
            return Err(Refusal::AlreadyClockedIn { name: person.name.clone() });
        }
        let user = person.id;
        let body = Body::ClockedIn { user, station };
        let (seq, record) = self.draft(now, Event::new(body).by(Some(user)).key(key));
        let running: Vec<RecordId> = self
            .plant
            .batches
            .iter()
            .filter(|(_, batch)| batch.station == Some(station))
            .map(|(id, _)| *id)
            .collect();
        for batch in running {
            self.draft(now, Event::new(Body::BatchJoined { batch, user }).by(Some(user)));
        }
        Ok(Accepted { seq, record, user: Some(user) })
    }

    pub(super) fn clock_out(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = by_badge(reference, badge)?;
        let user = person.id;
        let Some(presence) = self.plant.labor.get(&user) else {
            return Err(Refusal::NotClockedIn { name: person.name.clone() });
        };
        let entry = presence.entry;
        for batch in self.works_on(user) {
            self.draft(now, Event::new(Body::BatchLeft { batch, user }).by(Some(user)));
        }
        let out = Event::new(Body::ClockedOut { user, entry }).by(Some(user)).key(key);
        let (seq, _) = self.draft(now, out);
        Ok(Accepted { seq, record: entry, user: Some(user) })
    }

    /// The person, if known and clocked in.
    pub(super) fn present(&self, reference: &Reference, user: UserId) -> Result<UserId, Refusal> {
        let person = reference.person(user).ok_or_else(|| unknown("person"))?;
        if self.plant.labor.contains_key(&user) {
            Ok(user)
        } else {
            Err(Refusal::NotClockedIn { name: person.name.clone() })
        }
    }

    /// Everybody clocked in at `station`, and `who` wherever they are.
    pub(super) fn at_station(&self, station: Option<StationId>, who: UserId) -> Vec<UserId> {
        let here = |presence: &plant::Presence| Some(presence.station) == station;
        let present = self.plant.labor.iter();
        present.filter(|(user, at)| **user == who || here(at)).map(|(user, _)| *user).collect()
    }
}

fn by_badge<'r>(reference: &'r Reference, badge: &str) -> Result<&'r Person, Refusal> {
    let shown: String = badge.chars().take(40).collect();
    reference.person_by_badge(badge.trim()).ok_or(Refusal::UnknownBadge { badge: shown })
}
