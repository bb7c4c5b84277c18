//! Folding again, once, when a newer program means other rows by the same facts.
//!
//! One pass over the log at opening, in one transaction. A record whose facts were purged is left
//! with the state that it had; only its rows are made anew.

use kart_core::{
    fact::Fact,
    id::{Origin, RecordId},
    record::{FOLD_VERSION, Record, Tenant, Touch, touches},
};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{StoreError, rows::RowWriter};

/// Brings records of an older fold up to date.
pub(crate) fn refold(
    connection: &mut Connection,
    origin: Origin,
    tenant: &Tenant,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut records = outdated(&transaction)?;
    if records.is_empty() {
        return Ok(());
    }
    tracing::info!(records = records.len(), version = FOLD_VERSION, "folding again");
    let folded = fold(&transaction, origin, tenant, &records)?;
    for (id, record) in folded {
        // Without its opening fact it would have no rows at all.
        if !record.rows(id, tenant).is_empty() {
            records.insert(id, record);
        }
    }
    let mut rows = RowWriter::new(&transaction, origin);
    let mut save = transaction.prepare("INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4)")?;
    for (id, record) in &records {
        let state = serde_json::to_string(record)?;
        save.execute((id.0, record.kind(), FOLD_VERSION, state))?;
        for row in &record.rows(*id, tenant) {
            rows.write(row)?;
        }
    }
    drop((rows, save));
    transaction.commit()?;
    Ok(())
}

/// Records of an older fold, as they are kept.
fn outdated(connection: &Connection) -> Result<BTreeMap<RecordId, Record>, StoreError> {
    let mut select =
        connection.prepare("SELECT record_id, state FROM records WHERE fold_version < ?1")?;
    let mut rows = select.query([FOLD_VERSION])?;
    let mut records = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (id, state): (Uuid, String) = (row.get(0)?, row.get(1)?);
        records.insert(RecordId(id), serde_json::from_str(&state)?);
    }
    Ok(records)
}

/// The same records from the facts that are left.
fn fold(
    connection: &Connection,
    origin: Origin,
    tenant: &Tenant,
    outdated: &BTreeMap<RecordId, Record>,
) -> Result<BTreeMap<RecordId, Record>, StoreError> {
    let mut select = connection.prepare("SELECT line FROM facts ORDER BY seq")?;
    let mut rows = select.query([])?;
    let mut folded: BTreeMap<RecordId, Record> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let fact = Fact::parse(row.get_ref(0)?.as_bytes().unwrap_or_default())?;
        for touch in touches(origin, &fact, tenant) {
            let Touch::Record(id) = touch else { continue };
            if !outdated.contains_key(&id) {
                continue;
            }
            if let Some(mut record) = folded.remove(&id).or_else(|| Record::empty_for(&fact)) {
                record.apply(id, origin, &fact);
                folded.insert(id, record);
            }
        }
    }
    Ok(folded)
}
