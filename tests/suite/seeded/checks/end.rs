//! What must hold when nothing goes wrong any more and everything has had its time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kart_core::fact::{Body, Hash};
use kart_core::id::{Origin, RecordId};
use kart_core::row::Cell;
use kart_hq::decisions::Held;
use uuid::Uuid;

use super::super::centre::{Place, State};
use super::super::disk::RowKey;
use super::super::line::carry_out;
use super::super::station::Station;
use super::super::world::World;
use super::{digest, office, rows};

/// Everything that is checked at the end.
pub(in super::super) fn at_rest(world: &World) {
    liveness(world);
    inbox(world);
    chains(world);
    texts(world);
    for post in world.posts() {
        if post.fenced() {
            continue;
        }
        let station = post.station();
        converged(world, &station);
        told(world, &station);
        rows::parts(world, &station);
        office::shown(world, &station);
    }
    rows::shifts(world);
    rows::batches(world);
    rows::one_batch(world);
    rows::numbers(world);
    office::at_rest(world);
    replayed(world);
}

/// Everything went up, and nothing waits any more.
fn liveness(world: &World) {
    let centre = world.centre();
    for post in world.posts() {
        if post.fenced() {
            continue;
        }
        let station = post.station();
        let (head, hash) = station.disk.seen.head();
        let known = &centre.state.terminals[&station.id];
        let there = (known.watermark, known.hash);
        if there != (head, hash) {
            let refused = post.refused.lock().unwrap().clone();
            let what = format!("{} of {head} of {}: {refused:?}", known.watermark, station.number);
            world.fault("I22 everything arrives", what);
        }
        if station.disk.seen.acked != head {
            let what = format!("{} of {head} of {}", station.disk.seen.acked, station.number);
            world.fault("I22 everything is acknowledged", what);
        }
    }
    let uncorrected = uncorrected(world, &centre.state);
    let truth = world.truth();
    let mut gone = rows::unbegun(&centre.state, &truth);
    gone.extend(&truth.former);
    drop(truth);
    let waiting = centre.state.quarantine.iter();
    // What somebody at another terminal asked about a record that is no more, or under its former name.
    let of_gone = |held: &Held| gone.iter().any(|id| held.detail.contains(&id.to_string()));
    let waiting: Vec<_> = waiting
        .filter(|(place, held)| !stays(&uncorrected, place, held) && !of_gone(held))
        .collect();
    if let Some(((_, _, seq), held)) = waiting.first() {
        let what =
            format!("{} facts wait, fact {seq}: {} {}", waiting.len(), held.code, held.detail);
        world.fault("I9 what waited was applied", what);
    }
}

/// Whether a fact waits for ever: its text was not its own, or headquarters has lost the correction
/// that it tells of.
fn stays(uncorrected: &BTreeSet<Uuid>, (terminal, ..): &Place, held: &Held) -> bool {
    held.code == "bad_text" || held.code == "refused" && uncorrected.contains(terminal)
}

/// The terminals that keep a correction which cannot come back: headquarters has lost it together with
/// the record, which goes by another name in the next life of the log.
pub(super) fn uncorrected(world: &World, state: &State) -> BTreeSet<Uuid> {
    let of = world.truth().uncorrected.clone();
    of.into_iter().filter(|terminal| state.renewed(*terminal)).collect()
}

/// What was confirmed is at headquarters, once and as it was.
fn inbox(world: &World) {
    let (centre, truth) = (world.centre(), world.truth());
    for ((origin, seq), hash) in &truth.accepted {
        if truth.taken.contains(&(*origin, *seq)) {
            continue;
        }
        let place = (origin.terminal.0, origin.incarnation.to_string(), *seq);
        let again = (place.0, place.1.clone(), place.2, hash.0);
        if centre.state.reissued.contains(&again) {
            continue;
        }
        match centre.state.inbox.get(&place) {
            Some(stored) if stored.hash == *hash => {},
            Some(_) => world.fault("I2 nothing is altered", format!("{place:?}")),
            None => world.fault("I2 nothing is lost", format!("{place:?}")),
        }
    }
    // What stayed behind in a file that is set aside was at headquarters alone. What that has lost of it
    // comes again out of the file; where an outside hand has put the disk back, or the beginning of a log
    // was purged, it is at least said to be lost.
    let lost: Vec<_> =
        truth.left.iter().filter(|(name, hash)| !centre.state.has(*name, *hash)).collect();
    if let Some((name, _)) = lost.iter().find(|(name, _)| !centre.named(*name)) {
        world.fault("I7 what a restore has cost is named", format!("{name:?}"));
    }
    let kept = |origin: &Origin| {
        !truth.disturbed.contains(&origin.terminal.0) && !truth.purged.contains(&origin.terminal.0)
    };
    if let Some(((origin, seq), _)) = lost.iter().find(|((origin, _), _)| kept(origin)) {
        world.fault("I7 what a restore has cost comes again", format!("{origin:?} {seq}"));
    }
    for post in world.posts() {
        let station = post.station();
        let mut keys = BTreeSet::new();
        let twice =
            station.facts().filter_map(|fact| fact.key.as_ref()).find(|key| !keys.insert(*key));
        if let Some(key) = twice {
            world.fault("I4 a command counts once", key.clone());
        }
    }
}

