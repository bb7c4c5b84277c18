//! What a start does before the log is opened: it brings a new life of the log into place that
//! headquarters has granted, and puts a log whose end is damaged back to where it is in order.
//!
//! While the daemon runs nothing is exchanged. The grant is kept as `renewal.json` and the program
//! starts anew; whatever a power cut leaves half done is done again at the next start.

use anyhow::Context as _;
use kart_core::{
    fact::life::Continued,
    id::{Incarnation, Origin, TerminalId},
    plant::Plant,
    record::Tenant,
    time::Moment,
};
use kart_store::{Renewal, Store, StoreError, StoreOptions};
use kart_sync::{Device, NewLife};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, whole};

/// The exit status of a daemon that must be started anew and could not do so itself.
pub const START_ANEW: u8 = 75;

/// A new life that headquarters has granted.
#[derive(Serialize, Deserialize)]
struct Grant {
    life: NewLife,
    at: Moment,
}

/// Where a grant is kept, and who is told that the program must start anew for it.
#[derive(Clone, Debug)]
pub struct Rebirth {
    folder: PathBuf,
    told: CancellationToken,
}

impl Rebirth {
    /// For the data folder `folder`.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.into(), told: CancellationToken::new() }
    }

    /// Keeps the grant, so that the next start finds it, and asks for that start.
    pub(crate) fn keep(&self, life: NewLife, at: Moment) -> anyhow::Result<()> {
        whole::write(&grant_path(&self.folder), &serde_json::to_vec(&Grant { life, at })?)?;
        self.told.cancel();
        Ok(())
    }

    /// Returns when the program must start anew.
    pub async fn asked(&self) {
        self.told.cancelled().await;
    }
}

/// This device, after a granted life of its log was brought into place.
pub(crate) fn device(folder: &Path, tenant: &Tenant) -> anyhow::Result<Device> {
    let device = Device::open(folder)?;
    // Decided at an earlier start, which was cut short.
    kart_store::install(folder)?;
    let Some(grant) = grant(folder)? else { return Ok(device) };
    let renewed = &grant.life.renewed;
    let origin =
        Origin { terminal: TerminalId(device.terminal), incarnation: renewed.incarnation.parse()? };
    if kart_store::resident(folder)? != Some(origin) {
        let again = kart_store::renew(folder, tenant, renewal(&grant, origin)?)
            .context("the new life of the log could not be prepared")?;
        let aside = kart_store::install(folder)?;
        let aside = aside.map(|path| path.display().to_string());
        tracing::warn!(
            incarnation = renewed.incarnation,
            former = renewed.former,
            again,
            aside,
            "a new life of the log; what headquarters lacked is issued again"
        );
    }
    device.renew(&renewed.incarnation)?;
    fs::remove_file(grant_path(folder))?;
    Ok(Device::open(folder)?)
}

fn renewal(grant: &Grant, origin: Origin) -> anyhow::Result<Renewal> {
    let renewed = &grant.life.renewed;
    let incarnation: Incarnation = renewed.former.parse()?;
    let plant: Plant = serde_json::from_value(renewed.plant.clone())
        .context("what headquarters says the former log adds up to cannot be read")?;
    Ok(Renewal {
        origin,
        continued: Continued {
            terminal: TerminalId(renewed.former_terminal),
            incarnation,
            seq: renewed.end.seq,
            hash: renewed.end.hash.parse().map_err(anyhow::Error::msg)?,
        },
        plant,
        common: grant.life.common,
        at: grant.at.clone(),
    })
}

/// Opens the log. One whose end is damaged is put back to where it is in order; what follows stays
/// in the file that is set aside. If headquarters has more of it, a new life follows.
pub(crate) fn open(options: StoreOptions, clock: &Clock) -> Result<Store, StoreError> {
    let damage = match Store::open(options.clone()) {
        Err(error) if error.is_damage() => error.to_string(),
        opened => return opened,
    };
    let now_us = clock.stamp().wall_us.0;
    let salvaged = kart_store::salvage(&options.folder, &options.tenant, &damage, now_us)?;
    tracing::error!(
        damage,
        kept = salvaged.kept,
        aside = %salvaged.aside.display(),
        "THE LOG WAS DAMAGED: it goes on after the last fact that is in order"
    );
    Store::open(options)
}

/// Runs this program anew in its own place; returns only when that fails.
pub(crate) fn start_anew() -> io::Error {
    match std::env::current_exe() {
        Ok(program) => Command::new(program).args(std::env::args_os().skip(1)).exec(),
        Err(error) => error,
    }
}

fn grant(folder: &Path) -> anyhow::Result<Option<Grant>> {
    match fs::read(grant_path(folder)) {
        Ok(bytes) => {
            let read = serde_json::from_slice(&bytes);
            Ok(Some(read.context("renewal.json is damaged; remove it, headquarters grants again")?))
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn grant_path(folder: &Path) -> PathBuf {
    folder.join("renewal.json")
}
