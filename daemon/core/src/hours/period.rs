//! Pay periods: which days a record is shown of at a time.

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::day;
use crate::{kpi::Span, time::Micros};

/// What a site's people are paid for at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "every")]
pub enum Period {
    /// A month of the calendar.
    #[default]
    Month,
    /// A week from Monday on.
    Week,
    /// Two weeks, counted from a day on which one begins.
    TwoWeeks {
        /// That day.
        from: Date,
    },
}

impl Period {
    /// The one so many before that of `now`, from midnight to midnight at the site; `None` beyond what
    /// calendars know.
    pub fn back(self, zone: &TimeZone, now: Micros, back: u8) -> Option<Span> {
        let today = day(zone, now);
        let back = i64::from(back);
        let (first, next) = match self {
            Self::Month => {
                let first = today.first_of_month().checked_sub(back.months()).ok()?;
                (first, first.checked_add(1.month()).ok()?)
            },
            Self::Week => {
                let monday = i64::from(today.weekday().to_monday_zero_offset());
                let first = today.checked_sub((monday + 7 * back).days()).ok()?;
                (first, first.checked_add(7.days()).ok()?)
            },
            Self::TwoWeeks { from } => {
                let since = i64::from(from.until(today).ok()?.get_days()).rem_euclid(14);
                let first = today.checked_sub((since + 14 * back).days()).ok()?;
                (first, first.checked_add(14.days()).ok()?)
            },
        };
        Some(Span { from: midnight(zone, first)?, until: midnight(zone, next)? })
    }
}

/// The first instant of a day; where clocks pass over midnight, the first that there is.
fn midnight(zone: &TimeZone, day: Date) -> Option<Micros> {
    let begin = day.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    Some(Micros(begin.timestamp().as_microsecond()))
}
