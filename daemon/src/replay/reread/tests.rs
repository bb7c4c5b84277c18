//! What a corrected map finds in what another one had read.

use super::*;
use kart_core::time::{Micros, Stamp};
use std::path::Path;

const HEAD: &str = r#"
[terminal]
code = "T-01"
data_dir = "data"
[site]
organization = "acme"
code = "cedar"
[[device]]
name = "plc"
address = "127.0.0.1:502"
[[broker]]
name = "hall"
address = "127.0.0.1:1883"
[[machine]]
code = "EQ-1"
otherwise = "stopped"
ideal_cycle_s = 1.0
rule = [{ name = "runs", when = [{ signal = "run", is = true }], state = "running" }]
"#;

/// What the rule needs and no test looks at.
const RUN: &str = r#"{ name = "run", device = "plc", address = 500, type = "bit", bit = 0 }"#;

fn config(signals: &str) -> Config {
    let text = format!("{HEAD}signal = [{RUN}, {signals}]\n");
    Config::read("t.toml", &text, Path::new("/etc/kart")).unwrap()
}

fn heard(quality: Quality) -> Heard {
    let at = Stamp { wall_us: Micros(5_000_000), mono_us: 1_000 };
    Heard { signal: 0, at, said: None, quality, again: false, kept: None }
}

fn asked(start: u16, count: u16) -> Registers {
    let place = "127.0.0.1:502".to_owned();
    Registers { place, unit: 1, table: Table::Holding, start, count }
}

/// What `signals` find in these registers from 100 on, which were asked for together.
fn found(signals: &str, words: &[u16]) -> Vec<(String, Result<Value, String>)> {
    let config = config(signals);
    let mut reread = Reread::new(&config);
    let of = asked(100, u16::try_from(words.len()).unwrap());
    let source = Source::Bytes(BlockOf::Registers(of.clone()).text().to_string());
    let uses = reread.uses(&[source], &BTreeSet::from([of]));
    let mut all = Vec::new();
    let mut none = |_: usize, name: &SignalName, why: String| all.push((name.clone(), Err(why)));
    let bytes = block::bytes(Table::Holding, words);
    let samples = reread.samples(&uses[0], &bytes, &heard(Quality::Good), &mut none);
    all.extend(samples.into_iter().map(|sample| (sample.signal, Ok(sample.value))));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn a_corrected_address_type_order_scale_and_bit_find_their_values_in_the_same_registers() {
    let words = [0x0004, 0x1234, 0x0001, 0x86a0, 0x0000, 0x4148, 215, 0xffff];
    let signals = r#"
        { name = "a", device = "plc", address = 100, type = "bit", bit = 2 },
        { name = "b", device = "plc", address = 102, type = "u32" },
        { name = "c", device = "plc", address = 104, type = "f32", order = "CDAB" },
        { name = "d", device = "plc", address = 106, type = "i16", scale = 0.1, offset = -1.5 },
        { name = "e", device = "plc", address = 107, type = "bcd16" },
        { name = "f", device = "plc", address = 108, type = "u16" },
        { name = "g", device = "plc", address = 107, type = "u32" },
        { name = "h", device = "plc", address = 102, type = "u16", table = "input" },
    "#;
    let value = |name: &str, value| (name.to_owned(), Ok(value));
    let none = Err("the registers hold no decimal digits".to_owned());
    assert_eq!(
        found(signals, &words),
        [
            value("a", Value::Bit(true)),
            value("b", Value::Whole(100_000)),
            value("c", Value::Measured(12.5)),
            value("d", Value::Measured(20.0)),
            ("e".to_owned(), none),
        ],
        "what no request held as a whole is not there"
    );
}

#[test]
fn a_point_is_read_from_its_own_request_where_that_was_asked_for() {
    let config = config(
        r#"{ name = "fast", device = "plc", address = 100, type = "u16", interval_ms = 100 },
           { name = "all", device = "plc", address = 101, type = "u16", interval_ms = 5000 },
           { name = "more", device = "plc", address = 100, type = "u32", interval_ms = 5000 }"#,
    );
    let reread = Reread::new(&config);
    let signals = |requests: &[Registers], all: &[Registers]| {
        let text = |of: &Registers| BlockOf::Registers(of.clone()).text().to_string();
        let sources: Vec<_> = requests.iter().map(|of| Source::Bytes(text(of))).collect();
        let uses = reread.uses(&sources, &all.iter().cloned().collect());
        let of = |of: Use<'_>| match of {
            Use::Registers(_, points) => {
                let mut names: Vec<_> = points.iter().map(|point| point.signal.clone()).collect();
                names.sort();
                names.join(" ")
            },
            _ => String::new(),
        };
        uses.into_iter().map(of).collect::<Vec<_>>()
    };
    let (small, great, other) = (asked(100, 1), asked(100, 2), asked(90, 20));
    let both = [small.clone(), great.clone()];
    assert_eq!(signals(&both, &both), ["fast", "all more"]);
    assert_eq!(signals(&both[1..], &both[1..]), ["all fast more"], "it has no request of its own");
    assert_eq!(signals(&both[1..], &both), ["all more"], "it has one, less often");
    assert_eq!(
        signals(std::slice::from_ref(&other), std::slice::from_ref(&other)),
        ["all fast more"]
    );
}

