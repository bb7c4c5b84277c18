//! The central schema beside the entity map: every table is there, with its parents, its status and no more grants than
//! it needs; and what one organisation has, another does not see.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::record::tables;
use kart_tests::programs::repository;
use kart_tests::world::headquarters::Headquarters;
use tokio_postgres::{Client, NoTls};

/// Rows of these come and go with the fold of a record that is corrected; nobody else deletes what happened.
const FOLDED: [&str; 6] = [
    "oee_machine_event_equipment",
    "oee_event_batch_links",
    "oee_batch_operators",
    "oee_batch_equipment",
    "oee_batch_time_entries",
    "oee_batch_custom_field_values",
];

/// One line of the entity map.
struct Entity {
    table: String,
    status: String,
    parents: Vec<String>,
    terminal: String,
}

fn entities() -> Vec<Entity> {
    let text = std::fs::read_to_string(repository().join("tests/entity-map.tsv")).unwrap();
    let lines =
        text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    lines
        .map(|fields| Entity {
            table: fields[1].clone(),
            status: fields[2].clone(),
            parents: fields[3]
                .split(", ")
                .filter(|parent| !parent.is_empty())
                .map(str::to_owned)
                .collect(),
            terminal: fields[4].clone(),
        })
        .collect()
}

async fn headquarters() -> Headquarters {
    Headquarters::start(&repository().join("config/demo/site.toml")).await.unwrap()
}

