//! From a Sparkplug metric to a value. Pure.

use kart_core::{signal::Value, time::Micros};

use super::wire::{Metric, MetricValue};
use crate::ingest::mqtt::payload::{Rejected, to_whole, word};

/// The quality that a metric without the property `Quality` has.
const GOOD: u64 = 192;

/// The types that a signal can have, by their numbers in the specification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataType {
    /// 1 to 4: so many bits, with a sign.
    Signed(u32),
    /// 5 to 8: so many bits, without a sign.
    Unsigned(u32),
    /// 9 and 10.
    Float,
    /// 11.
    Boolean,
    /// 12, 14 and 15.
    Text,
    /// 13: milliseconds since 1970.
    DateTime,
}

impl DataType {
    /// The type of this number; `None` for what is no single value, or unknown.
    pub fn of(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Signed(8),
            2 => Self::Signed(16),
            3 => Self::Signed(32),
            4 => Self::Signed(64),
            5 => Self::Unsigned(8),
            6 => Self::Unsigned(16),
            7 => Self::Unsigned(32),
            8 => Self::Unsigned(64),
            9 | 10 => Self::Float,
            11 => Self::Boolean,
            12 | 14 | 15 => Self::Text,
            13 => Self::DateTime,
            _ => return None,
        })
    }
}

impl Metric {
    /// The value, or `None` when the edge node itself says that there is none: null, or of a
    /// quality other than good.
    pub fn reading(&self, kind: DataType, whole: bool) -> Result<Option<Value>, Rejected> {
        let quality = self.properties.as_ref().and_then(|properties| properties.number("Quality"));
        if self.is_null == Some(true) || quality.is_some_and(|quality| quality != GOOD) {
            return Ok(None);
        }
        let Some(value) = &self.value else { return Err(Rejected::NotSingle) };
        let value = typed(kind, value)?;
        if whole { to_whole(value).map(Some) } else { Ok(Some(value)) }
    }

    /// When it was taken.
    pub fn time(&self, sent: Option<u64>) -> Result<Micros, Rejected> {
        let millis = self.timestamp.or(sent).and_then(|millis| i64::try_from(millis).ok());
        let micros = millis.and_then(|millis| millis.checked_mul(1000));
        // What jiff cannot write is no time that anybody meant.
        let micros = micros.filter(|micros| jiff::Timestamp::from_microsecond(*micros).is_ok());
        micros.map(Micros).ok_or(Rejected::NotTime)
    }
}

fn typed(kind: DataType, value: &MetricValue) -> Result<Value, Rejected> {
    let bits = match value {
        MetricValue::Int(bits) => Some(u64::from(*bits)),
        MetricValue::Long(bits) => Some(*bits),
        _ => None,
    };
    match (kind, value) {
        (DataType::Signed(width), _) => bits.map(|bits| signed(width, bits)),
        (DataType::Unsigned(width), _) => bits.map(|bits| unsigned(width, bits)),
        (DataType::DateTime, _) => bits.map(|bits| unsigned(64, bits)),
        (DataType::Float, MetricValue::Float(float)) => return measured(f64::from(*float)),
        (DataType::Float, MetricValue::Double(float)) => return measured(*float),
        (DataType::Boolean, MetricValue::Boolean(bit)) => Some(Value::Bit(*bit)),
        (DataType::Text, MetricValue::String(text)) => return word(text),
        _ => None,
    }
    .ok_or(Rejected::OtherType)
}

/// Two's complement of `width` bits; encoders differ in whether the bits above repeat the sign.
fn signed(width: u32, bits: u64) -> Value {
    let unused = 64 - width.clamp(1, 64);
    Value::Whole((bits << unused).cast_signed() >> unused)
}

fn unsigned(width: u32, bits: u64) -> Value {
    let unused = 64 - width.clamp(1, 64);
    let number = (bits << unused) >> unused;
    #[expect(clippy::cast_precision_loss, reason = "beyond a whole number's range; never counted")]
    i64::try_from(number).map_or(Value::Measured(number as f64), Value::Whole)
}