#[test]
fn a_corrected_pointer_or_format_finds_its_value_in_the_same_message() {
    let said = |signals: &str, payload: &str, quality| {
        let config = config(signals);
        let mut reread = Reread::new(&config);
        let (broker, topic) = ("127.0.0.1:1883".to_owned(), "press".to_owned());
        let source = Source::Bytes(BlockOf::Message { broker, topic }.text().to_string());
        let uses = reread.uses(&[source], &BTreeSet::new());
        let mut reasons = Vec::new();
        let mut none = |_: usize, _: &SignalName, why: String| reasons.push(why);
        let samples = reread.samples(&uses[0], payload.as_bytes(), &heard(quality), &mut none);
        let values: Vec<_> = samples.into_iter().map(|it| (it.value, it.quality)).collect();
        (values, reasons)
    };
    let json = r#"{"order":"run","real":"stop"}"#;
    let pointer = |at: &str| {
        format!(r#"{{ name = "s", broker = "hall", topic = "press", pointer = "{at}" }}"#)
    };
    let word = |word: &str, quality| (vec![(Value::Word(word.into()), quality)], vec![]);
    assert_eq!(said(&pointer("/real"), json, Quality::Old), word("stop", Quality::Old));
    assert_eq!(
        said(&pointer("/none"), json, Quality::Good),
        (vec![], vec!["nothing at \"/none\"".to_owned()])
    );
    let csv = r#"{ name = "s", broker = "hall", topic = "press", format = "csv", field = 2 }"#;
    assert_eq!(said(csv, "a,run", Quality::Good), word("run", Quality::Good));
    let elsewhere = r#"{ name = "s", broker = "hall", topic = "other", format = "plain" }"#;
    assert_eq!(said(elsewhere, json, Quality::Good), (vec![], vec![]));
}

#[test]
fn a_value_belongs_to_whoever_reads_it_so() {
    let of = |name: &str, pointer: &str| {
        format!(r#"{{ name = "{name}", broker = "hall", topic = "t", pointer = "{pointer}" }},"#)
    };
    let before = config(&(of("state", "/a") + &of("old", "/b")));
    let now = config(&(of("state", "/c") + &of("new", "/b")));
    let sources: Vec<Source> = change::signals(&before)
        .into_iter()
        .map(|((equipment, name), read)| Source::Signal { equipment, name, read })
        .collect();
    let uses = Reread::new(&now).uses(&sources, &BTreeSet::new());
    // `old` has another name now; of `state` only the value is kept, and that was another.
    let at = |name: &str| {
        sources
            .iter()
            .position(|of| matches!(of, Source::Signal { name: is, .. } if is == name))
            .unwrap()
    };
    assert!(matches!(&uses[at("old")], Use::Value(to, None) if to[..] == [(0, "new".to_owned())]));
    assert!(
        matches!(&uses[at("state")], Use::Value(to, Some((0, name))) if to.is_empty() && name == "state")
    );
}
