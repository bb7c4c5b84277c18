//! What a person may want at a terminal now.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::super::floor;
use super::super::station::Station;

/// A command as it comes over the local interface.
pub(super) fn any(station: &Station, dice: &mut StdRng) -> Option<Value> {
    let engine = station.engine.as_ref()?;
    let plant = &engine.plant;
    let reference = engine.reference()?;
    let present: Vec<_> = plant.labor.keys().collect();
    let who = (!present.is_empty()).then(|| *present[dice.random_range(0..present.len())]);
    match dice.random_range(0..10) {
        0..=2 => {
            let badge = floor::badge(station.number, dice.random_range(0..floor::CREW));
            let place = floor::key("ops_stations", &floor::station_code(station.number));
            Some(json!({ "clock_in": { "badge": badge, "station": place } }))
        },
        3..=4 => {
            let badge = &reference.person(who?)?.badge;
            Some(json!({ "clock_out": { "badge": badge } }))
        },
        5..=6 => {
            let press = &station.presses[dice.random_range(0..station.presses.len())];
            let products = &reference.families.first()?.products;
            // Mostly the newest, which headquarters may have dropped meanwhile.
            let oldest = if dice.random_bool(0.7) { products.len() - 1 } else { 0 };
            let product = products.get(dice.random_range(oldest..products.len()))?.id;
            // Orders are known by their numbers at both terminals of the station.
            let typed = dice.random_bool(0.4).then(|| floor::typed(dice.random_range(0..4)));
            Some(
                json!({ "start_batch": { "by": who?, "equipment": press.equipment, "product": product,
                                         "number": typed } }),
            )
        },
        7 => {
            let batches: Vec<_> = plant.batches.keys().collect();
            let batch = *batches.get(dice.random_range(0..batches.len().max(1)))?;
            let good = dice.random_range(0..500);
            Some(
                json!({ "complete_batch": { "by": who?, "batch": batch, "good": good, "scrap": 0 } }),
            )
        },
        _ => {
            let stops: Vec<_> = plant.stops.keys().collect();
            let stop = *stops.get(dice.random_range(0..stops.len().max(1)))?;
            let reason = reference.downtime_groups.first()?.reasons.first()?.id;
            let comment = floor::comment(station.number, station.keys);
            Some(
                json!({ "explain_stop": { "by": who, "stop": stop, "reason": reason, "comment": comment } }),
            )
        },
    }
}
