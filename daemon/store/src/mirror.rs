//! The mirror of headquarters' rows: a file of its own, written in whole commits, never repaired.
//!
//! A delivery and its cursor are one transaction, so whoever reads sees one commit boundary of
//! headquarters. A file that is damaged, of another format or gone is begun anew and pulled again.
//! What the rows mean is not known here; `kart_core::reference` puts them together.

use kart_core::{
    down::Scope,
    pin::Secret,
    reference::{Reference, Rows},
};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

use crate::StoreError;

mod file;
mod sum;

pub use sum::Sum;

/// Sessions whose cursors are remembered.
const SESSIONS: i64 = 32;

/// The mirror in one data folder. Clones share it; callers take turns and block.
#[derive(Clone, Debug)]
pub struct Mirror {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

/// What one answer of headquarters brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The session it came in.
    pub session: Uuid,
    /// Stands for the state that it follows, unless all scopes are whole.
    pub base: Option<String>,
    /// Stands for the state after it.
    pub cursor: String,
    /// Facts of this terminal that the rows contain.
    pub applied_through: u64,
    /// Scopes whose rows are all in `rows`.
    pub whole: Vec<Scope>,
    /// Changed rows.
    pub rows: Vec<MirrorRow>,
}

/// One row of a delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MirrorRow {
    /// Whom it is for.
    pub scope: Scope,
    /// Schema and name.
    pub table: String,
    /// Its key.
    pub key: String,
    /// JSON text of columns as it came; `None`: the row is gone.
    pub row: Option<String>,
    /// What is kept instead, where a terminal may not keep all of it.
    pub kept: Option<String>,
}

/// What the mirror holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Mirrored {
    /// The site as one document.
    Document(Box<Reference>),
    /// Rows by table, as a feed brought them.
    Rows(Rows),
}

/// A delivery that is written and not yet committed.
#[derive(Debug)]
pub struct Written<'c>(&'c Connection);

impl Written<'_> {
    /// All rows as they are with it. Reading them takes a while: only for who needs them.
    pub fn rows(&self) -> Result<Rows, String> {
        rows(self.0).map_err(|fault| fault.to_string())
    }
}

impl Mirror {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("reference.db");
        let connection = Arc::new(Mutex::new(file::open(&path)?));
        Ok(Self { path, connection })
    }

    /// What it holds; `None` before the first delivery.
    pub fn load(&self) -> Result<Option<Mirrored>, StoreError> {
        self.with(|connection| {
            let select = "SELECT cursor, document FROM mirror";
            let (cursor, document): (Option<String>, Option<String>) =
                connection.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            match (cursor, document) {
                (_, Some(text)) => Ok(Some(Mirrored::Document(serde_json::from_str(&text)?))),
                (Some(_), None) => Ok(Some(Mirrored::Rows(rows(connection)?))),
                (None, None) => Ok(None),
            }
        })
    }

    /// Stands for the rows; `None` when there are none.
    pub fn cursor(&self) -> Result<Option<String>, StoreError> {
        self.cursor_where("SELECT cursor FROM mirror WHERE document IS NULL")
    }

    /// Stands for the document; `None` when there is none.
    pub fn document_cursor(&self) -> Result<Option<String>, StoreError> {
        self.cursor_where("SELECT cursor FROM mirror WHERE document IS NOT NULL")
    }

    fn cursor_where(&self, select: &str) -> Result<Option<String>, StoreError> {
        self.with(|connection| {
            Ok(connection.query_row(select, [], |row| row.get(0)).optional()?.flatten())
        })
    }

    /// A new life of the log begins: the rows contain nothing of it.
    pub(crate) fn begin_life(&self) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute("UPDATE mirror SET applied_through = 0", [])?;
            Ok(())
        })
    }

    /// The last cursor of each session that brought one.
    pub fn sessions(&self) -> Result<Vec<(Uuid, String)>, StoreError> {
        self.with(|connection| {
            let mut select = connection.prepare("SELECT session, cursor FROM sessions")?;
            let sessions =
                select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
            let sessions: Vec<(String, String)> = sessions.collect::<Result<_, _>>()?;
            let known = |(session, cursor): (String, String)| Some((session.parse().ok()?, cursor));
            Ok(sessions.into_iter().filter_map(known).collect())
        })
    }

    /// Facts of this terminal that the rows contain.
    pub fn applied_through(&self) -> Result<u64, StoreError> {
        self.with(|connection| {
            let select = "SELECT applied_through FROM mirror";
            let through: i64 = connection.query_row(select, [], |row| row.get(0))?;
            Ok(u64::try_from(through).unwrap_or_default())
        })
    }

    /// Takes a delivery over when `check` finds that all rows make sense together; what it makes of
    /// them comes back. Otherwise the mirror stays as it was. What a row is kept without is masked
    /// under `secret`.
    pub fn apply<T>(
        &self,
        delivery: &Delivery,
        secret: &Secret,
        check: impl FnOnce(&Written<'_>) -> Result<T, String>,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            check_base(&sql, delivery)?;
            write_rows(&sql, delivery, secret)?;
            let made = check(&Written(&sql)).map_err(StoreError::Senseless)?;
            write_place(&sql, delivery)?;
            sql.commit()?;
            Ok(made)
        })
    }

    /// Replaces what it holds by the site as one document.
    pub fn save(&self, reference: &Reference, cursor: Option<&str>) -> Result<(), StoreError> {
        let document = serde_json::to_string(reference)?;
        self.with(|connection| {
            let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            sql.execute("DELETE FROM rows", [])?;
            sql.execute(
                "UPDATE mirror SET cursor = ?1, applied_through = 0, document = ?2",
                (cursor, &document),
            )?;
            sql.commit()?;
            Ok(())
        })
    }

    /// Throws away what it holds.
    pub fn begin_anew(&self) -> Result<(), StoreError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        *connection = file::anew(&self.path)?;
        Ok(())
    }

    /// Each scope in two numbers; `secret` is the one that rows were applied with.
    pub fn sums(&self, secret: &Secret) -> Result<Vec<Sum>, StoreError> {
        self.with(|connection| sum::sums(connection, secret))
    }

    /// Does something with the file. When that finds it damaged or gone, a new one is begun.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // What a panic left half done was rolled back with its transaction.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.path.exists() {
            tracing::error!(path = %self.path.display(), "the mirror is gone; it is pulled again");
            *connection = file::anew(&self.path)?;
        }
        let done = work(&mut connection);
        if let Err(error) = &done
            && is_damage(error)
        {
            tracing::error!(%error, "the mirror is damaged; it is pulled again");
            *connection = file::anew(&self.path)?;
        }
        done
    }
}

