use super::*;
use crate::ingest::modbus::plan::Kind;
use kart_core::{id::reference_id, machine::MachineState, rule::Test, signal::Value};
use std::collections::BTreeSet;

const REFERENCE: &str = include_str!("../../../config/terminal.toml");
const EXAMPLE: &str = include_str!("../../../config/line-example.toml");
/// The least that is a configuration with a machine.
const SMALL: &str = r#"[terminal]
code = "T-01"
data_dir = "data"
[site]
organization = "acme"
code = "cedar"
[[device]]
name = "plc"
address = "127.0.0.1:502"
[[broker]]
name = "cell"
address = "localhost:1883"
[[machine]]
code = "EQ-1"
otherwise = "stopped"
[[machine.signal]]
name = "run"
device = "plc"
address = 7
type = "bit"
bit = 0
[[machine.signal]]
name = "good"
broker = "cell"
topic = "a"
[[machine.rule]]
name = "runs"
when = [{ signal = "run", is = true }]
state = "running"
"#;

fn read(text: &str) -> Result<Config, Faults> {
    Config::read("t.toml", text, Path::new("/etc/kart"))
}

fn said(text: &str) -> Vec<String> {
    read(text)
        .err()
        .map(|faults| faults.0.iter().map(Fault::to_string).collect())
        .unwrap_or_default()
}

/// The faults of [`SMALL`] with `from` replaced by `to`.
fn faults_with(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from}");
    said(&SMALL.replacen(from, to, 1))
}

#[test]
fn the_shipped_files_are_valid() {
    let reference = read(REFERENCE).unwrap();
    assert_eq!((reference.devices.len(), reference.brokers.len()), (1, 1));
    assert_eq!(reference.map.machines[0].rules.len(), 2);
    let press = read(EXAMPLE).unwrap();
    assert_eq!(press.devices[0].groups.len(), 2);
    assert_eq!(press.map.machines[0].stale_us, 5_000_000);
}

/// Every key at any depth.
fn keys(value: &toml::Value, into: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            into.extend(table.keys().cloned());
            table.values().for_each(|value| keys(value, into));
        },
        toml::Value::Array(array) => array.iter().for_each(|value| keys(value, into)),
        _ => {},
    }
}

