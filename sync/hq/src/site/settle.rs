//! Rows that were there before the site file: found by what people call them, so that no second
//! one is made. What the file calls them is kept, because terminals call them the same.
//!
//! A row with the file's own key is itself, whatever else it is called. People are found by their
//! number at the site, else by the address of their account; never by their name.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::{id::UserId, reference::Reference};
use serde_json::{Value, json};
use tokio_postgres::{Error, types::Json};
use uuid::Uuid;

use super::{Place, rows::Rows};

/// By the file's keys: the keys that the rows have, and where they stand.
#[derive(Default)]
pub(super) struct Settled(BTreeMap<Uuid, (Uuid, &'static str)>);

impl Settled {
    /// The site itself.
    pub(super) fn at(place: &Place<'_>) -> Self {
        let mut settled = Self::default();
        settled.add(place.name(), place.id(), "oee_sites");
        settled
    }

    fn add(&mut self, name: Uuid, id: Uuid, table: &'static str) {
        if name != id {
            self.0.insert(name, (id, table));
        }
    }

    /// The file with the keys of people who have an account.
    pub(super) async fn people(
        &mut self,
        tx: &Transaction<'_>,
        reference: &Reference,
    ) -> Result<Reference, Error> {
        let (numbers, addresses): (Vec<&str>, Vec<&str>) = reference
            .people
            .iter()
            .map(|person| (person.number.as_str(), person.email.as_str()))
            .unzip();
        let found = tx
            .query(
                "SELECT f.n, coalesce(
                     (SELECT p.user_id FROM edge.people p WHERE p.number = f.number),
                     (SELECT u.id FROM users u WHERE f.email <> '' AND lower(u.email) = lower(f.email)
                      ORDER BY u.is_active DESC, u.created_at, u.id LIMIT 1))
                 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS f(number, email, n)
                 ORDER BY f.n",
                &[&numbers, &addresses],
            )
            .await?;
        let mut settled = reference.clone();
        for (person, row) in settled.people.iter_mut().zip(&found) {
            if let Some(id) = row.try_get::<_, Option<Uuid>>(1)? {
                self.add(person.id.0, id, "users");
                person.id = UserId(id);
            }
        }
        Ok(settled)
    }

    /// Gives `rows` the keys of those that are there, and the places where those already stand in
    /// the order of the file.
    pub(super) async fn settle(
        &mut self,
        tx: &Transaction<'_>,
        rows: &mut Rows,
    ) -> Result<(), Error> {
        for row in &mut rows.rows {
            self.rename(row);
        }
        let Some(known_by) = known_by(rows.table) else { return Ok(()) };
        let found = tx.query(&search(rows, known_by), &[&Json(&rows.rows)]).await?;
        let mut places: BTreeMap<usize, i64> = BTreeMap::new();
        for one in found {
            let n = usize::try_from(one.try_get::<_, i64>(0)?).unwrap_or_default();
            let Some(row) = rows.rows.get_mut(n) else { continue };
            let id: Uuid = one.try_get(1)?;
            if let Some(name) = key(row) {
                self.add(name, id, rows.table);
            }
            if let Some(row) = row.as_object_mut() {
                row.insert("id".to_owned(), json!(id));
            }
            places.extend(one.try_get::<_, Option<i64>>(2)?.map(|place| (n, place)));
        }
        keep_places(&mut rows.rows, known_by, &places);
        Ok(())
    }

    fn rename(&self, row: &mut Value) {
        for value in row.as_object_mut().into_iter().flat_map(|columns| columns.values_mut()) {
            let known = value.as_str().and_then(|text| self.0.get(&text.parse().ok()?));
            if let Some((id, _)) = known {
                *value = json!(id);
            }
        }
    }

    /// Keeps the names for those who use them, and forgets the names of rows that have the file's
    /// own key.
    pub(super) async fn keep(
        &self,
        tx: &Transaction<'_>,
        place: &Place<'_>,
        all: &[Rows],
    ) -> Result<(), Error> {
        // Settings of the organisation are not a site's, and no fact names them.
        let named = self.0.iter().filter(|(_, (_, table))| !table.starts_with("organization_"));
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for (name, (id, table)) in named {
            columns.0.push(*name);
            columns.1.push(*id);
            columns.2.push(*table);
        }
        tx.execute(
            "INSERT INTO edge.reference_names AS n (organization_id, site_id, name, id, tbl)
             SELECT $1, $2, f.name, f.id, f.tbl
             FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS f(name, id, tbl)
             ON CONFLICT (organization_id, site_id, name)
                 DO UPDATE SET id = excluded.id, named_at = clock_timestamp()
                 WHERE n.id <> excluded.id AND NOT n.merged",
            &[&place.organization, &place.id(), &columns.0, &columns.1, &columns.2],
        )
        .await?;
        let own: BTreeSet<Uuid> = all.iter().flat_map(|rows| &rows.rows).filter_map(key).collect();
        let own: Vec<Uuid> = own.into_iter().filter(|id| !self.0.contains_key(id)).collect();
        // What was merged into another row stays so, also while a site file still names it.
        let forget = "DELETE FROM edge.reference_names WHERE name = ANY ($1) AND NOT merged";
        tx.execute(forget, &[&own]).await?;
        let gone = "UPDATE oee_downtime_reasons SET is_active = false
                    WHERE is_active AND id IN (SELECT name FROM edge.reference_names WHERE merged)";
        tx.execute(gone, &[]).await.map(drop)
    }
}

fn key(row: &Value) -> Option<Uuid> {
    row.get("id")?.as_str()?.parse().ok()
}

/// The columns by which people know a row of this table, what it belongs to first; `None` where the
/// key is no other than that.
fn known_by(table: &str) -> Option<&'static [&'static str]> {
    Some(match table {
        "organization_settings" => &["organization_id"],
        "organization_feature_flags" => &["organization_id", "flag"],
        "organization_prefixes" => &["organization_id", "entity_type", "prefix"],
        "oee_systems" | "oee_equipment" | "ops_stations" => &["site_id", "code"],
        "oee_downtime_groups"
        | "oee_abort_groups"
        | "oee_incident_groups"
        | "ops_station_incident_groups" => &["site_id", "name"],
        "oee_downtime_reasons"
        | "oee_abort_reasons"
        | "oee_incident_reasons"
        | "ops_station_incident_reasons" => &["group_id", "code"],
        "ops_product_families" => &["site_id", "family_code"],
        "ops_products" => &["family_id", "product_code"],
        "oee_equipment_custom_fields" => &["equipment_id", "code"],
        "oee_station_custom_fields" => &["station_id", "code"],
        "ops_station_equipment" => &["station_id", "equipment_id"],
        "oee_compatible_equipment" => &["equipment_id", "compatible_equipment_id"],
        "oee_equipment_connections" => &["site_id", "from_equipment_id", "to_equipment_id"],
        "ops_station_connections" => &["site_id", "from_station_id", "to_station_id"],
        "oee_product_equipment_config" => &["product_id", "equipment_id"],
        "ops_station_product_standards" => &["product_id", "station_id"],
        _ => return None,
    })
}

