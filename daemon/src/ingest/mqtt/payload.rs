//! From the bytes of one message to values. Pure.

use kart_core::{signal::Value, time::Micros};
use serde::{Deserialize, Serialize};

/// Longer words are no states but texts.
pub const LONGEST_WORD: usize = 64;
/// Beyond this a float no longer tells whole numbers apart.
const WHOLE_FLOATS: f64 = 9_007_199_254_740_992.0;

/// How a payload is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A JSON document; a pointer says where the value stands.
    #[default]
    Json,
    /// The value alone, as text.
    Plain,
}

/// Why a message, or the part of it that a signal needs, is no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejected {
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// Not JSON, or deeper or greater than a message should be.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The pointer leads nowhere.
    #[error("nothing at {0:?}")]
    Missing(String),
    /// A list, a table, null, or an empty text.
    #[error("no single value")]
    NotSingle,
    /// NaN, infinity.
    #[error("not a finite number")]
    NotFinite,
    /// A counter that is not a whole number in range.
    #[error("not a whole number")]
    NotWhole,
    /// A text that is too long for a word, or holds control characters.
    #[error("not a word of at most {LONGEST_WORD} characters")]
    NotWord,
    /// A time that cannot be read.
    #[error("not a time: neither RFC 3339 nor milliseconds since 1970")]
    NotTime,
    /// A message that a newer one has overtaken.
    #[error("older than what is known")]
    Overtaken,
}

/// A payload that was read once for all signals of its topic.
pub enum Payload {
    /// JSON.
    Json(serde_json::Value),
    /// Text.
    Plain(String),
}

impl Payload {
    /// Reads the bytes of a message.
    pub fn read(format: Format, bytes: &[u8]) -> Result<Self, Rejected> {
        match format {
            Format::Json => serde_json::from_slice(bytes)
                .map(Self::Json)
                .map_err(|error| Rejected::NotJson(error.to_string())),
            Format::Plain => std::str::from_utf8(bytes)
                .map(|text| Self::Plain(text.trim().to_owned()))
                .map_err(|_: std::str::Utf8Error| Rejected::NotText),
        }
    }

    /// The value at `pointer`; a `whole` one must be a whole number.
    pub fn value(&self, pointer: &str, whole: bool) -> Result<Value, Rejected> {
        let value = match self {
            Self::Json(document) => from_json(at(document, pointer)?)?,
            Self::Plain(text) => from_text(text)?,
        };
        if whole { to_whole(value) } else { Ok(value) }
    }

    /// The time at `pointer`.
    pub fn time(&self, pointer: &str) -> Result<Micros, Rejected> {
        let Self::Json(document) = self else { return Err(Rejected::NotTime) };
        match at(document, pointer)? {
            serde_json::Value::String(text) => text
                .parse::<jiff::Timestamp>()
                .map(|time| Micros(time.as_microsecond()))
                .map_err(|_: jiff::Error| Rejected::NotTime),
            number => {
                let millis = number.as_i64().and_then(|millis| millis.checked_mul(1000));
                millis.map(Micros).ok_or(Rejected::NotTime)
            },
        }
    }
}

fn at<'d>(
    document: &'d serde_json::Value,
    pointer: &str,
) -> Result<&'d serde_json::Value, Rejected> {
    document.pointer(pointer).ok_or_else(|| Rejected::Missing(pointer.to_owned()))
}

fn from_json(value: &serde_json::Value) -> Result<Value, Rejected> {
    match value {
        serde_json::Value::Bool(bit) => Ok(Value::Bit(*bit)),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Value::Whole(whole)),
            (None, Some(float)) if float.is_finite() => Ok(Value::Measured(float)),
            (None, _) => Err(Rejected::NotFinite),
        },
        serde_json::Value::String(text) => word(text),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Err(Rejected::NotSingle)
        },
    }
}

fn from_text(text: &str) -> Result<Value, Rejected> {
    if let Ok(bit) = text.parse::<bool>() {
        return Ok(Value::Bit(bit));
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::Whole(whole));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Value::Measured(float)),
        Ok(_) => Err(Rejected::NotFinite),
        Err(_) => word(text),
    }
}

fn word(text: &str) -> Result<Value, Rejected> {
    if text.is_empty() {
        return Err(Rejected::NotSingle);
    }
    let fits = text.chars().count() <= LONGEST_WORD && !text.chars().any(char::is_control);
    if fits { Ok(Value::Word(text.to_owned())) } else { Err(Rejected::NotWord) }
}

/// Many publishers write whole numbers as `12.0`.
fn to_whole(value: Value) -> Result<Value, Rejected> {
    match value {
        Value::Whole(_) => Ok(value),
        #[expect(clippy::cast_possible_truncation, reason = "no fraction and in range")]
        Value::Measured(float) if float.abs() <= WHOLE_FLOATS && float.fract().abs() <= 0.0 => {
            Ok(Value::Whole(float as i64))
        },
        Value::Measured(_) | Value::Bit(_) | Value::Word(_) => Err(Rejected::NotWhole),
    }
}

