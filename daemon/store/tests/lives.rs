//! Files that take the place of others: what a new life takes over, what a damaged end costs, what
//! is purged; and that a power cut between any two steps leaves something to go on with.

#![cfg(test)]

use kart_core::{
    counter::{CounterKind, Verdict},
    fact::{Body, Counted, Draft, Fact, Hash, life::Continued},
    id::{EquipmentId, Incarnation, Origin, SiteId, TerminalId},
    plant::Plant,
    record::Tenant,
    time::{Boot, Micros, Moment, Stamp},
};
use kart_store::{Acknowledged, Append, Renewal, Store, StoreError, StoreOptions};
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;

const TERMINAL: TerminalId = TerminalId(Uuid::from_u128(7));
const OLD: Origin = Origin { terminal: TERMINAL, incarnation: Incarnation(1) };
const NEW: Origin = Origin { terminal: TERMINAL, incarnation: Incarnation(2) };

fn tenant() -> Tenant {
    Tenant { organization: "o".into(), site: SiteId(Uuid::from_u128(99)) }
}

fn options(folder: &Path) -> StoreOptions {
    StoreOptions { folder: folder.into(), new_origin: OLD, tenant: tenant() }
}

fn stamp(second: i64) -> Stamp {
    Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 }
}

fn draft(second: i64, body: Body) -> Draft {
    Draft { at: stamp(second), boot: Boot("b".into()), by: None, key: None, body, texts: vec![] }
}

fn counted(n: i64) -> Draft {
    let verdict = if n == 1 { Verdict::Base } else { Verdict::Increase };
    let from = if n == 1 { n } else { n - 1 };
    draft(
        n,
        Body::Counted(Counted {
            equipment: EquipmentId(Uuid::from_u128(1)),
            source: "good".into(),
            counter: CounterKind::Good,
            epoch: 0,
            raw_from: from,
            raw_to: n,
            quantity: n - from,
            verdict,
            since: stamp(from),
            until: stamp(n),
            batch: None,
            map: String::new(),
            raw: None,
        }),
    )
}

/// A log with a genesis and readings 1 to `last`, and the plant after the first `held` facts.
async fn log(folder: &Path, last: i64, held: u64) -> Plant {
    let store = Store::open(options(folder)).unwrap();
    let genesis = Body::Genesis { format: 1, terminal: OLD.terminal, incarnation: OLD.incarnation };
    let drafts = std::iter::once(draft(0, genesis)).chain((1..=last).map(counted)).collect();
    store.append(Append { drafts, ..Append::default() }).await.unwrap();
    let mut plant = Plant::new(OLD);
    let apply = |fact: &Fact| {
        if fact.seq <= held {
            plant.apply(fact);
        }
    };
    store.reader().unwrap().facts_after(0, apply).unwrap();
    store.close().await.unwrap();
    plant
}

fn renewal(plant: Plant, common: u64) -> Renewal {
    let continued = Continued {
        terminal: OLD.terminal,
        incarnation: OLD.incarnation,
        seq: plant.head,
        hash: Hash::ZERO,
    };
    Renewal { origin: NEW, continued, plant, common, at: Moment::default() }
}

