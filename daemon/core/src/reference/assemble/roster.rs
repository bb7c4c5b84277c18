//! Shifts, when they are worked, and how hours are shown.

use super::{Fault, Rows, detail::json, lines, sorted};
use crate::{
    calendar::{Exception, Pattern, Roster, Shift},
    hours::{Hours, Period},
};

/// What is worked when; a site that never said has no rows.
pub(super) fn roster(rows: &Rows) -> Result<Roster, Fault> {
    let mut roster = Roster::default();
    for line in sorted(rows, "edge.shifts", "code")? {
        roster.shifts.push(Shift {
            code: line.need("code")?,
            name: line.need("name")?,
            start: line.need("start_time")?,
            end: line.need("end_time")?,
            breaks: json(line, "breaks")?,
        });
    }
    for line in lines(rows, "edge.shift_patterns") {
        roster.patterns.push(Pattern {
            from: line.need("from_date")?,
            weeks: json(line, "weeks")?,
            crews: json(line, "crews")?,
        });
    }
    for line in lines(rows, "edge.shift_exceptions") {
        roster.exceptions.push(Exception {
            name: line.need("name")?,
            from: line.need("from_date")?,
            until: line.need("until_date")?,
            closed: line.is("closed"),
            extra: json(line, "extra")?,
            crew: line.read("crew")?,
        });
    }
    roster.sort();
    Ok(roster)
}

/// How hours are shown; a site that never said has no row.
pub(super) fn hours(rows: &Rows) -> Result<Hours, Fault> {
    let told = lines(rows, "edge.hours");
    let Some(line) = told.first() else { return Ok(Hours::default()) };
    let period = match line.text("period") {
        Some("week") => Period::Week,
        Some("two_weeks") => Period::TwoWeeks { from: line.need("period_from")? },
        _ => Period::Month,
    };
    Ok(Hours { period, views: json(*line, "views")? })
}
