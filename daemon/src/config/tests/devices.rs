//! What a device says for all its signals, and what signals say of each other.

use super::*;
use crate::ingest::modbus::{order::Order, plan::Point, verdict::Verdict};

const MACHINE: &str = r#"
[[machine]]
code = "EQ-1"
otherwise = "stopped"
signal = [
SIGNALS]
rule = [{ name = "runs", when = [{ signal = "run", is = true }], state = "running" }]
"#;

/// A device with these keys and signals, each `name: the rest`.
fn with(device: &str, signals: &[&str]) -> Result<Config, Faults> {
    let (head, _) = SMALL.split_once("[[broker]]").unwrap();
    let signal = |text: &&str| {
        let (name, rest) = text.split_once(": ").unwrap();
        format!("    {{ name = \"{name}\", device = \"plc\", {rest} }},\n")
    };
    let run = ["run: table = \"coil\", address = 1"];
    let signals: String = run.iter().chain(signals).map(signal).collect();
    read(&format!("{head}{device}\n{}", MACHINE.replace("SIGNALS", &signals)))
}

fn points(config: &Config) -> Vec<&Point> {
    let devices = config.lines.iter().flat_map(|line| &line.devices);
    devices.flat_map(|device| &device.groups).flat_map(|g| &g.points).map(AsRef::as_ref).collect()
}

#[test]
fn the_orders_of_a_device_are_those_of_its_signals() {
    let signals = [
        "u16: address = 10, type = \"u16\"",
        "own: address = 11, type = \"i16\", order = \"AB\"",
        "f16: address = 12, type = \"f16\"",
        "bcd: address = 13, type = \"bcd16\"",
        "text: address = 14, type = \"text\", registers = 2",
        "byte: address = 16, type = \"u8\", byte = \"low\"",
        "bit: address = 17, type = \"bit\", bit = 3",
        "bits: address = 18, type = \"bits\", bit = 3, bits = 2",
        "u32: address = 20, type = \"u32\"",
        "f32: address = 22, type = \"f32\"",
        "other: address = 24, type = \"i32\", order = \"ABCD\"",
        "u64: address = 30, type = \"u64\"",
        "f64: address = 34, type = \"f64\"",
        "bcd64: address = 38, type = \"bcd64\"",
    ];
    let device = "order_16 = \"BA\"\norder = \"BADC\"\norder_64 = \"BADCFEHG\"";
    let config = with(device, &signals).unwrap();
    for point in points(&config) {
        let wanted = match &*point.signal {
            "run" | "own" => "AB",
            "other" => "ABCD",
            "u32" | "f32" => "BADC",
            "u64" | "f64" | "bcd64" => "BADCFEHG",
            _ => "BA",
        };
        assert_eq!(point.order.to_string(), wanted, "{}", point.signal);
    }
    // Without it nothing is otherwise than it was, nor is the fingerprint.
    let plain = with("", &signals).unwrap();
    assert!(points(&plain).iter().all(|point| point.order == Order::standard(point.kind.bytes())));
    let said = with("order_16 = \"AB\"", &signals).unwrap();
    assert_eq!(said.map.fingerprint, plain.map.fingerprint);
    assert_ne!(config.map.fingerprint, plain.map.fingerprint);
    let faults = with("order_16 = \"ABCD\"", &[]).unwrap_err().to_string();
    assert!(faults.contains("device[0].order_16: 2 letters are needed"), "{faults}");
    let faults = with("", &["lamp: table = \"coil\", address = 2, order = \"BA\""]).unwrap_err();
    assert!(faults.to_string().contains("].order: a coil has no bytes"), "{faults}");
}