fn measured(float: f64) -> Result<Value, Rejected> {
    if float.is_finite() { Ok(Value::Measured(float)) } else { Err(Rejected::NotFinite) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::sparkplug::wire::{PropertySet, PropertyValue};
    use MetricValue as V;

    fn metric(value: Option<V>) -> Metric {
        Metric { value, ..Metric::default() }
    }

    #[test]
    fn the_table_of_types() {
        let whole = |n| Ok(Some(Value::Whole(n)));
        let cases = [
            (1, V::Int(0xff), whole(-1)),
            (1, V::Int(0xffff_ff80), whole(-128)),
            (2, V::Int(0x8000), whole(-32_768)),
            (3, V::Int(u32::MAX), whole(-1)),
            (4, V::Long(u64::MAX), whole(-1)),
            (4, V::Int(7), whole(7)),
            (5, V::Int(255), whole(255)),
            (6, V::Int(65_535), whole(65_535)),
            (7, V::Int(u32::MAX), whole(4_294_967_295)),
            (7, V::Long(5), whole(5)),
            (8, V::Long(1 << 62), whole(1 << 62)),
            (8, V::Long(1 << 63), Ok(Some(Value::Measured(9_223_372_036_854_775_808.0)))),
            (9, V::Float(0.5), Ok(Some(Value::Measured(0.5)))),
            (10, V::Double(-2.25), Ok(Some(Value::Measured(-2.25)))),
            (10, V::Double(f64::NAN), Err(Rejected::NotFinite)),
            (11, V::Boolean(true), Ok(Some(Value::Bit(true)))),
            (12, V::String("setup".into()), Ok(Some(Value::Word("setup".into())))),
            (12, V::String("a\u{1b}[2J".into()), Err(Rejected::NotWord)),
            (13, V::Long(1_700_000_000_000), whole(1_700_000_000_000)),
            (3, V::Float(1.0), Err(Rejected::OtherType)),
            (11, V::Int(1), Err(Rejected::OtherType)),
        ];
        for (kind, value, expect) in cases {
            let kind = DataType::of(kind).unwrap();
            assert_eq!(metric(Some(value.clone())).reading(kind, false), expect, "{value:?}");
        }
        assert!(
            [0, 16, 17, 19, 22, 34, 99].into_iter().all(|number| DataType::of(number).is_none())
        );
    }

    #[test]
    fn no_value_is_not_zero() {
        let mut null = metric(Some(V::Int(0)));
        null.is_null = Some(true);
        assert_eq!(null.reading(DataType::Signed(32), true), Ok(None));
        assert_eq!(metric(None).reading(DataType::Float, false), Err(Rejected::NotSingle));
        let mut stale = metric(Some(V::Int(5)));
        let value = PropertyValue { int: Some(500), long: None };
        stale.properties = Some(PropertySet { keys: vec!["Quality".into()], values: vec![value] });
        assert_eq!(stale.reading(DataType::Signed(32), true), Ok(None));
    }

    #[test]
    fn a_counter_is_whole() {
        let read = |value| metric(Some(value)).reading(DataType::Float, true);
        assert_eq!(read(V::Float(12.0)), Ok(Some(Value::Whole(12))));
        assert_eq!(read(V::Double(12.5)), Err(Rejected::NotWhole));
    }

    #[test]
    fn the_time_is_the_metrics_and_else_the_payloads() {
        let mut dated = metric(None);
        assert_eq!(dated.time(Some(2)), Ok(Micros(2000)));
        dated.timestamp = Some(1);
        assert_eq!(dated.time(Some(2)), Ok(Micros(1000)));
        dated.timestamp = Some(u64::MAX);
        assert_eq!(dated.time(None), Err(Rejected::NotTime));
    }
}
