//! Playing the ring: chunk by chunk through the decisions of another map.

use kart_core::{
    engine::remap::Place,
    id::EquipmentId,
    replay::{Bases, Derived, Replay},
    signal::Sample,
    time::{Boot, Micros, Moment, Stamp},
};
use kart_store::{
    StoreError,
    raw::{Chunk, RawReader, Said},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::config::{Config, change};

/// Readings before the time that is asked for go through the decisions as well: a rule may have to
/// remember so long, microseconds.
pub(super) const WARM_US: i64 = 3_600_000_000;

/// What the readings that are left come to under another map.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// By machine.
    pub(super) derived: BTreeMap<EquipmentId, Derived>,
    /// Stretches of the time asked for without readings.
    pub(super) gaps: Vec<(Micros, Micros)>,
    /// Signals that were read otherwise than the new map reads them: what they said then is not
    /// what the map means.
    pub(super) strange: BTreeSet<Place>,
    /// Readings that went through.
    pub(super) readings: u64,
}

/// Sends the readings from `from` to `until` through the decisions of `config`.
pub(super) fn past(
    reader: &RawReader,
    config: &Config,
    bases: Bases,
    (from, until): (Micros, Micros),
) -> Result<Past, StoreError> {
    let mut player = Player {
        replay: Replay::new(Arc::new(config.map.clone()), bases),
        places: config.map.machines.iter().map(|machine| machine.equipment).zip(0..).collect(),
        sources: change::signals(config),
        before: None,
        past: Past::default(),
        reached: from,
        from,
        until,
    };
    reader.chunks(Micros(from.0.saturating_sub(WARM_US)), until, |chunk| player.play(chunk))?;
    Ok(player.finish())
}

/// Plays chunks, one after the other.
struct Player {
    replay: Replay,
    places: BTreeMap<EquipmentId, usize>,
    sources: BTreeMap<Place, String>,
    before: Option<Chunk>,
    past: Past,
    /// Up to where readings were there.
    reached: Micros,
    from: Micros,
    until: Micros,
}

impl Player {
    fn play(&mut self, mut chunk: Chunk) {
        let boot = Boot(chunk.boot.clone());
        if !self.before.as_ref().is_some_and(|before| chunk.follows(before)) {
            self.replay.begin(Moment { at: chunk.from, boot });
        }
        self.gap(chunk.from.wall_us);
        self.reached = self.reached.max(chunk.until.wall_us);
        let named: Vec<Option<(usize, &str)>> =
            chunk.signals.iter().map(|said| self.known(said)).collect();
        let strange: Vec<Place> = chunk
            .signals
            .iter()
            .zip(&named)
            .filter(|(said, known)| {
                let place = (said.equipment, said.name.clone());
                known.is_none() && self.sources.contains_key(&place)
            })
            .map(|(said, _)| (said.equipment, said.name.clone()))
            .collect();
        let mut together: Vec<Sample> = Vec::new();
        let mut kept_until: Option<Stamp> = None;
        for heard in std::mem::take(&mut chunk.heard) {
            let Some((machine, name)) = named.get(heard.signal).copied().flatten() else {
                continue;
            };
            self.past.readings += 1;
            let first = together.first().map(|first| first.at);
            if first.is_some_and(|first| first != heard.at) || kept_until != heard.kept {
                self.replay.samples(&std::mem::take(&mut together), kept_until);
            }
            kept_until = heard.kept;
            match heard.value {
                Some(value) => together.push(Sample {
                    machine,
                    signal: name.to_owned(),
                    value,
                    quality: heard.quality,
                    at: heard.at,
                    again: heard.again,
                }),
                None => {
                    self.replay.samples(&std::mem::take(&mut together), kept_until);
                    self.replay.stale(&[(machine, name.to_owned())], heard.at);
                },
            }
        }
        self.replay.samples(&together, kept_until);
        self.replay.pass(chunk.until);
        self.past.strange.extend(strange);
        self.before = Some(Chunk { signals: vec![], ..chunk });
    }

    /// The machine's place and the signal's name, where the new map reads it as it was read.
    fn known<'s>(&self, said: &'s Said) -> Option<(usize, &'s str)> {
        let place = (said.equipment, said.name.clone());
        let same = self.sources.get(&place).is_some_and(|source| *source == said.source);
        same.then(|| self.places.get(&said.equipment).map(|index| (*index, said.name.as_str())))?
    }

    fn gap(&mut self, until: Micros) {
        let until = until.min(self.until);
        if until > self.reached && until > self.from {
            self.past.gaps.push((self.reached, until));
        }
    }

    fn finish(mut self) -> Past {
        self.gap(self.until);
        self.past.derived = self.replay.finish();
        self.past
    }
}
