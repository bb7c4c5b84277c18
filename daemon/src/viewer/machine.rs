//! Machines, their links and signals.

use kart_api::{DeviceLink, Held, Machine, Signal};
use kart_core::{
    counter::Readings,
    engine::Watch,
    machine::MachineState,
    map::MachineMap,
    plant::{self, Plant},
    reference::Reference,
    signal::Quality,
    time::Micros,
};
use std::collections::BTreeMap;

use super::batch::{batch, others};

/// A machine read through several devices is as well linked as the worst of them.
pub(super) fn link_of(
    index: usize,
    links: &BTreeMap<String, (Vec<usize>, DeviceLink)>,
) -> DeviceLink {
    let mine = || links.values().filter(|(machines, _)| machines.contains(&index)).map(|(_, l)| l);
    let down = mine().find(|link| matches!(link, DeviceLink::Down { .. }));
    let partly = || mine().find(|link| matches!(link, DeviceLink::Partly { .. }));
    down.or_else(partly).or_else(|| mine().next()).cloned().unwrap_or(DeviceLink::Starting)
}

pub(super) fn machine(
    map: &MachineMap,
    seen: &Watch,
    plant: &Plant,
    reference: Option<&Reference>,
    link: DeviceLink,
) -> Machine {
    let known = plant.machines.get(&map.equipment);
    let interval = known.and_then(|known| known.interval.as_ref());
    let named = reference.and_then(|reference| reference.machine(map.equipment));
    let running = known.and_then(|known| known.batch);
    Machine {
        id: map.equipment,
        code: String::new(),
        name: named.map_or_else(String::new, |named| named.name.clone()),
        state: interval.map_or(MachineState::Unknown, |interval| interval.state),
        state_since_us: interval.map_or(Micros(0), |interval| interval.from.at.wall_us),
        good: known.map_or(0, |known| known.good),
        scrap: known.map_or(0, |known| known.scrap),
        batch: running
            .and_then(|id| plant.batches.get(&id).map(|at| batch((id, at), plant, reference))),
        others: others(map.equipment, plant, reference),
        signals: signals(map, seen),
        seen_us: seen.last_good.map(|stamp| stamp.wall_us),
        stale_us: map.stale_us,
        link,
        held: held(map, known),
    }
}

/// Readings that are held, as the counter shows them.
pub(super) fn held(map: &MachineMap, known: Option<&plant::Machine>) -> Vec<Held> {
    let counters = map.counters.iter();
    let held = counters.filter_map(|counter| {
        let base = known?.counters.get(&counter.signal)?;
        let held = base.held.as_ref()?;
        let Readings { before, now } = base.shown(counter.shape.wraps_at)?;
        let (source, epoch) = (counter.signal.clone(), base.epoch);
        Some(Held { source, epoch, before, now, at_us: held.at.at.wall_us })
    });
    held.collect()
}

pub(super) fn signals(map: &MachineMap, seen: &Watch) -> Vec<Signal> {
    let named = map.signals.iter();
    named
        .map(|(name, unit)| {
            let observed = seen.observed.get(name);
            Signal {
                name: name.clone(),
                unit: unit.clone(),
                value: observed.map(|observed| observed.value.clone()),
                at_us: observed.map(|observed| observed.at.wall_us),
                quality: observed.map_or(Quality::Old, |observed| observed.quality),
                arrival: map.habits.arrival.contains(name),
            }
        })
        .collect()
}
