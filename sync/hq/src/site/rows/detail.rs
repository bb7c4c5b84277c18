//! The rows beside codes and names: settings, prefixes, exact cycles, links, fields.

use kart_core::reference::{Field, Reference};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Absent, ID, Rows, numbered};

/// What belongs to the whole organisation. A file only ever adds to it or changes it: other sites
/// have files of their own.
pub(super) fn organization(reference: &Reference) -> [Rows; 3] {
    let (organization, settings) = (&reference.organization, &reference.settings);
    let id = |table: &str, code: &str| kart_core::id::reference_id(organization, "", table, code);
    let said = settings.default_home_page.is_some() || !settings.ui_visibility.is_empty();
    let chosen = said.then(|| {
        json!({ "id": id("organization_settings", ""), "organization_id": organization,
            "default_home_page": settings.default_home_page,
            "ui_visibility": settings.ui_visibility })
    });
    let flags = settings.flags.iter().map(|(flag, on)| {
        json!({ "id": id("organization_feature_flags", flag), "organization_id": organization,
            "flag": flag, "is_enabled": on })
    });
    let prefixes = numbered(&reference.prefixes, |_, prefix| {
        let code = format!("{}/{}", prefix.entity_type, prefix.prefix);
        json!({ "id": id("organization_prefixes", &code), "organization_id": organization,
            "entity_type": prefix.entity_type, "prefix": prefix.prefix,
            "padding": prefix.padding, "is_active": true })
    });
    let rows = |table, key, fixed, told, rows| Rows {
        table,
        key,
        fixed,
        told,
        rows,
        absent: Absent::Shared,
    };
    [
        rows(
            "organization_settings",
            &["organization_id"],
            &["id", "organization_id"],
            &["default_home_page", "ui_visibility"],
            chosen.into_iter().collect(),
        ),
        rows(
            "organization_feature_flags",
            &["organization_id", "flag"],
            &["id", "organization_id", "flag"],
            &["is_enabled"],
            flags.collect(),
        ),
        rows(
            "organization_prefixes",
            &["organization_id", "entity_type", "prefix"],
            &["id", "organization_id", "entity_type", "prefix"],
            &["padding", "is_active"],
            prefixes,
        ),
    ]
}

/// Ideal cycles that hundredths of a second do not hold, and machines with positions.
pub(super) fn edge_equipment(reference: &Reference) -> Rows {
    let site = reference.site.id;
    let rows = reference.machines.iter().filter_map(|machine| {
        let seconds = machine.ideal_cycle_s?;
        let coarse: f64 = format!("{seconds:.2}").parse().ok()?;
        let exact = (coarse - seconds).abs() > f64::EPSILON;
        (exact || machine.positions.is_some()).then(|| {
            json!({ "organization_id": reference.organization, "site_id": site,
                "equipment_id": machine.id, "ideal_cycle_seconds": seconds.to_string(),
                "positions": machine.positions })
        })
    });
    Rows {
        table: "edge.equipment",
        key: &["organization_id", "site_id", "equipment_id"],
        fixed: &["organization_id", "site_id", "equipment_id"],
        told: &["ideal_cycle_seconds", "positions"],
        rows: rows.collect(),
        absent: Absent::Removed("equipment_id"),
    }
}

/// The key of a row that joins two others.
fn joined(one: Uuid, other: Uuid) -> Uuid {
    Uuid::new_v5(&one, other.as_bytes())
}

fn link(
    table: &'static str,
    fixed: &'static [&'static str],
    told: &'static [&'static str],
    rows: Vec<Value>,
) -> Rows {
    Rows { table, key: ID, fixed, told, rows, absent: Absent::Removed("id") }
}