#[test]
fn a_converter_s_line_may_be_told_of() {
    let transport = "transport = \"rtu_over_tcp\"";
    // 60 registers of their own each 50 ms are more than 9600 bits per second carry.
    let many: Vec<String> = (0..60)
        .map(|n| format!("s{n}: address = {}, type = \"u16\", interval_ms = 50", 100 + 50 * n))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(with(transport, &many).is_err_and(|f| f.to_string().contains("would be in use 2")));
    let few = &many[..3];
    let config = with(transport, few).unwrap();
    assert_eq!(Verdict::of(&config.lines[0]).line, "127.0.0.1:502 (RTU)");
    let slow = with(&format!("{transport}\nbaud = 9600\nparity = \"none\""), few);
    let refused = slow.unwrap_err().to_string();
    assert!(refused.contains("127.0.0.1:502 (RTU, 9600 8N1) would be in use "), "{refused}");
    assert!(with(&format!("{transport}\nbaud = 115200"), few).is_ok());
    for (keys, wanted) in [
        ("baud = 9600", ".baud: only for transport \"serial\" and \"rtu_over_tcp\""),
        (&*format!("{transport}\nparity = \"odd\""), ".parity: only together with baud"),
        (&*format!("{transport}\nbaud = 100"), ".baud: 100 is not within 300"),
        (&*format!("{transport}\nbaud = 9600\nstop_bits = 3"), ".stop_bits: 3 is not within"),
    ] {
        let said = with(keys, &[]).unwrap_err().to_string();
        assert!(said.contains(wanted), "{keys}: {said}");
    }
}

#[test]
fn two_signals_that_claim_the_same_bits_are_told_of() {
    for (one, other, wanted) in [
        (
            "type = \"bit\", bit = 3",
            "type = \"bits\", bit = 2, bits = 3",
            "bit 3 of holding register 7",
        ),
        (
            "type = \"bits\", bit = 0, bits = 4",
            "type = \"bits\", bit = 2, bits = 14",
            "bits 2 to 3 of holding register 7",
        ),
        ("type = \"bit\", bit = 3", "type = \"bit\", bit = 3", "bit 3 of holding register 7"),
        (
            "type = \"bit\", bit = 8",
            "type = \"u8\", byte = \"high\"",
            "bit 8 of holding register 7",
        ),
        ("type = \"u16\"", "type = \"u16\"", "holding register 7"),
        ("type = \"u16\"", "type = \"bit\", bit = 3", ""),
        ("type = \"u32\"", "type = \"u16\"", ""),
        ("type = \"bit\", bit = 3", "type = \"bit\", bit = 4", ""),
        ("type = \"bit\", bit = 8", "type = \"u8\", byte = \"low\"", ""),
        ("type = \"bit\", bit = 8", "type = \"u8\", byte = \"high\", order = \"BA\"", ""),
        (
            "type = \"bit\", bit = 0",
            "type = \"u8\", byte = \"high\", order = \"BA\"",
            "bit 0 of holding register 7",
        ),
    ] {
        let signals = [format!("one: address = 7, {one}"), format!("other: address = 7, {other}")];
        let config = with("", &[&signals[0], &signals[1]]).unwrap();
        let told: Vec<String> = config.warnings.iter().map(Fault::to_string).collect();
        match told.as_slice() {
            [] => assert_eq!(wanted, "", "{one} and {other}"),
            [told] => {
                let both = told.contains("EQ-1 one") && told.contains("EQ-1 other");
                assert!(both && told.ends_with(&format!(" both claim {wanted}")), "{told}");
                assert!(told.contains("machine[0].signal["), "{told}");
            },
            more => panic!("{more:?}"),
        }
    }
    // One register too far is the slip of an off-by-one.
    let apart = ["one: address = 7, type = \"u32\"", "other: address = 8, type = \"u32\""];
    let config = with("", &apart).unwrap();
    assert!(config.warnings[0].to_string().ends_with("both claim holding register 8"));
    let coils = ["one: table = \"coil\", address = 7", "other: table = \"coil\", address = 7"];
    let config = with("", &coils).unwrap();
    assert!(config.warnings[0].to_string().ends_with("both claim coil 7"));
}
