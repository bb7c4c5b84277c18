//! Stops that are open or wait for an explanation.

use kart_api::Stop;
use kart_core::{
    machine::MachineState,
    plant::{self, Plant},
    reference::Reference,
    time::Moment,
};

/// Open downtimes, and stops that nobody explained yet.
pub(super) fn stops(plant: &Plant, reference: Option<&Reference>, now: &Moment) -> Vec<Stop> {
    let asked = |stop: &plant::Stop| {
        let open =
            stop.until.is_none() || (stop.label.is_none() && stop.state == MachineState::Stopped);
        open && !stop.is_micro(now)
    };
    let mut stops: Vec<Stop> = plant
        .stops
        .iter()
        .filter(|(_, stop)| asked(stop))
        .map(|(id, stop)| Stop {
            id: *id,
            machine: stop.equipment,
            state: stop.state,
            from_us: stop.from.at.wall_us,
            until_us: stop.until.as_ref().map(|until| until.at.wall_us),
            reason: stop.label.clone(),
            rule: stop.rule.clone(),
            map: stop.map.clone(),
            proposed: reference
                .zip(stop.detail.reason.as_deref())
                .and_then(|(reference, code)| reference.downtime_reason_of(code)),
        })
        .collect();
    stops.sort_by_key(|stop| std::cmp::Reverse(stop.from_us));
    stops
}
