//! What one terminal can learn or change of another site or organisation: nothing. Strings that stand in every row of
//! the others are looked for in every answer, and every row of theirs is compared before and after.
//!
//! Most calls are made as the gateway makes them, in its role inside the database; some thousands over HTTP.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kart_tests::world::headquarters::Headquarters;
use tokio_postgres::NoTls;

use crate::headquarters::device::Device;
use crate::headquarters::{demo_site, shift};
use crate::turn::{seed, turn};

mod http;
mod keys;

/// In rows of another organisation, and of another site of the same one.
const CANARIES: [&str; 2] = ["CANARYX", "CANARYB"];
/// Calls in the role of the gateway, on each of so many connections.
const CALLS: i32 = 12_500;
const CONNECTIONS: i32 = 4;

/// The others and ourselves.
struct Tenants {
    headquarters: Headquarters,
    other_organization: Device,
    other_site: Device,
    other_terminal: Device,
    ours: Device,
    revoked: Device,
    keys: keys::Keys,
}

impl Tenants {
    /// The others first, so that every row that is there is theirs when it is marked.
    async fn settle(adopted: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first = file(folder.path(), "other-works", "cedar", CANARIES[0]);
        let mut headquarters = match adopted {
            true => Headquarters::adopted(&first).await.unwrap(),
            false => Headquarters::start(&first).await.unwrap(),
        };
        // It tries what waits again and again, and writes down anew why.
        headquarters.leave_off_work().await.unwrap();
        let other_organization =
            place(&headquarters, folder.path(), "other-works", "cedar", CANARIES[0]).await;
        mark(&headquarters, CANARIES[0], true).await;
        let other_site =
            place(&headquarters, folder.path(), "cedar-works", "birch", CANARIES[1]).await;
        mark(&headquarters, CANARIES[1], false).await;
        headquarters.apply_site(&demo_site()).await.unwrap();
        let mut ours = Device::new(&headquarters.url());
        at_work(&headquarters, &mut ours, "cedar-works", "cedar", "T-07").await;
        let mut other_terminal = Device::new(&headquarters.url());
        at_work(&headquarters, &mut other_terminal, "cedar-works", "cedar", "T-08").await;
        let mut revoked = Device::new(&headquarters.url());
        at_work(&headquarters, &mut revoked, "cedar-works", "cedar", "T-09").await;
        let lock = format!(
            "UPDATE edge.terminals SET status = 'revoked', revoked_at = now() WHERE terminal_id = '{}'",
            revoked.id
        );
        headquarters.cluster.psql("kartorium", &lock).unwrap();
        let keys = keys::Keys::made(&headquarters).await;
        Self { headquarters, other_organization, other_site, other_terminal, ours, revoked, keys }
    }
}

