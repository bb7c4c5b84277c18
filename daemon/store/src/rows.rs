//! Rows of kart-core as SQL.

use kart_core::{
    id::Origin,
    record::tables::{ALL, PRODUCTION_COUNTS},
    row::{Cell, Row, Table, Told},
};
use rusqlite::{
    CachedStatement, Connection, OptionalExtension, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    sync::LazyLock,
};

/// A cell as SQLite stores it.
struct Stored<'c>(&'c Cell);

impl ToSql for Stored<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            // A text was put in its place before, where there is one.
            Cell::Null | Cell::Told(_) => ToSqlOutput::Owned(Value::Null),
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
    origin: Origin,
    /// Prepared statements, by the table with its columns.
    statements: BTreeMap<*const Table, CachedStatement<'c>>,
}

impl<'c> RowWriter<'c> {
    /// For the rows of the log of `origin`, which is in the same file.
    pub(crate) fn new(connection: &'c Connection, origin: Origin) -> Self {
        Self { connection, origin, statements: BTreeMap::new() }
    }

    /// Writes `row`, replacing the row with the same `id`.
    pub(crate) fn write(&mut self, row: &Row) -> rusqlite::Result<()> {
        let row = self.with_texts(row)?;
        let statement = match self.statements.entry(row.table) {
            Entry::Occupied(prepared) => prepared.into_mut(),
            Entry::Vacant(free) => {
                let known = ALL.iter().position(|table| *table == row.table);
                let sql = known.and_then(|place| STATEMENTS.get(place)).cloned();
                let sql = sql.unwrap_or_else(|| statement(row.table));
                free.insert(self.connection.prepare_cached(&sql)?)
            },
        };
        statement.execute(rusqlite::params_from_iter(row.cells.iter().map(Stored)))?;
        Ok(())
    }

    /// The row with what people wrote in it, which is noted beside it, so that it can be erased.
    fn with_texts<'r>(&self, row: &'r Row) -> rusqlite::Result<Cow<'r, Row>> {
        let told =
            row.cells.iter().zip(row.table.columns).filter_map(|(cell, column)| match cell {
                Cell::Told(told) => Some((*column, *told)),
                _ => None,
            });
        let told: Vec<(&str, Told)> = told.collect();
        let (false, Some(Cell::Uuid(id))) = (told.is_empty(), row.cells.first()) else {
            return Ok(Cow::Borrowed(row));
        };
        let mut texts = BTreeMap::new();
        for (column, told) in told {
            texts.insert(column, self.text(row.table, column, (id.as_bytes(), told))?);
        }
        let cells = row.cells.iter().zip(row.table.columns);
        let cells = cells.map(|(cell, column)| match texts.remove(column) {
            Some(text) => text.into(),
            None => cell.clone(),
        });
        Ok(Cow::Owned(Row { table: row.table, cells: cells.collect() }))
    }

    /// The text as it stands beside its fact; where that has left this disk, as it stands in the row.
    fn text(
        &self,
        table: &Table,
        column: &str,
        (id, told): (&[u8; 16], Told),
    ) -> rusqlite::Result<Option<String>> {
        if told.origin != self.origin {
            return Ok(None);
        }
        let seq = i64::try_from(told.seq).unwrap_or(i64::MAX);
        let place = format!("{}.{column}", table.sqlite_name());
        let beside: Option<Option<String>> = self
            .connection
            .prepare_cached("SELECT text FROM fact_texts WHERE seq = ?1 AND field = ?2")?
            .query_row((seq, told.field), |row| row.get(0))
            .optional()?;
        let text = match beside {
            Some(text) => text,
            None => self
                .connection
                .query_row(
                    &format!(
                        "SELECT r.{column} FROM {} r JOIN told t ON t.id = r.id
                         WHERE r.id = ?1 AND t.place = ?2 AND t.seq = ?3",
                        table.sqlite_name()
                    ),
                    (id, &place, seq),
                    |row| row.get(0),
                )
                .optional()?
                .flatten(),
        };
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO told VALUES (?1, ?2, ?3, ?4)")?
            .execute((&place, id, seq, told.field))?;
        Ok(text)
    }
}

/// Takes a text out of the rows that it stands in. A file of before has no such rows.
pub(crate) fn erase(connection: &Connection, seq: i64, field: &str) -> rusqlite::Result<usize> {
    let known = "SELECT count(*) FROM sqlite_schema WHERE name = 'told'";
    if connection.query_row(known, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(0);
    }
    let mut select =
        connection.prepare_cached("SELECT place, id FROM told WHERE seq = ?1 AND field = ?2")?;
    let places = select.query_map((seq, field), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let places: Vec<(String, [u8; 16])> = places.collect::<rusqlite::Result<_>>()?;
    let mut erased = 0;
    for (place, id) in places {
        let Some((table, column)) = place.split_once('.') else { continue };
        let update =
            format!("UPDATE {table} SET {column} = NULL WHERE id = ?1 AND {column} IS NOT NULL");
        erased += connection.execute(&update, [id])?;
    }
    Ok(erased)
}

/// Made once, in the order of [`ALL`]: a text per row would cost more than the row.
static STATEMENTS: LazyLock<Vec<String>> =
    LazyLock::new(|| ALL.iter().map(|table| statement(table)).collect());

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
