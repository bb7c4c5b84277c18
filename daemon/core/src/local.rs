//! Local times that people type and read, in the nights when clocks are changed too. Durations never
//! come from here: they are between instants.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{calendar::Interval, time::Micros};

/// Which of the two, where clocks show one time twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Before clocks are put back.
    First,
    /// After.
    Second,
}

/// Why a typed time is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No time of day.
    Form,
    /// Clocks pass over it in that night.
    Never,
    /// Clocks show it twice in that night, and nobody said which is meant.
    Twice,
    /// It lies outside of what is possible.
    Outside,
}

/// Which of the two it is that clocks show at this instant; `None` where they show it once.
pub fn turn(zone: &TimeZone, at: Micros) -> Option<Turn> {
    let instant = Timestamp::from_microsecond(at.0).ok()?;
    let local = zone.to_datetime(instant);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Fold { before, .. } => {
            let first = before.to_timestamp(local).ok()?;
            Some(if first == instant { Turn::First } else { Turn::Second })
        },
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => None,
    }
}

/// The instant that somebody means by `14:01`, `14:01:40`, or `02:30 1` and `02:30 2` where clocks
/// show it twice: the first one in `within`, both ends included. With a day before it, `2026-11-22 14:01`,
/// that of this day.
pub fn read(zone: &TimeZone, text: &str, within: Interval) -> Result<Micros, Fault> {
    if let Some((date, time)) = text.trim().split_once(char::is_whitespace)
        && let Ok(date) = date.parse::<Date>()
    {
        let (time, which) = parse(time).ok_or(Fault::Form)?;
        return on(zone, date, time, which, within);
    }
    let (time, which) = parse(text).ok_or(Fault::Form)?;
    let day = |at: Micros| {
        let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        zone.to_datetime(at).date()
    };
    let (first, last) = (day(within.from), day(within.until));
    let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last);
    let mut fault = Fault::Outside;
    for day in days.take(MOST_DAYS) {
        match on(zone, day, time, which, within) {
            Err(Fault::Outside) => {},
            Err(other) => fault = other,
            found => return found,
        }
    }
    Err(fault)
}

/// More days than this no entry lasts.
const MOST_DAYS: usize = 400;

fn on(
    zone: &TimeZone,
    day: Date,
    time: Time,
    which: Option<Turn>,
    within: Interval,
) -> Result<Micros, Fault> {
    let local = DateTime::from_parts(day, time);
    let micros = |offset: jiff::tz::Offset| {
        let at = offset.to_timestamp(local).map_err(|_| Fault::Outside)?;
        let at = Micros(at.as_microsecond());
        let fits = within.from <= at && at <= within.until;
        if fits { Ok(at) } else { Err(Fault::Outside) }
    };
    match (zone.to_ambiguous_timestamp(local).offset(), which) {
        (AmbiguousOffset::Unambiguous { offset }, _) => micros(offset),
        (AmbiguousOffset::Gap { before, after }, _) => {
            let near = micros(before).is_ok() || micros(after).is_ok();
            Err(if near { Fault::Never } else { Fault::Outside })
        },
        (AmbiguousOffset::Fold { before, .. }, Some(Turn::First)) => micros(before),
        (AmbiguousOffset::Fold { after, .. }, Some(Turn::Second)) => micros(after),
        (AmbiguousOffset::Fold { before, after }, None) => match (micros(before), micros(after)) {
            (Ok(_), Ok(_)) => Err(Fault::Twice),
            (first, second) => first.or(second),
        },
    }
}

fn parse(text: &str) -> Option<(Time, Option<Turn>)> {
    let text = text.trim();
    let (time, which) = match text.split_once(char::is_whitespace) {
        None => (text, None),
        Some((time, which)) => {
            let which = match which.trim() {
                "1" => Turn::First,
                "2" => Turn::Second,
                _ => return None,
            };
            (time, Some(which))
        },
    };
    let parts: Vec<i8> = time.split([':', '.']).map(number).collect::<Option<_>>()?;
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    Some((Time::new(hour, minute, second, 0).ok()?, which))
}

fn number(text: &str) -> Option<i8> {
    let digits = text.len() <= 2 && text.bytes().all(|letter| letter.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn at(text: &str) -> Micros {
        Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
    }

    fn night(from: &str, until: &str) -> Interval {
        Interval { from: at(from), until: at(until) }
    }

    #[test]
    fn a_time_is_that_of_the_day_on_which_it_is_possible() {
        let shift = night("2026-11-22T21:00:00Z", "2026-11-23T09:00:00Z");
        assert_eq!(read(&berlin(), "22:30", shift), Ok(at("2026-11-22T21:30:00Z")));
        assert_eq!(read(&berlin(), "06.05", shift), Ok(at("2026-11-23T05:05:00Z")));
        assert_eq!(read(&berlin(), " 6:05:07 ", shift), Ok(at("2026-11-23T05:05:07Z")));
        assert_eq!(read(&berlin(), "14:00", shift), Err(Fault::Outside));
        assert_eq!(read(&berlin(), "2026-11-23 06:05", shift), Ok(at("2026-11-23T05:05:00Z")));
        assert_eq!(read(&berlin(), "2026-11-22 06:05", shift), Err(Fault::Outside));
        assert_eq!(read(&berlin(), "2026-11-22 6", shift), Err(Fault::Form));
        for wrong in ["", "6", "24:00", "6:60", "06:05 3", "6:05 pm", "1:2:3:4", "٦:٠٥"] {
            assert_eq!(read(&berlin(), wrong, shift), Err(Fault::Form), "{wrong}");
        }
    }

    #[test]
    fn in_spring_an_hour_is_never() {
        let shift = night("2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z");
        assert_eq!(shift.length_us(), 7 * 3_600_000_000, "22:00 to 06:00");
        assert_eq!(read(&berlin(), "02:30", shift), Err(Fault::Never));
        assert_eq!(read(&berlin(), "2026-03-29 02:30", shift), Err(Fault::Never));
        assert_eq!(read(&berlin(), "01:59:59", shift), Ok(at("2026-03-29T00:59:59Z")));
        assert_eq!(read(&berlin(), "03:00", shift), Ok(at("2026-03-29T01:00:00Z")));
    }

    #[test]
    fn in_autumn_an_hour_is_twice_and_one_must_say_which() {
        let shift = night("2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z");
        assert_eq!(shift.length_us(), 9 * 3_600_000_000, "22:00 to 06:00");
        assert_eq!(read(&berlin(), "02:30", shift), Err(Fault::Twice));
        let dated = read(&berlin(), "2026-10-25 02:30 2", shift);
        assert_eq!(dated, Ok(at("2026-10-25T01:30:00Z")));
        let [first, second] = ["02:30 1", "02:30 2"].map(|text| read(&berlin(), text, shift));
        assert_eq!(first, Ok(at("2026-10-25T00:30:00Z")));
        assert_eq!(second, Ok(at("2026-10-25T01:30:00Z")));
        assert_eq!(turn(&berlin(), first.unwrap()), Some(Turn::First));
        assert_eq!(turn(&berlin(), second.unwrap()), Some(Turn::Second));
        assert_eq!(turn(&berlin(), at("2026-10-25T02:30:00Z")), None);
        // Whoever came after the first one cannot have left at it.
        let late = night("2026-10-25T00:45:00Z", "2026-10-25T05:00:00Z");
        assert_eq!(read(&berlin(), "02:30", late), second);
    }
}
