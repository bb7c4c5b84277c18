//! What reference data says beyond codes and names: targets, standards, fields, who feeds whom.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest answer, in characters.
const ANSWER_LIMIT: usize = 500;

/// Longest number, in digits with the point.
const NUMBER_LIMIT: usize = 24;

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

impl Field {
    /// The answer as it is kept; `None` where it is none of what the field takes.
    pub fn taken(&self, typed: &str) -> Option<String> {
        let typed = typed.trim();
        if typed.is_empty() || typed.chars().count() > ANSWER_LIMIT {
            return None;
        }
        match self.field_type {
            FieldType::Text => Some(typed.to_owned()),
            FieldType::Number => number(typed),
            FieldType::Boolean => ["true", "false"].contains(&typed).then(|| typed.to_owned()),
            FieldType::Date => typed.parse::<jiff::civil::Date>().ok().map(|day| day.to_string()),
            FieldType::Select => {
                self.options.iter().any(|option| option == typed).then(|| typed.to_owned())
            },
        }
    }
}

/// A decimal number with a point, however it was typed.
fn number(typed: &str) -> Option<String> {
    let typed = typed.replace(',', ".");
    let digits = typed.strip_prefix('-').unwrap_or(&typed);
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    (plain(whole) && plain(behind) && digits.len() <= NUMBER_LIMIT).then_some(typed)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn field(field_type: FieldType) -> Field {
        Field {
            id: Uuid::nil(),
            code: "f".into(),
            label: "F".into(),
            field_type,
            options: vec!["A 1".into(), "B".into()],
            asked_at: "start".into(),
            required: true,
        }
    }

    #[test]
    fn an_answer_is_what_its_field_takes() {
        let taken = |kind, typed: &str| field(kind).taken(typed);
        assert_eq!(taken(FieldType::Number, " 1,50 ").as_deref(), Some("1.50"));
        assert_eq!(taken(FieldType::Number, "-3").as_deref(), Some("-3"));
        for wrong in ["", "1.2.3", "1e9", "four", "1.", ".5", "9999999999999999999999999"] {
            assert_eq!(taken(FieldType::Number, wrong), None, "{wrong}");
        }
        assert_eq!(taken(FieldType::Date, "2026-11-22").as_deref(), Some("2026-11-22"));
        assert_eq!(taken(FieldType::Date, "2026-02-30"), None);
        assert_eq!(taken(FieldType::Boolean, "true").as_deref(), Some("true"));
        assert_eq!(taken(FieldType::Boolean, "maybe"), None);
        assert_eq!(taken(FieldType::Select, "A 1").as_deref(), Some("A 1"));
        assert_eq!(taken(FieldType::Select, "C"), None);
        assert_eq!(taken(FieldType::Text, &"x".repeat(501)), None);
    }
}
