//! Rows of kart-core as SQL.

use kart_core::row::{Cell, Row, Table};
use rusqlite::{
    CachedStatement, Connection, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};

/// A cell as SQLite stores it.
struct Stored<'c>(&'c Cell);

impl ToSql for Stored<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Bool(b) => ToSqlOutput::Owned(Value::Integer(i64::from(*b))),
            Cell::Int(n) => ToSqlOutput::Owned(Value::Integer(*n)),
            Cell::Time(t) => ToSqlOutput::Owned(Value::Integer(t.0)),
            Cell::Text(t) | Cell::Decimal(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
            Cell::Uuid(u) => ToSqlOutput::Borrowed(ValueRef::Blob(u.as_bytes())),
        })
    }
}

/// Writes `row`, replacing the row with the same `id`.
pub(crate) fn write(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let mut statement = prepare(connection, row.table)?;
    let cells: Vec<Stored<'_>> = row.cells.iter().map(Stored).collect();
    statement.execute(rusqlite::params_from_iter(cells.iter()))?;
    Ok(())
}

fn prepare<'c>(connection: &'c Connection, table: &Table) -> rusqlite::Result<CachedStatement<'c>> {
    connection.prepare_cached(&statement(table))
}

/// Counter readings are written once and carry no index, so they are plain inserts.
fn statement(table: &Table) -> String {
    let columns = table.columns.join(", ");
    let places = vec!["?"; table.columns.len()].join(", ");
    let name = table.sqlite_name();
    let insert = format!("INSERT INTO {name} ({columns}) VALUES ({places})");
    if *table == kart_core::record::tables::PRODUCTION_COUNTS {
        return insert;
    }
    let updates: Vec<String> = table
        .columns
        .iter()
        .skip(1)
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!("{insert} ON CONFLICT (id) DO UPDATE SET {}", updates.join(", "))
}
