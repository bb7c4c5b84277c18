//! Which rows a site file becomes, table by table, parents first.

use kart_core::reference::{ReasonGroup, Reference};
use serde_json::{Value, json};
use uuid::Uuid;

use super::people::Wanted;
use crate::upsert::Upsert;

mod detail;
mod roster;

/// The rows of one table.
pub(super) struct Rows {
    pub(super) table: &'static str,
    /// The columns that make a row the same row.
    key: &'static [&'static str],
    /// Written once, because keys are derived from them.
    fixed: &'static [&'static str],
    /// Written again whenever the file says otherwise.
    told: &'static [&'static str],
    pub(super) rows: Vec<Value>,
    pub(super) absent: Absent,
}

/// What becomes of a row that the file does not name.
pub(super) enum Absent {
    /// Nothing: the table has no word for it, its members are switched off instead.
    Stays,
    /// `is_active` becomes false.
    Inactive,
    /// `is_archived` becomes true.
    Archived,
    /// It goes, because no event can name it: it is part of what a row of the file says. Found by
    /// this column.
    Removed(&'static str),
    /// Nothing; not even when deleting was asked for.
    Shared,
}

impl Rows {
    /// One statement for all rows; it answers one line for each row that it added (true) or changed.
    pub(super) fn upsert(&self) -> String {
        let Self { table, key, fixed, told, .. } = *self;
        let upsert = Upsert { table: table.to_owned(), key, fixed, told, given: None };
        upsert.sql() + " RETURNING t.xmax = 0"
    }

    /// Whether this column follows the file.
    pub(super) fn is_told(&self, column: &str) -> bool {
        self.told.contains(&column)
    }

    /// Whether a row that the file does not name may be deleted when that was asked for.
    pub(super) fn deletable(&self) -> bool {
        matches!(self.absent, Absent::Stays | Absent::Inactive | Absent::Archived)
    }

    /// The keys that the file names.
    pub(super) fn named(&self) -> Vec<Uuid> {
        let column = match self.absent {
            Absent::Removed(column) => column,
            _ => "id",
        };
        let key = |row: &Value| row.get(column)?.as_str()?.parse().ok();
        self.rows.iter().filter_map(key).collect()
    }
}

const ID: &[&str] = &["id"];

/// Every table of a site file.
pub(super) fn of(reference: &Reference, everybody: &[Wanted]) -> Vec<Rows> {
    let mut all = vec![site(reference), published(reference)];
    all.extend(detail::organization(reference));
    all.push(systems(reference));
    all.extend(reasons(reference, &DOWNTIME, &reference.downtime_groups));
    all.extend(reasons(reference, &SCRAP, &reference.scrap_groups));
    all.extend(reasons(reference, &INCIDENT, &reference.incident_groups));
    all.extend(reasons(reference, &STATION_INCIDENT, &reference.station_incident_groups));
    all.extend([equipment(reference), detail::edge_equipment(reference)]);
    all.extend([stations(reference), station_equipment(reference)]);
    all.extend([families(reference), products(reference)]);
    all.extend(detail::links(reference));
    all.extend(detail::fields(reference));
    all.extend([users(reference, everybody), people(reference, everybody), sources(reference)]);
    all.extend(roster::roster(reference));
    all.push(roster::hours(reference));
    all
}

fn numbered<'r, T>(all: &'r [T], row: impl Fn(usize, &'r T) -> Value) -> Vec<Value> {
    all.iter().enumerate().map(|(n, one)| row(n, one)).collect()
}

fn site(reference: &Reference) -> Rows {
    let site = &reference.site;
    Rows {
        table: "oee_sites",
        key: ID,
        fixed: &["id", "organization_id", "code"],
        told: &[
            "name",
            "availability_mode",
            "default_oee_target",
            "default_availability_target",
            "default_performance_target",
            "default_quality_target",
            "is_active",
        ],
        rows: vec![json!({
            "id": site.id, "organization_id": reference.organization, "code": site.code,
            "name": site.name, "availability_mode": site.availability_mode,
            "default_oee_target": site.targets.oee,
            "default_availability_target": site.targets.availability,
            "default_performance_target": site.targets.performance,
            "default_quality_target": site.targets.quality, "is_active": true,
        })],
        absent: Absent::Shared,
    }
}

/// The row that people and sources belong to; its version and snapshot are written at the end.
fn published(reference: &Reference) -> Rows {
    let site = &reference.site;
    Rows {
        table: "edge.sites",
        key: &["organization_id", "site_id"],
        fixed: &["organization_id", "site_id", "code"],
        told: &["time_zone"],
        rows: vec![json!({
            "organization_id": reference.organization, "site_id": site.id, "code": site.code,
            "time_zone": site.time_zone,
        })],
        absent: Absent::Shared,
    }
}

fn systems(reference: &Reference) -> Rows {
    let site = reference.site.id;
    Rows {
        table: "oee_systems",
        key: ID,
        fixed: &["id", "site_id"],
        told: &["code", "name", "is_active"],
        rows: numbered(&reference.systems, |_, system| {
            json!({ "id": system.id, "site_id": site, "code": system.code, "name": system.name,
                "is_active": true })
        }),
        absent: Absent::Inactive,
    }
}

struct ReasonTables {
    groups: &'static str,
    group_columns: &'static [&'static str],
    reasons: &'static str,
}