fn look<T: rusqlite::types::FromSql>(file: &Path, sql: &str) -> T {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(file, flags).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_new_life_takes_over_and_issues_again_what_headquarters_lacks() {
    let folder = tempfile::tempdir().unwrap();
    // Headquarters holds up to reading 8, this terminal was put back to 5 and has seen 10.
    let plant = log(folder.path(), 10, 9).await;
    assert_eq!(kart_store::renew(folder.path(), &tenant(), renewal(plant, 6)).unwrap(), 5);
    let aside = kart_store::install(folder.path()).unwrap().unwrap();
    assert_eq!(aside.file_name().unwrap(), "facts-0000000000000001.db");
    assert_eq!(look::<i64>(&aside, "SELECT max(seq) FROM facts"), 11);
    assert_eq!(kart_store::resident(folder.path()).unwrap(), Some(NEW));

    let store = Store::open(options(folder.path())).unwrap();
    assert_eq!(store.origin(), NEW);
    let reader = store.reader().unwrap();
    let saved: Plant = serde_json::from_str(&reader.plant().unwrap().unwrap().1).unwrap();
    let mut told: Plant = serde_json::from_str(&reader.inherited().unwrap().unwrap()).unwrap();
    told = told.inherit(NEW);
    reader.facts_after(0, |fact| told.apply(fact)).unwrap();
    assert_eq!(told, saved, "what is inherited and the log tell the whole state");
    let machine = &saved.machines[&EquipmentId(Uuid::from_u128(1))];
    assert_eq!((machine.good, machine.counters["good"].unwrapped), (9, 10));
    let file = folder.path().join("facts.db");
    let sum = "SELECT sum(quantity) FROM edge_production_counts";
    assert_eq!(look::<i64>(&file, sum), 2, "readings 9 and 10");
    let lines = "SELECT count(*) FROM facts WHERE line LIKE '%\"former\":{%'";
    assert_eq!(look::<i64>(&file, lines), 5);
}

#[tokio::test]
async fn what_headquarters_lost_of_a_former_life_comes_again_out_of_the_file_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let plant = log(folder.path(), 10, 11).await;
    kart_store::renew(folder.path(), &tenant(), renewal(plant, 11)).unwrap();
    let aside = kart_store::install(folder.path()).unwrap().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    let drafts = (11..=13).map(counted).collect();
    store.append(Append { drafts, ..Append::default() }).await.unwrap();
    store.close().await.unwrap();

    // Headquarters was put back to fact 6 of the first life, and then to fact 4 of it.
    for (n, held) in [(3, 6), (4, 4)] {
        let mut plant = Plant::new(OLD);
        let hash: [u8; 32] = {
            let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
            let file = Connection::open_with_flags(&aside, flags).unwrap();
            let mut select = file.prepare("SELECT line FROM facts WHERE seq <= ?1").unwrap();
            let lines = select.query_map([held], |row| row.get::<_, String>(0)).unwrap();
            lines.for_each(|line| plant.apply(&Fact::parse(line.unwrap().as_bytes()).unwrap()));
            let hash = "SELECT hash FROM facts WHERE seq = ?1";
            file.query_row(hash, [held], |row| row.get(0)).unwrap()
        };
        let to_held = renewal(plant, 0);
        let continued = Continued { hash: Hash(hash), ..to_held.continued };
        let origin = Origin { terminal: TERMINAL, incarnation: Incarnation(n) };
        kart_store::renew(folder.path(), &tenant(), Renewal { origin, continued, ..to_held })
            .unwrap();
        kart_store::install(folder.path()).unwrap().unwrap();
        let file = folder.path().join("facts.db");
        let last = i64::from(held) - 1;
        let sum = "SELECT sum(quantity) FROM edge_production_counts";
        assert_eq!(look::<i64>(&file, sum), 13 - last, "every reading after that, once");
        let places = "SELECT count(DISTINCT json_extract(line, '$.fact.counted.raw_to'))
                      FROM facts WHERE line LIKE '%\"former\":{%'";
        assert_eq!(look::<i64>(&file, places), 13 - last);
    }
}

/// Between any two steps the folder is one from which the next start goes on.
#[tokio::test]
async fn a_power_cut_between_any_two_steps_is_survived() {
    let origin = tempfile::tempdir().unwrap();
    let plant = log(origin.path(), 10, 9).await;
    let renewal = renewal(plant, 6);
    let next = |folder: &Path| folder.join("facts-next.db");
    let fresh = || {
        let folder = tempfile::tempdir().unwrap();
        copy(origin.path(), folder.path());
        folder
    };
    // Before the decision: a draft is left behind.
    let drafted = fresh();
    fs::write(drafted.path().join("facts-draft.db"), "half a file").unwrap();
    // After it, with none, one and both of the renames done.
    let decided = fresh();
    kart_store::renew(decided.path(), &tenant(), renewal.clone()).unwrap();
    assert!(next(decided.path()).exists());
    let moved = tempfile::tempdir().unwrap();
    copy(decided.path(), moved.path());
    let old = moved.path().join("facts.db");
    fs::rename(&old, moved.path().join("facts-0000000000000001.db")).unwrap();
    let done = tempfile::tempdir().unwrap();
    copy(decided.path(), done.path());
    kart_store::install(done.path()).unwrap();
    let folders: [PathBuf; 4] =
        [drafted.path(), decided.path(), moved.path(), done.path()].map(Path::to_owned);
    for folder in folders {
        // What a start does.
        kart_store::install(&folder).unwrap();
        if kart_store::resident(&folder).unwrap() != Some(NEW) {
            kart_store::renew(&folder, &tenant(), renewal.clone()).unwrap();
            kart_store::install(&folder).unwrap();
        }
        let store = Store::open(options(&folder)).unwrap();
        assert_eq!((store.origin(), store.head().borrow().seq), (NEW, 7), "{}", folder.display());
        assert!(!next(&folder).exists());
        let aside = folder.join("facts-0000000000000001.db");
        assert_eq!(look::<i64>(&aside, "SELECT max(seq) FROM facts"), 11);
    }
}

