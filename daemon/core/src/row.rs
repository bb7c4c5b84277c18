//! Rows as data: what both databases are told to hold.

use uuid::Uuid;

use crate::{id::Origin, time::Micros};

/// One column's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// SQL NULL.
    Null,
    /// `boolean`, in SQLite 0 or 1.
    Bool(bool),
    /// `integer` or `bigint`.
    Int(i64),
    /// `text` or `varchar`.
    Text(String),
    /// `text` or `varchar`: a word of the vocabulary.
    Word(&'static str),
    /// `uuid`, in SQLite 16 bytes.
    Uuid(Uuid),
    /// `timestamptz`, in SQLite microseconds UTC.
    Time(Micros),
    /// `numeric` with a fixed number of digits, in SQLite text.
    Decimal(String),
    /// `text`: what a person wrote beside a fact, or NULL once that is erased. Whoever writes the
    /// row looks it up.
    Told(Told),
}

/// Where an erasable text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// The log.
    pub origin: Origin,
    /// The fact in it.
    pub seq: u64,
    /// The field of its body that commits to the text.
    pub field: &'static str,
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Uuid> for Cell {
    fn from(value: Uuid) -> Self {
        Self::Uuid(value)
    }
}

impl From<Micros> for Cell {
    fn from(value: Micros) -> Self {
        Self::Time(value)
    }
}

/// One row of one table; the column `id` is its key and comes first.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Which table, with the columns in order.
    pub table: &'static Table,
    /// The values, in the order of `table.columns`.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The value in a column.
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        let place = self.table.columns.iter().position(|name| *name == column)?;
        self.cells.get(place)
    }
}

/// A table that records are projected into.
#[derive(PartialEq, Eq, Debug)]
pub struct Table {
    /// Schema at headquarters: `public` for Kartorium's own tables, `edge` for ours.
    pub schema: &'static str,
    /// Name of the table.
    pub name: &'static str,
    /// Column names; the first is `id`.
    pub columns: &'static [&'static str],
    /// Whether the table carries `organization_id` at headquarters.
    pub by_organization: bool,
}

impl Table {
    /// The table's name in SQLite, which has no schemas: `edge_` stands for ours.
    pub fn sqlite_name(&self) -> String {
        match self.schema {
            "public" => self.name.to_owned(),
            schema => format!("{schema}_{}", self.name),
        }
    }
}

impl Cell {
    /// The cell as JSON for `jsonb_populate_recordset`.
    pub fn json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            // Nothing is known of the text here.
            Self::Null | Self::Told(_) => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(n) => Json::from(*n),
            Self::Text(t) | Self::Decimal(t) => Json::from(t.as_str()),
            Self::Word(word) => Json::from(*word),
            Self::Uuid(u) => Json::from(u.to_string()),
            Self::Time(t) => Json::from(t.rfc3339()),
        }
    }
}
