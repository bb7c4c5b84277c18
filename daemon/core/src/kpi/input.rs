//! What figures are made of, as data: a question about a stretch of time, and what machines did.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    labor::{Entry, Job},
    rate::Rate,
};
use crate::{
    counter::{CounterKind, Verdict},
    id::{EquipmentId, ProductId, ReasonId, RecordId, UserId},
    machine::MachineState,
    time::Micros,
};

/// An instant as RFC 3339, as people and other programs read it.
pub mod instant {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::time::Micros;

    /// Writes it in UTC.
    pub fn serialize<S: Serializer>(at: &Micros, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.rfc3339())
    }

    /// Reads it with any offset.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Micros, D::Error> {
        let text = String::deserialize(from)?;
        let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Micros(at.as_microsecond()))
    }

    /// The same where there may be none.
    pub mod option {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use crate::time::Micros;

        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct Instant(#[serde(with = "super")] Micros);

        /// Writes it in UTC, or nothing.
        pub fn serialize<S: Serializer>(at: &Option<Micros>, to: S) -> Result<S::Ok, S::Error> {
            at.map(Instant).serialize(to)
        }

        /// Reads it with any offset, or nothing.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Micros>, D::Error> {
            Ok(Option::<Instant>::deserialize(from)?.map(|instant| instant.0))
        }
    }
}

/// A stretch of time, its end not included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Span {
    /// Its begin.
    #[serde(with = "instant")]
    pub from: Micros,
    /// Its end.
    #[serde(with = "instant")]
    pub until: Micros,
}

impl Span {
    /// The longest time that figures are told of, days.
    pub const MOST_DAYS: i64 = 400;

    /// Why no figures are told of it, in words for whoever asked.
    pub fn refused(self) -> Option<String> {
        let long = self.until.0.saturating_sub(self.from.0) > Self::MOST_DAYS * 24 * 3_600_000_000;
        if self.until <= self.from {
            return Some("the begin is not before the end".to_owned());
        }
        long.then(|| format!("figures are told of {} days at most", Self::MOST_DAYS))
    }
}

/// Which stops count against availability: `oee_sites.availability_mode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Unplanned ones: run / (run + unplanned).
    #[default]
    Standard,
    /// Unplanned and planned ones: run / (run + unplanned + planned).
    Strict,
    /// All time of the calendar that is known, planned or not: run / calendar.
    Teep,
}

impl Mode {
    /// The mode of a word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Standard, Self::Strict, Self::Teep].into_iter().find(|mode| mode.word() == word)
    }

    /// The word of the column.
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::Teep => "teep",
        }
    }
}

/// Which type of a reason counts, when its group has changed since.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reasons {
    /// The one that was frozen with the event.
    #[default]
    Recorded,
    /// The one that its group has now.
    Now,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Window {
    /// From here …
    #[serde(with = "instant")]
    pub from: Micros,
    /// … to here; what lies after [`Self::now`] has not happened and is left out.
    #[serde(with = "instant")]
    pub until: Micros,
    /// Until when anything is known; whatever is open goes on until then.
    #[serde(with = "instant")]
    pub now: Micros,
    /// The site's mode.
    #[serde(default)]
    pub mode: Mode,
    /// As recorded or as now.
    #[serde(default)]
    pub reasons: Reasons,
    /// When the site means to produce. Overlaps count once.
    pub planned: Vec<Span>,
    /// Hours of a shift, for targets per shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift_hours: Option<f64>,
}

/// What one machine did, as far as it touches the window.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Which one.
    pub equipment: EquipmentId,
    /// What it was doing; where several say something of one moment, a stop beats a run, and either
    /// beats not having seen it.
    #[serde(default)]
    pub intervals: Vec<Interval>,
    /// The kinds of counters it had been read by at the end of the window.
    #[serde(default)]
    pub counters: Vec<CounterKind>,
    /// Since when it has a counter of all parts; without it, always.
    #[serde(with = "instant::option", default, skip_serializing_if = "Option::is_none")]
    pub total_since: Option<Micros>,
    /// Readings up to the end of the window; also those before it that may overlap raw positions.
    #[serde(default)]
    pub counts: Vec<Count>,
    /// Batches that touch the window.
    #[serde(default)]
    pub batches: Vec<Batch>,
    /// How fast it should be.
    #[serde(default)]
    pub rate: Rate,
    /// Places that work side by side, for example slots of a chamber.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positions: Option<u32>,
    /// The last sign of life of whoever reads it: what was open then is unknown from there on.
    #[serde(with = "instant::option", default, skip_serializing_if = "Option::is_none")]
    pub seen_until: Option<Micros>,
}

/// One record of `edge.machine_states` with its downtime event, or a downtime event alone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// The record.
    pub record: RecordId,
    /// What the machine did.
    pub state: MachineState,
    /// When it began, corrections applied.
    #[serde(with = "instant")]
    pub from: Micros,
    /// When it ended; `None` goes on.
    #[serde(with = "instant::option", default)]
    pub until: Option<Micros>,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// A stop that is shorter is a micro-stop, which nobody is asked about.
    #[serde(default)]
    pub micro_stop_s: f64,
    /// A supervisor said that it was not so: nobody knows what was.
    #[serde(default)]
    pub void: bool,
    /// The rule that decided, by its name in the map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Fingerprint of the map that holds the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
}

