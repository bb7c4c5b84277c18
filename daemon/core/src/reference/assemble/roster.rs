//! Shifts, and when they are worked.

use super::{Fault, Rows, detail::json, lines, sorted};
use crate::calendar::{Exception, Pattern, Roster, Shift};

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
