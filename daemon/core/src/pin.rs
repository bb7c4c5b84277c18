//! PINs: what headquarters makes of one, what a terminal keeps of that, and how the two are
//! compared with what a person typed.
//!
//! Headquarters holds Argon2id of the PIN. Four or six digits are guessed from that in minutes, so
//! a terminal keeps its salt and parameters only, and of the hash itself an HMAC under a secret of
//! the device: whoever copies the file has nothing to guess against. Who may try, how often and
//! until when is decided elsewhere.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

mod tries;

pub use tries::{Barred, Tries};

/// Least and most digits of a PIN.
pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

/// Memory in KiB, passes, lanes.
type Cost = (u32, u32, u32);

/// What OWASP asks for at least.
const COST: Cost = (19 * 1024, 2, 1);

/// More than this no row may ask a terminal to spend.
const MOST_COST: Cost = (64 * 1024, 8, 4);

/// Bytes of a hash.
const LENGTH: usize = 32;

/// A secret that never leaves the device.
pub type Secret = [u8; 32];

/// A PIN that somebody chose, on its way to where it becomes a hash. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chosen(pub String);

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chosen")
    }
}

/// Why something is no PIN or no hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PinFault {
    /// Not digits, or not as many as there must be.
    #[error("a PIN has 4 to 12 digits")]
    Form,
    /// A hash that this program cannot read or refuses to compute.
    #[error("this is no Argon2id hash that can be used here")]
    Hash,
}

