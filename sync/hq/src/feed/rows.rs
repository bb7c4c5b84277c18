//! Rows as a terminal gets them, read in one snapshot: which tables is said in the domain library,
//! whose rows of them is said here.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::down::{self, TABLES, Table};
use kart_wire::{FeedRow, Scope, ScopeSum};
use ring::digest;
use tokio_postgres::types::{ToSql, Type};

use super::place::Place;
use crate::{database::relation, problem::Refusal};

/// The parameters of every statement: organisation, site, stations, machines, terminal, life, keys.
const PARAMETERS: [Type; 7] = [
    Type::TEXT,
    Type::UUID,
    Type::UUID_ARRAY,
    Type::UUID_ARRAY,
    Type::UUID,
    Type::TEXT,
    Type::TEXT_ARRAY,
];

/// Records that ended so long ago do not come down any more. It moves once a day, so that both ends
/// agree for a day.
const RECENT: &str = "date_trunc('day', now() AT TIME ZONE 'UTC') - interval '35 days'";

/// Whose rows `t` of a table are a terminal's. Row-level security says half of it again.
fn membership(table: &Table) -> Option<String> {
    let of_parent = |parent: &str, column: &str| {
        format!("EXISTS (SELECT FROM {parent} p WHERE p.id = t.{column} AND p.site_id = $2)")
    };
    let direct = match table.schema {
        "edge" => "t.organization_id = $1 AND t.site_id = $2",
        _ => "t.site_id = $2",
    };
    let rule = match (table.scope, table.name) {
        (down::Scope::Org, _) => "t.organization_id = $1".to_owned(),
        (_, "oee_sites") => "t.organization_id = $1 AND t.id = $2".to_owned(),
        (_, "oee_downtime_reasons") => of_parent("oee_downtime_groups", "group_id"),
        (_, "oee_incident_reasons") => of_parent("oee_incident_groups", "group_id"),
        (_, "oee_abort_reasons") => of_parent("oee_abort_groups", "group_id"),
        (_, "ops_station_incident_reasons") => of_parent("ops_station_incident_groups", "group_id"),
        (_, "ops_products") => of_parent("ops_product_families", "family_id"),
        (
            _,
            "oee_compatible_equipment"
            | "oee_product_equipment_config"
            | "oee_equipment_custom_fields",
        ) => of_parent("oee_equipment", "equipment_id"),
        (
            _,
            "oee_station_custom_fields" | "ops_station_equipment" | "ops_station_product_standards",
        ) => of_parent("ops_stations", "station_id"),
        (_, "users") => "t.organization_id = $1 AND EXISTS (SELECT FROM edge.people p
            WHERE p.organization_id = $1 AND p.site_id = $2 AND p.user_id = t.id)"
            .to_owned(),
        (_, "oee_batch_queue") => {
            "t.site_id = $2 AND t.status = 'queued' AND t.equipment_id = ANY ($4)".to_owned()
        },
        (_, "ops_station_batch_queue") => {
            "t.site_id = $2 AND t.status = 'queued' AND t.station_id = ANY ($3)".to_owned()
        },
        (_, "ops_jobs") => "t.site_id = $2 AND t.current_station_id = ANY ($3)
            AND t.state NOT IN ('completed', 'scrapped', 'aborted')"
            .to_owned(),
        (_, "oee_machine_events") => open_batch("t"),
        (_, "oee_batch_details") => format!(
            "EXISTS (SELECT FROM oee_machine_events e WHERE e.id = t.event_id AND {})",
            open_batch("e")
        ),
        (_, "number_leases") => {
            "t.organization_id = $1 AND t.terminal_id = $5 AND t.incarnation = $6".to_owned()
        },
        (_, "corrections") => {
            format!(
                "t.organization_id = $1 AND $5 = ANY (t.terminal_id || t.others)
                 AND t.at >= {RECENT}"
            )
        },
        (_, "erasures") => "t.organization_id = $1 AND t.terminal_id = $5".to_owned(),
        (_, "record_aliases") => {
            "t.organization_id = $1 AND t.site_id = $2 AND t.station_id = ANY ($3)".to_owned()
        },
        (_, "conflicts") => "t.organization_id = $1 AND t.site_id = $2 AND t.resolved_at IS NULL
            AND (t.stations && $3 OR t.machines && $4 OR t.terminal_id = $5)"
            .to_owned(),
        (_, "calls") => "t.organization_id = $1 AND t.site_id = $2 AND t.ended_at IS NULL
            AND (t.station_id = ANY ($3) OR t.equipment_id = ANY ($4) OR t.terminal_id = $5)"
            .to_owned(),
        (down::Scope::Site, _) => direct.to_owned(),
        (down::Scope::Terminal, _) => return None,
    };
    Some(rule)
}

