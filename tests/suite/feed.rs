//! The change feed: nothing is missed, nothing is seen half, nothing comes that is somebody else's, and it comes soon.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kart_core::down;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use kart_wire::{Feed, Scope, code};

use crate::headquarters::device::{Device, key};
use crate::headquarters::{administer, demo_site, enroll};
use crate::turn::{seed, turn};

mod emptied;
mod load;
mod mirror;

use load::{By, ORGANIZATION, Reader, connect};
use mirror::{Mirror, ask, fresh};

const WRITERS: u64 = 16;
const TRANSACTIONS: u64 = 125;
const LIMIT: Duration = Duration::from_secs(30);
/// As the brief of a terminal says; what was measured is printed.
const SOON: Duration = Duration::from_secs(2);
const WAIT_MS: u64 = 20_000;

#[expect(clippy::print_stderr, reason = "the figures of a run")]
fn tell(what: &str) {
    eprintln!("feed: {what}");
}

/// Headquarters with two terminals: T-07 reads the presses, T-08 the packer.
async fn plant() -> (Headquarters, Device, Device) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    let text = std::fs::read_to_string(demo_site()).unwrap();
    let (presses, packer) = text.split_once("code = \"EQ-311\"").unwrap();
    let packer = packer.replacen("terminal = \"T-07\"", "terminal = \"T-08\"", 1);
    std::fs::write(&file, format!("{presses}code = \"EQ-311\"{packer}")).unwrap();
    let headquarters = Headquarters::start(&file).await.unwrap();
    let (one, two) = (enroll(&headquarters, "T-07").await, enroll(&headquarters, "T-08").await);
    (headquarters, one, two)
}

/// What a Kartorium user does: without our roles and settings.
async fn change(headquarters: &Headquarters, statement: &str) {
    let client = connect(headquarters.database()).await;
    client.batch_execute(statement).await.unwrap();
}

/// Waits until as many requests wait at the gateway.
async fn parked(device: &Device, count: usize) {
    wait_for("a parked request", LIMIT, async || {
        let (_, text) = device.get("/metrics").await;
        let waiting = format!("kart_feed_waiting {count}\n");
        if text.contains(&waiting) { Ok(()) } else { Err(text) }
    })
    .await;
}

