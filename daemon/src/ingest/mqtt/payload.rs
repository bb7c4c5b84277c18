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
    /// One line of fields.
    Csv,
    /// Bytes, in which numbers stand at fixed places.
    Binary,
}

/// How a number stands in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// A byte: 0 is false, anything else is true.
    Bool,
    /// 8 bits.
    U8,
    /// 8 bits with a sign.
    I8,
    /// 16 bits.
    U16,
    /// 16 bits with a sign.
    I16,
    /// 32 bits.
    U32,
    /// 32 bits with a sign.
    I32,
    /// 64 bits.
    U64,
    /// 64 bits with a sign.
    I64,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByteOrder {
    /// The highest: network order, big-endian.
    #[default]
    HighFirst,
    /// The lowest: little-endian.
    LowFirst,
}

/// Where in a payload a value stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In JSON: a pointer; the empty one names the whole document.
    Pointer(String),
    /// In a line of fields: which one, counted from 0.
    Field(usize),
    /// In bytes: from which byte on, and how.
    Bytes(usize, Scalar, ByteOrder),
    /// The payload is the value.
    All,
}

/// Why a message, or the part of it that a signal needs, is no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejected {
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// Not Sparkplug B.
    #[error("not Sparkplug B: {0}")]
    NotSparkplug(String),
    /// Not one line of fields.
    #[error("not one line of fields")]
    NotCsv,
    /// Beyond the limit.
    #[error("{0} bytes are beyond max_packet_bytes")]
    TooGreat(usize),
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
    /// A value of another type than was announced, or of one that no signal can have.
    #[error("not of the type that was announced")]
    OtherType,
    /// A time that cannot be read.
    #[error("not a time: neither RFC 3339 nor milliseconds since 1970")]
    NotTime,
    /// A message that a newer one has overtaken.
    #[error("older than what is known")]
    Overtaken,
}

/// A payload that was read once for all signals of its topic.
pub enum Payload<'b> {
    /// JSON.
    Json(serde_json::Value),
    /// Text.
    Plain(String),
    /// Fields, without the quotes around them.
    Csv(Vec<String>),
    /// Bytes.
    Binary(&'b [u8]),
}

impl<'b> Payload<'b> {
    /// Reads the bytes of a message; `separator` stands between fields.
    pub fn read(format: Format, separator: u8, bytes: &'b [u8]) -> Result<Self, Rejected> {
        match format {
            Format::Json => serde_json::from_slice(bytes)
                .map(Self::Json)
                .map_err(|error| Rejected::NotJson(error.to_string())),
            Format::Plain => std::str::from_utf8(bytes)
                .map(|text| Self::Plain(text.trim().to_owned()))
                .map_err(|_: std::str::Utf8Error| Rejected::NotText),
            Format::Csv => fields(separator, bytes).map(Self::Csv),
            Format::Binary => Ok(Self::Binary(bytes)),
        }
    }

    /// The value at `place`; a `whole` one must be a whole number.
    pub fn value(&self, place: &Place, whole: bool) -> Result<Value, Rejected> {
        let value = match (self, place) {
            (Self::Json(document), Place::Pointer(pointer)) => from_json(at(document, pointer)?)?,
            (Self::Plain(text), Place::All) => from_text(text)?,
            (Self::Csv(fields), Place::Field(at)) => from_text(field(fields, *at)?)?,
            (Self::Binary(bytes), Place::Bytes(at, scalar, order)) => {
                from_bytes(bytes, *at, *scalar, *order)?
            },
            _ => return Err(Rejected::NotSingle),
        };
        if whole { to_whole(value) } else { Ok(value) }
    }

    /// The time at `place`.
    pub fn time(&self, place: &Place) -> Result<Micros, Rejected> {
        match (self, place) {
            (Self::Json(document), Place::Pointer(pointer)) => match at(document, pointer)? {
                serde_json::Value::String(text) => moment(text),
                number => number.as_i64().and_then(millis).ok_or(Rejected::NotTime),
            },
            (Self::Csv(fields), Place::Field(at)) => {
                let text = field(fields, *at)?;
                text.parse().ok().and_then(millis).map_or_else(|| moment(text), Ok)
            },
            _ => Err(Rejected::NotTime),
        }
    }
}

