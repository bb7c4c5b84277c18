//! The one statement that rows are written with: whole tables at a time, keyed, and without touching
//! a row that already says the same.

/// Where rows go and which of their columns mean what.
pub(crate) struct Upsert<'t> {
    /// With its schema.
    pub(crate) table: String,
    /// The columns that make a row the same row.
    pub(crate) key: &'t [&'t str],
    /// Written once.
    pub(crate) fixed: &'t [&'t str],
    /// Written again whenever they differ.
    pub(crate) told: &'t [&'t str],
    /// A further column that is written once, and the expression for it.
    pub(crate) given: Option<(&'t str, &'t str)>,
}

impl Upsert<'_> {
    /// Takes the rows as one array of JSON objects, parameter 1.
    pub(crate) fn sql(&self) -> String {
        self.sql_from(&format!("jsonb_populate_recordset(NULL::{}, $1::jsonb)", self.table))
    }

    /// Takes the rows from `source`, which has a column for each that is written.
    pub(crate) fn sql_from(&self, source: &str) -> String {
        let Self { table, told, .. } = self;
        let columns = [self.fixed, told].concat().join(", ");
        let (into, from) = match self.given {
            Some((column, value)) => (format!(", {column}"), format!(", {value}")),
            None => Default::default(),
        };
        let each = |form: &dyn Fn(&str) -> String| {
            told.iter().map(|column| form(column)).collect::<Vec<_>>().join(", ")
        };
        format!(
            "INSERT INTO {table} AS t ({columns}{into})
             SELECT {columns}{from} FROM {source}
             ON CONFLICT ({key}) DO UPDATE SET {set}, updated_at = now()
             WHERE ({old}) IS DISTINCT FROM ({new})",
            key = self.key.join(", "),
            set = each(&|column| format!("{column} = excluded.{column}")),
            old = each(&|column| format!("t.{column}")),
            new = each(&|column| format!("excluded.{column}")),
        )
    }
}