#[test]
fn the_reference_names_every_key() {
    let mut named = BTreeSet::new();
    keys(&toml::from_str(REFERENCE).unwrap(), &mut named);
    let fields = include_str!("raw.rs").lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    pub ")?.split_once(": ")?;
        Some(if line.contains("Option<Kind>") { "type" } else { name })
    });
    let missing: Vec<&str> = fields.filter(|field| !named.contains(*field)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_defaults_are_those_of_the_reference() {
    let given = "unit = 1 |timeout_ms|max_gap|max_registers|\
                 socket|log =|client_id|keep_alive_s|max_packet_bytes|table|word_order|\
                 interval_ms = 1000|format|width|max_per_s|hold_ms = 0|stale_after_ms";
    let given: Vec<&str> = given.split('|').collect();
    let left_out = |line: &&str| given.iter().any(|key| line.starts_with(key));
    assert_eq!(REFERENCE.lines().filter(left_out).count(), given.len());
    let short: Vec<&str> = REFERENCE.lines().filter(|line| !left_out(line)).collect();
    let shown = |text: &str| {
        Config::read("t.toml", text, Path::new("/var/lib/kartd")).unwrap().show().unwrap()
    };
    assert_eq!(shown(&short.join("\n")), shown(REFERENCE));
}

#[test]
fn what_is_shown_is_a_configuration_with_the_same_meaning() {
    for text in [REFERENCE, EXAMPLE, SMALL] {
        let config = read(text).unwrap();
        let again = read(&config.show().unwrap()).unwrap();
        assert_eq!(again.map, config.map);
        assert_eq!((again.devices, again.brokers), (config.devices, config.brokers));
        assert_eq!((again.terminal, again.site), (config.terminal, config.site));
        assert_eq!(again.headquarters, config.headquarters);
    }
}

#[test]
fn a_small_file_becomes_a_map_and_plans() {
    let config = read(SMALL).unwrap();
    let machine = &config.map.machines[0];
    assert_eq!(machine.equipment.0, reference_id("acme", "cedar", "oee_equipment", "EQ-1"));
    assert_eq!(config.terminal.socket, Path::new("/etc/kart/data/kartd.sock"));
    assert_eq!(config.devices[0].groups[0].points[0].kind, Kind::Bit(0));
    assert_eq!(config.brokers[0].client_id, "kartd-T-01");
    assert_eq!(machine.rules[0].when[0].test, Test::Is(Value::Bit(true)));
    assert_eq!(machine.otherwise, MachineState::Stopped);
    assert_eq!(machine.stale_us, 60_000_000);
    let other = read(&SMALL.replace("address = 7", "address = 8")).unwrap();
    assert_eq!(config.map.fingerprint.len(), 12);
    assert_ne!(other.map.fingerprint, config.map.fingerprint);
    let elsewhere = read(&SMALL.replace("127.0.0.1", "127.0.0.2")).unwrap();
    assert_eq!(elsewhere.map, config.map);
}

#[test]
fn each_fault_is_said_at_its_place() {
    const SIGNAL: &str = "machine[0].signal[0]";
    const OTHER: &str = "machine[0].signal[1]";
    const RULE: &str = "machine[0].rule[0]";
    let cases = [
        ("code = \"T-01\"", "code = 3", "t.toml:2: terminal", ".code: invalid type"),
        ("\"T-01\"", "\"T-01\"\nhue = 1", "t.toml:3: terminal", ".hue: unknown field"),
        ("otherwise = \"stopped\"\n", "", "machine[0]", ".otherwise: missing field"),
        ("\"stopped\"", "\"broken\"", "t.toml:15: machine[0]", ".otherwise: unknown variant"),
        ("\"stopped\"", "\"unknown\"", "machine[0]", ".otherwise: \"unknown\" is what"),
        ("127.0.0.1:502", "127.0.0.1", "t.toml:9: device[0]", ".address: a host and a port"),
        ("127.0.0.1:502", "::1:502", "t.toml:9: device[0]", ".address: a host and a port"),
        ("name = \"cell\"", "name = \"plc\"", "t.toml:11: broker[0]", ".name: \"plc\" is there"),
        ("device = \"plc\"", "device = \"plk\"", SIGNAL, ".device: there is no device \"plk\""),
        ("device = \"plc\"\n", "", SIGNAL, ": `device` or `broker` is missing"),
        ("address = 7", "address = 65536", SIGNAL, ".address: invalid value"),
        ("address = 7\n", "", SIGNAL, ".address: missing"),
        (
            "7\ntype = \"bit\"\nbit = 0",
            "65535\ntype = \"u32\"",
            SIGNAL,
            ".address: the value would",
        ),
        ("bit = 0", "bit = 16", "t.toml:21: machine[0].signal[0]", ".bit: 0 to 15"),
        ("bit = 0", "bit = 0\nscale = 2.0", SIGNAL, ".scale: a bit cannot be scaled"),
        ("bit = 0", "bit = 0\ninterval_ms = 49", SIGNAL, ".interval_ms: 49 is not within 50"),
        ("bit = 0", "bit = 0\ntopic = \"x\"", SIGNAL, ".topic: only for a signal of a broker"),
        ("topic = \"a\"", "topic = \"a/#\"", OTHER, ".topic: one exact topic"),
        ("topic = \"a\"", "topic = \"a\"\npointer = \"b\"", OTHER, ".pointer: a JSON pointer"),
        ("name = \"good\"", "name = \"run\"", "t.toml:23: machine[0]", "[1].name: \"run\" is"),
        ("signal = \"run\"", "signal = \"walk\"", RULE, ".when[0].signal: this machine has no"),
        ("is = true", "is = true, not = true", RULE, ".when[0]: one of"),
        ("is = true", "is = \"on\"", RULE, ".when[0].is: a bit is true or false"),
        ("is = true", "is = 1979-05-27", RULE, ".when[0].is: true, false, a number"),
        ("[{ signal = \"run\", is = true }]", "[]", RULE, ".when: a condition is needed"),
        ("state = \"running\"", "state = \"unknown\"", RULE, ".state: \"unknown\" is what"),
    ];
    for (from, to, start, says) in cases {
        let found = faults_with(from, to);
        let hit = found.iter().any(|fault| fault.contains(start) && fault.contains(says));
        assert!(hit, "{to}: {start}{says} not in {found:#?}");
    }
}

#[test]
fn counters_are_whole_and_have_a_rate() {
    let counter = "[[machine.counter]]\nsignal = \"good\"\nkind = \"good\"\n[[machine.rule]]";
    let found = faults_with("[[machine.rule]]", counter);
    assert!(found[0].contains("machine[0].counter[0].max_per_s: missing"), "{found:#?}");
    let rated = counter.replace("kind", "max_per_s = 2\nkind");
    assert!(faults_with("[[machine.rule]]", &rated).is_empty());
    let config = read(&SMALL.replacen("[[machine.rule]]", &rated, 1)).unwrap();
    assert!(config.brokers[0].topics["a"].signals[0].whole);
    for (from, to, says) in [
        ("\"good\"\nmax", "\"run\"\nmax", "is not whole"),
        ("\"good\"\nmax", "\"bad\"\nmax", "no signal \"bad\""),
        ("max_per_s = 2", "max_per_s = 0.0", "above 0"),
        ("max_per_s = 2", "max_per_s = 2\nwidth = 8", "16 or 32"),
    ] {
        let found = faults_with("[[machine.rule]]", &rated.replace(from, to));
        assert!(found.iter().any(|fault| fault.contains(says)), "{to}: {found:#?}");
    }
}

#[test]
fn a_rule_that_never_decides_is_refused() {
    let again = format!(
        "{SMALL}[[machine.rule]]\nname = \"again\"\nstate = \"setup\"\n\
         when = [{{ signal = \"good\", at_least = 1 }}, {{ signal = \"run\", is = true }}]\n"
    );
    let found = said(&again);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("t.toml:30: machine[0].rule[1]: never decides"), "{found:#?}");
}

