//! The file of the ring: chunks go in at one end and leave at the other. It heals by being begun
//! anew.

use kart_core::room::Room;
use rusqlite::{Connection, params};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

use super::{Labels, RawOptions, read::Written};
use crate::{open::acceptable_sqlite, room::room};

/// The format of the file; one of another format is begun anew.
const FORMAT: i32 = 1;

/// So many chunks leave in one step.
const STEP: i64 = 64;

const SCHEMA: &str = "
    CREATE TABLE signal (
        id        INTEGER PRIMARY KEY,
        equipment BLOB NOT NULL,
        name      TEXT NOT NULL,
        source    TEXT NOT NULL,
        UNIQUE (equipment, name, source)
    ) STRICT;
    CREATE TABLE chunk (
        id        INTEGER PRIMARY KEY,
        run       BLOB NOT NULL,
        boot      TEXT NOT NULL,
        map       TEXT NOT NULL,
        from_wall INTEGER NOT NULL,
        from_mono INTEGER NOT NULL,
        to_wall   INTEGER NOT NULL,
        to_mono   INTEGER NOT NULL,
        readings  INTEGER NOT NULL,
        lost      INTEGER NOT NULL,
        body      BLOB NOT NULL
    ) STRICT;";

/// Which signals were listened to by which map, also while they said nothing. A file of before has
/// no such table yet.
const LISTENED: &str = "
    CREATE TABLE IF NOT EXISTS listened (
        map    TEXT NOT NULL,
        signal INTEGER NOT NULL,
        PRIMARY KEY (map, signal)
    ) STRICT, WITHOUT ROWID;";

/// The path of the ring within `folder`.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("raw.db")
}

/// The file, as far as it can be used at the moment.
pub(super) struct RingFile {
    options: RawOptions,
    /// Names this run of the program: chunks of two runs never follow each other.
    run: Uuid,
    connection: Option<Connection>,
    /// Rows of signals that are known, by the machine's place in the map.
    signals: BTreeMap<usize, BTreeMap<String, i64>>,
    /// Rows of sources of bytes that are known.
    blocks: BTreeMap<Arc<str>, i64>,
    /// Whether the file knows what the map in force listens to.
    announced: bool,
    /// How often the file was begun anew: rows of signals hold in one file only.
    begun: u64,
    /// Whether the last attempt failed, so that one trouble is one line of the log.
    refused: bool,
}

impl RingFile {
    pub(super) fn new(options: RawOptions) -> Self {
        Self {
            options,
            run: Uuid::new_v4(),
            connection: None,
            signals: BTreeMap::new(),
            blocks: BTreeMap::new(),
            announced: false,
            begun: 0,
            refused: false,
        }
    }

    /// The row of a signal; `None` where the file cannot be used or the map has no such signal.
    pub(super) fn signal(&mut self, labels: &Labels, machine: usize, name: &str) -> Option<i64> {
        if let Some(row) = self.signals.get(&machine).and_then(|known| known.get(name)) {
            return Some(*row);
        }
        let (equipment, sources) = labels.machines.get(machine)?;
        let source = sources.get(name).map_or("", String::as_str);
        let row = self.row(equipment.0, name, source)?;
        self.signals.entry(machine).or_default().insert(name.to_owned(), row);
        Some(row)
    }

    /// The row of a source of bytes; it is of no machine and has no name but what it is of.
    pub(super) fn block(&mut self, of: &Arc<str>) -> Option<i64> {
        if let Some(row) = self.blocks.get(of) {
            return Some(*row);
        }
        let row = self.row(Uuid::nil(), "", of)?;
        self.blocks.insert(Arc::clone(of), row);
        Some(row)
    }

    /// Writes down what the map listens to, also while that says nothing.
    pub(super) fn announce(&mut self, labels: &Labels) {
        if self.announced {
            return;
        }
        let mut rows = Vec::new();
        for (machine, (_, sources)) in labels.machines.iter().enumerate() {
            for name in sources.keys() {
                let Some(row) = self.signal(labels, machine, name) else { return };
                rows.push(row);
            }
        }
        let written = self.with(|connection| {
            let mut insert = connection
                .prepare_cached("INSERT OR IGNORE INTO listened (map, signal) VALUES (?1, ?2)")?;
            rows.iter().try_for_each(|row| insert.execute(params![labels.map, row]).map(drop))
        });
        self.announced = written.is_some();
    }

