//! What another configuration would change, and whether it can be put in force while the daemon
//! runs. Pure.

use kart_api::commissioning::{MapChange, PollLine};
use kart_core::{
    document::Fault,
    engine::remap::{Moves, Place},
    id::EquipmentId,
};
use std::collections::{BTreeMap, BTreeSet};

use super::{Config, as_read::AsRead, raw};
use crate::ingest::modbus::{plan::DevicePlan, verdict::Verdict};

/// From one configuration to another.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What the engine must know.
    pub moves: Moves,
    /// Lines and brokers that go on as they are, by name.
    pub kept: BTreeSet<String>,
    /// The same for people.
    pub said: MapChange,
}

/// How a signal is read, as a digest: two that are equal give the same values.
pub type Reading = String;

/// The same, as it is kept.
pub(super) type Digest = [u8; 8];

impl Change {
    /// What `new` changes, where [`Config::beside`] has let it pass.
    pub fn between(old: &Config, new: &Config) -> Self {
        let (before, after) = (signals(old), signals(new));
        let names = names(old).into_iter().chain(names(new)).collect::<BTreeMap<_, _>>();
        let name = |place: &Place| {
            let machine = names.get(&place.0).map(String::as_str).unwrap_or_default();
            format!("{machine} {}", place.1)
        };
        let moves = AsRead::of(old).moves(&AsRead::of(new));
        let Moves { signals, counters } = &moves;
        let (had, has) = (sources(old), sources(new));
        let kept: BTreeSet<String> = has
            .iter()
            .filter(|(name, of)| had.get(*name) == Some(*of))
            .map(|(n, _)| n.clone())
            .collect();
        let of = |places: &mut dyn Iterator<Item = &Place>| places.map(name).collect::<Vec<_>>();
        let codes = |config: &Config| config.machine_codes.iter().cloned().collect::<BTreeSet<_>>();
        let said = MapChange {
            from: old.map.fingerprint.clone(),
            to: new.map.fingerprint.clone(),
            machines_added: codes(new).difference(&codes(old)).cloned().collect(),
            machines_removed: codes(old).difference(&codes(new)).cloned().collect(),
            rules: rules(old, new),
            signals_added: of(&mut signals.iter().filter(|place| !before.contains_key(*place))),
            signals_moved: of(&mut signals.iter().filter(|place| before.contains_key(*place))),
            signals_removed: of(&mut before.keys().filter(|place| !after.contains_key(*place))),
            counters: of(&mut counters.iter()),
            started: has.keys().filter(|name| !kept.contains(*name)).cloned().collect(),
            stopped: had.keys().filter(|name| !has.contains_key(*name)).cloned().collect(),
            kept: kept.iter().cloned().collect(),
            plan: plan(new),
            warnings: new.warnings.iter().map(ToString::to_string).collect(),
        };
        Self { moves, kept, said }
    }
}

/// What each line of `config` is asked for.
pub fn plan(config: &Config) -> Vec<PollLine> {
    config.lines.iter().map(|line| Verdict::of(line).into()).collect()
}

/// The name under which a line runs.
pub fn line_name(address: &impl std::fmt::Display) -> String {
    format!("modbus {address}")
}

/// The name under which a broker is listened to.
pub fn broker_name(name: &str) -> String {
    format!("mqtt {name}")
}

/// Sections that other tasks were started with.
pub(super) fn fixed(old: &Config, new: &Config) -> Vec<Fault> {
    let sections = [
        ("terminal", old.terminal == new.terminal),
        ("site", old.site == new.site),
        ("raw", old.readings == new.readings),
        ("headquarters", old.headquarters == new.headquarters),
    ];
    let changed = sections.iter().filter(|(_, same)| !same);
    let message = "differs from what is in force; only a restart of kartd can change this";
    changed
        .map(|(section, _)| Fault {
            file: String::new(),
            line: 0,
            path: (*section).to_owned(),
            message: message.to_owned(),
        })
        .collect()
}

fn names(config: &Config) -> Vec<(EquipmentId, String)> {
    let ids = config.map.machines.iter().map(|machine| machine.equipment);
    ids.zip(config.machine_codes.iter().cloned()).collect()
}

