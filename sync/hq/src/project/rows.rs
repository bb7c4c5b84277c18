//! Rows of kart-core as SQL.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use kart_core::row::{Row, Table};
use serde_json::{Map, Value};
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{database::relation, upsert::Upsert};

/// Takes away rows that are no longer what the facts say.
pub(crate) async fn withdraw(
    tx: &Transaction<'_>,
    gone: &[(&'static Table, Uuid)],
) -> Result<(), tokio_postgres::Error> {
    let mut by_table: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for (table, id) in gone {
        by_table.entry(relation(table.schema, table.name)).or_default().push(*id);
    }
    for (table, ids) in by_table {
        let delete = format!("DELETE FROM {table} WHERE id = ANY($1)");
        let statement = tx.prepare_cached(&delete).await?;
        tx.execute(&statement, &[&ids]).await?;
    }
    Ok(())
}

/// Writes the rows of one table in one statement; rows that are as they were are left alone.
pub(crate) async fn upsert(
    tx: &Transaction<'_>,
    table: &Table,
    rows: &[Row],
) -> Result<(), tokio_postgres::Error> {
    let rows: Vec<Value> =
        rows.iter().filter(|row| row.table == table).map(|row| object(table, row)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = tx.prepare_cached(&statement(table)).await?;
    tx.execute(&statement, &[&Json(rows)]).await?;
    Ok(())
}

/// A row as `jsonb_populate_recordset` reads it.
pub(crate) fn object(table: &Table, row: &Row) -> Value {
    let cells = row.cells.iter().map(kart_core::row::Cell::json);
    Value::Object(table.columns.iter().map(ToString::to_string).zip(cells).collect::<Map<_, _>>())
}

fn statement(table: &Table) -> String {
    let (fixed, told) = table.columns.split_at(1);
    let upsert = Upsert {
        table: relation(table.schema, table.name),
        key: if table.schema == "edge" { &["organization_id", "id"] } else { &["id"] },
        fixed,
        told,
        // The transaction's organisation, whatever a row would say.
        given: table
            .by_organization
            .then_some(("organization_id", "current_setting('edge.organization')")),
    };
    upsert.sql()
}
