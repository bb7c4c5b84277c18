//! What headquarters decides because no terminal can: two terminals tell of the same batches, queues and jobs, each
//! without having seen the other.

use kart_core::fact::batch::{BatchAborted, BatchFieldSet, BatchProduced, Field, FieldValue};
use kart_core::fact::queue::{Ask, Enqueue, Place, Queue, QueueAsked};
use kart_core::fact::{BatchStarted, Body};
use kart_core::id::{FieldId, ProductId, ReasonId, RecordId, StationId};
use kart_core::machine::MachineState;
use kart_tests::world::headquarters::Headquarters;
use uuid::Uuid;

use crate::corrections::said;
use crate::headquarters::device::{Device, key, machine, user};
use crate::headquarters::{administer, demo_site, enroll};

mod close;
mod corrected;
mod derived;
mod job;
mod shown;

const SITE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

/// Headquarters with two terminals of the station ST-21.
async fn pair() -> (Headquarters, Device, Device) {
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let (one, two) = (enroll(&headquarters, "T-07").await, enroll(&headquarters, "T-08").await);
    (headquarters, one, two)
}

fn station(code: &str) -> StationId {
    StationId(key("ops_stations", code))
}

fn product(code: &str) -> ProductId {
    ProductId(key("ops_products", code))
}

/// A batch that begins at the place of the next fact.
fn batch(device: &mut Device, number: &str, at: (&str, &str), operators: &[&str]) -> RecordId {
    let (equipment, place) = at;
    let from = Device::stamp(device.lines.len() as u64 + 1);
    let seq = device.append(Body::BatchStarted(BatchStarted {
        equipment: machine(equipment),
        station: Some(station(place)),
        product: product("BR/BR-40"),
        number: number.into(),
        work_order: None,
        target: Some(120),
        from,
        operators: operators.iter().map(|number| user(number)).collect(),
        lease: None,
        special: Default::default(),
    }));
    device.origin().record(seq)
}

fn complete(device: &mut Device, batch: RecordId, good: i64, scrap: i64) {
    device.append(Body::BatchCompleted {
        batch,
        good,
        scrap,
        scrap_reason: None,
        counted_good: good,
        counted_scrap: scrap,
        scrapped: vec![],
        rework: 0,
    });
}

/// Seconds pass.
fn pass(device: &mut Device, seconds: usize) {
    for _ in 0..seconds {
        device.append(Body::Started { version: "1".into(), map: "m".into() });
    }
}

async fn push(device: &Device) {
    let pushed = device.push(1).await.unwrap();
    assert_eq!(pushed.quarantined, [], "nothing of it waits");
}

async fn counts(headquarters: &Headquarters, rows: &[(&str, i64)]) {
    for (rows, count) in rows {
        let held = headquarters.number(&format!("SELECT count(*) FROM {rows}")).await.unwrap();
        assert_eq!(held, *count, "{rows}");
    }
}

async fn conflicts(headquarters: &Headquarters) -> Vec<String> {
    let kinds = headquarters.sql("SELECT kind FROM edge.conflicts ORDER BY at, id", &[]).await;
    kinds.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn folds_to_what_is_kept(headquarters: &Headquarters) {
    administer(headquarters, &[&["refold", "--check"], &SITE[..]].concat()).await;
}

#[tokio::test]
async fn a_batch_that_two_terminals_began_unseen_is_one() {
    let (headquarters, mut one, mut two) = pair().await;
    let mine = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &["1001"]);
    complete(&mut one, mine, 40, 2);
    let theirs = batch(&mut two, "B-9", ("EQ-212", "ST-21"), &["1002"]);
    let from = Device::stamp(two.lines.len() as u64 + 1);
    two.append(Body::StateChanged {
        equipment: machine("EQ-212"),
        station: Some(station("ST-21")),
        state: MachineState::Stopped,
        from,
        ends: None,
        rule: "cycle".into(),
        map: "m1".into(),
        batch: Some(theirs),
        detail: kart_core::fact::machine::Detail::default(),
    });
    two.append(Body::BatchProduced(BatchProduced {
        batch: theirs,
        good: 7,
        scrap: 0,
        scrap_reason: None,
        rework: 0,
    }));
    complete(&mut two, theirs, 60, 1);
    push(&one).await;
    push(&two).await;
    let one_batch = [
        ("edge.record_aliases", 1),
        ("oee_machine_events WHERE event_type = 'batch' AND end_ts IS NOT NULL", 1),
        ("oee_batch_details WHERE (good_parts, scrap_parts, total_parts) = (100, 3, 103)", 1),
        ("oee_batch_operators WHERE ended_at IS NOT NULL", 2),
        ("oee_batch_equipment WHERE ended_at IS NOT NULL", 1),
        ("oee_batch_time_entries", 4),
        ("oee_machine_event_equipment", 3),
        ("oee_event_batch_links", 1),
        ("edge.quarantine", 0),
        ("edge.conflicts", 0),
    ];
    counts(&headquarters, &one_batch).await;
    // The answers were lost and everything comes again.
    push(&two).await;
    push(&one).await;
    counts(&headquarters, &one_batch).await;
    // A number that comes back later is another batch.
    pass(&mut one, 8);
    let later = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &[]);
    complete(&mut one, later, 1, 0);
    push(&one).await;
    counts(&headquarters, &[("oee_batch_details", 2), ("edge.record_aliases", 1)]).await;
    folds_to_what_is_kept(&headquarters).await;
}