fn moment(text: &str) -> Result<Micros, Rejected> {
    let time = text.parse::<jiff::Timestamp>();
    time.map(|time| Micros(time.as_microsecond())).map_err(|_: jiff::Error| Rejected::NotTime)
}

/// Milliseconds since 1970, as far as they are a time that can be written.
fn millis(millis: i64) -> Option<Micros> {
    let micros = millis.checked_mul(1000)?;
    jiff::Timestamp::from_microsecond(micros).ok().map(|_| Micros(micros))
}

/// One line; what follows an empty second line is no line of fields any more.
fn fields(separator: u8, bytes: &[u8]) -> Result<Vec<String>, Rejected> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(bytes);
    let mut lines = reader.records();
    let line = lines.next().ok_or(Rejected::NotCsv)?.map_err(|_: csv::Error| Rejected::NotText)?;
    if lines.next().is_some() {
        return Err(Rejected::NotCsv);
    }
    Ok(line.iter().map(str::to_owned).collect())
}

fn field(fields: &[String], at: usize) -> Result<&str, Rejected> {
    let missing = || Rejected::Missing(format!("field {}", at + 1));
    fields.get(at).map(String::as_str).ok_or_else(missing)
}

fn from_bytes(
    bytes: &[u8],
    at: usize,
    scalar: Scalar,
    order: ByteOrder,
) -> Result<Value, Rejected> {
    let raw = bytes.get(at..).unwrap_or_default();
    let take = |width: usize| -> Result<u64, Rejected> {
        let missing = || Rejected::Missing(format!("byte {}", at + width - 1));
        let raw = raw.get(..width).ok_or_else(missing)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Ok(match order {
            ByteOrder::HighFirst => raw.iter().fold(0, join),
            ByteOrder::LowFirst => raw.iter().rev().fold(0, join),
        })
    };
    let signed =
        |bits: u64, width: u32| Value::Whole((bits << (64 - width)).cast_signed() >> (64 - width));
    #[expect(clippy::cast_possible_truncation, reason = "exactly the bytes that were taken")]
    Ok(match scalar {
        Scalar::Bool => Value::Bit(take(1)? != 0),
        Scalar::U8 => Value::Whole(take(1)?.cast_signed()),
        Scalar::U16 => Value::Whole(take(2)?.cast_signed()),
        Scalar::U32 => Value::Whole(take(4)?.cast_signed()),
        Scalar::U64 => {
            let number = take(8)?;
            #[expect(clippy::cast_precision_loss, reason = "beyond a whole number; never counted")]
            i64::try_from(number).map_or(Value::Measured(number as f64), Value::Whole)
        },
        Scalar::I8 => signed(take(1)?, 8),
        Scalar::I16 => signed(take(2)?, 16),
        Scalar::I32 => signed(take(4)?, 32),
        Scalar::I64 => Value::Whole(take(8)?.cast_signed()),
        Scalar::F32 => return finite(f64::from(f32::from_bits(take(4)? as u32))),
        Scalar::F64 => return finite(f64::from_bits(take(8)?)),
    })
}

