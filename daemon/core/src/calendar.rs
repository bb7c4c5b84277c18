//! The shift calendar of a site: which shift it is, when it began and ends, what time was planned.
//!
//! A [`Roster`] is what people agreed on, in local time; a [`Calendar`] is a roster in the site's
//! time zone, and answers in instants. Lengths come from instants only: a shift from 22:00 to 06:00
//! lasts seven hours or nine in the nights when clocks are changed. Who works in a crew, and what a
//! crew is paid, is not known here.
//!
//! A local time is the first instant at which clocks show it or a later one: of two the first, and
//! the moment of the change where clocks pass over it. So local order is order in time, and shifts that do not overlap
//! on paper do not overlap at all; one that would have no length on that day does not take place.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};
use serde::{Deserialize, Serialize};

use crate::time::Micros;

mod roster;

pub use roster::{Break, Crew, Exception, Overlap, Pattern, Roster, Shift, Week};

/// A stretch of time. It holds its beginning and not its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// When it begins.
    pub from: Micros,
    /// When it is over.
    pub until: Micros,
}

impl Interval {
    /// Its length in microseconds.
    pub fn length_us(self) -> i64 {
        self.until.0.saturating_sub(self.from.0)
    }

    /// Whether this instant lies in it.
    pub fn holds(self, at: Micros) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// What it has in common with `other`, if anything.
    pub fn common(self, other: Self) -> Option<Self> {
        let common = Self { from: self.from.max(other.from), until: self.until.min(other.until) };
        (common.from < common.until).then_some(common)
    }
}

/// A shift on one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShiftInstance {
    /// Code of the shift.
    pub shift: String,
    /// Its name for people.
    pub name: String,
    /// The crews that work in it; none where the roster has no crews.
    pub crews: Vec<String>,
    /// The business day it belongs to: the local date on which it begins.
    pub day: Date,
    /// From beginning to end, breaks included.
    pub at: Interval,
    /// Planned breaks in it.
    pub breaks: Vec<Interval>,
}

impl ShiftInstance {
    /// Its time less its breaks.
    fn planned(&self) -> Vec<Interval> {
        let mut left = vec![self.at];
        for pause in &self.breaks {
            left = left.into_iter().flat_map(|part| without(part, *pause)).collect();
        }
        left
    }
}

/// What is left of `whole` before and after `gone`.
fn without(whole: Interval, gone: Interval) -> impl Iterator<Item = Interval> {
    let before = Interval { until: whole.until.min(gone.from), ..whole };
    let after = Interval { from: whole.from.max(gone.until), ..whole };
    [before, after].into_iter().filter(|part| part.from < part.until)
}

/// A roster in a time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    roster: Roster,
    zone: TimeZone,
}

impl Calendar {
    /// `None` where there is no roster, or no such IANA zone: then nothing is known of shifts.
    pub fn new(roster: &Roster, zone: &str) -> Option<Self> {
        let zone = TimeZone::get(zone).ok().filter(|_| !roster.is_empty())?;
        Some(Self { roster: roster.clone(), zone })
    }

    /// The shifts of which something lies between `from` and `until`, each whole, by their
    /// beginnings.
    pub fn instances(&self, from: Micros, until: Micros) -> Vec<ShiftInstance> {
        let window = Interval { from, until };
        let days = self.days(window);
        let all = days.flat_map(|day| self.on(day));
        all.filter(|instance| instance.at.common(window).is_some()).collect()
    }

    /// The shifts of one business day, by their beginnings.
    pub fn on(&self, day: Date) -> Vec<ShiftInstance> {
        let work = self.roster.work(day);
        let all = work.into_iter().filter_map(|(shift, crews)| self.instance(day, shift, crews));
        let mut all: Vec<ShiftInstance> = all.collect();
        all.sort_by_key(|instance| instance.at);
        all
    }

    /// The shift at this instant; `None` between shifts.
    pub fn shift_at(&self, at: Micros) -> Option<ShiftInstance> {
        let next = Micros(at.0.saturating_add(1));
        self.instances(at, next).into_iter().next()
    }

    /// The business day at this instant: that of the shift; between shifts the local date.
    pub fn business_day(&self, at: Micros) -> Date {
        self.shift_at(at).map_or_else(|| self.date(at), |instance| instance.day)
    }

    /// Planned time between `from` and `until`: shifts less their breaks, cut off at both ends, in
    /// order, without overlaps; what touches is one.
    pub fn planned(&self, from: Micros, until: Micros) -> Vec<Interval> {
        let window = Interval { from, until };
        let shifts = self.instances(from, until);
        let parts = shifts.iter().flat_map(ShiftInstance::planned);
        let mut parts: Vec<Interval> = parts.filter_map(|part| part.common(window)).collect();
        parts.sort_unstable();
        let mut merged: Vec<Interval> = Vec::new();
        for part in parts {
            match merged.last_mut() {
                Some(last) if part.from <= last.until => last.until = last.until.max(part.until),
                _ => merged.push(part),
            }
        }
        merged
    }

    fn instance(&self, day: Date, shift: &Shift, crews: Vec<String>) -> Option<ShiftInstance> {
        let (start, end) = shift.local(day);
        let at = self.between(start, end)?;
        let breaks = shift.breaks_local(day).filter_map(|(start, end)| self.between(start, end));
        let breaks = breaks.filter_map(|pause| pause.common(at)).collect();
        let (code, name) = (shift.code.clone(), shift.name.clone());
        Some(ShiftInstance { shift: code, name, crews, day, at, breaks })
    }

    fn between(&self, start: DateTime, end: DateTime) -> Option<Interval> {
        let (from, until) = (self.instant(start)?, self.instant(end)?);
        (from < until).then_some(Interval { from, until })
    }

    /// The instant of a local time, by the rule above.
    fn instant(&self, local: DateTime) -> Option<Micros> {
        let instant = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok()?,
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok()?,
            AmbiguousOffset::Gap { before, after } => {
                let latest = before.to_timestamp(local).ok()?;
                let earliest = after.to_timestamp(local).ok()?;
                let changes = self.zone.following(earliest).map(|change| change.timestamp());
                changes.take_while(|change| *change <= latest).last().unwrap_or(latest)
            },
        };
        Some(Micros(instant.as_microsecond()))
    }

    fn date(&self, at: Micros) -> Date {
        let end = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let at = Timestamp::from_microsecond(at.0).unwrap_or(end);
        self.zone.to_datetime(at).date()
    }

    /// The days whose shifts may reach into `window`: no shift is longer than a day, and clocks are
    /// put back and forward by a day at most.
    fn days(&self, window: Interval) -> impl Iterator<Item = Date> {
        let (mut first, mut last) = (self.date(window.from), self.date(window.until));
        for _ in 0..2 {
            first = first.yesterday().unwrap_or(Date::MIN);
            last = last.tomorrow().unwrap_or(Date::MAX);
        }
        // There is nothing to look for before the roster begins.
        let first = self.roster.begins().map_or(first, |begins| first.max(begins));
        first.series(jiff::Span::new().days(1)).take_while(move |day| *day <= last)
    }
}

#[cfg(test)]
mod tests;
