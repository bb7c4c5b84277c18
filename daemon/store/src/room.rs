//! Asks the file system how much room the data folder has left.

use kart_core::room::Room;
use std::path::Path;

/// How much room there is; enough, where the file system does not say.
pub fn room(folder: &Path) -> Room {
    if let Some(thousandths) = kart_planted::disk::free() {
        return Room::of(thousandths, 1000);
    }
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Room::Plenty };
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Room::of(bytes(disk.f_bavail), bytes(disk.f_blocks))
}
