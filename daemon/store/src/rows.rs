//! Rows of kart-core as SQL.

use kart_core::{
    record::tables::{ALL, PRODUCTION_COUNTS},
    row::{Cell, Row, Table},
};
use rusqlite::{
    CachedStatement, Connection, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::LazyLock,
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
            Cell::Word(word) => ToSqlOutput::Borrowed(ValueRef::Text(word.as_bytes())),
            Cell::Uuid(u) => ToSqlOutput::Borrowed(ValueRef::Blob(u.as_bytes())),
        })
    }
}

/// Writes rows within one transaction; each table's statement is prepared once.
pub(crate) struct RowWriter<'c> {
    connection: &'c Connection,
    statements: BTreeMap<&'static str, CachedStatement<'c>>,
}

impl<'c> RowWriter<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, statements: BTreeMap::new() }
    }

    /// Writes `row`, replacing the row with the same `id`.
    pub(crate) fn write(&mut self, row: &Row) -> rusqlite::Result<()> {
        let statement = match self.statements.entry(row.table.name) {
            Entry::Occupied(prepared) => prepared.into_mut(),
            Entry::Vacant(free) => {
                let sql = STATEMENTS.get(row.table.name).cloned();
                let sql = sql.unwrap_or_else(|| statement(row.table));
                free.insert(self.connection.prepare_cached(&sql)?)
            },
        };
        statement.execute(rusqlite::params_from_iter(row.cells.iter().map(Stored)))?;
        Ok(())
    }
}

/// Made once: a text per row would cost more than the row.
static STATEMENTS: LazyLock<BTreeMap<&str, String>> =
    LazyLock::new(|| ALL.iter().map(|table| (table.name, statement(table))).collect());

/// Counter readings are written once and carry no index, so they are plain inserts.
fn statement(table: &Table) -> String {
    let columns = table.columns.join(", ");
    let places = vec!["?"; table.columns.len()].join(", ");
    let name = table.sqlite_name();
    let insert = format!("INSERT INTO {name} ({columns}) VALUES ({places})");
    if *table == PRODUCTION_COUNTS {
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