/// A batch that is running, or that waits to be taken on by the next station.
fn open_batch(event: &str) -> String {
    format!(
        "{event}.event_type = 'batch' AND {event}.organization_id = $1 AND {event}.site_id = $2
         AND ({event}.end_ts IS NULL OR NOT {event}.resolved AND {event}.end_ts >= {RECENT})
         AND ({event}.equipment_id = ANY ($4) OR {event}.station_id = ANY ($3))"
    )
}

/// What is told with a batch's event `t` and kept elsewhere. Whatever changes it notes the event.
fn further(name: &str) -> &'static str {
    match name {
        "terminal" => {
            "(SELECT x.code FROM edge.records b JOIN edge.terminals x
                  ON x.organization_id = b.organization_id AND x.terminal_id::text
                     = b.state #>> '{batch,started,0,origin,terminal}'
              WHERE b.organization_id = $1 AND b.record_id = t.id)"
        },
        "operators" => {
            "(SELECT string_agg(DISTINCT o.user_id::text, ' ' ORDER BY o.user_id::text)
              FROM oee_batch_details d JOIN oee_batch_operators o ON o.batch_id = d.id
              WHERE d.event_id = t.id AND o.ended_at IS NULL)"
        },
        "called_us" => "(extract(epoch FROM t.called_at) * 1000000)::bigint::text",
        "began_us" => "(extract(epoch FROM t.start_ts) * 1000000)::bigint::text",
        "posted_us" => "(extract(epoch FROM t.posted_at) * 1000000)::bigint::text",
        "started_us" => "(extract(epoch FROM t.started_at) * 1000000)::bigint::text",
        "due_us" => "(extract(epoch FROM t.due_at) * 1000000)::bigint::text",
        "visits" => VISITS,
        _ => "NULL",
    }
}

/// Where a job `t` has been, with the time of people at the stations that are done with it. What lasts is
/// told once it is over: it would change without anything being noted.
const VISITS: &str = "(SELECT jsonb_agg(jsonb_build_object(
        'station', h.station_id, 'entry', h.entry_number,
        'good', h.good_parts_at_station, 'scrap', h.scrap_parts_at_station,
        'posted', (extract(epoch FROM h.posted_at) * 1000000)::bigint,
        'started', (extract(epoch FROM h.started_at) * 1000000)::bigint,
        'started_by', h.started_by,
        'completed', (extract(epoch FROM h.completed_at) * 1000000)::bigint,
        'completed_by', h.completed_by,
        'touch_us', (SELECT (sum(extract(epoch FROM least(l.end_ts, h.completed_at)
                                       - greatest(l.start_ts, coalesce(h.posted_at, l.start_ts))))
                             * 1000000)::bigint
                     FROM ops_labor_entries l
                     WHERE l.job_id = h.job_id AND l.station_id = h.station_id
                       AND l.start_ts < h.completed_at
                       AND l.end_ts > coalesce(h.posted_at, '-infinity')))
        ORDER BY coalesce(h.posted_at, h.started_at, h.completed_at), h.id)::text
    FROM ops_job_station_history h WHERE h.job_id = t.id)";

/// Table, key and row of those rows; with `keyed` only of the keys asked for.
fn select(table: &Table, keyed: bool) -> Option<String> {
    let key: Vec<String> = table.key.iter().map(|column| format!("t.{column}")).collect();
    let columns = table.columns.iter().map(|column| format!("'{column}', t.{column}::text"));
    let further = table.further.iter().map(|name| format!("'{name}', {}", further(name)));
    let told: Vec<String> = columns.chain(further).collect();
    let wanted = match (keyed, &key[..]) {
        (false, _) => String::new(),
        // Every key of one column is a UUID; so its index can be used.
        (true, [column]) => format!(" AND {column} = ANY ($7::text[]::uuid[])"),
        (true, _) => format!(" AND concat_ws('/', {}) = ANY ($7)", key.join(", ")),
    };
    Some(format!(
        "SELECT '{}', concat_ws('/', {}), jsonb_build_object({})::text FROM {} t WHERE {}{wanted}",
        table.path(),
        key.join(", "),
        told.join(", "),
        relation(table.schema, table.name),
        membership(table)?,
    ))
}

/// The scope as it is on the wire.
pub(super) fn scope(table: &Table) -> Scope {
    match table.scope {
        down::Scope::Org => Scope::Org,
        down::Scope::Site => Scope::Site,
        down::Scope::Terminal => Scope::Terminal,
    }
}

/// All rows of a scope.
pub(crate) async fn whole(
    tx: &Transaction<'_>,
    place: &Place,
    of: Scope,
) -> Result<Vec<FeedRow>, Refusal> {
    let tables = TABLES.iter().filter(|table| scope(table) == of);
    let parts: Vec<String> = tables.filter_map(|table| select(table, false)).collect();
    read(tx, place, of, &parts.join(" UNION ALL "), &[]).await
}

