//! Opening: settings with their reasons, migrations, and a look at what is there.

use kart_core::{fact::Hash, id::Origin, record::Tenant};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use crate::StoreError;

mod embedded {
    refinery::embed_migrations!("../../migrations/edge");
}

/// The oldest SQLite without the WAL-reset bug, which can corrupt a file that two connections use.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How many facts at the end of the log are hashed again at every start.
const VERIFIED_TAIL: i64 = 1_000;

/// Where a store lives and whose it is.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Folder of `facts.db` and `reference.db`.
    pub folder: PathBuf,
    /// Whose log a new file becomes; an existing file keeps its own.
    pub new_origin: Origin,
    /// Where rows belong.
    pub tenant: Tenant,
}

/// Refuses a SQLite library, by its number, that is known to corrupt files.
pub fn acceptable_sqlite(number: i32) -> Result<(), StoreError> {
    if number < OLDEST_SQLITE {
        return Err(StoreError::SqliteTooOld { found: number, needed: OLDEST_SQLITE });
    }
    Ok(())
}

/// Makes the folder and takes its lock; the lock lives as long as the file handle.
pub(crate) fn lock(folder: &Path) -> Result<File, StoreError> {
    let fault = |source| StoreError::Folder { path: folder.into(), source };
    fs::create_dir_all(folder).map_err(fault)?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path }),
        Err(TryLockError::Error(source)) => Err(fault(source)),
    }
}

/// The path of the log within `folder`.
pub(crate) fn facts_path(folder: &Path) -> PathBuf {
    folder.join("facts.db")
}

/// A file of facts that is to take the place of the other one.
pub(crate) fn next_path(folder: &Path) -> PathBuf {
    folder.join("facts-next.db")
}

/// The one writing connection, ready for use.
pub(crate) fn writing(folder: &Path) -> Result<Connection, StoreError> {
    let connection = connect(&facts_path(folder))?;
    verify_tail(&connection)?;
    Ok(connection)
}

/// A connection to a file of facts, which is made where there is none.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    acceptable_sqlite(rusqlite::version_number())?;
    let path = path.to_owned();
    let open = |source| StoreError::Open { path: path.clone(), source };
    #[expect(clippy::disallowed_methods, reason = "the one place that opens a writing connection")]
    let mut connection = Connection::open(&path).map_err(open)?;
    settings(&connection)?;
    let runner = embedded::migrations::runner();
    if let Err(error) = keep_copy(&connection, &path, &runner) {
        // Recording goes before going back, and half a copy only takes its room.
        remove_copies(path.parent().unwrap_or(&path)).ok();
        tracing::warn!(%error, "no copy was made before the migration");
    }
    runner
        // One transaction for the steps and their history: a power cut between the two would
        // otherwise leave a file that no later start can open.
        .set_grouped(true)
        .run(&mut connection)
        .map_err(|source| StoreError::Migrate { path: path.clone(), source: Box::new(source) })?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// A connection that cannot write.
pub(crate) fn reading(folder: &Path) -> Result<Connection, StoreError> {
    let path = facts_path(folder);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags)
        .map_err(|source| StoreError::Open { path, source })?;
    connection.pragma_update(None, "query_only", true)?;
    // Small: a terminal keeps several of these and their caches count against its memory.
    connection.pragma_update(None, "cache_size", -512)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

