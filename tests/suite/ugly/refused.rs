//! Case 16: headquarters refuses. A product is gone, a person may not work here any more, the office has completed
//! the batch: what was recorded waits or is flagged in words, everything else goes on, and one command tries again.

use kart_core::fact::{BatchStarted, Body};
use kart_core::id::{ProductId, RecordId, StationId};

use crate::headquarters::device::{Device, key, machine, user};
use crate::headquarters::{administer, enroll, enrolled};

const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

fn batch(device: &mut Device, number: &str, product: &str) -> RecordId {
    let seq = device.append(Body::BatchStarted(BatchStarted {
        equipment: machine("EQ-211"),
        station: Some(StationId(key("ops_stations", "ST-21"))),
        product: ProductId(key("ops_products", product)),
        number: number.to_owned(),
        work_order: None,
        target: None,
        lease: None,
        special: Default::default(),
        from: Device::stamp(device.lines.len() as u64),
        operators: vec![user("1001")],
    }));
    device.origin().record(seq)
}

fn completed(device: &mut Device, batch: RecordId, good: i64) {
    device.append(Body::BatchCompleted {
        batch,
        good,
        scrap: 0,
        scrap_reason: None,
        counted_good: good,
        counted_scrap: 0,
        scrapped: vec![],
        rework: 0,
    });
}

#[tokio::test]
async fn case_16_refused_in_words_at_both_ends_and_tried_again_by_one_command() {
    let (headquarters, mut away) = enrolled().await;
    let open = batch(&mut away, "B-1", "BR/BR-40");
    away.push(1).await.unwrap();
    // While the terminal is away: a product is deleted, a person may not work here any more, and the office
    // completes the batch.
    let product = "DELETE FROM ops_products WHERE product_code = 'BR-60' RETURNING family_id";
    let family: uuid::Uuid = headquarters.sql(product, &[]).await.unwrap()[0].get(0);
    administer(
        &headquarters,
        &[&["user", "deactivate"], &PLACE[..], &["--number", "1002"]].concat(),
    )
    .await;
    let mut office = enroll(&headquarters, "T-08").await;
    completed(&mut office, open, 5);
    office.push(1).await.unwrap();

    let from = away.lines.len() + 1;
    let station = StationId(key("ops_stations", "ST-21"));
    away.append(Body::ClockedIn { user: user("1002"), station });
    let waits = batch(&mut away, "B-2", "BR/BR-60");
    completed(&mut away, waits, 7);
    completed(&mut away, open, 9);
    let next = batch(&mut away, "B-3", "BR/BR-40");
    let held = away.push(from).await.unwrap().quarantined;
    let told: Vec<(u64, &str)> = held.iter().map(|one| (one.seq, one.code.as_str())).collect();
    let first = from as u64 + 1;
    assert_eq!(told, [(first, "unresolved_ref"), (first + 1, "waits_for_record")], "{held:?}");
    assert!(held[0].detail.contains("product_id"), "the terminal is told why: {held:?}");
    let listed = administer(&headquarters, &[&["quarantine", "list"], &PLACE[..]].concat()).await;
    assert!(listed.lines().count() == 2 && listed.contains(&held[0].detail), "{listed}");
    let count = async |rows: &str| {
        headquarters.number(&format!("SELECT count(*) FROM {rows}")).await.unwrap()
    };
    let applied = format!("oee_batch_details WHERE event_id IN ('{}', '{}')", open.0, next.0);
    assert_eq!(count(&applied).await, 2, "all unrelated rows went on");
    let worked = "ops_labor_entries l JOIN users u ON u.id = l.user_id";
    assert_eq!(count(worked).await, 1, "time of somebody who was let go is time all the same");

    let flagged = format!("edge.conflicts WHERE kind = 'ended_again' AND record_id = '{}'", open.0);
    assert_eq!(count(&flagged).await, 1, "both counts are kept, a supervisor is told");

    // The fix, and one command.
    let back = "INSERT INTO ops_products (id, family_id, product_code, product_name)
                VALUES ($1, $2, 'BR-60', 'Bracket') RETURNING 1";
    headquarters.sql(back, &[&key("ops_products", "BR/BR-60"), &family]).await.unwrap();
    administer(&headquarters, &[&["quarantine", "retry"], &PLACE[..]].concat()).await;
    assert_eq!(count("edge.quarantine WHERE resolved_at IS NULL").await, 0);
    let made = format!("oee_batch_details WHERE event_id = '{}' AND good_parts = 7", waits.0);
    assert_eq!(count(&made).await, 1);
}
