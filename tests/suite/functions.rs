//! The functions that Kartorium's documents name, in the central database: what they answer is what kart-core says.

use kart_core::id::{StationId, reference_id};
use kart_core::job::{Advance, State, advance};
use kart_core::kpi::{Efficiency, Entry, Job, efficiency, standard_hours};
use kart_core::time::Micros;
use kart_tests::world::headquarters::Headquarters;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::headquarters::demo_site;
use crate::headquarters::device::key;
use crate::turn::seed;

mod dashboard;

const ORGANIZATION: &str = "cedar-works";
/// 2026-06-01 06:00 UTC.
const MORNING: i64 = 1_780_293_600_000_000;
const MINUTE: i64 = 60_000_000;
/// Products and their own standard hours.
const PRODUCTS: [(&str, Option<f64>); 3] =
    [("BR/BR-40", Some(0.02)), ("BR/BR-60", Some(0.03)), ("BX/BX-100", None)];

/// As Kartorium's own programs: without our roles and settings.
async fn connect(headquarters: &Headquarters) -> Client {
    let (client, connection) =
        tokio_postgres::connect(headquarters.database(), NoTls).await.unwrap();
    tokio::spawn(async move { connection.await.ok() });
    client
}

fn station(code: &str) -> StationId {
    StationId(key("ops_stations", code))
}

/// Answers of the database and of kart-core about whether one state may follow another.
async fn transitions(client: &Client) {
    for from in State::ALL {
        for to in State::ALL {
            let may = "SELECT ops_job_may($1, $2)";
            let row = client.query_one(may, &[&from.word(), &to.word()]).await.unwrap();
            assert_eq!(row.get::<_, bool>(0), from.may_become(to), "{from:?} to {to:?}");
        }
    }
}

/// A job at ST-21 that work has begun on.
async fn begun(client: &Client, user: Uuid) -> Uuid {
    let post = "SELECT post_ops_job($1, $2, $3, $4)";
    let product = key("ops_products", "BR/BR-40");
    let row = client
        .query_one(post, &[&ORGANIZATION, &station("ST-21").0, &product, &user])
        .await
        .unwrap();
    let job: Uuid = row.get(0);
    client.execute("SELECT start_ops_job($1, $2)", &[&job, &user]).await.unwrap();
    job
}

#[tokio::test]
async fn jobs_advance_as_the_documents_say() {
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let client = connect(&headquarters).await;
    transitions(&client).await;
    client.batch_execute("DELETE FROM ops_station_connections").await.unwrap();
    let user = key("users", "1001");
    let (first, mut onward) = (station("ST-21"), Vec::new());
    for further in ["ST-31", "ST-41", "ST-51"] {
        let job = begun(&client, user).await;
        let complete = "SELECT complete_ops_job($1, $2, 8, 2)";
        let row = client.query_one(complete, &[&job, &user]).await.unwrap();
        let (state, at): (String, Uuid) = {
            let select = "SELECT state, current_station_id FROM ops_jobs WHERE id = $1";
            let row = client.query_one(select, &[&job]).await.unwrap();
            (row.get(0), row.get(1))
        };
        assert_eq!(row.get::<_, String>(0), state);
        let expected = match advance(&onward, None) {
            Advance::Ends => ("completed", first),
            Advance::GoesTo(station) => ("pending", station),
            Advance::Waits => ("queued", first),
        };
        assert_eq!((state.as_str(), StationId(at)), expected, "with {} stations", onward.len());
        let next = match further {
            "ST-31" => station("ST-31").0,
            code => {
                let insert = "INSERT INTO ops_stations (site_id, code, name)
                              SELECT site_id, $1, $1 FROM ops_stations WHERE id = $2 RETURNING id";
                client.query_one(insert, &[&code, &first.0]).await.unwrap().get(0)
            },
        };
        let edge = "SELECT create_ops_station_connection($1, $2)";
        client.execute(edge, &[&first.0, &next]).await.unwrap();
        onward.push(StationId(next));
        onward.sort();
    }
    let listed = "SELECT count(*) FROM get_ops_station_connections(
                      (SELECT site_id FROM ops_stations WHERE id = $1))";
    let row = client.query_one(listed, &[&first.0]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 3);

    let job = begun(&client, user).await;
    let abort = "UPDATE ops_jobs SET state = 'aborted' WHERE id = $1";
    assert_eq!(client.execute(abort, &[&job]).await.unwrap(), 1);
    let again = client.execute("SELECT start_ops_job($1, $2)", &[&job, &user]).await;
    assert!(again.is_err(), "a job that was given up does not begin");
    let scrapped = begun(&client, user).await;
    client.execute("SELECT scrap_ops_job($1, $2, 3)", &[&scrapped, &user]).await.unwrap();
    let dashboard = "SELECT jobs_completed, scrap_rate_pct::float8, first_pass_yield_pct::float8
                     FROM get_station_dashboard_kpis($1, $2, now() - interval '1 hour', now() + interval '1 hour')";
    let row = client.query_one(dashboard, &[&first.0, &ORGANIZATION]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 4);
    assert_eq!((row.get::<_, f64>(1), row.get::<_, f64>(2)), (27.27, 72.73));
}