const DOWNTIME: ReasonTables = ReasonTables {
    groups: "oee_downtime_groups",
    group_columns: &["name", "sort_order", "type"],
    reasons: "oee_downtime_reasons",
};

const SCRAP: ReasonTables = ReasonTables {
    groups: "oee_abort_groups",
    group_columns: &["name", "sort_order"],
    reasons: "oee_abort_reasons",
};

const INCIDENT: ReasonTables = ReasonTables {
    groups: "oee_incident_groups",
    group_columns: &["name", "sort_order"],
    reasons: "oee_incident_reasons",
};

const STATION_INCIDENT: ReasonTables = ReasonTables {
    groups: "ops_station_incident_groups",
    group_columns: &["name", "sort_order"],
    reasons: "ops_station_incident_reasons",
};

fn reasons(reference: &Reference, tables: &ReasonTables, groups: &[ReasonGroup]) -> [Rows; 2] {
    let site = reference.site.id;
    let rows = groups.iter().flat_map(|group| {
        numbered(&group.reasons, |n, reason| {
            json!({ "id": reason.id, "group_id": group.id, "code": reason.code,
                "name": reason.name, "is_active": true, "sort_order": n })
        })
    });
    [
        Rows {
            table: tables.groups,
            key: ID,
            fixed: &["id", "site_id"],
            told: tables.group_columns,
            rows: numbered(groups, |n, group| {
                json!({ "id": group.id, "site_id": site, "name": group.name, "sort_order": n,
                    "type": group.group_type })
            }),
            absent: Absent::Stays,
        },
        Rows {
            table: tables.reasons,
            key: ID,
            fixed: &["id", "group_id"],
            told: &["code", "name", "is_active", "sort_order"],
            rows: rows.collect(),
            absent: Absent::Inactive,
        },
    ]
}

fn equipment(reference: &Reference) -> Rows {
    let site = reference.site.id;
    Rows {
        table: "oee_equipment",
        key: ID,
        fixed: &["id", "site_id", "organization_id"],
        told: &[
            "code",
            "name",
            "ideal_cycle_time_seconds",
            "default_target_quantity",
            "target_oee_percent",
            "target_availability_percent",
            "target_performance_percent",
            "target_quality_percent",
            "is_concurrent_batch",
            "is_archived",
        ],
        rows: numbered(&reference.machines, |_, machine| {
            json!({ "id": machine.id, "site_id": site, "organization_id": reference.organization,
                "code": machine.code, "name": machine.name,
                // Kartorium keeps hundredths of a second; terminals get the exact figure.
                "ideal_cycle_time_seconds":
                    machine.ideal_cycle_s.map(|seconds| format!("{:.2}", seconds.max(0.01))),
                "default_target_quantity": machine.default_target,
                "target_oee_percent": machine.targets.oee,
                "target_availability_percent": machine.targets.availability,
                "target_performance_percent": machine.targets.performance,
                "target_quality_percent": machine.targets.quality,
                "is_concurrent_batch": machine.concurrent_batches, "is_archived": false })
        }),
        absent: Absent::Archived,
    }
}

