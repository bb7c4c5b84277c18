//! From reference data back to a site file that means the same.

use std::collections::BTreeMap;
use uuid::Uuid;

use super::{
    entry::{
        self, Connection, Family, Field, File, Group, Machine, Person, Prefix, Product, Reason,
        Settings, Site, Standard, Station, System, Target,
    },
    hours, roster,
};
use crate::{
    document::Faults,
    id::{EquipmentId, StationId},
    reference::{self, ReasonGroup, Reference, Targets},
};

/// What cannot stand in a site file.
#[derive(Debug, thiserror::Error)]
pub enum Unprintable {
    /// It would not be read back: rows have codes or values that no site file may have.
    #[error("these rows do not make a site file: {0}")]
    Unreadable(Faults),
    /// The file cannot be written.
    #[error(transparent)]
    Toml(#[from] toml::ser::Error),
}

/// The site file of `reference`.
pub fn print(reference: &Reference) -> Result<String, Unprintable> {
    let codes = Codes::of(reference);
    let text = toml::to_string(&codes.file(reference))?;
    // Rows of Kartorium have keys of their own; what leads back to them are the codes.
    super::parse("site", &text).map_err(Unprintable::Unreadable)?;
    Ok(text)
}

/// Codes by key.
struct Codes<'r> {
    systems: BTreeMap<Uuid, &'r str>,
    machines: BTreeMap<EquipmentId, &'r str>,
    stations: BTreeMap<StationId, &'r str>,
}

impl<'r> Codes<'r> {
    fn of(reference: &'r Reference) -> Self {
        Self {
            systems: reference.systems.iter().map(|s| (s.id, s.code.as_str())).collect(),
            machines: reference.machines.iter().map(|m| (m.id, m.code.as_str())).collect(),
            stations: reference.stations.iter().map(|s| (s.id, s.code.as_str())).collect(),
        }
    }

    /// The code of a machine; nothing for one that is switched off.
    fn machine(&self, id: EquipmentId) -> Option<String> {
        self.machines.get(&id).map(|code| (*code).to_owned())
    }

    fn station(&self, id: StationId) -> Option<String> {
        self.stations.get(&id).map(|code| (*code).to_owned())
    }

    fn file(&self, reference: &Reference) -> File {
        let (site, settings) = (&reference.site, &reference.settings);
        let said = settings.default_home_page.is_some() || !settings.ui_visibility.is_empty();
        File {
            site: Site {
                organization: reference.organization.clone(),
                code: site.code.clone(),
                name: site.name.clone(),
                time_zone: site.time_zone.clone(),
                availability_mode: site.availability_mode.clone(),
                target: target(&site.targets, &Targets::default()),
            },
            settings: said.then(|| Settings {
                default_home_page: settings.default_home_page.clone(),
                ui_visibility: settings.ui_visibility.clone(),
            }),
            flags: settings.flags.clone(),
            prefix: reference.prefixes.iter().map(prefix).collect(),
            system: reference.systems.iter().map(system).collect(),
            station: reference.stations.iter().map(|station| self.place(station)).collect(),
            machine: (reference.machines.iter())
                .map(|machine| self.equipment(machine, &site.targets))
                .collect(),
            station_connection: connections(&reference.station_connections, |id| self.station(id)),
            machine_connection: connections(&reference.machine_connections, |id| self.machine(id)),
            downtime_group: groups(&reference.downtime_groups),
            incident_group: groups(&reference.incident_groups),
            station_incident_group: groups(&reference.station_incident_groups),
            scrap_group: groups(&reference.scrap_groups),
            product_family: reference.families.iter().map(|family| self.family(family)).collect(),
            person: reference.people.iter().map(person).collect(),
            shift: reference.roster.shifts.iter().map(roster::shift).collect(),
            shift_pattern: reference.roster.patterns.iter().map(roster::pattern).collect(),
            shift_exception: reference.roster.exceptions.iter().map(roster::exception).collect(),
            hours: hours::print(&reference.hours),
        }
    }

    fn place(&self, station: &reference::Station) -> Station {
        Station {
            code: station.code.clone(),
            name: station.name.clone(),
            system: self.systems.get(&station.system).map(|code| (*code).to_owned()),
            machine_only: station.machine_only,
            concurrent_jobs: station.concurrent_jobs,
            machines: station.machines.iter().filter_map(|id| self.machine(*id)).collect(),
            field: fields(&station.fields),
        }
    }

