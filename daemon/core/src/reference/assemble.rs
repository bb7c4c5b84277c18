//! Reference data from the rows of the central tables, as a feed brings them.
//!
//! The inverse of what applying a site file writes: what is switched off is left out, lists stand
//! in the order of `sort_order`, then of codes. People who may not work here stay, so that their
//! badge is refused with the reason. Rows that contradict each other are not repaired here.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};
use uuid::Uuid;

mod corrections;
mod detail;
mod floor;
mod roster;
mod work;

use super::{
    Family, Machine, Person, Product, Reason, ReasonGroup, Reference, Role, Site, Station, System,
};
use crate::id::{EquipmentId, ProductId, ReasonId, SiteId, StationId, UserId};

/// The columns of one row, each as Postgres writes it.
pub type Columns = BTreeMap<String, Option<String>>;

/// Rows by table; a table is named with its schema, for example `public.oee_sites`.
pub type Rows = BTreeMap<String, Vec<Columns>>;

/// A row that cannot be what it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{table}: {problem}")]
pub struct Fault {
    /// Schema and name.
    pub table: &'static str,
    /// In words.
    pub problem: String,
}

/// Tables that come down and are no reference data.
const OTHERS: [&str; 1] = ["edge.erasures"];

/// Whether rows of this table can make a difference to [`assemble`].
pub fn concerns(table: &str) -> bool {
    !OTHERS.contains(&table)
}

/// Puts the reference data of one site together.
pub fn assemble(rows: &Rows) -> Result<Reference, Fault> {
    let (organization, version, site) = site(rows)?;
    Ok(Reference {
        version,
        organization,
        site,
        systems: systems(rows)?,
        stations: stations(rows)?,
        machines: machines(rows)?,
        downtime_groups: reasons(
            rows,
            "public.oee_downtime_groups",
            "public.oee_downtime_reasons",
        )?,
        scrap_groups: reasons(rows, "public.oee_abort_groups", "public.oee_abort_reasons")?,
        families: families(rows)?,
        people: people(rows)?,
        settings: detail::settings(rows)?,
        prefixes: detail::prefixes(rows)?,
        leases: detail::leases(rows)?,
        corrections: corrections::corrections(rows)?,
        work: work::work(rows)?,
        incident_groups: reasons(
            rows,
            "public.oee_incident_groups",
            "public.oee_incident_reasons",
        )?,
        station_incident_groups: reasons(
            rows,
            "public.ops_station_incident_groups",
            "public.ops_station_incident_reasons",
        )?,
        machine_connections: detail::connections(
            rows,
            "public.oee_equipment_connections",
            ("from_equipment_id", "to_equipment_id"),
            EquipmentId,
        )?,
        station_connections: detail::connections(
            rows,
            "public.ops_station_connections",
            ("from_station_id", "to_station_id"),
            StationId,
        )?,
        roster: roster::roster(rows)?,
        hours: roster::hours(rows)?,
    })
}

/// A row with the name of its table, for faults.
#[derive(Clone, Copy)]
pub(crate) struct Line<'r> {
    table: &'static str,
    columns: &'r Columns,
}

/// The rows of a table, in no particular order.
pub(crate) fn lines<'r>(rows: &'r Rows, table: &'static str) -> Vec<Line<'r>> {
    let all = rows.get(table).into_iter().flatten();
    all.map(|columns| Line { table, columns }).collect()
}

/// The rows of a table by `sort_order`, where there is one, then by the column `by`.
pub(crate) fn sorted<'r>(
    rows: &'r Rows,
    table: &'static str,
    by: &str,
) -> Result<Vec<Line<'r>>, Fault> {
    let mut keyed = Vec::new();
    for line in lines(rows, table) {
        let place: i64 = line.read("sort_order")?.unwrap_or_default();
        keyed.push((place, line.text(by).unwrap_or_default().to_owned(), line));
    }
    keyed.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(keyed.into_iter().map(|(_, _, line)| line).collect())
}

