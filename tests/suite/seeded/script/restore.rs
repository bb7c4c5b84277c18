//! What outside hands do: disks and databases put back to an older state, and copies.

use std::sync::Arc;

use rand::Rng;

use super::super::checks;
use super::super::disk::Disk;
use super::super::floor::Press;
use super::super::station::{Clock, Station};
use super::super::world::{Post, World};
use super::{start, stop};

/// The disk of a terminal is put back to an older copy.
pub(super) async fn terminal(world: &Arc<World>, post: &Arc<Post>) {
    if post.fenced() {
        return;
    }
    let image = {
        let images = post.images.lock().unwrap();
        if images.is_empty() {
            return;
        }
        images[world.dice().random_range(0..images.len())].clone()
    };
    stop(world, post, true).await;
    post.granted.lock().unwrap().take();
    let mut station = post.station();
    checks::taken(world, &station, &image);
    station.disk.put_back(image);
    station.last_asked = None;
    world.note("put back", format_args!("{}", station.number));
    drop(station);
    start(world, post);
}

/// The end of the file of facts cannot be read any more: it is set aside and the log goes on before.
pub(super) async fn damaged(world: &Arc<World>, post: &Arc<Post>) {
    if post.fenced() || post.station().disk.image().purged.is_some() {
        return;
    }
    stop(world, post, true).await;
    post.granted.lock().unwrap().take();
    let mut station = post.station();
    let head = station.disk.seen.head().0;
    let lost = world.dice().random_range(1..=12);
    // The beginning of a log is written once and lies apart from where it grows.
    if head > lost + 2 {
        let image = station.salvaged(head - lost);
        checks::taken(world, &station, &image);
        station.disk.put_back(image);
        station.last_asked = None;
        world.note("damaged", format_args!("{} {}", station.number, head - lost));
    }
    drop(station);
    start(world, post);
}

/// Somebody copies a terminal's disk into another computer and switches it on.
pub(super) fn copy(world: &Arc<World>, post: &Arc<Post>) {
    let mut dice = world.dice();
    let original = post.station();
    if original.copy || original.engine.is_none() {
        return;
    }
    let mut disk = Disk::default();
    disk.put_back(original.disk.image());
    let number = original.number;
    let presses: Vec<Press> = (0..2).map(|press| Press::new(number, press, &mut dice)).collect();
    let station = Station {
        number,
        id: original.id,
        incarnation: original.incarnation,
        nonce: format!("{:016x}", dice.random::<u64>()),
        copy: true,
        tenant: original.tenant.clone(),
        disk,
        engine: None,
        clock: Clock { off_us: 0, set: false, boot: 1_000, booted_us: world.now_us() },
        map: Arc::clone(&original.map),
        presses,
        keys: 1_000_000,
        last_asked: None,
    };
    drop((original, dice));
    let copied = Post::new(station);
    world.posts.lock().unwrap().push(Arc::clone(&copied));
    world.note("copied", format_args!("{number}"));
    start(world, &copied);
}

/// Headquarters is put back to its last backup.
pub(super) fn centre(world: &World) {
    let before = world.centre().state.clone();
    let newest = before.reference.version;
    if world.centre().restore() {
        let corrections = before.corrections.iter();
        let lost = corrections.filter(|(id, _)| !world.centre().state.corrections.contains_key(id));
        world.truth().uncorrected.extend(lost.flat_map(|(_, (terminals, _))| terminals));
        world.note("restored", format_args!(""));
        checks::regressed(world);
        // Somebody applies the present site file again, or finds out later.
        if world.dice().random_bool(0.5) {
            let reference = world.reference(newest);
            world.centre().apply_site((*reference).clone());
        }
        world.committed.notify_waiters();
    }
}