/// What the table of transitions does not know is refused to our roles. Kartorium's own programs are left alone.
async fn only_our_roles_are_bound(headquarters: &Headquarters, theirs: &Client) {
    let product = key("ops_products", "BR/BR-40");
    let insert = "INSERT INTO public.ops_jobs (site_id, job_number, product_id, current_station_id, state)
        SELECT site_id, 'J-' || gen_random_uuid(), $1, id, 'aborted' FROM public.ops_stations WHERE id = $2
        RETURNING id";
    let job: Uuid =
        theirs.query_one(insert, &[&product, &station("ST-21").0]).await.unwrap().get(0);
    let reopen = format!("UPDATE ops_jobs SET state = 'pending' WHERE id = '{job}'");
    let ours = connect(headquarters).await;
    let place = format!(
        "SET search_path = edge, public; SET ROLE kart_gateway; SET edge.organization = '{ORGANIZATION}';
         SET edge.site = '{}'",
        reference_id(ORGANIZATION, "cedar", "oee_sites", "cedar")
    );
    ours.batch_execute(&place).await.unwrap();
    let fault = ours.batch_execute(&reopen).await.unwrap_err();
    assert_eq!(fault.code().unwrap().code(), "23514", "{fault:?}");
    assert_eq!(theirs.execute(&reopen, &[]).await.unwrap(), 1, "theirs to know");
}

#[tokio::test]
async fn transitions_bind_our_roles_and_nobody_else() {
    let own = Headquarters::start(&demo_site()).await.unwrap();
    only_our_roles_are_bound(&own, &connect(&own).await).await;
    let adopted = Headquarters::adopted(&demo_site()).await.unwrap();
    let theirs = adopted.cluster.url("kartorium", "kartorium_app");
    let (client, connection) = tokio_postgres::connect(&theirs, NoTls).await.unwrap();
    tokio::spawn(async move { connection.await.ok() });
    only_our_roles_are_bound(&adopted, &client).await;
}

