//! Facts that wait: only those that build on them wait too, and nobody has to do anything when what they wait for
//! appears.

use std::process::Command;
use std::time::{Duration, Instant};

use kart_core::fact::{BatchStarted, Body};
use kart_core::id::{ProductId, StationId};
use kart_tests::child::Child;
use kart_tests::programs::program;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use uuid::Uuid;

use crate::headquarters::device::{Device, key, machine, user};
use crate::headquarters::{administer, demo_site, enroll, enrolled};

const LIMIT: Duration = Duration::from_secs(30);
const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];
const OPEN: &str = "SELECT count(*) FROM edge.quarantine WHERE resolved_at IS NULL";

fn batch(device: &Device, product: Uuid) -> Body {
    Body::BatchStarted(BatchStarted {
        equipment: machine("EQ-211"),
        station: Some(StationId(key("ops_stations", "ST-21"))),
        product: ProductId(product),
        number: format!("B-{}", device.lines.len()),
        work_order: None,
        target: None,
        lease: None,
        special: Default::default(),
        from: Device::stamp(device.lines.len() as u64 + 1),
        operators: vec![user("1001")],
    })
}

/// A product that nobody has told headquarters of, under this code.
async fn appears(headquarters: &Headquarters, id: Uuid, code: &str) {
    let insert = "INSERT INTO ops_products (id, family_id, product_code, product_name)
        SELECT $1, family_id, $2, $2 FROM ops_products WHERE product_code = 'BR-40'";
    headquarters.sql(insert, &[&id, &code]).await.unwrap();
}

