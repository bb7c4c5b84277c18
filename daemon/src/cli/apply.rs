//! `kartd apply`: another map for the daemon that runs.

use kart_api::{
    Client,
    commissioning::{MapAnswer, MapChange, MapRequest},
};
use std::{fmt::Write as _, path::PathBuf};

use crate::config::Config;

#[derive(clap::Args)]
pub(super) struct NewMap {
    /// The configuration file with the new map; sections other than devices, brokers and machines
    /// must be as they are.
    #[arg(long)]
    map: PathBuf,
    /// Only say what it would change.
    #[arg(long)]
    preview: bool,
}

/// Whether the map was taken, after saying what became of it.
pub(super) fn run(asked: &NewMap, config: &Config) -> anyhow::Result<bool> {
    let name = asked.map.display().to_string();
    let text = std::fs::read_to_string(&asked.map)
        .map_err(|error| anyhow::anyhow!("{name}: cannot be read: {error}"))?;
    let who = (!asked.preview).then(person);
    let client = Client::new(&config.terminal.socket)?;
    let request = MapRequest { text, name, who };
    let answer = super::runtime(1)?.block_on(client.map(&request))?;
    match answer {
        MapAnswer::Refused(faults) => {
            let faults: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
            super::say(&format!("{faults}refused; nothing has changed\n"))?;
            Ok(false)
        },
        MapAnswer::Preview(change) => super::say(&told(&change)).map(|()| true),
        MapAnswer::Applied(change) => {
            let text = told(&change);
            super::say(&format!("{text}in force: map {}\n", change.to)).map(|()| true)
        },
    }
}

/// Who is at the keyboard, as far as the environment says. The daemon adds what the kernel says.
fn person() -> String {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    set("SUDO_USER").or_else(|| set("LOGNAME")).or_else(|| set("USER")).unwrap_or_default()
}

fn told(change: &MapChange) -> String {
    let mut text = format!("map {} to {}\n", change.from, change.to);
    let parts = [
        ("new machines", &change.machines_added),
        ("machines no longer watched", &change.machines_removed),
        ("other rules", &change.rules),
        ("new signals", &change.signals_added),
        ("signals read elsewhere", &change.signals_moved),
        ("signals gone", &change.signals_removed),
        ("counters that begin anew", &change.counters),
        ("begin anew", &change.started),
        ("go on as they are", &change.kept),
        ("end", &change.stopped),
    ];
    for (what, names) in parts.iter().filter(|(_, names)| !names.is_empty()) {
        // Writing to a text cannot fail.
        writeln!(text, "  {what}: {}", names.join(", ")).unwrap_or_default();
    }
    for warning in &change.warnings {
        writeln!(text, "  warning: {warning}").unwrap_or_default();
    }
    for line in &change.plan {
        let requests: usize = line.groups.iter().map(|group| group.requests.len()).sum();
        let (name, share) = (&line.line, line.expected_use * 100.0);
        let line = format!("  {name}: {requests} requests, in use {share:.1} % of the time");
        writeln!(text, "{line}").unwrap_or_default();
    }
    text
}