#[tokio::test]
async fn products_are_made_and_switched_off() {
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let client = connect(&headquarters).await;
    let family = key("ops_product_families", "BR");
    let create = "SELECT id FROM create_ops_product($1, 'BR-80', 'Bracket 80 mm', 0.05)";
    let product: Uuid = client.query_one(create, &[&family]).await.unwrap().get(0);
    let update =
        "SELECT product_name, standard_hours::float8 FROM update_ops_product($1, 'Bracket 80')";
    let row = client.query_one(update, &[&product]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, f64>(1)), ("Bracket 80", 0.05));
    let of_family = "SELECT count(*), count(*) FILTER (WHERE is_active) FROM get_ops_products(
                         (SELECT site_id FROM ops_product_families WHERE id = $1), $1)";
    let row = client.query_one(of_family, &[&family]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (3, 3));
    let made = key("ops_products", "BR/BR-40");
    begun(&client, key("users", "1001")).await;
    for id in [product, made] {
        let row = client.query_one("SELECT delete_ops_product($1)", &[&id]).await.unwrap();
        assert!(row.get::<_, bool>(0));
    }
    let row = client.query_one(of_family, &[&family]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 1), "what was made stays named");
    assert!(client.execute("SELECT delete_ops_product_family($1)", &[&family]).await.is_err());
}

/// One batch at random, in the database and as kart-core sees it.
async fn run(client: &Client, rng: &mut StdRng, site: Uuid) -> Option<Job> {
    let from = MORNING + rng.random_range(0..600) * MINUTE;
    let until = rng.random_bool(0.7).then(|| from + rng.random_range(1..400) * MINUTE);
    let good = rng.random_bool(0.8).then(|| rng.random_range(0..300));
    let target = rng.random_bool(0.6).then(|| rng.random_range(1..300));
    // The last one has no standard hours.
    let (product, own) = [("BR/BR-40", Some(0.02)), ("BR/BR-60", Some(0.03)), ("BX/BX-100", None)]
        [rng.random_range(0..3)];
    let aborted = until.is_some() && rng.random_bool(0.1);
    let status = match (aborted, until) {
        (true, _) => "aborted",
        (false, Some(_)) => "completed",
        (false, None) => "running",
    };
    let insert = "WITH e AS (INSERT INTO oee_machine_events
            (site_id, organization_id, equipment_id, station_id, event_type, start_ts, end_ts)
        VALUES ($1, 'cedar-works', $2, $3, 'batch', to_timestamp($4::float8 / 1000000),
                to_timestamp($5::float8 / 1000000)) RETURNING id)
        INSERT INTO oee_batch_details (event_id, product_id, station_id, good_parts,
                                       target_quantity, status)
        SELECT e.id, $6, $3, $7::bigint::integer, $8::bigint::integer, $9 FROM e RETURNING id";
    let (machine, place) = (key("oee_equipment", "EQ-211"), station("ST-21").0);
    let product_id = key("ops_products", product);
    let (from_f, until_f) = (float(from), until.map(float));
    let row = client
        .query_one(
            insert,
            &[&site, &machine, &place, &from_f, &until_f, &product_id, &good, &target, &status],
        )
        .await
        .unwrap();
    let batch: Uuid = row.get(0);
    let mut people = Vec::new();
    for n in 0..rng.random_range(0..4_i64) {
        let began = from + n * MINUTE;
        let ended = (until.is_some() || rng.random_bool(0.5))
            .then(|| began + rng.random_range(1..300) * MINUTE);
        let told = rng.random_bool(0.2).then(|| f64::from(rng.random_range(0..200_u8)));
        let insert = "INSERT INTO oee_batch_time_entries
                (batch_id, user_id, entry_type, start_ts, end_ts, duration_override_minutes)
            VALUES ($1, $2, 'person', to_timestamp($3::float8 / 1000000),
                    to_timestamp($4::float8 / 1000000), $5::float8::numeric)";
        let user = key("users", ["1001", "1002", "1003"][rng.random_range(0..3)]);
        let (began_f, ended_f) = (float(began), ended.map(float));
        client.execute(insert, &[&batch, &user, &began_f, &ended_f, &told]).await.unwrap();
        let (from, until) = (Micros(began), ended.map(Micros));
        people.push(Entry { from, until, override_minutes: told });
    }
    let of_machine = (product == "BR/BR-60").then_some(0.04);
    let of_station = (product == "BR/BR-40").then_some(0.01);
    let standard_hours = standard_hours([of_machine, of_station, own]);
    let (from, until) = (Micros(from), until.map(Micros));
    (!aborted).then_some(Job { from, until, good, target, standard_hours, people })
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit")]
fn float(micros: i64) -> f64 {
    micros as f64
}

