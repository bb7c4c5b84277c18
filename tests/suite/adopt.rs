//! An existing Kartorium database: what it lacks is named, what is theirs stays as it is, and the gateway works beside
//! it as in front of its own.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use kart_tests::child::Child;
use kart_tests::postgres::Cluster;
use kart_tests::programs::program;
use kart_tests::world::headquarters::{Headquarters, foreign};

use crate::headquarters::{demo_site, enroll, shift};

mod owner;

const LIMIT: Duration = Duration::from_secs(30);
const DATABASE: &str = "kartorium";

async fn adopt(owner: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(program("kart-hq").unwrap());
    command.env("DATABASE_URL", owner).arg("adopt").args(arguments);
    let mut child = Child::spawn(&mut command).unwrap();
    let ended = child.end(LIMIT).await.unwrap();
    (ended.success(), child.stdout() + &child.stderr())
}

/// Everything that adopting must leave alone.
fn theirs(cluster: &Cluster) -> BTreeSet<String> {
    let tables = "SELECT relname, relowner::regrole, relrowsecurity, relforcerowsecurity, relkind FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace ORDER BY 1";
    let columns =
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
                   WHERE table_schema = 'public' ORDER BY 1, 2";
    let functions = "SELECT oid::regprocedure, proowner::regrole, md5(prosrc) FROM pg_proc
                     WHERE pronamespace = 'public'::regnamespace ORDER BY 1";
    let constraints =
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
                       WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2";
    let policies = "SELECT polrelid::regclass FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
                    WHERE c.relnamespace = 'public'::regnamespace";
    [tables, columns, functions, constraints, policies]
        .map(|statement| cluster.psql(DATABASE, statement).unwrap())
        .iter()
        .flat_map(|answer| answer.lines().map(str::to_owned))
        .collect()
}

fn same(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let changed: Vec<&String> = before.symmetric_difference(after).collect();
    assert!(changed.is_empty(), "what is theirs has changed: {changed:#?}");
}

#[tokio::test]
async fn what_is_missing_is_named_at_once_and_nothing_is_changed() {
    let (cluster, owner) = tokio::task::spawn_blocking(foreign).await.unwrap().unwrap();
    cluster
        .psql(
            DATABASE,
            "DROP TABLE ops_labor_entries;
             ALTER TABLE oee_batch_details DROP COLUMN work_order;
             ALTER TABLE oee_equipment ALTER COLUMN is_archived DROP DEFAULT,
                 ALTER COLUMN is_archived TYPE text USING is_archived::text;
             ALTER TABLE oee_notes_details DROP CONSTRAINT oee_notes_details_pkey",
        )
        .unwrap();
    let before = theirs(&cluster);
    let (adopted, said) = adopt(&owner, &[]).await;
    assert!(!adopted);
    for missing in [
        "table ops_labor_entries is missing",
        "column oee_batch_details.work_order is missing",
        "column oee_equipment.is_archived is text, and it must be a boolean",
        "table oee_notes_details has no key that is its id alone",
    ] {
        assert!(said.contains(missing), "{missing}\n{said}");
    }
    same(&before, &theirs(&cluster));
    assert_eq!(cluster.psql(DATABASE, "SELECT to_regnamespace('edge') IS NULL").unwrap(), "t");
}

#[tokio::test]
async fn a_shift_goes_through_an_adopted_database() {
    let (cluster, owner) = tokio::task::spawn_blocking(foreign).await.unwrap().unwrap();
    let before = theirs(&cluster);
    let (ready, said) = adopt(&owner, &["--check"]).await;
    assert!(ready, "{said}");
    let (adopted, said) = adopt(&owner, &[]).await;
    assert!(adopted, "{said}");
    same(&before, &theirs(&cluster));
    let (again, said) = adopt(&owner, &[]).await;
    assert!(again && said.contains("up to date"), "{said}");
    same(&before, &theirs(&cluster));
    drop(cluster);

    let headquarters = Headquarters::adopted(&demo_site()).await.unwrap();
    let mut device = enroll(&headquarters, "T-07").await;
    let texts = shift(&mut device);
    let pushed = device.push_with(1, &texts).await.unwrap();
    assert_eq!(pushed.quarantined, vec![]);
    let count = async |table: &str| {
        headquarters.number(&format!("SELECT count(*) FROM public.{table}")).await.unwrap()
    };
    for table in ["oee_machine_events", "oee_batch_details", "ops_labor_entries"] {
        assert!(count(table).await > 0, "{table}");
    }
    let direct = "SELECT count(*) FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND (has_any_column_privilege('kart_gateway', c.oid, 'SELECT, INSERT, UPDATE')
             OR has_any_column_privilege('kart_site_admin', c.oid, 'SELECT, INSERT, UPDATE'))";
    assert_eq!(
        headquarters.number(direct).await.unwrap(),
        0,
        "tables are reached through views only"
    );
}

#[tokio::test]
async fn a_database_of_our_own_is_built_by_an_owner_who_is_no_superuser() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap().unwrap();
    cluster.psql("postgres", "CREATE ROLE plant LOGIN CREATEROLE").unwrap();
    cluster.psql("postgres", &format!("CREATE DATABASE {DATABASE} OWNER plant")).unwrap();
    let owner = cluster.url(DATABASE, "plant");
    let site = demo_site().display().to_string();
    for arguments in [&["migrate", "--gateway-login", "kart_hq"][..], &["site", "apply", &site]] {
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", &owner).args(arguments);
        let mut child = Child::spawn(&mut command).unwrap();
        assert!(child.end(LIMIT).await.unwrap().success(), "{}", child.tail());
    }
    let given = "SELECT count(*) FROM pg_proc WHERE proowner = 'kart_edge_definer'::regrole";
    assert_ne!(cluster.psql(DATABASE, given).unwrap(), "0");
    let left = "SELECT pg_has_role('plant', 'kart_edge_definer', 'USAGE')";
    assert_eq!(cluster.psql(DATABASE, left).unwrap(), "f", "its rights were for that moment");
}
