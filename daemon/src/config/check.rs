//! From what a file says to what is valid, with every fault at its key path.
//!
//! Each function turns one part into its valid form and returns `None` after telling a fault.

use kart_core::{
    document::{Document, Fault, Faults},
    id::{SiteId, StationId, reference_id},
    map::Map,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Config, Headquarters, Readings, Site, Terminal, change, complete::complete, raw};
use crate::ingest::mqtt::topic::BrokerPlan;

mod device;
mod broker;
mod habits;
mod machine;
mod overlap;
mod register;
mod rule;
mod signal;

const MOST_SOURCES: usize = 500;
const MOST_SIGNALS: usize = 25_000;
const LONGEST_NAME: usize = 64;
/// What fits into a socket's address.
const LONGEST_SOCKET: usize = 107;
const HOUR_MS: u64 = 3_600_000;

/// Checks a file against itself. `folder` is where its relative paths start.
pub(super) fn config(
    document: &Document<'_>,
    file: raw::File,
    folder: &Path,
) -> Result<Config, Faults> {
    let file = complete(file, folder);
    let mut check = Check { document, faults: Vec::new(), warnings: Vec::new() };
    let terminal = check.terminal(&file);
    let site = check.site(&file.site);
    let headquarters = file.headquarters.as_ref().map(|hq| check.headquarters(hq));
    let readings = check.readings(&file.raw);
    let mut sources = check.sources(&file);
    let machines = check.machines(&file, &mut sources);
    let lines = check.lines(sources.devices);
    if !check.faults.is_empty() {
        return Err(check.faults.into());
    }
    check.overlaps(&file, &lines);
    let mut brokers: Vec<BrokerPlan> = sources.brokers.into_values().collect();
    brokers.retain(BrokerPlan::is_needed);
    brokers.iter_mut().for_each(|broker| broker.restate(&machines));
    Ok(Config {
        terminal,
        site,
        headquarters,
        readings,
        machine_codes: file.machine.iter().map(|machine| machine.code.clone()).collect(),
        map: Arc::new(Map { fingerprint: fingerprint(&file.machine), machines }),
        lines: lines.into_iter().map(Arc::new).collect(),
        brokers,
        reference: None,
        file: PathBuf::new(),
        reads: change::reads(&file),
        warnings: check.warnings,
    })
}