/// For each row of parameter 1, by its number: the key and the place of the one that is there.
fn search(rows: &Rows, known_by: &[&str]) -> String {
    let same: Vec<String> =
        known_by.iter().map(|column| format!("t.{column}::text = w.r ->> '{column}'")).collect();
    let place = match rows.is_told("sort_order") {
        true => "coalesce(t.sort_order, 0)::bigint",
        false => "NULL::bigint",
    };
    let in_use = match rows.is_told("is_active") {
        true => "t.is_active DESC,",
        false => "",
    };
    format!(
        "SELECT DISTINCT ON (w.n) w.n - 1, t.id, {place}
         FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS w(r, n)
         JOIN {} t ON {}
         ORDER BY w.n, t.id::text = w.r ->> 'id' DESC, {in_use} t.created_at, t.id",
        rows.table,
        same.join(" AND "),
    )
}

/// Rows that stand in the file's order keep their numbers, whatever those are.
fn keep_places(rows: &mut [Value], known_by: &[&str], places: &BTreeMap<usize, i64>) {
    let [parent, .., own] = known_by else { return };
    let text = |row: &Value, column: &str| row.get(column).map(ToString::to_string);
    let mut last: BTreeMap<Option<String>, (i64, Option<String>)> = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        let Some(place) = places.get(&n) else { return };
        let here = (*place, text(row, own));
        match last.insert(text(row, parent), here.clone()) {
            Some(before) if before >= here => return,
            _ => {},
        }
    }
    for (row, place) in rows.iter_mut().zip(places.values()) {
        if let Some(row) = row.as_object_mut() {
            row.insert("sort_order".to_owned(), json!(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(places: [Option<i64>; 3]) -> Vec<i64> {
        let mut rows: Vec<Value> = ["a", "b", "c"]
            .iter()
            .enumerate()
            .map(|(n, code)| json!({ "site_id": "s", "code": code, "sort_order": n }))
            .collect();
        let places = places.into_iter().enumerate();
        let places = places.filter_map(|(n, place)| Some((n, place?))).collect();
        keep_places(&mut rows, &["site_id", "code"], &places);
        rows.iter().map(|row| row["sort_order"].as_i64().unwrap()).collect()
    }

    #[test]
    fn places_stay_while_they_say_the_same() {
        assert_eq!(placed([Some(10), Some(20), Some(20)]), [10, 20, 20]);
        assert_eq!(placed([Some(10), Some(30), Some(20)]), [0, 1, 2]);
        assert_eq!(placed([Some(10), None, Some(20)]), [0, 1, 2]);
    }

    #[test]
    fn every_key_in_a_row_is_settled() {
        let [name, id, other] = [1, 2, 3].map(Uuid::from_u128);
        let mut settled = Settled::default();
        settled.add(name, id, "ops_stations");
        settled.add(other, other, "ops_stations");
        let mut row = json!({ "id": other, "station_id": name, "code": "x", "n": 1 });
        settled.rename(&mut row);
        assert_eq!(row, json!({ "id": other, "station_id": id, "code": "x", "n": 1 }));
        assert_eq!(settled.0.len(), 1);
    }
}
