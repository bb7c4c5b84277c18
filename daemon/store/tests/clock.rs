//! What a wall clock that was wrong leaves in the files: nothing leaves before its time, nothing stays
//! for ever, and what was read is not put together across a jump.

#![cfg(test)]

use kart_core::{
    fact::{Body, Draft, clock::ClockCorrected},
    id::{EquipmentId, Incarnation, Origin, SiteId, TerminalId},
    plant::Plant,
    record::Tenant,
    signal::{Quality, Sample, Value},
    time::{Boot, Micros, Moment, Stamp},
};
use kart_store::{
    Acknowledged, Append, Store, StoreOptions,
    raw::{Chunk, Labels, Raw, RawOptions, RawReader, Taken},
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};
use uuid::Uuid;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;
const ORIGIN: Origin =
    Origin { terminal: TerminalId(Uuid::from_u128(7)), incarnation: Incarnation(1) };

/// A second of a boot that began at `zero`, as its wall clock had it, in seconds.
fn moment(boot: &str, zero: i64, second: i64) -> Moment {
    let wall_us = Micros((zero + second) * SECOND);
    Moment { at: Stamp { wall_us, mono_us: second * SECOND }, boot: Boot(boot.into()) }
}

/// A run of the program that hears a press now and then: no more rounds than may wait.
async fn run(
    folder: &Path,
    (keep, confirmed): (i64, bool),
    boot: &str,
    heard: impl IntoIterator<Item = (i64, i64)>,
) {
    let options = RawOptions {
        folder: folder.into(),
        keep_us: keep * SECOND,
        most_bytes: 64 << 20,
        free_bytes: 0,
        confirmed: Arc::new(AtomicBool::new(confirmed)),
    };
    let machine = (EquipmentId(Uuid::from_u128(1)), BTreeMap::from([("good".into(), "a".into())]));
    let labels = Labels { map: "m".into(), machines: vec![machine] };
    let mut raw = Raw::start(options, labels).unwrap();
    for (zero, second) in heard {
        let now = moment(boot, zero, second);
        let (signal, value) = ("good".to_owned(), Value::Whole(second));
        let (quality, at, again) = (Quality::Good, now.at, false);
        let sample = Sample { machine: 0, signal, value, quality, at, again };
        raw.take(&now, vec![Taken::Samples(vec![sample], None)]);
    }
    raw.close().await;
}

fn chunks(folder: &Path) -> Vec<Chunk> {
    let reader = RawReader::open(folder).unwrap().unwrap();
    let mut all = Vec::new();
    reader.chunks(Micros(0), Micros(i64::MAX), |chunk| all.push(chunk)).unwrap();
    all
}

/// Of which boots there are chunks.
fn boots(folder: &Path) -> Vec<String> {
    let mut boots: Vec<String> = chunks(folder).into_iter().map(|chunk| chunk.boot).collect();
    boots.sort();
    boots.dedup();
    boots
}

#[tokio::test]
async fn what_was_read_is_cut_where_the_clock_was_set_right() {
    let folder = tempfile::tempdir().unwrap();
    // Three hours slow, then right: on the boot clock nothing is missing.
    let slow = (0..150).step_by(2).map(|second| (DAY - 10_800, second));
    let right = (150..300).step_by(2).map(|second| (DAY, second));
    run(folder.path(), (DAY, false), "a", slow.chain(right)).await;
    let all = chunks(folder.path());
    let cut = all.windows(2).filter(|pair| !pair[1].follows(&pair[0])).count();
    assert_eq!((all.len(), cut), (6, 1), "{all:#?}");
}

#[tokio::test]
async fn of_a_time_that_was_lived_twice_nothing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    // A minute fast, then right: the minute before comes once more.
    let fast = (0..180).step_by(2).map(|second| (DAY + 60, second));
    let right = (180..360).step_by(2).map(|second| (DAY, second));
    run(folder.path(), (DAY, false), "a", fast.chain(right)).await;
    let told = |stamp: Stamp| stamp.wall_us.0 / SECOND - DAY;
    let all: Vec<_> =
        chunks(folder.path()).iter().map(|chunk| (told(chunk.from), told(chunk.until))).collect();
    assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].0 + 1), "{all:?}");
    assert!(all.iter().all(|(from, until)| *until <= 185 || *from >= 235), "{all:?}");
    assert!(all.len() >= 4, "{all:?}");
}

