//! New lives by a terminal that speaks protocol 2: what is asked twice, what is asked by somebody else, and what is lost
//! on both sides.

use kart_core::fact::Hash;
use kart_core::id::Incarnation;
use kart_core::plant::Plant;
use kart_wire::{Common, Found, Hello, Point, Renew, Renewed};

use super::*;

mod copies;
mod long;
mod takeover;

const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

fn greeting(device: &Device) -> Hello {
    Hello { protocol: 2, oldest_seq: 1, ..device.greeting() }
}

fn renew(device: &Device) -> Renew {
    renew_as(device, 0xab)
}

fn renew_as(device: &Device, incarnation: u64) -> Renew {
    Renew {
        former: device.incarnation.to_string(),
        incarnation: Incarnation(incarnation).to_string(),
        nonce: device.nonce.clone(),
        granted: None,
    }
}

/// The device goes on in a life that it was granted, with one fact.
async fn go_on(device: &mut Device, renewed: &Renewed) {
    device.incarnation = renewed.incarnation.parse().unwrap();
    device.lines.clear();
    let origin = device.origin();
    let (terminal, incarnation) = (origin.terminal, origin.incarnation);
    device.append(Body::Genesis { format: 1, terminal, incarnation });
    device.hello().await.unwrap();
    device.push(1).await.unwrap();
}

/// What a hello of protocol 2 is answered with.
async fn greeted(device: &Device) -> (u16, String) {
    code_of(device.post::<()>("hello", &greeting(device)).await)
}

#[tokio::test]
async fn a_log_that_was_put_back_is_told_so_and_begins_anew() {
    let (headquarters, mut device) = enrolled().await;
    shift(&mut device);
    device.push(1).await.unwrap();
    let long = device.lines.clone();

    device.lines.truncate(3);
    assert_eq!(
        code_of(device.post::<()>("hello", &greeting(&device)).await),
        refusal(409, code::ROLLED_BACK)
    );
    let points = [(1, device.hash(1)), (3, device.hash(3)), (4, Hash([7; 32]))];
    let points = points.map(|(seq, hash)| Point { seq, hash: hash.to_string() }).to_vec();
    let common = Common { incarnation: device.incarnation.to_string(), points };
    let found: Found = device.post("common", &common).await.unwrap();
    assert_eq!((found.seq, found.watermark), (3, long.len() as u64));

    let foreign = Renew { nonce: "another installation".to_owned(), ..renew(&device) };
    assert_eq!(code_of(device.post::<()>("renew", &foreign).await), refusal(409, code::CLONED));
    let unknown = Renew { former: "f".repeat(16), ..renew(&device) };
    let other = refusal(409, code::OTHER_INCARNATION);
    assert_eq!(code_of(device.post::<()>("renew", &unknown).await), other);

    let renewed: Renewed = device.post("renew", &renew(&device)).await.unwrap();
    assert_eq!((renewed.end.seq, &renewed.former), (long.len() as u64, &renew(&device).former));
    let again: Renewed = device.post("renew", &renew(&device)).await.unwrap();
    assert_eq!(renewed, again, "asking again gives the same answer");
    let plant: Plant = serde_json::from_value(renewed.plant).unwrap();
    assert_eq!(plant.head, long.len() as u64);
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.lives").await.unwrap(), 1);

    // The former life is over, for a push as for a hello.
    device.lines = long;
    device.append(Body::Started { version: "1".into(), map: "m".into() });
    let from = device.lines.len();
    assert_eq!(code_of(device.push(from).await), other);
    let over = code_of(device.post::<()>("hello", &greeting(&device)).await);
    assert_eq!(over, refusal(409, code::ROLLED_BACK));
    let old = code_of(device.post::<()>("hello", &device.greeting()).await);
    assert_eq!(old, other, "a terminal of the first protocol is told in its words");
}

#[tokio::test]
async fn what_both_sides_have_lost_is_named_and_the_log_goes_on_in_a_new_life() {
    let (headquarters, mut device) = enrolled().await;
    shift(&mut device);
    device.push(1).await.unwrap();
    let held = device.lines.len() as u64;
    for _ in 0..9 {
        device.append(Body::Started { version: "1".into(), map: "m".into() });
    }
    // Nine facts were acknowledged and lost here by a restore; the terminal has purged six of them.
    let last = device.lines.len();
    let purged = Hello {
        oldest_seq: held + 7,
        acked_seq: last as u64,
        acked_hash: device.hash(last).to_string(),
        ..greeting(&device)
    };
    for _ in 0..2 {
        let (status, problem) = device.post::<()>("hello", &purged).await.unwrap_err();
        assert_eq!((status, problem.code.as_str()), (409, code::ROLLED_BACK));
        let lost = format!("facts {} to {} were lost", held + 1, held + 6);
        assert!(problem.detail.contains(&lost), "{}", problem.detail);
    }
    let noted = "SELECT count(*) FROM edge.audit WHERE action = 'facts lost'";
    assert_eq!(headquarters.number(noted).await.unwrap(), 1, "once, not at each try");
    device.post::<Renewed>("renew", &renew(&device)).await.unwrap();
    let gap = "SELECT gap_from * 1000 + gap_to FROM edge.lives";
    let wanted = i64::try_from((held + 1) * 1000 + held + 6).unwrap();
    assert_eq!(headquarters.number(gap).await.unwrap(), wanted);
}

#[tokio::test]
async fn a_backup_tells_how_far_a_terminal_may_purge() {
    let (headquarters, mut device) = enrolled().await;
    shift(&mut device);
    assert_eq!(device.push(1).await.unwrap().safe_seq, 0);
    let done =
        ["backup", "done", "--began", "now", "--organization", "cedar-works", "--site", "cedar"];
    administer(&headquarters, &done).await;
    assert_eq!(device.hello().await.unwrap().safe_seq, 0, "what came just now is not counted on");
    headquarters
        .sql("UPDATE edge.inbox SET received_at = now() - interval '1 h'", &[])
        .await
        .unwrap();
    administer(&headquarters, &done).await;
    let safe = device.hello().await.unwrap().safe_seq;
    assert_eq!(safe, device.lines.len() as u64);
}