#[tokio::test]
async fn a_damaged_end_costs_what_follows_it_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 10, 0).await;
    let file = folder.path().join("facts.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(&file, flags).unwrap();
    let flip = "UPDATE facts SET line = replace(line, 'raw_to', 'raw_tp') WHERE seq = 9";
    connection.execute(flip, []).unwrap();
    drop(connection);
    let Err(damage) = Store::open(options(folder.path())) else { panic!("it opens") };
    assert!(matches!(damage, StoreError::Damaged { seq: 9, .. }) && damage.is_damage());

    let salvaged = kart_store::salvage(folder.path(), &tenant(), "a bit", 5).unwrap();
    assert_eq!(salvaged.kept, 8);
    assert_eq!(look::<i64>(&salvaged.aside, "SELECT max(seq) FROM facts"), 11);
    let store = Store::open(options(folder.path())).unwrap();
    assert_eq!((store.origin(), store.head().borrow().seq), (OLD, 8));
    let reader = store.reader().unwrap();
    let damage = reader.damage().unwrap().unwrap();
    assert_eq!((damage.at, damage.seq, damage.problem.as_str()), (Micros(5), 9, "a bit"));
    assert_eq!(look::<i64>(&file, "SELECT count(*) FROM edge_production_counts"), 7);
    // Into the next life it goes as well: there nothing is confirmed yet.
    drop(reader);
    store.close().await.unwrap();
    kart_store::renew(folder.path(), &tenant(), renewal(Plant::new(OLD), 8)).unwrap();
    kart_store::install(folder.path()).unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    let reader = store.reader().unwrap();
    let carried = reader.damage().unwrap().unwrap();
    assert_eq!((store.origin(), carried.seq, &carried.file), (NEW, 1, &damage.file));
    // A person takes the file away.
    fs::rename(folder.path().join(&damage.file), folder.path().join("elsewhere")).unwrap();
    assert_eq!(reader.damage().unwrap(), None);
}

#[tokio::test]
async fn a_file_that_is_none_is_set_aside_whole() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("facts.db"), vec![7; 9_000]).unwrap();
    let Err(damage) = Store::open(options(folder.path())) else { panic!("it opens") };
    assert!(damage.is_damage(), "{damage}");
    let salvaged = kart_store::salvage(folder.path(), &tenant(), "noise", 5).unwrap();
    assert_eq!((salvaged.kept, fs::read(salvaged.aside).unwrap().len()), (0, 9_000));
    assert_eq!(Store::open(options(folder.path())).unwrap().head().borrow().seq, 0);
}

#[tokio::test]
async fn only_what_is_old_and_backed_up_is_purged() {
    let folder = tempfile::tempdir().unwrap();
    let plant = log(folder.path(), 1_200, 1_201).await;
    let store = Store::open(options(folder.path())).unwrap();
    // In another boot: the wall clock tells how old they are.
    let now = || Moment { at: stamp(10_000), boot: Boot("c".into()) };
    assert_eq!(store.purge(now(), 0).await.unwrap().facts, 0, "nothing is backed up");
    let told =
        Acknowledged { session: Uuid::nil(), acked: 1_150, safe: 1_100, quarantined: vec![] };
    store.acknowledge(told).await.unwrap();
    assert_eq!(store.purge(now(), 0).await.unwrap().facts, 0, "no plant is saved");
    let state = serde_json::to_string(&plant).unwrap();
    store.save_plant(plant.head, state).await.unwrap();
    assert_eq!(store.purge(now(), 10_000_000_000).await.unwrap().facts, 0, "nothing is old");

    let hash = store.reader().unwrap().hash_at(1_100).unwrap();
    let mut steps = vec![];
    loop {
        let purged = store.purge(now(), 0).await.unwrap();
        steps.push(purged.facts);
        if !purged.more {
            break;
        }
    }
    assert_eq!(steps, [500, 500, 100]);
    let reader = store.reader().unwrap();
    assert_eq!(reader.oldest().unwrap(), 1_101);
    assert_eq!(reader.hash_at(1_100).unwrap(), hash);
    assert_eq!(reader.hash_at(1_099).unwrap(), None);
    let out = reader.outgoing(1_150, 1_000, 1_000_000).unwrap().unwrap();
    assert_eq!((out.from, out.lines.len()), (1_151, 51));
    store.close().await.unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    assert_eq!((store.origin(), store.head().borrow().seq), (OLD, 1_201));
}
