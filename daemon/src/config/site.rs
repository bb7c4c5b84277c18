//! The site file, and whether it and the configuration speak of the same place.

use kart_core::{
    document::{Document, Fault, Faults},
    reference::Reference,
    site,
};

use super::Config;

/// Reads the site file that `config` names and compares the two; `config` was read from
/// `document`.
pub(super) fn load(document: &Document<'_>, config: &Config) -> Result<Option<Reference>, Faults> {
    let Some(path) = &config.site.file else {
        if config.headquarters.is_some() {
            return Ok(None);
        }
        let message = "without [headquarters] a site file is needed: file = \"site.toml\"";
        return Err(Faults(vec![document.fault("site", message)]));
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Faults(vec![document.fault("site.file", message)])
    })?;
    let reference = site::parse(&path.display().to_string(), &text)?;
    let faults = differences(document, config, &reference);
    if faults.is_empty() { Ok(Some(reference)) } else { Err(faults.into()) }
}

fn differences(document: &Document<'_>, config: &Config, reference: &Reference) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut compare = |path: &str, what: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            let message = format!("the site file is for {what} {theirs:?}");
            faults.push(document.fault(path, message));
        }
    };
    compare(
        "site.organization",
        "the organization",
        &config.site.organization,
        &reference.organization,
    );
    compare("site.code", "the site", &config.site.code, &reference.site.code);
    if !faults.is_empty() {
        // Keys are made of these two: nothing else could match.
        return faults;
    }
    let station = config.terminal.station;
    if station.is_some_and(|station| reference.station(station).is_none()) {
        faults.push(document.fault("terminal.station", "the site file has no such station"));
    }
    for (n, machine) in config.map.machines.iter().enumerate() {
        if reference.machine(machine.equipment).is_none() {
            let path = format!("machine[{n}].code");
            faults.push(document.fault(&path, "the site file has no such machine"));
        }
    }
    faults
}
