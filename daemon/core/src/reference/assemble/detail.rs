//! The rows beside codes and names: settings, numbers, targets, standards, fields, connections.

use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::{Fault, Line, Rows, lines, sorted};
use crate::{
    kpi::{Rate, RateUnit, TargetRate},
    number::{Lease, Prefix},
    reference::{Connection, Field, FieldType, Standard, Targets},
    screen::Settings,
};

/// Which screens are shown. An organisation that never chose has no row.
pub(super) fn settings(rows: &Rows) -> Result<Settings, Fault> {
    let mut settings = Settings::default();
    for line in lines(rows, "public.organization_settings") {
        settings.default_home_page = line.read("default_home_page")?;
        let visible: BTreeMap<String, serde_json::Value> = json(line, "ui_visibility")?;
        // Kartorium may keep more than switches there.
        let switches = visible.into_iter().filter_map(|(word, on)| Some((word, on.as_bool()?)));
        settings.ui_visibility = switches.collect();
    }
    for line in lines(rows, "public.organization_feature_flags") {
        settings.flags.insert(line.need("flag")?, line.is("is_enabled"));
    }
    Ok(settings)
}

/// What Kartorium knows of a machine's speed besides the ideal cycle.
pub(super) fn rate(line: Line<'_>) -> Result<Rate, Fault> {
    let unit = line.text("target_rate_unit").and_then(RateUnit::of);
    let target_rate = line.read("target_rate")?.zip(unit);
    Ok(Rate {
        target_rate: target_rate.map(|(parts, unit)| TargetRate { parts, unit }),
        parts_per_batch: line.read("expected_parts_per_batch")?,
        batch_hours: line.read("expected_batch_duration_hours")?,
        ..Rate::default()
    })
}

/// The prefixes in use, by name.
pub(super) fn prefixes(rows: &Rows) -> Result<Vec<Prefix>, Fault> {
    let active = sorted(rows, "public.organization_prefixes", "prefix")?;
    active
        .into_iter()
        .filter(|line| line.is("is_active"))
        .map(|line| {
            Ok(Prefix {
                entity_type: line.need("entity_type")?,
                prefix: line.need("prefix")?,
                padding: line.need("padding")?,
            })
        })
        .collect()
}

/// The numbers in a list, as Postgres puts it.
fn numbers(list: &str) -> BTreeSet<i64> {
    list.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// The numbers lent to whom the rows are for.
pub(super) fn leases(rows: &Rows) -> Result<Vec<Lease>, Fault> {
    let mut all = Vec::new();
    for line in lines(rows, "edge.number_leases") {
        all.push(Lease {
            entity_type: line.need("entity_type")?,
            prefix: line.need("prefix")?,
            first: line.need("first_number")?,
            last: line.need("last_number")?,
            incarnation: line.need("incarnation")?,
            taken: numbers(line.text("taken").unwrap_or_default()),
        });
    }
    all.sort_by(|a, b| (&a.prefix, a.first).cmp(&(&b.prefix, b.first)));
    Ok(all)
}

/// Targets of a site or a machine; the columns of the two differ in what stands around the word.
pub(super) fn targets(line: Line<'_>, column: impl Fn(&str) -> String) -> Targets {
    let usual = Targets::default();
    let read = |word, usual| line.text(&column(word)).map_or(usual, str::to_owned);
    Targets {
        oee: read("oee", usual.oee),
        availability: read("availability", usual.availability),
        performance: read("performance", usual.performance),
        quality: read("quality", usual.quality),
    }
}

/// Edges between machines or stations.
pub(super) fn connections<Id>(
    rows: &Rows,
    table: &'static str,
    (from, to): (&str, &str),
    id: impl Fn(Uuid) -> Id,
) -> Result<Vec<Connection<Id>>, Fault> {
    let mut all = Vec::new();
    for line in sorted(rows, table, from)? {
        all.push(Connection {
            from: id(line.need(from)?),
            to: id(line.need(to)?),
            connection_type: line.need("connection_type")?,
            label: line.read("label")?,
        });
    }
    Ok(all)
}

/// What is asked with a batch, by machine or station.
pub(super) fn fields(
    rows: &Rows,
    table: &'static str,
    at: &str,
) -> Result<BTreeMap<Uuid, Vec<Field>>, Fault> {
    let mut all: BTreeMap<Uuid, Vec<Field>> = BTreeMap::new();
    for line in sorted(rows, table, "code")? {
        if !line.is("is_active") {
            continue;
        }
        let field_type = line.text("field_type").and_then(FieldType::of).unwrap_or_default();
        let field = Field {
            id: line.need("id")?,
            code: line.need("code")?,
            label: line.need("label")?,
            field_type,
            options: json(line, "options")?,
            asked_at: line.need("asked_at")?,
            required: line.is("is_required"),
        };
        all.entry(line.need(at)?).or_default().push(field);
    }
    Ok(all)
}

/// What products take at single places, by product.
pub(super) fn standards<Id>(
    rows: &Rows,
    table: &'static str,
    (at, scrap): (&str, &str),
    id: impl Fn(Uuid) -> Id,
) -> Result<BTreeMap<Uuid, Vec<Standard<Id>>>, Fault> {
    let mut all: BTreeMap<Uuid, Vec<Standard<Id>>> = BTreeMap::new();
    for line in sorted(rows, table, at)? {
        let standard = Standard {
            at: id(line.need(at)?),
            standard_hours: line.read("standard_hours")?,
            scrap_rate: line.read(scrap)?,
            cycle_time: line.read("cycle_time")?,
        };
        all.entry(line.need("product_id")?).or_default().push(standard);
    }
    Ok(all)
}

/// Members by a key, from a table of pairs.
pub(super) fn pairs<Id>(
    rows: &Rows,
    table: &'static str,
    (key, value): (&str, &str),
    id: impl Fn(Uuid) -> Id,
) -> Result<BTreeMap<Uuid, Vec<Id>>, Fault> {
    let mut all: BTreeMap<Uuid, Vec<Id>> = BTreeMap::new();
    for line in sorted(rows, table, value)? {
        all.entry(line.need(key)?).or_default().push(id(line.need(value)?));
    }
    Ok(all)
}

/// A column of JSON; null is its empty form.
pub(super) fn json<T: serde::de::DeserializeOwned + Default>(
    line: Line<'_>,
    column: &str,
) -> Result<T, Fault> {
    let Some(text) = line.text(column) else { return Ok(T::default()) };
    let value: Option<T> =
        serde_json::from_str(text).map_err(|error| line.fault(format!("{column}: {error}")))?;
    Ok(value.unwrap_or_default())
}