#[test]
fn facts_leave_this_computer_encrypted_only() {
    let with = |url: &str| said(&format!("{SMALL}[headquarters]\nurl = \"{url}\"\n"));
    for good in [
        "https://hq.example.com/edge/",
        "http://127.0.0.1:8080",
        "http://[::1]:80",
        "http://localhost:1",
    ] {
        assert!(with(good).is_empty(), "{good}: {:#?}", with(good));
    }
    for bad in [
        "http://hq.example.com",
        "ftp://hq.example.com",
        "hq.example.com",
        "",
        "https://me:secret@hq.example.com",
        "http://localhost.example.com",
        "https://hq/?a=b",
    ] {
        assert!(with(bad)[0].contains("headquarters.url"), "{bad}");
    }
}

#[test]
fn semantic_faults_come_together() {
    let text = SMALL
        .replace("127.0.0.1:502", "nowhere")
        .replace("bit = 0", "bit = 99")
        .replace("topic = \"a\"", "topic = \"+\"")
        .replace("state = \"running\"", "state = \"unknown\"");
    assert_eq!(said(&text).len(), 4, "{:#?}", said(&text));
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let faults = Config::load(Path::new("/no/such/file.toml")).unwrap_err();
    assert!(faults.to_string().starts_with("/no/such/file.toml:0: cannot be read"), "{faults}");
}
