//! The store from outside: what was answered is on disk, what is damaged is noticed.

#![cfg(test)]

use kart_core::{
    counter::{CounterKind, Verdict},
    fact::{Body, Counted, Draft, FactText, Hash},
    id::{EquipmentId, Incarnation, Origin, ReasonId, SiteId, StationId, TerminalId, UserId},
    machine::MachineState,
    record::{Tenant, tables},
    time::{Boot, Micros, Moment, Stamp},
};
use kart_store::{Acknowledged, Append, QuarantinedFact, Signal, Store, StoreError, StoreOptions};
use rusqlite::{Connection, OpenFlags};
use std::{collections::BTreeSet, path::Path};
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn options(folder: &Path) -> StoreOptions {
    StoreOptions {
        folder: folder.into(),
        new_origin: Origin { terminal: TerminalId(id(7)), incarnation: Incarnation(1) },
        tenant: Tenant { organization: "o".into(), site: SiteId(id(99)) },
    }
}

fn stamp(second: i64) -> Stamp {
    Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 }
}

fn draft(second: i64, body: Body) -> Draft {
    let boot = Boot("b".into());
    Draft { at: stamp(second), boot, by: None, key: None, body, texts: vec![] }
}

fn genesis() -> Draft {
    let (terminal, incarnation) = (TerminalId(id(7)), Incarnation(1));
    draft(0, Body::Genesis { format: 1, terminal, incarnation })
}

fn counted(n: i64) -> Draft {
    draft(
        n,
        Body::Counted(Counted {
            equipment: EquipmentId(id(1)),
            source: "good".into(),
            counter: CounterKind::Good,
            epoch: 0,
            raw_from: n,
            raw_to: n + 1,
            quantity: 1,
            verdict: Verdict::Increase,
            since: stamp(n),
            until: stamp(n + 1),
            batch: None,
            map: String::new(),
            raw: None,
        }),
    )
}

fn append(drafts: Vec<Draft>) -> Append {
    Append { drafts, ..Append::default() }
}

/// A read-only look at the file with the sqlite of a stranger.
fn look<T: rusqlite::types::FromSql>(folder: &Path, sql: &str) -> T {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(folder.join("facts.db"), flags).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis()])).await.unwrap();
    let head = store.append(append((1..=9).map(counted).collect())).await.unwrap();
    assert_eq!(head.seq, 10);
    store.close().await.unwrap();
    drop(store);
    let store = Store::open(options(folder.path())).unwrap();
    assert_eq!(*store.head().borrow(), head);
    let mut replayed = vec![];
    store.reader().unwrap().facts_after(0, |fact| replayed.push(fact.seq)).unwrap();
    assert_eq!(replayed, (1..=10).collect::<Vec<u64>>());
    let sum: i64 = look(folder.path(), "SELECT sum(quantity) FROM edge_production_counts");
    assert_eq!(sum, 9);
}

#[tokio::test]
async fn many_callers_get_their_own_places_in_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis()])).await.unwrap();
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let store = store.clone();
            async move { store.append(append(vec![counted(n)])).await.unwrap().seq }
        })
        .collect();
    let mut seqs = futures_util::future::join_all(calls).await;
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=201).collect::<Vec<u64>>());
    let reader = store.reader().unwrap();
    let page = reader.outgoing(0, 1_000, 1 << 20).unwrap().unwrap();
    assert_eq!((page.from, page.prev_hash, page.lines.len()), (1, Hash::ZERO, 201));
    let chain = page.lines.iter().fold(Hash::ZERO, |hash, line| hash.after(line.as_bytes()));
    assert_eq!(reader.hash_at(201).unwrap(), Some(chain));
    assert_eq!(reader.outgoing(100, 5, 1 << 20).unwrap().unwrap().lines.len(), 5);
    assert_eq!(reader.outgoing(201, 5, 1 << 20).unwrap(), None);
}

#[tokio::test]
async fn facts_decided_upon_an_old_head_are_refused_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis()])).await.unwrap();
    let late = Append { expected: Some(1), ..append(vec![counted(1)]) };
    let (late, fine) = tokio::join!(store.append(late), store.append(append(vec![counted(2)])));
    assert!(matches!(late, Err(StoreError::NotNext { expected: 1, head: 1 })), "{late:?}");
    assert_eq!(fine.unwrap().seq, 2);
}

#[tokio::test]
async fn the_same_key_cannot_be_recorded_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis()])).await.unwrap();
    let body = Body::ClockedIn { user: UserId(id(3)), station: StationId(id(4)) };
    let punch = Draft { key: Some("form".into()), ..draft(1, body) };
    store.append(append(vec![punch.clone()])).await.unwrap();
    let again = store.append(append(vec![punch])).await;
    assert!(matches!(again, Err(StoreError::NotRecorded(_))), "{again:?}");
    let reader = store.reader().unwrap();
    assert_eq!(reader.by_key("form").unwrap().unwrap().seq, 2);
    assert_eq!(reader.lately(5).unwrap().len(), 1);
    assert_eq!(store.head().borrow().seq, 2);
}

