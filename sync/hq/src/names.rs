//! What terminals and site files call rows that were there before them.
//!
//! Their keys are made of codes; a row that Kartorium has made has a key of its own. One is put for
//! the other where a fact is folded, where a row is sent down, and where one of them is looked up again.
//! The inbox, and headquarters' own log, keep the names that terminals use.

use std::{borrow::Cow, collections::HashMap};

use deadpool_postgres::Transaction;
use kart_core::fact::Fact;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::Error;
use uuid::Uuid;

/// How long a key is as text.
const LENGTH: usize = uuid::fmt::Hyphenated::LENGTH;

/// A fact names few rows; beyond so many readings no further one is tried.
const MOST_READINGS: usize = 64;

/// The names of one site; most have none.
#[derive(Default)]
pub(crate) struct Names {
    inward: HashMap<Uuid, Uuid>,
    outward: HashMap<Uuid, Uuid>,
}

impl Names {
    /// Those of the site that the transaction has entered.
    pub(crate) async fn read(tx: &Transaction<'_>) -> Result<Self, Error> {
        let statement = tx
            .prepare_cached(
                "SELECT name, id, merged FROM edge.reference_names ORDER BY named_at, name",
            )
            .await?;
        let mut names = Self::default();
        for row in tx.query(&statement, &[]).await? {
            let (name, id) = (row.try_get(0)?, row.try_get(1)?);
            match row.try_get(2)? {
                // What was merged into a row is no name to tell it by.
                true => names.inward.insert(name, id).map_or((), drop),
                false => names.add(name, id),
            }
        }
        Ok(names)
    }

    fn add(&mut self, name: Uuid, id: Uuid) {
        self.inward.insert(name, id);
        self.outward.insert(id, name);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inward.is_empty()
    }

    /// The key that the row with this name has.
    pub(crate) fn id(&self, name: Uuid) -> Uuid {
        self.inward.get(&name).copied().unwrap_or(name)
    }

    /// What terminals call the row with this key.
    pub(crate) fn name(&self, id: Uuid) -> Uuid {
        self.outward.get(&id).copied().unwrap_or(id)
    }

    /// A text as terminals read it.
    pub(crate) fn outward<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replaced(text, &self.outward)
    }

    /// Facts as they are folded.
    pub(crate) fn folded<'f>(&self, facts: &'f [Fact]) -> Cow<'f, [Fact]> {
        match self.is_empty() {
            true => Cow::Borrowed(facts),
            false => facts.iter().cloned().map(|fact| self.fact(fact)).collect(),
        }
    }

    /// A fact as it is folded.
    pub(crate) fn fact(&self, fact: Fact) -> Fact {
        with(&fact, &self.inward).unwrap_or(fact)
    }

    /// Every way to read what was said while some of the keys in it were no names yet: as it was
    /// said, as it is folded, and between.
    pub(crate) fn readings<T: Serialize + DeserializeOwned>(&self, said: &T) -> Vec<T> {
        let text = serde_json::to_string(said).unwrap_or_default();
        let mut readings = vec![text.clone()];
        for (name, id) in &self.inward {
            let one = HashMap::from([(*name, *id)]);
            if readings.len() > MOST_READINGS || matches!(replaced(&text, &one), Cow::Borrowed(_)) {
                continue;
            }
            let others: Vec<_> =
                readings.iter().map(|text| replaced(text, &one).into_owned()).collect();
            readings.extend(others);
        }
        readings.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
    }

    /// What stands in a line, as terminals read it.
    pub(crate) fn told<T: Serialize + DeserializeOwned>(&self, said: T) -> T {
        with(&said, &self.outward).unwrap_or(said)
    }
}

/// The same with other keys; `None` when there is nothing to change.
fn with<T: Serialize + DeserializeOwned>(said: &T, by: &HashMap<Uuid, Uuid>) -> Option<T> {
    if by.is_empty() {
        return None;
    }
    let text = serde_json::to_string(said).ok()?;
    match replaced(&text, by) {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => serde_json::from_str(&text).ok(),
    }
}

/// Puts other keys for those that stand in a text by themselves.
fn replaced<'t>(text: &'t str, by: &HashMap<Uuid, Uuid>) -> Cow<'t, str> {
    if by.is_empty() {
        return Cow::Borrowed(text);
    }
    let part_of_one = |letter: u8| letter.is_ascii_hexdigit() || letter == b'-';
    let mut changed = String::new();
    let mut copied = 0;
    let words = text.as_bytes().split(|letter| !part_of_one(*letter));
    let mut at = 0;
    for word in words {
        let (from, until) = (at, at + word.len());
        at = until + 1;
        if word.len() != LENGTH {
            continue;
        }
        let Some(other) = Uuid::try_parse_ascii(word).ok().and_then(|id| by.get(&id)) else {
            continue;
        };
        changed.push_str(text.get(copied..from).unwrap_or_default());
        changed.push_str(&other.to_string());
        copied = until;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    changed.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replaced_where_they_stand_by_themselves() {
        let [name, id, other] = [1, 2, 3].map(Uuid::from_u128);
        let mut names = Names::default();
        assert!(names.is_empty());
        assert_eq!(names.outward("ä"), "ä");
        names.add(name, id);
        let text = format!(r#"{{"ü":"{id}","k":"{other}/{id}","n":"x{id}","l":"{id}0"}}"#);
        let told = format!(r#"{{"ü":"{name}","k":"{other}/{name}","n":"x{name}","l":"{id}0"}}"#);
        assert_eq!(names.outward(&text), told);
        assert!(matches!(names.outward("no key"), Cow::Borrowed(_)));
        assert_eq!((names.id(name), names.name(id), names.id(other)), (id, name, other));
    }

    #[test]
    fn what_was_said_before_a_row_had_a_name_is_read_both_ways() {
        let [former, row, name, other] = [1, 2, 3, 4].map(Uuid::from_u128);
        let mut names = Names::default();
        assert_eq!(names.readings(&[former, other]), [[former, other]]);
        names.add(former, row);
        names.add(name, other);
        let mut readings = names.readings(&[former, name]);
        readings.sort();
        assert_eq!(readings, [[former, name], [former, other], [row, name], [row, other]]);
    }

    #[test]
    fn the_last_name_goes_down_and_every_one_comes_in() {
        let [former, name, id] = [1, 2, 3].map(Uuid::from_u128);
        let mut names = Names::default();
        names.add(former, id);
        names.add(name, id);
        assert_eq!((names.id(former), names.id(name), names.name(id)), (id, id, name));
        assert_eq!(names.told(vec![id]), [name]);
    }
}
