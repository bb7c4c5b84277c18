//! Golden values, and values encoded by the opposite rule.

use super::*;
use crate::ingest::modbus::{
    order::Order,
    plan::{Limits, Table},
    read::reads,
};
use proptest::prelude::*;
use std::sync::Arc;

const GOLDEN: &str = include_str!("golden.txt");
const ALL: Limits = Limits { max_gap: 0, max_registers: 125, merge: true, holes: Vec::new() };

fn point(kind: Kind, order: &str) -> Point {
    Point {
        machine: 0,
        signal: "x".to_owned(),
        table: Table::Input,
        address: 7,
        kind,
        order: order.to_owned().try_into().unwrap(),
        scale: None,
        offset: None,
    }
}

fn decode(point: &Point, words: &[u16]) -> Result<Value, NoValue> {
    value(&reads(&[Arc::new(point.clone())], &ALL)[0], words, point)
}

fn kind(words: &[&str], registers: usize) -> Kind {
    let bytes = u8::try_from(registers * 2).unwrap();
    let number = |n: usize| words[n].parse().unwrap();
    match words[0] {
        "u8" | "i8" => Kind::Byte { high: words[1] == "high", signed: words[0] == "i8" },
        "u16" | "u32" | "u64" => Kind::Whole { bytes, signed: false },
        "i16" | "i32" | "i64" => Kind::Whole { bytes, signed: true },
        "f16" | "f32" | "f64" => Kind::Float { bytes },
        "bcd" => Kind::Bcd { bytes },
        "bit" => Kind::Bit(number(1)),
        "bits" => Kind::Field { low: number(1), bits: number(2) },
        _ => Kind::Text { registers: u16::try_from(registers).unwrap() },
    }
}

fn expected(text: &str) -> Result<Value, NoValue> {
    let whole = || text.parse().map(Value::Whole).expect("a number");
    let measured = || text.parse().map(Value::Measured).expect("a number");
    match text {
        "too great" => Err(NoValue::TooGreat),
        "no number" => Err(NoValue::NotANumber),
        "no digits" => Err(NoValue::NotDecimal),
        "no text" => Err(NoValue::NotText),
        "true" | "false" => Ok(Value::Bit(text == "true")),
        word if word.starts_with('\'') => Ok(Value::Word(word.trim_matches('\'').to_owned())),
        number if number.contains('.') => Ok(measured()),
        _ => Ok(whole()),
    }
}

#[test]
fn the_golden_table() {
    for line in GOLDEN.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> =
            line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
        let [words, order, registers, value] = columns[..] else { panic!("{line}") };
        let registers: Vec<u16> =
            registers.split(' ').map(|word| u16::from_str_radix(word, 16).unwrap()).collect();
        let words: Vec<&str> = words.split(' ').collect();
        let point = point(kind(&words, registers.len()), order);
        assert_eq!(decode(&point, &registers), expected(value), "{line}");
        assert_eq!(decode(&point, &registers[1..]), Err(NoValue::Outside), "{line}");
    }
}

#[test]
fn scale_and_offset_make_a_measured_value() {
    let scaled = |kind, scale, offset| Point { scale, offset, ..point(kind, "AB") };
    let of = |kind, scale, offset, word| decode(&scaled(kind, scale, offset), &[word]);
    assert_eq!(of(Kind::I16, Some(0.1), None, 0xff9c), Ok(Value::Measured(-10.0)));
    assert_eq!(of(Kind::U16, Some(0.5), Some(-40.0), 100), Ok(Value::Measured(10.0)));
    assert_eq!(of(Kind::U16, None, Some(1.0), 100), Ok(Value::Measured(101.0)));
    let field = Kind::Field { low: 8, bits: 8 };
    assert_eq!(of(field, Some(2.0), None, 0x0a00), Ok(Value::Measured(20.0)));
    let huge = Point { scale: Some(1e300), ..point(Kind::F32, "ABCD") };
    assert_eq!(decode(&huge, &[0x7f7f, 0xffff]), Err(NoValue::NotANumber));
}

