//! A configuration with faults: all of them are said, each with its place, and nothing is started.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kart_tests::child::Child;
use kart_tests::programs::{program, repository};

const LIMIT: Duration = Duration::from_secs(20);

/// What is put in the place of what, and what is then said of which key.
const FAULTS: [(&str, &str, &str); 6] = [
    ("code = \"T-07\"", "code = \"T 07\\u0007\"", "terminal.code"),
    ("http://127.0.0.1:7400", "http://192.0.2.1:7400", "headquarters.url"),
    ("bit = 3", "bit = 16", "machine[0].signal[3].bit"),
    (
        "signal = \"scrap\", kind = \"scrap\", width = 16",
        "signal = \"scarp\", kind = \"scrap\", width = 16",
        "machine[0].counter[1].signal",
    ),
    ("address = \"127.0.0.1:1883\"", "address = \"127.0.0.1\"", "broker[0].address"),
    ("stale_after_ms = 600_000", "stale_after_ms = 0", "machine[2].stale_after_ms"),
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
    let text = std::fs::read_to_string(repository().join("config/demo/terminal.toml")).unwrap();
    let mut text = text.replace("/var/lib/kartd", data.to_str().unwrap());
    std::fs::write(&config, &text).unwrap();
    let mut check = Child::spawn(&mut kartd("check", &config)).unwrap();
    assert!(check.end(LIMIT).await.unwrap().success(), "{}", check.stderr());

    let mut expected = Vec::new();
    for (right, wrong, key) in FAULTS {
        assert!(text.contains(right), "{right}");
        text = text.replacen(right, wrong, 1);
        let line = text.split(wrong).next().unwrap().matches('\n').count() + 1;
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
