//! The site file: the reference data of one site as a person writes it.
//!
//! Headquarters loads it into the central database; a terminal without headquarters reads the
//! same file and works alone. Keys are derived from codes, so both get the same ones.

use serde::Deserialize;
use std::collections::BTreeSet;
use uuid::Uuid;

use crate::{
    document::{Document, Fault, Faults},
    id::{EquipmentId, ProductId, ReasonId, SiteId, StationId, UserId, reference_id},
    reference::{
        Family, Machine, Person, Product, Reason, ReasonGroup, Reference, Role, Site, Station,
        System,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    site: SiteEntry,
    #[serde(default)]
    system: Vec<SystemEntry>,
    #[serde(default)]
    station: Vec<StationEntry>,
    #[serde(default)]
    machine: Vec<MachineEntry>,
    #[serde(default)]
    downtime_group: Vec<GroupEntry>,
    #[serde(default)]
    scrap_group: Vec<GroupEntry>,
    #[serde(default)]
    product_family: Vec<FamilyEntry>,
    #[serde(default)]
    person: Vec<PersonEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteEntry {
    organization: String,
    code: String,
    name: String,
    time_zone: String,
    #[serde(default = "standard")]
    availability_mode: String,
}

fn standard() -> String {
    "standard".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemEntry {
    code: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StationEntry {
    code: String,
    name: String,
    system: String,
    #[serde(default)]
    machine_only: bool,
    #[serde(default)]
    machines: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineEntry {
    code: String,
    name: String,
    ideal_cycle_s: Option<f64>,
    default_target: Option<i64>,
    terminal: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    name: String,
    #[serde(rename = "type", default)]
    group_type: String,
    #[serde(default)]
    reason: Vec<ReasonEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonEntry {
    code: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyEntry {
    code: String,
    name: String,
    #[serde(default)]
    product: Vec<ProductEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductEntry {
    code: String,
    name: String,
    standard_hours: Option<f64>,
    default_quantity: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonEntry {
    number: String,
    name: String,
    badge: String,
    #[serde(default = "operator")]
    role: Role,
    #[serde(default = "active")]
    active: bool,
}

fn operator() -> Role {
    Role::Operator
}

fn active() -> bool {
    true
}

/// Reads the site file `text`; `file` is what faults call it. All faults come together.
pub fn parse(file: &str, text: &str) -> Result<Reference, Faults> {
    let document = Document::read(file, text)?;
    let entries: File = document.parse()?;
    let mut check = Check { document: &document, faults: Vec::new() };
    check.site(&entries.site);
    check.codes(&entries);
    check.links(&entries);
    check.values(&entries);
    if check.faults.is_empty() { Ok(reference(entries)) } else { Err(check.faults.into()) }
}

struct Check<'d> {
    document: &'d Document<'d>,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.faults.push(self.document.fault(path, message));
    }

    fn site(&mut self, site: &SiteEntry) {
        if jiff::tz::TimeZone::get(&site.time_zone).is_err() {
            let message =
                format!("{:?} is not an IANA time zone such as Europe/Berlin", site.time_zone);
            self.fault("site.time_zone", message);
        }
        if !["standard", "strict", "teep"].contains(&site.availability_mode.as_str()) {
            self.fault("site.availability_mode", "must be standard, strict or teep");
        }
        if site.organization.is_empty() || site.organization.len() > 50 {
            self.fault("site.organization", "must have 1 to 50 characters");
        }
    }

    /// Codes are present, short enough and unique where the central schema wants them so.
    fn codes(&mut self, file: &File) {
        self.unique("system", "code", file.system.iter().map(|s| &s.code));
        self.unique("station", "code", file.station.iter().map(|s| &s.code));
        self.unique("machine", "code", file.machine.iter().map(|m| &m.code));
        self.unique("downtime_group", "name", file.downtime_group.iter().map(|g| &g.name));
        self.unique("scrap_group", "name", file.scrap_group.iter().map(|g| &g.name));
        self.unique("product_family", "code", file.product_family.iter().map(|f| &f.code));
        self.unique("person", "number", file.person.iter().map(|p| &p.number));
        self.unique("person", "badge", file.person.iter().map(|p| &p.badge));
        for (n, family) in file.product_family.iter().enumerate() {
            let path = format!("product_family[{n}].product");
            self.unique(&path, "code", family.product.iter().map(|p| &p.code));
        }
        for (list, groups) in
            [("downtime_group", &file.downtime_group), ("scrap_group", &file.scrap_group)]
        {
            for (n, group) in groups.iter().enumerate() {
                let path = format!("{list}[{n}].reason");
                self.unique(&path, "code", group.reason.iter().map(|r| &r.code));
            }
        }
    }

    fn unique<'s>(&mut self, list: &str, key: &str, codes: impl Iterator<Item = &'s String>) {
        let mut seen = BTreeSet::new();
        for (n, code) in codes.enumerate() {
            let path = format!("{list}[{n}].{key}");
            if code.trim().is_empty() || code.chars().count() > 50 {
                self.fault(&path, "must have 1 to 50 characters");
            } else if !seen.insert(code) {
                self.fault(&path, format!("{code:?} stands here twice"));
            }
        }
    }

    fn links(&mut self, file: &File) {
        for (n, station) in file.station.iter().enumerate() {
            if !file.system.iter().any(|system| system.code == station.system) {
                let message = format!("no [[system]] has the code {:?}", station.system);
                self.fault(&format!("station[{n}].system"), message);
            }
            for (i, code) in station.machines.iter().enumerate() {
                if !file.machine.iter().any(|machine| machine.code == *code) {
                    let message = format!("no [[machine]] has the code {code:?}");
                    self.fault(&format!("station[{n}].machines[{i}]"), message);
                }
            }
        }
    }

    fn values(&mut self, file: &File) {
        for (n, machine) in file.machine.iter().enumerate() {
            if machine.ideal_cycle_s.is_some_and(|s| !(0.001..=86_400.0).contains(&s)) {
                self.fault(
                    &format!("machine[{n}].ideal_cycle_s"),
                    "must be 0.001 to 86400 seconds",
                );
            }
            if machine.default_target.is_some_and(|target| target < 1) {
                self.fault(&format!("machine[{n}].default_target"), "must be at least 1");
            }
        }
        for (n, group) in file.downtime_group.iter().enumerate() {
            if !["unplanned", "planned", "idle"].contains(&group.group_type.as_str()) {
                self.fault(
                    &format!("downtime_group[{n}].type"),
                    "must be unplanned, planned or idle",
                );
            }
        }
        for (n, family) in file.product_family.iter().enumerate() {
            for (i, product) in family.product.iter().enumerate() {
                let path = format!("product_family[{n}].product[{i}]");
                if product.default_quantity.is_some_and(|quantity| quantity < 1) {
                    self.fault(&format!("{path}.default_quantity"), "must be at least 1");
                }
                if product
                    .standard_hours
                    .is_some_and(|hours| !(0.0..=99_999_999.0).contains(&hours))
                {
                    self.fault(&format!("{path}.standard_hours"), "must be 0 to 99999999 hours");
                }
            }
        }
    }
}

/// Derives every key from codes and links the entries by key.
fn reference(file: File) -> Reference {
    let (organization, site) = (file.site.organization.clone(), file.site.code.clone());
    let id = |table: &str, code: &str| reference_id(&organization, &site, table, code);
    let group = |tables: (&str, &str), entry: GroupEntry| ReasonGroup {
        id: id(tables.0, &entry.name),
        reasons: entry
            .reason
            .into_iter()
            .map(|reason| Reason {
                id: ReasonId(id(tables.1, &format!("{}/{}", entry.name, reason.code))),
                code: reason.code,
                name: reason.name,
            })
            .collect(),
        name: entry.name,
        group_type: entry.group_type,
    };
    let downtime = ("oee_downtime_groups", "oee_downtime_reasons");
    let scrap = ("oee_abort_groups", "oee_abort_reasons");
    Reference {
        version: 0,
        site: site_row(&file.site),
        systems: file.system.into_iter().map(|s| system(&id, s)).collect(),
        stations: file.station.into_iter().map(|s| station(&id, s)).collect(),
        machines: file.machine.into_iter().map(|m| machine(&id, m)).collect(),
        downtime_groups: file.downtime_group.into_iter().map(|g| group(downtime, g)).collect(),
        scrap_groups: file.scrap_group.into_iter().map(|g| group(scrap, g)).collect(),
        families: file.product_family.into_iter().map(|f| family(&id, f)).collect(),
        people: file.person.into_iter().map(|p| person(&id, p)).collect(),
        organization,
    }
}

fn site_row(entry: &SiteEntry) -> Site {
    Site {
        id: SiteId(reference_id(&entry.organization, &entry.code, "oee_sites", &entry.code)),
        code: entry.code.clone(),
        name: entry.name.clone(),
        time_zone: entry.time_zone.clone(),
        availability_mode: entry.availability_mode.clone(),
    }
}

fn system(id: &impl Fn(&str, &str) -> Uuid, entry: SystemEntry) -> System {
    System { id: id("oee_systems", &entry.code), code: entry.code, name: entry.name }
}

fn station(id: &impl Fn(&str, &str) -> Uuid, entry: StationEntry) -> Station {
    Station {
        id: StationId(id("ops_stations", &entry.code)),
        code: entry.code,
        name: entry.name,
        system: id("oee_systems", &entry.system),
        machine_only: entry.machine_only,
        machines: entry
            .machines
            .iter()
            .map(|code| EquipmentId(id("oee_equipment", code)))
            .collect(),
    }
}

fn machine(id: &impl Fn(&str, &str) -> Uuid, entry: MachineEntry) -> Machine {
    Machine {
        id: EquipmentId(id("oee_equipment", &entry.code)),
        code: entry.code,
        name: entry.name,
        ideal_cycle_s: entry.ideal_cycle_s,
        default_target: entry.default_target,
        terminal: entry.terminal,
    }
}

fn family(id: &impl Fn(&str, &str) -> Uuid, entry: FamilyEntry) -> Family {
    let products = entry
        .product
        .into_iter()
        .map(|product| Product {
            id: ProductId(id("ops_products", &format!("{}/{}", entry.code, product.code))),
            code: product.code,
            name: product.name,
            standard_hours: product.standard_hours.map(|hours| format!("{hours:.2}")),
            default_quantity: product.default_quantity,
        })
        .collect();
    let id = id("ops_product_families", &entry.code);
    Family { id, code: entry.code, name: entry.name, products }
}

fn person(id: &impl Fn(&str, &str) -> Uuid, entry: PersonEntry) -> Person {
    Person {
        id: UserId(id("users", &entry.number)),
        name: entry.name,
        badge: entry.badge,
        role: entry.role,
        active: entry.active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
[site]
organization = 'o'
code = 'cedar'
name = 'Cedar'
time_zone = 'Europe/Berlin'
[[system]]
code = 'L2'
name = 'Line 2'
[[station]]
code = 'ST-21'
name = 'Presses'
system = 'L2'
machines = ['EQ-211']
[[machine]]
code = 'EQ-211'
name = 'Press'
";

    #[test]
    fn keys_come_from_codes() {
        let reference = parse("site.toml", SMALL).unwrap();
        assert_eq!(reference.stations[0].machines, [reference.machines[0].id]);
        assert_eq!(
            reference.machines[0].id.0,
            reference_id("o", "cedar", "oee_equipment", "EQ-211")
        );
    }

    #[test]
    fn faults_come_together() {
        let text =
            SMALL.replace("Europe/Berlin", "Berlin").replace("system = 'L2'", "system = 'L3'")
                + "[[machine]]\ncode = 'EQ-211'\nname = 'again'\nideal_cycle_s = -1.0\n";
        let faults = parse("site.toml", &text).unwrap_err().0;
        let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        let expect =
            ["site.time_zone", "station[0].system", "machine[1].code", "machine[1].ideal_cycle_s"];
        assert_eq!(paths, expect);
    }
}
