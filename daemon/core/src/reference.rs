//! Reference data of one site: headquarters owns it, a terminal keeps a mirror.

use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Calendar, Roster},
    fact::correction::Correction,
    hours::Hours,
    id::{EquipmentId, ProductId, ReasonId, SiteId, StationId, UserId},
    kpi::Rate,
    number::{Lease, Prefix},
    screen::Settings,
};

mod assemble;
mod detail;
mod floor;
mod work;

pub use assemble::{Columns, Fault, Rows, assemble, concerns};
pub use detail::{Connection, Field, FieldType, Standard, Targets};
pub use floor::{Alias, Conflict, Floor, OpenBatch, OpenCall};
pub use work::{Job, Queued, Visit, Work};

/// Everything a terminal needs to know of its site, in one consistent version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// Raised at headquarters with every change; 0 for a terminal that lives alone.
    pub version: i64,
    /// The owner, `organization_id`.
    pub organization: String,
    /// The site.
    pub site: Site,
    /// Production lines (`oee_systems`).
    pub systems: Vec<System>,
    /// Places of work (`ops_stations`).
    pub stations: Vec<Station>,
    /// Machines (`oee_equipment`).
    pub machines: Vec<Machine>,
    /// Downtime reasons by group.
    pub downtime_groups: Vec<ReasonGroup>,
    /// Scrap and abort reasons by group.
    pub scrap_groups: Vec<ReasonGroup>,
    /// Products by family.
    pub families: Vec<Family>,
    /// People.
    pub people: Vec<Person>,
    /// Which screens are shown (`organization_settings`, `organization_feature_flags`).
    #[serde(default)]
    pub settings: Settings,
    /// Prefixes that are in use (`organization_prefixes`).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// Numbers lent to the terminal that this was put together for (`edge.number_leases`).
    #[serde(default)]
    pub leases: Vec<Lease>,
    /// Corrections of the terminal's records (`edge.corrections`), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// What is to be made at the stations of the terminal that this was put together for.
    #[serde(default)]
    pub work: Work,
    /// Incident reasons of machines, by group.
    #[serde(default)]
    pub incident_groups: Vec<ReasonGroup>,
    /// Incident reasons of stations, by group.
    #[serde(default)]
    pub station_incident_groups: Vec<ReasonGroup>,
    /// Which machine feeds which (`oee_equipment_connections`).
    #[serde(default)]
    pub machine_connections: Vec<Connection<EquipmentId>>,
    /// Which station feeds which (`ops_station_connections`).
    #[serde(default)]
    pub station_connections: Vec<Connection<StationId>>,
    /// Which shifts are worked when; empty where nobody said so.
    #[serde(default, skip_serializing_if = "Roster::is_empty")]
    pub roster: Roster,
    /// How hours are shown.
    #[serde(default, skip_serializing_if = "Hours::is_usual")]
    pub hours: Hours,
}

/// A row of `oee_sites`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Site {
    /// Key.
    pub id: SiteId,
    /// Code, unique in the organisation.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// IANA zone, for example `Europe/Berlin`.
    pub time_zone: String,
    /// `standard`, `strict` or `teep`.
    pub availability_mode: String,
    /// What is aimed at where a machine says nothing else.
    #[serde(default)]
    pub targets: Targets,
}

/// A row of `oee_systems`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct System {
    /// Key.
    pub id: uuid::Uuid,
    /// Code, unique in the site.
    pub code: String,
    /// Name for people.
    pub name: String,
}

/// A row of `ops_stations` with its machines.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Station {
    /// Key.
    pub id: StationId,
    /// Code, unique in the site.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// The line it belongs to; nil where it stands outside every line.
    pub system: uuid::Uuid,
    /// People may not book time here.
    pub machine_only: bool,
    /// Its machines (`ops_station_equipment`).
    pub machines: Vec<EquipmentId>,
    /// Several jobs at a time are fine.
    #[serde(default)]
    pub concurrent_jobs: bool,
    /// What is asked with a batch (`oee_station_custom_fields`).
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// A row of `oee_equipment`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Key.
    pub id: EquipmentId,
    /// Code, unique in the site.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Seconds per part, as a decimal.
    pub ideal_cycle_s: Option<f64>,
    /// Parts per batch when the product names none.
    pub default_target: Option<i64>,
    /// Code of the one terminal that reads this machine.
    pub terminal: Option<String>,
    /// What is aimed at.
    #[serde(default)]
    pub targets: Targets,
    /// Several batches at a time are fine.
    #[serde(default)]
    pub concurrent_batches: bool,
    /// Machines that may stand in for it (`oee_compatible_equipment`).
    #[serde(default)]
    pub compatible: Vec<EquipmentId>,
    /// What is asked with a batch (`oee_equipment_custom_fields`).
    #[serde(default)]
    pub fields: Vec<Field>,
    /// What Kartorium knows of its speed besides the ideal cycle.
    #[serde(default)]
    pub rate: Rate,
    /// Places that work side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positions: Option<u32>,
}

/// A reason group with its reasons.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ReasonGroup {
    /// Key.
    pub id: uuid::Uuid,
    /// Name for people.
    pub name: String,
    /// `unplanned`, `planned` or `idle`; empty for scrap.
    pub group_type: String,
    /// In order.
    pub reasons: Vec<Reason>,
}

