use super::*;
use crate::ingest::modbus::plan::Kind;
use kart_core::{
    deadband::Deadband, id::reference_id, machine::MachineState, rule::Test, signal::Value,
};
use std::collections::BTreeSet;

mod devices;

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
    assert_eq!((reference.lines.len(), reference.brokers.len()), (2, 2));
    assert!(reference.warnings.is_empty(), "{:?}", reference.warnings);
    let names = reference.map.machines[0].rules.iter().map(|rule| rule.name.as_str()).take(5);
    let expected = "setting up|producing|waiting for material|packml 4|packml clearing";
    assert_eq!(names.collect::<Vec<_>>().join("|"), expected);
    let press = read(EXAMPLE).unwrap();
    assert_eq!(press.lines[0].devices[0].groups.len(), 2);
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
    let given = "unit = 1 |transport|baud|parity|stop_bits|order_16|order_64|merge|phase_ms|\
                 connect_pause_ms|request_pause_ms|retry_ms|address_base|\
                 order = \"ABCD\"|timeout_ms|max_gap = 8|max_registers|\
                 socket|log =|client_id|keep_alive_s|max_packet_bytes|table = \"holding\"|\
                 interval_ms = 1000|format = \"json\"|wraps_at|width|max_per_s|hold_ms = 0|stale_after_ms";
    let given: Vec<&str> = given.split('|').collect();
    let left_out = |line: &&str| given.iter().any(|key| line.starts_with(key));
    for key in &given {
        assert!(REFERENCE.lines().any(|line| line.starts_with(key)), "{key}");
    }
    let short: Vec<&str> = REFERENCE.lines().filter(|line| !left_out(line)).collect();
    let shown = |text: &str| Config::shown(text, Path::new("/var/lib/kartd")).unwrap();
    assert_eq!(shown(&short.join("\n")), shown(REFERENCE));
}

