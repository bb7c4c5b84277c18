//! The shift calendar in a site file: entries to a roster and back, and what can be wrong with them.

use std::{collections::BTreeSet, str::FromStr};

use jiff::civil::{Date, Time};

use super::entry::{self, File};
use crate::calendar::{Break, Crew, Exception, Overlap, Pattern, Roster, Shift, Week};

/// Nobody goes through more weeks in turn than a year has.
const MOST_WEEKS: usize = 53;

/// An exception that is longer is a pattern of its own.
const MOST_DAYS: i64 = 366;

/// What is wrong, by the key path where it stands.
type Faults = Vec<(String, String)>;

/// The roster that a file says, or all that is wrong with it. Without shifts it is empty.
pub(super) fn read(file: &File) -> Result<Roster, Faults> {
    let mut reader = Reader { file, faults: Vec::new() };
    let roster = Roster {
        shifts: reader.all(&file.shift, Reader::shift),
        patterns: reader.all(&file.shift_pattern, Reader::pattern),
        exceptions: reader.all(&file.shift_exception, Reader::exception),
    };
    if reader.faults.is_empty() {
        reader.once("shift_pattern", "from", roster.patterns.iter().map(|pattern| pattern.from));
        let named = roster.exceptions.iter().map(|exception| (exception.from, &exception.name));
        reader.once("shift_exception", "name", named);
        reader.overlaps(&roster);
    }
    let mut roster = roster;
    roster.sort();
    if reader.faults.is_empty() { Ok(roster) } else { Err(reader.faults) }
}

struct Reader<'f> {
    file: &'f File,
    faults: Faults,
}

impl<'f> Reader<'f> {
    fn fault(&mut self, path: String, message: impl Into<String>) {
        self.faults.push((path, message.into()));
    }

    fn all<E, T>(&mut self, entries: &[E], one: fn(&mut Self, usize, &E) -> Option<T>) -> Vec<T> {
        entries.iter().enumerate().filter_map(|(n, entry)| one(self, n, entry)).collect()
    }