#[tokio::test]
async fn steps_that_contradict_each_other_are_kept_and_shown() {
    let (headquarters, mut one, mut two) = pair().await;
    let batch = batch(&mut one, "B-1", ("EQ-211", "ST-21"), &["1001"]);
    one.append(Body::ClockedIn { user: user("1001"), station: station("ST-21") });
    push(&one).await;
    complete(&mut one, batch, 30, 0);
    // The other terminal knew the batch and did not see it end.
    pass(&mut two, 6);
    two.append(Body::BatchAborted(BatchAborted {
        batch,
        reason: ReasonId(key("oee_abort_reasons", "Form/Q01")),
        good: 5,
        scrap: 1,
        comment: None,
    }));
    two.append(Body::BatchJoined { batch, user: user("1002") });
    two.append(Body::ClockedIn { user: user("1001"), station: station("ST-31") });
    push(&two).await;
    push(&one).await;
    let details = "oee_batch_details WHERE status = 'completed' AND good_parts = 35
                   AND scrap_parts = 1 AND abort_reason_id IS NULL";
    counts(&headquarters, &[(details, 1), ("ops_labor_entries", 2)]).await;
    let mut kinds = conflicts(&headquarters).await;
    kinds.sort();
    assert_eq!(kinds, ["added_after_end", "ended_again", "labor_overlap"]);
    let listed = administer(&headquarters, &[&["conflicts", "list"], &SITE[..]].concat()).await;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let id = listed.split('\t').next().unwrap();
    let settle = |by| {
        let words = ["--by", by, "--resolution", "asked both of them"];
        [&["conflicts", "settle", id], &words[..], &SITE[..]].concat()
    };
    let (code, _, complaint) = said(&headquarters, &settle("Mara")).await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("nobody at cedar has the badge or key Mara"), "{complaint}");
    administer(&headquarters, &settle("1005")).await;
    let by = "SELECT count(*) FROM edge.conflicts c JOIN edge.people p
              ON c.resolved_by = p.user_id::text WHERE p.badge = '1005'";
    assert_eq!(headquarters.number(by).await.unwrap(), 1);
    let listed = administer(&headquarters, &[&["conflicts", "list"], &SITE[..]].concat()).await;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    folds_to_what_is_kept(&headquarters).await;

    // What is kept is put right when it is not what the facts say.
    let spoil = "UPDATE oee_batch_details SET good_parts = 1 RETURNING 1";
    headquarters.sql(spoil, &[]).await.unwrap();
    let refold = administer(&headquarters, &[&["refold"], &SITE[..]].concat()).await;
    assert!(refold.contains("1 rows"), "{refold}");
    counts(&headquarters, &[(details, 1)]).await;
}

