//! What reference data says beyond codes and names: targets, standards, fields, who feeds whom.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is aimed at, each in percent as decimal text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Targets {
    /// Overall equipment effectiveness.
    pub oee: String,
    /// Availability.
    pub availability: String,
    /// Performance.
    pub performance: String,
    /// Quality.
    pub quality: String,
}

impl Default for Targets {
    /// What Kartorium fills in.
    fn default() -> Self {
        let [oee, availability, performance, quality] =
            ["85.00", "90.00", "95.00", "99.50"].map(str::to_owned);
        Self { oee, availability, performance, quality }
    }
}

/// A directed edge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Connection<Id> {
    /// Where parts come from.
    pub from: Id,
    /// Where they go.
    pub to: Id,
    /// `feeds_into` and others.
    pub connection_type: String,
    /// For people.
    pub label: Option<String>,
}

/// What a product takes at one place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Standard<Id> {
    /// Where.
    pub at: Id,
    /// Labor hours per unit, as decimal text.
    pub standard_hours: Option<String>,
    /// Scrap to be expected in percent, as decimal text.
    pub scrap_rate: Option<String>,
    /// Seconds per unit, as decimal text; stations only.
    pub cycle_time: Option<String>,
}

/// Something that is asked with a batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Key.
    pub id: Uuid,
    /// Code, unique at its machine or station.
    pub code: String,
    /// The question.
    pub label: String,
    /// What is answered.
    pub field_type: FieldType,
    /// What can be chosen, for [`FieldType::Select`].
    pub options: Vec<String>,
    /// `start` or `complete`.
    pub asked_at: String,
    /// There is no batch without an answer.
    pub required: bool,
}

/// What can be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Anything.
    #[default]
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// One of the options.
    Select,
}

impl FieldType {
    /// The type of a word.
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Text, Self::Number, Self::Boolean, Self::Date, Self::Select];
        all.into_iter().find(|kind| kind.word() == word)
    }

    /// The word used in tables and in the site file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Select => "select",
        }
    }
}