    /// A time or a day.
    fn value<T: FromStr>(&mut self, path: String, text: &str, such_as: &str) -> Option<T> {
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(path, format!("{text:?} is not {such_as}"));
        }
        value
    }

    fn time(&mut self, path: String, text: &str) -> Option<Time> {
        let such_as = "a local time such as 06:00; midnight is 00:00";
        let time: Time = self.value(path.clone(), text, such_as)?;
        if time.subsec_nanosecond() != 0 {
            self.fault(path, "has parts of a second");
        }
        Some(time)
    }

    fn day(&mut self, path: String, text: &str) -> Option<Date> {
        self.value(path, text, "a day such as 2026-11-28")
    }

    fn name(&mut self, path: String, name: &str) -> String {
        if name.trim().is_empty() || name.chars().count() > 50 {
            self.fault(path, "must have 1 to 50 characters");
        }
        name.to_owned()
    }

    fn shift(&mut self, n: usize, entry: &entry::Shift) -> Option<Shift> {
        let path = format!("shift[{n}]");
        if entry.code.contains(char::is_whitespace) {
            self.fault(
                format!("{path}.code"),
                "is one word, because patterns name several in a row",
            );
        }
        let name = self.name(format!("{path}.name"), &entry.name);
        let start = self.time(format!("{path}.start"), &entry.start);
        let end = self.time(format!("{path}.end"), &entry.end);
        let mut breaks = Vec::new();
        for (i, pause) in entry.breaks.iter().enumerate() {
            let path = format!("{path}.break[{i}]");
            let start = self.time(format!("{path}.start"), &pause.start);
            let end = self.time(format!("{path}.end"), &pause.end);
            let name = pause.name.clone();
            breaks.extend(start.zip(end).map(|(start, end)| (path, Break { name, start, end })));
        }
        let (start, end) = start.zip(end)?;
        let mut shift = Shift { code: entry.code.clone(), name, start, end, breaks: Vec::new() };
        let mut free = 0;
        for (path, pause) in breaks {
            let from = passed(start, pause.start);
            let length = length(pause.start, pause.end);
            if from < free || from + length > self::length(start, end) {
                self.fault(path, "lies within the shift, and after the break before it");
            }
            free = from + length;
            shift.breaks.push(pause);
        }
        Some(shift)
    }

    fn known(&mut self, path: &str, code: &str) {
        if !self.file.shift.iter().any(|shift| shift.code == code) {
            self.fault(path.to_owned(), format!("no [[shift]] has the code {code:?}"));
        }
    }

    fn codes<'c>(&mut self, path: &str, codes: impl Iterator<Item = &'c str>) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for code in codes {
            self.known(path, code);
            if all.iter().any(|known| known == code) {
                self.fault(path.to_owned(), format!("{code:?} stands here twice"));
            }
            all.push(code.to_owned());
        }
        all
    }

    fn week(&mut self, path: &str, days: &[String]) -> Option<Week> {
        let mut week = Vec::new();
        for (n, day) in days.iter().enumerate() {
            week.push(self.codes(&format!("{path}[{n}]"), day.split_whitespace()));
        }
        let count = week.len();
        let week = Week::try_from(week).ok();
        if week.is_none() {
            let message = format!("a week has seven days, Monday first; this one has {count}");
            self.fault(path.to_owned(), message);
        }
        week
    }

    fn pattern(&mut self, n: usize, entry: &entry::ShiftPattern) -> Option<Pattern> {
        let path = format!("shift_pattern[{n}]");
        let from = self.day(format!("{path}.from"), &entry.from);
        let mut weeks = Vec::new();
        for (i, days) in entry.weeks.iter().enumerate() {
            weeks.extend(self.week(&format!("{path}.weeks[{i}]"), days));
        }
        if entry.weeks.len() > MOST_WEEKS {
            self.fault(format!("{path}.weeks"), format!("must be at most {MOST_WEEKS}"));
        }
        let mut crews: Vec<Crew> = Vec::new();
        for (i, crew) in entry.crew.iter().enumerate() {
            let path = format!("{path}.crew[{i}]");
            let name = self.name(format!("{path}.name"), &crew.name);
            if crews.iter().any(|known| known.name == name) {
                self.fault(format!("{path}.name"), format!("{name:?} stands here twice"));
            }
            if !(1..=entry.weeks.len()).contains(&crew.week) {
                let message = format!("the rotation has weeks 1 to {}", entry.weeks.len());
                self.fault(format!("{path}.week"), message);
            }
            crews.push(Crew { name, week: crew.week });
        }
        Some(Pattern { from: from?, weeks, crews })
    }

    fn exception(&mut self, n: usize, entry: &entry::ShiftException) -> Option<Exception> {
        let path = format!("shift_exception[{n}]");
        let name = self.name(format!("{path}.name"), &entry.name);
        let from = self.day(format!("{path}.from"), &entry.from);
        let until = match &entry.until {
            Some(until) => self.day(format!("{path}.until"), until),
            None => from,
        };
        let extra = self.codes(&format!("{path}.extra"), entry.extra.iter().map(String::as_str));
        if !entry.closed && extra.is_empty() {
            self.fault(path.clone(), "is closed, or names extra shifts");
        }
        if let Some(crew) = &entry.crew {
            let mut crews = self.file.shift_pattern.iter().flat_map(|pattern| &pattern.crew);
            if !crews.any(|known| known.name == *crew) {
                let message = format!("no [[shift_pattern.crew]] has the name {crew:?}");
                self.fault(format!("{path}.crew"), message);
            } else if extra.is_empty() {
                self.fault(format!("{path}.crew"), "works extra shifts, and there are none");
            }
        }
        let (from, until) = from.zip(until)?;
        let days = until.duration_since(from).as_hours() / 24;
        if !(0..MOST_DAYS).contains(&days) {
            let message = format!("must be 0 to {} days after from", MOST_DAYS - 1);
            self.fault(format!("{path}.until"), message);
        }
        Some(Exception { name, from, until, closed: entry.closed, extra, crew: entry.crew.clone() })
    }

    fn once<K: Ord>(&mut self, list: &str, key: &str, keys: impl Iterator<Item = K>) {
        let mut seen = BTreeSet::new();
        for (n, one) in keys.enumerate() {
            if !seen.insert(one) {
                self.fault(format!("{list}[{n}].{key}"), "stands here twice for one day");
            }
        }
    }

    /// Named is the entry by which the two came together, once.
    fn overlaps(&mut self, roster: &Roster) {
        let mut named = BTreeSet::new();
        for Overlap { day, shifts: [one, other] } in roster.overlaps() {
            let extra = |exception: &Exception| {
                let codes = [&one, &other];
                exception.concerns(day) && exception.extra.iter().any(|code| codes.contains(&code))
            };
            let exception = roster.exceptions.iter().position(extra);
            let pattern = roster.pattern(day).map(|pattern| pattern.from);
            let pattern = roster.patterns.iter().position(|known| Some(known.from) == pattern);
            let path = match (exception, pattern) {
                (Some(n), _) => format!("shift_exception[{n}].extra"),
                (None, Some(n)) => format!("shift_pattern[{n}].weeks"),
                (None, None) => "shift".to_owned(),
            };
            if named.insert(path.clone()) {
                self.fault(path, format!("{one} and {other} are worked at the same time on {day}"));
            }
        }
    }
}

/// Seconds from one local time to the next time that clocks show the other.
fn passed(from: Time, until: Time) -> i64 {
    let seconds = until.duration_since(from).as_secs();
    if seconds < 0 { seconds + 86_400 } else { seconds }
}

/// Seconds on paper of what ends on the next day unless it ends later than it begins.
fn length(start: Time, end: Time) -> i64 {
    match passed(start, end) {
        0 => 86_400,
        seconds => seconds,
    }
}

/// As a person writes it.
fn clock(time: Time) -> String {
    let text = time.to_string();
    text.strip_suffix(":00").filter(|short| short.len() == 5).unwrap_or(&text).to_owned()
}

pub(super) fn shift(shift: &Shift) -> entry::Shift {
    let pause = |pause: &Break| entry::Break {
        name: pause.name.clone(),
        start: clock(pause.start),
        end: clock(pause.end),
    };
    entry::Shift {
        code: shift.code.clone(),
        name: shift.name.clone(),
        start: clock(shift.start),
        end: clock(shift.end),
        breaks: shift.breaks.iter().map(pause).collect(),
    }
}

pub(super) fn pattern(pattern: &Pattern) -> entry::ShiftPattern {
    let crew = |crew: &Crew| entry::Crew { name: crew.name.clone(), week: crew.week };
    let week = |week: &Week| week.iter().map(|codes| codes.join(" ")).collect();
    entry::ShiftPattern {
        from: pattern.from.to_string(),
        weeks: pattern.weeks.iter().map(week).collect(),
        crew: pattern.crews.iter().map(crew).collect(),
    }
}

pub(super) fn exception(exception: &Exception) -> entry::ShiftException {
    entry::ShiftException {
        name: exception.name.clone(),
        from: exception.from.to_string(),
        until: (exception.until != exception.from).then(|| exception.until.to_string()),
        closed: exception.closed,
        extra: exception.extra.clone(),
        crew: exception.crew.clone(),
    }
}
