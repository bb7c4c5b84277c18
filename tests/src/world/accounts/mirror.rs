//! The mirror of a terminal beside Postgres: every row of every table that goes down, column by column. Whose rows a
//! terminal gets is said here once more, in other words than at headquarters.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use kart_core::down::{Scope, TABLES, Table};
use rusqlite::{Connection, OpenFlags};
use tokio_postgres::{Client, Config, NoTls};

use crate::wait::try_for;

/// Cells by column, rows by key.
type Rows = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// Whose mirror is compared.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'w> {
    /// The central database, as somebody who sees every row reaches it.
    pub database: &'w str,
    pub site: &'w str,
    pub terminal: &'w str,
    /// The terminal's data folder.
    pub data: &'w Path,
}

/// The terminal and its site: found once, put before each statement.
const PLACE: &str = "
WITH me AS (
    SELECT t.* FROM edge.terminals t JOIN edge.sites s USING (organization_id, site_id)
    WHERE s.code = $1 AND t.code = $2 AND t.status = 'active'),
read AS (
    SELECT x.equipment_id FROM edge.sources x JOIN me USING (organization_id, site_id)
    WHERE x.terminal_code = me.code AND x.source = '*'),
stations AS (
    SELECT s.id FROM public.ops_stations s JOIN me USING (site_id)
    WHERE s.id IN (SELECT j.station_id FROM public.ops_station_equipment j JOIN read USING (equipment_id))
       OR (SELECT count(*) FROM read) = 0),
machines AS (
    SELECT equipment_id AS id FROM read
    UNION SELECT j.equipment_id FROM public.ops_station_equipment j JOIN stations s ON s.id = j.station_id
    UNION SELECT e.id FROM public.oee_equipment e JOIN me USING (site_id)
    WHERE (SELECT count(*) FROM read) = 0),
lately AS (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') - interval '35 days' AS since),
batches AS (
    SELECT e.id FROM public.oee_machine_events e JOIN me USING (site_id), lately
    WHERE e.event_type = 'batch' AND (e.end_ts IS NULL OR (e.resolved = false AND e.end_ts >= lately.since))
      AND (e.equipment_id IN (SELECT id FROM machines) OR e.station_id IN (SELECT id FROM stations)))";

/// How rows `r` of a table are found from there.
fn belongs(table: &Table) -> String {
    let through = |parent: &str, column: &str| {
        format!(
            "r.{column} IN (SELECT p.id FROM public.{parent} p JOIN me ON me.site_id = p.site_id)"
        )
    };
    match table.name {
        _ if table.scope == Scope::Org => "r.organization_id = me.organization_id".to_owned(),
        "oee_sites" => "r.id = me.site_id".to_owned(),
        "oee_downtime_reasons" => through("oee_downtime_groups", "group_id"),
        "oee_incident_reasons" => through("oee_incident_groups", "group_id"),
        "oee_abort_reasons" => through("oee_abort_groups", "group_id"),
        "ops_station_incident_reasons" => through("ops_station_incident_groups", "group_id"),
        "ops_products" => through("ops_product_families", "family_id"),
        "oee_compatible_equipment"
        | "oee_product_equipment_config"
        | "oee_equipment_custom_fields" => through("oee_equipment", "equipment_id"),
        "oee_station_custom_fields" | "ops_station_equipment" | "ops_station_product_standards" => {
            through("ops_stations", "station_id")
        },
        "users" => {
            "r.id IN (SELECT p.user_id FROM edge.people p WHERE p.site_id = me.site_id)".to_owned()
        },
        "oee_batch_queue" => {
            "r.status = 'queued' AND r.equipment_id IN (SELECT id FROM machines)".to_owned()
        },
        "ops_station_batch_queue" => {
            "r.status = 'queued' AND r.station_id IN (SELECT id FROM stations)".to_owned()
        },
        "ops_jobs" => "r.state NOT IN ('completed', 'scrapped', 'aborted')
            AND r.current_station_id IN (SELECT id FROM stations)"
            .to_owned(),
        "oee_machine_events" => "r.id IN (SELECT id FROM batches)".to_owned(),
        "oee_batch_details" => "r.event_id IN (SELECT id FROM batches)".to_owned(),
        "number_leases" => {
            "r.terminal_id = me.terminal_id AND r.incarnation = me.incarnation".to_owned()
        },
        "corrections" => "me.terminal_id = ANY (r.terminal_id || r.others)
            AND r.at >= (SELECT since FROM lately)"
            .to_owned(),
        "conflicts" => "r.resolved_at IS NULL AND (r.terminal_id = me.terminal_id
            OR r.stations && ARRAY(SELECT id FROM stations)
            OR r.machines && ARRAY(SELECT id FROM machines))"
            .to_owned(),
        "calls" => "r.ended_at IS NULL AND r.site_id = me.site_id
            AND (r.terminal_id = me.terminal_id OR r.station_id IN (SELECT id FROM stations)
                OR r.equipment_id IN (SELECT id FROM machines))"
            .to_owned(),
        "erasures" => "r.terminal_id = me.terminal_id".to_owned(),
        "record_aliases" => "r.station_id IN (SELECT id FROM stations)".to_owned(),
        _ => "r.site_id = me.site_id".to_owned(),
    }
}