/// Which machine may stand in for which, what feeds what, and what a product takes where.
pub(super) fn links(reference: &Reference) -> [Rows; 5] {
    let site = reference.site.id;
    let compatible = reference.machines.iter().flat_map(|machine| {
        machine.compatible.iter().map(|other| {
            json!({ "id": joined(machine.id.0, other.0), "equipment_id": machine.id,
                "compatible_equipment_id": other })
        })
    });
    let machines = numbered(&reference.machine_connections, |n, edge| {
        json!({ "id": joined(edge.from.0, edge.to.0), "site_id": site,
            "from_equipment_id": edge.from, "to_equipment_id": edge.to,
            "connection_type": edge.connection_type, "label": edge.label, "sort_order": n })
    });
    let stations = numbered(&reference.station_connections, |n, edge| {
        json!({ "id": joined(edge.from.0, edge.to.0), "site_id": site,
            "from_station_id": edge.from, "to_station_id": edge.to,
            "connection_type": edge.connection_type, "label": edge.label, "sort_order": n })
    });
    let products = || reference.families.iter().flat_map(|family| &family.products);
    let on_machines = products().flat_map(|product| {
        product.machines.iter().map(|standard| {
            json!({ "id": joined(product.id.0, standard.at.0), "product_id": product.id,
                "equipment_id": standard.at, "standard_hours": standard.standard_hours,
                "target_scrap_rate": standard.scrap_rate })
        })
    });
    let at_stations = products().flat_map(|product| {
        product.stations.iter().map(|standard| {
            json!({ "id": joined(product.id.0, standard.at.0), "product_id": product.id,
                "station_id": standard.at, "standard_hours": standard.standard_hours,
                "scrap_rate": standard.scrap_rate, "cycle_time": standard.cycle_time })
        })
    });
    [
        link(
            "oee_compatible_equipment",
            &["id", "equipment_id"],
            &["compatible_equipment_id"],
            compatible.collect(),
        ),
        link(
            "oee_equipment_connections",
            &["id", "site_id", "from_equipment_id", "to_equipment_id"],
            &["connection_type", "label", "sort_order"],
            machines,
        ),
        link(
            "ops_station_connections",
            &["id", "site_id", "from_station_id", "to_station_id"],
            &["connection_type", "label", "sort_order"],
            stations,
        ),
        link(
            "oee_product_equipment_config",
            &["id", "product_id", "equipment_id"],
            &["standard_hours", "target_scrap_rate"],
            on_machines.collect(),
        ),
        link(
            "ops_station_product_standards",
            &["id", "product_id", "station_id"],
            &["standard_hours", "scrap_rate", "cycle_time"],
            at_stations.collect(),
        ),
    ]
}

/// What is asked with a batch on machines and at stations.
pub(super) fn fields(reference: &Reference) -> [Rows; 2] {
    const TOLD: &[&str] = &[
        "code",
        "label",
        "field_type",
        "options",
        "asked_at",
        "is_required",
        "is_active",
        "sort_order",
    ];
    let rows = |at: &str, id: Uuid, fields: &[Field]| {
        numbered(fields, |n, field| {
            let options = (!field.options.is_empty()).then_some(&field.options);
            json!({ "id": field.id, at: id, "code": field.code, "label": field.label,
                "field_type": field.field_type.word(), "options": options,
                "asked_at": field.asked_at, "is_required": field.required, "is_active": true,
                "sort_order": n })
        })
    };
    let machines = reference.machines.iter();
    let stations = reference.stations.iter();
    [
        Rows {
            table: "oee_equipment_custom_fields",
            key: ID,
            fixed: &["id", "equipment_id"],
            told: TOLD,
            rows: machines.flat_map(|m| rows("equipment_id", m.id.0, &m.fields)).collect(),
            absent: Absent::Inactive,
        },
        Rows {
            table: "oee_station_custom_fields",
            key: ID,
            fixed: &["id", "station_id"],
            told: TOLD,
            rows: stations.flat_map(|s| rows("station_id", s.id.0, &s.fields)).collect(),
            absent: Absent::Inactive,
        },
    ]
}
