//! What becomes of the open chunk when its file goes.

use super::*;
use crate::raw::{Chunk, RawReader, Ring, Source, Taken};
use kart_core::{
    id::EquipmentId,
    signal::{Quality, Sample, Value},
    time::{Boot, Micros, Moment, Stamp},
};

fn ring(folder: &Path) -> Ring {
    let (folder, keep_us) = (folder.to_owned(), i64::MAX);
    let confirmed = std::sync::Arc::default();
    let options = RawOptions { folder, keep_us, most_bytes: u64::MAX, free_bytes: 0, confirmed };
    let machines = vec![(EquipmentId(Uuid::from_u128(1)), BTreeMap::new())];
    let labels = Labels { map: "m".to_owned(), machines };
    Ring::new(RingFile::new(options), labels.into(), std::sync::Arc::default())
}

fn hear(ring: &mut Ring, second: i64, names: [&str; 2]) {
    let at = Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 };
    let sample = |name: &str| {
        let (signal, value) = (name.to_owned(), Value::Whole(second));
        Sample { machine: 0, signal, value, quality: Quality::Good, at, again: false }
    };
    let taken = vec![Taken::Samples(names.map(sample).to_vec(), None)];
    ring.round(&Moment { at, boot: Boot("b".to_owned()) }, false, taken, 0);
}

/// As after a fault that makes the file useless.
fn lose_file(ring: &mut Ring, folder: &Path) {
    ring.file.connection = None;
    ring.file.forget_rows();
    remove(folder);
}

fn names(chunk: &Chunk) -> Vec<&str> {
    fn name(source: &Source) -> &String {
        match source {
            Source::Signal { name, .. } => name,
            Source::Bytes(of) => of,
        }
    }
    chunk.signals.iter().map(|source| name(source).as_str()).collect()
}

/// What the file holds.
fn kept(folder: &Path) -> Vec<Chunk> {
    let reader = RawReader::open(folder).unwrap().unwrap();
    let mut all = Vec::new();
    reader.chunks(Micros(0), Micros(i64::MAX), |chunk| all.push(chunk)).unwrap();
    all
}

#[test]
fn readings_of_a_lost_file_do_not_come_back_as_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = ring(folder.path());
    hear(&mut ring, 1, ["state", "good"]);
    lose_file(&mut ring, folder.path());
    hear(&mut ring, 2, ["good", "heat"]);
    ring.end();
    hear(&mut ring, 3, ["good", "heat"]);
    lose_file(&mut ring, folder.path());
    ring.end();
    assert_eq!(ring.lost, 2, "its signals are in no file");
    hear(&mut ring, 4, ["heat", "state"]);
    ring.end();
    let all = kept(folder.path());
    let names = names(&all[0]);
    assert_eq!((all.len(), all[0].lost, all[0].heard.len()), (1, 2, 2));
    assert_eq!(names, ["heat", "state"]);
}

#[test]
fn what_is_heard_after_a_lost_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = ring(folder.path());
    hear(&mut ring, 1, ["state", "good"]);
    lose_file(&mut ring, folder.path());
    hear(&mut ring, 2, ["good", "heat"]);
    ring.end();
    let all = kept(folder.path());
    let names = names(&all[0]);
    assert_eq!((names, all[0].lost, all[0].from.mono_us), (vec!["good", "heat"], 2, 2_000_000));
}

#[test]
fn what_leaves_makes_room_and_the_rest_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = ring(folder.path());
    let body = vec![7_u8; 8_000];
    for second in 1..=400_i64 {
        let at = Stamp { wall_us: Micros(second), mono_us: second };
        let (boot, map, begun) = ("b", "m", ring.file.begun());
        let (readings, lost, bytes) = (0, 0, &body[..]);
        let (from, until, confirmed) = (at, at, false);
        let written = Written { boot, map, from, until, confirmed, readings, lost, begun, bytes };
        assert!(ring.file.write(&written));
    }
    ring.file.options.most_bytes = 2_400_000;
    ring.file.shed(false);
    let count = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM chunk", [], |row| row.get::<_, i64>(0))
    };
    // A chunk takes two pages: all take 3.3 MB, and 64 leave at a time.
    assert_eq!(ring.file.with(count), Some(272));
    let bytes = fs::metadata(path(folder.path())).unwrap().len();
    assert!(bytes < 2_400_000, "{bytes}");
}
