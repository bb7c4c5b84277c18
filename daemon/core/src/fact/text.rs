//! Texts that travel beside a line and can be erased.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Hash;

/// A salted hash that stands in a line for a text: hexadecimal SHA-256 of salt and text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(pub String);

/// An erasable text beside a fact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FactText {
    /// The field of the body that commits to it; a point in it leads one step further in.
    pub field: String,
    /// 32 random hexadecimal digits.
    pub salt: String,
    /// The text; `None` once erased.
    pub text: Option<String>,
}

impl FactText {
    /// What the fact's line carries for this text. An erased text commits to nothing.
    pub fn commitment(&self) -> Option<Commitment> {
        let text = self.text.as_ref()?;
        let digest = Sha256::new().chain_update(&self.salt).chain_update(text).finalize();
        Some(Commitment(Hash(digest.into()).to_string()))
    }
}
