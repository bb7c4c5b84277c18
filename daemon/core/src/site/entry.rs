//! What the site file may say, word for word. Unknown keys are refused; what the values mean
//! together is asked in `check`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    hours::Rules,
    reference::{FieldType, Role},
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) site: Site,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Settings>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) flags: BTreeMap<String, bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) prefix: Vec<Prefix>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) system: Vec<System>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) station: Vec<Station>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) machine: Vec<Machine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) station_connection: Vec<Connection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) machine_connection: Vec<Connection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) downtime_group: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) incident_group: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) station_incident_group: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scrap_group: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) product_family: Vec<Family>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) person: Vec<Person>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shift: Vec<Shift>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shift_pattern: Vec<ShiftPattern>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shift_exception: Vec<ShiftException>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hours: Option<Hours>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hours {
    #[serde(default = "month")]
    pub(super) period: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) period_from: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) view: Vec<Rules>,
}

fn month() -> String {
    "month".to_owned()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) organization: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) time_zone: String,
    #[serde(default = "standard")]
    pub(super) availability_mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target>,
}

fn standard() -> String {
    "standard".to_owned()
}

/// Percent.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oee: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) availability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) performance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quality: Option<f64>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_home_page: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ui_visibility: BTreeMap<String, bool>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prefix {
    pub(super) entity_type: String,
    pub(super) prefix: String,
    #[serde(default = "six")]
    pub(super) padding: u8,
}

fn six() -> u8 {
    6
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) code: String,
    pub(super) name: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Station {
    pub(super) code: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) machine_only: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) concurrent_jobs: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) machines: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) field: Vec<Field>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Machine {
    pub(super) code: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ideal_cycle_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) positions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_target: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) terminal: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) concurrent_batches: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) compatible: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) field: Vec<Field>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) code: String,
    pub(super) label: String,
    #[serde(rename = "type", default)]
    pub(super) field_type: FieldType,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) options: Vec<String>,
    #[serde(default = "complete")]
    pub(super) asked_at: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) required: bool,
}

fn complete() -> String {
    "complete".to_owned()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    pub(super) from: String,
    pub(super) to: String,
    #[serde(rename = "type", default = "feeds_into")]
    pub(super) connection_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
}

fn feeds_into() -> String {
    "feeds_into".to_owned()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub(super) group_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) reason: Vec<Reason>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    pub(super) code: String,
    pub(super) name: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub(super) code: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) product: Vec<Product>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Product {
    pub(super) code: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standard_hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_quantity: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scrap_rate: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) standard: Vec<Standard>,
}

/// Of a product at one machine or one station.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standard {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) machine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) station: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standard_hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scrap_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cycle_s: Option<f64>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) number: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) email: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) badge: String,
    #[serde(default = "operator")]
    pub(super) role: Role,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(super) active: bool,
}

fn operator() -> Role {
    Role::Operator
}

fn yes() -> bool {
    true
}

/// Times as `06:00`, days as `2026-11-28`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shift {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) start: String,
    pub(super) end: String,
    #[serde(rename = "break", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) breaks: Vec<Break>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Break {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    pub(super) start: String,
    pub(super) end: String,
}

/// A day of a week names its shifts with blanks between them.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftPattern {
    pub(super) from: String,
    pub(super) weeks: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) crew: Vec<Crew>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crew {
    pub(super) name: String,
    #[serde(default = "first")]
    pub(super) week: usize,
}

fn first() -> usize {
    1
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftException {
    pub(super) name: String,
    pub(super) from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) closed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) extra: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crew: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_true(value: &bool) -> bool {
    *value
}
