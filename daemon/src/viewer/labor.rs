//! People who are clocked in.

use kart_api::Present;
use kart_core::{plant::Plant, reference::Reference};

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
        })
        .collect();
    people.sort_by_key(|present| present.since_us);
    people
}
