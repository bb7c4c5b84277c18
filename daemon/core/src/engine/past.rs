//! A replay that a person accepts becomes facts.

use super::{Engine, Event, Words, commands::bad, people};
use crate::{
    command::{Acceptance, Accepted, Refusal},
    fact::{
        Body,
        replay::{self, Rederived, Replayed},
    },
    id::RecordId,
    reference::Reference,
    replay::Place,
    time::Moment,
};

/// More events than this are not accepted at once: they are one commit.
const MOST: usize = 5_000;

impl Engine {
    /// Drafts what a replay came to. Only what is over is otherwise; what lasts is decided here.
    pub(super) fn accept_replay(
        &mut self,
        reference: &Reference,
        key: &str,
        (acceptance, salt): (&Acceptance, &str),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let Acceptance { by, reason, map, from, until, as_of, changes } = acceptance;
        people::supervisor(reference, *by)?;
        if changes.is_empty() || changes.len() > MOST {
            return Err(bad("changes", "must be 1 to 5000; choose a shorter time"));
        }
        if *as_of < self.plant.replayed || *as_of > self.plant.head {
            return Err(bad("as_of", "another replay was accepted meanwhile; look again"));
        }
        // What people say of a stop that goes must go with it, also what they say while somebody looks.
        let mut gone = changes.iter().filter(|change| change.now.is_none());
        let said = |record: &RecordId| {
            self.plant.stops.get(record).is_some_and(|stop| stop.explained > *as_of)
        };
        if gone.any(|change| change.record.as_ref().is_some_and(said)) {
            return Err(bad("as_of", "a stop was explained meanwhile; look again"));
        }
        // Its parts go along with a stop; of several that were made one it cannot be said how.
        let joined = |(record, event): (&RecordId, &Option<replay::Event>)| {
            let stop = self.plant.stops.get(record).filter(|stop| !stop.stands());
            let stays = event.as_ref().is_some_and(|event| event.state.is_downtime());
            stop.is_some_and(|stop| !stays || !self.is_split(*record, stop))
        };
        if changes
            .iter()
            .filter_map(|change| Some((change.record.as_ref()?, &change.now)))
            .any(joined)
        {
            return Err(bad(
                "changes",
                "somebody joined one of the stops with others, or split one that never was; take that back",
            ));
        }
        let open = |record: &RecordId| {
            let mut machines = self.plant.machines.values();
            machines.any(|machine| machine.interval.as_ref().is_some_and(|i| i.record == *record))
        };
        if changes.iter().filter_map(|change| change.record.as_ref()).any(open) {
            return Err(bad("changes", "one of the events lasts still"));
        }
        let mut told = changes.iter().filter_map(|change| change.now.as_ref());
        if told.any(|event| event.until <= event.from || event.until > now.at.wall_us) {
            return Err(bad("changes", "an event must end after it began, and be over"));
        }
        let reason = Words::of("reason", salt, Some(reason))?;
        if reason.is_empty() {
            return Err(bad("reason", "is needed"));
        }
        let replayed = Replayed {
            map: map.clone(),
            from: *from,
            until: *until,
            events: u32::try_from(changes.len()).unwrap_or(u32::MAX),
            reason: reason.commitment(),
        };
        let event = Event::new(Body::Replayed(replayed)).words(reason);
        let accepted = self.accept(now, event.by(Some(*by)).key(key));
        self.rederive(acceptance, now);
        Ok(accepted)
    }

    /// One fact for each event. Those that never were come last, as they name what came before.
    fn rederive(&mut self, acceptance: &Acceptance, now: &Moment) {
        let changes = &acceptance.changes;
        let mut places: Vec<Option<RecordId>> = vec![None; changes.len()];
        let (last, first): (Vec<_>, Vec<_>) =
            changes.iter().enumerate().partition(|(_, change)| change.now.is_none());
        for (place, change) in first.into_iter().chain(last) {
            let instead = change.instead.and_then(|instead| match instead {
                Place::Record(record) => Some(record),
                Place::Change(other) => places.get(other).copied().flatten(),
            });
            let rederived = Rederived {
                equipment: change.equipment,
                record: change.record,
                now: change.now.clone(),
                instead,
                explained: change.explained.clone(),
            };
            let by = Some(acceptance.by);
            let own = self.draft(now, Event::new(Body::Rederived(rederived)).by(by));
            if let Some(known) = places.get_mut(place) {
                *known = Some(change.record.unwrap_or(own));
            }
            if let Some(record) = change.record {
                self.parts_follow(record, by, now);
            }
        }
    }
}
