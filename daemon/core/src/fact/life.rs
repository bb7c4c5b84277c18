//! Bodies and parts of facts that tell of the lives of a log.
//!
//! A life ends when a terminal's file was put back to an older state or when another device takes
//! over. How the next one begins is decided in [`crate::life`].

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Hash;
use crate::id::{Incarnation, TerminalId};

/// A log goes on where another one ended, as headquarters holds that one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Continued {
    /// The terminal that wrote the log that ended.
    pub terminal: TerminalId,
    /// The life that ended.
    pub incarnation: Incarnation,
    /// Its last fact at headquarters; 0 when there is none.
    pub seq: u64,
    /// Hash there.
    pub hash: Hash,
}

/// Where a fact stood before, in a life of the log that has ended: headquarters did not have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Former {
    /// The life that ended.
    pub incarnation: Incarnation,
    /// Its place there.
    pub seq: u64,
    /// Hash there: the same place may have been written twice.
    pub hash: Hash,
    /// Where it stood in still earlier lives, when it comes again for more than the first time: older
    /// copies of the log hold it there, and headquarters has lost the life that said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Self>,
}

impl Former {
    /// Every place where the fact stood before, the latest first.
    pub fn places(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.earlier)
    }

    /// The place before `self`, which the fact had when it came again there.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        let alone = |place: &Self| Self { earlier: vec![], ..place.clone() };
        let earlier = before.into_iter().flat_map(Self::places).map(alone).collect();
        Self { earlier, ..self }
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
