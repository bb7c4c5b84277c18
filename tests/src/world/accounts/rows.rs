//! The projections: every row of every table, column by column, at the terminal and at headquarters.

use std::collections::BTreeMap;

use kart_core::record::tables;
use kart_core::row::Table;
use rusqlite::types::Value;
use serde::Serialize;
use uuid::Uuid;

use super::Books;
use crate::world::headquarters::Headquarters;

#[derive(Debug, Serialize)]
pub struct Rows {
    pub table: &'static str,
    pub sqlite: usize,
    pub postgres: usize,
    /// Rows that only one side holds in this form.
    pub differing: usize,
    /// One of them, column by column, for whoever has to look for the reason.
    pub example: Option<String>,
}

pub(super) async fn compare(books: &Books<'_>) -> anyhow::Result<Vec<Rows>> {
    let Some(headquarters) = books.headquarters else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for table in tables::ALL {
        let types = types(headquarters, table).await?;
        let edge = at_edge(books, table, &types)?;
        let centre = at_headquarters(headquarters, table, &types).await?;
        let only = |these: &[Vec<String>], those: &[Vec<String>]| -> Vec<String> {
            let differing = these.iter().filter(|row| those.binary_search(row).is_err());
            differing.map(|row| row.join(" | ")).collect()
        };
        let mut differing = only(&edge, &centre);
        differing.extend(only(&centre, &edge));
        all.push(Rows {
            table: table.name,
            sqlite: edge.len(),
            postgres: centre.len(),
            differing: differing.len().max(edge.len().abs_diff(centre.len())),
            example: differing.pop(),
        });
    }
    Ok(all)
}

/// The type of each column at headquarters.
async fn types(
    headquarters: &Headquarters,
    table: &Table,
) -> anyhow::Result<BTreeMap<String, String>> {
    let rows = headquarters
        .sql(
            "SELECT column_name::text, data_type::text FROM information_schema.columns
             WHERE table_schema = $1 AND table_name = $2",
            &[&table.schema, &table.name],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn at_headquarters(
    headquarters: &Headquarters,
    table: &Table,
    types: &BTreeMap<String, String>,
) -> anyhow::Result<Vec<Vec<String>>> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match types.get(*column).map_or("", String::as_str) {
            "timestamp with time zone" => {
                format!("coalesce((extract(epoch FROM {column}) * 1000000)::bigint::text, '-')")
            },
            "boolean" => format!("coalesce({column}::int::text, '-')"),
            "numeric" => format!("coalesce(trim_scale({column})::text, '-')"),
            _ => format!("coalesce({column}::text, '-')"),
        })
        .collect();
    let (schema, name, told) = (table.schema, table.name, told(table));
    let statement = format!("SELECT {} FROM {schema}.{name} WHERE {told}", columns.join(", "));
    let rows = headquarters.sql(&statement, &[]).await?;
    let mut rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| (0..table.columns.len()).map(|column| row.get(column)).collect())
        .collect();
    rows.sort();
    Ok(rows)
}

/// The rows that the fold tells these columns of: of a batch, headquarters decides beside the fold
/// whether it is resolved.
fn told(table: &Table) -> &'static str {
    if *table == tables::INCIDENT_EVENTS { "event_type = 'incident'" } else { "true" }
}

fn at_edge(
    books: &Books<'_>,
    table: &Table,
    types: &BTreeMap<String, String>,
) -> anyhow::Result<Vec<Vec<String>>> {
    let (columns, name, told) = (table.columns.join(", "), table.sqlite_name(), told(table));
    let statement = format!("SELECT {columns} FROM {name} WHERE {told}");
    let mut select = books.edge.prepare(&statement)?;
    let rows = select.query_map([], |row| {
        let cells = table.columns.iter().enumerate().map(|(place, column)| {
            let decimal = types.get(*column).is_some_and(|kind| kind == "numeric");
            Ok(cell(row.get(place)?, decimal))
        });
        cells.collect::<rusqlite::Result<Vec<String>>>()
    })?;
    let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
    rows.sort();
    Ok(rows)
}

fn cell(value: Value, decimal: bool) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) if decimal && text.contains('.') => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        },
        Value::Text(text) => text,
        Value::Blob(bytes) => {
            Uuid::from_slice(&bytes).map_or_else(|_| format!("{bytes:?}"), |id| id.to_string())
        },
    }
}
