//! A configuration with faults: all of them are said, each with its place, and nothing is started.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kart_tests::child::Child;
use kart_tests::programs::program;

const LIMIT: Duration = Duration::from_secs(20);

/// In order; the faults are put into it.
const CONFIGURATION: &str = r#"[terminal]
code = "T-07"
data_dir = "data"

[site]
organization = "cedar-works"
code = "cedar"

[headquarters]
url = "http://127.0.0.1:7400"

[[device]]
name = "plc"
address = "127.0.0.1:5020"

[[broker]]
name = "hall"
address = "127.0.0.1:1883"

[[machine]]
code = "EQ-211"
otherwise = "stopped"
stale_after_ms = 60_000
signal = [
    { name = "running", device = "plc", address = 100, type = "bit", bit = 3 },
    { name = "good", broker = "hall", topic = "plant/EQ-211/good" },
]
counter = [{ signal = "good", kind = "good", max_per_s = 12.0 }]
rule = [{ name = "running", when = [{ signal = "running", is = true }], state = "running" }]
"#;

/// What is put in the place of what, and what is then said of which key.
const FAULTS: [(&str, &str, &str); 6] = [
    ("\"T-07\"", "\"T 07\\u0007\"", "terminal.code"),
    ("http://127.0.0.1:7400", "http://192.0.2.1:7400", "headquarters.url"),
    ("\"127.0.0.1:1883\"", "\"127.0.0.1\"", "broker[0].address"),
    ("60_000", "0", "machine[0].stale_after_ms"),
    ("bit = 3", "bit = 16", "machine[0].signal[0].bit"),
    ("signal = \"good\"", "signal = \"goods\"", "machine[0].counter[0].signal"),
];

pub(super) fn kartd(action: &str, config: &Path) -> Command {
    let mut command = Command::new(program("kartd").unwrap());
    command.arg(action).arg("--config").arg(config);
    command
}

#[tokio::test]
async fn a_faulty_configuration_is_refused_with_every_fault_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("terminal.toml");
    let mut text = CONFIGURATION.to_owned();
    std::fs::write(&config, &text).unwrap();
    let mut check = Child::spawn(&mut kartd("check", &config)).unwrap();
    assert!(check.end(LIMIT).await.unwrap().success(), "{}", check.stderr());

    let mut expected = Vec::new();
    for (right, wrong, key) in FAULTS {
        assert!(text.contains(right), "{right}");
        let line = text.split(right).next().unwrap().matches('\n').count() + 1;
        text = text.replacen(right, wrong, 1);
        expected.push(format!("{}:{line}: {key}", config.display()));
    }
    std::fs::write(&config, &text).unwrap();
    for action in ["check", "run", "show-config"] {
        let mut kartd = Child::spawn(&mut kartd(action, &config)).unwrap();
        assert_eq!(kartd.end(LIMIT).await.unwrap().code(), Some(2), "{action}");
        let said = kartd.stderr();
        for place in &expected {
            assert!(said.contains(place), "{action}: {place}\n{said}");
        }
        assert!(!data.exists(), "{action}: nothing was begun");
    }

    // What cannot be read hides the rest: no TOML, an unknown key, a wrong type, nothing where something is needed.
    for (wrong, place) in [
        ("[terminal\n", ":1"),
        ("[terminal]\nhue = 1\n", ":2: terminal.hue"),
        ("[terminal]\ncode = 7\n", ":2: terminal.code"),
        ("[terminal]\ncode = 'T-07'\n", "data_dir"),
    ] {
        std::fs::write(&config, wrong).unwrap();
        let mut kartd = Child::spawn(&mut kartd("run", &config)).unwrap();
        assert_eq!(kartd.end(LIMIT).await.unwrap().code(), Some(2), "{wrong}");
        assert!(kartd.stderr().contains(place), "{}", kartd.stderr());
    }
    assert!(!data.exists());
}