/// A reason.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reason {
    /// Key.
    pub id: ReasonId,
    /// Code, unique in the group.
    pub code: String,
    /// Name for people.
    pub name: String,
}

/// A row of `ops_product_families` with its products.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Family {
    /// Key.
    pub id: uuid::Uuid,
    /// Code, unique in the site.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// In order.
    pub products: Vec<Product>,
}

/// A row of `ops_products`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// Key.
    pub id: ProductId,
    /// Code, unique in the family.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Labor hours per unit, as decimal text.
    pub standard_hours: Option<String>,
    /// Parts per batch.
    pub default_quantity: Option<i64>,
    /// Scrap to be expected in percent, as decimal text.
    #[serde(default)]
    pub target_scrap_rate: Option<String>,
    /// On single machines (`oee_product_equipment_config`).
    #[serde(default)]
    pub machines: Vec<Standard<EquipmentId>>,
    /// At single stations (`ops_station_product_standards`).
    #[serde(default)]
    pub stations: Vec<Standard<StationId>>,
}

/// A person with what a terminal must know to recognise them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Key in `users`.
    pub id: UserId,
    /// Name for people.
    pub name: String,
    /// Personnel number, from which the key is made. Terminals are not told.
    #[serde(default)]
    pub number: String,
    /// Address of the account that they have already; empty without one. Terminals are not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// What the badge reader reads; empty for somebody without a badge.
    pub badge: String,
    /// What they may do.
    pub role: Role,
    /// May work here.
    pub active: bool,
    /// The badge alone does not do.
    #[serde(default)]
    pub has_pin: bool,
    /// What a PIN is checked against, see [`crate::pin`]. It goes nowhere from here.
    #[serde(skip)]
    pub pin: Option<String>,
}

/// Roles, lowest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works at machines.
    Operator,
    /// Leads a crew.
    Lead,
    /// Maintains machines.
    Technician,
    /// Answers for a shift.
    Supervisor,
}

impl Role {
    /// The role of a word.
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Operator, Self::Lead, Self::Technician, Self::Supervisor];
        all.into_iter().find(|role| role.word() == word)
    }

    /// The word used in tables and in the site file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Lead => "lead",
            Self::Technician => "technician",
            Self::Supervisor => "supervisor",
        }
    }

    /// Whether they answer for the hours of others, and agree to what one alone may not do.
    pub fn leads(self) -> bool {
        matches!(self, Self::Lead | Self::Supervisor)
    }

    /// Rank of the role: a higher one's decision beats a lower one's.
    pub fn rank(self) -> u8 {
        match self {
            Self::Operator => 1,
            Self::Lead => 2,
            Self::Technician => 2,
            Self::Supervisor => 3,
        }
    }
}

impl Reference {
    /// The shift calendar of the site; `None` where nobody said which shifts are worked.
    pub fn calendar(&self) -> Option<Calendar> {
        Calendar::new(&self.roster, &self.site.time_zone)
    }

    /// The machine with this key.
    pub fn machine(&self, id: EquipmentId) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.id == id)
    }

    /// The station with this key.
    pub fn station(&self, id: StationId) -> Option<&Station> {
        self.stations.iter().find(|station| station.id == id)
    }

    /// The station a machine works for: the first that lists it.
    pub fn station_of(&self, id: EquipmentId) -> Option<&Station> {
        self.stations.iter().find(|station| station.machines.contains(&id))
    }

    /// The product with this key.
    pub fn product(&self, id: ProductId) -> Option<&Product> {
        self.families.iter().flat_map(|family| &family.products).find(|product| product.id == id)
    }

    /// The downtime reason with this key, and its group.
    pub fn downtime_reason(&self, id: ReasonId) -> Option<(&ReasonGroup, &Reason)> {
        find_reason(&self.downtime_groups, id)
    }

    /// The downtime reason of this code. Codes are unique in their group: the first one counts.
    pub fn downtime_reason_of(&self, code: &str) -> Option<ReasonId> {
        let mut reasons = self.downtime_groups.iter().flat_map(|group| &group.reasons);
        reasons.find(|reason| reason.code == code).map(|reason| reason.id)
    }

    /// The scrap reason with this key, and its group.
    pub fn scrap_reason(&self, id: ReasonId) -> Option<(&ReasonGroup, &Reason)> {
        find_reason(&self.scrap_groups, id)
    }

    /// The name of an incident reason of machines, or of stations.
    pub fn incident_reason(&self, of_machines: bool, id: ReasonId) -> Option<String> {
        let groups =
            if of_machines { &self.incident_groups } else { &self.station_incident_groups };
        find_reason(groups, id).map(|(_, reason)| reason.name.clone())
    }

    /// The person with this key.
    pub fn person(&self, id: UserId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The person with this badge.
    pub fn person_by_badge(&self, badge: &str) -> Option<&Person> {
        // Not everybody has a badge.
        self.people.iter().find(|person| person.badge == badge && !badge.is_empty())
    }
}

fn find_reason(groups: &[ReasonGroup], id: ReasonId) -> Option<(&ReasonGroup, &Reason)> {
    groups
        .iter()
        .flat_map(|group| group.reasons.iter().map(move |reason| (group, reason)))
        .find(|(_, reason)| reason.id == id)
}
