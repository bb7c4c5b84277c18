//! Stops that are open or wait for an explanation, and what people said of others lately.

use kart_api::{Blind, Offer, Review, Stop};
use kart_core::{
    id::RecordId,
    machine::MachineState,
    map::Map,
    plant::{self, Plant},
    reference::Reference,
    suggest,
    time::{Micros, Moment},
};

/// Reasons offered for a stop: as many as digits reach at once.
const OFFERS: usize = 9;

/// Stops that were explained are shown for so long, microseconds: a shift and its handover.
const LATELY_US: i64 = 12 * 3_600 * 1_000_000;

/// Of these at most so many.
const MOST: usize = 40;

/// A shorter time that nobody saw is not asked about, where the map says nothing of micro-stops.
const BLIND_US: i64 = 60 * 1_000_000;

/// Open downtimes, and stops that nobody explained yet.
pub(super) fn stops(plant: &Plant, reference: Option<&Reference>, now: &Moment) -> Vec<Stop> {
    let asked = |stop: &plant::Stop| {
        plant.waits(stop, now) || stop.until.is_none() && plant.counts(stop, now)
    };
    let asked = plant.stops.iter().filter(|(_, stop)| asked(stop));
    let mut stops: Vec<Stop> =
        asked.map(|(id, stop)| shown(plant, reference, (*id, stop))).collect();
    stops.sort_by_key(|stop| std::cmp::Reverse(stop.from_us));
    stops
}

/// What is over and explained, or told of by a person, and what nobody saw.
pub(super) fn review(
    plant: &Plant,
    reference: Option<&Reference>,
    map: &Map,
    now: &Moment,
) -> Review {
    let lately = Micros(now.at.wall_us.0.saturating_sub(LATELY_US));
    let known = |stop: &plant::Stop| {
        let told = stop.told.is_some() && stop.state != MachineState::Stopped;
        stop.stands() && (stop.holds().is_some() || told)
    };
    let over =
        |stop: &plant::Stop| stop.until.as_ref().is_some_and(|until| until.at.wall_us >= lately);
    let explained = plant.stops.iter().filter(|(_, stop)| known(stop) && over(stop));
    let mut explained: Vec<Stop> =
        explained.map(|(id, stop)| shown(plant, reference, (*id, stop))).collect();
    explained.sort_by_key(|stop| std::cmp::Reverse(stop.from_us));
    explained.truncate(MOST);
    let blinds = plant.blinds.iter().filter(|(_, blind)| {
        let machine = map.machines.iter().find(|it| it.equipment == blind.equipment);
        let micro_us = machine.map(|machine| machine.habits.micro_stop_us);
        let least_us = micro_us.filter(|us| *us > 0).unwrap_or(BLIND_US);
        let long = blind.until.since(&blind.from) >= least_us;
        long && blind.told.is_none() && blind.until.at.wall_us >= lately
    });
    let blind = |(id, blind): (&RecordId, &plant::Blind)| Blind {
        id: *id,
        machine: blind.equipment,
        from_us: blind.from.at.wall_us,
        until_us: blind.until.wall_after(&blind.from),
        offers: offers(plant, reference, &plant::Stop::of_blind(blind)),
    };
    let mut blinds: Vec<Blind> = blinds.map(blind).collect();
    blinds.sort_by_key(|blind| std::cmp::Reverse(blind.from_us));
    Review { explained, blinds, offered: plant.offered }
}

fn shown(
    plant: &Plant,
    reference: Option<&Reference>,
    (id, stop): (RecordId, &plant::Stop),
) -> Stop {
    Stop {
        id,
        machine: stop.equipment,
        state: stop.state,
        from_us: stop.from.at.wall_us,
        until_us: stop.until.as_ref().map(|until| until.at.wall_us),
        reason: stop.label().map(str::to_owned),
        rule: stop.rule.clone(),
        map: stop.map.clone(),
        proposed: reference
            .zip(stop.detail.reason.as_deref())
            .and_then(|(reference, code)| reference.downtime_reason_of(code)),
        offers: offers(plant, reference, stop),
        by: stop.holds().and_then(|said| said.by),
        told: stop.told,
        with: stop.with.clone(),
    }
}

fn offers(plant: &Plant, reference: Option<&Reference>, stop: &plant::Stop) -> Vec<Offer> {
    let offered = reference.map(|reference| suggest::suggested(plant, reference, stop));
    let offered = offered.into_iter().flatten().take(OFFERS);
    offered.map(|it| Offer { reason: it.reason, because: it.because }).collect()
}
