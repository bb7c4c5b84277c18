//! The ring of raw readings: what comes back, what leaves, and what happens when there is no room.

#![cfg(test)]

use kart_core::{
    id::EquipmentId,
    signal::{Quality, Sample, Value},
    time::{Boot, Micros, Moment, Stamp},
};
use kart_store::raw::{Block, Chunk, Labels, Raw, RawOptions, RawReader, Said, Source, Taken};
use std::{path::Path, sync::Arc};
use uuid::Uuid;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const MIB: u64 = 1024 * 1024;
const WALL: i64 = 1_700_000_000_000_000;

fn moment(seconds: i64) -> Moment {
    let mono_us = seconds * SECOND;
    Moment { at: Stamp { wall_us: Micros(WALL + mono_us), mono_us }, boot: Boot("b".into()) }
}

fn options(folder: &Path) -> RawOptions {
    let (folder, keep_us) = (folder.to_owned(), 30 * DAY);
    let confirmed = Arc::default();
    RawOptions { folder, keep_us, most_bytes: 64 * MIB, free_bytes: 0, confirmed }
}

fn labels(map: &str, source: &str) -> Labels {
    let names = ["state", "good", "heat"];
    let signals = names.iter().map(|name| ((*name).to_owned(), format!("{source} {name}")));
    let machine = (EquipmentId(Uuid::from_u128(1)), signals.collect());
    Labels { map: map.to_owned(), machines: vec![machine] }
}

fn sample(signal: &str, value: Value, at: &Moment) -> Sample {
    let (signal, quality) = (signal.to_owned(), Quality::Good);
    Sample { machine: 0, signal, value, quality, at: at.at, again: false }
}

/// What a press says in one second.
fn press(second: i64) -> (Moment, Vec<Taken>) {
    let now = moment(second);
    let samples = vec![
        sample("state", Value::Bit(second % 300 < 240), &now),
        sample("good", Value::Whole(second / 3), &now),
        sample("heat", Value::Measured(f64::from(i32::try_from(second / 20 % 90).unwrap())), &now),
    ];
    (now, vec![Taken::Samples(samples, None)])
}

/// Waits until the thread has taken in what was given, so that nothing is left out.
async fn run(options: RawOptions, seconds: std::ops::Range<i64>) {
    let mut raw = Raw::start(options.clone(), labels("m1", "a")).unwrap();
    for second in seconds {
        let (now, taken) = press(second);
        raw.take(&now, taken);
        if second % 200 == 0 {
            // A round of its own each time: the answer comes when all before it is written.
            raw.close().await;
            raw = Raw::start(options.clone(), labels("m1", "a")).unwrap();
        }
    }
    raw.close().await;
}

fn chunks(folder: &Path) -> Vec<Chunk> {
    let reader = RawReader::open(folder).unwrap().unwrap();
    let mut all = Vec::new();
    reader.chunks(Micros(0), Micros(i64::MAX), |chunk| all.push(chunk)).unwrap();
    all
}

