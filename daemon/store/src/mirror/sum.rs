//! A scope in two numbers, so that both ends can tell whether they hold the same.

use kart_core::down::Scope;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::{damaged, word};
use crate::StoreError;

/// A scope in two numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sum {
    /// Which.
    pub scope: Scope,
    /// Number of rows.
    pub rows: u64,
    /// Modulo 2^64, of the first eight bytes, big-endian, of SHA-256 over `table 00 key 00 row`.
    pub sum: u64,
}

/// Computed from the bytes on disk: a sum kept beside them would not see them decay.
pub(super) fn sums(connection: &Connection) -> Result<Vec<Sum>, StoreError> {
    let mut select =
        connection.prepare("SELECT tbl, pk, row, withheld FROM rows WHERE scope = ?1")?;
    let mut sums = Vec::with_capacity(3);
    for scope in [Scope::Org, Scope::Site, Scope::Terminal] {
        let mut found = select.query([word(scope)])?;
        let mut sum = Sum { scope, rows: 0, sum: 0 };
        while let Some(row) = found.next()? {
            let text = |column| -> Result<&[u8], StoreError> {
                row.get_ref(column)?.as_bytes().map_err(damaged)
            };
            let share = share([text(0)?, text(1)?, text(2)?]);
            let withheld: i64 = row.get(3)?;
            sum.rows += 1;
            sum.sum = sum.sum.wrapping_add(share).wrapping_add(withheld.cast_unsigned());
        }
        sums.push(sum);
    }
    Ok(sums)
}

/// What the share of a row lacks because something else is kept.
pub(super) fn withheld(table: &str, key: &str, came: &str, kept: &str) -> i64 {
    let share = |row: &str| share([table.as_bytes(), key.as_bytes(), row.as_bytes()]);
    if came == kept { 0 } else { share(came).wrapping_sub(share(kept)).cast_signed() }
}

/// What one row adds to its scope's sum.
fn share(parts: [&[u8]; 3]) -> u64 {
    let [table, key, row] = parts;
    let hash = Sha256::new().chain_update(table).chain_update([0]).chain_update(key);
    let hash = hash.chain_update([0]).chain_update(row).finalize();
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
