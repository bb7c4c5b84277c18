//! The mirror of reference data: a file of its own, replaced whole, never repaired.

use kart_core::reference::{ReasonGroup, Reference};
use rusqlite::{Connection, OpenFlags, Transaction};
use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::StoreError;

const SCHEMA: &str = include_str!("../../../migrations/edge_reference/V1__mirror.sql");

/// The mirror in one data folder.
#[derive(Clone, Debug)]
pub struct Mirror {
    path: PathBuf,
}

impl Mirror {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join("reference.db") }
    }

    /// The reference data and the cursor it came with. Absent or unreadable means none: it is
    /// loaded again.
    pub fn load(&self) -> Option<(Reference, Option<String>)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(&self.path, flags).ok()?;
        let select = "SELECT document, cursor FROM edge_mirror";
        let (document, cursor): (String, Option<String>) =
            connection.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
        serde_json::from_str(&document).ok().map(|reference| (reference, cursor))
    }

    /// Writes a new mirror beside the old one and puts it in its place.
    pub(crate) fn save(
        &self,
        reference: &Reference,
        cursor: Option<&str>,
    ) -> Result<(), StoreError> {
        let fresh = self.path.with_extension("db.new");
        let fault = |source| StoreError::Folder { path: fresh.clone(), source };
        if fresh.exists() {
            fs::remove_file(&fresh).map_err(fault)?;
        }
        #[expect(clippy::disallowed_methods, reason = "a new file, thrown away when it fails")]
        let mut connection = Connection::open(&fresh)?;
        connection.execute_batch(SCHEMA)?;
        let sql = connection.transaction()?;
        let document = serde_json::to_string(reference)?;
        sql.execute(
            "INSERT INTO edge_mirror VALUES (1, ?1, ?2, ?3)",
            (reference.version, cursor, document),
        )?;
        places(&sql, reference)?;
        reasons(&sql, reference)?;
        products_and_people(&sql, reference)?;
        sql.commit()?;
        connection.close().map_err(|(_, error)| error)?;
        fs::rename(&fresh, &self.path).map_err(fault)?;
        Ok(())
    }
}

fn places(sql: &Transaction<'_>, reference: &Reference) -> Result<(), StoreError> {
    let site = &reference.site;
    sql.execute(
        "INSERT INTO oee_sites VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            site.id.0,
            &reference.organization,
            &site.code,
            &site.name,
            &site.availability_mode,
            &site.time_zone,
        ),
    )?;
    for system in &reference.systems {
        let row = (system.id, site.id.0, &system.code, &system.name);
        sql.execute("INSERT INTO oee_systems VALUES (?1, ?2, ?3, ?4)", row)?;
    }
    for machine in &reference.machines {
        let (cycle, target) = (machine.ideal_cycle_s, machine.default_target);
        let row = (machine.id.0, site.id.0, &machine.code, &machine.name, cycle, target);
        sql.execute("INSERT INTO oee_equipment VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row)?;
    }
    for station in &reference.stations {
        let (code, name) = (&station.code, &station.name);
        let row = (station.id.0, site.id.0, station.system, code, name, station.machine_only);
        sql.execute("INSERT INTO ops_stations VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row)?;
        for machine in &station.machines {
            let row = (station.id.0, machine.0);
            sql.execute("INSERT INTO ops_station_equipment VALUES (?1, ?2)", row)?;
        }
    }
    Ok(())
}

fn reasons(sql: &Transaction<'_>, reference: &Reference) -> Result<(), StoreError> {
    let site = reference.site.id.0;
    for group in &reference.downtime_groups {
        let row = (group.id, site, &group.name, &group.group_type);
        sql.execute("INSERT INTO oee_downtime_groups VALUES (?1, ?2, ?3, ?4)", row)?;
        group_reasons(sql, "INSERT INTO oee_downtime_reasons VALUES (?1, ?2, ?3, ?4)", group)?;
    }
    for group in &reference.scrap_groups {
        sql.execute(
            "INSERT INTO oee_abort_groups VALUES (?1, ?2, ?3)",
            (group.id, site, &group.name),
        )?;
        group_reasons(sql, "INSERT INTO oee_abort_reasons VALUES (?1, ?2, ?3, ?4)", group)?;
    }
    Ok(())
}

fn group_reasons(
    sql: &Transaction<'_>,
    insert: &str,
    group: &ReasonGroup,
) -> Result<(), StoreError> {
    for reason in &group.reasons {
        sql.execute(insert, (reason.id.0, group.id, &reason.code, &reason.name))?;
    }
    Ok(())
}

fn products_and_people(sql: &Transaction<'_>, reference: &Reference) -> Result<(), StoreError> {
    for family in &reference.families {
        let row = (family.id, reference.site.id.0, &family.code, &family.name);
        sql.execute("INSERT INTO ops_product_families VALUES (?1, ?2, ?3, ?4)", row)?;
        for product in &family.products {
            sql.execute(
                "INSERT INTO ops_products VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    product.id.0,
                    family.id,
                    &product.code,
                    &product.name,
                    &product.standard_hours,
                    product.default_quantity,
                ),
            )?;
        }
    }
    for person in &reference.people {
        let row = (person.id.0, &person.name, &person.badge, person.role.word(), person.active);
        sql.execute("INSERT INTO users VALUES (?1, ?2, ?3, ?4, ?5)", row)?;
    }
    Ok(())
}
