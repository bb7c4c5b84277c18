//! What headquarters derives beside the fold is looked up as well: whatever is spoilt is named, and nothing else is.

use kart_core::fact::Body;

use super::{SITE, batch, complete, pair, push, said, station};
use crate::headquarters::device::user;

/// A spoilt row, what is said of it, and how it was.
const SPOILT: [(&str, &str, &str); 5] = [
    (
        "UPDATE edge.record_aliases SET canonical_id = gen_random_uuid() RETURNING 1",
        "another name stands for a batch",
        "UPDATE edge.record_aliases SET canonical_id = (SELECT event_id FROM oee_batch_details
             WHERE batch_number = 'B-9') RETURNING 1",
    ),
    (
        "INSERT INTO edge.records (organization_id, site_id, record_id, kind, state, fold_version)
         SELECT organization_id, site_id, record_id, 'batch', '{\"batch\": {}}', 1 FROM edge.record_aliases
         RETURNING 1",
        "a record of another name is nothing by its own",
        "DELETE FROM edge.records r USING edge.record_aliases a WHERE r.record_id = a.record_id
         RETURNING 1",
    ),
    (
        "UPDATE oee_batch_details SET batch_number = 'B-8', work_order = 'ten'
         WHERE batch_number = 'B-10' RETURNING 1",
        "a station has one open batch of a number",
        "UPDATE oee_batch_details SET batch_number = 'B-10', work_order = NULL
         WHERE work_order = 'ten' RETURNING 1",
    ),
    (
        "UPDATE edge.conflicts SET kind = 'entry_gone' RETURNING 1",
        "a person who is clocked in twice at a time is a conflict",
        "UPDATE edge.conflicts SET kind = 'labor_overlap' RETURNING 1",
    ),
    (
        "UPDATE edge.conflicts SET seq = 999 RETURNING 1",
        "a conflict was brought up by a fact that is held",
        "UPDATE edge.conflicts SET seq = 2 RETURNING 1",
    ),
];

#[tokio::test]
async fn what_is_derived_is_checked() {
    let (headquarters, mut one, mut two) = pair().await;
    // Its own log's second fact brings up the overlap below.
    two.append(Body::ClockedIn { user: user("1003"), station: station("ST-31") });
    one.append(Body::ClockedIn { user: user("1003"), station: station("ST-21") });
    let mine = batch(&mut one, "B-9", ("EQ-211", "ST-21"), &["1001"]);
    complete(&mut one, mine, 40, 2);
    let theirs = batch(&mut two, "B-9", ("EQ-212", "ST-21"), &["1002"]);
    complete(&mut two, theirs, 20, 2);
    for number in ["B-8", "B-10"] {
        batch(&mut one, number, ("EQ-211", "ST-21"), &[]);
    }
    push(&one).await;
    push(&two).await;
    let check = [&["refold", "--check"], &SITE[..]].concat();
    let (code, told, complaint) = said(&headquarters, &check).await;
    assert_eq!(code, Some(0), "{told}{complaint}");
    // A job that one of Kartorium's own programs wrote, by its own rules, is named and no failure.
    let theirs = "INSERT INTO ops_jobs (site_id, job_number, state, current_station_id)
        SELECT site_id, 'J-THEIRS', 'pending', id FROM ops_stations WHERE code = 'ST-21' RETURNING 1";
    headquarters.sql(theirs, &[]).await.unwrap();
    let (code, told, complaint) = said(&headquarters, &check).await;
    assert_eq!(code, Some(0), "{told}{complaint}");
    assert!(told.contains("stands at a station") && told.contains("another program"), "{told}");
    for (spoil, wanted, mend) in SPOILT {
        headquarters.sql(spoil, &[]).await.unwrap();
        let (code, told, _) = said(&headquarters, &check).await;
        assert_eq!(code, Some(1), "{spoil}: {told}");
        assert!(told.contains(wanted), "{spoil}: {told}");
        headquarters.sql(mend, &[]).await.unwrap();
    }
    let (code, told, complaint) = said(&headquarters, &check).await;
    assert_eq!(code, Some(0), "{told}{complaint}");
}
