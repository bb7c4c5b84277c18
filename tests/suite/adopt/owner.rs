//! What the owner of an adopted database does with it, day by day: nothing of theirs is made a second time, changed or
//! called instead of ours.

use kart_tests::operator::Operator;
use kart_tests::world::{World, WorldOptions, layout};

use crate::corrections::said;
use crate::turn::turn;

use super::*;

const KARTORIUM: &str = include_str!("kartorium.sql");
const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];
const STATION: &str = "ST-21";
const PRESS: &str = "EQ-211";
/// Rows that the demo's site file names too, with what is theirs of them.
const THEIR_ROWS: &str = "
    SELECT 'station ' || id || code || description FROM ops_stations WHERE description = 'ours'
    UNION ALL SELECT 'machine ' || id || code || machine_number FROM oee_equipment WHERE description = 'ours'
    UNION ALL SELECT 'stands ' || t.id || station_id || equipment_id FROM ops_station_equipment t
        JOIN oee_equipment q ON q.id = t.equipment_id WHERE q.code = 'EQ-211'
    UNION ALL SELECT 'edge ' || id || from_station_id || to_station_id FROM ops_station_connections
    UNION ALL SELECT 'reason ' || id || group_id || code FROM oee_downtime_reasons WHERE description = 'ours'
    UNION ALL SELECT 'product ' || id || family_id || product_code || unit_value FROM ops_products
        WHERE description = 'ours'
    UNION ALL SELECT 'scrap ' || id || group_id || code FROM oee_abort_reasons WHERE code = 'Q01'
    UNION ALL SELECT 'account ' || id || auth0_id || email || is_active FROM users WHERE auth0_id <> ''
    UNION ALL SELECT 'site ' || id || code || city FROM oee_sites";

/// The demo's site file, in which somebody has an account already.
fn site_file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    std::fs::write(&path, layout::site(&[], true).unwrap()).unwrap();
    (folder, path)
}

async fn texts(headquarters: &Headquarters, statement: &str) -> Vec<String> {
    let rows = headquarters.sql(statement, &[]).await.unwrap();
    let mut texts: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    texts.sort();
    texts
}

/// What `kart-hq` says, run as the owner of the database.
async fn asked(headquarters: &Headquarters, arguments: &[&[&str]]) -> String {
    let (code, told, complaint) = said(headquarters, &arguments.concat()).await;
    assert_eq!(code, Some(0), "{arguments:?}: {told}{complaint}");
    told
}

async fn count(headquarters: &Headquarters, rows: &str, wanted: i64) {
    let found = headquarters.number(&format!("SELECT count(*) FROM {rows}")).await.unwrap();
    assert_eq!(found, wanted, "{rows}");
}

/// A terminal's whole shift, with everything that is not ours named by its code.
async fn shift(world: &mut World) -> Operator {
    let mut operator = Operator::new(world.client().unwrap(), "1001");
    operator.clock_in(STATION).await.unwrap();
    operator.start_batch(PRESS, "BR-40").await.unwrap();
    world.go().await.unwrap();
    world.plant.stop(PRESS, "fault").await.unwrap();
    operator.explain_next_stop().await.unwrap();
    world.plant.run(PRESS).await.unwrap();
    world.rest().await.unwrap();
    operator.complete_batch(PRESS).await.unwrap();
    operator.clock_out().await.unwrap();
    world.settled().await.unwrap();
    operator
}