/// A row or document that was written as JSON and is none any more has decayed as well.
fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Sqlite(error) => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
        StoreError::Json(_) => true,
        _ => false,
    }
}

/// The scope as it stands in the file.
fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Org => "org",
        Scope::Site => "site",
        Scope::Terminal => "terminal",
    }
}

/// All rows by table.
fn rows(connection: &Connection) -> Result<Rows, StoreError> {
    let mut select = connection.prepare_cached("SELECT tbl, row FROM rows")?;
    let mut found = select.query([])?;
    let mut rows = Rows::new();
    while let Some(row) = found.next()? {
        let columns = serde_json::from_slice(row.get_ref(1)?.as_bytes().map_err(damaged)?)?;
        let table = row.get_ref(0)?.as_str().map_err(damaged)?;
        match rows.get_mut(table) {
            Some(all) => all.push(columns),
            None => drop(rows.insert(table.to_owned(), vec![columns])),
        }
    }
    Ok(rows)
}

fn damaged(error: rusqlite::types::FromSqlError) -> StoreError {
    StoreError::Sqlite(error.into())
}

/// Changes of another state than ours would leave holes.
fn check_base(sql: &Connection, delivery: &Delivery) -> Result<(), StoreError> {
    let scopes = [Scope::Org, Scope::Site, Scope::Terminal];
    if scopes.iter().all(|scope| delivery.whole.contains(scope)) {
        return Ok(());
    }
    let select = "SELECT cursor FROM mirror WHERE document IS NULL";
    let ours: Option<String> = sql.query_row(select, [], |row| row.get(0)).optional()?.flatten();
    if ours.is_some() && ours == delivery.base {
        return Ok(());
    }
    Err(StoreError::Senseless("changes of another state than that of the mirror".to_owned()))
}

fn write_rows(sql: &Connection, delivery: &Delivery, secret: &Secret) -> Result<(), StoreError> {
    for scope in &delivery.whole {
        sql.execute("DELETE FROM rows WHERE scope = ?1", [word(*scope)])?;
    }
    let mut insert =
        sql.prepare_cached("INSERT OR REPLACE INTO rows VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut delete =
        sql.prepare_cached("DELETE FROM rows WHERE scope = ?1 AND tbl = ?2 AND pk = ?3")?;
    for MirrorRow { scope, table, key, row, kept } in &delivery.rows {
        let scope = word(*scope);
        match row {
            Some(row) => {
                let kept = kept.as_ref().unwrap_or(row);
                let withheld = sum::withheld(secret, [table, key, row], kept);
                insert.execute((scope, table, key, kept, withheld))?
            },
            None => delete.execute((scope, table, key))?,
        };
    }
    Ok(())
}

/// The cursor, and the session that it was given in.
fn write_place(sql: &Connection, delivery: &Delivery) -> Result<(), StoreError> {
    let through = i64::try_from(delivery.applied_through).unwrap_or(i64::MAX);
    sql.execute(
        "UPDATE mirror SET cursor = ?1, applied_through = ?2, document = NULL",
        (&delivery.cursor, through),
    )?;
    sql.execute(
        "INSERT INTO sessions VALUES (?1, (SELECT coalesce(max(began), 0) + 1 FROM sessions), ?2)
         ON CONFLICT (session) DO UPDATE SET cursor = excluded.cursor",
        (delivery.session.to_string(), &delivery.cursor),
    )?;
    sql.execute(
        "DELETE FROM sessions WHERE began <= (SELECT max(began) FROM sessions) - ?1",
        [SESSIONS],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
