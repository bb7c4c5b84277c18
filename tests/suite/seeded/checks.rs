//! The invariants, by the names they have in the design: some watched all the time, the others at
//! the end, when nothing goes wrong any more and all lanes are idle.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use kart_core::fact::Hash;
use kart_core::id::{Origin, TerminalId};
use kart_sync::Told;
use uuid::Uuid;

use super::centre::{Changes, State};
use super::disk::{Image, Rows};
use super::station::Station;
use super::truth::{Name, Truth};
use super::world::{Boundary, World};

mod end;
mod office;
mod order;
mod rows;

pub(super) use rows::column;

pub(super) use end::at_rest;

/// Rows as one number; the hasher's keys are fixed.
pub(super) fn digest(rows: &Rows) -> u64 {
    let mut hasher = DefaultHasher::new();
    rows.hash(&mut hasher);
    hasher.finish()
}

/// A terminal is about to believe what it was told.
pub(super) fn acknowledged(world: &World, station: &Station, told: &Told) {
    if station.copy {
        world.fault("I17 copies are kept out", format!("{}", station.number));
    }
    let mut truth = world.truth();
    if !truth.said.contains(&(told.session, told.watermark)) {
        world.fault(
            "I6 acks are sound",
            format!("{} believes {}, which was never said to it", station.number, told.watermark),
        );
    }
    // From the end back to what was acknowledged before.
    for seq in (1..=told.watermark).rev() {
        let name = (station.origin(), seq);
        let Some(hash) = station.disk.seen.hash_at(seq) else { break };
        match truth.acked.insert(name, hash) {
            Some(before) if before == hash => break,
            None => {},
            Some(_) => world.fault(
                "I17 one fact in one place",
                format!("{} had two facts {seq} acknowledged", station.number),
            ),
        }
    }
}

/// A terminal has taken over rows up to a cursor.
pub(super) fn mirrored(world: &World, station: &Station, cursor: &str) {
    let boundary = world.boundaries.lock().unwrap().get(cursor).copied();
    if !station.copy
        && let Some(Boundary { commit, .. }) = boundary
    {
        let before = world.truth().commits.insert(station.id, commit);
        if before.is_some_and(|before| before > commit) {
            world.fault("I12 the mirror does not go back", format!("{}", station.number));
        }
    }
    let expected = boundary.map(|boundary| boundary.rows);
    if expected != Some(digest(&station.disk.seen.mirror)) {
        world.fault(
            "I11 a mirror is one commit boundary",
            format!("{} at {cursor}", station.number),
        );
    }
}

/// Headquarters is about to commit what came under a terminal's token.
pub(super) fn committing(world: &World, terminal: Uuid, changes: &Changes) {
    let centre = world.centre();
    let truth = world.truth();
    for ((owner, life, seq), stored) in &changes.inbox {
        if *owner != terminal {
            world.fault("I15 writes stay at home", format!("fact {seq} of {owner}"));
        }
        let incarnation = life.parse().unwrap();
        let origin = Origin { terminal: TerminalId(*owner), incarnation };
        let tried = truth.tried.get(&(origin, *seq));
        let tried = tried.is_some_and(|hashes| hashes.contains(&stored.hash.0));
        if !tried {
            world.fault("I3 nothing is invented", format!("fact {seq} of {owner}"));
        }
    }
    if let Some(((owner, _, first), _)) = changes.inbox.first()
        && *first != centre.state.terminals[owner].watermark + 1
    {
        world.fault("I5 prefixes", format!("{owner}: fact {first} leaves a hole"));
    }
    if let Some((id, watermark, _)) = changes.head
        && watermark < centre.state.terminals[&id].watermark
    {
        world.fault("I6 watermarks rise", format!("{id} to {watermark}"));
    }
}

/// Headquarters has committed: every inbox is whole up to its watermark.
pub(super) fn committed(world: &World) {
    let centre = world.centre();
    for (id, known) in &centre.state.terminals {
        let place = |seq| (*id, known.incarnation.clone(), seq);
        let last = centre.state.inbox.range(place(0)..=place(u64::MAX)).next_back();
        let (last, hash) = last.map_or((0, None), |((.., seq), stored)| (*seq, Some(stored.hash)));
        if last != known.watermark || hash.is_some_and(|hash| hash != known.hash) {
            let what = format!("{id}: fact {last} under watermark {}", known.watermark);
            world.fault("I5 prefixes", what);
        }
    }
}