#[tokio::test]
async fn a_record_of_several_facts_is_one_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis()])).await.unwrap();
    let stop = store.origin().record(2);
    let change = |state, second, ends| Body::StateChanged {
        equipment: EquipmentId(id(1)),
        station: None,
        state,
        from: stamp(second),
        ends,
        rule: "r".into(),
        map: "m".into(),
        batch: None,
        detail: kart_core::fact::machine::Detail::default(),
    };
    let text = FactText { field: "comment".into(), salt: "00".into(), text: Some("torn".into()) };
    let explained = Body::StopExplained {
        stop,
        reason: ReasonId(id(5)),
        label: "Jam".into(),
        group_type: "unplanned".into(),
        rank: 1,
        comment: text.commitment(),
        choice: None,
    };
    store.append(append(vec![draft(1, change(MachineState::Stopped, 1, None))])).await.unwrap();
    let explained = Draft { texts: vec![text], ..draft(2, explained) };
    let running = draft(61, change(MachineState::Running, 61, Some(stop)));
    store.append(append(vec![explained, running])).await.unwrap();
    let row: String = look(
        folder.path(),
        "SELECT event_type || reason_label || duration_minutes FROM oee_machine_events",
    );
    assert_eq!(row, "downtimeJam1.0000");
    let page = store.reader().unwrap().outgoing(2, 10, 1 << 20).unwrap().unwrap();
    assert_eq!((page.texts[0].0, page.texts[0].1.field.as_str()), (3, "comment"));
}

#[tokio::test]
async fn damage_at_the_end_of_the_log_is_noticed_at_start() {
    for damage in [
        "UPDATE facts SET line = replace(line, '\"quantity\":1', '\"quantity\":9') WHERE seq = 5",
        "DELETE FROM facts WHERE seq = 4",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(options(folder.path())).unwrap();
        store.append(append(vec![genesis()])).await.unwrap();
        store.append(append((1..=9).map(counted).collect())).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let file = Connection::open_with_flags(folder.path().join("facts.db"), flags).unwrap();
        assert_eq!(file.execute(damage, []).unwrap(), 1);
        drop(file);
        let opened = Store::open(options(folder.path()));
        assert!(matches!(opened, Err(StoreError::Damaged { seq: 5, .. })), "{damage}: {opened:?}");
    }
}

#[tokio::test]
async fn a_second_daemon_is_refused_before_it_touches_anything() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Store::open(options(folder.path())).unwrap();
    assert!(matches!(Store::open(options(folder.path())), Err(StoreError::InUse { .. })));
}

#[tokio::test]
async fn acknowledgements_signals_and_signs_of_life_survive() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis(), counted(1)])).await.unwrap();
    let at = Moment { at: stamp(5), boot: Boot("b".into()) };
    let value = kart_core::signal::Value::Whole(7);
    let signal = Signal { equipment: EquipmentId(id(1)), name: "good".into(), value, at };
    let alive = Some(signal.at.clone());
    let seen = Append { signals: vec![signal.clone()], alive: alive.clone(), ..Append::default() };
    store.append(seen).await.unwrap();
    let held = QuarantinedFact { seq: 2, code: "unresolved_ref".into(), detail: "d".into() };
    for session in 1..=40 {
        let acknowledged = Acknowledged {
            session: id(session),
            acked: 2,
            safe: 1,
            quarantined: vec![held.clone()],
        };
        store.acknowledge(acknowledged).await.unwrap();
    }
    store.save_plant(2, "{}".into()).await.unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(reader.signals().unwrap(), [signal]);
    assert_eq!(reader.alive().unwrap(), alive);
    assert_eq!(reader.acknowledged().unwrap(), (2, 1));
    assert_eq!(reader.quarantine().unwrap(), [held]);
    assert_eq!(reader.plant().unwrap(), Some((2, "{}".into())));
    let sessions = reader.sessions().unwrap();
    assert_eq!((sessions.len(), sessions[0]), (32, (id(40), 2)));
    store.quarantine(vec![]).await.unwrap();
    assert_eq!(reader.quarantine().unwrap(), []);
}

#[tokio::test]
async fn a_disk_that_refuses_is_an_error_and_leaves_the_log_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(append(vec![genesis()])).await.unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let other = Connection::open_with_flags(folder.path().join("facts.db"), flags).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.append(append(vec![counted(1)])).await;
    assert!(matches!(refused, Err(StoreError::NotRecorded(_))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.append(append(vec![counted(1)])).await.unwrap().seq, 2);
}

#[tokio::test]
async fn the_projection_tables_have_the_columns_that_rows_bring() {
    let folder = tempfile::tempdir().unwrap();
    let _store = Store::open(options(folder.path())).unwrap();
    for table in tables::ALL {
        let name = table.sqlite_name();
        // Incidents and notes fill columns of the table of events that others leave empty.
        let same = tables::ALL.iter().filter(|other| other.sqlite_name() == name);
        let columns: BTreeSet<&str> =
            same.flat_map(|table| table.columns.iter().copied()).collect();
        // By name: a column that came later stands at the end of its table.
        let sql = format!(
            "SELECT group_concat(name, ',') FROM
                 (SELECT name FROM pragma_table_info('{name}') ORDER BY name)"
        );
        let columns: Vec<&str> = columns.into_iter().collect();
        assert_eq!(look::<String>(folder.path(), &sql), columns.join(","), "{name}");
    }
}
