//! Batches that run here, and what is next.

use kart_api::{Batch, Order, Told};
use kart_core::{
    fact::queue::Queue,
    id::{EquipmentId, RecordId, StationId},
    map::Map,
    plant::{self, Plant},
    reference::Reference,
};

/// The queues of the machines that this terminal reads and of their stations, as they are once
/// headquarters has heard everything after `known`.
pub(super) fn orders(
    map: &Map,
    station: Option<StationId>,
    plant: &Plant,
    reference: Option<&Reference>,
    known: u64,
) -> Vec<Order> {
    let Some(reference) = reference else { return vec![] };
    let machines = || map.machines.iter().map(|machine| machine.equipment);
    let stations = machines().filter_map(|id| reference.station_of(id).map(|at| at.id));
    let mut queues: Vec<Queue> = machines().map(Queue::Equipment).collect();
    queues.extend(stations.chain(station).map(Queue::Station));
    let mut orders = Vec::new();
    for (place, queue) in queues.iter().enumerate() {
        let seen = queues.iter().take(place).any(|known| known == queue);
        if !seen {
            let entries = plant.queue(*queue, &reference.work.queued, known);
            let shown = |e: plant::Entry| Order { queued: e.queued, asked: e.asked };
            orders.extend(entries.into_iter().map(shown));
        }
    }
    orders
}

/// The batches on a machine beside the one that it counts for.
pub(super) fn others(
    equipment: EquipmentId,
    plant: &Plant,
    reference: Option<&Reference>,
) -> Vec<Batch> {
    let counts_for = plant.machines.get(&equipment).and_then(|known| known.batch);
    let there = plant
        .batches
        .iter()
        .filter(|(id, batch)| batch.equipment == equipment && Some(**id) != counts_for);
    let mut all: Vec<Batch> =
        there.map(|(id, running)| batch((*id, running), plant, reference)).collect();
    all.sort_by_key(|batch| (batch.paused_us.is_some(), batch.started_us, batch.id));
    all
}

pub(super) fn batch(
    (id, batch): (RecordId, &plant::Batch),
    plant: &Plant,
    reference: Option<&Reference>,
) -> Batch {
    let product = reference.and_then(|reference| reference.product(batch.product));
    Batch {
        id,
        number: batch.number.clone(),
        product_code: product.map(|product| product.code.clone()).unwrap_or_default(),
        product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
        work_order: batch.work_order.clone(),
        target: batch.target,
        started_us: batch.from.at.wall_us,
        operators: batch.operators.clone(),
        terminal: None,
        counted: plant.counted(id),
        told: Told {
            good: batch.good,
            scrap: batch.scrap,
            rework: batch.rework,
            scrapped: batch.scrapped.iter().map(|(reason, parts)| (*reason, *parts)).collect(),
        },
        further: batch.further.iter().copied().collect(),
        paused_us: batch.paused.as_ref().map(|since| since.at.wall_us),
        rests: batch.rests.clone(),
        provisional: batch.provisional,
    }
}
