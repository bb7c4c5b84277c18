//! The four cases of completing an open entry, and who is behind.

use kart_core::fact::batch::{BatchAborted, Special};
use kart_core::fact::job::{JobPosted, JobStarted};
use kart_core::fact::{BatchStarted, Body};
use kart_core::id::{ReasonId, RecordId};
use kart_tests::world::headquarters::Headquarters;

use super::{batch, complete, pair, pass, product, push, station};
use crate::headquarters::device::{Device, key, user};

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
    one.append(Body::BatchLeft { batch: up, user: anna, at: None });
    push(&one).await;
    assert_eq!(standing(&headquarters, up).await, (false, "running".into()));

    // It has begun further down, and somebody still works here: it is not behind yet.
    let down = batch(&mut two, "B-1", ("EQ-311", "ST-31"), &["1003"]);
    push(&two).await;
    assert_eq!(standing(&headquarters, up).await, (false, "running".into()));

    // 2. The last one leaves, and the batch stands unresolved further down.
    one.append(Body::BatchLeft { batch: up, user: ben, at: None });
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
    two.append(Body::BatchLeft { batch: last, user: user("1003"), at: None });
    push(&two).await;
    assert_eq!(standing(&headquarters, last).await, (false, "running".into()));
}

/// A batch at ST-21 told by one terminal, and what became of it at ST-31 told by the other: whoever is
/// heard first, it comes to the same.
async fn either_way(
    up: fn(&mut Device) -> RecordId,
    down: fn(&mut Device) -> RecordId,
) -> [bool; 2] {
    let mut came_to = vec![];
    for turned in [false, true] {
        let (headquarters, mut one, mut two) = pair().await;
        flow(&headquarters).await;
        let batches = [up(&mut one), down(&mut two)];
        let devices = if turned { [&two, &one] } else { [&one, &two] };
        push(devices[0]).await;
        push(devices[1]).await;
        let [up, down] = batches;
        came_to.push([standing(&headquarters, up).await.0, standing(&headquarters, down).await.0]);
    }
    assert_eq!(came_to[0], came_to[1], "heard in another order, something else becomes of it");
    came_to[0]
}

#[tokio::test]
async fn what_becomes_of_a_batch_does_not_depend_on_who_is_heard_first() {
    // Completed here, then begun and completed at the end of the flow.
    let upper = |device: &mut Device| {
        let up = batch(device, "B-1", ("EQ-211", "ST-21"), &["1001"]);
        complete(device, up, 20, 0);
        up
    };
    let lower = |device: &mut Device| {
        pass(device, 5);
        let down = batch(device, "B-1", ("EQ-311", "ST-31"), &["1003"]);
        complete(device, down, 20, 0);
        down
    };
    assert_eq!(either_way(upper, lower).await, [true, true]);

    // Nobody was at the machine, and it has gone on.
    let alone = |device: &mut Device| batch(device, "B-1", ("EQ-211", "ST-21"), &[]);
    assert_eq!(either_way(alone, lower).await, [true, true]);

    // Begun further down and given up there: here it is behind all the same.
    let given_up = |device: &mut Device| {
        pass(device, 5);
        let down = batch(device, "B-1", ("EQ-311", "ST-31"), &["1003"]);
        let reason = ReasonId(key("oee_abort_reasons", "Form/Q01"));
        device.append(Body::BatchAborted(BatchAborted {
            batch: down,
            reason,
            good: 0,
            scrap: 0,
            comment: None,
        }));
        down
    };
    assert_eq!(either_way(upper, given_up).await, [true, false]);
}

