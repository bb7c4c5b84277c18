//! From registers to values. Pure.

use kart_core::signal::Value;

use super::plan::{Kind, Point, Read, WordOrder};

/// Why registers are no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoValue {
    /// The answer does not hold the point's registers.
    #[error("the answer does not hold these registers")]
    Outside,
    /// A float that is no number.
    #[error("the registers hold NaN or infinity")]
    NotANumber,
}

/// The value of `point` in `words`, the answer to `read`.
pub fn value(read: &Read, words: &[u16], point: &Point) -> Result<Value, NoValue> {
    let offset = point.address.checked_sub(read.start).ok_or(NoValue::Outside)?;
    let own = words.iter().skip(usize::from(offset)).take(usize::from(point.kind.width()));
    let own: Vec<u16> = own.copied().collect();
    let raw = match (point.kind, own.as_slice(), point.order) {
        (Kind::Bit(bit), [word], _) => return Ok(Value::Bit(word >> bit.min(15) & 1 == 1)),
        (Kind::U16, [word], _) => i64::from(*word),
        (Kind::I16, [word], _) => i64::from(word.cast_signed()),
        (Kind::U32, [high, low], WordOrder::HighFirst)
        | (Kind::U32, [low, high], WordOrder::LowFirst) => i64::from(join(*high, *low)),
        (Kind::I32, [high, low], WordOrder::HighFirst)
        | (Kind::I32, [low, high], WordOrder::LowFirst) => {
            i64::from(join(*high, *low).cast_signed())
        },
        (Kind::F32, [high, low], WordOrder::HighFirst)
        | (Kind::F32, [low, high], WordOrder::LowFirst) => {
            let float = f64::from(f32::from_bits(join(*high, *low)));
            return measured(float * point.scale.unwrap_or(1.0));
        },
        _ => return Err(NoValue::Outside),
    };
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    point.scale.map_or(Ok(Value::Whole(raw)), |scale| measured(raw as f64 * scale))
}

fn join(high: u16, low: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

fn measured(number: f64) -> Result<Value, NoValue> {
    if number.is_finite() { Ok(Value::Measured(number)) } else { Err(NoValue::NotANumber) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::modbus::plan::{Table, reads};

    fn decode(
        kind: Kind,
        order: WordOrder,
        scale: Option<f64>,
        words: &[u16],
    ) -> Result<Value, NoValue> {
        let signal = "x".to_owned();
        let point =
            Point { machine: 0, signal, table: Table::Input, address: 7, kind, order, scale };
        value(&reads(std::slice::from_ref(&point), 0, 125)[0], words, &point)
    }

    #[test]
    fn the_table_of_kinds() {
        use Kind as K;
        use Value::{Bit, Measured, Whole};
        use WordOrder::{HighFirst as H, LowFirst as L};
        let pi = 3.5_f32.to_bits();
        let (pi_high, pi_low) = ((pi >> 16) as u16, u16::try_from(pi & 0xffff).unwrap());
        let cases = [
            (K::U16, H, None, vec![65_535], Ok(Whole(65_535))),
            (K::I16, H, None, vec![65_535], Ok(Whole(-1))),
            (K::I16, L, Some(0.1), vec![0xff9c], Ok(Measured(-10.0))),
            (K::U32, H, None, vec![1, 2], Ok(Whole(65_538))),
            (K::U32, L, None, vec![1, 2], Ok(Whole(131_073))),
            (K::U32, H, None, vec![0xffff, 0xffff], Ok(Whole(4_294_967_295))),
            (K::I32, H, None, vec![0xffff, 0xfffe], Ok(Whole(-2))),
            (K::I32, L, None, vec![0xfffe, 0xffff], Ok(Whole(-2))),
            (K::F32, H, None, vec![pi_high, pi_low], Ok(Measured(3.5))),
            (K::F32, L, Some(2.0), vec![pi_low, pi_high], Ok(Measured(7.0))),
            (K::F32, H, None, vec![0x7fc0, 0], Err(NoValue::NotANumber)),
            (K::F32, H, None, vec![0xff80, 0], Err(NoValue::NotANumber)),
            (K::F32, H, Some(1e300), vec![0x7f7f, 0xffff], Err(NoValue::NotANumber)),
            (K::Bit(0), H, None, vec![0b0101], Ok(Bit(true))),
            (K::Bit(1), H, None, vec![0b0101], Ok(Bit(false))),
            (K::Bit(15), H, None, vec![0x8000], Ok(Bit(true))),
            (K::U32, H, None, vec![1], Err(NoValue::Outside)),
            (K::U16, H, None, vec![], Err(NoValue::Outside)),
        ];
        for (kind, order, scale, words, expect) in cases {
            assert_eq!(decode(kind, order, scale, &words), expect, "{kind:?} {order:?} {words:?}");
        }
    }
}
