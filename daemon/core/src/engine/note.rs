//! Words for the next shift: notes, and the card that both crews sign.

use super::{
    Engine, Event, Words,
    commands::{bad, unknown},
    people,
};
use crate::{
    command::{Accepted, Refusal},
    fact::{
        Body,
        note::{
            Card, Category, HandoverGiven, HandoverTaken, NoteWithdrawn, NoteWritten, Progress,
        },
    },
    id::{EquipmentId, RecordId, StationId, UserId},
    reference::Reference,
    time::Moment,
};

/// What a note is about.
pub(super) struct About {
    pub(super) station: Option<StationId>,
    pub(super) equipment: Option<EquipmentId>,
    pub(super) batch: Option<RecordId>,
}

/// What a person wrote, with the salt for it.
pub(super) type Said<'a> = (&'a str, Option<&'a str>);

impl Engine {
    /// Nobody has to be clocked in for a note.
    pub(super) fn write_note(
        &mut self,
        reference: &Reference,
        key: &str,
        by: Option<UserId>,
        (about, category, (salt, said)): (About, Category, Said<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        people::known(reference, by)?;
        let station = place(reference, (about.station, about.equipment))?;
        let words = Words::of("text", salt, said)?;
        if words.is_empty() {
            return Err(bad("text", "must not be empty"));
        }
        let written = NoteWritten {
            station,
            equipment: about.equipment,
            batch: about.batch,
            category,
            text: words.commitment(),
        };
        let event = Event::new(Body::NoteWritten(written)).by(by).key(key);
        Ok(self.accept(now, event.words(words)))
    }

    /// By whoever wrote it, or by somebody who leads.
    pub(super) fn withdraw_note(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, note, why): (UserId, RecordId, Words),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = people::active(reference, by)?;
        let written = self.plant.notes.get(&note).ok_or(Refusal::NothingToUndo)?;
        if written.by != Some(by) && !person.role.leads() {
            return Err(Refusal::MayNotAgree { name: person.name.clone() });
        }
        let withdrawn = NoteWithdrawn { note, why: why.commitment() };
        let event = Event::new(Body::NoteWithdrawn(withdrawn)).by(Some(by)).key(key);
        Ok(self.accept(now, event.words(why)))
    }

    /// The card is what the plant says now; how much was not at headquarters yet is as it was shown.
    pub(super) fn give_handover(
        &mut self,
        reference: &Reference,
        key: &str,
        by: UserId,
        (station, waiting, (salt, said)): (Option<StationId>, u64, Said<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let by = self.present(reference, by)?;
        let station = place(reference, (station, None))?;
        let words = Words::of("text", salt, said)?;
        let card = self.card(waiting, now);
        let given = HandoverGiven { station, card, text: words.commitment() };
        let event = Event::new(Body::HandoverGiven(given)).by(Some(by)).key(key);
        Ok(self.accept(now, event.words(words)))
    }

    /// The second signature is somebody else's.
    pub(super) fn take_handover(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, handover): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let by = self.present(reference, by)?;
        let given = self.plant.handovers.get(&handover).ok_or(Refusal::NoSuchHandover)?;
        if given.by == Some(by) {
            return Err(Refusal::OwnHandover { name: people::name(reference, by) });
        }
        let taken = Body::HandoverTaken(HandoverTaken { handover });
        Ok(self.accept(now, Event::new(taken).by(Some(by)).key(key)))
    }

    /// How things stand, for a card.
    pub fn card(&self, waiting: u64, now: &Moment) -> Card {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let unexplained = self.plant.stops.values().filter(|stop| self.plant.waits(stop, now));
        let batches = self.plant.batches.iter().take(MOST_BATCHES).map(|(id, batch)| Progress {
            batch: *id,
            number: batch.number.clone(),
            good: self.plant.counted(*id).0.saturating_add(batch.good),
            target: batch.target,
        });
        Card {
            stops: count(unexplained.count()),
            incidents: count(self.plant.incidents.len()),
            calls: count(self.plant.calls.len()),
            waiting,
            batches: batches.collect(),
        }
    }
}

/// Batches that a card names; a line is of limited length.
const MOST_BATCHES: usize = 40;

/// The station that is named, else the one that the machine works for.
pub(super) fn place(
    reference: &Reference,
    (station, machine): (Option<StationId>, Option<EquipmentId>),
) -> Result<Option<StationId>, Refusal> {
    if let Some(machine) = machine {
        reference.machine(machine).ok_or_else(|| unknown("machine"))?;
    }
    match station {
        Some(id) => Ok(Some(reference.station(id).ok_or_else(|| unknown("station"))?.id)),
        None => Ok(machine.and_then(|id| reference.station_of(id)).map(|station| station.id)),
    }
}
