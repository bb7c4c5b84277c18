//! One register as every type and in every order of bytes at once, for whoever has to find out
//! what it holds. Pure.

use kart_api::commissioning::{TypeCell, TypeRow};
use kart_core::signal::Value;

use super::{
    decode,
    order::Order,
    plan::{Kind, Point, Table},
    read::Read,
};

/// Characters of a text that are tried: so many registers.
const TEXT: u16 = 8;

/// A count or code beyond this is rarely one.
const MOST_WHOLE: i64 = 10_000_000;

/// What is measured lies between these, or is nothing.
const LEAST_MEASURED: f64 = 1e-4;
const MOST_MEASURED: f64 = 1e8;

/// The orders of 2, 4 and 8 bytes: as the standard has it, lower register first, lower byte first, both.
const ORDERS: [&[&str]; 3] = [
    &["AB", "BA"],
    &["ABCD", "CDAB", "BADC", "DCBA"],
    &["ABCDEFGH", "GHEFCDAB", "BADCFEHG", "HGFEDCBA"],
];

/// The types in every order, of `words` from `at` on.
pub fn survey(words: &[u16], at: usize) -> Vec<TypeRow> {
    let own = words.get(at..).unwrap_or_default();
    if own.is_empty() {
        return Vec::new();
    }
    let whole = |bytes, signed| Kind::Whole { bytes, signed };
    let halves = [(true, "high"), (false, "low")];
    let byte = |signed| halves.map(|(high, name)| (Kind::Byte { high, signed }, name));
    let left = u16::try_from(own.len()).unwrap_or(TEXT);
    let kinds = [
        ("u16", whole(2, false)),
        ("i16", whole(2, true)),
        ("f16", Kind::Float { bytes: 2 }),
        ("bcd16", Kind::Bcd { bytes: 2 }),
        ("u32", whole(4, false)),
        ("i32", whole(4, true)),
        ("f32", Kind::Float { bytes: 4 }),
        ("bcd32", Kind::Bcd { bytes: 4 }),
        ("u64", whole(8, false)),
        ("i64", whole(8, true)),
        ("f64", Kind::Float { bytes: 8 }),
        ("bcd64", Kind::Bcd { bytes: 8 }),
        ("text", Kind::Text { registers: TEXT.min(left) }),
    ];
    let row = |kind: &str, cells: Vec<TypeCell>| TypeRow { kind: kind.to_owned(), cells };
    let bytes = [("u8", byte(false)), ("i8", byte(true))].map(|(kind, halves)| {
        let cells = halves.map(|(half, name)| cell(own, half, Order::standard(2), name));
        row(kind, cells.into())
    });
    let others = kinds.iter().filter(|(_, kind)| usize::from(kind.width()) <= own.len());
    let others = others.map(|(name, kind)| {
        let orders = ORDERS.iter().find(|orders| orders[0].len() == usize::from(kind.bytes()));
        let orders = orders.into_iter().flat_map(|orders| orders.iter());
        let cells = orders.filter_map(|letters| {
            let order = Order::try_from((*letters).to_owned()).ok()?;
            Some(cell(own, *kind, order, letters))
        });
        row(name, cells.collect())
    });
    bytes.into_iter().chain(others).collect()
}

fn cell(own: &[u16], kind: Kind, order: Order, name: &str) -> TypeCell {
    let count = kind.width();
    let point = Point {
        machine: 0,
        signal: String::new(),
        table: Table::Holding,
        address: 0,
        kind,
        order,
        scale: None,
        offset: None,
    };
    let read = Read { table: Table::Holding, start: 0, count, points: Vec::new() };
    let value = decode::value(&read, own, &point).ok();
    let sensible = value.as_ref().is_some_and(is_sensible);
    TypeCell { order: name.to_owned(), value, sensible }
}

/// Whether a machine may well say this.
fn is_sensible(value: &Value) -> bool {
    match value {
        Value::Bit(_) => true,
        Value::Whole(whole) => (-MOST_WHOLE..=MOST_WHOLE).contains(whole),
        Value::Measured(number) => {
            let size = number.abs();
            size < f64::MIN_POSITIVE || (LEAST_MEASURED..=MOST_MEASURED).contains(&size)
        },
        Value::Word(word) => {
            word.chars().count() > 1
                && word.chars().all(|letter| letter.is_ascii_graphic() || letter == ' ')
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[u16], kind: &str, order: &str) -> TypeCell {
        let rows = survey(words, 0);
        let row = rows.iter().find(|row| row.kind == kind).unwrap();
        row.cells.iter().find(|cell| cell.order == order).unwrap().clone()
    }

    #[test]
    fn the_right_order_is_the_one_that_makes_sense() {
        // 70,000 with its lower register first.
        let words = [0x1170, 0x0001, 0, 0];
        let right = found(&words, "u32", "CDAB");
        assert_eq!((right.value, right.sensible), (Some(Value::Whole(70_000)), true));
        assert!(!found(&words, "u32", "ABCD").sensible);
        let float = found(&[0x42f6, 0xe979, 0, 0], "f32", "ABCD");
        assert!(
            float.sensible
                && matches!(float.value, Some(Value::Measured(x)) if (x - 123.456).abs() < 0.001)
        );
        assert!(!found(&[0x42f6, 0xe979, 0, 0], "f32", "DCBA").sensible);
        assert_eq!(found(&[0xfffe, 0, 0, 0], "i8", "low").value, Some(Value::Whole(-2)));
        assert_eq!(found(&[0x1a00, 0, 0, 0], "bcd16", "AB").value, None);
        assert_eq!(
            found(&[0x4f54, 0x4c4f, 0, 0], "text", "BA").value,
            Some(Value::Word("TOOL".into()))
        );
    }

    #[test]
    fn a_type_that_has_no_room_is_left_out() {
        let kinds =
            |words: &[u16]| survey(words, 0).into_iter().map(|row| row.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&[1]), ["u8", "i8", "u16", "i16", "f16", "bcd16", "text"]);
        assert!(kinds(&[1, 2, 3]).contains(&"u32".to_owned()));
        assert!(kinds(&[]).is_empty());
    }
}