fn queued(id: u128, machine: &str, position: u32) -> String {
    format!(
        "INSERT INTO oee_batch_queue (id, site_id, equipment_id, queue_position, batch_number)
         VALUES ('{}', '{}', '{}', {position}, 'B-{position}')",
        uuid::Uuid::from_u128(id),
        key("oee_sites", "cedar"),
        key("oee_equipment", machine),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_and_nothing_missed() {
    let _turn = turn().await;
    let seed = seed("feed::sixteen_writers", 7);
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let url = headquarters.database().to_owned();
    let begin = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let url = url.clone();
            tokio::spawn(async move { load::write(&url, writer, TRANSACTIONS, seed).await })
        })
        .collect();
    let written = async {
        let mut all = load::Written::default();
        for writer in writers {
            let one = writer.await.unwrap();
            all.changes += one.changes;
            all.keys.extend(one.keys);
        }
        all
    };
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let read = |by: By| {
        let (url, stopped) = (url.clone(), stopped.clone());
        tokio::spawn(async move {
            let mut reader = Reader::new(&url, ORGANIZATION, by).await;
            while !*stopped.borrow() {
                reader.look(by).await;
            }
            while reader.look(by).await > 0 {}
            reader
        })
    };
    let (by_snapshot, by_number) = (read(By::Snapshot), read(By::Number));
    let written = written.await;
    stop.send_replace(true);
    let (by_snapshot, by_number) = (by_snapshot.await.unwrap(), by_number.await.unwrap());
    let rows = headquarters
        .sql(
            "SELECT id::text, is_enabled FROM organization_feature_flags WHERE organization_id = $1",
            &[&ORGANIZATION],
        )
        .await
        .unwrap();
    let there: BTreeMap<String, bool> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let missed = |reader: &Reader| written.keys.difference(&reader.told).count();
    let stale = |reader: &Reader| {
        let keys: BTreeSet<_> = there.keys().chain(reader.mirror.keys()).collect();
        keys.into_iter().filter(|key| there.get(*key) != reader.mirror.get(*key)).count()
    };
    tell(&format!(
        "{} changes of {} rows in {:?}; by snapshot {} missed, {} stale, {} looks; by number {} \
         missed, {} stale, {} looks",
        written.changes,
        written.keys.len(),
        begin.elapsed(),
        missed(&by_snapshot),
        stale(&by_snapshot),
        by_snapshot.looks,
        missed(&by_number),
        stale(&by_number),
        by_number.looks,
    ));
    assert!(written.changes >= 200_000);
    assert_eq!((missed(&by_snapshot), stale(&by_snapshot)), (0, 0));
    assert!(by_snapshot.told.is_superset(&written.keys));
    assert!(missed(&by_number) > 0, "the check would not have noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_there_within_two_seconds() {
    let _turn = turn().await;
    let (headquarters, device, other) = plant().await;
    let mut mirror = Mirror::default();
    let (head, _) = mirror.follow(&device, 0).await;
    assert_eq!(head.whole, [Scope::Org, Scope::Site, Scope::Terminal]);
    assert_eq!(mirror.keys("public.oee_equipment").len(), 3);
    for table in down::TABLES {
        let triggers = format!(
            "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'change\\_feed\\_%'
               AND tgrelid = '{}'::regclass",
            table.path()
        );
        assert_eq!(headquarters.number(&triggers).await.unwrap(), 4, "{}", table.path());
    }

    let waiting = mirror.request(&device, WAIT_MS);
    let rename = async {
        parked(&device, 1).await;
        // A change of something that nobody is sent wakes nobody.
        change(&headquarters, "UPDATE users SET email = 'x@example.org' WHERE email IS NULL").await;
        change(&headquarters, "UPDATE oee_downtime_reasons SET name = 'Belt' WHERE code = 'F01'")
            .await;
        Instant::now()
    };
    let ((fed, arrived), changed) =
        tokio::join!(async { (ask(&device, &waiting).await, Instant::now()) }, rename);
    let fed = fed.unwrap();
    mirror.apply(&fed);
    tell(&format!("a change was there after {:?}", arrived - changed));
    assert!(arrived - changed < SOON);
    assert_eq!((fed.0.whole.len(), fed.1.len()), (0, 1));
    let name = mirror.find("public.oee_downtime_reasons", ("code", "F01"), "name");
    assert_eq!(name.as_deref(), Some("Belt"));

    // Without a change it comes back empty, with the same cursor.
    let (head, rows) = mirror.follow(&device, 100).await;
    assert_eq!((head.rows, rows.len()), (0, 0));

    // A terminal that is locked out does not wait any longer.
    let waiting = fresh(&other).await.request(&other, WAIT_MS);
    let revoke = async {
        parked(&device, 1).await;
        let arguments = ["--organization", "cedar-works", "--site", "cedar", "--terminal", "T-08"];
        administer(&headquarters, &[&["terminal", "revoke"], &arguments[..]].concat()).await;
        Instant::now()
    };
    let ((refused, ended), revoked) =
        tokio::join!(async { (ask(&other, &waiting).await, Instant::now()) }, revoke);
    let (status, problem) = refused.unwrap_err();
    assert_eq!((status, problem.code.as_str()), (403, code::REVOKED));
    tell(&format!("a waiting terminal was locked out after {:?}", ended - revoked));
    assert!(ended - revoked < SOON);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_enter_and_leave() {
    let _turn = turn().await;
    let (headquarters, presses, packer) = plant().await;
    let (mut one, mut two) = (fresh(&presses).await, fresh(&packer).await);
    let queue = "public.oee_batch_queue";

    // An entry of one machine is one terminal's, and follows when it is moved.
    change(&headquarters, &queued(1, "EQ-311", 1)).await;
    one.follow(&presses, 0).await;
    two.follow(&packer, 0).await;
    assert_eq!((one.keys(queue).len(), two.keys(queue).len()), (0, 1));
    let machine = key("oee_equipment", "EQ-211");
    change(&headquarters, &format!("UPDATE oee_batch_queue SET equipment_id = '{machine}'")).await;
    let (head, _) = one.follow(&presses, 0).await;
    assert_eq!(head.whole, [], "by its key");
    two.follow(&packer, 0).await;
    assert_eq!((one.keys(queue).len(), two.keys(queue).len()), (1, 0));
    change(&headquarters, "UPDATE oee_batch_queue SET status = 'started'").await;
    one.follow(&presses, 0).await;
    assert_eq!(one.keys(queue).len(), 0);

    // Another machine to read is another set of stations.
    change(&headquarters, &queued(2, "EQ-212", 2)).await;
    let machine = key("oee_equipment", "EQ-212");
    let move_machine =
        format!("UPDATE edge.sources SET terminal_code = 'T-08' WHERE equipment_id = '{machine}'");
    change(&headquarters, &move_machine).await;
    let (head, _) = two.follow(&packer, 0).await;
    assert_eq!(head.whole, [Scope::Terminal]);
    one.follow(&presses, 0).await;
    assert_eq!((one.keys(queue).len(), two.keys(queue).len()), (1, 1), "the station is both's");
    let (station, to) = (key("ops_stations", "ST-21"), key("ops_stations", "ST-31"));
    let move_machine = format!(
        "UPDATE ops_station_equipment SET station_id = '{to}'
         WHERE station_id = '{station}' AND equipment_id = '{machine}'"
    );
    change(&headquarters, &move_machine).await;
    one.follow(&presses, 0).await;
    two.follow(&packer, 0).await;
    assert_eq!((one.keys(queue).len(), two.keys(queue).len()), (0, 1));

    // A machine that goes to another site takes what belongs to it along.
    let packing = key("oee_equipment", "EQ-311");
    let elsewhere = format!(
        "INSERT INTO oee_sites (id, organization_id, code, name)
         VALUES ('{0}', 'cedar-works', 'birch', 'Birch');
         INSERT INTO oee_equipment_custom_fields (equipment_id, code, label)
         VALUES ('{packing}', 'lot', 'Lot')",
        uuid::Uuid::from_u128(3)
    );
    change(&headquarters, &elsewhere).await;
    one.follow(&presses, 0).await;
    assert_eq!(one.keys("public.oee_equipment_custom_fields").len(), 1);
    change(
        &headquarters,
        &format!(
            "UPDATE oee_equipment SET site_id = '{}' WHERE id = '{packing}'",
            uuid::Uuid::from_u128(3)
        ),
    )
    .await;
    let (head, _) = one.follow(&presses, 0).await;
    assert!(head.whole.contains(&Scope::Site));
    assert_eq!(one.keys("public.oee_equipment").len(), 2);
    assert_eq!(one.keys("public.oee_equipment_custom_fields").len(), 0);

    // What is deleted is told by its key.
    change(
        &headquarters,
        "DELETE FROM oee_abort_reasons WHERE code = (SELECT min(code) FROM oee_abort_reasons)",
    )
    .await;
    let (head, rows) = one.follow(&presses, 0).await;
    assert_eq!((head.whole.len(), rows.len()), (0, 1));
    assert_eq!(rows[0].row, None);
    two.follow(&packer, 0).await;
    assert_eq!(one.rows, fresh(&presses).await.rows);
    assert_eq!(two.rows, fresh(&packer).await.rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_never_seen_half() {
    let _turn = turn().await;
    let (headquarters, device, _) = plant().await;
    let mut mirror = fresh(&device).await;
    let url = headquarters.database().to_owned();
    let writer = tokio::spawn(async move {
        let client = connect(&url).await;
        for n in 1..=300 {
            let both = format!(
                "BEGIN; UPDATE oee_sites SET description = '{n}';
                 UPDATE oee_systems SET description = '{n}'; COMMIT"
            );
            client.batch_execute(&both).await.unwrap();
        }
    });
    let mut seen = BTreeSet::new();
    let last = loop {
        mirror.follow(&device, 1_000).await;
        let site = mirror.find("public.oee_sites", ("code", "cedar"), "description");
        for line in ["L2", "L3"] {
            let line = mirror.find("public.oee_systems", ("code", line), "description");
            assert_eq!(line, site, "half a transaction");
        }
        seen.insert(site.clone());
        if site.as_deref() == Some("300") {
            break site;
        }
    };
    writer.await.unwrap();
    tell(&format!("{} states of 300 seen, none half", seen.len()));
    assert_eq!(last.as_deref(), Some("300"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_no_good_gives_everything_and_nothing_foreign() {
    let _turn = turn().await;
    let (mut headquarters, presses, packer) = plant().await;
    change(&headquarters, &queued(1, "EQ-311", 1)).await;
    let (mut one, mut two) = (fresh(&presses).await, fresh(&packer).await);
    let all = [Scope::Org, Scope::Site, Scope::Terminal];

    let good = one.cursor.clone().unwrap();
    let (head, tail) = good.split_at(good.len() / 2);
    let forged =
        format!("{head}{}{}", if tail.starts_with('A') { "B" } else { "A" }, tail.split_at(1).1);
    for cursor in [two.cursor.clone().unwrap(), forged, "AAAA".into(), String::new()] {
        let feed = Feed { cursor: Some(cursor), ..one.request(&presses, WAIT_MS) };
        let (head, rows) = ask(&presses, &feed).await.unwrap();
        assert_eq!(head.whole, all);
        assert!(rows.iter().all(|row| row.table != "public.oee_batch_queue"), "a foreign row");
    }
    // Of a session that is forgotten.
    let sessions = "DELETE FROM edge.sessions WHERE terminal_id";
    change(&headquarters, &format!("{sessions} = '{}'", packer.id)).await;
    let mut packer = packer;
    packer.hello().await.unwrap();
    assert_eq!(two.follow(&packer, 0).await.0.whole, all);

    // Of a time whose changes were dropped.
    one.follow(&presses, 0).await;
    let past = "CREATE TABLE edge.changes_2020_01 PARTITION OF edge.changes
                    FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z');
                INSERT INTO edge.changes (organization_id, scope, tbl, pk, op, at)
                VALUES ('cedar-works', 'org', 'public.organization_settings', 'x', 'upsert', '2020-01-02Z')";
    change(&headquarters, past).await;
    assert_eq!(headquarters.number("SELECT edge.drop_old_changes()").await.unwrap(), 1);
    assert_eq!(one.follow(&presses, 0).await.0.whole, all, "below the floor");
    assert_eq!(one.follow(&presses, 0).await.0.whole, [], "and from there on as before");

    // Of a history that the database no longer has.
    two.follow(&packer, 0).await;
    let saved = headquarters.cluster.save().unwrap();
    let up = async || match packer.get("/health").await {
        (200, _) => Ok(()),
        other => Err(format!("{other:?}")),
    };
    wait_for("the gateway after the backup", LIMIT, up).await;
    change(&headquarters, "UPDATE oee_sites SET description = 'lost'").await;
    one.follow(&presses, 0).await;
    headquarters.cluster.restore(&saved).unwrap();
    wait_for("the gateway after the restore", LIMIT, up).await;
    for n in 0..50 {
        // Numbers of transactions that both histories have.
        change(&headquarters, &format!("UPDATE oee_sites SET description = 'kept {n}'")).await;
    }
    assert_eq!(one.follow(&presses, 0).await.0.whole, all, "newer than the database");
    assert_eq!(two.follow(&packer, 0).await.0.whole, all, "of the epoch before");
    let told = one.find("public.oee_sites", ("code", "cedar"), "description");
    assert_eq!(told.as_deref(), Some("kept 49"));
    assert_eq!(one.rows, fresh(&presses).await.rows);

    // The same once more; before it is asked by the cursor that is gone, as many are made again.
    one.follow(&presses, 0).await;
    let saved = headquarters.cluster.save().unwrap();
    wait_for("the gateway after the second backup", LIMIT, up).await;
    change(&headquarters, "UPDATE oee_sites SET description = 'lost again'").await;
    one.follow(&presses, 0).await;
    headquarters.cluster.restore(&saved).unwrap();
    wait_for("the gateway after the second restore", LIMIT, up).await;
    for _ in 0..60 {
        fresh(&presses).await;
    }
    one.follow(&presses, 0).await;
    assert_eq!(one.rows, fresh(&presses).await.rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_database_is_followed_too() {
    let _turn = turn().await;
    let headquarters = Headquarters::adopted(&demo_site()).await.unwrap();
    let device = enroll(&headquarters, "T-07").await;
    let mut mirror = fresh(&device).await;
    assert_eq!(mirror.keys("public.oee_equipment").len(), 3);
    // Somebody who has never heard of us.
    let theirs = "SET ROLE kartorium_app; UPDATE oee_sites SET description = 'theirs'";
    headquarters.cluster.psql("kartorium", theirs).unwrap();
    let (head, rows) = mirror.follow(&device, 0).await;
    assert_eq!((head.whole.len(), rows.len()), (0, 1));
    let told = mirror.find("public.oee_sites", ("code", "cedar"), "description");
    assert_eq!(told.as_deref(), Some("theirs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_transaction_is_named_and_delays_nobody() {
    let _turn = turn().await;
    let (headquarters, device, _) = plant().await;
    change(&headquarters, "CREATE ROLE analyst LOGIN").await;
    let url = headquarters.cluster.url("kartorium", "analyst");
    let stranger = connect(&format!("{url}&application_name=forgotten-report")).await;
    let begin = "BEGIN; SELECT pg_current_xact_id()";
    stranger.batch_execute(begin).await.unwrap();
    let row = stranger.query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
    let pid: i32 = row.get(0);

    let mut mirror = fresh(&device).await;
    let mut horizon = Reader::new(headquarters.database(), "cedar-works", By::Horizon).await;
    horizon.look(By::Horizon).await;
    let before = horizon.told.len();
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let rename = format!("UPDATE oee_sites SET description = '{n}'");
        let waiting = mirror.request(&device, WAIT_MS);
        let changed = async {
            parked(&device, 1).await;
            change(&headquarters, &rename).await;
            Instant::now()
        };
        let ((fed, arrived), changed) =
            tokio::join!(async { (ask(&device, &waiting).await, Instant::now()) }, changed);
        mirror.apply(&fed.unwrap());
        slowest = slowest.max(arrived.saturating_duration_since(changed));
        let told = mirror.find("public.oee_sites", ("code", "cedar"), "description");
        assert_eq!(told, Some(n.to_string()));
    }
    assert!(slowest < SOON);
    // What waits for the oldest transaction has got nothing in all that time.
    let read = horizon.look(By::Horizon).await;
    tell(&format!(
        "beside a transaction that idles: 20 of 20 changes, the slowest after {slowest:?}; by the \
         oldest transaction {read} in {:?}",
        begin.elapsed()
    ));
    assert_eq!((read, horizon.told.len()), (0, before));

    let status = administer(&headquarters, &["feed", "status"]).await;
    assert!(status.contains(&format!("held by pid {pid} (analyst, forgotten-report")), "{status}");
    wait_for("the metric", LIMIT, async || {
        let (_, text) = device.get("/metrics").await;
        let line = text.lines().find(|line| line.starts_with("kart_feed_oldest_snapshot_trans"));
        let count = line.and_then(|line| line.split(' ').next_back()?.parse::<f64>().ok());
        if count.is_some_and(|count| count >= 20.0) { Ok(()) } else { Err(text) }
    })
    .await;
    let (_, health) = device.get("/health").await;
    assert!(health.contains(&format!("\"pid\":{pid}")), "{health}");
    stranger.batch_execute("ROLLBACK").await.unwrap();
    let by = async || match horizon.look(By::Horizon).await {
        0 => Err("nothing yet"),
        count => Ok(count),
    };
    wait_for("the horizon to move", LIMIT, by).await;
}
