//! The reference rows of a site as they stand, and what two states of them differ in.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use kart_core::{
    down::{self, Scope, Table},
    reference::{Columns, Reference, Rows, assemble},
};
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::database::relation;

/// Rows by table and key. A table is named as in a feed.
pub(super) type Dump = BTreeMap<String, BTreeMap<String, Columns>>;

/// Columns that no comparison looks at, and those that nobody is shown.
const UNSEEN: &[&str] = &["version"];
const SECRET: &[&str] = &["pin_hash"];

/// Every row that a terminal of the site may get, but for what is a single terminal's.
pub(super) async fn dump(tx: &Transaction<'_>) -> anyhow::Result<Dump> {
    let mut all = Dump::new();
    for table in down::TABLES.iter().filter(|table| table.scope != Scope::Terminal) {
        let mut rows = BTreeMap::new();
        for row in tx.query(&select(table), &[]).await? {
            let Json(columns): Json<Columns> = row.try_get(0)?;
            let value = |column: &&str| columns.get(*column).cloned().flatten().unwrap_or_default();
            let key: Vec<String> = table.key.iter().map(value).collect();
            rows.insert(key.join("/"), columns);
        }
        all.insert(table.path(), rows);
    }
    Ok(all)
}

fn select(table: &Table) -> String {
    let mut columns = table.columns.to_vec();
    let mut only = "";
    // As a feed names them.
    match table.path().as_str() {
        // Terminals are not told.
        "edge.people" => columns.push("number"),
        "public.users" => {
            columns.push("email");
            only = " WHERE t.id IN (SELECT user_id FROM edge.people)";
        },
        // An administrator sees the list of all sites.
        "edge.sites" => only = " WHERE t.site_id = current_setting('edge.site')::uuid",
        _ => {},
    }
    let pairs: Vec<String> =
        columns.iter().map(|column| format!("'{column}', t.{column}")).collect();
    format!(
        "SELECT (SELECT jsonb_object_agg(c.key, c.value)
                 FROM jsonb_each_text(jsonb_build_object({})) c) FROM {} t{only}",
        pairs.join(", "),
        relation(table.schema, table.name),
    )
}

/// Where our own row of the site stands.
const OURS: &str = "edge.sites";

/// Whether no site file has been applied yet.
pub(super) fn is_new(dump: &Dump) -> bool {
    dump.get(OURS).is_none_or(BTreeMap::is_empty)
}

/// As if a file had been applied that says nothing. Kartorium knows no time zone of a site.
pub(super) fn begin(dump: &mut Dump, site: Uuid) {
    let columns =
        [("site_id", site.to_string()), ("version", "0".into()), ("time_zone", "UTC".into())];
    let columns = columns.map(|(column, value)| (column.to_owned(), Some(value)));
    dump.entry(OURS.to_owned()).or_default().insert(site.to_string(), columns.into());
}

/// What the rows mean.
pub(super) fn reference(dump: &Dump) -> anyhow::Result<Reference> {
    let rows: Rows = dump
        .iter()
        .map(|(table, rows)| (table.clone(), rows.values().cloned().collect()))
        .collect();
    Ok(assemble(&rows)?)
}

/// What became of one row.
pub(crate) enum Change {
    /// It is new.
    Added(String),
    /// It says something else.
    Changed(String),
    /// It is not in use any more.
    SwitchedOff(String),
    /// It is gone.
    Gone(String),
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Added(text) => write!(f, "+ {text}"),
            Self::Changed(text) => write!(f, "~ {text}"),
            Self::SwitchedOff(text) => write!(f, "~ {text} (switched off)"),
            Self::Gone(text) => write!(f, "- {text}"),
        }
    }
}

/// What leads from one state to the other, table by table.
pub(super) fn changes(before: &Dump, after: &Dump) -> Vec<Change> {
    let names = Names::of([before, after]);
    let mut all = Vec::new();
    let none = BTreeMap::new();
    for (table, new) in after {
        let old = before.get(table).unwrap_or(&none);
        let name =
            |columns| format!("{} {}", table.trim_start_matches("public."), names.row(columns));
        for (key, columns) in new {
            match old.get(key) {
                None => all.push(Change::Added(name(columns))),
                Some(known) => all.extend(changed(&name(columns), known, columns)),
            }
        }
        let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
        all.extend(gone.map(|(_, columns)| Change::Gone(name(columns))));
    }
    all
}

fn changed(name: &str, old: &Columns, new: &Columns) -> Option<Change> {
    let shown = |column: &str, value: Option<&Option<String>>| match value {
        Some(Some(_)) if SECRET.contains(&column) => "(secret)".to_owned(),
        Some(Some(text)) => format!("{text:?}"),
        _ => "none".to_owned(),
    };
    let differ = new.iter().filter(|(column, value)| {
        old.get(*column) != Some(value) && !UNSEEN.contains(&column.as_str())
    });
    let differ: Vec<String> = differ
        .map(|(column, value)| {
            let (from, to) = (shown(column, old.get(column)), shown(column, Some(value)));
            format!("{column} {from} -> {to}")
        })
        .collect();
    if differ.is_empty() {
        return None;
    }
    let is = |columns: &Columns, column: &str, text: &str| {
        columns.get(column).is_some_and(|value| value.as_deref() == Some(text))
    };
    let off = |columns| is(columns, "is_active", "false") || is(columns, "is_archived", "true");
    let text = format!("{name}: {}", differ.join("; "));
    Some(if off(new) && !off(old) { Change::SwitchedOff(text) } else { Change::Changed(text) })
}

/// What rows are called, by their keys.
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(dumps: [&Dump; 2]) -> Self {
        let mut names = BTreeMap::new();
        for columns in dumps.into_iter().flat_map(|dump| dump.values()).flat_map(BTreeMap::values) {
            let id = columns.get("id").cloned().flatten();
            if let (Some(id), Some(name)) = (id, own(columns)) {
                names.insert(id, name);
            }
        }
        Self(names)
    }

    /// A row is called by its own name, else by those of the rows that it joins.
    fn row(&self, columns: &Columns) -> String {
        let joined = || {
            let others = columns.iter().filter(|(column, _)| column.ends_with("_id"));
            let others = others.filter(|(column, _)| *column != "site_id");
            let named = others.filter_map(|(_, id)| self.0.get(id.as_deref()?).cloned());
            named.collect::<Vec<_>>().join(" ")
        };
        own(columns).unwrap_or_else(joined)
    }
}

fn own(columns: &Columns) -> Option<String> {
    let words = [
        "code",
        "product_code",
        "family_code",
        "flag",
        "prefix",
        "display_name",
        "number",
        "name",
        "from_date",
    ];
    words.into_iter().find_map(|word| columns.get(word).cloned().flatten())
}
