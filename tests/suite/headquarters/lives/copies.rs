//! What headquarters takes for a copy, what for a terminal in need, and how much of either it writes down.

use kart_wire::{Aside, Kept};

use super::*;

/// Copies that headquarters knows by name.
const MOST: i64 = 32;

#[tokio::test]
async fn lives_that_wrote_nothing_are_no_copies() {
    let (_headquarters, mut device) = enrolled().await;
    device.push(1).await.unwrap();
    let former = (device.incarnation, device.lines.clone());
    let mut life = 0;
    let mut next = async |device: &Device| {
        life += 1;
        device.post::<Renewed>("renew", &renew_as(device, life)).await.unwrap()
    };
    // The answers are lost, over and over.
    for _ in 0..8 {
        next(&device).await;
        assert_eq!(greeted(&device).await, refusal(409, code::ROLLED_BACK));
    }
    // With facts in them they are two installations that take turns.
    for written in 1..=5 {
        let renewed = next(&device).await;
        go_on(&mut device, &renewed).await;
        (device.incarnation, device.lines) = former.clone();
        let expected = if written < 5 { code::ROLLED_BACK } else { code::CLONED };
        assert_eq!(greeted(&device).await.1, expected, "after {written} lives");
    }
}

#[tokio::test]
async fn copies_without_end_are_counted_and_no_more() {
    let (headquarters, device) = enrolled().await;
    let greet = async |n: usize| {
        let nonce = format!("copy {n}");
        let hello = Hello { nonce, ..greeting(&device) };
        assert_eq!(code_of(device.post::<()>("hello", &hello).await), refusal(409, code::CLONED));
    };
    for n in 0..100 {
        greet(n).await;
    }
    // Who has a name keeps it.
    for _ in 0..3 {
        greet(7).await;
    }
    let rows = headquarters
        .sql("SELECT count(*), sum(times)::bigint, sum(further)::bigint FROM edge.copies", &[])
        .await
        .unwrap();
    let rows: [i64; 3] = [rows[0].get(0), rows[0].get(1), rows[0].get(2)];
    assert_eq!(rows, [MOST, MOST + 3, 100 - MOST]);
    let alarms = "SELECT count(*) FROM edge.audit WHERE action = 'cloned'";
    assert_eq!(headquarters.number(alarms).await.unwrap(), MOST + 1);

    // An hour later it is said once more, with how many there were.
    let later = "UPDATE edge.copies SET further_noted_at = further_noted_at - interval '61 min'";
    headquarters.sql(later, &[]).await.unwrap();
    for n in 100..110 {
        greet(n).await;
    }
    assert_eq!(headquarters.number(alarms).await.unwrap(), MOST + 2);
    let tries = "SELECT max((detail -> 'further' ->> 'tries')::int) FROM edge.audit";
    assert_eq!(headquarters.number(tries).await.unwrap(), 100 - MOST + 1);
    let further = "SELECT sum(further) FROM edge.copies";
    assert_eq!(headquarters.number(further).await.unwrap(), 110 - MOST);
}

#[tokio::test]
async fn what_copies_recorded_is_kept_aside_up_to_a_limit_for_the_terminal() {
    let (headquarters, mut device) = enrolled().await;
    shift(&mut device);
    let aside = |nonce: &str, from: usize, to: usize| Aside {
        incarnation: device.incarnation.to_string(),
        nonce: nonce.to_owned(),
        from: from as u64,
        prev_hash: device.hash(from - 1).to_string(),
        lines: device.lines[from - 1..to].to_vec(),
    };
    let unknown = code_of(device.post::<()>("aside", &aside("one", 1, 2)).await);
    assert_eq!(unknown, refusal(403, code::FOREIGN), "only what a fenced copy has");
    for nonce in ["one", "two"] {
        let hello = Hello { nonce: nonce.to_owned(), ..greeting(&device) };
        let fenced = code_of(device.post::<()>("hello", &hello).await);
        assert_eq!(fenced, refusal(409, code::CLONED));
    }
    for _ in 0..2 {
        let kept: Kept = device.post("aside", &aside("one", 1, 2)).await.unwrap();
        assert_eq!(kept.seq, 2, "twice is as good as once");
    }
    let many = "INSERT INTO edge.fenced_facts
             (organization_id, terminal_id, nonce, incarnation, seq, line, hash)
         SELECT 'cedar-works', $1, 'one', '0000000000000001', n, 'x', sha256('x')
         FROM generate_series(1, 99995) n";
    headquarters.sql(many, &[&device.id]).await.unwrap();
    let kept: Kept = device.post("aside", &aside("two", 1, 3)).await.unwrap();
    assert_eq!(kept.seq, 3);
    let full = code_of(device.post::<()>("aside", &aside("two", 4, 4)).await);
    assert_eq!(full, refusal(413, code::TOO_LARGE), "whichever copy it is of");
    let all = "SELECT count(*) FROM edge.fenced_facts";
    assert_eq!(headquarters.number(all).await.unwrap(), 100_000);
}