/// Argon2id of `pin` in the PHC form, with a salt that was never used before.
pub fn hash(pin: &str, salt: &[u8; 16]) -> Result<String, PinFault> {
    if !DIGITS.contains(&pin.len()) || !pin.bytes().all(|letter| letter.is_ascii_digit()) {
        return Err(PinFault::Form);
    }
    let computed = compute(pin, salt, COST)?;
    let (m, t, p) = COST;
    let [salt, hash] = [salt.as_slice(), &computed].map(|b| BASE64_STANDARD_NO_PAD.encode(b));
    Ok(format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${hash}"))
}

/// What a terminal keeps of a hash: the same text with an HMAC in the place of the hash.
pub fn seal(secret: &Secret, hash: &str) -> Result<String, PinFault> {
    let (head, tail) = hash.rsplit_once('$').ok_or(PinFault::Hash)?;
    let bytes = BASE64_STANDARD_NO_PAD.decode(tail).map_err(|_| PinFault::Hash)?;
    parameters(head)?;
    Ok(format!("{head}$hmac-{}", BASE64_STANDARD_NO_PAD.encode(hmac(secret, &bytes))))
}

/// The row of `edge.people` as a terminal keeps it, from the row as it came: a hash that cannot be
/// sealed is left out. Rows of other tables stay as they are.
pub fn seal_row(secret: &Secret, table: &str, row: &str) -> Result<String, serde_json::Error> {
    if table != "edge.people" {
        return Ok(row.to_owned());
    }
    let mut columns: serde_json::Map<String, serde_json::Value> = serde_json::from_str(row)?;
    if let Some(column) = columns.get_mut("pin_hash") {
        *column = column.as_str().and_then(|hash| seal(secret, hash).ok()).into();
    }
    serde_json::to_string(&columns)
}

/// A number that only this device can make of a row it keeps. Over it lies what the checksum lacks
/// for a hash that is not kept: that number alone would tell a right guess from a wrong one.
pub fn mask(secret: &Secret, table: &str, key: &str, kept: &str) -> u64 {
    // A hash, which is what is sealed, never begins like this.
    let text = ["withheld", table, key, kept].join("\0");
    hmac(secret, text.as_bytes()).iter().take(8).fold(0, |mask, byte| mask << 8 | u64::from(*byte))
}

/// Whether `pin` is the one that `sealed` was made from. Takes some ten milliseconds of a core.
pub fn verify(secret: &Secret, sealed: &str, pin: &str) -> Result<bool, PinFault> {
    let (head, tail) = sealed.rsplit_once('$').ok_or(PinFault::Hash)?;
    let kept = tail.strip_prefix("hmac-").ok_or(PinFault::Hash)?;
    let kept = BASE64_STANDARD_NO_PAD.decode(kept).map_err(|_| PinFault::Hash)?;
    let (salt, cost) = parameters(head)?;
    Ok(same(&hmac(secret, &compute(pin, &salt, cost)?), &kept))
}

/// Salt and cost out of everything before the hash.
fn parameters(head: &str) -> Result<(Vec<u8>, Cost), PinFault> {
    let parts: Vec<&str> = head.split('$').collect();
    let ["", "argon2id", "v=19", costs, salt] = parts[..] else { return Err(PinFault::Hash) };
    let mut cost = (0, 0, 0);
    for part in costs.split(',') {
        let (name, value) = part.split_once('=').ok_or(PinFault::Hash)?;
        let value = value.parse().map_err(|_| PinFault::Hash)?;
        match name {
            "m" => cost.0 = value,
            "t" => cost.1 = value,
            "p" => cost.2 = value,
            _ => return Err(PinFault::Hash),
        }
    }
    if cost.0 > MOST_COST.0 || cost.1 > MOST_COST.1 || cost.2 > MOST_COST.2 {
        return Err(PinFault::Hash);
    }
    let salt = BASE64_STANDARD_NO_PAD.decode(salt).map_err(|_| PinFault::Hash)?;
    Ok((salt, cost))
}

fn compute(pin: &str, salt: &[u8], (m, t, p): Cost) -> Result<[u8; LENGTH], PinFault> {
    let params = Params::new(m, t, p, Some(LENGTH)).map_err(|_| PinFault::Hash)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut computed = [0; LENGTH];
    argon.hash_password_into(pin.as_bytes(), salt, &mut computed).map_err(|_| PinFault::Hash)?;
    Ok(computed)
}

/// HMAC-SHA-256 as RFC 2104 has it; the key is shorter than a block.
fn hmac(secret: &Secret, text: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(secret).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

/// Whether both are the same, in a time that does not tell where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Secret = [7; 32];

    #[test]
    fn the_right_pin_and_no_other() {
        let hashed = hash("482913", &[1; 16]).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        let sealed = seal(&SECRET, &hashed).unwrap();
        assert_eq!(verify(&SECRET, &sealed, "482913"), Ok(true));
        assert_eq!(verify(&SECRET, &sealed, "482914"), Ok(false));
        assert_eq!(verify(&[8; 32], &sealed, "482913"), Ok(false));
        // What headquarters sends is not what is kept.
        assert_eq!(verify(&SECRET, &hashed, "482913"), Err(PinFault::Hash));
        assert!(!sealed.contains(hashed.rsplit_once('$').unwrap().1));
    }

    #[test]
    fn only_digits_and_enough_of_them() {
        for wrong in ["", "123", "12a4", "1234567890123", "١٢٣٤"] {
            assert_eq!(hash(wrong, &[0; 16]), Err(PinFault::Form), "{wrong}");
        }
    }

    #[test]
    fn a_row_cannot_make_a_terminal_burn_its_memory() {
        let greedy = "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA";
        assert_eq!(seal(&SECRET, greedy), Err(PinFault::Hash));
    }

    #[test]
    fn a_row_is_kept_without_its_hash() {
        let hashed = hash("4829", &[1; 16]).unwrap();
        let row = serde_json::json!({ "badge": "1001", "pin_hash": hashed }).to_string();
        let kept = seal_row(&SECRET, "edge.people", &row).unwrap();
        assert!(kept.contains("hmac-") && kept.contains("1001"));
        let none = r#"{"pin_hash":"plain"}"#;
        assert_eq!(seal_row(&SECRET, "edge.people", none).unwrap(), r#"{"pin_hash":null}"#);
        assert_eq!(seal_row(&SECRET, "public.users", &row).unwrap(), row);
    }

    #[test]
    fn a_mask_is_of_one_row_and_one_device() {
        let mask =
            |secret: u8, key: &str, kept: &str| mask(&[secret; 32], "edge.people", key, kept);
        let all = [mask(7, "1", "a"), mask(8, "1", "a"), mask(7, "2", "a"), mask(7, "1", "b")];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!(mask(7, "1", "a"), all[0]);
    }

    /// Test case 2 of RFC 4231 with its key filled up to our length, which changes nothing.
    #[test]
    fn the_hmac_is_the_standards() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let digest = hmac(&key, b"what do ya want for nothing?");
        assert_eq!(crate::fact::Hash(digest).to_string(), expected);
    }
}