impl<'r> Line<'r> {
    /// A column's text; absent and null are the same.
    pub(crate) fn text(self, column: &str) -> Option<&'r str> {
        self.columns.get(column)?.as_deref()
    }

    /// A column's value, where there is one.
    pub(crate) fn read<T: FromStr>(self, column: &str) -> Result<Option<T>, Fault> {
        let fault = |text: &str| self.fault(format!("{column} {text:?} cannot be read"));
        self.text(column).map(|text| text.parse().map_err(|_| fault(text))).transpose()
    }

    /// A column's value; null is a fault.
    pub(crate) fn need<T: FromStr>(self, column: &str) -> Result<T, Fault> {
        self.read(column)?.ok_or_else(|| self.fault(format!("{column} is missing")))
    }

    /// Whether a boolean column is true; `f` and null are not.
    pub(crate) fn is(self, column: &str) -> bool {
        matches!(self.text(column), Some("t" | "true"))
    }

    fn fault(self, problem: String) -> Fault {
        let key = ["id", "user_id"].into_iter().find_map(|column| self.text(column));
        let problem = match key {
            Some(key) => format!("row {key}: {problem}"),
            None => problem,
        };
        Fault { table: self.table, problem }
    }
}

fn one<'r>(rows: &'r Rows, table: &'static str) -> Result<Line<'r>, Fault> {
    match lines(rows, table)[..] {
        [line] => Ok(line),
        ref other => Err(Fault { table, problem: format!("{} rows instead of one", other.len()) }),
    }
}

fn site(rows: &Rows) -> Result<(String, i64, Site), Fault> {
    let site = one(rows, "public.oee_sites")?;
    let ours = one(rows, "edge.sites")?;
    let known = Site {
        id: SiteId(site.need("id")?),
        code: site.need("code")?,
        name: site.need("name")?,
        time_zone: ours.need("time_zone")?,
        availability_mode: site.need("availability_mode")?,
        targets: detail::targets(site, |word| format!("default_{word}_target")),
    };
    Ok((site.need("organization_id")?, ours.need("version")?, known))
}

fn systems(rows: &Rows) -> Result<Vec<System>, Fault> {
    let active = sorted(rows, "public.oee_systems", "code")?;
    active
        .into_iter()
        .filter(|line| line.is("is_active"))
        .map(|line| {
            Ok(System { id: line.need("id")?, code: line.need("code")?, name: line.need("name")? })
        })
        .collect()
}