fn finite(float: f64) -> Result<Value, Rejected> {
    if float.is_finite() { Ok(Value::Measured(float)) } else { Err(Rejected::NotFinite) }
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

pub(crate) fn word(text: &str) -> Result<Value, Rejected> {
    if text.is_empty() {
        return Err(Rejected::NotSingle);
    }
    let fits = text.chars().count() <= LONGEST_WORD && !text.chars().any(char::is_control);
    if fits { Ok(Value::Word(text.to_owned())) } else { Err(Rejected::NotWord) }
}

/// Many publishers write whole numbers as `12.0`.
pub(crate) fn to_whole(value: Value) -> Result<Value, Rejected> {
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
            let value = Payload::read(Format::Json, b',', text.as_bytes())
                .and_then(|payload| payload.value(&Place::Pointer(pointer.into()), whole));
            assert_eq!(value, expect, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_rejected() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "NaN", "{\"a\":1e999}", "{\"a\":01}", "\u{feff}{}", "1 2", &deep] {
            let read = Payload::read(Format::Json, b',', text.as_bytes());
            assert!(matches!(read, Err(R::NotJson(_))), "{text:.20}");
        }
        assert!(Payload::read(Format::Json, b',', b"\"\xff\"").is_err());
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
            let value = Payload::read(Format::Plain, b',', bytes)
                .and_then(|payload| payload.value(&Place::All, false));
            assert_eq!(value, expect, "{bytes:?}");
        }
    }

    #[test]
    fn times_are_rfc_3339_or_milliseconds() {
        let at = Place::Pointer("/t".into());
        let read =
            |text: &str| Payload::read(Format::Json, b',', text.as_bytes()).unwrap().time(&at);
        assert_eq!(read(r#"{"t":"2026-03-01T06:00:00.5+01:00"}"#), read(r#"{"t":1772341200500}"#));
        assert_eq!(read(r#"{"t":"yesterday"}"#), Err(R::NotTime));
        assert_eq!(read(r#"{"t":1.5}"#), Err(R::NotTime));
        assert_eq!(read(r#"{"t":9223372036854775807}"#), Err(R::NotTime));
    }

    #[test]
    fn the_table_of_lines() {
        let cases: [(&[u8], usize, Result<Value, R>); 9] = [
            (b"12;running;0.5", 0, Ok(Whole(12))),
            (b"12; running ;0.5\r\n", 1, Ok(word("running"))),
            (b"12;running;0.5", 2, Ok(Measured(0.5))),
            (b"\"a;b\";7", 0, Ok(word("a;b"))),
            (b"\"a;b\";7", 1, Ok(Whole(7))),
            (b"12;;", 1, Err(R::NotSingle)),
            (b"12", 3, Err(R::Missing("field 4".into()))),
            (b"1;2\n3;4", 0, Err(R::NotCsv)),
            (b"1;\xff", 0, Err(R::NotText)),
        ];
        for (bytes, at, expect) in cases {
            let value = Payload::read(Format::Csv, b';', bytes)
                .and_then(|payload| payload.value(&Place::Field(at), false));
            assert_eq!(value, expect, "{bytes:?}");
        }
        assert!(matches!(Payload::read(Format::Csv, b',', b""), Err(R::NotCsv)));
        let line =
            Payload::read(Format::Csv, b',', b"1767225600000,2026-01-01T00:00:00Z,x").unwrap();
        assert_eq!(line.time(&Place::Field(0)), line.time(&Place::Field(1)));
        assert_eq!(line.time(&Place::Field(2)), Err(R::NotTime));
    }

    #[test]
    fn the_table_of_bytes() {
        use ByteOrder::{HighFirst, LowFirst};
        let bytes = [0xff, 0xfe, 0, 1, 0x3f, 0x80, 0, 0];
        let cases = [
            (0, Scalar::U8, HighFirst, Ok(Whole(255))),
            (0, Scalar::I8, HighFirst, Ok(Whole(-1))),
            (0, Scalar::U16, HighFirst, Ok(Whole(0xfffe))),
            (0, Scalar::U16, LowFirst, Ok(Whole(0xfeff))),
            (0, Scalar::I16, HighFirst, Ok(Whole(-2))),
            (0, Scalar::I32, HighFirst, Ok(Whole(-131_071))),
            (2, Scalar::U32, LowFirst, Ok(Whole(0x803f_0100))),
            (0, Scalar::U64, HighFirst, Ok(Measured(18_446_181_129_116_450_816.0))),
            (0, Scalar::I64, LowFirst, Ok(Whole(0x0000_803f_0100_feff))),
            (4, Scalar::F32, HighFirst, Ok(Measured(1.0))),
            (2, Scalar::Bool, HighFirst, Ok(Bit(false))),
            (5, Scalar::U32, HighFirst, Err(R::Missing("byte 8".into()))),
            (9, Scalar::U8, HighFirst, Err(R::Missing("byte 9".into()))),
        ];
        for (at, scalar, order, expect) in cases {
            let payload = Payload::read(Format::Binary, b',', &bytes).unwrap();
            assert_eq!(
                payload.value(&Place::Bytes(at, scalar, order), false),
                expect,
                "{scalar:?}"
            );
        }
        let nan = f64::NAN.to_be_bytes();
        let payload = Payload::read(Format::Binary, b',', &nan).unwrap();
        let float = Place::Bytes(0, Scalar::F64, HighFirst);
        assert_eq!(payload.value(&float, false), Err(R::NotFinite));
    }

    #[test]
    fn an_excerpt_is_harmless() {
        assert_eq!(excerpt(b"a\x1b[2J\xff"), "a\\x1b[2J\\xff");
        assert!(excerpt(&[b'x'; 500]).ends_with("… (500 bytes)"));
    }
}
