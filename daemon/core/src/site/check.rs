//! Whether what a site file says can be: codes are unique, links lead somewhere, values fit.

use std::collections::BTreeSet;

use super::{
    entry::{Connection, Field, File, Product, Site, Target},
    hours, roster,
};
use crate::{
    document::{Document, Fault, Faults},
    reference::FieldType,
};

/// All faults of a file together.
pub(super) fn check(document: &Document<'_>, file: &File) -> Result<(), Faults> {
    let mut check = Check { document, faults: Vec::new() };
    check.site(&file.site);
    check.codes(file);
    check.links(file);
    check.connections("station_connection", &file.station_connection, ["feeds_into", "rework"]);
    check.connections(
        "machine_connection",
        &file.machine_connection,
        ["feeds_into", "parallel", "optional", "feedback"],
    );
    check.values(file);
    check.unique("shift", "code", file.shift.iter().map(|shift| &shift.code));
    for (path, message) in roster::read(file).err().into_iter().flatten() {
        check.fault(&path, message);
    }
    for (path, message) in hours::read(file.hours.as_ref()).err().into_iter().flatten() {
        check.fault(&path, message);
    }
    if check.faults.is_empty() { Ok(()) } else { Err(check.faults.into()) }
}

struct Check<'d, 't> {
    document: &'d Document<'t>,
    faults: Vec<Fault>,
}

