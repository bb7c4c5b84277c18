use super::*;
use serde::Deserialize;

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Plant {
    name: String,
    #[serde(default)]
    machine: Vec<Machine>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Machine {
    code: String,
    rate: f64,
    #[serde(default)]
    signal: Vec<Signal>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Signal {
    register: u16,
}

fn faults(text: &str) -> Vec<String> {
    let document = Document::read("plant.toml", text).unwrap();
    document.parse::<Plant>().unwrap_err().0.iter().map(Fault::to_string).collect()
}

#[test]
fn all_faults_come_together_with_line_and_path() {
    let text = "name = 3\ncolour = 'red'\n[[machine]]\ncode = 'a'\nrate = 'fast'\n\
                [[machine]]\ncode = 'b'\nrate = 1.5\n[[machine.signal]]\nregister = -1\n\
                [[machine]]\nrate = 2.0\n";
    let found = faults(text);
    let expect = [
        ("plant.toml:1: name: ", "invalid type"),
        ("plant.toml:2: colour: ", "unknown field"),
        ("plant.toml:5: machine[0].rate: ", "invalid type"),
        ("plant.toml:10: machine[1].signal[0].register: ", "invalid value"),
        ("plant.toml:11: machine[2].code: ", "missing field"),
    ];
    assert_eq!(found.len(), expect.len(), "{found:#?}");
    for (start, says) in expect {
        let hit = found.iter().any(|fault| fault.starts_with(start) && fault.contains(says));
        assert!(hit, "{start}{says} not in {found:#?}");
    }
}

#[test]
fn syntax_faults_come_together() {
    let faults = Document::read("x.toml", "a = \nb = ]\n").err().unwrap().0;
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [1, 2], "{faults:#?}");
}

#[test]
fn a_later_check_finds_its_line() {
    let text = "name = 'x'\n\n[[machine]]\ncode = 'a'\nrate = 1.0\n";
    let document = Document::read("x.toml", text).unwrap();
    assert_eq!(
        document.fault("machine[0].code", "twice").to_string(),
        "x.toml:4: machine[0].code: twice"
    );
}