/// The beginning of a payload, fit for a log: escaped and cut off.
pub fn excerpt(bytes: &[u8]) -> String {
    const MOST: usize = 80;
    let head: String =
        bytes.iter().take(MOST).flat_map(|b| b.escape_ascii()).map(char::from).collect();
    if bytes.len() > MOST { format!("{head}… ({} bytes)", bytes.len()) } else { head }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rejected as R;
    use Value::{Bit, Measured, Whole};

    fn word(text: &str) -> Value {
        Value::Word(text.into())
    }

    #[test]
    fn the_table_of_json_payloads() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(65));
        let cases: Vec<(&str, &str, bool, Result<Value, R>)> = vec![
            (r#"{"good":12}"#, "/good", true, Ok(Whole(12))),
            (r#"{"good":12.0}"#, "/good", true, Ok(Whole(12))),
            (r#"{"good":12.5}"#, "/good", true, Err(R::NotWhole)),
            (r#"{"good":1e300}"#, "/good", true, Err(R::NotWhole)),
            (r#"{"good":"12"}"#, "/good", true, Err(R::NotWhole)),
            (r#"{"good":18446744073709551615}"#, "/good", true, Err(R::NotWhole)),
            (r#"{"good":true}"#, "/good", true, Err(R::NotWhole)),
            (r#"{"v":[{"t":-3.5}]}"#, "/v/0/t", false, Ok(Measured(-3.5))),
            ("true", "", false, Ok(Bit(true))),
            (r#""running""#, "", false, Ok(word("running"))),
            (r#"{"a":"Größe"}"#, "/a", false, Ok(word("Größe"))),
            (&long, "/a", false, Err(R::NotWord)),
            (r#"{"a":"\u001b[2J"}"#, "/a", false, Err(R::NotWord)),
            (r#"{"a":""}"#, "/a", false, Err(R::NotSingle)),
            (r#"{"a":null}"#, "/a", false, Err(R::NotSingle)),
            (r#"{"a":[1]}"#, "/a", false, Err(R::NotSingle)),
            (r#"{"a":1}"#, "/b", false, Err(R::Missing("/b".into()))),
        ];
        for (text, pointer, whole, expect) in cases {
            let value = Payload::read(Format::Json, text.as_bytes())
                .and_then(|payload| payload.value(pointer, whole));
            assert_eq!(value, expect, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_rejected() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "NaN", "{\"a\":1e999}", "{\"a\":01}", "\u{feff}{}", "1 2", &deep] {
            let read = Payload::read(Format::Json, text.as_bytes());
            assert!(matches!(read, Err(R::NotJson(_))), "{text:.20}");
        }
        assert!(Payload::read(Format::Json, b"\"\xff\"").is_err());
    }

    #[test]
    fn the_table_of_plain_payloads() {
        let cases: Vec<(&[u8], Result<Value, R>)> = vec![
            (b" 42\n", Ok(Whole(42))),
            (b"-0.5", Ok(Measured(-0.5))),
            (b"false", Ok(Bit(false))),
            (b"setup", Ok(word("setup"))),
            (b"NaN", Err(R::NotFinite)),
            (b"inf", Err(R::NotFinite)),
            (b"1e999", Err(R::NotFinite)),
            (b"", Err(R::NotSingle)),
            (b"a\x1b[2J", Err(R::NotWord)),
            (b"\xff\xfe", Err(R::NotText)),
        ];
        for (bytes, expect) in cases {
            let value =
                Payload::read(Format::Plain, bytes).and_then(|payload| payload.value("", false));
            assert_eq!(value, expect, "{bytes:?}");
        }
    }

    #[test]
    fn times_are_rfc_3339_or_milliseconds() {
        let read = |text: &str| Payload::read(Format::Json, text.as_bytes()).unwrap().time("/t");
        assert_eq!(read(r#"{"t":"2026-03-01T06:00:00.5+01:00"}"#), read(r#"{"t":1772341200500}"#));
        assert_eq!(read(r#"{"t":"yesterday"}"#), Err(R::NotTime));
        assert_eq!(read(r#"{"t":1.5}"#), Err(R::NotTime));
        assert_eq!(read(r#"{"t":9223372036854775807}"#), Err(R::NotTime));
    }

    #[test]
    fn an_excerpt_is_harmless() {
        assert_eq!(excerpt(b"a\x1b[2J\xff"), "a\\x1b[2J\\xff");
        assert!(excerpt(&[b'x'; 500]).ends_with("… (500 bytes)"));
    }
}
