//! A scope in two numbers, so that both ends can tell whether they hold the same.

use kart_core::{
    down::Scope,
    pin::{self, Secret},
};
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
pub(super) fn sums(connection: &Connection, secret: &Secret) -> Result<Vec<Sum>, StoreError> {
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
            let parts = [text(0)?, text(1)?, text(2)?];
            sum.rows += 1;
            sum.sum = sum.sum.wrapping_add(share(parts));
            if let Some(masked) = row.get::<_, Option<i64>>(3)? {
                // What decayed into no text any more has no mask and makes the sum another one.
                let [table, key, kept] = parts.map(|part| str::from_utf8(part).unwrap_or_default());
                let mask = pin::mask(secret, table, key, kept);
                sum.sum = sum.sum.wrapping_add(masked.cast_unsigned().wrapping_sub(mask));
            }
        }
        sums.push(sum);
    }
    Ok(sums)
}

/// What the share of a row lacks because something else is kept, under the device's mask: as it is
/// it would tell whoever has the file whether a guessed row is the one that came.
pub(super) fn withheld(secret: &Secret, [table, key, came]: [&str; 3], kept: &str) -> Option<i64> {
    let share = |row: &str| share([table.as_bytes(), key.as_bytes(), row.as_bytes()]);
    let lacks = || share(came).wrapping_sub(share(kept));
    let mask = || pin::mask(secret, table, key, kept);
    (came != kept).then(|| lacks().wrapping_add(mask()).cast_signed())
}

/// What one row adds to its scope's sum.
pub(super) fn share(parts: [&[u8]; 3]) -> u64 {
    let [table, key, row] = parts;
    let hash = Sha256::new().chain_update(table).chain_update([0]).chain_update(key);
    let hash = hash.chain_update([0]).chain_update(row).finalize();
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
