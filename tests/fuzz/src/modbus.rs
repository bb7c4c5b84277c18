//! Answers of a Modbus device: frames of TCP through the connection that the daemon uses, frames of a serial line as
//! they come in piece by piece, and whatever registers they hold as values of every kind.

use std::sync::Arc;
use std::time::Duration;

use kartd::ingest::modbus::link::{Link, Words};
use kartd::ingest::modbus::order::Order;
use kartd::ingest::modbus::plan::{Kind, Point, Table};
use kartd::ingest::modbus::read::Read;
use kartd::ingest::modbus::{decode, rtu};
use tokio::io::AsyncWriteExt as _;

use crate::{Target, bytes};

const UNIT: u8 = 9;

/// The first byte of an input says what was asked for.
fn asked(first: u8) -> Read {
    let tables = [Table::Holding, Table::Input, Table::Coil, Table::Discrete];
    let table = tables[usize::from(first & 3)];
    let count = 1 + u16::from(first >> 2);
    Read { table, start: 65_000, count, points: vec![] }
}

fn target(name: &'static str, corpus: &[&str], take: fn(&[u8])) -> Target {
    Target { name, corpus: corpus.iter().map(|hex| bytes(hex)).collect(), short: 10_000, take }
}

/// Two registers or bits, an exception, and what stands around them.
pub(crate) fn network() -> Target {
    let corpus = [
        "04 0000 0000 0007 09 03 04 0001 0002",
        "04 0001 0000 0007 09 03 04 0001 0002",
        "05 0000 0000 0007 09 04 04 ffff 7fc0",
        "26 0000 0000 0005 09 01 02 cd 01",
        "04 0000 0000 0003 09 83 02",
        "04 0001 0000 0003 09 83 0b 0000 0000",
        "04 0000 0000 ffff 09 03 04",
        "04 0000 0001 0002 09 03",
    ];
    target("modbus-tcp", &corpus, frame)
}

pub(crate) fn serial() -> Target {
    let corpus = [
        "04 09 03 04 0001 0002 5233",
        "04 a5a5a5 09 03 04 0001 0002 5233",
        "04 09 83 02 d132",
        "26 09 01 02 cd01 c7fd",
        "05 09 04 04 ffff 7fc0 0000",
    ];
    target("modbus-rtu", &corpus, piece_by_piece)
}

/// An answer is believed only where the first frame is one, and then it says what the frame says.
fn frame(input: &[u8]) {
    let Some((first, sent)) = input.split_first() else { return };
    let read = asked(*first);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    assert!(runtime.is_ok(), "no runtime");
    let Ok(runtime) = runtime else { return };
    let answer = runtime.block_on(async {
        let (near, mut far) = tokio::io::duplex(sent.len().max(256));
        // Both ends are here: it fits, and nobody breaks off.
        drop(far.write_all(sent).await);
        drop(far.shutdown().await);
        let answer = Link::over(near).ask(UNIT, Duration::from_secs(1), &read).await;
        drop(far);
        answer
    });
    match answer {
        Err(_) => {},
        Ok(Err(code)) => {
            assert!(sent.len() >= 9 && sent[7] == read.table.function() | 0x80, "{code}");
        },
        Ok(Ok(words)) => {
            assert!(sent.len() >= 9 + usize::from(read.bytes()), "{words:?}");
            assert_eq!(&sent[2..4], [0, 0], "the protocol");
            assert_eq!(&sent[6..8], [UNIT, read.table.function()]);
            assert_eq!(u16::from(sent[8]), read.bytes());
            assert_eq!(words, plain(&read, &sent[9..]));
            values(&read, &words);
        },
    }
}

/// However it is cut, the first piece that is an answer ends with one.
fn piece_by_piece(input: &[u8]) {
    let Some((first, sent)) = input.split_first() else { return };
    let read = asked(*first);
    for end in 1..=sent.len().min(300) {
        let heard = &sent[..end];
        match rtu::answer(UNIT, &read, heard) {
            Ok(None) => assert!(end <= 256, "{end} bytes and no end"),
            Ok(Some(rtu::Answer::Values(values_heard))) => {
                assert_eq!(values_heard.len(), usize::from(read.bytes()));
                assert_eq!(&heard[end - 2 - values_heard.len()..end - 2], values_heard);
                values(&read, &plain(&read, &values_heard));
                return;
            },
            Ok(Some(rtu::Answer::Exception(code))) => {
                assert_eq!(heard[end - 3], code);
                return;
            },
            Err(_) => return,
        }
    }
}

/// What bytes of an answer say, told otherwise than in the daemon.
fn plain(read: &Read, answered: &[u8]) -> Vec<u16> {
    let count = usize::from(read.count);
    match read.table {
        Table::Coil | Table::Discrete => {
            (0..count).map(|n| u16::from(answered[n / 8] >> (n % 8) & 1)).collect()
        },
        Table::Holding | Table::Input => (0..count)
            .map(|n| u16::from(answered[2 * n]) << 8 | u16::from(answered[2 * n + 1]))
            .collect(),
    }
}

/// Whatever stands there: each kind is a value or says why it is none.
fn values(read: &Read, words: &[u16]) {
    let believed: Words = Ok(words.to_vec());
    let Ok(words) = believed else { return };
    let kinds = [
        Kind::Bit(15),
        Kind::Field { low: 3, bits: 9 },
        Kind::Byte { high: true, signed: true },
        Kind::I16,
        Kind::U32,
        Kind::I64,
        Kind::U64,
        Kind::Float { bytes: 2 },
        Kind::F32,
        Kind::Float { bytes: 8 },
        Kind::Bcd { bytes: 8 },
        Kind::Text { registers: 3 },
    ];
    for kind in kinds {
        for address in [read.start, read.start + read.count / 2, u16::MAX] {
            let order = Order::standard(kind.bytes());
            let (signal, scale, offset) = ("s".to_owned(), Some(1e300), Some(-1.0));
            let (machine, table) = (0, read.table);
            let point = Point { machine, signal, table, address, kind, order, scale, offset };
            let inside =
                usize::from(address - read.start) + usize::from(kind.width()) <= words.len();
            let value = decode::value(read, &words, &Arc::new(point));
            assert!(inside || value.is_err(), "{kind:?} at {address}: {value:?}");
        }
    }
}