/// What differs, in words; nothing when both hold the same.
pub async fn differences(whose: Whose<'_>) -> anyhow::Result<Vec<String>> {
    let mut config: Config = whose.database.parse()?;
    config.options("-c timezone=UTC");
    let (client, connection) = config.connect(NoTls).await?;
    let compare = async {
        let mirror = open(whose.data)?;
        let mut all = Vec::new();
        for table in TABLES {
            let there = at_headquarters(&client, table, whose).await?;
            let here = at_terminal(&mirror, table)?;
            all.extend(compared(table, &here, &there));
        }
        anyhow::Ok(all)
    };
    tokio::select! {
        all = compare => all,
        ended = connection => anyhow::bail!("the connection ended: {ended:?}"),
    }
}

/// Waits until mirror and Postgres are equal column by column.
pub async fn equal(whose: Whose<'_>, limit: Duration) -> anyhow::Result<()> {
    try_for("a mirror equal to Postgres", limit, async || {
        let all = differences(whose).await.map_err(|fault| format!("{fault:#}"))?;
        if all.is_empty() { Ok(()) } else { Err(all.join("\n")) }
    })
    .await
}

async fn at_headquarters(client: &Client, table: &Table, whose: Whose<'_>) -> anyhow::Result<Rows> {
    let key: Vec<String> = table.key.iter().map(|column| format!("r.{column}::text")).collect();
    let cells: Vec<String> =
        table.columns.iter().map(|column| format!("r.{column}::text")).collect();
    let statement = format!(
        "{PLACE} SELECT array_to_string(ARRAY[{}], '/'), ARRAY[{}] FROM {} r, me WHERE {}",
        key.join(", "),
        cells.join(", "),
        table.path(),
        belongs(table),
    );
    let rows = client.query(&statement, &[&whose.site, &whose.terminal]).await;
    let rows = rows.with_context(|| table.path())?;
    let mut found = Rows::new();
    for row in rows {
        let cells: Vec<Option<String>> = row.try_get(1)?;
        let columns = table.columns.iter().map(|column| (*column).to_owned());
        found.insert(row.try_get(0)?, columns.zip(cells).collect());
    }
    Ok(found)
}

fn at_terminal(mirror: &Connection, table: &Table) -> anyhow::Result<Rows> {
    let mut select = mirror.prepare("SELECT pk, row FROM rows WHERE tbl = ?1")?;
    let rows =
        select.query_map([table.path()], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Rows::new();
    for row in rows {
        let (key, text) = row?;
        let mut cells: BTreeMap<String, Option<String>> = serde_json::from_str(&text)?;
        // These are made for the terminal and stand in no column.
        cells.retain(|column, _| !table.further.contains(&column.as_str()));
        let twice = found.insert(key, cells);
        anyhow::ensure!(twice.is_none(), "a key of {} stands in two scopes", table.path());
    }
    Ok(found)
}

/// The mirror, opened so that it cannot be changed.
pub fn open(data: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(data.join("reference.db"), flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

fn compared(table: &Table, here: &Rows, there: &Rows) -> Vec<String> {
    let path = table.path();
    let mut all = Vec::new();
    for key in there.keys().filter(|key| !here.contains_key(*key)) {
        all.push(format!("{path} {key} is missing at the terminal"));
    }
    for (key, cells) in here {
        let Some(wanted) = there.get(key) else {
            all.push(format!("{path} {key} is only at the terminal"));
            continue;
        };
        let columns: Vec<&String> = wanted.keys().chain(cells.keys()).collect();
        for column in columns {
            let [ours, theirs] = [cells, wanted].map(|row| row.get(column).cloned().flatten());
            // A terminal does not keep the hash of a PIN, only that there is one.
            let same = match column.as_str() {
                "pin_hash" => ours.is_some() == theirs.is_some(),
                _ => ours == theirs,
            };
            if !same {
                all.push(format!("{path} {key} {column}: {ours:?} instead of {theirs:?}"));
            }
        }
    }
    all
}
