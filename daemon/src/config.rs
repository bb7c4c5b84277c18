//! The configuration of a terminal: once there is a [`Config`], every value in it is valid.
//!
//! Whether a device, a broker or headquarters can be reached is no question of validity.

use kart_core::{
    document::{Document, Fault, Faults},
    id::{SiteId, StationId},
    map::Map,
    reference::Reference,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::ingest::{modbus::plan::LinePlan, mqtt::topic::BrokerPlan};

pub(crate) mod raw;
pub mod as_read;
pub mod change;
mod complete;
mod check;
mod site;

pub use raw::LogLevel;

/// Everything a terminal is told by its file, in the form in which it is used. Of what stands in the file word for
/// word nothing is kept: with many signals that would be most of the daemon's memory.
#[derive(Debug)]
pub struct Config {
    /// This terminal.
    pub terminal: Terminal,
    /// Where it stands.
    pub site: Site,
    /// Where its facts go; `None` for a terminal that lives alone.
    pub headquarters: Option<Headquarters>,
    /// What is kept of raw readings; `None` keeps nothing.
    pub readings: Option<Readings>,
    /// Machines, signals, counters, rules.
    pub map: Arc<Map>,
    /// Codes of the machines, in the order of the map.
    pub machine_codes: Vec<String>,
    /// What is read over Modbus.
    pub lines: Vec<Arc<LinePlan>>,
    /// What is heard over MQTT.
    pub brokers: Vec<BrokerPlan>,
    /// What the site file says, where one is named.
    pub reference: Option<Reference>,
    /// The file that it was read from.
    pub file: PathBuf,
    /// What a person should look at, although it is valid.
    pub warnings: Vec<Fault>,
    /// How each signal is read, by machine and signal in the order of the map.
    reads: Box<[Box<[change::Digest]>]>,
}

/// This terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terminal {
    /// Its code in the site.
    pub code: String,
    /// The code of its station, where it belongs to one.
    pub station_code: Option<String>,
    /// The key of that station.
    pub station: Option<StationId>,
    /// Where it keeps its log.
    pub data_dir: PathBuf,
    /// Where screens find it.
    pub socket: PathBuf,
    /// How much it logs.
    pub log: LogLevel,
    /// Days that a PIN holds after headquarters confirmed it.
    pub pin_valid_days: u16,
    /// After so many minutes without a key a screen takes nobody for the one who acts; 0: never.
    pub idle_minutes: u16,
    /// So many minutes after their shift somebody has forgotten to clock out.
    pub forgotten_minutes: u16,
    /// What a badge reader types before the badge.
    pub badge_prefix: String,
    /// Facts that headquarters has in a backup are kept so many days all the same.
    pub keep_days: u16,
}

/// What is kept of raw readings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readings {
    /// How long, in days.
    pub keep_days: u16,
    /// The file may have so many MiB.
    pub max_mb: u64,
    /// So many MiB of the disk are left to others.
    pub min_free_mb: u64,
}

/// Where a terminal stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// Key.
    pub id: SiteId,
    /// The owner.
    pub organization: String,
    /// Code, unique in the organisation.
    pub code: String,
    /// The site file, for a terminal that does not get its reference data from headquarters.
    pub file: Option<PathBuf>,
}

/// Where facts go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Headquarters {
    /// Base address, without a slash at its end.
    pub url: String,
    /// The authority that signed its certificate, where it is not a public one.
    pub ca_file: Option<PathBuf>,
}

impl Config {
    /// Reads and checks the file at `path`. Relative paths in it start at its folder.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        let name = path.display().to_string();
        let unreadable = |message| {
            Faults(vec![Fault { file: name.clone(), line: 0, path: String::new(), message }])
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        Self::of(&name, &text, path)
    }

    /// Reads and checks `text` as if it stood in the file of this configuration, with another map and
    /// all else the same. No file that only `text` names is touched: anybody at the socket may ask.
    pub fn beside(&self, name: &str, text: &str) -> Result<Self, Faults> {
        Self::checked(name, text, &self.file, |config| {
            let mut faults = change::fixed(self, config);
            faults.iter_mut().for_each(|fault| name.clone_into(&mut fault.file));
            if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
        })
    }

    /// Reads and checks `text` as if it stood in the file at `path`; `name` is what faults call it.
    pub fn of(name: &str, text: &str, path: &Path) -> Result<Self, Faults> {
        Self::checked(name, text, path, |_| Ok(()))
    }

    fn checked(
        name: &str,
        text: &str,
        path: &Path,
        allowed: impl Fn(&Self) -> Result<(), Faults>,
    ) -> Result<Self, Faults> {
        let unreadable = |message| {
            let (file, path) = (name.to_owned(), String::new());
            Faults(vec![Fault { file, line: 0, path, message }])
        };
        let folder =
            folder_of(path).map_err(|error| unreadable(format!("has no folder: {error}")))?;
        let mut config = Self::read(name, text, &folder)?;
        path.clone_into(&mut config.file);
        allowed(&config)?;
        config.reference = site::load(&Document::known(name, text), &config)?;
        Ok(config)
    }

    /// Checks `text`; `name` is what faults call it.
    pub fn read(name: &str, text: &str, folder: &Path) -> Result<Self, Faults> {
        let document = Document::read(name, text)?;
        check::config(&document, document.parse()?, folder)
    }

    /// The values in effect by a text that [`Config::read`] takes, as TOML. Secrets stand in files of their own and
    /// are never shown.
    pub fn shown(text: &str, folder: &Path) -> anyhow::Result<String> {
        let file = Document::read("", text)?.parse()?;
        Ok(toml::to_string(&complete::complete(file, folder))?)
    }

    /// The same of the file at `path`.
    pub fn show(path: &Path) -> anyhow::Result<String> {
        Self::shown(&std::fs::read_to_string(path)?, &folder_of(path)?)
    }
}

/// Where relative paths in the file at `path` start.
fn folder_of(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    std::path::absolute(folder.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests;