fn same(sql: Option<f64>, core: Option<f64>, what: &str) {
    match (sql, core) {
        (None, None) => {},
        (Some(sql), Some(core)) => {
            let near = (sql - core).abs() <= 0.011 + core.abs() * 1e-6;
            assert!(near, "{what}: the database says {sql}, kart-core {core}");
        },
        other => panic!("{what}: {other:?}"),
    }
}

#[tokio::test]
async fn figures_are_those_of_the_core() {
    let mut rng = StdRng::seed_from_u64(seed("functions::figures", 41));
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let client = connect(&headquarters).await;
    let site: Uuid = client
        .query_one("SELECT site_id FROM ops_stations WHERE id = $1", &[&station("ST-21").0])
        .await
        .unwrap()
        .get(0);
    let standards = format!(
        "DELETE FROM oee_product_equipment_config; DELETE FROM ops_station_product_standards;
         INSERT INTO oee_product_equipment_config (product_id, equipment_id, standard_hours)
         VALUES ('{}', '{}', 0.04);
         INSERT INTO ops_station_product_standards (product_id, station_id, standard_hours)
         VALUES ('{}', '{}', 0.01)",
        key("ops_products", "BR/BR-60"),
        key("oee_equipment", "EQ-211"),
        key("ops_products", "BR/BR-40"),
        station("ST-21"),
    );
    client.batch_execute(&standards).await.unwrap();
    for (code, hours) in PRODUCTS {
        let own = "UPDATE ops_products SET standard_hours = $2::float8::numeric WHERE id = $1";
        client.execute(own, &[&key("ops_products", code), &hours]).await.unwrap();
    }
    let ask = "SELECT active_jobs, jobs_over_std, earned_hours::float8, actual_hours::float8,
                      effectiveness_pct::float8, avg_variance_pct::float8,
                      (extract(epoch FROM now()) * 1000000)::bigint
               FROM get_station_efficiency_kpis($1, $2, '2026-01-01', 'infinity', $3)";
    let mut jobs: Vec<Job> = Vec::new();
    for round in 0..40 {
        for completed_only in [false, true] {
            let told: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
                &[&ORGANIZATION, &station("ST-21").0, &completed_only];
            let row = client.query_one(ask, told).await.unwrap();
            let counted: Vec<Job> =
                jobs.iter().filter(|job| job.until.is_some() || !completed_only).cloned().collect();
            let core: Efficiency = efficiency(&counted, Micros(row.get(6)));
            let at = |what: &str| format!("{what} in round {round}");
            assert_eq!(row.get::<_, i64>(0), core.active_jobs, "{}", at("active"));
            assert_eq!(row.get::<_, i64>(1), core.jobs_over_std, "{}", at("over"));
            same(row.get(2), core.earned_hours, &at("earned"));
            same(row.get(3), core.actual_hours, &at("actual"));
            same(row.get(4), core.effectiveness_pct, &at("effectiveness"));
            same(row.get(5), core.avg_variance_pct, &at("variance"));
        }
        jobs.extend(run(&client, &mut rng, site).await);
    }
    let active = "SELECT count(*) FROM get_station_active_jobs($1, $2)";
    let row = client.query_one(active, &[&ORGANIZATION, &station("ST-21").0]).await.unwrap();
    let running = jobs.iter().filter(|job| job.until.is_none()).count();
    assert_eq!(usize::try_from(row.get::<_, i64>(0)).unwrap(), running);
    let foreign = client.query(active, &[&"somebody-else", &station("ST-21").0]).await.unwrap();
    assert_eq!(foreign[0].get::<_, i64>(0), 0, "another organisation sees none of them");
}
