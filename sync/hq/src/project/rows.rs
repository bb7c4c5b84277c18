//! Rows of kart-core as SQL.

use std::{borrow::Cow, collections::BTreeMap};

use deadpool_postgres::Transaction;
use kart_core::row::{Cell, Row, Table, Told};
use serde_json::{Map, Value};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{
    database::{relation, to_bigint},
    upsert::Upsert,
};

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
    let rows: Vec<&Row> = rows.iter().filter(|row| row.table == table).collect();
    if rows.is_empty() {
        return Ok(());
    }
    // The database says once what types its columns have.
    let relation = relation(table.schema, table.name);
    let look = format!("SELECT {} FROM {relation} LIMIT 0", table.columns.join(", "));
    let described = tx.prepare_cached(&look).await?;
    let types: Vec<&str> = described.columns().iter().map(|column| column.type_().name()).collect();
    let statement = tx.prepare_cached(&statement(table, &types)).await?;
    let column = |place: usize| -> Vec<Option<Cow<'_, str>>> {
        rows.iter().map(|row| row.cells.get(place).and_then(text)).collect()
    };
    let columns: Vec<_> = (0..table.columns.len()).map(column).collect();
    let columns: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
    tx.execute(&statement, &columns).await?;
    Ok(())
}

/// Puts what people wrote beside facts into the rows that tell it; what is erased is no more.
pub(crate) async fn tell(
    tx: &Transaction<'_>,
    organization: &str,
    rows: &mut [Row],
) -> Result<(), tokio_postgres::Error> {
    let told = |cell: &Cell| match cell {
        Cell::Told(told) => Some(*told),
        _ => None,
    };
    let wanted: Vec<Told> = rows.iter().flat_map(|row| &row.cells).filter_map(told).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let terminals: Vec<Uuid> = wanted.iter().map(|told| told.origin.terminal.0).collect();
    let lives: Vec<String> =
        wanted.iter().map(|told| told.origin.incarnation.to_string()).collect();
    let seqs: Vec<i64> = wanted.iter().map(|told| to_bigint(told.seq)).collect();
    let fields: Vec<&str> = wanted.iter().map(|told| told.field).collect();
    let statement = tx
        .prepare_cached(
            "SELECT x.text FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[])
                 WITH ORDINALITY AS w(terminal_id, incarnation, seq, field, place)
             LEFT JOIN edge.fact_texts x ON x.organization_id = $1
                 AND (x.terminal_id, x.incarnation, x.seq, x.field)
                     = (w.terminal_id, w.incarnation, w.seq, w.field)
             ORDER BY w.place",
        )
        .await?;
    let texts = tx.query(&statement, &[&organization, &terminals, &lives, &seqs, &fields]).await?;
    let cells = rows.iter_mut().flat_map(|row| &mut row.cells);
    let cells = cells.filter(|cell| matches!(cell, Cell::Told(_)));
    for (cell, text) in cells.zip(&texts) {
        *cell = text.try_get::<_, Option<String>>(0)?.into();
    }
    Ok(())
}

/// What Postgres reads as the value.
fn text(cell: &Cell) -> Option<Cow<'_, str>> {
    Some(match cell {
        // Texts were put in their places before, where there are any.
        Cell::Null | Cell::Told(_) => return None,
        Cell::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Cell::Int(value) => Cow::Owned(value.to_string()),
        Cell::Text(value) | Cell::Decimal(value) => Cow::Borrowed(value),
        Cell::Word(value) => Cow::Borrowed(value),
        Cell::Uuid(value) => Cow::Owned(value.to_string()),
        Cell::Time(value) => Cow::Owned(value.rfc3339()),
    })
}

/// A row as `jsonb_populate_recordset` reads it.
pub(crate) fn object(table: &Table, row: &Row) -> Value {
    let cells = row.cells.iter().map(kart_core::row::Cell::json);
    Value::Object(table.columns.iter().map(ToString::to_string).zip(cells).collect::<Map<_, _>>())
}

/// Takes one array of texts for each column: several times as fast as JSON, which names the columns in each row.
fn statement(table: &Table, types: &[&str]) -> String {
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
    let arrays = types.iter().enumerate().map(|(n, kind)| format!("${}::text[]::{kind}[]", n + 1));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    upsert.sql_from(&format!("unnest({arrays}) AS r({})", table.columns.join(", ")))
}