/// A daemon has started: whatever was confirmed is there, and the chain holds.
pub(super) fn opened(world: &World, station: &Station) {
    if station.copy {
        return;
    }
    let truth = world.truth();
    let origin = station.origin();
    let first = (origin, 0);
    for ((_, seq), hash) in truth.accepted.range(first..=(origin, u64::MAX)) {
        let gone = truth.away.contains(&(origin, *seq)) || *seq <= station.disk.seen.base().0;
        if !gone && station.disk.seen.hash_at(*seq) != Some(*hash) {
            let what = format!("fact {seq} of {} is gone", station.number);
            world.fault("I1 saved is on the disk", what);
            break;
        }
    }
    let (from, mut hash) = station.disk.seen.base();
    for (n, kept) in (from + 1..).zip(&station.disk.seen.facts) {
        hash = hash.after(kept.line.as_bytes());
        if hash != kept.hash || kept.fact.seq != n {
            world.fault("I16 chains hold", format!("fact {n} of {}", station.number));
            break;
        }
    }
}

/// Facts up to here have left the disk of a terminal: all of them are in a backup.
pub(super) fn purged(world: &World, origin: Origin, seq: u64) {
    let centre = world.centre();
    let mut truth = world.truth();
    truth.purged.insert(origin.terminal.0);
    let backup = centre.backups.last().map(|backup| backup as &State);
    let safe = |name, hash| backup.is_some_and(|backup| backup.has(name, hash));
    let mut gone = truth.accepted.range((origin, 0)..=(origin, seq));
    if let Some(((_, seq), _)) = gone.find(|(name, hash)| !safe(**name, **hash)) {
        world.fault("I8 what leaves is in a backup", format!("fact {seq} of {origin:?}"));
    }
}

/// What people at a terminal see: never older than what they have seen before, and all of what was
/// answered for.
pub(super) fn shown(world: &World, station: &Station) {
    let Some(engine) = station.engine.as_ref().filter(|_| !station.copy) else { return };
    let (head, _) = station.disk.seen.head();
    if engine.plant.head != head {
        let what = format!("{}: fact {} of {head}", station.number, engine.plant.head);
        world.fault("I12 the view is the log", what);
    }
    let mut truth = world.truth();
    let before = truth.shown.insert(station.origin(), head);
    if before.is_some_and(|before| before > head) {
        world.fault("I12 the view does not go back", format!("{} to {head}", station.number));
    }
}

/// An outside hand is about to put a disk back to `image`: what it takes is not the terminal's loss,
/// and where headquarters lacks it too, nobody's.
pub(super) fn taken(world: &World, station: &Station, image: &Image) {
    let centre = world.centre();
    let mut truth = world.truth();
    // What nobody was told of went up all the same.
    let own = station.disk.seen.facts.iter();
    let own: Vec<_> = own.map(|kept| ((station.origin(), kept.fact.seq), kept.hash)).collect();
    truth.kept.extend(own);
    let known = truth.accepted.iter().chain(&truth.acked).chain(&truth.kept);
    let gone = known.filter(|(name, hash)| {
        let (origin, seq) = **name;
        origin.terminal.0 == station.id
            && (image.incarnation != Some(origin.incarnation) || image.hash_at(seq) != Some(**hash))
    });
    let gone: Vec<(Name, Hash)> = gone.map(|(name, hash)| (*name, *hash)).collect();
    for (name, hash) in gone {
        truth.away.insert(name);
        if !centre.state.has(name, hash) {
            truth.taken.insert(name);
            truth.acked.remove(&name);
        }
    }
    // What the copy holds is back.
    let held = |(origin, seq): &Name| {
        let hash = truth.accepted.get(&(*origin, *seq));
        image.incarnation == Some(origin.incarnation)
            && hash.is_some_and(|hash| image.hash_at(*seq) == Some(*hash))
    };
    let back: Vec<Name> = truth.away.iter().filter(|name| held(name)).copied().collect();
    for name in back {
        truth.away.remove(&name);
        truth.taken.remove(&name);
    }
    truth.put_back(station.id);
}

/// Headquarters was put back: what terminals hold no more either is lost, and will be said so.
pub(super) fn regressed(world: &World) {
    let centre = world.centre();
    let mut truth = world.truth();
    let Truth { away, taken, accepted, acked, kept, disturbed, .. } = &mut *truth;
    // Where a log that was put back holds another fact by now, the lost one is on neither side.
    let rewritten = |(origin, seq): &Name, hash: &Hash| {
        let now = accepted.get(&(*origin, *seq));
        disturbed.contains(&origin.terminal.0) && now.is_some_and(|now| now != hash)
    };
    acked.retain(|name, hash| centre.state.has(*name, *hash) || !rewritten(name, hash));
    for name in away.iter() {
        let hash = accepted.get(name).or(acked.get(name)).or(kept.get(name));
        if hash.is_some_and(|hash| !centre.state.has(*name, *hash)) {
            taken.insert(*name);
            acked.remove(name);
        }
    }
}