/// Keeps a file of an older release as it is, before it is migrated: put back in its place, that release
/// opens it, and what was recorded since comes again from headquarters. The copy before it goes.
fn keep_copy(
    connection: &Connection,
    path: &Path,
    runner: &refinery::Runner,
) -> Result<(), StoreError> {
    let history = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    if !connection.query_row(history, [], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let version = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    let version: i64 = connection.query_row(version, [], |row| row.get(0))?;
    let newest = runner.get_migrations().iter().map(|migration| i64::from(migration.version()));
    let folder = path.parent().unwrap_or(path);
    // A file that is only being made, or was set aside, is nobody's past.
    if version == 0 || newest.max() <= Some(version) || path != facts_path(folder) {
        return Ok(());
    }
    remove_copies(folder).map_err(|source| StoreError::Folder { path: folder.into(), source })?;
    let copy = folder.join(format!("{COPY}{version}.db"));
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    tracing::info!(copy = %copy.display(), "the file as it was before this release");
    Ok(())
}

/// How the name of such a copy begins; the version of its tables follows.
const COPY: &str = "before-V";

/// Takes those copies away: of what is forgotten no past is kept either.
pub(crate) fn remove_copies(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(COPY) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn settings(connection: &Connection) -> Result<(), StoreError> {
    // Readers must not block the writer.
    set(connection, "journal_mode", "wal", "wal")?;
    // NORMAL loses commits on a power cut, and a terminal is switched off at the plug.
    set(connection, "synchronous", "FULL", "2")?;
    set(connection, "foreign_keys", "ON", "1")?;
    // A file that somebody prepared must not run functions through its schema.
    set(connection, "trusted_schema", "OFF", "0")?;
    // Damaged pages are noticed when they are read.
    set(connection, "cell_size_check", "ON", "1")?;
    // A fault of the disk must be an error of a call, not a signal.
    set(connection, "mmap_size", "0", "0")?;
    set(connection, "temp_store", "MEMORY", "2")?;
    set(connection, "journal_size_limit", "67108864", "67108864")?;
    set(connection, "cache_size", "-2048", "-2048")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(())
}

/// Sets a pragma and reads it back: one that did not take is a reason not to start.
fn set(
    connection: &Connection,
    pragma: &'static str,
    value: &str,
    wanted: &str,
) -> Result<(), StoreError> {
    connection.execute_batch(&format!("PRAGMA {pragma} = {value}"))?;
    let found = connection.pragma_query_value(None, pragma, |row| row.get(0));
    let found = match found? {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found == wanted {
        return Ok(());
    }
    Err(StoreError::Pragma { pragma, found, wanted: wanted.to_owned() })
}

/// Hashes the end of the log again. SQLite's own checks do not see a flipped bit in a payload.
fn verify_tail(connection: &Connection) -> Result<(), StoreError> {
    let mut select = connection.prepare(
        "SELECT seq, line, hash FROM facts
         WHERE seq > (SELECT coalesce(max(seq), 0) FROM facts) - ?1 ORDER BY seq",
    )?;
    let mut rows = select.query([VERIFIED_TAIL + 1])?;
    let mut before: Option<(u64, Hash)> = None;
    while let Some(row) = rows.next()? {
        let (seq, line, stored): (i64, String, [u8; 32]) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let seq = u64::try_from(seq).unwrap_or_default();
        let known = before.or_else(|| (seq == 1).then_some((0, Hash::ZERO)));
        if let Some((last, hash)) = known {
            let damaged = |problem: &str| StoreError::Damaged { seq, problem: problem.to_owned() };
            if seq != last + 1 {
                return Err(damaged("a fact before it is missing"));
            }
            if hash.after(line.as_bytes()).0 != stored {
                return Err(damaged("its hash does not match its line"));
            }
        }
        before = Some((seq, Hash(stored)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_older_release_is_copied_before_it_is_migrated_and_can_go_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = facts_path(folder.path());
        let copies = || {
            let names = fs::read_dir(folder.path()).unwrap();
            let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(COPY)).collect::<Vec<_>>()
        };
        let to = |version| {
            #[expect(clippy::disallowed_methods, reason = "a file as an older release left it")]
            let mut file = Connection::open(&path).unwrap();
            let runner = embedded::migrations::runner();
            runner.set_target(refinery::Target::Version(version)).run(&mut file).unwrap();
            file
        };
        drop(to(17));
        drop(connect(&path).unwrap());
        assert_eq!(copies(), ["before-V17.db"]);
        drop(connect(&path).unwrap());
        assert_eq!(copies(), ["before-V17.db"], "once");
        // Back: the release before finds its own file.
        fs::copy(folder.path().join("before-V17.db"), &path).unwrap();
        let version = "SELECT max(version) FROM refinery_schema_history";
        assert_eq!(to(17).query_row(version, [], |row| row.get(0)), Ok(17));
        drop(connect(&path).unwrap());
        assert_eq!(copies(), ["before-V17.db"]);
        remove_copies(folder.path()).unwrap();
        assert!(copies().is_empty());
    }

    #[test]
    fn sqlite_with_the_wal_reset_bug_is_refused() {
        for bad in [3_040_001, 3_051_002] {
            assert!(matches!(acceptable_sqlite(bad), Err(StoreError::SqliteTooOld { .. })));
        }
        for good in [3_051_003, 3_054_001] {
            assert!(acceptable_sqlite(good).is_ok());
        }
    }
}
