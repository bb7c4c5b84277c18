//! Playing the ring: chunk by chunk through the decisions of another map.

use kart_core::{
    engine::remap::Place,
    replay::{Bases, Derived, Replay},
    signal::{Sample, SignalName},
    time::{Boot, Micros, Moment, Stamp},
};
use kart_store::{
    StoreError,
    raw::{Chunk, Heard, RawReader, Said, Source},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    evidence::Evidence,
    reread::{Reread, Use, sample},
};
use crate::{
    config::Config,
    ingest::block::{BlockOf, Registers},
};

/// Readings before the time that is asked for go through the decisions as well: a rule may have to
/// remember so long, microseconds.
pub(super) const WARM_US: i64 = 3_600_000_000;

/// What the readings that are left come to under another map.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// By machine.
    pub(super) derived: BTreeMap<kart_core::id::EquipmentId, Derived>,
    /// Stretches of the time asked for without readings.
    pub(super) gaps: Vec<(Micros, Micros)>,
    /// What each map that was in force then has left of the signals.
    pub(super) evidence: Evidence,
    /// Readings that went through.
    pub(super) readings: u64,
}

/// Sends the readings from `from` to `until` through the decisions of `config`.
pub(super) fn past(
    reader: &RawReader,
    (config, reread): (&Config, Reread<'_>),
    bases: Bases,
    (from, until): (Micros, Micros),
) -> Result<Past, StoreError> {
    let mut player = Player {
        replay: Replay::new(Arc::clone(&config.map), bases),
        reread,
        asked: (String::new(), BTreeSet::new()),
        before: None,
        past: Past::default(),
        together: Together::default(),
        reached: from,
        from,
        until,
    };
    reader.chunks(Micros(from.0.saturating_sub(WARM_US)), until, |chunk| player.play(chunk))?;
    Ok(player.finish())
}

/// Plays chunks, one after the other.
struct Player<'c> {
    replay: Replay,
    reread: Reread<'c>,
    /// The map that chunks were read by, and the requests seen of it.
    asked: (String, BTreeSet<Registers>),
    before: Option<Chunk>,
    past: Past,
    together: Together,
    /// Up to where readings were there.
    reached: Micros,
    from: Micros,
    until: Micros,
}

/// What was read at the same time.
#[derive(Default)]
struct Together {
    samples: Vec<Sample>,
    at: Stamp,
    kept: Option<Stamp>,
}

impl Player<'_> {
    fn play(&mut self, mut chunk: Chunk) {
        let boot = Boot(chunk.boot.clone());
        if !self.before.as_ref().is_some_and(|before| chunk.follows(before)) {
            self.replay.begin(Moment { at: chunk.from, boot });
            self.reread.begin();
        }
        self.gap(chunk.from.wall_us);
        self.reached = self.reached.max(chunk.until.wall_us);
        self.ask(&chunk);
        let uses = self.reread.uses(&chunk.signals, &self.asked.1);
        let within = chunk.until.wall_us >= self.from && chunk.from.wall_us <= self.until;
        self.past.evidence.chunk(&self.reread, &chunk, &uses, within);
        for heard in std::mem::take(&mut chunk.heard) {
            if let Some(of) = uses.get(heard.signal) {
                self.hear(of, &heard);
            }
        }
        self.flush();
        self.replay.pass(chunk.until);
        self.before = Some(Chunk { signals: vec![], ..chunk });
    }

    /// Remembers what was asked for by the map in force.
    fn ask(&mut self, chunk: &Chunk) {
        if self.asked.0 != chunk.map {
            self.asked = (chunk.map.clone(), BTreeSet::new());
        }
        let bytes = chunk.signals.iter().filter_map(|source| match source {
            Source::Bytes(of) => BlockOf::of(of),
            Source::Signal { .. } => None,
        });
        self.asked.1.extend(bytes.filter_map(|of| match of {
            BlockOf::Registers(registers) => Some(registers),
            BlockOf::Message { .. } => None,
        }));
    }

    fn hear(&mut self, of: &Use<'_>, heard: &Heard) {
        if (self.together.at, self.together.kept) != (heard.at, heard.kept) {
            self.flush();
            (self.together.at, self.together.kept) = (heard.at, heard.kept);
        }
        let before = self.together.samples.len();
        match (&heard.said, of) {
            (Some(Said::Value(value)), Use::Value(to, _)) => {
                let to = to.iter().cloned();
                let samples = to.map(|(machine, name)| sample(machine, name, value.clone(), heard));
                self.together.samples.extend(samples);
            },
            (Some(Said::Bytes(bytes)), of) => {
                let none = &mut self.past.evidence.none;
                let mut tell = |machine: usize, name: &SignalName, reason: String| {
                    let of = none.entry((machine, name.clone())).or_insert((0, reason));
                    of.0 += 1;
                };
                let samples = self.reread.samples(of, bytes, heard, &mut tell);
                self.together.samples.extend(samples);
            },
            (None, Use::Value(to, otherwise)) => {
                self.flush();
                self.reread.session_lost();
                let signals: Vec<_> = to.iter().chain(otherwise).cloned().collect();
                self.replay.stale(&signals, heard.at);
            },
            (Some(Said::Value(_)) | None, _) => {},
        }
        let more = self.together.samples.len() - before.min(self.together.samples.len());
        self.past.readings += more as u64;
    }

    /// Has decided what was read together.
    fn flush(&mut self) {
        let Together { samples, at, kept } = &mut self.together;
        if samples.is_empty() {
            return;
        }
        // What a message tells may be older than the message.
        self.replay.pass(at.plus(-1));
        self.replay.samples(samples, *kept);
        samples.clear();
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

/// Signals that were read otherwise at some time: a counter that is one of them does not go on where it stood.
pub(super) fn moved(
    listened: &BTreeMap<String, Vec<Source>>,
    reread: &Reread<'_>,
) -> BTreeSet<Place> {
    let moved = listened.values().flatten().filter_map(|source| {
        let Source::Signal { equipment, name, read } = source else { return None };
        let place = (*equipment, name.clone());
        (reread.reads.get(&place) != Some(read)).then_some(place)
    });
    moved.collect()
}