/// The registers that hold these bytes, highest first, in this order: the opposite of reading.
fn encode(order: &str, highest_first: &[u8]) -> Vec<u16> {
    let place = |letter: u8| highest_first[usize::from(letter - b'A')];
    let wire: Vec<u8> = order.bytes().map(place).collect();
    wire.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// Every letter once, shuffled.
fn any_order(bytes: usize) -> impl Strategy<Value = String> {
    let letters: Vec<char> = "ABCDEFGH".chars().take(bytes).collect();
    Just(letters).prop_shuffle().prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #[test]
    fn whole_numbers_in_any_order(
        number in any::<i64>(),
        two in any_order(2),
        four in any_order(4),
        eight in any_order(8),
    ) {
        let bytes = number.to_be_bytes();
        let wide = encode(&eight, &bytes);
        prop_assert_eq!(decode(&point(Kind::I64, &eight), &wide), Ok(Value::Whole(number)));
        let unsigned = decode(&point(Kind::U64, &eight), &wide);
        let expected = u64::from_be_bytes(bytes);
        let expected = i64::try_from(expected).map(Value::Whole).map_err(|_| NoValue::TooGreat);
        prop_assert_eq!(unsigned, expected);
        let [.., b4, b5, b6, b7] = bytes;
        let middle = encode(&four, &[b4, b5, b6, b7]);
        let (u, i) = (u32::from_be_bytes([b4, b5, b6, b7]), i32::from_be_bytes([b4, b5, b6, b7]));
        prop_assert_eq!(decode(&point(Kind::U32, &four), &middle), Ok(Value::Whole(u.into())));
        prop_assert_eq!(decode(&point(Kind::I32, &four), &middle), Ok(Value::Whole(i.into())));
        let narrow = encode(&two, &[b6, b7]);
        let i = i16::from_be_bytes([b6, b7]);
        prop_assert_eq!(decode(&point(Kind::I16, &two), &narrow), Ok(Value::Whole(i.into())));
    }

    #[test]
    fn floats_in_any_order(
        number in any::<f64>().prop_filter("finite", |n| n.is_finite()),
        small in any::<f32>().prop_filter("finite", |n| n.is_finite()),
        four in any_order(4),
        eight in any_order(8),
    ) {
        let registers = encode(&eight, &number.to_be_bytes());
        let kind = Kind::Float { bytes: 8 };
        prop_assert_eq!(decode(&point(kind, &eight), &registers), Ok(Value::Measured(number)));
        let registers = encode(&four, &small.to_be_bytes());
        prop_assert_eq!(decode(&point(Kind::F32, &four), &registers), Ok(Value::Measured(small.into())));
    }

    #[test]
    fn decimal_digits_in_any_order(number in 0_u64..100_000_000, four in any_order(4)) {
        let digits = u32::from_str_radix(&format!("{number:08}"), 16).unwrap();
        let registers = encode(&four, &digits.to_be_bytes());
        let whole = i64::try_from(number).unwrap();
        prop_assert_eq!(decode(&point(Kind::Bcd { bytes: 4 }, &four), &registers), Ok(Value::Whole(whole)));
    }

    #[test]
    fn every_half_float_is_the_one_of_its_definition(bits in any::<u16>()) {
        let exponent = bits >> 10 & 0x1f;
        let got = decode(&point(Kind::Float { bytes: 2 }, "AB"), &[bits]);
        if exponent == 31 {
            prop_assert_eq!(got, Err(NoValue::NotANumber));
        } else {
            // The same number as a float of four bytes: exponents shifted, fraction widened.
            let sign = u32::from(bits >> 15) << 31;
            let fraction = f32::from(bits & 0x3ff);
            let wide = if exponent == 0 {
                f32::from_bits(sign | (fraction / 16_777_216.0).to_bits())
            } else {
                f32::from_bits(sign | (u32::from(exponent) + 112) << 23 | u32::from(bits & 0x3ff) << 13)
            };
            prop_assert_eq!(got, Ok(Value::Measured(wide.into())));
        }
    }

    #[test]
    fn text_both_ways(text in "[ -~]{0,19}[!-~]", swapped in any::<bool>()) {
        let order = if swapped { "BA" } else { "AB" };
        let mut bytes = text.clone().into_bytes();
        bytes.resize(20, 0);
        let registers: Vec<u16> =
            bytes.chunks(2).flat_map(|pair| encode(order, pair)).collect();
        let point = point(Kind::Text { registers: 10 }, order);
        prop_assert_eq!(decode(&point, &registers), Ok(Value::Word(text)));
    }

    #[test]
    fn whatever_stands_there_nothing_panics(
        words in prop::collection::vec(any::<u16>(), 0..6),
        start in any::<u16>(),
        low in any::<u8>(),
        bits in any::<u8>(),
        which in 0_usize..9,
    ) {
        let kinds = [
            Kind::Bit(low), Kind::Field { low, bits }, Kind::U16, Kind::I32, Kind::I64,
            Kind::Float { bytes: 2 }, Kind::F32, Kind::Bcd { bytes: 8 }, Kind::Text { registers: 3 },
        ];
        let kind = kinds[which];
        let order = Order::standard(kind.bytes());
        let point = Point { order, address: start, ..point(kind, "AB") };
        let read = Read { table: Table::Holding, start, count: 6, points: vec![Arc::new(point.clone())] };
        drop(value(&read, &words, &point));
    }
}
