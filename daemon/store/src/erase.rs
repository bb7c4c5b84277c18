//! Erasing texts beside facts, as headquarters asks for when a person is forgotten: the text and
//! the salt go, also from the rows that it stands in; the line with its hash stays. Logs of former
//! lives are not passed over, nor is what has been purged.

use kart_core::id::Incarnation;
use rusqlite::{Connection, TransactionBehavior};
use std::{fs, path::Path};

use crate::{StoreError, open, rows};

/// A text that has to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// The life of the log that the fact is in.
    pub incarnation: Incarnation,
    /// The fact.
    pub seq: u64,
    /// The field that commits to the text.
    pub field: String,
}

/// Erases what is in the log in force, whose life is `living`, and in those beside it.
pub(crate) fn erase(
    connection: &mut Connection,
    living: Incarnation,
    all: &[Erasure],
) -> Result<(), StoreError> {
    let (here, former): (Vec<&Erasure>, Vec<&Erasure>) =
        all.iter().partition(|erasure| erasure.incarnation == living);
    within(connection, &here)?;
    let folder = connection.path().map(Path::new).and_then(Path::parent).map(Path::to_owned);
    let Some(folder) = folder else { return Ok(()) };
    let fault = |source| StoreError::Folder { path: folder.clone(), source };
    if !all.is_empty() {
        open::remove_copies(&folder).map_err(fault)?;
    }
    if former.is_empty() {
        return Ok(());
    }
    for entry in fs::read_dir(&folder).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name().to_string_lossy().into_owned();
        let of = |erasure: &&&Erasure| name.starts_with(&format!("facts-{}", erasure.incarnation));
        let meant: Vec<&Erasure> = former.iter().filter(of).copied().collect();
        if name.ends_with(".db") && !meant.is_empty() {
            #[expect(clippy::disallowed_methods, reason = "a log that nobody writes any more")]
            let mut aside = Connection::open(folder.join(&name))?;
            within(&mut aside, &meant)?;
        }
    }
    Ok(())
}

fn within(connection: &mut Connection, erasures: &[&Erasure]) -> Result<(), StoreError> {
    let mut erased = 0;
    // What was erased is not to be read from the file either.
    connection.pragma_update(None, "secure_delete", "ON")?;
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Erasure { seq, field, .. } in erasures {
        let update = "UPDATE fact_texts SET text = NULL, salt = ''
                      WHERE seq = ?1 AND field = ?2 AND text IS NOT NULL";
        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
        erased += sql.execute(update, (seq, field))?;
        erased += rows::erase(&sql, seq, field)?;
    }
    sql.commit()?;
    connection.pragma_update(None, "secure_delete", "OFF")?;
    if erased > 0 {
        tracing::info!(erased, "texts erased");
        // Readers may hold it open; then the next checkpoint overwrites it.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}
