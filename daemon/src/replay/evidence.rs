//! What the ring can say of the signals of another map, and what it cannot: nothing is made up.

use kart_core::{engine::remap::Place, signal::SignalName, time::Micros};
use kart_store::raw::{Chunk, Said, Source};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use super::reread::{Reread, Unit, Use, Where};
use crate::ingest::block::BlockOf;

/// A signal that nothing can be said of for a time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Missing {
    /// Which.
    pub signal: SignalName,
    /// From when …
    pub from: Micros,
    /// … until when.
    pub until: Micros,
    /// Why, in words.
    pub because: String,
}

/// A signal that some readings gave no value for.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct NoValue {
    /// Which.
    pub signal: SignalName,
    /// How many readings.
    pub times: u64,
    /// Why the first of them did, in words.
    pub because: String,
}

/// What is left of the signals, by the map in force then.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    maps: BTreeMap<String, Seen>,
    /// Signals without a value although their bytes are there: how often, and why at first.
    pub(super) none: BTreeMap<(usize, SignalName), (u64, String)>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The part of the time asked for in which the map was in force.
    time: Option<(Micros, Micros)>,
    /// Signals that could be read.
    served: BTreeSet<Place>,
    /// Signals of which a value was kept that is read otherwise now.
    otherwise: BTreeSet<Place>,
    /// Units that answered.
    answered: BTreeSet<Unit>,
}

impl Evidence {
    /// Takes note of a chunk; `within` the time that is asked for.
    pub(super) fn chunk(
        &mut self,
        reread: &Reread<'_>,
        chunk: &Chunk,
        uses: &[Use<'_>],
        within: bool,
    ) {
        let seen = self.maps.entry(chunk.map.clone()).or_default();
        if within {
            let (from, until) = (chunk.from.wall_us, chunk.until.wall_us);
            let time = seen.time.get_or_insert((from, until));
            *time = (time.0.min(from), time.1.max(until));
        }
        let valued: BTreeSet<usize> = chunk
            .heard
            .iter()
            .filter(|heard| matches!(heard.said, Some(Said::Value(_))))
            .map(|heard| heard.signal)
            .collect();
        for (n, (source, of)) in chunk.signals.iter().zip(uses).enumerate() {
            if let Source::Bytes(text) = source
                && let Some(BlockOf::Registers(of)) = BlockOf::of(text)
            {
                seen.answered.insert((of.place, of.unit));
            }
            let place = |machine: usize, name| reread.place(machine, name);
            match of {
                Use::Value(to, otherwise) if valued.contains(&n) => {
                    let both = [
                        (to.as_slice(), &mut seen.served),
                        (otherwise.as_slice(), &mut seen.otherwise),
                    ];
                    for (signals, set) in both {
                        set.extend(signals.iter().filter_map(|(m, name)| place(*m, name)));
                    }
                },
                Use::Registers(_, points) => {
                    seen.served.extend(points.iter().filter_map(|p| place(p.machine, &p.signal)));
                },
                Use::Message(plans) => {
                    let signals = plans.iter().flat_map(|plan| &plan.signals);
                    seen.served.extend(signals.filter_map(|of| place(of.machine, &of.signal)));
                },
                Use::Value(..) | Use::Nothing => {},
            }
        }
    }

    /// Where nothing can be said of a signal. One that was listened to as it is now, and said nothing, said that.
    pub(super) fn missing(
        &self,
        reread: &Reread<'_>,
        listened: &BTreeMap<String, Vec<Source>>,
        place: &Place,
        (begin, end): (Micros, Micros),
    ) -> Vec<Missing> {
        let mut all = Vec::new();
        for (map, seen) in &self.maps {
            let Some((from, until)) = seen.time else { continue };
            let because = match listened.get(map) {
                _ if seen.otherwise.contains(place) => {
                    Some("only its value was kept then, and it was read otherwise".to_owned())
                },
                _ if seen.served.contains(place) => None,
                // A ring of before does not tell what was listened to.
                None => None,
                Some(sources) if sources.iter().any(|source| is(source, place, reread)) => None,
                Some(_) => Some(seen.why(reread.places.get(place))),
            };
            all.extend(because.map(|because| Missing {
                signal: place.1.clone(),
                from: from.max(begin),
                until: until.min(end),
                because,
            }));
        }
        all.sort_by_key(|missing| missing.from);
        all
    }

    /// Signals of the machine with this place in the map that some readings gave no value for.
    pub(super) fn no_values(&self, machine: usize) -> Vec<NoValue> {
        let of = self.none.iter().filter(|((of, _), _)| *of == machine);
        of.map(|((_, signal), (times, because))| NoValue {
            signal: signal.clone(),
            times: *times,
            because: because.clone(),
        })
        .collect()
    }
}

/// Whether the source is this signal, read as the other map reads it.
fn is(source: &Source, place: &Place, reread: &Reread<'_>) -> bool {
    let Source::Signal { equipment, name, read } = source else { return false };
    (equipment, name) == (&place.0, &place.1) && reread.reads.get(place) == Some(read)
}

impl Seen {
    fn why(&self, place: Option<&Where>) -> String {
        match place {
            Some(Where::Registers(unit, read)) if self.answered.contains(unit) => {
                format!("nobody read {read} of unit {} at {} then", unit.1, unit.0)
            },
            Some(Where::Registers((place, unit), _)) => {
                format!("nobody read unit {unit} at {place} then, or it did not answer")
            },
            Some(Where::Topic(topic)) => {
                format!("nobody listened to {topic} then, or it was read otherwise and silent")
            },
            None => "nobody listened to it then".to_owned(),
        }
    }
}
