//! Shifts, patterns and exceptions in local time, as a site file says them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

/// What people agreed on: which shifts there are and on which days they are worked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Roster {
    /// In the order in which people name them.
    pub shifts: Vec<Shift>,
    /// By the day from which they are in force; each until the next one.
    pub patterns: Vec<Pattern>,
    /// By their first day, then by name.
    pub exceptions: Vec<Exception>,
}

/// A shift, on any day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shift {
    /// Unique at the site; no blanks.
    pub code: String,
    /// For people.
    pub name: String,
    /// When it begins.
    pub start: Time,
    /// When it ends: on the next day, unless it is later than `start`.
    pub end: Time,
    /// Planned breaks, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Break>,
}

/// A planned break.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Break {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When it begins: on the next day, when that is before the shift begins.
    pub start: Time,
    /// When it ends.
    pub end: Time,
}

/// The shifts of seven days, Monday first: codes.
pub type Week = [Vec<String>; 7];

/// Weeks that are worked in turn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pattern {
    /// The first day on which it is in force. Its calendar week is the first of the rotation.
    pub from: Date,
    /// The rotation; one week where every week is the same, none where nothing is worked.
    pub weeks: Vec<Week>,
    /// Who goes through it. Without crews there is one row of shifts, and nobody says whose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crews: Vec<Crew>,
}

/// People who work together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Crew {
    /// Unique in the pattern.
    pub name: String,
    /// In which week of the rotation it is when the pattern begins, counted from 1.
    pub week: usize,
}

/// Days on which something else holds. Several of them for one day add up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exception {
    /// For people; unique for its first day.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// No shift of the pattern begins on these days.
    pub closed: bool,
    /// Shifts that are worked on them whatever the pattern says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
    /// Who works them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crew: Option<String>,
}

/// Two shifts that are worked at the same time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overlap {
    /// The day on which the later one begins.
    pub day: Date,
    /// Their codes.
    pub shifts: [String; 2],
}

impl Shift {
    /// From when until when, when it begins on `day`.
    pub(super) fn local(&self, day: Date) -> (DateTime, DateTime) {
        let ends = if self.end > self.start { day } else { next(day) };
        (day.to_datetime(self.start), ends.to_datetime(self.end))
    }

    /// Its breaks, when it begins on `day`.
    pub(super) fn breaks_local(&self, day: Date) -> impl Iterator<Item = (DateTime, DateTime)> {
        self.breaks.iter().map(move |pause| {
            let starts = if pause.start < self.start { next(day) } else { day };
            let ends = if pause.end > pause.start { starts } else { next(starts) };
            (starts.to_datetime(pause.start), ends.to_datetime(pause.end))
        })
    }
}

impl Pattern {
    /// The shifts of a day, each with its crews.
    fn work(&self, day: Date) -> Vec<(&str, Option<&str>)> {
        let Ok(rows) = i64::try_from(self.weeks.len()) else { return Vec::new() };
        let passed = monday(day).duration_since(monday(self.from)).as_hours() / (7 * 24);
        let row = |first: usize, crew| {
            let first = i64::try_from(first).unwrap_or_default();
            let row = passed.checked_add(first).and_then(|row| row.checked_rem_euclid(rows));
            let week = row.and_then(|row| self.weeks.get(usize::try_from(row).ok()?));
            let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
            let codes = week.and_then(|week| week.get(weekday)).into_iter().flatten();
            codes.map(move |code| (code.as_str(), crew))
        };
        match &self.crews[..] {
            [] => row(0, None).collect(),
            crews => crews
                .iter()
                .flat_map(|crew| row(crew.week.saturating_sub(1), Some(crew.name.as_str())))
                .collect(),
        }
    }
}

impl Exception {
    /// Whether it is about this day.
    pub fn concerns(&self, day: Date) -> bool {
        (self.from..=self.until).contains(&day)
    }
}

impl Roster {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts patterns and exceptions in order.
    pub(crate) fn sort(&mut self) {
        self.patterns.sort_by_key(|pattern| pattern.from);
        self.exceptions.sort_by(|a, b| (a.from, &a.name).cmp(&(b.from, &b.name)));
    }

    /// The first day on which anything can be worked.
    pub(super) fn begins(&self) -> Option<Date> {
        let patterns = self.patterns.iter().map(|pattern| pattern.from);
        patterns.chain(self.exceptions.iter().map(|exception| exception.from)).min()
    }

    /// The pattern in force on a day.
    pub fn pattern(&self, day: Date) -> Option<&Pattern> {
        let begun = self.patterns.iter().filter(|pattern| pattern.from <= day);
        begun.max_by_key(|pattern| pattern.from)
    }

    /// The shifts that begin on a day with their crews, in the order of the shifts.
    pub(super) fn work(&self, day: Date) -> Vec<(&Shift, Vec<String>)> {
        let mut crews: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let exceptions = || self.exceptions.iter().filter(|exception| exception.concerns(day));
        if !exceptions().any(|exception| exception.closed) {
            let pattern = self.pattern(day).into_iter().flat_map(|pattern| pattern.work(day));
            pattern.for_each(|(code, crew)| crews.entry(code).or_default().extend(crew));
        }
        for exception in exceptions() {
            for code in &exception.extra {
                crews.entry(code).or_default().extend(exception.crew.as_deref());
            }
        }
        let worked = self.shifts.iter().filter_map(|shift| {
            let crews = crews.get(shift.code.as_str())?;
            Some((shift, crews.iter().map(|crew| (*crew).to_owned()).collect()))
        });
        worked.collect()
    }

    /// Shifts that are worked at the same time, day by day. Looked at are all days on which
    /// something changes, and each rotation once: the rest repeats itself.
    pub fn overlaps(&self) -> Vec<Overlap> {
        let rotations = self.patterns.iter().map(|pattern| {
            let days = pattern.weeks.len().saturating_mul(7);
            (pattern.from, i64::try_from(days).unwrap_or(i64::MAX))
        });
        let exceptions = self.exceptions.iter().map(|exception| {
            let days = exception.until.duration_since(exception.from).as_hours() / 24;
            (exception.from, days)
        });
        let mut days = BTreeSet::new();
        for (from, length) in rotations.chain(exceptions) {
            let first = from.yesterday().unwrap_or(from);
            let length = usize::try_from(length.clamp(0, 1_000)).unwrap_or_default();
            days.extend(first.series(jiff::Span::new().days(1)).take(length + 3));
        }
        days.into_iter().flat_map(|day| self.overlap(day)).collect()
    }

    /// What begins on `day` and overlaps with another shift of the day, or of the day before.
    fn overlap(&self, day: Date) -> Vec<Overlap> {
        let begun = |day: Date| -> Vec<_> {
            let work = self.work(day).into_iter();
            work.map(|(shift, _)| (shift.local(day), shift.code.clone())).collect()
        };
        let today = begun(day);
        let before = day.yesterday().map(begun).unwrap_or_default();
        let mut all = Vec::new();
        for (n, (late, code)) in today.iter().enumerate() {
            for (early, other) in before.iter().chain(today.iter().take(n)) {
                if early.0 < late.1 && late.0 < early.1 {
                    all.push(Overlap { day, shifts: [other.clone(), code.clone()] });
                }
            }
        }
        all
    }
}

/// The day after; the last of all days is its own.
fn next(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

fn monday(day: Date) -> Date {
    let passed = i64::from(day.weekday().to_monday_zero_offset());
    day.saturating_sub(jiff::Span::new().days(passed))
}
