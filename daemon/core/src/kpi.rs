//! Key figures: overall equipment effectiveness, losses, failures, and labor on batches.
//!
//! One calculation for terminal and headquarters: what a machine did comes in as data, figures go
//! out, each with the share of time that is known, the time that nobody explained, and what it was
//! made of. A figure that cannot be known is `None`, never 0. Where planned time comes from, and
//! how rows are read, is not decided here. `daemon/core/vectors/kpi.json` says what comes out.

mod account;
mod board;
mod evidence;
mod figure;
mod input;
mod labor;
mod name;
mod parts;
mod rate;
mod row;
mod spent;

pub use board::{
    Board, Cost, Hour, Pace, Progress, Reading, Stretch, Why, aim, board, clock_hours, due,
};
pub use evidence::{Evidence, Hole, Loss};
pub use figure::{Elements, Figure, Figures, figures};
pub use input::{
    Batch, Class, Count, GroupType, Interval, Machine, Mode, Person, Reason, Reasons, Span, Status,
    Window, instant,
};
pub use labor::{Efficiency, Entry, Job, efficiency, standard_hours};
pub use name::{Kpi, Missing, Unit};
pub use rate::{Cycle, CycleSource, ProductCycle, Rate, RateUnit, TargetRate};
pub use row::{BatchRow, Rows, StateRow, StopRow, asked, planned};
pub use spent::without;

use crate::time::Micros;

const HOUR_US: f64 = 3_600_000_000.0;
const MINUTE_US: f64 = 60_000_000.0;
const SECOND_US: f64 = 1_000_000.0;

fn hours(from: Micros, until: Micros) -> f64 {
    to_f64(until.0.saturating_sub(from.0)) / HOUR_US
}

/// Percent of a whole that is something.
fn percent(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let whole = whole.filter(|whole| *whole > 0.0)?;
    Some(part? / whole * 100.0)
}

fn sum(all: impl Iterator<Item = f64>) -> Option<f64> {
    all.reduce(|a, b| a + b)
}

#[expect(clippy::cast_precision_loss, reason = "figures are shown with two digits")]
fn to_f64(n: i64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests;