#[test]
fn what_is_shown_is_a_configuration_with_the_same_meaning() {
    for text in [REFERENCE, EXAMPLE, SMALL] {
        let config = read(text).unwrap();
        let again = read(&Config::shown(text, Path::new("/etc/kart")).unwrap()).unwrap();
        assert_eq!(again.map, config.map);
        assert_eq!((again.lines, again.brokers), (config.lines, config.brokers));
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
    assert_eq!(config.lines[0].devices[0].groups[0].points[0].kind, Kind::Bit(0));
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

const SIGNAL: &str = "machine[0].signal[0]";
const OTHER: &str = "machine[0].signal[1]";
const RULE: &str = "machine[0].rule[0]";

/// What is replaced in [`SMALL`] by what, where a fault is said then, and which.
type Case<'c> = (&'c str, &'c str, &'c str, &'c str);

fn each_said(cases: &[Case<'_>]) {
    for (from, to, start, says) in cases {
        let found = faults_with(from, to);
        let hit = found.iter().any(|fault| fault.contains(start) && fault.contains(says));
        assert!(hit, "{to}: {start}{says} not in {found:#?}");
    }
}

#[test]
fn each_fault_is_said_at_its_place() {
    each_said(&[
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
        ("topic = \"a\"", "topic = \"a\"\npointer = \"b\"", OTHER, ".pointer: a JSON pointer"),
        ("name = \"good\"", "name = \"run\"", "t.toml:23: machine[0]", "[1].name: \"run\" is"),
        ("signal = \"run\"", "signal = \"walk\"", RULE, ".when[0].signal: this machine has no"),
        ("is = true", "is = true, not = true", RULE, ".when[0]: one of"),
        ("is = true", "is = \"on\"", RULE, ".when[0].is: a bit is true or false"),
        ("is = true", "is = 1979-05-27", RULE, ".when[0].is: true, false, a number"),
        ("[{ signal = \"run\", is = true }]", "[]", RULE, ".when: a condition is needed"),
        ("state = \"running\"", "state = \"unknown\"", RULE, ".state: \"unknown\" is what"),
    ]);
}

#[test]
fn faults_of_registers_are_said_at_their_place() {
    each_said(&[
        ("address = 7", "address = 65536", SIGNAL, ".address: 65536 is not within 0 to 65535"),
        ("address = 7", "address = \"20008\"", SIGNAL, ".address: \"20008\" is no address: the"),
        ("address = 7", "address = \"40000\"", SIGNAL, ".address: \"40000\" is no address: these"),
        (
            "address = 7",
            "address = \"30001\"\ntable = \"holding\"",
            SIGNAL,
            ".address: \"30001\" is a",
        ),
        ("address = 7", "address = 7\ntable = \"coil\"", SIGNAL, ".bit: only for"),
        ("bit = 0", "bit = 0\nbits = 3", SIGNAL, ".bits: only for type"),
        (
            "type = \"bit\"\nbit = 0",
            "type = \"u16\"\norder = \"ABCD\"",
            SIGNAL,
            ".order: 2 letters",
        ),
        (
            "type = \"bit\"\nbit = 0",
            "type = \"u16\"\norder = \"AA\"",
            SIGNAL,
            ".order: \"AA\" is no order",
        ),
        ("type = \"bit\"\nbit = 0", "type = \"u8\"", SIGNAL, ".byte: missing"),
        ("type = \"bit\"\nbit = 0", "type = \"text\"", SIGNAL, ".registers: 1 to 32"),
        ("type = \"bit\"", "type = \"bits\"", SIGNAL, ".bits: 1 to 16"),
        (":502\"", ":502\"\naddress_base = 2", "device[0]", ".address_base: 2 is not within"),
        (":502\"", ":502\"\nbaud = 9600", "device[0]", ".baud: only for transport"),
        (":502\"", ":502\"\ntransport = \"serial\"", "device[0]", ".address: a serial port"),
        (
            ":502\"",
            ":502\"\nhole = [{ table = \"holding\", from = 5, to = 7 }]",
            SIGNAL,
            ".address: the value lies in a hole",
        ),
    ]);
}

#[test]
fn faults_of_messages_are_said_at_their_place() {
    each_said(&[
        ("topic = \"a\"", "topic = \"a/#/b\"", OTHER, ".topic: + stands for a whole level"),
        ("topic = \"a\"", "topic = \"a/{line}\"", OTHER, ".topic: only {machine} and {signal}"),
        ("topic = \"a\"", "topic = \"a\"\nkey = \"b\"", OTHER, ".key: only for a topic with"),
        ("topic = \"a\"", "topic = \"a\"\nformat = \"csv\"", OTHER, ".field: 0 is not within"),
        ("topic = \"a\"", "topic = \"a\"\nformat = \"binary\"", OTHER, ".scalar: missing"),
        ("topic = \"a\"", "topic = \"a\"\nseparator = \";\"", OTHER, ".separator: only for format"),
        ("topic = \"a\"", "topic = \"a\"\ntime = \"payload\"", OTHER, ".time: \"payload\" needs"),
        ("topic = \"a\"", "topic = \"a\"\nmetric = \"m\"", OTHER, ".metric: only for a broker"),
        (
            "name = \"cell\"",
            "name = \"cell\"\nkey_file = \"k\"",
            "broker[0]",
            ".cert_file: missing",
        ),
        ("name = \"cell\"", "name = \"cell\"\nhost_id = \"h\"", "broker[0]", ".host_id: only for"),
        (
            "name = \"cell\"",
            "name = \"cell\"\nsparkplug = [{ group = \"g\" }]",
            OTHER,
            ".topic: the broker is one of sparkplug",
        ),
        (
            "name = \"cell\"",
            "name = \"cell\"\npublish = { prefix = \"a/#\" }",
            "broker[0]",
            ".publish.prefix: topic levels",
        ),
    ]);
}

#[test]
fn counters_are_whole_and_have_a_rate() {
    let counter = "[[machine.counter]]\nsignal = \"good\"\nkind = \"good\"\n[[machine.rule]]";
    let found = faults_with("[[machine.rule]]", counter);
    assert!(found[0].contains("machine[0].counter[0].max_per_s: missing"), "{found:#?}");
    let rated = counter.replace("kind", "max_per_s = 2\nkind");
    assert!(faults_with("[[machine.rule]]", &rated).is_empty());
    let config = read(&SMALL.replacen("[[machine.rule]]", &rated, 1)).unwrap();
    assert!(config.brokers[0].subscriptions["a"].topics[&vec![]].signals[0].whole);
    for (from, to, says) in [
        ("\"good\"\nmax", "\"run\"\nmax", "is not whole"),
        ("\"good\"\nmax", "\"bad\"\nmax", "no signal \"bad\""),
        ("max_per_s = 2", "max_per_s = 0.0", "above 0"),
        ("max_per_s = 2", "max_per_s = 2\nwidth = 8", "16 or 32"),
        ("max_per_s = 2", "max_per_s = 2\nwraps_at = 1", "2 to 2^62"),
        ("max_per_s = 2", "max_per_s = 2\nwidth = 16\nwraps_at = 10000", "else than width"),
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
        .replace("topic = \"a\"", "topic = \"a+\"")
        .replace("state = \"running\"", "state = \"unknown\"");
    assert_eq!(said(&text).len(), 4, "{:#?}", said(&text));
}

/// A second device, with a signal of its own.
fn with_another(device: &str) -> String {
    let signal = "[[machine.signal]]\nname = \"more\"\ndevice = \"other\"\naddress = 0\n\
                  type = \"u16\"\n[[machine.rule]]";
    let device = format!("[[device]]\nname = \"other\"\n{device}\n[[broker]]");
    SMALL.replacen("[[broker]]", &device, 1).replacen("[[machine.rule]]", signal, 1)
}

#[test]
fn devices_of_one_address_share_a_line() {
    let config = read(&with_another("address = \"127.0.0.1:502\"\nunit = 2")).unwrap();
    assert_eq!((config.lines.len(), config.lines[0].devices.len()), (1, 2));
    let same = said(&with_another("address = \"127.0.0.1:502\""));
    assert!(same[0].contains("device[0].unit: device \"other\" is this unit"), "{same:#?}");
    let otherwise = "address = \"127.0.0.1:502\"\nunit = 2\nrequest_pause_ms = 5";
    let otherwise = said(&with_another(otherwise));
    assert!(otherwise[0].contains(".address: another device has this address"), "{otherwise:#?}");
    let apart = read(&with_another("address = \"127.0.0.1:503\"")).unwrap();
    assert_eq!(apart.lines.len(), 2);
}

#[test]
fn what_cannot_be_read_in_time_is_refused() {
    let slow = "address = \"/dev/ttyS0\"\nbaud = 300";
    assert!(read(&with_another(slow)).is_ok(), "{:#?}", said(&with_another(slow)));
    let often = with_another(slow).replace("type = \"u16\"", "type = \"u16\"\ninterval_ms = 100");
    let found = said(&often);
    assert!(found[0].contains("device[1]: this cannot be read in time: /dev/ttyS0"), "{found:#?}");
}

#[test]
fn an_address_may_be_written_as_manuals_have_it() {
    let of = |address: &str, more: &str| {
        let text = SMALL.replace("address = 7", &format!("address = {address}"));
        let config = read(&text.replace(":502\"", &format!(":502\"\n{more}"))).unwrap();
        let point = Arc::clone(&config.lines[0].devices[0].groups[0].points[0]);
        (point.table, point.address)
    };
    use crate::ingest::modbus::plan::Table::{Holding, Input};
    assert_eq!(of("7", ""), (Holding, 7));
    assert_eq!(of("8", "address_base = 1"), (Holding, 7));
    assert_eq!(of("\"40008\"", "address_base = 1"), (Holding, 7));
    assert_eq!(of("\"300008\"", ""), (Input, 7));
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let faults = Config::load(Path::new("/no/such/file.toml")).unwrap_err();
    assert!(faults.to_string().starts_with("/no/such/file.toml:0: cannot be read"), "{faults}");
}

#[test]
fn habits_and_states_become_part_of_the_map() {
    let config = read(REFERENCE).unwrap();
    let machine = &config.map.machines[0];
    let habits = &machine.habits;
    assert_eq!((habits.cycle_us, habits.minimum_stop_us), (2_000_000, 6_000_000));
    assert_eq!(habits.heartbeat, Some(("life".to_owned(), 10_000_000)));
    let deadband = Deadband { absolute: 0.5, percent: 1.0, restate_us: 60_000_000 };
    assert_eq!(habits.deadbands, [("temperature".to_owned(), deadband)].into());
    let fault = habits.fault.as_ref().unwrap();
    assert_eq!(fault.of(&Value::Whole(20)), Some("JAM"));
    let rule = |name: &str| machine.rules.iter().find(|rule| rule.name == name).unwrap();
    let tests: Vec<&Test> = rule("producing").when.iter().map(|when| &when.test).collect();
    assert_eq!(tests[4], &Test::Rose(6_000_000));
    assert_eq!(rule("producing").when[5].off_us, 1_000_000);
    assert_eq!(rule("packml 4").state, MachineState::PlannedStop);
    assert_eq!(rule("packml execute").state, MachineState::Running);
    let words = vec![Value::Word("setup".into()), Value::Word("teach".into())];
    assert_eq!(rule("setting up").when[0].test, Test::OneOf(words));
}

#[test]
fn habits_that_make_no_sense_are_refused() {
    let cases = [
        ("micro_stop_s = 60.0", "micro_stop_s = 5.0", "must be more than minimum_stop_s"),
        ("minimum_stop_s = 6.0", "minimum_stop_s = 0", "more than 0"),
        ("signal = \"life\"", "signal = \"pulse\"", "no signal \"pulse\""),
        ("rose_within_cycles = 3.0", "rose_within_cycles = 0.5", "less than one ideal cycle"),
        ("\"good\", rose_within_s", "\"fault\", rose_within_s", "\"fault\" is no counter"),
        ("at_least = 20 }", "at_least = 20, is = 3 }", "one of `is`"),
        ("not = \"paused\" }", "not = \"paused\", hysteresis = 1.0 }", "only with `at_least`"),
        ("20 = \"JAM\"", "20 = \"\"", "reasons.20"),
        ("changes_per_minute = 30", "changes_per_minute = 1", "2 to 6000"),
        ("deadband = 0.5", "deadband = -0.5", "above 0"),
        ("signal = \"good\"    ", "signal = \"temperature\" ", "every part counts"),
    ];
    for (from, to, message) in cases {
        assert!(REFERENCE.contains(from), "{from}");
        let said = said(&REFERENCE.replacen(from, to, 1));
        assert!(said.iter().any(|fault| fault.contains(message)), "{to}: {said:?}");
    }
}