#[tokio::test]
async fn nothing_read_leaves_by_a_clock_that_nobody_has_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let keep = 30 * DAY;
    run(folder.path(), (keep, true), "a", (0..100).map(|second| (100 * DAY, second))).await;
    // Years ahead after the battery was changed, and nobody there to ask.
    run(folder.path(), (keep, false), "b", (0..200).map(|second| (4_000 * DAY, second))).await;
    assert_eq!(boots(folder.path()), ["a", "b"]);
    // Headquarters says that it is a day after all.
    run(folder.path(), (keep, true), "c", (0..100).map(|second| (101 * DAY, second))).await;
    assert_eq!(boots(folder.path()), ["a", "b", "c"]);
    // What was stamped years ahead leaves when what was read after it is old.
    run(folder.path(), (keep, true), "d", (0..100).map(|second| (140 * DAY, second))).await;
    assert_eq!(boots(folder.path()), ["d"]);
}

#[tokio::test]
async fn within_a_boot_its_own_clock_tells_what_is_old() {
    let folder = tempfile::tempdir().unwrap();
    // It jumps by a year, and nobody confirms anything.
    let heard =
        (0..600).step_by(5).map(|second| (if second < 300 { DAY } else { 366 * DAY }, second));
    run(folder.path(), (400, false), "a", heard).await;
    let first = chunks(folder.path())[0].from.mono_us / SECOND;
    assert!((120..220).contains(&first), "{first}");
}

/// A log of which headquarters holds everything in a backup but the last fact.
async fn backed_up(folder: &Path, facts: impl IntoIterator<Item = (Moment, Body)>) -> Store {
    let tenant = Tenant { organization: "o".into(), site: SiteId(Uuid::from_u128(9)) };
    let options = StoreOptions { folder: folder.into(), new_origin: ORIGIN, tenant };
    let store = Store::open(options).unwrap();
    let (terminal, incarnation) = (ORIGIN.terminal, ORIGIN.incarnation);
    let genesis = Body::Genesis { format: 1, terminal, incarnation };
    let first = [(moment("a", 100 * DAY, 0), genesis)];
    let drafts = first.into_iter().chain(facts).map(|(moment, body)| {
        let (at, boot) = (moment.at, moment.boot);
        Draft { at, boot, by: None, key: None, body, texts: vec![] }
    });
    let drafts: Vec<Draft> = drafts.collect();
    let last = u64::try_from(drafts.len()).unwrap();
    store.append(Append { drafts, ..Append::default() }).await.unwrap();
    let told = Acknowledged { session: Uuid::nil(), acked: last, safe: last, quarantined: vec![] };
    store.acknowledge(told).await.unwrap();
    let mut plant = Plant::new(ORIGIN);
    store.reader().unwrap().facts_after(0, |fact| plant.apply(fact)).unwrap();
    store.save_plant(last, serde_json::to_string(&plant).unwrap()).await.unwrap();
    store
}

fn started() -> Body {
    Body::Started { version: "1".into(), map: "m".into() }
}

#[tokio::test]
async fn a_fact_of_a_clock_that_was_fast_does_not_stop_the_purge_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let facts = [
        (moment("b", 4_000 * DAY, 5), started()),
        (moment("c", 101 * DAY, 5), started()),
        (moment("c", 102 * DAY, 5), started()),
    ];
    let store = backed_up(folder.path(), facts).await;
    let keep = 35 * DAY * SECOND;
    let purged = store.purge(moment("d", 120 * DAY, 0), keep).await.unwrap();
    assert_eq!(purged.facts, 0, "all of them are young");
    // 136 days: the first is old; the one from the future is as old as it can be: no older than the next.
    let purged = store.purge(moment("d", 135 * DAY + 100, 0), keep).await.unwrap();
    assert_eq!(purged.facts, 1);
    let purged = store.purge(moment("d", 300 * DAY, 0), keep).await.unwrap();
    assert_eq!(purged.facts, 2, "all but the last, which the next one follows");
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_fact_of_a_clock_that_was_slow_stays_as_long_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    // 1970, until headquarters says that it is day 101. The last fact stays anyhow.
    let (zero, within_us) = (Micros(101 * DAY * SECOND), 0);
    let corrected = ClockCorrected { zero, fast_us: -zero.0, within_us };
    let facts = [
        (moment("b", 0, 5), started()),
        (moment("b", 0, 6), Body::ClockCorrected(corrected)),
        (moment("b", 101 * DAY, 7), started()),
    ];
    let store = backed_up(folder.path(), facts).await;
    let keep = 35 * DAY * SECOND;
    // Also by a stamp of the boot that goes on.
    for seen in [moment("b", 101 * DAY, 34 * DAY), moment("c", 135 * DAY + 100, 0)] {
        let purged = store.purge(seen, keep).await.unwrap();
        assert!(purged.facts <= 1, "{purged:?}");
    }
    assert_eq!(store.reader().unwrap().oldest().unwrap(), 2);
    let purged = store.purge(moment("c", 137 * DAY, 0), keep).await.unwrap();
    assert_eq!(purged.facts, 2);
    store.close().await.unwrap();
}
