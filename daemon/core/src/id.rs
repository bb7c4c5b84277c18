//! Typed identifiers and how they are derived.

use kart_planted::{Bug, planted};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Declares one identifier type over [`Uuid`].
macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

uuid_id! {
    /// A terminal, minted by the terminal itself at its first start.
    TerminalId
    /// A row of `oee_sites`.
    SiteId
    /// A row of `oee_equipment`.
    EquipmentId
    /// A row of `ops_stations`.
    StationId
    /// A row of `ops_products`.
    ProductId
    /// A row of `users`.
    UserId
    /// A row of one of the reason tables.
    ReasonId
    /// A row of one of the custom-field tables.
    FieldId
    /// What several facts tell of; the primary key of the record's main row.
    RecordId
}

/// The life of one fact log: 64 random bits, written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Incarnation(pub u64);

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Incarnation {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Incarnation {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Incarnation {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who wrote a fact: the pair that, with a sequence number, names it for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The writing terminal.
    pub terminal: TerminalId,
    /// The life of its log.
    pub incarnation: Incarnation,
}

impl Origin {
    /// The record that the fact `seq` opens: derived, so that nobody can choose or collide with it.
    pub fn record(&self, seq: u64) -> RecordId {
        let life = if planted(Bug::RecordsWithoutLife) { Incarnation(0) } else { self.incarnation };
        let name = format!("{life}/{seq}");
        RecordId(Uuid::new_v5(&self.terminal.0, name.as_bytes()))
    }
}

impl RecordId {
    /// The key of a further row of this record, for example one operator of a batch.
    pub fn part(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.0, name.as_bytes())
    }
}

/// The key of a reference row: the same at a terminal that lives alone and at headquarters.
pub fn reference_id(organization: &str, site: &str, table: &str, code: &str) -> Uuid {
    let name = [organization, site, table, code].join("\u{1f}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("kartorium:{name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_do_not_run_together() {
        let a = reference_id("o", "s", "t", "ab");
        assert_ne!(a, reference_id("o", "s", "ta", "b"));
        assert_eq!(a, reference_id("o", "s", "t", "ab"));
    }

    #[test]
    fn incarnation_survives_its_text() {
        let i = Incarnation(0xa1);
        assert_eq!(i.to_string(), "00000000000000a1");
        assert_eq!(i.to_string().parse::<Incarnation>().unwrap(), i);
    }
}
