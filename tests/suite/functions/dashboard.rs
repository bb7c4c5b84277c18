//! The figures of a station's dashboard, beside the same figures counted here: the jobs that it completed in a range.

use std::collections::BTreeMap;

use kart_core::kpi::standard_hours;
use kart_tests::world::headquarters::Headquarters;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{MINUTE, MORNING, ORGANIZATION, PRODUCTS, connect, float, same, station};
use crate::headquarters::demo_site;
use crate::headquarters::device::key;
use crate::turn::seed;

const HOUR: f64 = 60.0;
/// The range, in minutes after the morning.
const RANGE: (i64, i64) = (0, 600);

/// A job's entry at the station, in minutes after the morning.
struct Entry {
    posted: i64,
    started: Option<i64>,
    completed: Option<i64>,
    good: f64,
    scrap: f64,
    target: Option<f64>,
    standard: Option<f64>,
    /// Who worked on it, and how long.
    labor: Vec<(usize, f64)>,
}

impl Entry {
    fn began(&self) -> i64 {
        self.started.unwrap_or(self.posted)
    }

    fn hours(&self) -> Option<f64> {
        (!self.labor.is_empty())
            .then(|| self.labor.iter().map(|(_, minutes)| minutes).sum::<f64>() / HOUR)
    }

    fn is_done(&self) -> bool {
        self.completed.is_some_and(|at| (RANGE.0..RANGE.1).contains(&at))
    }
}

fn at(minute: i64) -> f64 {
    float(MORNING + minute * MINUTE)
}

async fn job(client: &Client, rng: &mut StdRng, site: Uuid) -> Entry {
    let posted = rng.random_range(-100..550);
    let started = rng.random_bool(0.9).then(|| posted + rng.random_range(0..60));
    let completed =
        started.filter(|_| rng.random_bool(0.8)).map(|started| started + rng.random_range(1..120));
    let (product, own) = PRODUCTS[rng.random_range(0..PRODUCTS.len())];
    let target: Option<i32> = rng.random_bool(0.5).then(|| rng.random_range(1..100));
    let (good, scrap): (i32, i32) = (rng.random_range(0..80), rng.random_range(0..9));
    let state = match (started, completed) {
        (_, Some(_)) => "completed",
        (Some(_), None) => "in_progress",
        _ => "pending",
    };
    let insert = "WITH j AS (
            INSERT INTO ops_jobs (site_id, job_number, product_id, current_station_id, state, target_quantity)
            VALUES ($1, gen_random_uuid()::text, $2, $3, $4, $5) RETURNING id)
        INSERT INTO ops_job_station_history (job_id, station_id, entry_number, posted_at, started_at,
            completed_at, good_parts_at_station, scrap_parts_at_station)
        SELECT id, $3, 1, to_timestamp($6::float8 / 1000000), to_timestamp($7::float8 / 1000000),
               to_timestamp($8::float8 / 1000000), $9, $10 FROM j RETURNING job_id";
    let place = station("ST-21").0;
    let product_id = key("ops_products", product);
    let times = (at(posted), started.map(at), completed.map(at));
    let row = client
        .query_one(
            insert,
            &[
                &site,
                &product_id,
                &place,
                &state,
                &target,
                &times.0,
                &times.1,
                &times.2,
                &good,
                &scrap,
            ],
        )
        .await
        .unwrap();
    let job: Uuid = row.get(0);
    let mut labor = Vec::new();
    for _ in 0..rng.random_range(0..4) {
        let (who, minutes) = (rng.random_range(0..3), rng.random_range(1..90_i64));
        let insert = "INSERT INTO ops_labor_entries (site_id, user_id, station_id, job_id, entry_type, start_ts, end_ts)
            VALUES ($1, $2, $3, $4, 'job', to_timestamp($5::float8 / 1000000), to_timestamp($6::float8 / 1000000))";
        let user = key("users", ["1001", "1002", "1003"][who]);
        let (from, until) = (at(posted), at(posted + minutes));
        client.execute(insert, &[&site, &user, &place, &job, &from, &until]).await.unwrap();
        labor.push((who, i32::try_from(minutes).unwrap().into()));
    }
    let of_station = (product == "BR/BR-40").then_some(0.01);
    Entry {
        posted,
        started,
        completed,
        good: good.into(),
        scrap: scrap.into(),
        target: target.map(Into::into),
        standard: standard_hours([None, of_station, own]),
        labor,
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let count = u32::try_from(values.len()).unwrap();
    (count > 0).then(|| values.iter().sum::<f64>() / f64::from(count))
}

fn total(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let told: Vec<f64> = values.flatten().collect();
    (!told.is_empty()).then(|| told.iter().sum())
}

fn share(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(part? * 100.0 / whole.filter(|whole| *whole > 0.0)?)
}

