//! Which rows of headquarters a terminal gets: tables, keys and columns, the same list at both
//! ends. Whose rows of a table a terminal gets is decided at headquarters, not here.
//!
//! Left out are the times of the row itself and what a terminal has no use for: accounts, texts
//! about people, the next number of a prefix.

mod tables;

pub use tables::TABLES;

/// Whom a row is sent to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// Every terminal of the organisation.
    Org,
    /// Every terminal of the site.
    Site,
    /// One terminal.
    Terminal,
}

/// A table that is sent down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table {
    /// Postgres schema.
    pub schema: &'static str,
    /// Name in it.
    pub name: &'static str,
    /// Whom its rows are sent to.
    pub scope: Scope,
    /// The columns that tell rows of one mirror apart. As text: their values, joined with `/`.
    pub key: &'static [&'static str],
    /// What is sent of a row, the key included.
    pub columns: &'static [&'static str],
    /// What headquarters tells with each row and keeps elsewhere.
    pub further: &'static [&'static str],
    /// Its rows are part of that table's rows with the same key: they come and go with them.
    pub follows: Option<&'static str>,
}

impl Table {
    /// Everything that is sent of a row.
    pub fn told(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.columns.iter().chain(self.further).copied()
    }

    /// Schema and name, as in a feed.
    pub fn path(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

/// The table with this schema and name.
pub fn table(path: &str) -> Option<&'static Table> {
    let (schema, name) = path.split_once('.')?;
    TABLES.iter().find(|table| table.schema == schema && table.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_that_goes_down_is_here() {
        let map = include_str!("../../../tests/entity-map.tsv");
        let wanted: BTreeSet<&str> = map
            .lines()
            .skip(1)
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|cells| cells[4].contains("down") || cells[4] == "intents")
            .map(|cells| cells[1])
            .collect();
        let ours: BTreeSet<&str> = TABLES
            .iter()
            .filter(|table| table.schema == "public")
            // The event log goes up; of it only the batches that are open come down.
            .filter(|table| table.name != "oee_machine_events")
            .map(|table| table.name)
            .collect();
        assert_eq!(ours, wanted);
    }

    #[test]
    fn keys_are_columns_and_names_are_found() {
        for described in TABLES {
            assert_eq!(table(&described.path()), Some(described));
            assert!(described.key.iter().all(|key| described.columns.contains(key)));
            let told: BTreeSet<_> = described.told().collect();
            assert_eq!(told.len(), described.told().count(), "{}", described.name);
            if let Some(followed) = described.follows {
                let followed = table(followed).unwrap();
                assert_eq!(followed.key.len(), described.key.len());
                assert_eq!(followed.scope, described.scope);
            }
        }
    }
}