async fn settled(headquarters: &Headquarters, wanted: i64) {
    wait_for("the quarantine", LIMIT, async || {
        let open = headquarters.number(OPEN).await.unwrap();
        if open == wanted { Ok(()) } else { Err(format!("{open} of {wanted} wait")) }
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_applied_by_itself_and_holds_up_nothing_else() {
    let (headquarters, mut one) = enrolled().await;
    let mut other = enroll(&headquarters, "T-08").await;
    let product = Uuid::new_v4();
    // A batch of an unknown product, with people who come and go, among other work.
    let begun = one.append(batch(&one, product));
    let waiting = one.origin().record(begun);
    let station = StationId(key("ops_stations", "ST-21"));
    one.append(Body::ClockedIn { user: user("1002"), station });
    one.append(Body::BatchJoined { batch: waiting, user: user("1002") });
    let known = one.append(batch(&one, key("ops_products", "BR/BR-40")));
    one.append(Body::BatchJoined { batch: one.origin().record(known), user: user("1002") });
    let held: Vec<u64> =
        one.push(1).await.unwrap().quarantined.iter().map(|held| held.seq).collect();
    assert_eq!(held, [2, 4], "the batch and who joined it, and nothing else");
    // Another terminal works on the same batch.
    other.append(Body::BatchJoined { batch: waiting, user: user("1003") });
    let held = other.push(1).await.unwrap().quarantined;
    assert_eq!(
        held.iter().map(|held| held.code.as_str()).collect::<Vec<_>>(),
        ["waits_for_record"]
    );

    let listed = administer(&headquarters, &[&["quarantine", "list"], &PLACE[..]].concat()).await;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let show =
        [&["quarantine", "show"], &PLACE[..], &["--terminal", "T-08", "--seq", "2"]].concat();
    let shown = administer(&headquarters, &show).await;
    assert!(shown.contains("batch_joined"), "its line: {shown}");
    assert!(
        shown.contains("waits\tfor fact 2 of T-07, which waits too: unresolved_ref"),
        "{shown}"
    );
    let show =
        [&["quarantine", "show"], &PLACE[..], &["--terminal", "T-07", "--seq", "2"]].concat();
    let shown = administer(&headquarters, &show).await;
    assert!(
        shown.contains("waits\tfor the row it names") && shown.contains("product_id"),
        "{shown}"
    );

    let began = Instant::now();
    appears(&headquarters, product, "BR-41").await;
    settled(&headquarters, 0).await;
    #[expect(clippy::print_stderr, reason = "a measured figure")]
    {
        eprintln!("all of it was applied after {} ms", began.elapsed().as_millis());
    }
    let people = format!("SELECT count(*) FROM oee_batch_operators WHERE batch_id = '{waiting}'");
    assert_eq!(headquarters.number(&people).await.unwrap(), 3);
}

#[tokio::test]
async fn a_person_closes_what_never_can_be_applied() {
    let (headquarters, mut device) = enrolled().await;
    device.append(batch(&device, Uuid::new_v4()));
    device.lines.push("{\"seq\":3,\"fact\":{\"of_the_future\":{}}}".into());
    assert_eq!(device.push(1).await.unwrap().quarantined.len(), 2);
    let fact = |seq: &'static str, outcome: &'static str| {
        let named = ["--terminal", "T-07", "--seq", seq, "--as", outcome, "--by", "1005"];
        [&["quarantine", "resolve"], &PLACE[..], &named].concat()
    };
    administer(&headquarters, &fact("2", "never-to-be-applied")).await;
    let by_hand = [&fact("3", "applied-by-hand")[..], &["--note", "it was a test"]].concat();
    administer(&headquarters, &by_hand).await;
    settled(&headquarters, 0).await;
    let audited = "SELECT count(*) FROM edge.audit WHERE action = 'quarantine resolved'
        AND (detail ->> 'outcome' = 'never to be applied'
             OR detail ->> 'note' = 'it was a test')";
    assert_eq!(headquarters.number(audited).await.unwrap(), 2);
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.inbox").await.unwrap(), 3);

    // It stays closed, and cannot be closed twice.
    let retry = administer(&headquarters, &[&["quarantine", "retry"], &PLACE[..]].concat()).await;
    assert!(retry.starts_with("0 facts applied, 0 still wait"), "{retry}");
    let mut again = Command::new(program("kart-hq").unwrap());
    again.env("DATABASE_URL", headquarters.database()).args(fact("2", "applied-by-hand"));
    let mut again = Child::spawn(&mut again).unwrap();
    assert_eq!(again.end(LIMIT).await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn too_large_a_share_of_facts_that_wait_raises_an_alarm() {
    let (mut headquarters, mut device) = enrolled().await;
    for _ in 0..150 {
        let entry = device.append(Body::ClockedIn {
            user: user("1001"),
            station: StationId(key("ops_stations", "ST-21")),
        });
        device
            .append(Body::ClockedOut { user: user("1001"), entry: device.origin().record(entry) });
    }
    for _ in 0..4 {
        device.append(batch(&device, Uuid::new_v4()));
    }
    assert_eq!(device.push(1).await.unwrap().quarantined.len(), 4);
    let work = ["work", "--once", "--due", "quarantine_retry"];
    // The gateway's own worker may be the one to do it.
    let mut log = String::new();
    wait_for("the alarm", LIMIT, async || {
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", headquarters.database()).args(work);
        let mut worker = Child::spawn(&mut command).unwrap();
        worker.end(LIMIT).await.unwrap();
        log = worker.stderr() + &headquarters.gateway().unwrap().stderr();
        let raised = log.contains("more than 1 % of a terminal's facts");
        raised.then_some(()).ok_or_else(|| log.clone())
    })
    .await;

    // The gateway works beside it: from here on only the worker of the test does.
    headquarters.stop().await.unwrap();
    let listed = administer(&headquarters, &[&["alarms"], &PLACE[..]].concat()).await;
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["quarantine\tT-07\t4 of 305 facts wait"]);
    let terminals = administer(&headquarters, &[&["terminals"], &PLACE[..]].concat()).await;
    let line = terminals.lines().find(|line| line.starts_with("T-07\t")).unwrap();
    assert!(line.contains("\tALARM 4 since 20") && line.contains(": unresolved_ref\t"), "{line}");

    // Another site, and another organisation, have nothing to do with it.
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(demo_site()).unwrap();
    let others = [("cedar-works", "oak-works"), ("code = \"cedar\"", "code = \"birch\"")];
    for (n, (from, to)) in others.into_iter().enumerate() {
        let site = folder.path().join(format!("{n}.toml"));
        std::fs::write(&site, text.replacen(from, to, 1)).unwrap();
        headquarters.apply_site(&site).await.unwrap();
    }
    // A job that the gateway was stopped in is free again some seconds later.
    let log = wait_for("all three sites to be looked at", LIMIT, async || {
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", headquarters.database()).args(work);
        let mut worker = Child::spawn(&mut command).unwrap();
        worker.end(LIMIT).await.unwrap();
        let (done, log) = (worker.stdout(), worker.stderr());
        let all = done.matches("still wait at cedar").count() == 2
            && done.contains("still wait at birch");
        all.then_some(log).ok_or(done)
    })
    .await;
    let raised: Vec<&str> = log.lines().filter(|line| line.contains("ALARM")).collect();
    assert!(raised.len() == 1 && raised[0].contains("cedar-works"), "{log}");
    for other in [["oak-works", "cedar"], ["cedar-works", "birch"]] {
        let place = ["alarms", "--organization", other[0], "--site", other[1]];
        assert_eq!(administer(&headquarters, &place).await, "");
    }
}