/// Why a machine stood still, as a person said.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reason {
    /// Which one.
    pub id: ReasonId,
    /// Its name when it was chosen.
    pub label: String,
    /// The type of its group when it was chosen.
    pub group_type: GroupType,
    /// The type of its group now; `None` where the reason is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<GroupType>,
    /// Who chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// `oee_downtime_groups.type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupType {
    /// Always lowers availability.
    Unplanned,
    /// Lowers it where the mode is strict or teep.
    Planned,
    /// Lowers it where the mode is teep.
    Idle,
}

impl GroupType {
    /// The type of a word.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "unplanned" => Some(Self::Unplanned),
            "planned" => Some(Self::Planned),
            "idle" => Some(Self::Idle),
            _ => None,
        }
    }
}

/// What a moment of a machine counts as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Producing; ISO 22400 APT, actual production time.
    Run,
    /// Stopped, and nobody had planned it.
    Unplanned,
    /// Stopped as planned.
    Planned,
    /// Could produce and had nothing to do.
    Idle,
    /// Not seen.
    Unknown,
}

impl Interval {
    /// What it counts as.
    pub fn class(&self, reasons: Reasons) -> Class {
        if self.void || self.state == MachineState::Unknown {
            return Class::Unknown;
        }
        if self.state == MachineState::Running {
            return Class::Run;
        }
        let told = self.reason.as_ref().map(|reason| match reasons {
            Reasons::Recorded => reason.group_type,
            Reasons::Now => reason.now.unwrap_or(reason.group_type),
        });
        match told.or_else(|| GroupType::of(self.state.group_type()?)) {
            Some(GroupType::Planned) => Class::Planned,
            Some(GroupType::Idle) => Class::Idle,
            Some(GroupType::Unplanned) | None => Class::Unplanned,
        }
    }

    /// Whether it is too short to ask about.
    pub fn is_micro(&self, now: Micros) -> bool {
        let lasted = self.until.unwrap_or(now).0.saturating_sub(self.from.0);
        self.state == MachineState::Stopped
            && self.reason.is_none()
            && super::to_f64(lasted) < self.micro_stop_s * super::SECOND_US
    }
}

/// A row of `edge.production_counts`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Count {
    /// The record.
    pub record: RecordId,
    /// The counter's name in the map.
    pub source: String,
    /// What it counts.
    pub counter: CounterKind,
    /// Raised at each reset.
    #[serde(default)]
    pub epoch: i64,
    /// Reading before, unwrapped.
    pub raw_from: i64,
    /// Reading now, unwrapped.
    pub raw_to: i64,
    /// How the two were judged.
    pub verdict: Verdict,
    /// When the reading before was taken.
    #[serde(with = "instant")]
    pub since: Micros,
    /// When this reading was taken: its parts belong to this moment.
    #[serde(with = "instant")]
    pub until: Micros,
    /// The batch the parts belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<RecordId>,
    /// Fingerprint of the map that made it; where a row does not say, of the one in force then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
}

/// `oee_batch_details.status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not over.
    Running,
    /// Its parts are confirmed.
    Completed,
    /// Given up: left out of quality.
    Aborted,
}

impl Status {
    /// The status of a word.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "running" => Some(Self::Running),
            "completed" => Some(Self::Completed),
            "aborted" => Some(Self::Aborted),
            _ => None,
        }
    }
}

/// A batch event with its details and the people on it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// The record.
    pub record: RecordId,
    /// Its number.
    #[serde(default)]
    pub number: String,
    /// What is made.
    pub product: ProductId,
    /// When it began.
    #[serde(with = "instant")]
    pub from: Micros,
    /// When it ended.
    #[serde(with = "instant::option", default)]
    pub until: Option<Micros>,
    /// Its status.
    pub status: Status,
    /// Good parts as confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<i64>,
    /// Scrapped parts as confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap: Option<i64>,
    /// Parts to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// Standard labor hours of one part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_hours: Option<f64>,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// Time of people on it.
    #[serde(default)]
    pub people: Vec<Person>,
    /// When it rested, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests: Vec<Span>,
}

/// A person's time on a batch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Row of `oee_batch_time_entries`.
    pub entry: Uuid,
    /// Who.
    pub user: UserId,
    /// From when.
    #[serde(with = "instant")]
    pub from: Micros,
    /// Until when; `None` goes on.
    #[serde(with = "instant::option", default)]
    pub until: Option<Micros>,
    /// Minutes that a person entered; they win over the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_minutes: Option<f64>,
}

impl Batch {
    /// As labor sees it.
    pub fn job(&self) -> Job {
        let entry = |person: &Person| Entry {
            from: person.from,
            until: person.until,
            override_minutes: person.override_minutes,
        };
        Job {
            from: self.from,
            until: self.until,
            good: self.good,
            target: self.target,
            standard_hours: self.standard_hours,
            people: self.people.iter().map(entry).collect(),
        }
    }
}