/// Every chain at headquarters is what its lines hash to.
fn chains(world: &World) {
    let centre = world.centre();
    let mut chain = (None, Hash::ZERO);
    for ((id, life, seq), stored) in &centre.state.inbox {
        if chain.0 != Some((id, life)) {
            chain = (Some((id, life)), Hash::ZERO);
        }
        chain.1 = chain.1.after(&stored.line);
        if chain.1 != stored.hash {
            world.fault("I16 chains hold", format!("fact {seq} of {id} at headquarters"));
            return;
        }
    }
}

/// A text is what somebody wrote and its fact commits to.
fn texts(world: &World) {
    let centre = world.centre();
    for ((place, _), text) in &centre.state.texts {
        if !text.text.as_ref().is_some_and(|text| text.starts_with("comment ")) {
            world.fault("I3 no text is invented", format!("{place:?} {:?}", text.text));
        }
    }
}

/// Both ends hold the same of a terminal.
fn converged(world: &World, station: &Station) {
    let centre = world.centre();
    if digest(&centre.state.mirror(station.id)) != digest(&station.disk.seen.mirror) {
        world.fault("I10 mirrors are equal", format!("{}", station.number));
    }
    let waiting = centre.state.waiting(station.id, 0, u64::MAX);
    let there: BTreeMap<u64, String> =
        waiting.into_iter().map(|fact| (fact.seq, fact.code)).collect();
    if there != station.disk.seen.quarantine {
        let what = format!("{}: {there:?} {:?}", station.number, station.disk.seen.quarantine);
        world.fault("I9 what waits is seen on both sides", what);
    }
    if uncorrected(world, &centre.state).contains(&station.id) {
        return;
    }
    // Of a batch that two terminals began each has its part, and headquarters the whole.
    let joined = centre.state.joined();
    let part = |cell: &Cell| matches!(cell, Cell::Uuid(id) if joined.contains(id));
    let whole = |cells: &[Cell]| joined.is_empty() || !cells.iter().any(part);
    for (key, cells) in station.disk.seen.rows.iter().filter(|(_, cells)| whole(cells)) {
        if centre.state.rows.get(key).map(|there| &**there) != Some(cells) {
            let what = format!("{} {key:?}", station.number);
            world.fault("I10 rows are equal", what);
            return;
        }
    }
}

/// Whoever has begun a batch has heard of every correction of it.
fn told(world: &World, station: &Station) {
    let centre = world.centre();
    let Some(engine) = &station.engine else { return };
    if uncorrected(world, &centre.state).contains(&station.id) {
        return;
    }
    let own = station.facts().filter(|fact| matches!(fact.fact, Body::BatchStarted(_)));
    let begun: BTreeSet<RecordId> =
        own.map(|fact| centre.state.canonical(engine.plant.origin.record(fact.seq))).collect();
    for (id, (_, made)) in &centre.state.corrections {
        let of = centre.state.canonical(made.seen.corrected.record);
        if begun.contains(&of) && !engine.plant.corrections.contains(&(made.seen.made, *id)) {
            let what = format!("{}: {id} of {of}", station.number);
            world.fault("I10 corrections reach every part", what);
        }
    }
}

/// Whatever was asked once changes nothing when it is asked again, in any order.
fn replayed(world: &World) {
    let before = state(world);
    let mut recorded = world.recorded.lock().unwrap().clone();
    recorded.extend(world.late.lock().unwrap().drain(..));
    let step = (recorded.len() / 40).max(1);
    for request in recorded.iter().rev().step_by(step) {
        carry_out(world, request);
    }
    if state(world) != before {
        world.fault("I25 history is idempotent", "a replay changed something".to_owned());
    }
}

/// All of headquarters that a repeated push could change.
type All = (Vec<(u64, Hash)>, usize, usize, BTreeMap<RowKey, Arc<Vec<Cell>>>);

fn state(world: &World) -> All {
    let centre = world.centre();
    let state = &centre.state;
    let heads = state.terminals.values().map(|known| (known.watermark, known.hash)).collect();
    (heads, state.inbox.len(), state.texts.len(), state.rows.clone())
}