async fn pairs(headquarters: &Headquarters, statement: &str) -> BTreeSet<(String, String)> {
    let rows = headquarters.sql(statement, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn the_central_schema_is_the_entity_map() {
    let headquarters = headquarters().await;
    let entities = entities();
    assert_eq!(entities.len(), 79);

    let comments: BTreeMap<String, String> = pairs(
        &headquarters,
        "SELECT relname::text, coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND relname <> 'refinery_schema_history'",
    )
    .await
    .into_iter()
    .collect();
    let expected: BTreeSet<&String> = entities.iter().map(|entity| &entity.table).collect();
    assert_eq!(comments.keys().collect::<BTreeSet<_>>(), expected);

    let edges = pairs(
        &headquarters,
        "SELECT DISTINCT c.relname::text, p.relname::text FROM pg_constraint k
         JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
         WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace",
    )
    .await;
    for entity in &entities {
        let comment = &comments[&entity.table];
        assert!(
            comment.starts_with(&format!("{}: ", entity.status)),
            "{}: {comment}",
            entity.table
        );
        for parent in &entity.parents {
            let edge = (entity.table.clone(), parent.clone());
            assert!(edges.contains(&edge), "{} has no key to {parent}", entity.table);
        }
    }
}

/// Whoever adds a table adds its policy, its comment and a key that begins with the organisation.
#[tokio::test]
async fn every_table_says_whose_its_rows_are() {
    let headquarters = headquarters().await;
    let faults = headquarters.sql(include_str!("registry/tables.sql"), &[]).await.unwrap();
    let faults: Vec<String> = faults.iter().map(|row| row.get(0)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let mighty = "SELECT count(*) FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, 'edge'::regnamespace)
        AND prosecdef AND (NOT proowner = 'kart_edge_definer'::regrole
                AND proname NOT IN ('make_change_partitions', 'drop_old_changes')
            OR NOT coalesce(array_to_string(proconfig, ',') LIKE '%search_path=%', false)
            OR has_function_privilege('public', oid, 'EXECUTE'))";
    assert_eq!(
        headquarters.number(mighty).await.unwrap(),
        0,
        "functions above their caller are bound"
    );

    // A table that somebody adds without all of this is found.
    headquarters.sql("CREATE TABLE edge.careless (id uuid PRIMARY KEY)", &[]).await.unwrap();
    let found = headquarters.sql(include_str!("registry/tables.sql"), &[]).await.unwrap();
    assert_eq!(found.len(), 4, "no policy, not forced, no comment, another key");
}

/// One documented column.
struct Documented {
    table: String,
    column: String,
    kind: String,
    rules: Vec<String>,
}

fn documented() -> Vec<Documented> {
    let text = std::fs::read_to_string(repository().join("tests/documented-columns.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let mut next = || fields.next().unwrap_or_default();
            let (table, column, kind, rules) = (next(), next(), next(), next());
            let rules = rules.split("; ").filter(|rule| !rule.is_empty());
            let rules = rules.map(str::to_owned).collect();
            Documented { table, column, kind, rules }
        })
        .collect()
}

#[tokio::test]
async fn columns_are_as_documented() {
    let headquarters = headquarters().await;
    let kinds: BTreeMap<(String, String), String> = headquarters
        .sql(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2)))
        .collect();
    let documented = documented();
    assert!(documented.len() > 180);
    let mut faults = Vec::new();
    for Documented { table, column, kind, rules } in &documented {
        let Some(found) = kinds.get(&(table.clone(), column.clone())) else {
            faults.push(format!("{table}.{column} is missing"));
            continue;
        };
        // The documents leave the length or the precision out of some.
        if found != kind && found.split('(').next() != Some(kind) {
            faults.push(format!("{table}.{column} is {found}, documented as {kind}"));
        }
        for rule in rules {
            let statement = include_str!("registry/rule.sql");
            let rows = headquarters.sql(statement, &[table, column, rule]).await.unwrap();
            if rows[0].get::<_, Option<bool>>(0) != Some(true) {
                faults.push(format!("{table}.{column}: not {rule}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// `kart-hq adopt` asks another database for the tables that our roles reach, and for nothing that ours has not.
#[tokio::test]
async fn what_an_adopted_database_needs_is_what_we_reach() {
    let headquarters = headquarters().await;
    let reached = pairs(
        &headquarters,
        "SELECT c.relname::text, a.attname::text FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND EXISTS (
             SELECT FROM pg_roles r WHERE r.rolname LIKE 'kart\\_%' AND NOT r.rolcanlogin
               AND has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))",
    )
    .await;
    let needs = std::fs::read_to_string(repository().join("migrations/adopt/needs.tsv")).unwrap();
    let fields = needs.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let needs: BTreeSet<(String, String)> =
        fields.map(|fields| (fields[0].to_owned(), fields[1].to_owned())).collect();
    let differs: Vec<_> = needs.symmetric_difference(&reached).collect();
    assert!(differs.is_empty(), "{differs:?}");
}

#[tokio::test]
async fn legacy_tables_are_closed() {
    let headquarters = headquarters().await;
    let legacy = entities().into_iter().filter(|entity| entity.status == "LEGACY");
    let tables: Vec<String> = legacy.map(|entity| entity.table).collect();
    assert_eq!(tables.len(), 4);
    for table in tables {
        let statement = format!("INSERT INTO {table} DEFAULT VALUES");
        let refused = headquarters.sql(&statement, &[]).await.unwrap_err();
        assert!(format!("{refused:?}").contains("is closed"), "{table}: {refused:?}");
    }
}

#[tokio::test]
async fn the_gateway_may_do_what_the_entity_map_says() {
    let headquarters = headquarters().await;
    let granted = pairs(
        &headquarters,
        "SELECT c.relname::text, p.name FROM pg_class c,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(name)
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND CASE WHEN p.name = 'DELETE' THEN has_table_privilege('kart_gateway', c.oid, p.name)
                    ELSE has_any_column_privilege('kart_gateway', c.oid, p.name) END",
    )
    .await;
    for entity in entities() {
        let may = |right: &str| granted.contains(&(entity.table.clone(), right.to_owned()));
        let up = ["up", "up+down", "intents"].contains(&entity.terminal.as_str());
        let down = entity.terminal == "down";
        assert_eq!(may("SELECT"), up || down, "reading {}", entity.table);
        assert_eq!(may("INSERT"), up, "adding to {}", entity.table);
        // Numbers are taken from where the prefix stands.
        let counts = entity.table == "organization_prefixes";
        assert_eq!(may("UPDATE"), up || counts, "changing {}", entity.table);
        assert_eq!(may("DELETE"), FOLDED.contains(&entity.table.as_str()), "{}", entity.table);
    }
    for table in tables::ALL.iter().filter(|table| table.schema == "public") {
        let right = (table.name.to_owned(), "INSERT".to_owned());
        assert!(granted.contains(&right), "facts become rows of {}", table.name);
    }
    let owned = "SELECT count(*) FROM pg_class WHERE relowner IN (SELECT oid FROM pg_roles
        WHERE rolname IN ('kart_gateway', 'kart_site_admin', 'kart_edge_definer', 'kart_hq'))";
    assert_eq!(headquarters.number(owned).await.unwrap(), 0, "our roles own nothing");
    let mighty = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'kart\\_%'
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)";
    assert_eq!(headquarters.number(mighty).await.unwrap(), 0);
}

#[tokio::test]
async fn columns_that_facts_are_folded_into_exist() {
    let headquarters = headquarters().await;
    let columns = pairs(
        &headquarters,
        "SELECT table_schema || '.' || table_name, column_name::text FROM information_schema.columns
         WHERE table_schema IN ('public', 'edge')",
    )
    .await;
    for table in tables::ALL {
        let name = format!("{}.{}", table.schema, table.name);
        for column in table.columns {
            assert!(columns.contains(&(name.clone(), (*column).to_owned())), "{name}.{column}");
        }
        let organization = columns.contains(&(name.clone(), "organization_id".to_owned()));
        assert_eq!(organization, table.by_organization, "{name}");
    }
}

/// A probe in the name of the gateway, for one organisation and site.
async fn probe(
    client: &Client,
    organization: &str,
    site: &str,
    statement: &str,
) -> Result<i64, String> {
    let script = format!(
        "BEGIN; SET LOCAL ROLE kart_gateway;
         SELECT set_config('edge.organization', '{organization}', true), set_config('edge.site', '{site}', true)"
    );
    client.batch_execute(&script).await.unwrap();
    let answer = client.query(&format!("SELECT count(*) FROM ({statement}) q"), &[]).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    let refused =
        |fault: tokio_postgres::Error| fault.code().map_or("?", |state| state.code()).to_owned();
    answer.map(|rows| rows[0].get(0)).map_err(refused)
}

#[tokio::test]
async fn one_site_does_not_see_another() {
    let headquarters = headquarters().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    let text = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    for (organization, site) in [("cedar-works", "birch"), ("other-works", "cedar")] {
        let text = text
            .replace(
                "organization = \"cedar-works\"",
                &format!("organization = \"{organization}\""),
            )
            .replace("code = \"cedar\"", &format!("code = \"{site}\""));
        std::fs::write(&file, text).unwrap();
        headquarters.apply_site(&file).await.unwrap();
    }
    let all = headquarters
        .number("SELECT count(*) FROM oee_equipment WHERE NOT is_archived")
        .await
        .unwrap();
    assert_eq!(all, 9, "three sites with three machines each; no site has touched another");
    let active = headquarters.number("SELECT count(*) FROM users WHERE is_active").await.unwrap();
    assert_eq!(active % 3, 0, "nor its people");

    let (client, connection) =
        tokio_postgres::connect(&headquarters.cluster.url("kartorium", "kart_hq"), NoTls)
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let site = |organization: &str, code: &str| {
        kart_core::id::reference_id(organization, code, "oee_sites", code).to_string()
    };
    let (cedar, birch) = (site("cedar-works", "cedar"), site("cedar-works", "birch"));
    let seen = |organization: &'static str, site: String, statement: &'static str| {
        let client = &client;
        async move { probe(client, organization, &site, statement).await }
    };
    let machines = "SELECT id FROM oee_equipment";
    assert_eq!(seen("cedar-works", cedar.clone(), machines).await, Ok(3));
    assert_eq!(seen("cedar-works", birch.clone(), machines).await, Ok(3));
    assert_eq!(seen("other-works", cedar.clone(), machines).await, Ok(0), "a foreign site");
    assert_eq!(
        seen("", String::new(), machines).await,
        Ok(0),
        "without settings nothing is visible"
    );
    let snapshots = "SELECT snapshot FROM edge.sites";
    assert_eq!(seen("cedar-works", cedar.clone(), snapshots).await, Ok(1));
    let denied = Err("42501".to_owned());
    for forbidden in [
        "SELECT * FROM edge.tokens",
        "SELECT * FROM edge.enrollment_codes",
        "SELECT email FROM users",
        "SELECT * FROM projects",
    ] {
        assert_eq!(seen("cedar-works", cedar.clone(), forbidden).await, denied, "{forbidden}");
    }
    let smuggle = format!(
        "INSERT INTO oee_machine_events (site_id, organization_id, event_type, start_ts)
         VALUES ('{birch}', 'cedar-works', 'note', now())"
    );
    let entered = format!(
        "BEGIN; SET LOCAL ROLE kart_gateway; SELECT set_config('edge.organization', 'cedar-works', true),
         set_config('edge.site', '{cedar}', true); {smuggle}"
    );
    let refused = client.batch_execute(&entered).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    drop(client);
    connection.await.unwrap().unwrap();
}