#[tokio::test]
async fn a_shift_is_booked_on_the_rows_that_kartorium_made() {
    let _turn = turn().await;
    let options = WorldOptions {
        presses: 1,
        packers: 0,
        stops: false,
        kartorium: Some(KARTORIUM),
        ..WorldOptions::default()
    };
    let mut world = World::start(&options).await.unwrap();
    let operator = shift(&mut world).await;
    let headquarters = world.headquarters.as_ref().unwrap();
    count(headquarters, "edge.quarantine", 0).await;
    for (rows, wanted) in [
        ("oee_sites", 2),
        ("oee_equipment WHERE code = 'EQ-211' AND organization_id = 'cedar-works'", 1),
        ("ops_stations t JOIN oee_sites s ON s.id = t.site_id WHERE t.code = 'ST-21'", 2),
        ("users WHERE email ILIKE 'ada.brandt@%'", 2),
        ("users WHERE auth0_id = 'auth0|ada' AND display_name = 'Ada Brandt'", 1),
        ("users WHERE display_name = 'Jurij Nowak'", 2),
    ] {
        count(headquarters, rows, wanted).await;
    }
    // Every row of the shift stands on theirs.
    for booked in [
        "oee_machine_events e JOIN oee_equipment q ON q.id = e.equipment_id AND q.description = 'ours'
            JOIN ops_stations t ON t.id = e.station_id AND t.description = 'ours'
         WHERE e.organization_id = 'cedar-works' AND e.event_type = 'batch'",
        "oee_machine_events e JOIN oee_downtime_reasons r ON r.id = e.downtime_reason_id AND r.description = 'ours'",
        "oee_batch_details d JOIN ops_products p ON p.id = d.product_id AND p.description = 'ours'
         WHERE d.batch_number = 'CED-004711' AND d.status = 'completed'",
        "ops_labor_entries l JOIN users u ON u.id = l.user_id AND u.auth0_id = 'auth0|ada'
         WHERE l.end_ts IS NOT NULL",
    ] {
        count(headquarters, booked, 1).await;
    }
    corrected(headquarters, &operator).await;
    jobs(headquarters).await;
    asked(headquarters, &[&["refold", "--check"], &PLACE]).await;
    asked(headquarters, &[&["work", "--once"]]).await;
    asked(headquarters, &[&["refold", "--check"], &PLACE]).await;
    forgotten(headquarters).await;
}

async fn corrected(headquarters: &Headquarters, operator: &Operator) {
    let labor = operator.confirmed.clocked_in[0].0.to_string();
    let stop = operator.confirmed.stops_explained.first().unwrap().0.to_string();
    let by = ["--by", "1005", "--reason", "as the shift book says"];
    asked(headquarters, &[&["correct", "labor"], &PLACE, &by, &["--person", "1002", &labor]]).await;
    let by_1002 =
        "ops_labor_entries l JOIN users u ON u.id = l.user_id WHERE u.display_name = 'Jurij Nowak'";
    count(headquarters, by_1002, 1).await;
    asked(headquarters, &[&["correct", "labor"], &PLACE, &by, &["--person", "1001", &labor]]).await;
    let by_ada =
        "ops_labor_entries l JOIN users u ON u.id = l.user_id WHERE u.auth0_id = 'auth0|ada'";
    count(headquarters, by_ada, 1).await;
    asked(
        headquarters,
        &[&["correct", "stop"], &PLACE, &by, &["--reason-code", "Machine fault/F02", &stop]],
    )
    .await;
    count(headquarters, "edge.quarantine", 0).await;
}