/// How each signal is read, by machine and name.
pub fn signals(config: &Config) -> BTreeMap<Place, Reading> {
    let all = config.map.machines.iter().zip(&config.reads).flat_map(|(machine, reads)| {
        let named = machine.signals.iter().zip(reads);
        named.map(|((name, _), read)| ((machine.equipment, name.clone()), digits(read)))
    });
    all.collect()
}

fn digits(digest: &Digest) -> Reading {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of what was once kept as it is: how a signal is read, as one line of JSON.
pub fn digest_of(line: &str) -> Reading {
    digits(&digest(serde_json::from_str(line).unwrap_or_default()))
}

/// A key that says nothing is left out: one that a later version knows changes no digest.
fn digest(read: serde_json::Value) -> Digest {
    let line = serde_json::to_vec(&without_nulls(read)).unwrap_or_default();
    let mut first = Digest::default();
    let whole = ring::digest::digest(&ring::digest::SHA256, &line);
    first.iter_mut().zip(whole.as_ref()).for_each(|(kept, byte)| *kept = *byte);
    first
}

fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value::{Array, Object};
    match value {
        Object(keys) => {
            let said = keys.into_iter().filter(|(_, value)| !value.is_null());
            Object(said.map(|(key, value)| (key, without_nulls(value))).collect())
        },
        Array(values) => Array(values.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// How the signals of each machine are read. How often, which small changes are passed over and in which unit it is
/// shown make no other value.
pub(super) fn reads(file: &raw::File) -> Box<[Box<[Digest]>]> {
    let read = |signal: &raw::Signal| {
        let device = file.device.iter().find(|device| Some(&device.name) == signal.device.as_ref());
        let broker = file.broker.iter().find(|broker| Some(&broker.name) == signal.broker.as_ref());
        let source = (
            device.map(|device| (&device.address, device.unit, device.address_base)),
            broker.map(|broker| &broker.address),
        );
        let (name, unit) = (String::new(), String::new());
        let (interval_ms, phase_ms) = (None, None);
        let (deadband, deadband_percent, restate_s) = (None, None, None);
        let read = raw::Signal {
            name,
            unit,
            interval_ms,
            phase_ms,
            deadband,
            deadband_percent,
            restate_s,
            ..signal.clone()
        };
        digest(serde_json::to_value((source, read)).unwrap_or_default())
    };
    file.machine.iter().map(|machine| machine.signal.iter().map(read).collect()).collect()
}

/// Machines of both whose decisions may be others.
fn rules(old: &Config, new: &Config) -> Vec<String> {
    let before: BTreeMap<_, _> = old.map.machines.iter().map(|m| (m.equipment, m)).collect();
    let codes = new.map.machines.iter().zip(&new.machine_codes);
    codes
        .filter(|(machine, _)| {
            before.get(&machine.equipment).is_some_and(|before| {
                (&before.rules, before.otherwise, &before.habits, before.stale_us)
                    != (&machine.rules, machine.otherwise, &machine.habits, machine.stale_us)
            })
        })
        .map(|(_, code)| code.clone())
        .collect()
}

/// Lines and brokers, each with all that makes it what it is. A source names machines by their
/// place, so the same place must mean the same machine.
fn sources(config: &Config) -> BTreeMap<String, String> {
    let codes = |machines: &[usize]| {
        let of = machines.iter().map(|index| config.machine_codes.get(*index).cloned());
        of.collect::<Vec<_>>()
    };
    let lines = config.lines.iter().map(|line| {
        let machines: Vec<usize> = line.devices.iter().flat_map(DevicePlan::machines).collect();
        (line_name(&line.address), format!("{line:?} {:?}", codes(&machines)))
    });
    let brokers = config.brokers.iter().map(|broker| {
        (broker_name(&broker.name), format!("{broker:?} {:?}", codes(&broker.machines())))
    });
    lines.chain(brokers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const FILE: &str = r#"[terminal]
code = "T-01"
data_dir = "data"
[site]
organization = "acme"
code = "cedar"
[[device]]
name = "plc"
address = "127.0.0.1:502"
[[device]]
name = "other"
address = "127.0.0.2:502"
[[machine]]
code = "EQ-1"
otherwise = "stopped"
ideal_cycle_s = 1.0
signal = [
    { name = "run", device = "plc", address = 7, type = "bit", bit = 0 },
    { name = "good", device = "plc", address = 8, type = "u16" },
]
counter = [{ signal = "good", kind = "good" }]
rule = [{ name = "runs", when = [{ signal = "run", is = true }], state = "running" }]
[[machine]]
code = "EQ-2"
otherwise = "stopped"
signal = [{ name = "run", device = "other", address = 7, type = "bit", bit = 0 }]
rule = [{ name = "runs", when = [{ signal = "run", is = true }], state = "running" }]
"#;

    fn read(text: &str) -> Config {
        Config::read("t.toml", text, Path::new("/etc/kart")).unwrap()
    }

    /// What changes when each of these is put in the place of the other.
    fn said(replaced: &[(&str, &str)]) -> MapChange {
        let mut text = FILE.to_owned();
        for (from, to) in replaced {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        Change::between(&read(FILE), &read(&text)).said
    }

    #[test]
    fn how_often_a_signal_is_read_moves_nothing_and_where_it_is_read_does() {
        let rhythm =
            said(&[("type = \"u16\"", "type = \"u16\", interval_ms = 500, unit = \"parts\"")]);
        assert_eq!((rhythm.signals_moved, rhythm.counters), (vec![], vec![]));
        assert_eq!(
            (&*rhythm.started, &*rhythm.kept),
            (&["modbus 127.0.0.1:502".to_owned()][..], &["modbus 127.0.0.2:502".to_owned()][..],)
        );
        let good = vec!["EQ-1 good".to_owned()];
        for (from, to) in [
            ("address = 8", "address = 9"),
            ("type = \"u16\"", "type = \"u16\", order = \"BA\""),
            ("device = \"plc\", address = 8", "device = \"other\", address = 8"),
        ] {
            let moved = said(&[(from, to)]);
            assert_eq!((&moved.signals_moved, &moved.counters), (&good, &good), "{to}");
        }
        let width = said(&[("kind = \"good\"", "kind = \"good\", width = 0")]);
        assert_eq!((width.signals_moved, width.counters), (vec![], good));
        let unit = said(&[("name = \"plc\"", "name = \"plc\"\nunit = 2")]);
        assert_eq!(unit.signals_moved, ["EQ-1 good", "EQ-1 run"]);
    }

    #[test]
    fn small_changes_that_are_passed_over_move_no_signal() {
        let with = |band: &str| {
            let heat = "{ name = \"heat\", device = \"plc\", address = 9, type = \"u16\"";
            let text = FILE.replacen("signal = [\n", &format!("signal = [\n{heat}{band} }},\n"), 1);
            assert_ne!(text, FILE);
            read(&text)
        };
        for band in [", deadband = 2.0, restate_s = 60.0", ", deadband_percent = 1.0"] {
            let said = Change::between(&with(""), &with(band)).said;
            assert_eq!((said.signals_moved, said.signals_added), (vec![], vec![]), "{band}");
            assert_eq!((said.rules, said.started), (vec!["EQ-1".to_owned()], vec![]), "{band}");
        }
    }

    #[test]
    fn rules_and_machines_are_named() {
        let other = said(&[("otherwise = \"stopped\"", "otherwise = \"setup\"")]);
        assert_eq!((other.rules, other.started), (vec!["EQ-1".to_owned()], vec![]));
        let gone = said(&[("code = \"EQ-2\"", "code = \"EQ-3\"")]);
        assert_eq!(
            (&*gone.machines_removed, &*gone.machines_added),
            (&["EQ-2".to_owned()][..], &["EQ-3".to_owned()][..])
        );
        // The place in the file is the same, the machine is not.
        assert_eq!(gone.started, ["modbus 127.0.0.2:502"]);
        assert_ne!(gone.from, gone.to);
    }

    #[test]
    fn what_only_a_restart_can_change_is_refused() {
        let text = FILE.replace("T-01", "T-02").replace("acme", "other");
        let faults = fixed(&read(FILE), &read(&text));
        let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["terminal", "site"]);
    }
}
