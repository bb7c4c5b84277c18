//! People's hours as they are shown: how late, how much of it was on jobs, and what named rules would
//! make of it.
//!
//! What was punched is exact to the second and never changed by anything here. Rounding, grace and a meal
//! that is taken off are [`Rules`] with a name: a site says which there are, and without a word there
//! are none. What they come to stands beside the hours, under that name. Terminal and headquarters
//! compute it with this code; `daemon/core/vectors/hours.json` says what comes out. Whether a rule is lawful
//! is not decided here, nor what anybody is paid.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Calendar, Interval, ShiftInstance},
    fact::labor::Inside,
    time::Micros,
};

mod period;
mod spent;

pub use period::Period;
pub use spent::{Spent, spent};

const MINUTE_US: i64 = 60_000_000;

/// Somebody who came so long before a shift came for it.
const EARLY_US: i64 = 4 * 3_600_000_000;

/// What a site says of hours.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hours {
    /// What a record is shown of at a time.
    pub period: Period,
    /// The views that there are; none by themselves.
    pub views: Vec<Rules>,
}

impl Hours {
    /// Nobody said anything.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A view of hours by rules, under the name by which people agreed on it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Its name; it stands beside every figure of it.
    pub name: String,
    /// Times go to the nearest multiple of so many minutes of the local clock, a half upwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_minutes: Option<u32>,
    /// Whoever comes or goes so many minutes from the shift's own time came or went at that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_minutes: Option<u32>,
    /// A meal is taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meal: Option<Meal>,
}

/// A meal that is taken off, punched or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meal {
    /// So many minutes.
    pub minutes: u32,
    /// Where somebody was there for longer than this, minutes.
    pub after_minutes: u32,
}

/// One shift of somebody, as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Shift {
    /// From clocking in to clocking out.
    pub at: Interval,
    /// What lies inside: breaks, meals, activities.
    pub inside: Vec<(Inside, Interval)>,
    /// The shift that they came for, where a calendar says so.
    pub planned: Option<Interval>,
}

/// What a view makes of a shift.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counted {
    /// When it begins there.
    pub from: Micros,
    /// When it ends there.
    pub until: Micros,
    /// Taken off for meals, microseconds.
    pub meal_us: i64,
    /// What is left, microseconds.
    pub counted_us: i64,
    /// The meal that was punched was shorter than the one that is taken off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub short_meal: bool,
}

impl Rules {
    /// What they make of a shift. Grace comes before rounding: whoever is at the shift's own time stays
    /// there. A view without a meal takes nothing off.
    pub fn counted(&self, zone: &TimeZone, shift: &Shift) -> Counted {
        let planned = |end: fn(&Interval) -> Micros| shift.planned.as_ref().map(end);
        let from = self.shown(zone, shift.at.from, planned(|at| at.from));
        let until = self.shown(zone, shift.at.until, planned(|at| at.until)).max(from);
        let there = until.0.saturating_sub(from.0);
        let meal_us = self.meal.map_or(0, |meal| meal.taken_off(there, shift.meals()));
        let needed = self.meal.filter(|meal| meal.is_due(there));
        Counted {
            from,
            until,
            meal_us,
            counted_us: there.saturating_sub(meal_us).max(0),
            short_meal: needed.is_some_and(|meal| shift.meals() < meal.us()),
        }
    }

    fn shown(&self, zone: &TimeZone, at: Micros, planned: Option<Micros>) -> Micros {
        let grace = self.grace_minutes.map_or(0, minutes);
        let near = |planned: &Micros| {
            grace > 0 && at.0.saturating_sub(planned.0).saturating_abs() <= grace
        };
        match (planned.filter(near), self.round_minutes) {
            (Some(planned), _) => planned,
            (None, Some(step)) if step > 0 => rounded(zone, at, minutes(step)),
            (None, _) => at,
        }
    }
}

impl Meal {
    fn us(self) -> i64 {
        minutes(self.minutes)
    }

    fn is_due(self, there: i64) -> bool {
        there > minutes(self.after_minutes)
    }

    /// What was punched is taken off in any case, and the rest of a meal where one is due.
    fn taken_off(self, there: i64, punched: i64) -> i64 {
        let off = if self.is_due(there) { punched.max(self.us()) } else { punched };
        off.min(there)
    }
}

impl Shift {
    /// At meals, microseconds.
    fn meals(&self) -> i64 {
        let meals = self.inside.iter().filter(|(kind, _)| *kind == Inside::Meal);
        meals.filter_map(|(_, at)| at.common(self.at)).map(Interval::length_us).sum()
    }

    /// How much later than planned they came and how much earlier they left, microseconds; what is less
    /// than nothing was earlier and later. `None` where nothing was planned.
    pub fn off_plan(&self) -> Option<(i64, i64)> {
        let planned = self.planned?;
        let late = self.at.from.0.saturating_sub(planned.from.0);
        Some((late, planned.until.0.saturating_sub(self.at.until.0)))
    }
}

/// The shift that somebody came for: the one they came in, or the next where they came nearer to that.
pub fn came_for(calendar: &Calendar, from: Micros) -> Option<ShiftInstance> {
    let coming = Micros(from.0.saturating_add(EARLY_US));
    let mut near = calendar.instances(from, coming).into_iter();
    let now = near.next()?;
    let next = near.next().filter(|next| {
        next.at.from.0.saturating_sub(from.0) < from.0.saturating_sub(now.at.from.0)
    });
    Some(next.unwrap_or(now))
}

fn minutes(count: u32) -> i64 {
    i64::from(count).saturating_mul(MINUTE_US)
}

/// To the nearest step of the clock on the wall. In the night when clocks are changed a step that the
/// clock passes over is none: the time goes by the offset that it has.
fn rounded(zone: &TimeZone, at: Micros, step: i64) -> Micros {
    let Ok(instant) = Timestamp::from_microsecond(at.0) else { return at };
    let offset = i64::from(zone.to_offset(instant).seconds()).saturating_mul(1_000_000);
    let local = at.0.saturating_add(offset);
    let down = local.saturating_sub(local.rem_euclid(step));
    let up = if local - down >= step - step / 2 { step } else { 0 };
    Micros(down.saturating_add(up).saturating_sub(offset))
}

/// The local day of an instant.
fn day(zone: &TimeZone, at: Micros) -> Date {
    let instant = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(instant).date()
}

#[cfg(test)]
mod tests;
