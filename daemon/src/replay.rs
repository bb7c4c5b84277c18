//! The ring of raw readings as this terminal configures it, and what is made of it later: the past,
//! derived again under another map, beside the past as recorded.

use kart_core::{
    id::EquipmentId,
    map::MachineMap,
    replay::{Change, Difference, Place, difference},
    time::Micros,
};
use kart_store::{
    Reader, StoreError,
    raw::{Extent, Labels, Raw, RawOptions, RawReader},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    clock::Clock,
    config::{Config, change},
};

mod evidence;
mod play;
mod reread;

pub use evidence::{Missing, NoValue};
use play::{Past, WARM_US, moved, past};
use reread::Reread;

const DAY_US: i64 = 86_400_000_000;

const MIB: u64 = 1024 * 1024;

/// What the signals of `config` mean.
pub fn labels(config: &Config) -> Labels {
    let mut by_machine: BTreeMap<EquipmentId, BTreeMap<String, String>> = BTreeMap::new();
    for ((equipment, name), source) in change::signals(config) {
        by_machine.entry(equipment).or_default().insert(name, source);
    }
    let machines = config.map.machines.iter().map(|machine| machine.equipment);
    let machines =
        machines.map(|id| (id, by_machine.get(&id).cloned().unwrap_or_default())).collect();
    Labels { map: config.map.fingerprint.clone(), machines }
}

/// The ring, unless the configuration keeps nothing.
pub(crate) fn ring(config: &Config, clock: &Clock) -> std::io::Result<Option<Raw>> {
    let Some(kept) = config.readings else { return Ok(None) };
    let options = RawOptions {
        folder: config.terminal.data_dir.clone(),
        keep_us: i64::from(kept.keep_days) * DAY_US,
        most_bytes: kept.max_mb * MIB,
        free_bytes: kept.min_free_mb * MIB,
        confirmed: clock.confirmed(),
    };
    Raw::start(options, labels(config)).map(Some)
}

/// What a replay came to.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// Fingerprint of the map that it was replayed by.
    pub map: String,
    /// From when …
    pub from: Micros,
    /// … until when.
    pub until: Micros,
    /// The last fact that was compared with.
    pub as_of: u64,
    /// Stretches without readings: what was recorded there stays.
    pub gaps: Vec<(Micros, Micros)>,
    /// Readings that went through.
    pub readings: u64,
    /// The machines, in the order of the map.
    pub machines: Vec<Machine>,
}

/// What is otherwise with a machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Its code.
    pub code: String,
    /// What is otherwise.
    pub difference: Difference,
    /// Signals that the map needs and that cannot be derived from what was read: nothing is said of this machine,
    /// and what was recorded stays.
    pub missing: Vec<Missing>,
    /// Signals that some readings give no value for.
    pub no_value: Vec<NoValue>,
}

impl Compared {
    /// All that is otherwise, in one list.
    pub fn changes(&self) -> Vec<Change> {
        let mut all: Vec<Change> = Vec::new();
        for machine in &self.machines {
            let before = all.len();
            all.extend(machine.difference.changes.iter().cloned().map(|mut change| {
                if let Some(Place::Change(place)) = &mut change.instead {
                    *place += before;
                }
                change
            }));
        }
        all
    }
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum NotCompared {
    /// Nothing is kept.
    #[error("no raw readings are kept here yet; see [raw] in the configuration")]
    Nothing,
    /// What is kept is of another time.
    #[error("the raw readings that are left are of another time")]
    OtherTime(Extent),
    /// The files cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replays what the ring in `folder` holds of the time from `from` to `until` by `config`, and
/// compares it with the log there.
pub fn compare(
    folder: &Path,
    config: &Config,
    (from, until): (Micros, Micros),
) -> Result<Compared, NotCompared> {
    let ring = RawReader::open(folder)?.ok_or(NotCompared::Nothing)?;
    let extent = ring.extent()?.ok_or(NotCompared::Nothing)?;
    if extent.until <= from || extent.from >= until {
        return Err(NotCompared::OtherTime(extent));
    }
    let log = Reader::look(folder)?;
    let as_of = log.head()?;
    let (reread, listened) = (Reread::new(config), ring.listened()?);
    let mut bases = log.bases(Micros(from.0.saturating_sub(WARM_US)))?;
    let moved = moved(&listened, &reread);
    for (equipment, counters) in &mut bases {
        counters.retain(|name, _| !moved.contains(&(*equipment, name.clone())));
    }
    let Past { derived, gaps, evidence, readings } =
        past(&ring, (config, reread), bases, (from, until))?;
    let reread = Reread::new(config);
    let mut machines = Vec::new();
    for (n, (map, code)) in config.map.machines.iter().zip(&config.machine_codes).enumerate() {
        let needed = needed(map).into_iter().map(|name| (map.equipment, name.to_owned()));
        let missing: Vec<Missing> = needed
            .flat_map(|place| evidence.missing(&reread, &listened, &place, (from, until)))
            .collect();
        let derived = derived.get(&map.equipment).filter(|_| missing.is_empty());
        let written = log.written(map.equipment, (from, until))?;
        let difference = difference(
            (map.equipment, &config.map.fingerprint),
            &written,
            &derived.cloned().unwrap_or_default(),
            (from, until),
        );
        let no_value = evidence.no_values(n);
        machines.push(Machine { code: code.clone(), difference, missing, no_value });
    }
    let map = config.map.fingerprint.clone();
    Ok(Compared { map, from, until, as_of, gaps, readings, machines })
}

/// The signals that a machine's states and counts come from.
fn needed(map: &MachineMap) -> BTreeSet<&str> {
    let habits = &map.habits;
    let rules = map.rules.iter().flat_map(|rule| &rule.when).map(|when| &when.signal);
    let codes = [&habits.fault, &habits.product].into_iter().flatten().map(|codes| &codes.signal);
    rules
        .chain(map.counters.iter().map(|counter| &counter.signal))
        .chain(habits.heartbeat.iter().map(|(signal, _)| signal))
        .chain(codes)
        .map(String::as_str)
        .collect()
}
