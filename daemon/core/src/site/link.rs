//! From the entries of a site file to reference data: every key is derived from codes, and entries
//! are linked by key.

use uuid::Uuid;

use super::{
    entry::{self, File},
    hours, roster,
};
use crate::{
    id::{EquipmentId, ProductId, ReasonId, SiteId, StationId, UserId, reference_id},
    kpi::Rate,
    number::Prefix,
    reference::{
        Connection, Family, Field, Machine, Person, Product, Reason, ReasonGroup, Reference, Site,
        Standard, Station, System, Targets, Work,
    },
    screen::Settings,
};

/// The reference data that a checked file means.
pub(super) fn reference(file: File) -> Reference {
    let roster = roster::read(&file).unwrap_or_default();
    let hours = hours::read(file.hours.as_ref()).unwrap_or_default();
    let keys = Keys { organization: file.site.organization, site: file.site.code };
    let usual = file.site.target.unwrap_or_default();
    let site = Site {
        id: SiteId(keys.id("oee_sites", &keys.site)),
        code: keys.site.clone(),
        name: file.site.name,
        time_zone: file.site.time_zone,
        availability_mode: file.site.availability_mode,
        targets: targets(usual, Targets::default()),
    };
    let groups = |tables: [&str; 2], groups: Vec<entry::Group>| {
        groups.into_iter().map(|group| keys.group(tables, group)).collect()
    };
    let machine = |code: &str| keys.machine(code);
    let station = |code: &str| keys.station(code);
    let (usual_page, visibility) = match file.settings {
        Some(settings) => (settings.default_home_page, settings.ui_visibility),
        None => Default::default(),
    };
    let prefix = |prefix: entry::Prefix| Prefix {
        entity_type: prefix.entity_type,
        prefix: prefix.prefix,
        padding: prefix.padding,
    };
    let mut prefixes: Vec<Prefix> = file.prefix.into_iter().map(prefix).collect();
    prefixes.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    Reference {
        version: 0,
        organization: keys.organization.clone(),
        systems: file.system.into_iter().map(|system| keys.system(system)).collect(),
        stations: file.station.into_iter().map(|entry| keys.station_of(entry)).collect(),
        machines: (file.machine.into_iter())
            .map(|entry| keys.machine_of(entry, &site.targets))
            .collect(),
        downtime_groups: groups(
            ["oee_downtime_groups", "oee_downtime_reasons"],
            file.downtime_group,
        ),
        scrap_groups: groups(["oee_abort_groups", "oee_abort_reasons"], file.scrap_group),
        families: file.product_family.into_iter().map(|family| keys.family(family)).collect(),
        people: file.person.into_iter().map(|person| keys.person(person)).collect(),
        settings: Settings {
            default_home_page: usual_page,
            ui_visibility: visibility,
            flags: file.flags,
        },
        prefixes,
        leases: Vec::new(),
        corrections: Vec::new(),
        work: Work::default(),
        incident_groups: groups(
            ["oee_incident_groups", "oee_incident_reasons"],
            file.incident_group,
        ),
        station_incident_groups: groups(
            ["ops_station_incident_groups", "ops_station_incident_reasons"],
            file.station_incident_group,
        ),
        machine_connections: connections(file.machine_connection, machine),
        station_connections: connections(file.station_connection, station),
        roster,
        hours,
        site,
    }
}

/// Two decimals, as the central columns keep them.
fn decimal(value: f64) -> String {
    format!("{value:.2}")
}

fn targets(said: entry::Target, usual: Targets) -> Targets {
    let or = |said: Option<f64>, usual| said.map_or(usual, decimal);
    Targets {
        oee: or(said.oee, usual.oee),
        availability: or(said.availability, usual.availability),
        performance: or(said.performance, usual.performance),
        quality: or(said.quality, usual.quality),
    }
}

fn connections<Id>(
    entries: Vec<entry::Connection>,
    id: impl Fn(&str) -> Id,
) -> Vec<Connection<Id>> {
    let connection = |entry: entry::Connection| Connection {
        from: id(&entry.from),
        to: id(&entry.to),
        connection_type: entry.connection_type,
        label: entry.label,
    };
    entries.into_iter().map(connection).collect()
}

/// Derives keys from codes.
struct Keys {
    organization: String,
    site: String,
}

