//! Watches how full the disk is, and says so in time. Keeps a reserve that is given back when little is left: facts of
//! weeks fit into it. What else is given up is with the ring of raw readings and with the recorder; facts are
//! never given up.

use kart_core::room::Room;
use rustix::fs::{FallocateFlags, fallocate};
use std::{
    convert::Infallible,
    fs::{File, remove_file},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::watch, time::interval};
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// The file that is nothing but room.
const RESERVE: &str = "reserve";
/// Bytes of it.
const RESERVED: u64 = 8 << 20;

/// Runs until `stop`.
pub(crate) async fn run(
    folder: PathBuf,
    told: watch::Sender<Room>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let (mut before, mut tick) = (Room::Plenty, interval(EVERY));
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {},
        }
        let room = kart_store::room(&folder);
        if let Err(error) = reserve(&folder, room) {
            tracing::debug!(%error, "no reserve");
        }
        if room > before {
            tracing::warn!(room = room.word(), "the disk fills up");
        } else if room < before {
            tracing::info!(room = room.word(), "the disk has more room again");
        }
        before = room;
        told.send_if_modified(|known| std::mem::replace(known, room) != room);
    }
}

/// Keeps the reserve while there is enough, and gives it back when there is not.
fn reserve(folder: &Path, room: Room) -> io::Result<()> {
    let path = folder.join(RESERVE);
    match (room, path.exists()) {
        (Room::Plenty | Room::Low, false) => {
            let file = File::create(&path)?;
            fallocate(&file, FallocateFlags::empty(), 0, RESERVED).or_else(|error| {
                remove_file(&path)?;
                Err(error.into())
            })
        },
        (Room::Scarce | Room::Last, true) => remove_file(&path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_given_back_when_little_is_left_and_taken_again_when_there_is_much() {
        let folder = tempfile::tempdir().unwrap();
        let is_there = |room| {
            reserve(folder.path(), room).unwrap();
            folder.path().join(RESERVE).metadata().map(|file| file.len()).ok()
        };
        let steps = [Room::Short, Room::Low, Room::Short, Room::Scarce, Room::Short, Room::Plenty];
        let full = Some(RESERVED);
        assert_eq!(steps.map(is_there), [None, full, full, None, None, full]);
    }
}
