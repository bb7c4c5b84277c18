//! Background work: each job is done once, however many workers there are and whoever of them is killed.

use std::process::Command;
use std::time::Duration;

use kart_tests::child::Child;
use kart_tests::programs::program;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::headquarters::device::key;
use crate::headquarters::{administer, demo_site, enrolled};
use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);

/// Headquarters whose gateway is away, so that only the workers of the test work.
async fn alone() -> Headquarters {
    let mut headquarters = Headquarters::start(&demo_site()).await.unwrap();
    headquarters.stop().await.unwrap();
    headquarters
}

fn worker(headquarters: &Headquarters) -> Child {
    let mut command = Command::new(program("kart-hq").unwrap());
    // As the login of the gateway: that is who does it beside the serving.
    command.env("DATABASE_URL", headquarters.cluster.url("kartorium", "kart_hq")).arg("work");
    Child::spawn(&mut command).unwrap()
}

#[tokio::test]
async fn workers_that_are_killed_neither_lose_nor_double_a_job() {
    let _turn = turn().await;
    let mut dice = StdRng::seed_from_u64(seed("work::workers_that_are_killed", 11));
    let headquarters = alone().await;
    let once = ["work", "--once"];
    administer(&headquarters, &once).await;
    headquarters.sql("DELETE FROM job_history", &[]).await.unwrap();
    // Every job is slow, and whatever runs twice at a time would be seen.
    let watched = "
        CREATE TABLE seen (job uuid, began timestamptz, ended timestamptz);
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            PERFORM pg_sleep(0.02);
            INSERT INTO seen VALUES (NEW.job_id, NEW.started_at, clock_timestamp());
            RETURN NEW;
        END $$;
        CREATE TRIGGER slow BEFORE INSERT ON job_history FOR EACH ROW EXECUTE FUNCTION slow();";
    let (client, connection) =
        tokio_postgres::connect(headquarters.database(), NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(watched).await.unwrap();
    let fill = "INSERT INTO jobs (organization_id, job_type, payload, max_attempts)
        SELECT 'cedar-works', 'outlier_flags', jsonb_build_object('site_id', $1::text), 1000
        FROM generate_series(1, 300)";
    let site = key("oee_sites", "cedar").to_string();
    client.execute(fill, &[&site]).await.unwrap();

    let mut workers = [worker(&headquarters), worker(&headquarters), worker(&headquarters)];
    let left = "SELECT count(*) FROM jobs WHERE job_type = 'outlier_flags'";
    let mut kills = 0;
    wait_for("all jobs to be done", LIMIT * 2, async || {
        let open = headquarters.number(left).await.unwrap();
        if kills < 12 {
            let victim = dice.random_range(0..workers.len());
            workers[victim].kill().unwrap();
            workers[victim] = worker(&headquarters);
            kills += 1;
        }
        if open == 0 { Ok(()) } else { Err(format!("{open} are left")) }
    })
    .await;
    for worker in &mut workers {
        worker.terminate().unwrap();
    }
    let done = "SELECT count(*) FROM job_history WHERE status = 'completed' AND job_type = 'outlier_flags'";
    assert!(headquarters.number(done).await.unwrap() >= 300);
    let doubled =
        "SELECT count(*) FROM (SELECT FROM job_history GROUP BY job_id HAVING count(*) > 1) q";
    assert_eq!(headquarters.number(doubled).await.unwrap(), 0);
    let seen = "SELECT count(*) - count(DISTINCT job) FROM seen";
    assert_eq!(headquarters.number(seen).await.unwrap(), 0);
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_given_up_in_the_end() {
    let headquarters = alone().await;
    administer(&headquarters, &["work", "--once"]).await;
    // A site that is not there: the work cannot succeed.
    let add = "INSERT INTO jobs (organization_id, job_type, payload, max_attempts)
        VALUES ('cedar-works', 'quarantine_retry', jsonb_build_object('site_id', $1::text), 2)";
    headquarters.sql(add, &[&Uuid::new_v4().to_string()]).await.unwrap();
    // Nor does anybody touch what others have put there.
    let foreign =
        "INSERT INTO jobs (organization_id, job_type) VALUES ('cedar-works', 'thumbnail')";
    headquarters.sql(foreign, &[]).await.unwrap();
    administer(&headquarters, &["work", "--once"]).await;
    let later = "SELECT count(*) FROM jobs WHERE job_type = 'quarantine_retry' AND attempts = 1
        AND status = 'queued' AND run_after > now() - interval '20 s' AND last_error IS NOT NULL";
    assert_eq!(headquarters.number(later).await.unwrap(), 1);
    headquarters.sql("UPDATE jobs SET run_after = now()", &[]).await.unwrap();
    administer(&headquarters, &["work", "--once"]).await;
    let given_up = "SELECT count(*) FROM job_history WHERE status = 'failed' AND attempts = 2
        AND last_error IS NOT NULL";
    assert_eq!(headquarters.number(given_up).await.unwrap(), 1);
    let untouched = "SELECT count(*) FROM jobs WHERE job_type = 'thumbnail' AND status = 'queued'";
    assert_eq!(headquarters.number(untouched).await.unwrap(), 1);
}

#[tokio::test]
async fn a_retry_stays_due_while_another_one_is_under_way() {
    let headquarters = alone().await;
    administer(&headquarters, &["work", "--once"]).await;
    let site = key("oee_sites", "cedar").to_string();
    // One that nobody comes to before tomorrow; whatever changes meanwhile came too late for it.
    let under_way = "INSERT INTO jobs (organization_id, job_type, payload, run_after)
        VALUES ('cedar-works', 'quarantine_retry', jsonb_build_object('site_id', $1::text),
                now() + interval '1 day')";
    headquarters.sql(under_way, &[&site]).await.unwrap();
    headquarters.sql("DELETE FROM job_history", &[]).await.unwrap();
    let due = ["work", "--once", "--due", "quarantine_retry"];
    let told = administer(&headquarters, &due).await;
    assert!(told.contains("0 jobs done"), "{told}");
    let still_due =
        "SELECT count(*) FROM edge.work WHERE kind = 'quarantine_retry' AND next_at <= now()";
    assert_eq!(headquarters.number(still_due).await.unwrap(), 1);
    headquarters.sql("DELETE FROM jobs", &[]).await.unwrap();
    let told = administer(&headquarters, &["work", "--once"]).await;
    assert!(told.contains("quarantine_retry\t0 facts applied"), "{told}");
    assert_eq!(headquarters.number(still_due).await.unwrap(), 0);
}

#[tokio::test]
async fn the_sweep_says_where_rows_are_not_what_the_facts_say_and_mends_nothing() {
    let (mut headquarters, mut device) = enrolled().await;
    let texts = crate::headquarters::shift(&mut device);
    device.push_with(1, &texts).await.unwrap();
    headquarters.stop().await.unwrap();
    let entry = "SELECT id::text FROM ops_labor_entries LIMIT 1";
    let entry: String = headquarters.sql(entry, &[]).await.unwrap()[0].get(0);
    let entry: Uuid = entry.parse().unwrap();
    let number = u8::try_from(entry.as_u128() % 16).unwrap();
    let part = format!(r#"UPDATE edge.work SET position = '{{"part": {number}}}'"#);
    let part = format!("{part} WHERE kind = 'checksum_sweep'");
    let sweep = ["work", "--once", "--due", "checksum_sweep"];
    let compared = format!("records of part {} of 16 of the records compared", number + 1);
    let alarms = ["alarms", "--organization", "cedar-works", "--site", "cedar"];
    let sweeps = async || {
        headquarters.sql(&part, &[]).await.unwrap();
        let told = administer(&headquarters, &sweep).await;
        assert!(told.contains(&compared), "{told}");
        (told, administer(&headquarters, &alarms).await)
    };
    let (told, raised) = sweeps().await;
    assert!(told.contains("nothing differs"), "{told}");
    assert_eq!(raised, "");
    // A part after the other, and then the first again.
    let next = "SELECT (position ->> 'part')::int FROM edge.work WHERE kind = 'checksum_sweep'";
    let next = headquarters.number(next).await.unwrap();
    assert_eq!(next, (i64::from(number) + 1) % 16);

    let spoil = format!("UPDATE ops_labor_entries SET end_ts = NULL WHERE id = '{entry}'");
    headquarters.sql(&spoil, &[]).await.unwrap();
    for _ in 0..2 {
        let (told, raised) = sweeps().await;
        let named = format!("1 rows and 0 rows too many differ: ops_labor_entries {entry}");
        assert!(told.contains(&named), "{told}");
        assert_eq!(raised.lines().count(), 1, "{raised}");
        assert!(raised.starts_with("rows_differ\t") && raised.contains(&named), "{raised}");
    }
    let spoiled = "SELECT count(*) FROM ops_labor_entries WHERE end_ts IS NULL";
    assert_eq!(headquarters.number(spoiled).await.unwrap(), 1, "nothing is mended silently");

    let place = &alarms[1..];
    let told = administer(&headquarters, &[&["refold"], place].concat()).await;
    assert!(told.contains("not folded: queues, jobs"), "{told}");
    let (told, raised) = sweeps().await;
    assert!(told.contains("nothing differs") && raised.is_empty(), "{told} {raised}");
}

#[tokio::test]
async fn unusual_jobs_are_flagged_once_and_a_reviewed_flag_stays() {
    let headquarters = alone().await;
    // Thirty brackets in about an hour, one in ten hours, one in five minutes.
    let jobs = "
        WITH job AS (
            INSERT INTO ops_jobs (site_id, job_number, state, product_id)
            SELECT s.site_id, 'J-' || n, 'completed',
                   (SELECT id FROM ops_products WHERE product_code = 'BR-40')
            FROM edge.sites s, generate_series(1, 32) n RETURNING id, job_number)
        INSERT INTO ops_job_station_history (job_id, station_id, started_at, completed_at)
        SELECT j.id, (SELECT id FROM ops_stations WHERE code = 'ST-21'), t.began,
               t.began + CASE j.job_number WHEN 'J-31' THEN interval '10 h'
                              WHEN 'J-32' THEN interval '5 min'
                              ELSE interval '57 min' + interval '1 min'
                                   * (substr(j.job_number, 3)::int % 7) END
        FROM job j, (SELECT now() - interval '2 days' AS began) t";
    headquarters.sql(jobs, &[]).await.unwrap();
    let flag = ["work", "--once", "--due", "outlier_flags"];
    administer(&headquarters, &flag).await;
    let flagged =
        "SELECT string_agg(j.job_number || ' ' || f.metric || ' ' || sign(f.deviation)::int, ', '
                                     ORDER BY j.job_number)
        FROM job_outlier_flags f JOIN ops_jobs j ON j.id = f.job_id";
    let text = async |headquarters: &Headquarters| {
        let rows = headquarters.sql(flagged, &[]).await.unwrap();
        rows[0].get::<_, Option<String>>(0).unwrap_or_default()
    };
    assert_eq!(text(&headquarters).await, "J-31 dwell_time 1, J-32 dwell_time -1");
    let before = "SELECT sum(extract(epoch FROM updated_at) * 1000000) FROM job_outlier_flags";
    let stood = headquarters.number(before).await.unwrap();
    administer(&headquarters, &flag).await;
    assert_eq!(headquarters.number(before).await.unwrap(), stood, "nothing is written twice");

    // Both turn out to be usual; the one that a person has looked at stays.
    let review = "UPDATE job_outlier_flags SET reviewed_at = now() WHERE deviation > 0";
    headquarters.sql(review, &[]).await.unwrap();
    let usual = "UPDATE ops_job_station_history SET completed_at = started_at + interval '1 h'";
    headquarters.sql(usual, &[]).await.unwrap();
    administer(&headquarters, &flag).await;
    assert_eq!(text(&headquarters).await, "J-31 dwell_time 1");
}

#[tokio::test]
async fn the_sweep_finds_what_was_altered_and_retention_takes_what_is_old() {
    let (mut headquarters, mut device) = enrolled().await;
    let texts = crate::headquarters::shift(&mut device);
    device.push_with(1, &texts).await.unwrap();
    headquarters.stop().await.unwrap();
    let sweep = ["work", "--once", "--due", "checksum_sweep"];
    let told = administer(&headquarters, &sweep).await;
    assert!(told.contains("9 facts hashed, to the end, 0 faults"), "{told}");
    let alter = "UPDATE edge.inbox SET line = line || ' '::bytea WHERE seq = 4";
    headquarters.sql(alter, &[]).await.unwrap();
    let told = administer(&headquarters, &sweep).await;
    assert!(told.contains("9 facts hashed, to the end, 1 faults"), "{told}");
    let audited = "SELECT count(*) FROM edge.audit WHERE action = 'broken chain found'
        AND (detail ->> 'seq')::int = 4";
    assert_eq!(headquarters.number(audited).await.unwrap(), 1);
    let alarms = ["alarms", "--organization", "cedar-works", "--site", "cedar"];
    let raised = administer(&headquarters, &alarms).await;
    assert!(raised.starts_with("broken_chain\t") && raised.contains("/4\t"), "{raised}");
    // As received again: the alarm goes when the sweep finds it no more.
    let restore = "UPDATE edge.inbox SET line = substr(line, 1, length(line) - 1) WHERE seq = 4";
    headquarters.sql(restore, &[]).await.unwrap();
    administer(&headquarters, &sweep).await;
    assert_eq!(administer(&headquarters, &alarms).await, "");

    let too_short = "INSERT INTO edge.retention (organization_id, kind, keep_days) VALUES ('cedar-works', 'texts', 7)";
    headquarters.sql(too_short, &[]).await.unwrap_err();
    let keep = "INSERT INTO edge.retention (organization_id, kind, keep_days)
        VALUES ('cedar-works', 'texts', 30), ('cedar-works', 'people', 30)";
    headquarters.sql(keep, &[]).await.unwrap();
    let retention = ["work", "--once", "--due", "retention"];
    administer(&headquarters, &retention).await;
    let kept = "SELECT count(*) FROM edge.fact_texts WHERE text IS NOT NULL";
    assert_eq!(headquarters.number(kept).await.unwrap(), 1, "not yet");
    let age = "UPDATE edge.inbox SET received_at = now() - interval '31 days'";
    headquarters.sql(age, &[]).await.unwrap();
    let age = "UPDATE users SET updated_at = now() - interval '31 days' WHERE NOT is_active";
    headquarters.sql(age, &[]).await.unwrap();
    let told = administer(&headquarters, &retention).await;
    assert!(told.contains("1 texts, 1 people"), "{told}");
    assert_eq!(headquarters.number(kept).await.unwrap(), 0);
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.erasures").await.unwrap(), 1);
    let left = "SELECT count(*) FROM users WHERE display_name = 'Paul Weiss'";
    assert_eq!(headquarters.number(left).await.unwrap(), 0);
    administer(&headquarters, &["work", "--once", "--due", "change_partitions"]).await;
}