    fn row(&mut self, equipment: Uuid, name: &str, source: &str) -> Option<i64> {
        self.with(|connection| {
            connection.execute(
                "INSERT OR IGNORE INTO signal (equipment, name, source) VALUES (?1, ?2, ?3)",
                params![equipment, name, source],
            )?;
            connection.query_row(
                "SELECT id FROM signal WHERE equipment = ?1 AND name = ?2 AND source = ?3",
                params![equipment, name, source],
                |row| row.get::<_, i64>(0),
            )
        })
    }

    /// Which file the rows of signals are of.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// Places in the map mean other machines from now on.
    pub(super) fn relabel(&mut self) {
        self.forget_rows();
    }

    fn forget_rows(&mut self) {
        self.signals.clear();
        self.blocks.clear();
        self.announced = false;
    }

    /// Writes a chunk and lets go what the ring has no room for.
    pub(super) fn write(&mut self, chunk: &Written<'_>) -> bool {
        let run = self.run;
        if self.is_short() {
            self.shed(true);
            if self.is_short() {
                self.refuse("the disk is short");
                return false;
            }
        }
        // Readings of a file that is gone would come back as those of other signals.
        if self.with(|_| Ok(())).is_none() || (chunk.readings > 0 && chunk.begun != self.begun) {
            return false;
        }
        let insert = |connection: &Connection| {
            connection
                .prepare_cached(
                    "INSERT INTO chunk (run, boot, map, from_wall, from_mono, to_wall, to_mono,
                     readings, lost, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    run,
                    chunk.boot,
                    chunk.map,
                    chunk.from.wall_us.0,
                    chunk.from.mono_us,
                    chunk.until.wall_us.0,
                    chunk.until.mono_us,
                    i64::try_from(chunk.readings).unwrap_or(i64::MAX),
                    i64::try_from(chunk.lost).unwrap_or(i64::MAX),
                    chunk.bytes,
                ])
        };
        let written = self.with(insert).is_some();
        if written {
            if std::mem::take(&mut self.refused) {
                tracing::info!("raw readings are kept again");
            }
            let keep_us = self.options.keep_us;
            self.with(|connection| forget(connection, chunk, keep_us));
            self.shed(false);
        }
        written
    }

    /// Lets chunks go, oldest first, until the ring has its size; when the disk is `short`, until
    /// it has half of what it had.
    fn shed(&mut self, short: bool) {
        let size = |connection: &Connection| {
            let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
            let (pages, page): (i64, i64) = (pragma("page_count")?, pragma("page_size")?);
            Ok(u64::try_from(pages.saturating_mul(page)).unwrap_or_default())
        };
        let Some(before) = self.with(size) else { return };
        let most = match short {
            true => before / 2,
            false if room(&self.options.folder) >= Room::Short => self.options.most_bytes / 2,
            false => self.options.most_bytes,
        };
        if before <= most {
            return;
        }
        // A little more than needed, so that it is not needed again with the next chunk.
        let most = most / 20 * 19;
        let step = |connection: &Connection| {
            let left = connection.execute(
                "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk ORDER BY id LIMIT ?1)",
                [STEP],
            )?;
            give_back(connection)?;
            Ok(left)
        };
        while self.with(size).is_some_and(|size| size > most) {
            if self.with(step).is_none_or(|left| left == 0) {
                break;
            }
        }
        self.with(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        });
        if short {
            let bytes = self.with(size).unwrap_or_default();
            tracing::warn!(before, bytes, "the disk is short: raw readings went first");
        }
    }

    fn is_short(&self) -> bool {
        if room(&self.options.folder) >= Room::Scarce {
            return true;
        }
        let Ok(disk) = rustix::fs::statvfs(&self.options.folder) else { return false };
        disk.f_bavail.saturating_mul(disk.f_frsize) < self.options.free_bytes
    }

    fn refuse(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.refused, true) {
            tracing::warn!(reason, "raw readings are not kept");
        }
    }

    /// Does something with the file, which is opened if it has to be. A fault closes it, and takes it
    /// away where it is the file's own or where there is no room left.
    fn with<T>(&mut self, act: impl Fn(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        if self.connection.is_none() {
            match open(&self.options.folder) {
                Ok((connection, anew)) => {
                    self.connection = Some(connection);
                    self.begun += u64::from(anew);
                },
                Err(error) => {
                    self.refuse(&error.to_string());
                    return None;
                },
            }
        }
        let done = self.connection.as_ref().map(act)?;
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                self.connection = None;
                self.forget_rows();
                let useless = error.sqlite_error_code().is_some_and(|code| {
                    use rusqlite::ErrorCode as E;
                    matches!(code, E::DiskFull | E::DatabaseCorrupt | E::NotADatabase)
                });
                if useless {
                    remove(&self.options.folder);
                }
                self.refuse(&error.to_string());
                None
            },
        }
    }
}