    fn equipment(&self, machine: &reference::Machine, usual: &Targets) -> Machine {
        Machine {
            code: machine.code.clone(),
            name: machine.name.clone(),
            ideal_cycle_s: machine.ideal_cycle_s,
            positions: machine.positions,
            default_target: machine.default_target,
            terminal: machine.terminal.clone(),
            concurrent_batches: machine.concurrent_batches,
            compatible: machine.compatible.iter().filter_map(|id| self.machine(*id)).collect(),
            target: target(&machine.targets, usual),
            field: fields(&machine.fields),
        }
    }

    fn family(&self, family: &reference::Family) -> Family {
        Family {
            code: family.code.clone(),
            name: family.name.clone(),
            product: family.products.iter().map(|product| self.product(product)).collect(),
        }
    }

    fn product(&self, product: &reference::Product) -> Product {
        let at_machines = product.machines.iter().filter_map(|standard| {
            let machine = Some(self.machine(standard.at)?);
            Some(Standard { machine, station: None, ..times(standard) })
        });
        let at_stations = product.stations.iter().filter_map(|standard| {
            let station = Some(self.station(standard.at)?);
            Some(Standard { machine: None, station, ..times(standard) })
        });
        Product {
            code: product.code.clone(),
            name: product.name.clone(),
            standard_hours: number(product.standard_hours.as_ref()),
            default_quantity: product.default_quantity,
            scrap_rate: number(product.target_scrap_rate.as_ref()),
            standard: at_machines.chain(at_stations).collect(),
        }
    }
}

fn number(decimal: Option<&String>) -> Option<f64> {
    decimal?.parse().ok()
}

fn times<Id>(standard: &reference::Standard<Id>) -> Standard {
    Standard {
        machine: None,
        station: None,
        standard_hours: number(standard.standard_hours.as_ref()),
        scrap_rate: number(standard.scrap_rate.as_ref()),
        cycle_s: number(standard.cycle_time.as_ref()),
    }
}

fn target(targets: &Targets, usual: &Targets) -> Option<Target> {
    let other = |ours: &String, usual: &String| number(Some(ours).filter(|ours| *ours != usual));
    (targets != usual).then(|| Target {
        oee: other(&targets.oee, &usual.oee),
        availability: other(&targets.availability, &usual.availability),
        performance: other(&targets.performance, &usual.performance),
        quality: other(&targets.quality, &usual.quality),
    })
}

fn prefix(prefix: &crate::number::Prefix) -> Prefix {
    Prefix {
        entity_type: prefix.entity_type.clone(),
        prefix: prefix.prefix.clone(),
        padding: prefix.padding,
    }
}

fn system(system: &reference::System) -> System {
    System { code: system.code.clone(), name: system.name.clone() }
}

fn person(person: &reference::Person) -> Person {
    Person {
        number: person.number.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        badge: person.badge.clone(),
        role: person.role,
        active: person.active,
    }
}

fn connections<Id: Copy>(
    all: &[reference::Connection<Id>],
    code: impl Fn(Id) -> Option<String>,
) -> Vec<Connection> {
    let connection = |connection: &reference::Connection<Id>| {
        Some(Connection {
            from: code(connection.from)?,
            to: code(connection.to)?,
            connection_type: connection.connection_type.clone(),
            label: connection.label.clone(),
        })
    };
    all.iter().filter_map(connection).collect()
}

fn groups(groups: &[ReasonGroup]) -> Vec<Group> {
    let reason = |reason: &reference::Reason| Reason {
        code: reason.code.clone(),
        name: reason.name.clone(),
    };
    let group = |group: &ReasonGroup| Group {
        name: group.name.clone(),
        group_type: group.group_type.clone(),
        reason: group.reasons.iter().map(reason).collect(),
    };
    groups.iter().map(group).collect()
}

fn fields(fields: &[reference::Field]) -> Vec<Field> {
    let field = |field: &reference::Field| entry::Field {
        code: field.code.clone(),
        label: field.label.clone(),
        field_type: field.field_type,
        options: field.options.clone(),
        asked_at: field.asked_at.clone(),
        required: field.required,
    };
    fields.iter().map(field).collect()
}
