//! The four cases of completing an open entry, and who is behind.

use kart_core::fact::Body;
use kart_core::id::RecordId;
use kart_tests::world::headquarters::Headquarters;

use super::{batch, complete, pair, push, station};
use crate::headquarters::device::user;

/// ST-21 feeds ST-31.
pub(super) async fn flow(headquarters: &Headquarters) {
    headquarters.sql("DELETE FROM ops_station_connections RETURNING 1", &[]).await.unwrap();
    let edge = "SELECT create_ops_station_connection($1, $2)";
    headquarters.sql(edge, &[&station("ST-21").0, &station("ST-31").0]).await.unwrap();
}

/// Whether a batch is resolved, and its status.
async fn standing(headquarters: &Headquarters, batch: RecordId) -> (bool, String) {
    let select = "SELECT e.resolved, d.status FROM oee_machine_events e
                  JOIN oee_batch_details d ON d.event_id = e.id WHERE e.id = $1";
    let rows = headquarters.sql(select, &[&batch.0]).await.unwrap();
    (rows[0].get(0), rows[0].get(1))
}

#[tokio::test]
async fn the_last_open_entry_decides_what_becomes_of_a_batch() {
    let (headquarters, mut one, mut two) = pair().await;
    flow(&headquarters).await;
    let (anna, ben) = (user("1001"), user("1002"));

    // 1. Others have open entries: the batch stays as it is.
    let up = batch(&mut one, "B-1", ("EQ-211", "ST-21"), &["1001", "1002"]);
    one.append(Body::BatchLeft { batch: up, user: anna });
    push(&one).await;
    assert_eq!(standing(&headquarters, up).await, (false, "running".into()));

    // It has begun further down, and somebody still works here: it is not behind yet.
    let down = batch(&mut two, "B-1", ("EQ-311", "ST-31"), &["1003"]);
    push(&two).await;
    assert_eq!(standing(&headquarters, up).await, (false, "running".into()));

    // 2. The last one leaves, and the batch stands unresolved further down.
    one.append(Body::BatchLeft { batch: up, user: ben });
    push(&one).await;
    assert_eq!(standing(&headquarters, up).await, (true, "running".into()));
    one.append(Body::BatchJoined { batch: up, user: ben });
    push(&one).await;
    assert_eq!(standing(&headquarters, up).await, (false, "running".into()), "work goes on");

    // 4. It is completed where no station follows.
    complete(&mut two, down, 50, 0);
    push(&two).await;
    assert_eq!(standing(&headquarters, down).await, (true, "completed".into()));

    // 3. It is completed where stations follow and it has not got there: it waits to be routed.
    let routed = batch(&mut one, "B-2", ("EQ-212", "ST-21"), &["1004"]);
    complete(&mut one, routed, 20, 0);
    push(&one).await;
    assert_eq!(standing(&headquarters, routed).await, (false, "completed".into()));

    // It begins at the next station.
    batch(&mut two, "B-2", ("EQ-311", "ST-31"), &["1003"]);
    push(&two).await;
    assert_eq!(standing(&headquarters, routed).await, (true, "completed".into()));

    // Whoever goes to lunch where the flow ends completes nothing.
    let last = batch(&mut two, "B-3", ("EQ-311", "ST-31"), &["1003"]);
    two.append(Body::BatchLeft { batch: last, user: user("1003") });
    push(&two).await;
    assert_eq!(standing(&headquarters, last).await, (false, "running".into()));
}