#[tokio::test]
async fn only_what_depends_on_a_refused_fact_waits() {
    let (headquarters, mut one, _) = pair().await;
    let field = Uuid::from_u128(77);
    let batch = batch(&mut one, "B-1", ("EQ-211", "ST-21"), &["1001"]);
    let answer = |batch, value: &str| {
        Body::BatchFieldSet(BatchFieldSet {
            batch,
            field: Field::Station { station: station("ST-21"), field: FieldId(field) },
            label: "Lot of the coil".into(),
            value: Some(FieldValue::Plain(value.into())),
        })
    };
    one.append(answer(batch, "L-1"));
    one.append(answer(batch, "L-2"));
    let unknown = RecordId(Uuid::from_u128(5));
    let ask = Ask::Remove { entry: unknown };
    one.append(Body::QueueAsked(QueueAsked { queue: Queue::Equipment(machine("EQ-211")), ask }));
    complete(&mut one, batch, 10, 0);
    let pushed = one.push(1).await.unwrap();
    let held: Vec<(u64, &str)> =
        pushed.quarantined.iter().map(|held| (held.seq, held.code.as_str())).collect();
    let missing = "unresolved_ref";
    assert_eq!(
        held,
        [(3, missing), (4, missing), (5, missing)],
        "only these name what is not there"
    );
    counts(&headquarters, &[("oee_batch_details WHERE good_parts = 10", 1)]).await;

    let insert = "INSERT INTO oee_station_custom_fields (id, station_id, code, label)
                  VALUES ($1, $2, 'lot', 'Lot') RETURNING 1";
    headquarters.sql(insert, &[&field, &station("ST-21").0]).await.unwrap();
    administer(&headquarters, &[&["quarantine", "retry"], &SITE[..]].concat()).await;
    let newest = "oee_batch_custom_field_values WHERE value = 'L-2'";
    counts(&headquarters, &[(newest, 1), ("edge.quarantine WHERE resolved_at IS NULL", 1)]).await;
    folds_to_what_is_kept(&headquarters).await;
}

fn enqueue(device: &mut Device, number: &str, place: Place) -> RecordId {
    let seq = device.append(Body::QueueAsked(QueueAsked {
        queue: Queue::Equipment(machine("EQ-211")),
        ask: Ask::Enqueue(Enqueue {
            product: product("BR/BR-40"),
            number: Some(number.into()),
            work_order: None,
            target: Some(50),
            batch: None,
            place,
        }),
    }));
    device.origin().record(seq)
}

fn ask(device: &mut Device, ask: Ask) {
    let queue = Queue::Equipment(machine("EQ-211"));
    device.append(Body::QueueAsked(QueueAsked { queue, ask }));
}

async fn queue(headquarters: &Headquarters) -> String {
    let rows = "SELECT string_agg(batch_number, ' ' ORDER BY queue_position)
                FROM oee_batch_queue WHERE status = 'queued'";
    headquarters.sql(rows, &[]).await.unwrap()[0].get::<_, Option<String>>(0).unwrap_or_default()
}

#[tokio::test]
async fn a_queue_has_one_order_whoever_asks() {
    let (headquarters, mut one, mut two) = pair().await;
    let a = enqueue(&mut one, "A", Place::End);
    let b = enqueue(&mut one, "B", Place::End);
    enqueue(&mut one, "C", Place::After(a));
    let first = enqueue(&mut one, "D", Place::Front);
    push(&one).await;
    assert_eq!(queue(&headquarters).await, "D A C B");
    ask(&mut two, Ask::Move { entry: b, place: Place::Front });
    ask(&mut two, Ask::Remove { entry: a });
    ask(&mut two, Ask::Remove { entry: a });
    enqueue(&mut two, "E", Place::After(a));
    ask(&mut two, Ask::Move { entry: first, place: Place::After(b) });
    push(&two).await;
    assert_eq!(queue(&headquarters).await, "B D C E", "the anchor was gone: to the end");
    assert_eq!(conflicts(&headquarters).await, ["anchor_gone"]);
    // Always between the same two: the digits grow, and the queue is numbered anew.
    for n in 0..60 {
        enqueue(&mut two, &format!("n{n:02}"), Place::After(b));
    }
    push(&two).await;
    let order = queue(&headquarters).await;
    assert!(order.starts_with("B n59 n58") && order.ends_with("n00 D C E"), "{order}");
    let digits = "SELECT max(scale(trim_scale(queue_position))) FROM oee_batch_queue";
    assert!(headquarters.number(digits).await.unwrap() <= 13);
    // The same far along, where a quotient of the database has fewer digits behind the point.
    let far = "UPDATE oee_batch_queue SET queue_position = queue_position + 20000 RETURNING 1";
    headquarters.sql(far, &[]).await.unwrap();
    for n in 0..60 {
        enqueue(&mut two, &format!("m{n:02}"), Place::After(b));
    }
    push(&two).await;
    let order = queue(&headquarters).await;
    let (expected, rest) = order.split_at(2 + 60 * 4);
    let newest: Vec<String> = (0..60).rev().map(|n| format!("m{n:02}")).collect();
    assert_eq!(expected, format!("B {} ", newest.join(" ")));
    assert!(rest.starts_with("n59 n58") && rest.ends_with("n00 D C E"), "{rest}");
    let places = "SELECT count(*) - count(DISTINCT queue_position) FROM oee_batch_queue";
    assert_eq!(headquarters.number(places).await.unwrap(), 0, "two in one place");
}

