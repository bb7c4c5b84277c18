//! The two files that people write: the terminal's configuration and the site file.

use std::path::Path;

use kart_core::document::Faults;
use kart_core::site;
use kartd::config::Config;

use crate::Target;

const TERMINAL: &str = include_str!("../../../config/line-example.toml");

/// A machine with nearly every key of a machine.
const MACHINE: &str = r#"[terminal]
code = "T-01"
data_dir = "data"
[site]
organization = "acme"
code = "cedar"
[[device]]
name = "plc"
address = "/dev/ttyUSB0"
baud = 9600
hole = [{ table = "holding", from = 3, to = 4 }]
[[broker]]
name = "cell"
address = "localhost:1883"
sparkplug = [{ group = "hall", rebirth = true }]
[[machine]]
code = "EQ-1"
otherwise = "stopped"
ideal_cycle_s = 2.5
heartbeat = { signal = "beat", within_ms = 5000 }
fault = { signal = "why", reasons = { 7 = "JAM" } }
status = { signal = "word", packml = true }
signal = [
  { name = "beat", device = "plc", address = "40001", type = "u16", byte = "high" },
  { name = "why", device = "plc", address = 2, type = "bits", bit = 3, bits = 4 },
  { name = "word", broker = "cell", topic = "hall/{machine}/+", format = "json", pointer = "/a" },
  { name = "good", broker = "cell", edge = "hall/press", metric = "Counters/Good" },
  { name = "heat", device = "plc", address = 9, type = "f32", order = "CDAB", scale = 0.1, deadband = 2.0 },
]
counter = [{ signal = "good", kind = "good", width = 32, max_per_s = 3.0 }]
rule = [{ name = "hot", when = [{ signal = "heat", at_least = 5.0, hysteresis = 1.0 }], state = "running", hold_ms = 5 }]
"#;

const SITE: &str = include_str!("../../../config/demo/site.toml");

const SHIFTS: &str = "[site]
organization = 'acme'
code = 'cedar'
name = 'Cedar'
time_zone = 'Europe/Berlin'
[[shift]]
code = 'N'
name = 'Night'
start = '18:00'
end = '06:00:00'
break = [{ start = '23:30', end = '00:15' }]
[[shift_pattern]]
from = '2026-01-05'
weeks = [['N', 'N', '', '', '', '', '']]
[[shift_exception]]
name = 'a'
from = '2026-02-01'
extra = ['N']
";

pub(crate) fn terminal() -> Target {
    let corpus = [MACHINE, TERMINAL].map(|text| text.as_bytes().to_vec()).to_vec();
    Target { name: "config", corpus, short: 1_500, take: read }
}

pub(crate) fn site() -> Target {
    let corpus = [SHIFTS, SITE].map(|text| text.as_bytes().to_vec()).to_vec();
    Target { name: "site", corpus, short: 1_500, take: place }
}

/// Either every fault has its line, or what is shown of it is a configuration with the same meaning.
fn read(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let folder = Path::new("/etc/kart");
    let config = match Config::read("t.toml", text, folder) {
        Ok(config) => config,
        Err(faults) => return told(text, &faults),
    };
    let shown = Config::shown(text, folder);
    assert!(shown.is_ok(), "{shown:?}");
    let shown = shown.unwrap_or_default();
    let again = Config::read("shown.toml", &shown, folder);
    assert!(again.is_ok(), "{}\n{shown}", again.err().map(|e| e.to_string()).unwrap_or_default());
    let Ok(again) = again else { return };
    assert_eq!((&again.map, &again.lines), (&config.map, &config.lines));
    assert_eq!((&again.terminal, &again.site), (&config.terminal, &config.site));
}

/// The same of the site file: what is printed means the same.
fn place(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let reference = match site::parse("site.toml", text) {
        Ok(reference) => reference,
        Err(faults) => return told(text, &faults),
    };
    let printed = site::print(&reference);
    assert!(printed.is_ok(), "{}", printed.err().map(|e| e.to_string()).unwrap_or_default());
    let Ok(printed) = printed else { return };
    let again = site::parse("printed.toml", &printed);
    assert!(again.as_ref() == Ok(&reference), "{printed}\n{again:?}\n{reference:?}");
}

fn told(text: &str, faults: &Faults) {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    assert!(!faults.0.is_empty());
    for fault in &faults.0 {
        assert!((1..=lines).contains(&fault.line) && !fault.message.is_empty(), "{fault:?}");
    }
}
