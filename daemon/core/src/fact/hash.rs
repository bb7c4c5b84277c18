//! The head of a chain of lines.

use sha2::{Digest, Sha256};

/// The head of a chain: SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first fact.
    pub const ZERO: Self = Self([0; 32]);

    /// The head after `line` was appended.
    #[must_use]
    pub fn after(self, line: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(line).finalize().into())
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("not 64 hexadecimal digits: {text:?}");
        let mut hash = Self::ZERO;
        if text.len() != 64 || !text.is_ascii() {
            return Err(fault());
        }
        for (byte, pair) in hash.0.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(pair).map_err(|_| fault())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| fault())?;
        }
        Ok(hash)
    }
}