#[tokio::test]
async fn an_entry_is_used_up_once_and_no_production_is_lost() {
    let (headquarters, mut one, mut two) = pair().await;
    let entry = enqueue(&mut one, "Q-1", Place::End);
    let taken = enqueue(&mut one, "Q-2", Place::End);
    push(&one).await;
    // Both terminals run the entry, one after the other, each under a number of its own.
    let mine = batch(&mut one, "X-1", ("EQ-211", "ST-21"), &["1001"]);
    ask(&mut one, Ask::Claim { entry, batch: mine });
    complete(&mut one, mine, 10, 0);
    let theirs = batch(&mut two, "X-2", ("EQ-211", "ST-21"), &["1002"]);
    ask(&mut two, Ask::Claim { entry, batch: theirs });
    complete(&mut two, theirs, 20, 0);
    // A start that nobody announced uses up what it is by its number.
    batch(&mut two, "Q-2", ("EQ-211", "ST-21"), &[]);
    push(&one).await;
    push(&two).await;
    assert_eq!(queue(&headquarters).await, "");
    let made = headquarters.number("SELECT sum(good_parts) FROM oee_batch_details").await.unwrap();
    assert_eq!(made, 30, "quantities of both are kept, none twice");
    let rows = headquarters
        .sql("SELECT kind, record_id, other_id, detail FROM edge.conflicts", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<_, &str>(0), "unplanned_run");
    assert_eq!((rows[0].get::<_, Uuid>(1), rows[0].get::<_, Uuid>(2)), (theirs.0, mine.0));
    assert!(rows[0].get::<_, &str>(3).contains("unplanned run of Q-1"));
    let consumed = format!("oee_batch_queue WHERE id = '{}' AND event_id IS NOT NULL", taken.0);
    counts(&headquarters, &[(consumed.as_str(), 1)]).await;
}

#[tokio::test]
async fn a_batch_that_two_terminals_began_uses_up_one_entry() {
    let (headquarters, mut one, mut two) = pair().await;
    let entry = enqueue(&mut one, "Q-1", Place::End);
    enqueue(&mut one, "X-1", Place::End);
    // It is taken for the entry of its number until somebody says which one it is.
    let mine = batch(&mut one, "X-1", ("EQ-211", "ST-21"), &["1001"]);
    ask(&mut one, Ask::Claim { entry, batch: mine });
    push(&one).await;
    assert_eq!(queue(&headquarters).await, "X-1");
    // As it was looked for once, without the entry that the batch has: that finds a second one, and would use
    // it up.
    let once = "SELECT batch_number, status FROM oee_batch_queue
        WHERE equipment_id = $1 AND (product_id IS NULL OR product_id = $2)
          AND (batch_number = 'X-1' AND status IN ('queued', 'started')
               OR batch_number IS NULL AND product_id IS NOT NULL AND status = 'queued')
        ORDER BY event_id IS NOT DISTINCT FROM $3 AND status = 'started' DESC,
                 batch_number IS NULL, status <> 'queued', queue_position LIMIT 1";
    let started = (machine("EQ-211").0, product("BR/BR-40").0, mine.0);
    let found = headquarters.sql(once, &[&started.0, &started.1, &started.2]).await.unwrap();
    let found: (&str, &str) = (found[0].get(0), found[0].get(1));
    assert_eq!(found, ("X-1", "queued"), "here the two ways differ");
    batch(&mut two, "X-1", ("EQ-211", "ST-21"), &["1002"]);
    push(&two).await;
    assert_eq!(queue(&headquarters).await, "X-1", "the batch has its entry");
    let used = format!("oee_batch_queue WHERE event_id = '{}'", mine.0);
    counts(&headquarters, &[(used.as_str(), 1), ("edge.record_aliases", 1)]).await;
}