/// The rows of one table that have these keys; a key without a row is answered with none.
pub(super) async fn keyed(
    tx: &Transaction<'_>,
    place: &Place,
    table: &Table,
    keys: &BTreeSet<String>,
) -> Result<Vec<FeedRow>, Refusal> {
    let Some(statement) = select(table, true) else { return Ok(Vec::new()) };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut rows = read(tx, place, scope(table), &statement, &keys).await?;
    let present: BTreeSet<String> = rows.iter().map(|row| row.key.clone()).collect();
    let gone = keys.into_iter().map(|key| place.names.outward(key).into_owned());
    rows.extend(gone.filter(|key| !present.contains(key)).map(|key| FeedRow {
        scope: scope(table),
        table: table.path(),
        key,
        row: None,
    }));
    Ok(rows)
}

async fn read(
    tx: &Transaction<'_>,
    place: &Place,
    scope: Scope,
    statement: &str,
    keys: &[&str],
) -> Result<Vec<FeedRow>, Refusal> {
    let statement = tx.prepare_typed_cached(statement, &PARAMETERS).await?;
    let parameters: [&(dyn ToSql + Sync); 7] = [
        &place.organization,
        &place.site,
        &place.stations,
        &place.machines,
        &place.terminal,
        &place.incarnation,
        &keys,
    ];
    let rows = tx.query(&statement, &parameters).await?;
    rows.iter()
        .map(|row| {
            let (table, key): (_, &str) = (row.try_get(0)?, row.try_get(1)?);
            let told: Option<&str> = row.try_get(2)?;
            let told = told.map(|told| place.names.outward(told).into_owned());
            Ok(FeedRow { scope, table, key: place.names.outward(key).into_owned(), row: told })
        })
        .collect()
}

/// A scope in two numbers, of all its rows.
pub(super) fn sum<'r>(scope: Scope, rows: impl Iterator<Item = &'r FeedRow>) -> ScopeSum {
    let (mut count, mut sum) = (0, 0_u64);
    for row in rows {
        let Some(told) = &row.row else { continue };
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in [row.table.as_bytes(), &[0], row.key.as_bytes(), &[0], told.as_bytes()] {
            hash.update(part);
        }
        let hash = hash.finish();
        let head = hash.as_ref().first_chunk::<8>();
        sum = sum.wrapping_add(head.map_or(0, |head| u64::from_be_bytes(*head)));
        count += 1;
    }
    ScopeSum { scope, rows: count, sum: format!("{sum:016x}") }
}

/// Which rows changed: keys by table, and scopes that may have changed altogether.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) keys: BTreeMap<usize, BTreeSet<String>>,
    pub(super) whole: BTreeSet<Scope>,
}

impl Changed {
    /// Takes in one entry of the feed; those of tables that nobody gets are passed over.
    pub(super) fn add(&mut self, internal: &str, path: &str, key: &str) {
        if path == "*" {
            self.whole.insert(match internal {
                "org" => Scope::Org,
                site if site.starts_with("site:") => Scope::Site,
                _ => Scope::Terminal,
            });
            return;
        }
        for (n, table) in TABLES.iter().enumerate() {
            if table.path() == path || table.follows == Some(path) {
                self.keys.entry(n).or_default().insert(key.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_rule() {
        for table in TABLES {
            assert!(select(table, true).is_some(), "whose rows of {} are sent?", table.path());
            assert!(table.further.iter().all(|name| further(name) != "NULL"), "{}", table.path());
        }
    }

    #[test]
    fn what_follows_comes_with_it() {
        let mut changed = Changed::default();
        changed.add("station:x", "public.oee_machine_events", "1");
        changed.add("terminal:x", "edge.terminals", "2");
        changed.add("site:x", "*", "*");
        let tables: Vec<&str> = changed.keys.keys().map(|n| TABLES[*n].name).collect();
        assert_eq!(tables, ["oee_machine_events", "oee_batch_details"]);
        assert_eq!(changed.whole, BTreeSet::from([Scope::Site]));
    }

    #[test]
    fn a_sum_does_not_depend_on_the_order() {
        let row = |key: &str, text: &str| FeedRow {
            scope: Scope::Site,
            table: "public.oee_sites".into(),
            key: key.into(),
            row: Some(text.into()),
        };
        let (one, two) = (row("1", "{}"), row("2", r#"{"id": "2"}"#));
        let there = sum(Scope::Site, [&one, &two].into_iter());
        assert_eq!(there, sum(Scope::Site, [&two, &one].into_iter()));
        assert_eq!(there.rows, 2);
        assert_ne!(there.sum, sum(Scope::Site, std::iter::once(&one)).sum);
        // SHA-256 of "public.oee_sites\01\0{}", computed elsewhere.
        assert_eq!(sum(Scope::Site, std::iter::once(&one)).sum, "3eda74fbcaa37552");
    }
}