fn bytes(folder: &Path) -> u64 {
    ["raw.db", "raw.db-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(folder.join(name)).ok())
        .map(|file| file.len())
        .sum()
}

#[tokio::test]
async fn what_was_read_comes_back_with_what_it_meant() {
    let folder = tempfile::tempdir().unwrap();
    let mut raw = Raw::start(options(folder.path()), labels("m1", "a")).unwrap();
    for second in 0..150 {
        let (now, taken) = press(second);
        raw.take(&now, taken);
    }
    raw.relabel(labels("m2", "b"));
    let (now, taken) = press(150);
    raw.take(&now, taken);
    raw.take(&moment(151), vec![Taken::Stale(vec![(0, "state".to_owned())])]);
    raw.close().await;
    let chunks = chunks(folder.path());
    assert_eq!(
        chunks.iter().map(|chunk| chunk.map.as_str()).collect::<Vec<_>>(),
        ["m1", "m1", "m1", "m2"]
    );
    assert!(chunks.windows(2).all(|pair| pair[1].follows(&pair[0])), "{chunks:#?}");
    let heard: usize = chunks.iter().map(|chunk| chunk.heard.len()).sum();
    assert_eq!(heard, 151 * 3 + 1);
    let (first, last) = (&chunks[0], &chunks[3]);
    let signal = |name: &str, read: &str| {
        let (equipment, name) = (EquipmentId(Uuid::from_u128(1)), name.to_owned());
        Source::Signal { equipment, name, read: read.to_owned() }
    };
    assert_eq!(first.signals[0], signal("state", "a state"));
    assert_eq!(last.signals[0], signal("state", "b state"));
    assert_eq!(last.heard.last().unwrap().said, None, "it was not to be had any more");
    let good = first.signals.iter().position(|of| *of == signal("good", "a good")).unwrap();
    let of_good = first.heard.iter().filter(|heard| heard.signal == good);
    let counts: Vec<Said> = of_good.filter_map(|heard| heard.said.clone()).collect();
    assert_eq!(counts[..7], [0, 0, 0, 1, 1, 1, 2].map(|n| Said::Value(Value::Whole(n))));
    let extent = RawReader::open(folder.path()).unwrap().unwrap().extent().unwrap().unwrap();
    assert_eq!((extent.readings, extent.chunks), (151 * 3 + 1, 4));
    assert!(extent.bytes < extent.readings * 2, "{extent:?}");
}

#[tokio::test]
async fn the_oldest_leave_by_age_and_by_room() {
    let folder = tempfile::tempdir().unwrap();
    let kept = RawOptions { keep_us: 1_800 * SECOND, ..options(folder.path()) };
    run(kept, 0..7_200).await;
    let first = chunks(folder.path())[0].from.mono_us / SECOND;
    assert!((5_200..5_400).contains(&first), "{first}");

    let folder = tempfile::tempdir().unwrap();
    let small = RawOptions { most_bytes: 96 * 1024, ..options(folder.path()) };
    run(small, 0..40_000).await;
    let all = chunks(folder.path());
    assert!(all[0].from.mono_us > 0 && all.last().unwrap().until.mono_us == 39_999 * SECOND);
    let first = all[0].from.mono_us / SECOND;
    assert!(first < 30_000, "most of what there is room for is left: {first}");
    assert!(bytes(folder.path()) < 160 * 1024, "{}", bytes(folder.path()));
}

#[tokio::test]
async fn a_disk_that_is_short_takes_none_and_nobody_notices() {
    let folder = tempfile::tempdir().unwrap();
    run(options(folder.path()), 0..3_000).await;
    let before = chunks(folder.path()).len();
    run(RawOptions { free_bytes: u64::MAX, ..options(folder.path()) }, 3_000..3_300).await;
    let after = chunks(folder.path());
    assert!(after.len() < before, "what was there went first: {} of {before}", after.len());
    assert!(after.iter().all(|chunk| chunk.until.mono_us < 3_000 * SECOND));
}

#[tokio::test]
async fn what_is_left_out_is_counted_and_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut raw = Raw::start(options(folder.path()), labels("m1", "a")).unwrap();
    let (now, taken) = press(1);
    raw.take(&now, taken);
    let now = moment(2);
    let many = (0..30_000).map(|n| sample("good", Value::Whole(n), &now)).collect();
    raw.take(&now, vec![Taken::Samples(many, None)]);
    let (now, taken) = press(3);
    raw.take(&now, taken);
    raw.close().await;
    let all = chunks(folder.path());
    assert_eq!(all.iter().map(|chunk| chunk.lost).collect::<Vec<_>>(), [0, 30_000]);
    assert!(!all[1].follows(&all[0]));
}

#[tokio::test]
async fn a_damaged_ring_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    run(options(folder.path()), 0..100).await;
    std::fs::write(folder.path().join("raw.db"), "this is no database, whatever it was before")
        .unwrap();
    run(options(folder.path()), 100..200).await;
    let all = chunks(folder.path());
    assert_eq!(all[0].from.mono_us, 100 * SECOND);
}

#[tokio::test]
async fn what_values_were_read_from_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut raw = Raw::start(options(folder.path()), labels("m1", "a")).unwrap();
    let of = std::sync::Arc::<str>::from("registers");
    let block = |second: i64, count: u8| Block {
        of: std::sync::Arc::clone(&of),
        bytes: vec![0, 1, 0, count],
        at: moment(second).at,
        quality: Quality::Good,
        again: false,
    };
    for (second, count) in (0..100).zip(0..) {
        raw.take(&moment(second), vec![Taken::Blocks(vec![block(second, count / 5)], None)]);
    }
    raw.close().await;
    let all = chunks(folder.path());
    assert_eq!(all[0].signals, [Source::Bytes("registers".to_owned())]);
    let heard = all.iter().flat_map(|chunk| &chunk.heard);
    let bytes: Vec<Said> = heard.filter_map(|heard| heard.said.clone()).collect();
    let expect = |count: u8| Said::Bytes([0, 1, 0, count].into());
    assert_eq!(bytes, (0..100).map(|n| expect(n / 5)).collect::<Vec<_>>());
    let listened = RawReader::open(folder.path()).unwrap().unwrap().listened().unwrap();
    assert_eq!(listened["m1"].len(), 3, "signals that said nothing: {listened:?}");
}

#[tokio::test]
async fn a_ring_of_before_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    run(options(folder.path()), 0..100).await;
    #[expect(clippy::disallowed_methods, reason = "the ring is no file of facts")]
    let file = rusqlite::Connection::open(folder.path().join("raw.db")).unwrap();
    file.execute_batch("DROP TABLE listened").unwrap();
    drop(file);
    let reader = RawReader::open(folder.path()).unwrap().unwrap();
    assert_eq!(reader.listened().unwrap().len(), 0);
    run(options(folder.path()), 100..200).await;
    let all = chunks(folder.path());
    assert_eq!((all[0].from.mono_us, all.last().unwrap().until.mono_us), (0, 199 * SECOND));
    assert_eq!(reader.listened().unwrap()["m1"].len(), 3);
}
