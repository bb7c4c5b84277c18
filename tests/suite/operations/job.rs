//! Jobs travel: where the flow leaves no choice by themselves, else where somebody says; and what does not fit is kept.

use kart_core::fact::Body;
use kart_core::fact::job::{
    JobAborted, JobCompleted, JobMoved, JobPosted, JobScrapped, JobStarted,
};
use kart_core::id::{ReasonId, RecordId, StationId};
use kart_tests::world::headquarters::Headquarters;
use uuid::Uuid;

use super::close::flow;
use super::{conflicts, counts, pair, pass, product, push, station};
use crate::headquarters::device::{Device, key};

fn post(device: &mut Device, number: Option<&str>) -> RecordId {
    let seq = device.append(Body::JobPosted(JobPosted {
        station: station("ST-21"),
        product: product("BR/BR-40"),
        number: number.map(Into::into),
        work_order: None,
        target: Some(10),
    }));
    device.origin().record(seq)
}

fn start(device: &mut Device, job: RecordId, at: StationId) {
    let from = Device::stamp(1);
    device.append(Body::JobStarted(JobStarted { job, station: at, from }));
}

fn done(device: &mut Device, job: RecordId, at: StationId, parts: (i64, i64)) {
    let (good, scrap) = parts;
    let completed = JobCompleted { job, station: at, good, scrap, next: None };
    device.append(Body::JobCompleted(completed));
}

/// State, station, good and scrapped parts.
async fn standing(headquarters: &Headquarters, job: RecordId) -> (String, Uuid, i32, i32) {
    let select = "SELECT state, current_station_id, good_parts, scrap_parts
                  FROM ops_jobs WHERE id = $1";
    let rows = headquarters.sql(select, &[&job.0]).await.unwrap();
    (rows[0].get(0), rows[0].get(1), rows[0].get(2), rows[0].get(3))
}

#[tokio::test]
async fn a_job_goes_through_the_stations() {
    let (headquarters, mut one, mut two) = pair().await;
    flow(&headquarters).await;
    let (first, last) = (station("ST-21"), station("ST-31"));
    let job = post(&mut one, Some("J-1"));
    start(&mut one, job, first);
    done(&mut one, job, first, (9, 1));
    push(&one).await;
    assert_eq!(standing(&headquarters, job).await, ("pending".into(), last.0, 9, 1));
    let came = "ops_job_station_history WHERE completed_at IS NULL AND entry_number = 1
                AND posted_at = (SELECT completed_at FROM ops_job_station_history
                                 WHERE completed_at IS NOT NULL)";
    counts(&headquarters, &[(came, 1), ("ops_job_station_history", 2)]).await;

    // The end of the line; the other terminal forgot to say that it had begun.
    done(&mut two, job, last, (7, 2));
    push(&two).await;
    assert_eq!(standing(&headquarters, job).await, ("completed".into(), last.0, 7, 3));
    assert_eq!(conflicts(&headquarters).await, ["illegal_transition"]);

    // What is over is over, and what happened is in the history.
    done(&mut one, job, first, (3, 0));
    one.append(Body::JobScrapped(JobScrapped { job, station: last, scrap: 1, reason: None }));
    push(&one).await;
    assert_eq!(standing(&headquarters, job).await, ("completed".into(), last.0, 7, 3));
    let again = "ops_job_station_history WHERE entry_number = 2 AND good_parts_at_station = 3";
    counts(&headquarters, &[(again, 1), ("edge.conflicts", 3)]).await;
}

#[tokio::test]
async fn where_the_flow_forks_somebody_chooses() {
    let (headquarters, mut one, mut two) = pair().await;
    flow(&headquarters).await;
    let rework = "INSERT INTO ops_stations (site_id, code, name)
                  SELECT site_id, 'ST-41', 'Rework' FROM ops_stations WHERE code = 'ST-21' RETURNING id";
    let third: Uuid = headquarters.sql(rework, &[]).await.unwrap()[0].get(0);
    let edge = "SELECT create_ops_station_connection($1, $2, $3)";
    let (first, last) = (station("ST-21"), station("ST-31"));
    headquarters.sql(edge, &[&first.0, &third, &"feeds_into"]).await.unwrap();
    headquarters.sql(edge, &[&last.0, &third, &"rework"]).await.unwrap();

    let job = post(&mut one, None);
    start(&mut one, job, first);
    done(&mut one, job, first, (10, 0));
    push(&one).await;
    assert_eq!(standing(&headquarters, job).await.0, "queued");
    // Both terminals choose; the one that is told of last saw it elsewhere, and is shown.
    one.append(Body::JobMoved(JobMoved { job, from: Some(first), to: last, why: None }));
    push(&one).await;
    pass(&mut two, 8);
    two.append(Body::JobMoved(JobMoved {
        job,
        from: Some(first),
        to: StationId(third),
        why: None,
    }));
    push(&two).await;
    assert_eq!(standing(&headquarters, job).await.1, third);
    assert_eq!(conflicts(&headquarters).await, ["moved_from_elsewhere"]);
    counts(&headquarters, &[("ops_job_station_history", 3)]).await;

    // A rework edge advances nothing: ST-31 is the end of the flow.
    two.append(Body::JobMoved(JobMoved { job, from: Some(StationId(third)), to: last, why: None }));
    start(&mut two, job, last);
    done(&mut two, job, last, (10, 0));
    push(&two).await;
    assert_eq!(standing(&headquarters, job).await.0, "completed");

    // A number that somebody has typed already, and a job that is given up.
    let mine = post(&mut one, Some("J-7"));
    push(&one).await;
    let theirs = post(&mut two, Some("J-7"));
    let reason = ReasonId(key("oee_abort_reasons", "Form/Q01"));
    two.append(Body::JobAborted(JobAborted { job: theirs, reason }));
    push(&two).await;
    assert_eq!(standing(&headquarters, mine).await.0, "pending");
    assert_eq!(standing(&headquarters, theirs).await.0, "aborted");
    let renamed = "ops_jobs WHERE job_number LIKE 'J-7-%' AND abort_reason_id IS NOT NULL";
    counts(&headquarters, &[(renamed, 1), ("edge.conflicts WHERE kind = 'number_taken'", 1)]).await;
}
