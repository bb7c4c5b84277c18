//! How a map reads its signals, as it is kept beside the facts: a daemon that starts by another map
//! must not judge a counter by the readings of another register. Pure.

use kart_core::{
    counter::CounterKind,
    engine::remap::{Moves, Place},
    id::EquipmentId,
    signal::SignalName,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Config,
    change::{Reading, signals},
};

/// How a map reads its signals, and where its counters begin again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AsRead {
    /// Fingerprint of the map.
    pub map: String,
    signals: BTreeMap<EquipmentId, BTreeMap<SignalName, Reading>>,
    counters: BTreeMap<EquipmentId, BTreeMap<SignalName, Counted>>,
}

/// What a counter counts, and where it begins again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Counted {
    kind: CounterKind,
    wraps_at: Option<i64>,
}

impl AsRead {
    /// That of the map of `config`.
    pub fn of(config: &Config) -> Self {
        let mut of = Self {
            map: config.map.fingerprint.clone(),
            signals: BTreeMap::new(),
            counters: BTreeMap::new(),
        };
        for ((equipment, name), reading) in signals(config) {
            of.signals.entry(equipment).or_default().insert(name, reading);
        }
        for machine in &config.map.machines {
            let counters = of.counters.entry(machine.equipment).or_default();
            counters.extend(machine.counters.iter().map(|counter| {
                let (kind, wraps_at) = (counter.kind, counter.shape.wraps_at);
                (counter.signal.clone(), Counted { kind, wraps_at })
            }));
        }
        of
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was kept; `None` where this version cannot read it: then nothing is known to have moved.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What a counter counts by this map.
    pub fn kind(&self, (equipment, signal): &Place) -> Option<CounterKind> {
        Some(self.counters.get(equipment)?.get(signal)?.kind)
    }

    /// What the engine must know when `after` takes the place of this one.
    pub fn moves(&self, after: &Self) -> Moves {
        let signals = differing(&self.signals, &after.signals, |was, is| was == is);
        let mut counters =
            differing(&self.counters, &after.counters, |was, is| was.wraps_at == is.wraps_at);
        let counts = |place: &&Place| {
            after.counters.get(&place.0).is_some_and(|counters| counters.contains_key(&place.1))
        };
        counters.extend(signals.iter().filter(counts).cloned());
        Moves { signals, counters }
    }
}

/// Places of `after` that are not the same in `before`.
fn differing<T>(
    before: &BTreeMap<EquipmentId, BTreeMap<SignalName, T>>,
    after: &BTreeMap<EquipmentId, BTreeMap<SignalName, T>>,
    same: impl Fn(&T, &T) -> bool,
) -> BTreeSet<Place> {
    let all = after.iter().flat_map(|(id, of)| of.iter().map(move |(name, what)| (id, name, what)));
    let was = |id, name| before.get(id).and_then(|of| of.get(name));
    all.filter(|(id, name, what)| was(*id, *name).is_none_or(|was| !same(was, what)))
        .map(|(id, name, _)| (*id, name.clone()))
        .collect()
}
