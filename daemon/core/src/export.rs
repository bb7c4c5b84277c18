//! What can be taken out of a terminal as a table: which rows, in which columns.
//!
//! Columns have the names of the tables they are from, so that whoever knows the centre can read the
//! file; keys become the codes and names that people know. How a file is written is not decided here.

use serde::{Deserialize, Serialize};

/// A table to take out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Export {
    /// Downtimes of `oee_machine_events`.
    Stops,
    /// Batches with their details.
    Batches,
    /// `ops_labor_entries`.
    Labor,
    /// `edge.production_counts`.
    Counts,
    /// `edge.machine_states`.
    States,
}

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name in the file.
    pub name: &'static str,
    /// What is in it.
    pub kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Key of a machine; becomes its code.
    Equipment,
    /// Key of a station; becomes its code.
    Station,
    /// Key of a person; becomes their name.
    User,
    /// Key of a person; becomes their badge.
    Badge,
    /// Key of a product; becomes its code.
    Product,
    /// Key of a downtime reason; becomes its code.
    DowntimeReason,
    /// Key of a scrap or abort reason; becomes its code.
    ScrapReason,
    /// The key of the row, or of another.
    Id,
    /// An instant.
    Time,
    /// Minutes between the two instants of the row; nothing while it goes on. It is computed, not read.
    Minutes,
    /// A text or a word.
    Text,
    /// A whole number.
    Whole,
    /// Yes or no.
    Flag,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const STOPS: &[Column] = &[
    column("equipment", Kind::Equipment),
    column("start_ts", Kind::Time),
    column("end_ts", Kind::Time),
    column("duration_minutes", Kind::Minutes),
    column("downtime_reason", Kind::DowntimeReason),
    column("reason_label", Kind::Text),
    column("reason_group_type", Kind::Text),
    column("created_by", Kind::User),
    column("source", Kind::Text),
    column("is_archived", Kind::Flag),
    column("id", Kind::Id),
];

const BATCHES: &[Column] = &[
    column("batch_number", Kind::Text),
    column("equipment", Kind::Equipment),
    column("station", Kind::Station),
    column("product", Kind::Product),
    column("work_order", Kind::Text),
    column("start_ts", Kind::Time),
    column("end_ts", Kind::Time),
    column("duration_minutes", Kind::Minutes),
    column("target_quantity", Kind::Whole),
    column("good_parts", Kind::Whole),
    column("scrap_parts", Kind::Whole),
    column("scrap_reason", Kind::ScrapReason),
    column("status", Kind::Text),
    column("created_by", Kind::User),
    column("is_archived", Kind::Flag),
    column("id", Kind::Id),
];

const LABOR: &[Column] = &[
    column("user", Kind::User),
    column("station", Kind::Station),
    column("entry_type", Kind::Text),
    column("start_ts", Kind::Time),
    column("end_ts", Kind::Time),
    column("duration_minutes", Kind::Minutes),
    column("source", Kind::Text),
    column("badge", Kind::Badge),
    column("user_id", Kind::Id),
    column("id", Kind::Id),
];

const COUNTS: &[Column] = &[
    column("equipment", Kind::Equipment),
    column("source", Kind::Text),
    column("counter", Kind::Text),
    column("epoch", Kind::Whole),
    column("raw_from", Kind::Whole),
    column("raw_to", Kind::Whole),
    column("quantity", Kind::Whole),
    column("verdict", Kind::Text),
    column("from_ts", Kind::Time),
    column("until_ts", Kind::Time),
    column("batch_event_id", Kind::Id),
    column("map_version", Kind::Text),
    column("id", Kind::Id),
];

const STATES: &[Column] = &[
    column("equipment", Kind::Equipment),
    column("state", Kind::Text),
    column("start_ts", Kind::Time),
    column("end_ts", Kind::Time),
    column("duration_minutes", Kind::Minutes),
    column("rule", Kind::Text),
    column("map_version", Kind::Text),
    column("fault", Kind::Text),
    column("superseded_by", Kind::Id),
    column("id", Kind::Id),
];

impl Export {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Stops, Self::Batches, Self::Labor, Self::Counts, Self::States];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Batches => "batches",
            Self::Labor => "labor",
            Self::Counts => "counts",
            Self::States => "states",
        }
    }

    /// The table of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|export| export.word() == word)
    }

    /// Its columns, in order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Stops => STOPS,
            Self::Batches => BATCHES,
            Self::Labor => LABOR,
            Self::Counts => COUNTS,
            Self::States => STATES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_word_a_key_and_two_times() {
        for export in Export::ALL {
            assert_eq!(Export::of(export.word()), Some(export));
            let columns = export.columns();
            let times = columns.iter().filter(|column| column.kind == Kind::Time).count();
            assert_eq!(times, 2, "{export:?}");
            assert_eq!(columns.last().map(|column| column.name), Some("id"));
            for (place, column) in columns.iter().enumerate() {
                assert!(!columns[..place].iter().any(|other| other.name == column.name));
            }
        }
    }
}