impl Keys {
    fn id(&self, table: &str, code: &str) -> Uuid {
        reference_id(&self.organization, &self.site, table, code)
    }

    fn machine(&self, code: &str) -> EquipmentId {
        EquipmentId(self.id("oee_equipment", code))
    }

    fn station(&self, code: &str) -> StationId {
        StationId(self.id("ops_stations", code))
    }

    fn group(&self, tables: [&str; 2], entry: entry::Group) -> ReasonGroup {
        let reason = |reason: entry::Reason| Reason {
            id: ReasonId(self.id(tables[1], &format!("{}/{}", entry.name, reason.code))),
            code: reason.code,
            name: reason.name,
        };
        ReasonGroup {
            id: self.id(tables[0], &entry.name),
            reasons: entry.reason.into_iter().map(reason).collect(),
            name: entry.name,
            group_type: entry.group_type,
        }
    }

    fn fields(&self, table: &str, at: &str, entries: Vec<entry::Field>) -> Vec<Field> {
        let field = |entry: entry::Field| Field {
            id: self.id(table, &format!("{at}/{}", entry.code)),
            code: entry.code,
            label: entry.label,
            field_type: entry.field_type,
            options: entry.options,
            asked_at: entry.asked_at,
            required: entry.required,
        };
        entries.into_iter().map(field).collect()
    }

    fn system(&self, entry: entry::System) -> System {
        System { id: self.id("oee_systems", &entry.code), code: entry.code, name: entry.name }
    }

    fn station_of(&self, entry: entry::Station) -> Station {
        let system = entry.system.map(|code| self.id("oee_systems", &code));
        Station {
            id: self.station(&entry.code),
            fields: self.fields("oee_station_custom_fields", &entry.code, entry.field),
            code: entry.code,
            name: entry.name,
            system: system.unwrap_or_default(),
            machine_only: entry.machine_only,
            machines: entry.machines.iter().map(|code| self.machine(code)).collect(),
            concurrent_jobs: entry.concurrent_jobs,
        }
    }

    fn machine_of(&self, entry: entry::Machine, usual: &Targets) -> Machine {
        Machine {
            id: self.machine(&entry.code),
            fields: self.fields("oee_equipment_custom_fields", &entry.code, entry.field),
            code: entry.code,
            name: entry.name,
            ideal_cycle_s: entry.ideal_cycle_s,
            default_target: entry.default_target,
            terminal: entry.terminal,
            targets: targets(entry.target.unwrap_or_default(), usual.clone()),
            concurrent_batches: entry.concurrent_batches,
            compatible: entry.compatible.iter().map(|code| self.machine(code)).collect(),
            rate: Rate::default(),
            positions: entry.positions,
        }
    }

    fn family(&self, entry: entry::Family) -> Family {
        let products = entry.product.into_iter().map(|product| self.product(&entry.code, product));
        Family {
            id: self.id("ops_product_families", &entry.code),
            products: products.collect(),
            code: entry.code,
            name: entry.name,
        }
    }

    fn product(&self, family: &str, entry: entry::Product) -> Product {
        let (mut machines, mut stations) = (Vec::new(), Vec::new());
        for standard in entry.standard {
            let standard_hours = standard.standard_hours.map(decimal);
            let scrap_rate = standard.scrap_rate.map(decimal);
            let cycle_time = standard.cycle_s.map(decimal);
            if let Some(at) = standard.machine.map(|code| self.machine(&code)) {
                machines.push(Standard { at, standard_hours, scrap_rate, cycle_time });
            } else if let Some(at) = standard.station.map(|code| self.station(&code)) {
                stations.push(Standard { at, standard_hours, scrap_rate, cycle_time });
            }
        }
        Product {
            id: ProductId(self.id("ops_products", &format!("{family}/{}", entry.code))),
            code: entry.code,
            name: entry.name,
            standard_hours: entry.standard_hours.map(decimal),
            default_quantity: entry.default_quantity,
            target_scrap_rate: entry.scrap_rate.map(decimal),
            machines,
            stations,
        }
    }

    fn person(&self, entry: entry::Person) -> Person {
        Person {
            id: UserId(self.id("users", &entry.number)),
            name: entry.name,
            number: entry.number,
            email: entry.email,
            badge: entry.badge,
            role: entry.role,
            active: entry.active,
            has_pin: false,
            pin: None,
        }
    }
}