/// Their functions answer them, ours answer us.
async fn jobs(headquarters: &Headquarters) {
    let theirs = "SELECT complete_ops_job(gen_random_uuid(), gen_random_uuid(), 1, 0)";
    assert_eq!(texts(headquarters, theirs).await, ["theirs"]);
    let posted = "SELECT edge.post_ops_job('cedar-works', t.id, p.id, u.id)::text
        FROM ops_stations t, ops_products p JOIN ops_product_families f ON f.id = p.family_id, users u
        WHERE t.code = 'ST-21' AND p.product_code = 'BR-40' AND u.auth0_id = 'auth0|ada'
          AND t.site_id = f.site_id AND t.site_id = (SELECT id FROM oee_sites WHERE organization_id = 'cedar-works')";
    // As a program that has said for whom it works.
    let asked = |statement: &str| {
        let script = format!(
            "SELECT set_config('edge.organization', 'cedar-works', false), set_config('edge.site',
                 (SELECT id::text FROM public.oee_sites WHERE organization_id = 'cedar-works'), false); {statement}"
        );
        let said = headquarters.cluster.psql(DATABASE, &script).unwrap();
        said.lines().last().unwrap_or_default().to_owned()
    };
    let job = asked(posted);
    let user = "(SELECT id FROM users WHERE auth0_id = 'auth0|ada')";
    for (call, state) in [
        (format!("edge.start_ops_job('{job}', {user})"), "in_progress"),
        (format!("edge.complete_ops_job('{job}', {user}, 5, 1)"), "pending"),
    ] {
        asked(&format!("SELECT {call}"));
        let now = format!("SELECT state::text FROM ops_jobs WHERE id = '{job}'");
        assert_eq!(texts(headquarters, &now).await, [state], "{call}");
    }
    count(headquarters, "ops_job_station_history", 2).await;

    // Functions that give whole rows give rows of their tables, whatever columns our views have.
    let site = "(SELECT id FROM public.oee_sites WHERE organization_id = 'cedar-works')";
    let family =
        format!("(SELECT id FROM public.ops_product_families WHERE site_id = {site} LIMIT 1)");
    let made = asked(&format!(
        "SELECT id FROM edge.create_ops_product({family}, 'BR-81', 'Bracket 81 mm', 0.05)"
    ));
    for (call, told) in [
        (format!("count(*) > 0 FROM edge.get_ops_station_connections({site})"), "t"),
        (format!("count(*) FROM edge.get_ops_products({site}) WHERE id = '{made}'"), "1"),
        (format!("product_name FROM edge.update_ops_product('{made}', 'Bracket')"), "Bracket"),
        (format!("edge.delete_ops_product('{made}')"), "t"),
    ] {
        assert_eq!(asked(&format!("SELECT {call}")), told, "{call}");
    }
}

async fn forgotten(headquarters: &Headquarters) {
    let who = ["--organization", "cedar-works", "--person", "1001"];
    let record = asked(headquarters, &[&["person", "export"], &who]).await;
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["held"]["users"][0]["display_name"], "Ada Brandt");
    assert_eq!(record["held"]["labor_entries"].as_array().unwrap().len(), 1);
    let text = record.to_string();
    assert!(text.contains("clocked_in") && text.contains("seen by hand: "), "their facts: {text}");
    let told = asked(headquarters, &[&["person", "erase"], &who]).await;
    assert!(told.contains("1 texts erased"), "{told}");
    count(headquarters, "edge.fact_texts WHERE text LIKE 'seen by hand%'", 0).await;
}

#[tokio::test]
async fn a_site_file_finds_the_rows_that_are_there() {
    let (folder, demo) = site_file();
    let headquarters = Headquarters::adopted_with(&demo, KARTORIUM, &[]).await.unwrap();
    let theirs = texts(&headquarters, THEIR_ROWS).await;
    assert_eq!(theirs.len(), 23, "{theirs:#?}");
    let file = folder.path().join("exported.toml");
    let path = file.display().to_string();
    let exported = asked(&headquarters, &[&["site", "export"], &PLACE]).await;
    assert!(exported.contains("ada.brandt@") || exported.contains("Ada.Brandt@"), "{exported}");
    std::fs::write(&file, exported).unwrap();
    assert_eq!(asked(&headquarters, &[&["site", "diff", &path]]).await, "");
    let same = ["site", "diff", &demo.display().to_string()];
    assert_eq!(asked(&headquarters, &[&same]).await, "");
    // Whom the file names no more keeps an account that was theirs before.
    let text = std::fs::read_to_string(&demo).unwrap();
    let others: Vec<&str> =
        text.split("[[person]]").filter(|entry| !entry.contains("ada.brandt@")).collect();
    std::fs::write(&file, others.join("[[person]]")).unwrap();
    asked(&headquarters, &[&["site", "apply", &path]]).await;
    assert_eq!(texts(&headquarters, THEIR_ROWS).await, theirs);
}