#[tokio::test]
async fn a_batch_that_goes_on_at_the_other_terminal_is_not_done() {
    // Both began it; one completes what it began, the other one's person is at lunch.
    let up = |device: &mut Device| {
        let mine = batch(device, "B-1", ("EQ-311", "ST-31"), &["1001"]);
        complete(device, mine, 20, 0);
        mine
    };
    for turned in [false, true] {
        let (headquarters, mut one, mut two) = pair().await;
        flow(&headquarters).await;
        let mine = up(&mut one);
        let theirs = batch(&mut two, "B-1", ("EQ-311", "ST-31"), &["1003"]);
        pass(&mut two, 3);
        two.append(Body::BatchLeft { batch: theirs, user: user("1003"), at: None });
        let devices = if turned { [&two, &one] } else { [&one, &two] };
        push(devices[0]).await;
        push(devices[1]).await;
        let stands = if turned { theirs } else { mine };
        assert_eq!(standing(&headquarters, stands).await, (false, "running".into()), "{turned}");
        complete(&mut two, theirs, 30, 0);
        push(&two).await;
        assert_eq!(standing(&headquarters, stands).await, (true, "completed".into()));
    }
}

/// A batch of a job goes on at another station: its first part is over, and the job has moved with it.
#[tokio::test]
async fn a_batch_that_goes_on_elsewhere_leaves_its_first_part_behind() {
    let (headquarters, mut one, mut two) = pair().await;
    flow(&headquarters).await;
    let posted = one.append(Body::JobPosted(JobPosted {
        station: station("ST-21"),
        product: product("BR/BR-40"),
        number: Some("J-1".into()),
        work_order: None,
        target: None,
    }));
    let job = one.origin().record(posted);
    one.append(Body::JobStarted(JobStarted {
        job,
        station: station("ST-21"),
        from: Device::stamp(2),
    }));
    let first = batch(&mut one, "B-1", ("EQ-211", "ST-21"), &["1001"]);
    push(&one).await;
    let of_the_job = "UPDATE oee_machine_events SET job_id = $1 WHERE id = $2 RETURNING 1";
    headquarters.sql(of_the_job, &[&job.0, &first.0]).await.unwrap();
    complete(&mut one, first, 40, 0);
    push(&one).await;
    assert_eq!(standing(&headquarters, first).await, (false, "completed".into()), "it is to go on");

    // On a substitute machine at the same station, and then at the station of another terminal, which nothing
    // leads back from.
    let second = goes_on(&mut one, first, ("EQ-212", "ST-21"));
    push(&one).await;
    assert_eq!(standing(&headquarters, first).await, (true, "completed".into()));
    complete(&mut one, second, 40, 0);
    push(&one).await;
    pass(&mut two, 60);
    let third = goes_on(&mut two, second, ("EQ-311", "ST-31"));
    push(&two).await;
    assert_eq!(standing(&headquarters, second).await, (true, "completed".into()));
    let jobs =
        "SELECT count(*) FROM oee_machine_events WHERE job_id IS NOT NULL AND event_type = 'batch'";
    assert_eq!(headquarters.number(jobs).await.unwrap(), 3);
    let history = "SELECT station_id, completed_at IS NULL FROM ops_job_station_history
                   WHERE job_id = $1 ORDER BY posted_at";
    let history = headquarters.sql(history, &[&job.0]).await.unwrap();
    let history: Vec<(uuid::Uuid, bool)> =
        history.iter().map(|row| (row.get(0), row.get(1))).collect();
    let stays = history.iter().map(|(station, _)| *station).collect::<Vec<_>>();
    assert_eq!(
        stays,
        [station("ST-21").0, station("ST-31").0],
        "one row for the change of station"
    );
    assert_eq!(standing(&headquarters, third).await, (false, "running".into()));
}

fn goes_on(device: &mut Device, before: RecordId, (machine, at): (&str, &str)) -> RecordId {
    let special = Special { continues: Some(before), ..Special::default() };
    let seq = device.append(Body::BatchStarted(BatchStarted {
        equipment: crate::headquarters::device::machine(machine),
        station: Some(station(at)),
        product: product("BR/BR-40"),
        number: "B-1".into(),
        work_order: None,
        target: None,
        from: Device::stamp(device.lines.len() as u64 + 1),
        operators: vec![user("1001")],
        lease: None,
        special,
    }));
    device.origin().record(seq)
}
