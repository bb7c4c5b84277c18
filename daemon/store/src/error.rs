//! What can go wrong with a file of facts.

use rusqlite::ErrorCode;
use std::path::PathBuf;

/// A fault of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened or prepared.
    #[error("cannot open {path}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The folder cannot be used.
    #[error("cannot use the data folder {path}")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another daemon holds this data folder.
    #[error("another kartd is using {path}")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// SQLite itself is too old.
    #[error("SQLite {found} can corrupt a WAL; at least {needed} is required")]
    SqliteTooOld {
        /// Number of the library, for example 3051002.
        found: i32,
        /// The least acceptable number.
        needed: i32,
    },
    /// A setting did not take.
    #[error("SQLite setting {pragma} is {found}, not {wanted}")]
    Pragma {
        /// Which one.
        pragma: &'static str,
        /// What it reads as.
        found: String,
        /// What it must be.
        wanted: String,
    },
    /// The schema could not be brought up to date.
    #[error("cannot migrate {path}")]
    Migrate {
        /// Which file.
        path: PathBuf,
        /// What the migration said.
        source: Box<refinery::Error>,
    },
    /// The log contradicts itself: the file was damaged or altered.
    #[error("the log is damaged at fact {seq}: {problem}")]
    Damaged {
        /// The first fact that does not fit.
        seq: u64,
        /// What does not fit.
        problem: String,
    },
    /// Reading or writing failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A group of writes failed as one; none of them is on disk.
    #[error("not recorded: {0}")]
    NotRecorded(String),
    /// The facts do not follow the head: somebody else wrote.
    #[error("expected to write fact {expected}, the log is at {head}")]
    NotNext {
        /// What the caller decided upon.
        expected: u64,
        /// Where the log is.
        head: u64,
    },
    /// A fact is too large.
    #[error("a fact of {bytes} bytes is too large")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Rows that do not make sense together were not taken over.
    #[error("not taken over: {0}")]
    Senseless(String),
    /// Something that is always valid JSON was not.
    #[error("stored JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The writing thread is gone.
    #[error("the writing thread has stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the file is not what was written to it: it will not get better by waiting.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Sqlite(error) | Self::Open { source: error, .. } => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            _ => false,
        }
    }
}
