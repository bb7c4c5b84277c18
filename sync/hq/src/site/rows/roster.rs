//! The rows of the shift calendar, and of how hours are shown.

use kart_core::{hours::Period, id::reference_id, reference::Reference};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Absent, Rows, numbered};

const KEY: &[&str] = &["organization_id", "site_id", "id"];

/// Shifts, patterns and exceptions. What the file no longer says goes: no fact names it.
pub(super) fn roster(reference: &Reference) -> [Rows; 3] {
    let (organization, site) = (&reference.organization, &reference.site);
    let id = |table: &str, code: &str| reference_id(organization, &site.code, table, code);
    let row = |id: Uuid, columns: Value| {
        let place = json!({ "organization_id": organization, "site_id": site.id, "id": id });
        let columns = [place, columns].into_iter().filter_map(|part| match part {
            Value::Object(columns) => Some(columns),
            _ => None,
        });
        Value::Object(columns.flatten().collect::<Map<String, Value>>())
    };
    let roster = &reference.roster;
    let rows = |table, told, rows| Rows {
        table,
        key: KEY,
        fixed: KEY,
        told,
        rows,
        absent: Absent::Removed("id"),
    };
    [
        rows(
            "edge.shifts",
            &["code", "name", "start_time", "end_time", "breaks", "sort_order"],
            numbered(&roster.shifts, |n, shift| {
                row(
                    id("edge.shifts", &shift.code),
                    json!({ "code": shift.code, "name": shift.name, "start_time": shift.start,
                        "end_time": shift.end, "breaks": shift.breaks, "sort_order": n }),
                )
            }),
        ),
        rows(
            "edge.shift_patterns",
            &["from_date", "weeks", "crews"],
            numbered(&roster.patterns, |_, pattern| {
                row(
                    id("edge.shift_patterns", &pattern.from.to_string()),
                    json!({ "from_date": pattern.from, "weeks": pattern.weeks,
                        "crews": pattern.crews }),
                )
            }),
        ),
        rows(
            "edge.shift_exceptions",
            &["name", "from_date", "until_date", "closed", "extra", "crew"],
            numbered(&roster.exceptions, |_, exception| {
                row(
                    id("edge.shift_exceptions", &format!("{}/{}", exception.from, exception.name)),
                    json!({ "name": exception.name, "from_date": exception.from,
                        "until_date": exception.until, "closed": exception.closed,
                        "extra": exception.extra, "crew": exception.crew }),
                )
            }),
        ),
    ]
}

/// How hours are shown; no row where nobody said so.
pub(super) fn hours(reference: &Reference) -> Rows {
    let (organization, site) = (&reference.organization, &reference.site);
    let id = reference_id(organization, &site.code, "edge.hours", &site.code);
    let told: Vec<_> =
        Some(&reference.hours).filter(|hours| !hours.is_usual()).into_iter().collect();
    let row = |hours: &kart_core::hours::Hours| {
        let (period, from) = match hours.period {
            Period::Month => ("month", None),
            Period::Week => ("week", None),
            Period::TwoWeeks { from } => ("two_weeks", Some(from)),
        };
        json!({ "organization_id": organization, "site_id": site.id, "id": id,
            "period": period, "period_from": from, "views": hours.views })
    };
    Rows {
        table: "edge.hours",
        key: KEY,
        fixed: KEY,
        told: &["period", "period_from", "views"],
        rows: told.into_iter().map(row).collect(),
        absent: Absent::Removed("id"),
    }
}
