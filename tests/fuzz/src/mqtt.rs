//! Payloads of topics in every format, and topic filters.

use kart_core::signal::Value;
use kartd::ingest::mqtt::filter::Filter;
use kartd::ingest::mqtt::payload::{ByteOrder, Format, Payload, Place, Scalar, excerpt};

use crate::Target;

const SCALARS: [Scalar; 11] = [
    Scalar::Bool,
    Scalar::U8,
    Scalar::I8,
    Scalar::U16,
    Scalar::I16,
    Scalar::U32,
    Scalar::I32,
    Scalar::U64,
    Scalar::I64,
    Scalar::F32,
    Scalar::F64,
];

pub(crate) fn payloads() -> Target {
    let corpus: [&[u8]; 12] = [
        br#"{"good":12,"t":"2026-01-01T06:00:00Z","state":"run"}"#,
        br#"{"good":12.0,"t":1772341200500,"v":[{"t":-3.5}]}"#,
        br#"{"a":{"b":[true,null,{}]},"good":1e300}"#,
        b"[[[[[[[[1]]]]]]]]",
        b"true",
        b"\"Gr\xc3\xb6\xc3\x9fe\"",
        b" -0.5\n",
        b"12;\"A;7\"; 41.5 ;y",
        b"1767225600000;2026-01-01T00:00:00Z;x\r\n",
        b"\"a\"\"b\";\"\n\";3",
        &[0, 0, 0x3f, 0x80, 0, 0, 0xff, 0xff, 0xff],
        b"",
    ];
    Target {
        name: "mqtt-payload",
        corpus: corpus.map(<[u8]>::to_vec).to_vec(),
        short: 10_000,
        take: payload,
    }
}

/// Whatever it is, it is a value that a signal may have, or it is said why it is none.
fn payload(bytes: &[u8]) {
    let mut places = vec![Place::All];
    places.extend(["", "/good", "/t", "/v/0/t", "/a/b/0"].map(|p| Place::Pointer(p.to_owned())));
    places.extend((0..4).map(Place::Field));
    for scalar in SCALARS {
        for (at, order) in [(0, ByteOrder::HighFirst), (3, ByteOrder::LowFirst)] {
            places.push(Place::Bytes(at, scalar, order));
        }
    }
    for format in [Format::Json, Format::Plain, Format::Csv, Format::Binary] {
        let Ok(payload) = Payload::read(format, b';', bytes) else { continue };
        for place in &places {
            let _time = payload.time(place).is_ok();
            for whole in [false, true] {
                let value = payload.value(place, whole);
                assert!(!whole || matches!(value, Ok(Value::Whole(_)) | Err(_)), "{value:?}");
                match value {
                    Ok(Value::Measured(float)) => assert!(float.is_finite()),
                    Ok(Value::Word(word)) => {
                        assert!(!word.is_empty() && word.chars().count() <= 64);
                        assert!(!word.chars().any(char::is_control));
                    },
                    _ => {},
                }
            }
        }
    }
    assert!(excerpt(bytes).chars().all(|c| c == '…' || c.is_ascii_graphic() || c == ' '));
}

pub(crate) fn filters() -> Target {
    let corpus: [&[u8]; 7] = [
        b"hall/{machine}/+/{signal}\nhall/EQ-1/x/good",
        b"hall/#\nhall",
        b"#\n$SYS/uptime",
        b"+/+\n/",
        b"a/b\na/b",
        b"//\n//",
        b"{signal}\ngood",
    ];
    Target {
        name: "mqtt-filter",
        corpus: corpus.map(<[u8]>::to_vec).to_vec(),
        short: 10_000,
        take: filter,
    }
}

/// What is captured is what the levels say, and a filter covers the topic that it names.
fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (pattern, topic) = text.split_once('\n').unwrap_or((text, text));
    let Ok((filter, key)) = Filter::read(pattern, "EQ-1", "good") else { return };
    assert_eq!(filter.captured.len(), key.len());
    if let Some(captured) = filter.captures(topic) {
        assert_eq!(captured.len(), key.len());
        assert!(captured.iter().all(|level| topic.split('/').any(|part| part == level)));
    }
    let filled = pattern.replace("{machine}", "EQ-1").replace("{signal}", "good");
    if !filled.contains(['+', '#']) && !filled.starts_with('$') {
        assert_eq!(filter.captures(&filled), Some(key), "{pattern:?}");
    }
}