impl Check<'_, '_> {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.faults.push(self.document.fault(path, message));
    }

    fn site(&mut self, site: &Site) {
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
        self.target("site.target", site.target);
    }

    /// Codes are present, short enough and unique where the central schema wants them so.
    fn codes(&mut self, file: &File) {
        self.unique("system", "code", file.system.iter().map(|s| &s.code));
        self.unique("station", "code", file.station.iter().map(|s| &s.code));
        self.unique("machine", "code", file.machine.iter().map(|m| &m.code));
        self.unique("product_family", "code", file.product_family.iter().map(|f| &f.code));
        self.unique("person", "number", file.person.iter().map(|p| &p.number));
        // Not everybody has a badge.
        let mut badges = BTreeSet::new();
        for (n, person) in file.person.iter().enumerate() {
            let badge = &person.badge;
            if badge.chars().count() > 50 {
                self.fault(&format!("person[{n}].badge"), "must have at most 50 characters");
            } else if !badge.is_empty() && !badges.insert(badge) {
                self.fault(&format!("person[{n}].badge"), format!("{badge:?} stands here twice"));
            }
        }
        for (n, family) in file.product_family.iter().enumerate() {
            let path = format!("product_family[{n}].product");
            self.unique(&path, "code", family.product.iter().map(|p| &p.code));
        }
        for (list, groups) in [
            ("downtime_group", &file.downtime_group),
            ("incident_group", &file.incident_group),
            ("station_incident_group", &file.station_incident_group),
            ("scrap_group", &file.scrap_group),
        ] {
            self.unique(list, "name", groups.iter().map(|g| &g.name));
            for (n, group) in groups.iter().enumerate() {
                let path = format!("{list}[{n}].reason");
                self.unique(&path, "code", group.reason.iter().map(|r| &r.code));
                if list != "downtime_group" && !group.group_type.is_empty() {
                    self.fault(&format!("{list}[{n}].type"), "only groups of downtime have one");
                }
            }
        }
        for (n, station) in file.station.iter().enumerate() {
            self.fields(&format!("station[{n}].field"), &station.field);
        }
        for (n, machine) in file.machine.iter().enumerate() {
            self.fields(&format!("machine[{n}].field"), &machine.field);
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

    fn fields(&mut self, list: &str, fields: &[Field]) {
        self.unique(list, "code", fields.iter().map(|field| &field.code));
        for (n, field) in fields.iter().enumerate() {
            if !["start", "complete"].contains(&field.asked_at.as_str()) {
                self.fault(&format!("{list}[{n}].asked_at"), "must be start or complete");
            }
            if (field.field_type == FieldType::Select) == field.options.is_empty() {
                let path = format!("{list}[{n}].options");
                self.fault(&path, "a field of type select has options, and no other has");
            }
        }
    }

    fn links(&mut self, file: &File) {
        let known = |list: &'static str, code: &str| match list {
            "system" => file.system.iter().any(|system| system.code == code),
            "station" => file.station.iter().any(|station| station.code == code),
            _ => file.machine.iter().any(|machine| machine.code == code),
        };
        let mut links: Vec<(String, &'static str, &str)> = Vec::new();
        for (n, station) in file.station.iter().enumerate() {
            let system = station.system.as_deref();
            links.extend(system.map(|code| (format!("station[{n}].system"), "system", code)));
            for (i, code) in station.machines.iter().enumerate() {
                links.push((format!("station[{n}].machines[{i}]"), "machine", code));
            }
        }
        for (n, machine) in file.machine.iter().enumerate() {
            for (i, code) in machine.compatible.iter().enumerate() {
                links.push((format!("machine[{n}].compatible[{i}]"), "machine", code));
            }
        }
        let connections = [
            ("station_connection", "station", &file.station_connection),
            ("machine_connection", "machine", &file.machine_connection),
        ];
        for (list, of, all) in connections {
            for (n, connection) in all.iter().enumerate() {
                links.push((format!("{list}[{n}].from"), of, &connection.from));
                links.push((format!("{list}[{n}].to"), of, &connection.to));
            }
        }
        for (n, i, product) in products(file) {
            for (s, standard) in product.standard.iter().enumerate() {
                let path = format!("product_family[{n}].product[{i}].standard[{s}]");
                let (machine, station) = (standard.machine.as_deref(), standard.station.as_deref());
                if machine.is_some() == station.is_some() {
                    self.fault(&path, "names either a machine or a station");
                }
                links.extend(machine.map(|code| (format!("{path}.machine"), "machine", code)));
                links.extend(station.map(|code| (format!("{path}.station"), "station", code)));
            }
        }
        for (path, list, code) in links {
            if !known(list, code) {
                self.fault(&path, format!("no [[{list}]] has the code {code:?}"));
            }
        }
    }

    fn connections<const N: usize>(
        &mut self,
        list: &str,
        connections: &[Connection],
        types: [&str; N],
    ) {
        let mut seen = BTreeSet::new();
        for (n, connection) in connections.iter().enumerate() {
            if !types.contains(&connection.connection_type.as_str()) {
                let message = format!("must be one of {}", types.join(", "));
                self.fault(&format!("{list}[{n}].type"), message);
            }
            if connection.from == connection.to {
                self.fault(&format!("{list}[{n}].to"), "leads back to where it begins");
            } else if !seen.insert((&connection.from, &connection.to)) {
                self.fault(&format!("{list}[{n}].to"), "this connection stands here twice");
            }
        }
    }

    fn values(&mut self, file: &File) {
        for (n, machine) in file.machine.iter().enumerate() {
            let path = format!("machine[{n}]");
            let cycle = format!("{path}.ideal_cycle_s");
            self.number(&cycle, machine.ideal_cycle_s, 0.001..=86_400.0, "seconds");
            if machine.positions.is_some() && machine.ideal_cycle_s.is_none() {
                self.fault(&format!("{path}.positions"), "needs ideal_cycle_s as well");
            }
            self.count(&format!("{path}.positions"), machine.positions.map(i64::from));
            self.count(&format!("{path}.default_target"), machine.default_target);
            self.target(&format!("{path}.target"), machine.target);
            if machine.compatible.contains(&machine.code) {
                self.fault(&format!("{path}.compatible"), "a machine need not name itself");
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
        for (n, i, product) in products(file) {
            let path = format!("product_family[{n}].product[{i}]");
            self.count(&format!("{path}.default_quantity"), product.default_quantity);
            self.number(&format!("{path}.scrap_rate"), product.scrap_rate, 0.0..=100.0, "percent");
            self.hours(&path, product.standard_hours);
            for (s, standard) in product.standard.iter().enumerate() {
                let path = format!("{path}.standard[{s}]");
                self.hours(&path, standard.standard_hours);
                let rate = format!("{path}.scrap_rate");
                self.number(&rate, standard.scrap_rate, 0.0..=100.0, "percent");
                let cycle = format!("{path}.cycle_s");
                self.number(&cycle, standard.cycle_s, 0.0..=86_400.0, "seconds");
                if standard.machine.is_some() && standard.cycle_s.is_some() {
                    self.fault(&cycle, "a machine has its own ideal_cycle_s");
                }
            }
        }
        self.prefixes(file);
    }

    fn prefixes(&mut self, file: &File) {
        let mut seen = BTreeSet::new();
        for (n, prefix) in file.prefix.iter().enumerate() {
            if !["batch", "job"].contains(&prefix.entity_type.as_str()) {
                self.fault(&format!("prefix[{n}].entity_type"), "must be batch or job");
            } else if !seen.insert(&prefix.entity_type) {
                let message = "batches and jobs have one prefix each";
                self.fault(&format!("prefix[{n}].entity_type"), message);
            }
            let fits = |letter: char| letter.is_ascii_alphanumeric();
            if prefix.prefix.is_empty()
                || prefix.prefix.len() > 20
                || !prefix.prefix.chars().all(fits)
            {
                let message = "must have 1 to 20 plain letters and digits";
                self.fault(&format!("prefix[{n}].prefix"), message);
            }
            if prefix.padding > 18 {
                self.fault(&format!("prefix[{n}].padding"), "must be at most 18 digits");
            }
        }
        for word in file.flags.keys() {
            if word.is_empty() || word.len() > 50 {
                self.fault("flags", format!("{word:?} must have 1 to 50 characters"));
            }
        }
    }

    fn target(&mut self, path: &str, target: Option<Target>) {
        let Some(target) = target else { return };
        for (word, percent) in [
            ("oee", target.oee),
            ("availability", target.availability),
            ("performance", target.performance),
            ("quality", target.quality),
        ] {
            self.number(&format!("{path}.{word}"), percent, 0.0..=100.0, "percent");
        }
    }

    fn hours(&mut self, path: &str, hours: Option<f64>) {
        self.number(&format!("{path}.standard_hours"), hours, 0.0..=99_999_999.0, "hours");
    }

    fn number(
        &mut self,
        path: &str,
        value: Option<f64>,
        range: std::ops::RangeInclusive<f64>,
        unit: &str,
    ) {
        if value.is_some_and(|value| !range.contains(&value)) {
            let message = format!("must be {} to {} {unit}", range.start(), range.end());
            self.fault(path, message);
        }
    }

    fn count(&mut self, path: &str, value: Option<i64>) {
        if value.is_some_and(|value| !(1..=i64::from(i32::MAX)).contains(&value)) {
            self.fault(path, "must be at least 1, and less than two thousand million");
        }
    }
}

/// All products with their place in the file.
fn products(file: &File) -> impl Iterator<Item = (usize, usize, &Product)> {
    let families = file.product_family.iter().enumerate();
    families.flat_map(|(n, family)| {
        family.product.iter().enumerate().map(move |(i, product)| (n, i, product))
    })
}
