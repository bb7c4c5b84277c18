//! Corrections of a batch that two terminals began: whoever has a part of it hears of them, also of those that
//! headquarters has lost and one of the two gives back.

use std::time::Duration;

use kart_core::fact::correction::CorrectionSeen;
use kart_core::fact::{Body, Fact};
use kart_core::id::{Origin, RecordId, TerminalId};
use kart_tests::wait::wait_for;
use uuid::Uuid;

use super::{Device, Headquarters, SITE, administer, batch, counts, pair, push};
use crate::headquarters::device::key;

const LIMIT: Duration = Duration::from_secs(30);

async fn correct(headquarters: &Headquarters, batch: RecordId, good: &str) {
    let batch = batch.0.to_string();
    let words = ["correct", "batch", &batch, "--by", "1005", "--reason", "counted by hand"];
    administer(headquarters, &[&words[..], &["--good", good], &SITE[..]].concat()).await;
}

/// What a terminal answers to the one correction that there is, as it was sent down.
async fn answer(headquarters: &Headquarters, here: Option<RecordId>) -> CorrectionSeen {
    let sent = "SELECT id, writer_id, incarnation, line, seal FROM edge.corrections";
    let sent = &headquarters.sql(sent, &[]).await.unwrap()[0];
    let fact = Fact::parse(sent.get::<_, &str>(3).as_bytes()).unwrap();
    let Body::Corrected(corrected) = fact.fact else { panic!("no correction") };
    let incarnation = sent.get::<_, String>(2).parse().unwrap();
    CorrectionSeen {
        correction: sent.get(0),
        origin: Origin { terminal: TerminalId(sent.get(1)), incarnation },
        seq: fact.seq,
        made: fact.at.wall_us,
        by: fact.by,
        corrected,
        here,
        seal: sent.get(4),
    }
}

/// Pushes to a database that is coming up again.
async fn push_again(device: &Device) {
    wait_for("headquarters", LIMIT, async || {
        device.push(1).await.map_err(|(_, problem)| problem.detail)
    })
    .await;
    push(device).await;
}

/// Every correction goes down to both of them.
async fn reaches(headquarters: &Headquarters, terminals: [&Device; 2]) {
    let [one, two] = terminals.map(|device| device.id);
    let told = format!(
        "edge.corrections WHERE ARRAY['{one}', '{two}']::uuid[] <@ (terminal_id || others)"
    );
    counts(headquarters, &[("edge.corrections", 1), (&told, 1)]).await;
}

#[tokio::test]
async fn a_correction_that_comes_back_reaches_every_part_of_its_batch() {
    let (mut headquarters, mut one, mut two) = pair().await;
    let mine = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &["1001"]);
    let theirs = batch(&mut two, "B-9", ("EQ-212", "ST-21"), &["1002"]);
    push(&one).await;
    push(&two).await;
    let saved = headquarters.cluster.save().unwrap();
    correct(&headquarters, mine, "7").await;
    reaches(&headquarters, [&one, &two]).await;
    let seen = answer(&headquarters, Some(theirs)).await;
    // Only the second terminal heard of it before headquarters was put back.
    headquarters.cluster.restore(&saved).unwrap();
    two.append(Body::CorrectionSeen(seen));
    push_again(&two).await;
    reaches(&headquarters, [&one, &two]).await;
}

#[tokio::test]
async fn a_correction_that_comes_back_first_reaches_whoever_comes_later() {
    let (mut headquarters, mut one, mut two) = pair().await;
    let saved = headquarters.cluster.save().unwrap();
    let mine = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &["1001"]);
    push_again(&one).await;
    correct(&headquarters, mine, "7").await;
    let seen = answer(&headquarters, None).await;
    // Put back to before the batch: the second terminal, which knew of it, is there first.
    headquarters.cluster.restore(&saved).unwrap();
    two.append(Body::CorrectionSeen(seen));
    push_again(&two).await;
    push(&one).await;
    reaches(&headquarters, [&one, &two]).await;
}

#[tokio::test]
async fn whoever_turns_out_to_have_begun_the_batch_too_hears_of_its_corrections() {
    let (headquarters, mut one, mut two) = pair().await;
    let mine = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &["1001"]);
    batch(&mut two, "B-9", ("EQ-212", "ST-21"), &["1002"]);
    push(&one).await;
    correct(&headquarters, mine, "7").await;
    push(&two).await;
    reaches(&headquarters, [&one, &two]).await;
}

#[tokio::test]
async fn a_lost_correction_of_a_row_that_has_another_key_by_now_comes_back() {
    let (headquarters, mut one, _) = pair().await;
    let mine = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &["1001"]);
    push(&one).await;
    let id = mine.0.to_string();
    let words = ["correct", "batch", &id, "--by", "1005", "--reason", "x", "--product", "BR-60"];
    administer(&headquarters, &[&words[..], &SITE[..]].concat()).await;
    let seen = answer(&headquarters, None).await;
    assert!(seen.corrected.after.product.is_some());
    headquarters.sql("DELETE FROM edge.corrections", &[]).await.unwrap();
    // Both products were put in again meanwhile, by hand; terminals call one as before.
    let (name, row) = (key("ops_products", "BR/BR-60"), Uuid::new_v4());
    let person = key("users", "1005");
    let renamed = format!(
        "WITH made AS (
             INSERT INTO ops_products (id, family_id, product_code, product_name)
             SELECT '{row}', family_id, product_code || '-2', product_name FROM ops_products
             WHERE id = '{name}' RETURNING id)
         INSERT INTO edge.reference_names (organization_id, site_id, name, id, tbl)
         SELECT s.organization_id, s.site_id, n.name, n.id, n.tbl
         FROM edge.sites s, (SELECT '{name}'::uuid, id, 'ops_products' FROM made
                             UNION ALL SELECT gen_random_uuid(), '{person}', 'users')
                            AS n(name, id, tbl)"
    );
    headquarters.sql(&renamed, &[]).await.unwrap();
    // The person who corrected goes by a name that is new, the product by one that was its key.
    let by = "SELECT name FROM edge.reference_names WHERE tbl = 'users'";
    let by: Uuid = headquarters.sql(by, &[]).await.unwrap()[0].get(0);
    one.append(Body::CorrectionSeen(CorrectionSeen {
        by: Some(kart_core::id::UserId(by)),
        ..seen
    }));
    push(&one).await;
    let back = format!("edge.corrections WHERE after ->> 'product' = '{row}'");
    counts(&headquarters, &[("edge.corrections", 1), (&back, 1)]).await;
}