fn stations(reference: &Reference) -> Rows {
    let site = reference.site.id;
    Rows {
        table: "ops_stations",
        key: ID,
        fixed: &["id", "site_id"],
        told: &[
            "system_id",
            "code",
            "name",
            "machine_only",
            "allow_concurrent_jobs",
            "sort_order",
            "is_active",
        ],
        rows: numbered(&reference.stations, |n, station| {
            let system = (!station.system.is_nil()).then_some(station.system);
            json!({ "id": station.id, "site_id": site, "system_id": system,
                "code": station.code, "name": station.name,
                "machine_only": station.machine_only,
                "allow_concurrent_jobs": station.concurrent_jobs, "sort_order": n,
                "is_active": true })
        }),
        absent: Absent::Inactive,
    }
}

fn station_equipment(reference: &Reference) -> Rows {
    let rows = reference.stations.iter().flat_map(|station| {
        numbered(&station.machines, |n, machine| {
            json!({ "id": Uuid::new_v5(&station.id.0, machine.0.as_bytes()),
                "station_id": station.id, "equipment_id": machine, "sort_order": n })
        })
    });
    Rows {
        table: "ops_station_equipment",
        key: ID,
        fixed: &["id", "station_id", "equipment_id"],
        told: &["sort_order"],
        rows: rows.collect(),
        absent: Absent::Removed("id"),
    }
}

fn families(reference: &Reference) -> Rows {
    let site = reference.site.id;
    Rows {
        table: "ops_product_families",
        key: ID,
        fixed: &["id", "site_id"],
        told: &["family_code", "family_name", "sort_order"],
        rows: numbered(&reference.families, |n, family| {
            json!({ "id": family.id, "site_id": site, "family_code": family.code,
                "family_name": family.name, "sort_order": n })
        }),
        absent: Absent::Stays,
    }
}

fn products(reference: &Reference) -> Rows {
    let rows = reference.families.iter().flat_map(|family| {
        numbered(&family.products, |n, product| {
            json!({ "id": product.id, "family_id": family.id, "product_code": product.code,
                "product_name": product.name, "standard_hours": product.standard_hours,
                "default_quantity": product.default_quantity,
                "target_scrap_rate": product.target_scrap_rate, "is_active": true,
                "sort_order": n })
        })
    });
    Rows {
        table: "ops_products",
        key: ID,
        fixed: &["id", "family_id"],
        told: &[
            "product_code",
            "product_name",
            "standard_hours",
            "default_quantity",
            "target_scrap_rate",
            "is_active",
            "sort_order",
        ],
        rows: rows.collect(),
        absent: Absent::Inactive,
    }
}

fn users(reference: &Reference, everybody: &[Wanted]) -> Rows {
    Rows {
        table: "users",
        key: ID,
        fixed: &["id", "organization_id", "email"],
        told: &["display_name", "is_active"],
        rows: numbered(everybody, |_, person| {
            json!({ "id": person.id, "organization_id": reference.organization,
                "email": person.email, "display_name": person.name, "is_active": person.account })
        }),
        // An organisation has people of other sites too.
        absent: Absent::Shared,
    }
}

fn people(reference: &Reference, everybody: &[Wanted]) -> Rows {
    let site = reference.site.id;
    Rows {
        table: "edge.people",
        key: &["organization_id", "site_id", "user_id"],
        fixed: &["organization_id", "site_id", "user_id"],
        told: &["number", "badge", "role", "is_active"],
        rows: numbered(everybody, |_, person| {
            json!({ "organization_id": reference.organization, "site_id": site,
                "user_id": person.id, "number": person.number, "badge": person.badge,
                "role": person.role, "is_active": person.active })
        }),
        // Whom the file stopped naming is dealt with by who knows whom it named before.
        absent: Absent::Shared,
    }
}

fn sources(reference: &Reference) -> Rows {
    let site = reference.site.id;
    let rows = reference.machines.iter().filter_map(|machine| {
        // A site file names one terminal for all sources of a machine.
        let terminal = machine.terminal.as_ref()?;
        Some(json!({ "organization_id": reference.organization, "site_id": site,
            "equipment_id": machine.id, "source": "*", "terminal_code": terminal }))
    });
    Rows {
        table: "edge.sources",
        key: &["organization_id", "site_id", "equipment_id", "source"],
        fixed: &["organization_id", "site_id", "equipment_id", "source"],
        told: &["terminal_code"],
        rows: rows.collect(),
        absent: Absent::Removed("equipment_id"),
    }
}