/// The first twelve digits of the hash of all machines, completed, as one line of JSON.
fn fingerprint(machines: &[raw::Machine]) -> String {
    let mut line = Hashed(ring::digest::Context::new(&ring::digest::SHA256));
    // A hash takes everything, and each machine is JSON.
    serde_json::to_writer(&mut line, machines).unwrap_or_default();
    line.0.finish().as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes what is written, which is never all there at once.
struct Hashed(ring::digest::Context);

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What signals may name, while their places are gathered.
struct Sources {
    devices: BTreeMap<String, device::Device>,
    brokers: BTreeMap<String, BrokerPlan>,
}

struct Check<'d, 't> {
    document: &'d Document<'t>,
    faults: Vec<Fault>,
    /// What a person should look at.
    warnings: Vec<Fault>,
}

impl Check<'_, '_> {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.faults.push(self.document.fault(path, message));
    }

    /// A name or code: not empty, not long, nothing invisible.
    fn name(&mut self, path: &str, name: &str) {
        let plain = !name.chars().any(char::is_control) && name.trim() == name;
        if name.is_empty() || name.chars().count() > LONGEST_NAME || !plain {
            let what = "1 to 64 visible characters, no space at either end";
            self.fault(path, format!("{what} are needed"));
        }
    }

    fn within(&mut self, path: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.fault(path, format!("{value} is not within {least} to {most}"));
        }
    }

    /// Names that must differ, with their paths.
    fn distinct<'n>(&mut self, names: impl IntoIterator<Item = (String, &'n str)>) {
        let mut seen = BTreeSet::new();
        for (path, name) in names {
            if !seen.insert(name) {
                self.fault(&path, format!("{name:?} is there twice"));
            }
        }
    }

    /// `host:port`.
    fn address<'a>(&mut self, path: &str, address: &'a str) -> Option<(&'a str, u16)> {
        let parts = address.rsplit_once(':').and_then(|(host, port)| {
            let whole = !host.is_empty() && !host.contains(char::is_whitespace);
            let bare = host.starts_with('[') == host.contains(':');
            let port = port.parse().ok().filter(|port| *port != 0);
            port.filter(|_| whole && bare).map(|port| (host, port))
        });
        if parts.is_none() {
            self.fault(path, "a host and a port are needed, for example \"192.0.2.10:502\"");
        }
        parts
    }

    fn terminal(&mut self, file: &raw::File) -> Terminal {
        let raw = &file.terminal;
        self.name("terminal.code", &raw.code);
        if let Some(station) = &raw.station {
            self.name("terminal.station", station);
        }
        let socket = raw.socket.clone().unwrap_or_default();
        if socket.as_os_str().len() > LONGEST_SOCKET {
            let message = format!("{} is longer than {LONGEST_SOCKET} bytes", socket.display());
            self.fault("terminal.socket", message);
        }
        self.within("terminal.keep_days", u64::from(raw.keep_days), 7, 3_650);
        self.within("terminal.idle_minutes", u64::from(raw.idle_minutes), 0, 1_440);
        self.within("terminal.forgotten_minutes", u64::from(raw.forgotten_minutes), 0, 1_440);
        let printed = |letter: char| letter.is_ascii_graphic() && !letter.is_ascii_digit();
        if raw.badge_prefix.len() > 4 || !raw.badge_prefix.chars().all(printed) {
            let message = "must have at most 4 characters that are printed, and no digits";
            self.fault("terminal.badge_prefix", message);
        }
        let station = raw.station.as_ref().map(|code| {
            let (organization, site) = (&file.site.organization, &file.site.code);
            StationId(reference_id(organization, site, "ops_stations", code))
        });
        Terminal {
            code: raw.code.clone(),
            station_code: raw.station.clone(),
            station,
            data_dir: raw.data_dir.clone(),
            socket,
            log: raw.log,
            keep_days: raw.keep_days,
            pin_valid_days: raw.pin_valid_days,
            idle_minutes: raw.idle_minutes,
            forgotten_minutes: raw.forgotten_minutes,
            badge_prefix: raw.badge_prefix.clone(),
        }
    }

    fn site(&mut self, raw: &raw::Site) -> Site {
        self.name("site.organization", &raw.organization);
        self.name("site.code", &raw.code);
        Site {
            id: SiteId(reference_id(&raw.organization, &raw.code, "oee_sites", &raw.code)),
            organization: raw.organization.clone(),
            code: raw.code.clone(),
            file: raw.file.clone(),
        }
    }

    fn readings(&mut self, raw: &raw::Readings) -> Option<Readings> {
        self.within("raw.keep_days", u64::from(raw.keep_days), 0, 400);
        self.within("raw.max_mb", raw.max_mb, 16, 1_000_000);
        self.within("raw.min_free_mb", raw.min_free_mb, 16, 10_000_000);
        let raw::Readings { keep_days, max_mb, min_free_mb } = *raw;
        (keep_days > 0).then_some(Readings { keep_days, max_mb, min_free_mb })
    }

    fn headquarters(&mut self, raw: &raw::Headquarters) -> Headquarters {
        if let Some(message) = url_fault(&raw.url) {
            self.fault("headquarters.url", message);
        }
        Headquarters { url: raw.url.trim_end_matches('/').to_owned(), ca_file: raw.ca_file.clone() }
    }

    fn sources(&mut self, file: &raw::File) -> Sources {
        if file.device.len() + file.broker.len() > MOST_SOURCES {
            self.fault("", format!("more than {MOST_SOURCES} devices and brokers"));
        }
        let devices = file.device.iter().map(|device| device.name.as_str()).enumerate();
        let brokers = file.broker.iter().map(|broker| broker.name.as_str()).enumerate();
        let devices = devices.map(|(n, name)| (format!("device[{n}].name"), name));
        self.distinct(devices.chain(brokers.map(|(n, name)| (format!("broker[{n}].name"), name))));
        let mut sources = Sources { devices: BTreeMap::new(), brokers: BTreeMap::new() };
        for (n, raw) in file.device.iter().enumerate() {
            sources.devices.insert(raw.name.clone(), self.device(&format!("device[{n}]"), raw));
        }
        let mut sessions = BTreeSet::new();
        for (n, raw) in file.broker.iter().enumerate() {
            let broker = self.broker(&format!("broker[{n}]"), raw, file);
            if !sessions.insert((broker.host.clone(), broker.port, broker.client_id.clone())) {
                let message = "another entry has this broker and client_id; they would throw each \
                               other out";
                self.fault(&format!("broker[{n}].client_id"), message);
            }
            sources.brokers.insert(raw.name.clone(), broker);
        }
        sources
    }
}

/// Why `url` cannot be headquarters: facts travel encrypted, or do not leave this computer.
fn url_fault(url: &str) -> Option<&'static str> {
    let Ok(uri) = url.parse::<axum::http::Uri>() else { return Some("this is no address") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Some("an address that begins with https:// is needed");
    };
    let host = authority.host().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match scheme {
        _ if authority.as_str().contains('@') => Some("no name or password belongs here"),
        _ if uri.query().is_some() => Some("no query belongs here"),
        "https" => None,
        "http" if here => None,
        "http" => Some("http is only for this computer; https is needed"),
        _ => Some("https is needed"),
    }
}
