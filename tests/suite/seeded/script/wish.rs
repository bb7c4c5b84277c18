//! What a person may want at a terminal now.

use kart_core::command::Command;
use kart_core::fact::Body;
use kart_core::id::UserId;
use rand::Rng;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::floor;
use super::super::station::{Station, Wish};

/// A wish as it was kept.
pub(super) fn read(wish: &Value) -> Wish {
    #[derive(Deserialize)]
    struct Told {
        by: Option<UserId>,
        fact: Box<Body>,
    }
    match wish.get("told") {
        Some(told) => {
            let told: Told = serde_json::from_value(told.clone()).unwrap();
            Wish::Told(told.by, told.fact)
        },
        None => Wish::Command(Command::deserialize(wish).unwrap()),
    }
}

fn one<T: Copy>(of: &[T], dice: &mut StdRng) -> Option<T> {
    of.get(dice.random_range(0..of.len().max(1))).copied()
}

/// A command as it comes over the local interface, or a fact that no screen makes yet.
pub(super) fn any(station: &Station, dice: &mut StdRng) -> Option<Value> {
    let engine = station.engine.as_ref()?;
    let plant = &engine.plant;
    let reference = engine.reference()?;
    let present: Vec<_> = plant.labor.keys().copied().collect();
    let who = one(&present, dice);
    let batches: Vec<_> = plant.batches.keys().copied().collect();
    match dice.random_range(0..22) {
        0..=3 => {
            let badge = floor::badge(station.number, dice.random_range(0..floor::CREW));
            let place = floor::key("ops_stations", &floor::station_code(station.number));
            Some(json!({ "clock_in": { "badge": badge, "station": place } }))
        },
        4..=5 => {
            let badge = &reference.person(who?)?.badge;
            Some(json!({ "clock_out": { "badge": badge } }))
        },
        6..=9 => {
            let press = &station.presses[dice.random_range(0..station.presses.len())];
            let products = &reference.families.first()?.products;
            // Mostly the newest, which headquarters may have dropped meanwhile.
            let oldest = if dice.random_bool(0.7) { products.len() - 1 } else { 0 };
            let product = products.get(dice.random_range(oldest..products.len()))?.id;
            // Orders are known by their numbers at both terminals of the station, and further down.
            let typed = dice.random_bool(0.6).then(|| floor::typed(dice.random_range(0..3)));
            Some(
                json!({ "start_batch": { "by": who?, "equipment": press.equipment, "product": product,
                                         "number": typed } }),
            )
        },
        10..=11 => {
            let batch = one(&batches, dice)?;
            let good = dice.random_range(0..500);
            Some(
                json!({ "complete_batch": { "by": who?, "batch": batch, "good": good, "scrap": 0 } }),
            )
        },
        12 => Some(json!({ "join_batch": { "by": who?, "batch": one(&batches, dice)? } })),
        13..=14 => {
            let stops: Vec<_> = plant.stops.keys().copied().collect();
            let stop = one(&stops, dice)?;
            let reason = reference.downtime_groups.first()?.reasons.first()?.id;
            let comment = floor::comment(station.number, station.keys);
            Some(
                json!({ "explain_stop": { "by": who, "stop": stop, "reason": reason, "comment": comment } }),
            )
        },
        15..=18 => {
            let fact = queue(station, &batches, dice)?;
            Some(json!({ "told": { "by": who, "fact": { "queue_asked": fact } } }))
        },
        _ => Some(json!({ "told": { "by": who, "fact": job(station, dice)? } })),
    }
}

/// Keys of the rows of a table, as the mirror shows them.
fn shown(station: &Station, table: &str) -> Vec<Uuid> {
    let rows = station.disk.seen.mirror.keys().filter(|(_, of, _)| of == table);
    rows.map(|(_, _, key)| key.parse().unwrap()).collect()
}

/// Something concerning a queue of the station.
fn queue(
    station: &Station,
    batches: &[kart_core::id::RecordId],
    dice: &mut StdRng,
) -> Option<Value> {
    let own = dice.random_bool(0.5);
    let (queue, table) = match own {
        true => {
            let press = &station.presses[0];
            (json!({ "equipment": press.equipment }), "public.oee_batch_queue")
        },
        false => {
            let place = floor::key("ops_stations", &floor::station_code(station.number));
            (json!({ "station": place }), "public.ops_station_batch_queue")
        },
    };
    let known: Vec<Uuid> = shown(station, table)
        .into_iter()
        .filter(|id| {
            // The other machines' queues of the station are shown as well.
            !own || station.queue_of(*id) == Some(station.presses[0].equipment)
        })
        .collect();
    let entry = one(&known, dice);
    let place = match (dice.random_range(0..3), one(&known, dice)) {
        (0, _) => json!("front"),
        (1, Some(anchor)) => json!({ "after": anchor }),
        _ => json!("end"),
    };
    let ask = match (dice.random_range(0..8), entry) {
        (0..=3, _) | (_, None) => {
            let products = &station.engine.as_ref()?.reference()?.families.first()?.products;
            let number = dice.random_bool(0.6).then(|| floor::typed(dice.random_range(0..3)));
            json!({ "enqueue": { "product": products.last()?.id, "number": number,
                                 "work_order": null, "target": null, "batch": null, "place": place } })
        },
        (4..=5, Some(entry)) => json!({ "move": { "entry": entry, "place": place } }),
        (6, Some(entry)) => json!({ "remove": { "entry": entry } }),
        (_, Some(entry)) => json!({ "claim": { "entry": entry, "batch": one(batches, dice)? } }),
    };
    Some(json!({ "queue": queue, "ask": ask }))
}

/// A step of a job that stands at the station, or a new one.
fn job(station: &Station, dice: &mut StdRng) -> Option<Value> {
    let here = floor::key("ops_stations", &floor::station_code(station.number));
    let reference = station.engine.as_ref()?.reference()?;
    let places: Vec<_> = reference.stations.iter().map(|station| station.id).collect();
    let job = one(&shown(station, "public.ops_jobs"), dice);
    let good = dice.random_range(0..50);
    Some(match (dice.random_range(0..9), job) {
        (0..=2, _) | (_, None) => {
            let products = &reference.families.first()?.products;
            let number = dice.random_bool(0.3).then(|| floor::typed(dice.random_range(0..3)));
            json!({ "job_posted": { "station": here, "product": products.last()?.id, "number": number,
                                    "work_order": null, "target": null } })
        },
        (3..=4, Some(job)) => {
            let from =
                json!({ "wall_us": station.disk.seen.facts.last()?.fact.at.wall_us, "mono_us": 0 });
            json!({ "job_started": { "job": job, "station": here, "from": from } })
        },
        (5..=6, Some(job)) => {
            let next = dice.random_bool(0.3).then(|| one(&places, dice));
            json!({ "job_completed": { "job": job, "station": here, "good": good, "scrap": 1,
                                       "next": next } })
        },
        (7, Some(job)) => {
            json!({ "job_moved": { "job": job, "from": here, "to": one(&places, dice)? } })
        },
        (_, Some(job)) => match dice.random_bool(0.5) {
            true => json!({ "job_scrapped": { "job": job, "station": here, "scrap": 2 } }),
            false => {
                let reason = reference.scrap_groups.first()?.reasons.first()?.id;
                json!({ "job_aborted": { "job": job, "reason": reason } })
            },
        },
    })
}
