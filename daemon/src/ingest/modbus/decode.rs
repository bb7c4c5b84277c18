//! From registers to values. Pure.

use kart_core::signal::Value;

use super::{
    plan::{Kind, Point},
    read::Read,
};

/// Why registers are no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoValue {
    /// The answer does not hold the point's registers.
    #[error("the answer does not hold these registers")]
    Outside,
    /// A float that is no number.
    #[error("the registers hold NaN or infinity")]
    NotANumber,
    /// A digit above nine.
    #[error("the registers hold no decimal digits")]
    NotDecimal,
    /// Beyond 63 bits.
    #[error("the number is above 9223372036854775807")]
    TooGreat,
    /// Bytes that are no characters.
    #[error("the registers hold no text")]
    NotText,
}

/// The value of `point` in `words`, the answer to `read`. A place of a table of bits is a word
/// that is 0 or 1.
pub fn value(read: &Read, words: &[u16], point: &Point) -> Result<Value, NoValue> {
    let offset = point.address.checked_sub(read.start).ok_or(NoValue::Outside)?;
    let (from, width) = (usize::from(offset), usize::from(point.kind.width()));
    let own = words.get(from..from + width).ok_or(NoValue::Outside)?;
    let wire: Vec<u8> = own.iter().flat_map(|word| word.to_be_bytes()).collect();
    if let Kind::Text { .. } = point.kind {
        return text(&wire, point);
    }
    let raw = point.order.join(&wire).ok_or(NoValue::Outside)?;
    match point.kind {
        Kind::Bit(bit) => Ok(Value::Bit(raw >> bit.min(63) & 1 == 1)),
        Kind::Field { low, bits } => {
            let mask = (1_u64 << bits.min(63)) - 1;
            whole(i128::from(raw >> low.min(63) & mask), point)
        },
        Kind::Byte { high, signed } => {
            let byte = raw >> if high { 8 } else { 0 } & 0xff;
            whole(if signed { extended(byte, 1) } else { i128::from(byte) }, point)
        },
        Kind::Whole { bytes, signed: true } => whole(extended(raw, bytes), point),
        Kind::Whole { signed: false, .. } => whole(i128::from(raw), point),
        Kind::Bcd { bytes } => whole(decimal(raw, bytes)?, point),
        Kind::Float { bytes } => measured(float(raw, bytes), point),
        Kind::Text { .. } => Err(NoValue::Outside),
    }
}

/// Two's complement of so many bytes.
fn extended(raw: u64, bytes: u8) -> i128 {
    let bits = 8 * u32::from(bytes);
    let raw = i128::from(raw);
    if raw >> (bits - 1) & 1 == 1 { raw - (1 << bits) } else { raw }
}

fn decimal(raw: u64, bytes: u8) -> Result<i128, NoValue> {
    let digits = (0..u32::from(bytes) * 2).rev().map(|n| raw >> (4 * n) & 0xf);
    digits.into_iter().try_fold(0, |sum, digit| match digit {
        0..=9 => Ok(sum * 10 + i128::from(digit)),
        _ => Err(NoValue::NotDecimal),
    })
}

fn float(raw: u64, bytes: u8) -> f64 {
    match bytes {
        2 => half(raw),
        4 => f64::from(f32::from_bits(u32::try_from(raw).unwrap_or(u32::MAX))),
        _ => f64::from_bits(raw),
    }
}

/// IEEE 754 of two bytes: a sign, five bits of exponent, ten of fraction.
fn half(raw: u64) -> f64 {
    let part = |shift: u32, mask: u64| u16::try_from(raw >> shift & mask).unwrap_or(0);
    let sign = if part(15, 1) == 1 { -1.0 } else { 1.0 };
    let fraction = f64::from(part(0, 0x3ff)) / 1024.0;
    sign * match part(10, 0x1f) {
        0 => fraction * 2_f64.powi(-14),
        31 => f64::NAN,
        exponent => (1.0 + fraction) * 2_f64.powi(i32::from(exponent) - 15),
    }
}

fn whole(raw: i128, point: &Point) -> Result<Value, NoValue> {
    if point.scale.is_some() || point.offset.is_some() {
        #[expect(clippy::cast_precision_loss, reason = "a scaled value is measured, not counted")]
        return measured(raw as f64, point);
    }
    i64::try_from(raw).map(Value::Whole).map_err(|_: std::num::TryFromIntError| NoValue::TooGreat)
}

fn measured(raw: f64, point: &Point) -> Result<Value, NoValue> {
    let number = raw * point.scale.unwrap_or(1.0) + point.offset.unwrap_or(0.0);
    if number.is_finite() { Ok(Value::Measured(number)) } else { Err(NoValue::NotANumber) }
}

/// Ends at the first zero; spaces at its end are filling.
fn text(wire: &[u8], point: &Point) -> Result<Value, NoValue> {
    let mut bytes = Vec::with_capacity(wire.len());
    for pair in wire.chunks_exact(2) {
        let raw = point.order.join(pair).ok_or(NoValue::Outside)?;
        bytes.extend(u16::try_from(raw).unwrap_or(0).to_be_bytes());
    }
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let text = String::from_utf8(bytes).map_err(|_| NoValue::NotText)?;
    let text = text.trim_end();
    if text.chars().any(char::is_control) {
        return Err(NoValue::NotText);
    }
    Ok(Value::Word(text.to_owned()))
}

#[cfg(test)]
mod tests;
