//! Identities of simulated terminals: one key for all of them, since nobody here verifies it.

use std::path::Path;
use std::sync::OnceLock;

use kart_sync::Device;
use tempfile::TempDir;

use super::station::Station;

static FOLDER: OnceLock<TempDir> = OnceLock::new();

/// Where the key lies. Made before a world begins: it takes randomness.
pub(super) fn folder() -> &'static Path {
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        Device::open(folder.path()).unwrap();
        folder
    });
    folder.path()
}

/// The device of a station.
pub(super) fn of(station: &Station) -> Device {
    let mut device = Device::open(folder()).unwrap();
    device.terminal = station.id;
    device.incarnation = station.incarnation.to_string();
    device.nonce.clone_from(&station.nonce);
    device
}