/// Minutes of the range that nothing was worked on: all of them, and stretches between two jobs.
fn idle(entries: &[Entry]) -> (f64, Vec<f64>, f64) {
    let busy = |minute: i64| {
        entries.iter().any(|entry| {
            entry.started.is_some()
                && entry.began() <= minute
                && minute < entry.completed.unwrap_or(i64::MAX)
        })
    };
    let mut gaps: Vec<(i64, i64)> = Vec::new();
    for minute in (RANGE.0..RANGE.1).filter(|minute| !busy(*minute)) {
        match gaps.last_mut() {
            Some(gap) if gap.1 == minute => gap.1 = minute + 1,
            _ => gaps.push((minute, minute + 1)),
        }
    }
    let hours = |gap: &(i64, i64)| f64::from(i32::try_from(gap.1 - gap.0).unwrap()) / HOUR;
    let between = gaps.iter().filter(|gap| gap.0 > RANGE.0 && gap.1 < RANGE.1);
    let longest = gaps.iter().map(hours).fold(0.0, f64::max);
    (gaps.iter().map(hours).sum(), between.map(hours).collect(), longest)
}

/// The figures in their order, those of scrap reasons aside: no job names one.
fn counted(entries: &[Entry]) -> Vec<(&'static str, Option<f64>)> {
    let done: Vec<&Entry> = entries.iter().filter(|entry| entry.is_done()).collect();
    let all = || done.iter().copied();
    let earned = total(all().map(|e| Some(e.standard? * e.good)));
    let made = total(all().map(|e| Some(e.good + e.scrap)));
    let length = |e: &Entry| {
        f64::from(i32::try_from(e.completed.unwrap_or_default() - e.began()).unwrap()) / HOUR
    };
    let workers = |e: &Entry| {
        let people: BTreeMap<usize, ()> = e.labor.iter().map(|(who, _)| (*who, ())).collect();
        (!people.is_empty()).then(|| f64::from(u32::try_from(people.len()).unwrap()))
    };
    let planned = total(all().map(|e| Some(e.standard? * e.target.unwrap_or(e.good))));
    let (idle, between, longest) = idle(entries);
    let range = f64::from(i32::try_from(RANGE.1 - RANGE.0).unwrap()) / HOUR;
    vec![
        ("station_efficiency_pct", share(earned, total(all().map(Entry::hours)))),
        ("avg_job_duration_hours", mean(all().map(length))),
        ("avg_active_time_hours", mean(all().filter_map(Entry::hours))),
        ("avg_workers_per_job", mean(all().filter_map(workers))),
        ("standard_hours_earned", earned),
        ("scrap_rate_pct", share(total(all().map(|e| Some(e.scrap))), made)),
        ("first_pass_yield_pct", share(total(all().map(|e| Some(e.good))), made)),
        ("total_idle_hours", Some(idle)),
        ("idle_pct", Some(idle * 100.0 / range)),
        ("avg_time_between_jobs_hours", mean(between.into_iter())),
        ("longest_gap_hours", Some(longest).filter(|longest| *longest > 0.0)),
        ("total_standard_hours", planned),
    ]
}

#[tokio::test]
async fn a_dashboard_says_what_is_counted_by_hand() {
    let mut rng = StdRng::seed_from_u64(seed("functions::dashboard", 17));
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let client = connect(&headquarters).await;
    let place = station("ST-21").0;
    let site = "SELECT site_id FROM ops_stations WHERE id = $1";
    let site: Uuid = client.query_one(site, &[&place]).await.unwrap().get(0);
    let standards = format!(
        "DELETE FROM ops_station_product_standards;
         INSERT INTO ops_station_product_standards (product_id, station_id, standard_hours)
         VALUES ('{}', '{place}', 0.01)",
        key("ops_products", "BR/BR-40"),
    );
    client.batch_execute(&standards).await.unwrap();
    for (code, hours) in PRODUCTS {
        let own = "UPDATE ops_products SET standard_hours = $2::float8::numeric WHERE id = $1";
        client.execute(own, &[&key("ops_products", code), &hours]).await.unwrap();
    }
    let (from, until) = (at(RANGE.0), at(RANGE.1));
    let mut entries = Vec::new();
    for round in 0..15 {
        let figures = counted(&entries);
        let columns: Vec<String> =
            figures.iter().map(|(name, _)| format!("{name}::float8")).collect();
        let select = format!(
            "SELECT jobs_completed, jobs_in_progress, jobs_queued, top_scrap_reason_count, {}
             FROM get_station_dashboard_kpis($1, $2, to_timestamp($3::float8 / 1000000),
                                             to_timestamp($4::float8 / 1000000))",
            columns.join(", ")
        );
        let row = client.query_one(&select, &[&place, &ORGANIZATION, &from, &until]).await.unwrap();
        let count = |wanted: &dyn Fn(&Entry) -> bool| {
            i64::try_from(entries.iter().filter(|entry| wanted(entry)).count()).unwrap()
        };
        assert_eq!(row.get::<_, i64>(0), count(&Entry::is_done));
        let running = |entry: &Entry| entry.started.is_some() && entry.completed.is_none();
        assert_eq!(row.get::<_, i64>(1), count(&running));
        assert_eq!((row.get::<_, i64>(2), row.get::<_, Option<i64>>(3)), (0, None));
        for (n, (name, wanted)) in figures.iter().enumerate() {
            same(row.get(4 + n), *wanted, &format!("{name} in round {round}"));
        }
        entries.push(job(&client, &mut rng, site).await);
    }
}
