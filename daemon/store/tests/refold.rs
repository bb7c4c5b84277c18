//! A newer program folds what an older one kept, once, at opening.

#![cfg(test)]

use kart_core::{
    fact::{BatchStarted, Body, Draft},
    id::{EquipmentId, Incarnation, Origin, ProductId, SiteId, TerminalId},
    record::{FOLD_VERSION, Tenant},
    time::{Boot, Micros, Stamp},
};
use kart_store::{Append, Store, StoreOptions};
use rusqlite::Connection;
use std::path::Path;
use uuid::Uuid;

fn options(folder: &Path) -> StoreOptions {
    StoreOptions { folder: folder.into(), new_origin: origin(), tenant: tenant() }
}

fn origin() -> Origin {
    Origin { terminal: TerminalId(Uuid::from_u128(7)), incarnation: Incarnation(1) }
}

fn tenant() -> Tenant {
    Tenant { organization: "o".into(), site: SiteId(Uuid::from_u128(99)) }
}

fn draft(second: i64, body: Body) -> Draft {
    let at = Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 };
    Draft { at, boot: Boot("b".into()), by: None, key: None, body, texts: vec![] }
}

#[expect(clippy::disallowed_methods, reason = "plays the part of an older program")]
fn connect(folder: &Path) -> Connection {
    Connection::open(folder.join("facts.db")).unwrap()
}

fn kept(folder: &Path) -> (i32, i64) {
    let connection = connect(folder);
    let version =
        connection.query_row("SELECT min(fold_version) FROM records", [], |row| row.get(0));
    let good =
        connection.query_row("SELECT good_parts FROM oee_batch_details", [], |row| row.get(0));
    (version.unwrap(), good.unwrap())
}

async fn open_and_close(folder: &Path) {
    let store = Store::open(options(folder)).unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn records_of_an_older_fold_are_folded_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    let Origin { terminal, incarnation } = origin();
    let batch = origin().record(2);
    let started = BatchStarted {
        equipment: EquipmentId(Uuid::from_u128(1)),
        station: None,
        product: ProductId(Uuid::from_u128(2)),
        number: "B-1".into(),
        work_order: None,
        target: None,
        from: Stamp { wall_us: Micros(2_000_000), mono_us: 2_000_000 },
        operators: vec![],
        lease: None,
        special: Default::default(),
    };
    let completed = Body::BatchCompleted {
        batch,
        good: 9,
        scrap: 0,
        scrap_reason: None,
        counted_good: 9,
        counted_scrap: 0,
        scrapped: vec![],
        rework: 0,
    };
    let drafts = vec![
        draft(1, Body::Genesis { format: 1, terminal, incarnation }),
        draft(2, Body::BatchStarted(started)),
        draft(3, completed),
    ];
    store.append(Append { drafts, ..Append::default() }).await.unwrap();
    store.close().await.unwrap();
    let spoil = "UPDATE records SET fold_version = 1; UPDATE oee_batch_details SET good_parts = 1;";
    connect(folder.path()).execute_batch(spoil).unwrap();
    assert_eq!(kept(folder.path()), (1, 1));
    open_and_close(folder.path()).await;
    assert_eq!(kept(folder.path()), (FOLD_VERSION, 9));
}