fn stations(rows: &Rows) -> Result<Vec<Station>, Fault> {
    let standing: BTreeSet<Uuid> = machines(rows)?.iter().map(|machine| machine.id.0).collect();
    let mut machines: BTreeMap<Uuid, Vec<EquipmentId>> = BTreeMap::new();
    for line in sorted(rows, "public.ops_station_equipment", "equipment_id")? {
        let machine = line.need("equipment_id")?;
        if standing.contains(&machine) {
            machines.entry(line.need("station_id")?).or_default().push(EquipmentId(machine));
        }
    }
    let mut fields = detail::fields(rows, "public.oee_station_custom_fields", "station_id")?;
    let active = sorted(rows, "public.ops_stations", "code")?;
    active
        .into_iter()
        .filter(|line| line.is("is_active"))
        .map(|line| {
            let id = line.need("id")?;
            Ok(Station {
                id: StationId(id),
                code: line.need("code")?,
                name: line.need("name")?,
                // Kartorium lets a station stand outside every line.
                system: line.read("system_id")?.unwrap_or_default(),
                machine_only: line.is("machine_only"),
                machines: machines.remove(&id).unwrap_or_default(),
                concurrent_jobs: line.is("allow_concurrent_jobs"),
                fields: fields.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

fn machines(rows: &Rows) -> Result<Vec<Machine>, Fault> {
    let mut readers: BTreeMap<Uuid, String> = BTreeMap::new();
    for line in lines(rows, "edge.sources") {
        if line.text("source") == Some("*") {
            readers.insert(line.need("equipment_id")?, line.need("terminal_code")?);
        }
    }
    // Kartorium keeps hundredths of a second.
    let mut exact: BTreeMap<Uuid, (f64, Option<u32>)> = BTreeMap::new();
    for line in lines(rows, "edge.equipment") {
        let told = (line.need("ideal_cycle_seconds")?, line.read("positions")?);
        exact.insert(line.need("equipment_id")?, told);
    }
    let table = "public.oee_compatible_equipment";
    let columns = ("equipment_id", "compatible_equipment_id");
    let mut compatible = detail::pairs(rows, table, columns, EquipmentId)?;
    let mut fields = detail::fields(rows, "public.oee_equipment_custom_fields", "equipment_id")?;
    let all = sorted(rows, "public.oee_equipment", "code")?;
    all.into_iter()
        .filter(|line| !line.is("is_archived"))
        .map(|line| {
            let id = line.need("id")?;
            let exact = exact.remove(&id);
            Ok(Machine {
                id: EquipmentId(id),
                code: line.need("code")?,
                name: line.need("name")?,
                ideal_cycle_s: match exact {
                    Some((seconds, _)) => Some(seconds),
                    None => line.read("ideal_cycle_time_seconds")?,
                },
                rate: detail::rate(line)?,
                positions: exact.and_then(|(_, positions)| positions),
                default_target: line.read("default_target_quantity")?,
                terminal: readers.remove(&id),
                targets: detail::targets(line, |word| format!("target_{word}_percent")),
                concurrent_batches: line.is("is_concurrent_batch"),
                compatible: compatible.remove(&id).unwrap_or_default(),
                fields: fields.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

fn reasons(
    rows: &Rows,
    groups: &'static str,
    reasons: &'static str,
) -> Result<Vec<ReasonGroup>, Fault> {
    let mut members = Members::default();
    for line in sorted(rows, reasons, "code")? {
        let reason = Reason {
            id: ReasonId(line.need("id")?),
            code: line.need("code")?,
            name: line.need("name")?,
        };
        members.add(line.need("group_id")?, line.is("is_active"), reason);
    }
    let mut all = Vec::new();
    for line in sorted(rows, groups, "name")? {
        let id = line.need("id")?;
        let Some(reasons) = members.of(id) else { continue };
        let (name, group_type) = (line.need("name")?, line.read("type")?.unwrap_or_default());
        all.push(ReasonGroup { id, name, group_type, reasons });
    }
    Ok(all)
}

fn families(rows: &Rows) -> Result<Vec<Family>, Fault> {
    let mut machines = detail::standards(
        rows,
        "public.oee_product_equipment_config",
        ("equipment_id", "target_scrap_rate"),
        EquipmentId,
    )?;
    let mut stations = detail::standards(
        rows,
        "public.ops_station_product_standards",
        ("station_id", "scrap_rate"),
        StationId,
    )?;
    let mut members = Members::default();
    for line in sorted(rows, "public.ops_products", "product_code")? {
        let id = line.need("id")?;
        let product = Product {
            id: ProductId(id),
            code: line.need("product_code")?,
            name: line.need("product_name")?,
            standard_hours: line.read("standard_hours")?,
            default_quantity: line.read("default_quantity")?,
            target_scrap_rate: line.read("target_scrap_rate")?,
            machines: machines.remove(&id).unwrap_or_default(),
            stations: stations.remove(&id).unwrap_or_default(),
        };
        members.add(line.need("family_id")?, line.is("is_active"), product);
    }
    let mut all = Vec::new();
    for line in sorted(rows, "public.ops_product_families", "family_code")? {
        let id = line.need("id")?;
        let Some(products) = members.of(id) else { continue };
        let (code, name) = (line.need("family_code")?, line.need("family_name")?);
        all.push(Family { id, code, name, products });
    }
    Ok(all)
}

fn people(rows: &Rows) -> Result<Vec<Person>, Fault> {
    let mut users: BTreeMap<Uuid, Line<'_>> = BTreeMap::new();
    for line in lines(rows, "public.users") {
        users.insert(line.need("id")?, line);
    }
    let mut all = Vec::new();
    for line in sorted(rows, "edge.people", "badge")? {
        let id: Uuid = line.need("user_id")?;
        let user = users.get(&id);
        let role = line.text("role").and_then(Role::of);
        all.push(Person {
            id: UserId(id),
            name: user.and_then(|user| user.text("display_name")).unwrap_or_default().to_owned(),
            number: line.read("number")?.unwrap_or_default(),
            email: user.and_then(|user| user.text("email")).unwrap_or_default().to_owned(),
            badge: line.read("badge")?.unwrap_or_default(),
            role: role.ok_or_else(|| line.fault("role is not known".to_owned()))?,
            active: line.is("is_active") && user.is_some_and(|user| user.is("is_active")),
            has_pin: line.text("pin_hash").is_some(),
            pin: line.read("pin_hash")?,
        });
    }
    Ok(all)
}

/// Members by the group they belong to. A group has no word for "switched off": it is when all its
/// members are.
struct Members<T>(BTreeMap<Uuid, Vec<Option<T>>>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Members<T> {
    fn add(&mut self, group: Uuid, active: bool, member: T) {
        self.0.entry(group).or_default().push(active.then_some(member));
    }

    /// The active members of a group; `None` when it only has others.
    fn of(&mut self, group: Uuid) -> Option<Vec<T>> {
        let all = self.0.remove(&group).unwrap_or_default();
        let none = all.is_empty();
        let active: Vec<T> = all.into_iter().flatten().collect();
        (none || !active.is_empty()).then_some(active)
    }
}

#[cfg(test)]
mod tests;