#[tokio::test]
async fn a_site_that_nobody_has_told_us_of_is_exported_and_comes_back_the_same() {
    let (cluster, owner) = tokio::task::spawn_blocking(foreign).await.unwrap().unwrap();
    cluster.psql(DATABASE, &format!("SET ROLE kartorium_app; {KARTORIUM}")).unwrap();
    let (adopted, told) = adopt(&owner, &[]).await;
    assert!(adopted, "{told}");
    let all = "SELECT to_jsonb(t) FROM ops_stations t UNION ALL SELECT to_jsonb(t) FROM oee_equipment t
        UNION ALL SELECT to_jsonb(t) FROM oee_downtime_reasons t UNION ALL SELECT to_jsonb(t) FROM ops_products t
        UNION ALL SELECT to_jsonb(t) FROM ops_station_equipment t UNION ALL SELECT to_jsonb(t) FROM oee_sites t
        UNION ALL SELECT to_jsonb(t) FROM organization_prefixes t UNION ALL SELECT to_jsonb(t) FROM users t
        ORDER BY 1";
    let before = cluster.psql(DATABASE, all).unwrap();
    let run = async |arguments: &[&str]| {
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", &owner).args(arguments);
        let mut child = Child::spawn(&mut command).unwrap();
        let ended = child.end(LIMIT).await.unwrap();
        assert!(ended.success(), "{arguments:?}: {}", child.tail());
        child.stdout()
    };
    let exported = run(&[&["site", "export"], &PLACE[..]].concat()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, &exported).unwrap();
    let told = run(&["site", "apply", &file.display().to_string()]).await;
    assert!(told.contains("0 changed, 0 switched off, 0 gone"), "{told}");
    assert_eq!(cluster.psql(DATABASE, all).unwrap(), before);
    assert_eq!(run(&["site", "diff", &file.display().to_string()]).await, "");
}

#[tokio::test]
async fn a_database_adopted_long_ago_is_raised() {
    let (cluster, owner) = tokio::task::spawn_blocking(foreign).await.unwrap().unwrap();
    cluster.psql(DATABASE, &format!("SET ROLE kartorium_app; {KARTORIUM}")).unwrap();
    let before = theirs(&cluster);
    let (adopted, told) = adopt(&owner, &["--up-to", "16"]).await;
    assert!(adopted && told.contains("V16__tenancy") && !told.contains("V17"), "{told}");
    same(&before, &theirs(&cluster));
    let (raised, told) = adopt(&owner, &[]).await;
    assert!(raised && told.contains("V21__reference_names") && !told.contains("V16"), "{told}");
    same(&before, &theirs(&cluster));
    let unfollowed = "SELECT count(*) FROM pg_trigger f WHERE f.tgname = 'change_feed_insert' AND NOT EXISTS
        (SELECT FROM pg_trigger t WHERE t.tgrelid = f.tgrelid AND t.tgname = 'change_feed_truncate')";
    assert_eq!(cluster.psql(DATABASE, unfollowed).unwrap(), "0");
}

#[tokio::test]
async fn with_row_level_security_of_ours_it_works_the_same() {
    let (_folder, demo) = site_file();
    let headquarters = Headquarters::adopted_with(&demo, KARTORIUM, &["--rls"]).await.unwrap();
    // It binds their owner too; the cluster's sees everything.
    let seen = |statement: &str| headquarters.cluster.psql(DATABASE, statement).unwrap();
    assert_eq!(seen(THEIR_ROWS).lines().count(), 23);
    let mut device = enroll(&headquarters, "T-07").await;
    let texts = crate::headquarters::shift(&mut device);
    assert_eq!(device.push_with(1, &texts).await.unwrap().quarantined, vec![]);
    let booked =
        "SELECT count(*) FROM oee_machine_events e JOIN oee_equipment q ON q.id = e.equipment_id
        WHERE q.description = 'ours'";
    assert_eq!(seen(booked), "2");
    assert_eq!(seen(THEIR_ROWS).lines().count(), 23);
    asked(&headquarters, &[&["refold", "--check"], &PLACE]).await;
    asked(&headquarters, &[&["work", "--once"]]).await;
    asked(&headquarters, &[&["site", "diff", &demo.display().to_string()]]).await;
}
