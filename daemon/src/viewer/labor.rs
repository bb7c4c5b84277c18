//! People who are clocked in, what they forgot, and what can still be taken back.

use kart_api::{Away, Missed, Present, Punch, Unended};
use kart_core::{
    engine::labor::UNDO_US,
    plant::{self, Plant},
    reference::Reference,
    time::Moment,
};

use super::name_of;

pub(super) fn people(plant: &Plant, reference: Option<&Reference>) -> Vec<Present> {
    let mut people: Vec<Present> = plant
        .labor
        .iter()
        .map(|(user, presence)| Present {
            user: *user,
            name: name_of(*user, reference),
            station: presence.station,
            since_us: presence.since.at.wall_us,
            entry: presence.entry,
            away: presence
                .away
                .as_ref()
                .map(|away| Away { kind: away.kind, since_us: away.since.at.wall_us }),
            missed: presence.missed.as_ref().map(missed),
            shares: presence.shares.clone(),
        })
        .collect();
    people.sort_by_key(|present| present.since_us);
    people
}

/// Entries without an end whose people have clocked in anew, oldest first.
pub(super) fn unended(plant: &Plant, reference: Option<&Reference>) -> Vec<Unended> {
    let mut all: Vec<Unended> = plant
        .unended
        .values()
        .map(|unended| Unended {
            entry: unended.presence.entry,
            user: unended.user,
            name: name_of(unended.user, reference),
            since_us: unended.presence.since.at.wall_us,
            until_us: unended.until,
            missed: unended.presence.missed.as_ref().map(missed),
        })
        .collect();
    all.sort_by_key(|unended| unended.since_us);
    all
}

/// Punches that anybody may still take back: of each person the last, newest first.
pub(super) fn undoable(plant: &Plant, reference: Option<&Reference>, now: &Moment) -> Vec<Punch> {
    let mut shown: Vec<Punch> = Vec::new();
    for punch in plant.punches.iter().rev().filter(|punch| now.passed(&punch.at) <= UNDO_US) {
        if shown.iter().all(|later| later.user != punch.user) {
            shown.push(Punch {
                at_us: punch.at.at.wall_us,
                user: punch.user,
                name: name_of(punch.user, reference),
                entry: punch.entry,
                punched: punch.punched,
                inside: punch.inside,
            });
        }
    }
    shown
}

fn missed(missed: &plant::Missed) -> Missed {
    Missed { proposed_us: missed.proposed, evidence: missed.evidence }
}
