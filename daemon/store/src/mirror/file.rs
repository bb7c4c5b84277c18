//! The mirror's file: opened when it is sound and of this format, otherwise begun anew.

use kart_core::down;
use rusqlite::{Connection, config::DbConfig};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::StoreError;

const SCHEMA: &str = include_str!("../../../../migrations/edge_reference/V3__mirror.sql");

/// `user_version` of a file with this schema.
const FORMAT: i64 = 3;

/// The format before: what checksums lack stood there unmasked. A terminal that is cut off goes on
/// with its rows; headquarters sends a scope whole whose checksum lacks something.
const UNMASKED: i64 = 2;

const MASK: &str = "
    ALTER TABLE rows DROP COLUMN withheld;
    ALTER TABLE rows ADD COLUMN withheld INTEGER;
    PRAGMA user_version = 3;";

pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return anew(path);
    }
    match sound(path) {
        Ok(Some(connection)) => Ok(connection),
        Ok(None) => {
            tracing::info!(path = %path.display(), "the mirror is of another format; begun anew");
            anew(path)
        },
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "the mirror is damaged; begun anew");
            anew(path)
        },
    }
}

/// A new, empty file in the place of whatever is there.
pub(super) fn anew(path: &Path) -> Result<Connection, StoreError> {
    // A log that outlived its file must not be played into the new one.
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let name = PathBuf::from(name);
        match fs::remove_file(&name) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Folder { path: name, source });
            },
            _ => {},
        }
    }
    let mut connection = connection(path)?;
    let sql = connection.transaction()?;
    sql.execute_batch(SCHEMA)?;
    sql.pragma_update(None, "user_version", FORMAT)?;
    sql.commit()?;
    views(&mut connection)?;
    Ok(connection)
}

/// The file as it is; `None` when it is of another format.
fn sound(path: &Path) -> Result<Option<Connection>, StoreError> {
    let mut connection = connection(path)?;
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format == UNMASKED {
        let sql = connection.transaction()?;
        sql.execute_batch(MASK)?;
        sql.commit()?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    } else if format != FORMAT {
        return Ok(None);
    }
    let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(StoreError::Senseless(check));
    }
    connection.query_row("SELECT one FROM mirror", [], |_| Ok(()))?;
    views(&mut connection)?;
    Ok(Some(connection))
}

fn connection(path: &Path) -> Result<Connection, StoreError> {
    let fault = |source| StoreError::Open { path: path.into(), source };
    #[expect(clippy::disallowed_methods, reason = "a file that can be thrown away")]
    let connection = Connection::open(path).map_err(fault)?;
    // What a power cut takes away is pulled again: cursor and rows are always of one commit.
    connection.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -1024;
         PRAGMA secure_delete = ON;",
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// Makes the views be those of this version.
fn views(connection: &mut Connection) -> Result<(), StoreError> {
    let wanted: BTreeMap<String, String> = down::TABLES.iter().map(view).collect();
    let sql = connection.transaction()?;
    let mut select = sql.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?;
    let standing = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let standing: BTreeMap<String, String> = standing.collect::<Result<_, _>>()?;
    drop(select);
    if standing != wanted {
        for name in standing.keys() {
            sql.execute_batch(&format!("DROP VIEW \"{name}\""))?;
        }
        for view in wanted.values() {
            sql.execute_batch(view)?;
        }
    }
    sql.commit()?;
    Ok(())
}

/// The name of a table's view, and what it is.
fn view(table: &down::Table) -> (String, String) {
    let down::Table { schema, name, .. } = table;
    let view = if *schema == "public" { (*name).to_owned() } else { format!("{schema}_{name}") };
    let columns = table.told().map(|column| format!("row ->> '{column}' AS \"{column}\""));
    let columns = columns.collect::<Vec<String>>().join(", ");
    let path = table.path();
    let sql = format!("CREATE VIEW \"{view}\" AS SELECT {columns} FROM rows WHERE tbl = '{path}'");
    (view, sql)
}