/// Lets go the oldest chunks, up to the last one that is too old. One that a fast clock stamped into the
/// future is as old as what was read after it.
fn forget(connection: &Connection, now: &Written<'_>, keep_us: i64) -> rusqlite::Result<()> {
    let last = {
        let mut select = connection
            .prepare_cached("SELECT id, boot = ?1, to_mono, to_wall FROM chunk ORDER BY id")?;
        let mut rows = select.query([now.boot])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let age_us = match row.get(1)? {
                true => now.until.mono_us.saturating_sub(row.get(2)?),
                false if now.confirmed => now.until.wall_us.0.saturating_sub(row.get(3)?),
                // By a clock that nobody has confirmed nothing is old.
                false => 0,
            };
            if age_us > keep_us {
                last = Some(row.get::<_, i64>(0)?);
            } else if age_us >= 0 {
                break;
            }
        }
        last
    };
    let Some(last) = last else { return Ok(()) };
    connection
        .prepare_cached(
            "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE id <= ?2 ORDER BY id LIMIT ?1)",
        )?
        .execute([STEP, last])?;
    give_back(connection)
}

/// Gives pages that are free back to the disk: one with each row that is asked for.
fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = connection.prepare_cached("PRAGMA incremental_vacuum")?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// The file, and whether it was begun anew.
fn open(folder: &Path) -> rusqlite::Result<(Connection, bool)> {
    let usable = connect(folder).and_then(|connection| {
        let format: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((connection, format))
    });
    match usable {
        Ok((connection, FORMAT)) => {
            connection.execute_batch(LISTENED)?;
            return Ok((connection, false));
        },
        Ok((_, 0)) => {},
        Ok((_, format)) => tracing::warn!(format, "raw.db has another format and begins anew"),
        Err(error) => tracing::warn!(%error, "raw.db cannot be used and begins anew"),
    }
    remove(folder);
    let connection = connect(folder)?;
    connection.execute_batch(&format!("{SCHEMA} {LISTENED} PRAGMA user_version = {FORMAT}"))?;
    Ok((connection, true))
}

fn connect(folder: &Path) -> rusqlite::Result<Connection> {
    // The same library that was found fit for facts; a ring would not be worth a fault.
    debug_assert!(acceptable_sqlite(rusqlite::version_number()).is_ok());
    #[expect(clippy::disallowed_methods, reason = "the ring is no file of facts; see its pragmas")]
    let connection = Connection::open(path(folder))?;
    // Chunks leave from the middle of the file; their pages go back to the disk. Nothing waits for
    // the disk here: a power cut may cost the last chunks.
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -512; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;
         PRAGMA journal_size_limit = 4194304; PRAGMA wal_autocheckpoint = 256;
         PRAGMA cell_size_check = ON",
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    Ok(connection)
}

/// What cannot be removed is told by the next attempt to open it.
fn remove(folder: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = path(folder).into_os_string();
        name.push(end);
        drop(fs::remove_file(name));
    }
}

#[cfg(test)]
mod tests;