/// The demo's site under other names.
fn file(folder: &Path, organization: &str, site: &str, canary: &str) -> PathBuf {
    let text = std::fs::read_to_string(demo_site()).unwrap();
    let text = text
        .replace("organization = \"cedar-works\"", &format!("organization = \"{organization}\""))
        .replace("code = \"cedar\"", &format!("code = \"{site}\""))
        .replace("name = \"", &format!("name = \"{canary} "));
    let file = folder.join("site.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// That site, and a terminal that has worked a shift there.
async fn place(
    headquarters: &Headquarters,
    folder: &Path,
    organization: &str,
    site: &str,
    canary: &str,
) -> Device {
    let file = file(folder, organization, site, canary);
    headquarters.apply_site(&file).await.unwrap();
    let mut device = Device::new(&headquarters.url());
    at_work(headquarters, &mut device, organization, site, "T-07").await;
    device
}

async fn at_work(
    headquarters: &Headquarters,
    device: &mut Device,
    organization: &str,
    site: &str,
    terminal: &str,
) {
    let code = headquarters.enrollment_code_at(organization, site, terminal).await.unwrap();
    device.enroll(&code).await.unwrap();
    device.sign_in().await.unwrap();
    device.hello().await.unwrap();
    let texts = shift(device);
    device.push_with(1, &texts).await.unwrap();
}

/// Writes the canary into every column that takes it. Columns with a list of words, or with a form, keep theirs.
async fn mark(headquarters: &Headquarters, canary: &str, everything: bool) {
    let script = format!(
        "DO $$
         DECLARE one record; marked int := 0;
         BEGIN
             FOR one IN
                 SELECT c.oid::regclass AS tbl, a.attname AS col, t.typname AS type,
                        CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 60 END AS room
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                 JOIN pg_type t ON t.oid = a.atttypid
                 WHERE c.relnamespace IN ('public'::regnamespace, 'edge'::regnamespace)
                   AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE 'refinery%'
                   AND t.typname IN ('text', 'varchar', 'jsonb')
                   AND a.attname NOT IN ('organization_id', 'incarnation', 'tbl', 'pk', 'scope')
                   AND (a.attname <> 'code' OR c.relnamespace = 'public'::regnamespace AND c.relname <> 'oee_sites')
                   AND ({everything} OR c.relname NOT LIKE 'organization%' AND c.relname <> 'users')
             LOOP
                 BEGIN
                     EXECUTE format(
                         'UPDATE %s t SET %I = %s WHERE position(''CANARY'' in coalesce(t.%2$I::text, '''')) = 0
                          AND NOT t::text LIKE ''%%CANARYX%%CANARYX%%CANARYX%%''',
                         one.tbl, one.col,
                         CASE one.type WHEN 'jsonb' THEN '''{{\"{canary}\": 1}}''::jsonb'
                              ELSE format('left(''{canary}-'' || md5(t::text), %s)', least(one.room, 40)) END);
                     marked := marked + 1;
                 EXCEPTION WHEN OTHERS THEN NULL;
                 END;
             END LOOP;
             PERFORM set_config('probe.marked', marked::text, false);
         END $$;
         "
    );
    let database = headquarters.cluster.url("kartorium", "postgres");
    let (client, connection) = tokio_postgres::connect(&database, NoTls).await.unwrap();
    let work = async {
        client.batch_execute(&script).await.unwrap();
        let row =
            client.query_one("SELECT current_setting('probe.marked')::int", &[]).await.unwrap();
        row.get::<_, i32>(0)
    };
    let marked = tokio::select! { marked = work => marked, _ = connection => unreachable!() };
    assert!(marked > 60, "{marked} columns took the canary");
}

/// Every row of the others, in one number for each table.
async fn theirs(headquarters: &Headquarters) -> BTreeSet<String> {
    let script = "
        SELECT string_agg(name || ' ' || md5(xml), ',') FROM (
            SELECT c.oid::regclass::text AS name,
                   query_to_xml(format('SELECT md5(t::text) FROM %s t WHERE t::text LIKE ''%%CANARY%%'' ORDER BY 1',
                                       c.oid::regclass), false, false, '')::text AS xml
            FROM pg_class c
            WHERE c.relnamespace IN ('public'::regnamespace, 'edge'::regnamespace) AND c.relkind IN ('r', 'p')
              AND NOT c.relispartition) every";
    let database = headquarters.cluster.url("kartorium", "postgres");
    let (client, connection) = tokio_postgres::connect(&database, NoTls).await.unwrap();
    tokio::select! {
        row = client.query_one(script, &[]) => {
            row.unwrap().get::<_, String>(0).split(',').map(str::to_owned).collect()
        },
        _ = connection => unreachable!(),
    }
}

/// Calls in the role of the gateway: reads by id, by text and whole tables, changes, and rows that name foreign rows.
const PROBE: &str = include_str!("tenancy/probe.sql");

async fn probe(headquarters: &Headquarters, seed: u64, search_path: &str) -> (i64, i64) {
    let superuser = headquarters.cluster.url("kartorium", "postgres");
    let (client, connection) = tokio_postgres::connect(&superuser, NoTls).await.unwrap();
    let ids = include_str!("tenancy/ids.sql");
    let ids: String = tokio::select! {
        row = client.query_one(ids, &[]) => row.unwrap().get(0),
        _ = connection => unreachable!(),
    };
    let site = kart_core::id::reference_id("cedar-works", "cedar", "oee_sites", "cedar");
    let mut probing = tokio::task::JoinSet::new();
    for connection_number in 0..CONNECTIONS {
        let (login, ids, search_path) = (headquarters.login(), ids.clone(), search_path.to_owned());
        probing.spawn(async move {
            let (client, connection) = tokio_postgres::connect(&login, NoTls).await.unwrap();
            let work = async {
                let seed = f64::from(u32::try_from(seed % 1_000_000).unwrap()) / 1e6
                    + f64::from(connection_number) / 1e7;
                let enter = format!(
                    "SET search_path = {search_path}; BEGIN; SET LOCAL ROLE kart_gateway;
                     SELECT set_config('edge.organization', 'cedar-works', true), set_config('edge.site', '{site}', true),
                            set_config('probe.ids', $ids${ids}$ids$, true), set_config('probe.calls', '{CALLS}', true),
                            setseed({})",
                    seed % 1.0
                );
                client.batch_execute(&enter).await.unwrap();
                client.batch_execute(PROBE).await.unwrap();
                let told = "SELECT current_setting('probe.made')::bigint, current_setting('probe.leaks'),
                                   current_setting('probe.seen')::bigint";
                let row = client.query_one(told, &[]).await.unwrap();
                client.batch_execute("COMMIT").await.unwrap();
                (row.get::<_, i64>(0), row.get::<_, String>(1), row.get::<_, i64>(2))
            };
            tokio::select! { told = work => told, _ = connection => unreachable!() }
        });
    }
    let (mut made, mut seen) = (0, 0);
    for (calls, leaks, rows) in probing.join_all().await {
        assert_eq!(leaks, "", "rows of others came through");
        made += calls;
        seen += rows;
    }
    (made, seen)
}

async fn nothing_crosses(adopted: bool, seed: u64, search_path: &str) {
    let tenants = Tenants::settle(adopted).await;
    let before = theirs(&tenants.headquarters).await;
    let (calls, seen) = probe(&tenants.headquarters, seed, search_path).await;
    assert!(seen > 1_000, "the probes see what is ours: {seen}");
    let requests = http::probe(&tenants, seed).await;
    let after = theirs(&tenants.headquarters).await;
    let changed: Vec<&String> = before.symmetric_difference(&after).collect();
    assert!(changed.is_empty(), "rows of others have changed: {changed:?}");
    #[expect(clippy::print_stderr, reason = "the figure is what the test is for")]
    {
        eprintln!(
            "tenancy: {calls} calls in the gateway's role, {requests} requests, 0 foreign bytes"
        );
    }
    assert!(calls + requests >= 50_000, "with the other kind of database 100,000");
}

#[tokio::test]
async fn nothing_crosses_in_a_database_of_our_own() {
    let _turn = turn().await;
    nothing_crosses(false, seed("tenancy::", 11), "public").await;
}

#[tokio::test]
async fn nothing_crosses_in_an_adopted_database() {
    let _turn = turn().await;
    nothing_crosses(true, seed("tenancy::", 12), "edge, public").await;
}
