//! Tables as they are taken out of a terminal, a page at a time.

use kart_core::{export::Export, id::UserId, kpi::Span, time::Micros};
use serde::{Deserialize, Serialize};

use crate::Pin;

/// What is taken out.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted {
    /// Which table.
    pub of: Export,
    /// What it touches.
    pub span: Span,
    /// Only rows of this person.
    pub user: Option<UserId>,
    /// The view of hours that stands beside them, by its name.
    pub view: Option<String>,
    /// Whose badge asks, where hours are asked for.
    pub ticket: Option<Pin>,
}

/// A page of rows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Page {
    /// The site's time zone.
    pub time_zone: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells by columns.
    pub rows: Vec<Vec<Cell>>,
    /// What asks for the next page; `None` at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A cell.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Not known, or not yet.
    Nothing,
    /// A code, a name, a word or a key.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Minutes, to a thousandth of a second.
    Minutes(f64),
    /// An instant.
    Time(Micros),
    /// Yes or no.
    Flag(bool),
}
