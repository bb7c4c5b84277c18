use std::collections::BTreeSet;

use jiff::civil::{Date, Time, date, time};
use proptest::prelude::*;

use super::*;

const HOUR_US: i64 = 3_600_000_000;

const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "UTC",
];

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    zone: String,
    roster: Roster,
    from: Timestamp,
    until: Timestamp,
    at: Vec<At>,
    shifts: Vec<Known>,
    planned: Vec<(Timestamp, Timestamp)>,
    planned_hours: f64,
}

#[derive(Deserialize)]
struct At {
    at: Timestamp,
    shift: Option<String>,
    day: Date,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Known {
    shift: String,
    crews: Vec<String>,
    day: Date,
    from: Timestamp,
    until: Timestamp,
    hours: f64,
}

fn micros(at: Timestamp) -> Micros {
    Micros(at.as_microsecond())
}

fn stamp(at: Micros) -> Timestamp {
    Timestamp::from_microsecond(at.0).unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "some days")]
fn hours(us: i64) -> f64 {
    us as f64 / HOUR_US as f64
}

#[test]
fn published_vectors_hold() {
    let text = include_str!("../../vectors/calendar.json");
    let Vectors { cases } = serde_json::from_str(text).unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let calendar = Calendar::new(&case.roster, &case.zone).unwrap();
        assert_eq!(case.roster.overlaps(), [], "{}", case.name);
        let (from, until) = (micros(case.from), micros(case.until));
        let known = |one: ShiftInstance| Known {
            shift: one.shift,
            crews: one.crews,
            day: one.day,
            from: stamp(one.at.from),
            until: stamp(one.at.until),
            hours: hours(one.at.length_us()),
        };
        let shifts: Vec<Known> = calendar.instances(from, until).into_iter().map(known).collect();
        assert_eq!(shifts, case.shifts, "{}", case.name);
        let planned = calendar.planned(from, until);
        let total = planned.iter().map(|part| part.length_us()).sum();
        let pairs: Vec<_> = planned.iter().map(|p| (stamp(p.from), stamp(p.until))).collect();
        assert_eq!(pairs, case.planned, "{}", case.name);
        assert!((hours(total) - case.planned_hours).abs() < 1e-9, "{}", case.name);
        for At { at, shift, day } in case.at {
            let found = calendar.shift_at(micros(at)).map(|instance| instance.shift);
            assert_eq!((found, calendar.business_day(micros(at))), (shift, day), "{at}");
        }
    }
}

fn shift(code: &str, start: Time, end: Time) -> Shift {
    Shift { code: code.to_owned(), name: String::new(), start, end, breaks: Vec::new() }
}

fn always(shifts: Vec<Shift>) -> Roster {
    let codes: Vec<String> = shifts.iter().map(|shift| shift.code.clone()).collect();
    let week: Week = std::array::from_fn(|_| codes.clone());
    let pattern = Pattern { from: date(2025, 1, 1), weeks: vec![week], crews: Vec::new() };
    Roster { shifts, patterns: vec![pattern], exceptions: Vec::new() }
}

#[test]
fn without_a_roster_or_a_zone_nothing_is_known() {
    let one = always(vec![shift("D", time(7, 0, 0, 0), time(7, 0, 0, 0))]);
    assert!(Calendar::new(&Roster::default(), "UTC").is_none());
    assert!(Calendar::new(&one, "Mars/Olympus").is_none());
    let calendar = Calendar::new(&one, "UTC").unwrap();
    assert_eq!(calendar.planned(Micros(5), Micros(5)), []);
    let ends = [Micros(i64::MIN), Micros(i64::MIN + 1), Micros(i64::MAX)];
    for at in ends {
        // Beyond what has a date.
        assert_eq!(calendar.shift_at(at), None);
    }
}

#[test]
fn shifts_that_overlap_are_found_where_they_meet() {
    let mut roster = always(vec![
        shift("E", time(6, 0, 0, 0), time(14, 0, 0, 0)),
        shift("N", time(22, 0, 0, 0), time(6, 0, 0, 0)),
        shift("X", time(5, 0, 0, 0), time(9, 0, 0, 0)),
    ]);
    for day in &mut roster.patterns[0].weeks[0] {
        day.retain(|code| code != "X");
    }
    assert_eq!(roster.overlaps(), []);
    // It overlaps with the night before it and with the shift of its day.
    roster.exceptions.push(Exception {
        name: "Inventory".to_owned(),
        from: date(2026, 11, 28),
        until: date(2026, 11, 28),
        closed: false,
        extra: vec!["X".to_owned()],
        crew: None,
    });
    let found = |day, one: &str, other: &str| Overlap { day, shifts: [one.into(), other.into()] };
    let day = date(2026, 11, 28);
    assert_eq!(roster.overlaps(), [found(day, "N", "X"), found(day, "E", "X")]);
    roster.exceptions[0].closed = true;
    assert_eq!(roster.overlaps(), [found(day, "N", "X")]);
}

/// Some shifts, one after the other within a day, the last perhaps into the next one.
fn shifts() -> impl Strategy<Value = Vec<Shift>> {
    proptest::collection::btree_set(0_i8..96, 2..6).prop_map(|quarters| {
        let quarters: Vec<i8> = quarters.into_iter().collect();
        let at = |n: usize| {
            let quarter = quarters[n % quarters.len()];
            time(quarter / 4, quarter % 4 * 15, 0, 0)
        };
        let named = |n: usize| shift(&n.to_string(), at(n), at(n + 1));
        (0..quarters.len()).map(named).collect()
    })
}

/// Any shifts: they may overlap.
fn careless() -> impl Strategy<Value = Vec<Shift>> {
    let quarter = || (0_i8..24, 0_i8..4).prop_map(|(h, q)| time(h, q * 15, 0, 0));
    proptest::collection::vec((quarter(), quarter()), 1..4).prop_map(|times| {
        let all = times.into_iter().enumerate();
        all.map(|(n, (start, end))| shift(&n.to_string(), start, end)).collect()
    })
}

fn some_of(codes: Vec<String>) -> impl Strategy<Value = Vec<String>> {
    let most = codes.len();
    proptest::sample::subsequence(codes, 0..=most)
}

fn day() -> impl Strategy<Value = Date> {
    (0_i64..500).prop_map(|n| date(2025, 12, 20).saturating_add(jiff::Span::new().days(n)))
}

fn roster(shifts: impl Strategy<Value = Vec<Shift>>) -> impl Strategy<Value = Roster> {
    shifts.prop_flat_map(|shifts| {
        let codes: Vec<String> = shifts.iter().map(|shift| shift.code.clone()).collect();
        let week = proptest::array::uniform7(some_of(codes.clone()));
        let crew = (0_u8..9, 1_usize..5)
            .prop_map(|(name, week)| Crew { name: format!("crew {name}"), week });
        let pattern =
            (day(), proptest::collection::vec(week, 0..4), proptest::collection::vec(crew, 0..3))
                .prop_map(|(from, weeks, crews)| Pattern { from, weeks, crews });
        let exception = (day(), 0_i64..9, any::<bool>(), some_of(codes)).prop_map(
            |(from, length, closed, extra)| Exception {
                name: String::new(),
                from,
                until: from.saturating_add(jiff::Span::new().days(length)),
                closed,
                extra,
                crew: None,
            },
        );
        let patterns = proptest::collection::vec(pattern, 1..4);
        let exceptions = proptest::collection::vec(exception, 0..6);
        (Just(shifts), patterns, exceptions).prop_map(|(shifts, mut patterns, exceptions)| {
            patterns.sort_by_key(|pattern| pattern.from);
            patterns.dedup_by_key(|pattern| pattern.from);
            Roster { shifts, patterns, exceptions }
        })
    })
}

fn calendar(zone: usize, roster: &Roster) -> Calendar {
    Calendar::new(roster, ZONES[zone]).unwrap()
}

/// So many minutes after the beginning of 2026.
fn minute(n: i64) -> Micros {
    Micros(micros("2026-01-01T00:00:00Z".parse().unwrap()).0 + n * 60_000_000)
}

const YEAR: i64 = 366 * 24 * 60;

fn overlapping(all: &[ShiftInstance]) -> bool {
    all.windows(2).any(|pair| pair[0].at.until > pair[1].at.from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_does_not_overlap_on_paper_does_not_overlap(
        roster in roster(careless()), zone in 0..ZONES.len(),
    ) {
        let (from, until) = (minute(-20 * 1440), minute(2 * YEAR));
        let all = calendar(zone, &roster).instances(from, until);
        if roster.overlaps().is_empty() {
            prop_assert!(!overlapping(&all));
        } else if ZONES[zone] == "UTC" {
            prop_assert!(overlapping(&all), "{:?}", roster.overlaps());
        }
    }

    #[test]
    fn the_window_asked_for_makes_no_difference(
        roster in roster(shifts()), zone in 0..ZONES.len(),
        mut cuts in proptest::collection::vec(0..YEAR, 3..8),
    ) {
        let calendar = calendar(zone, &roster);
        cuts.sort_unstable();
        let whole = calendar.instances(minute(cuts[0]), minute(cuts[cuts.len() - 1]));
        let parts = cuts.windows(2).map(|cut| (minute(cut[0]), minute(cut[1])));
        let mut joined: Vec<ShiftInstance> =
            parts.clone().flat_map(|(from, until)| calendar.instances(from, until)).collect();
        joined.dedup();
        prop_assert_eq!(&joined, &whole);
        let sum = |all: Vec<Interval>| all.into_iter().map(Interval::length_us).sum::<i64>();
        let planned: i64 = parts.map(|(from, until)| sum(calendar.planned(from, until))).sum();
        prop_assert_eq!(planned, sum(calendar.planned(minute(cuts[0]), minute(cuts[cuts.len() - 1]))));
        for one in &whole {
            let ends = [one.at.from, Micros(one.at.until.0 - 1)];
            prop_assert_eq!(ends.map(|at| calendar.shift_at(at)), [Some(one.clone()), Some(one.clone())]);
            prop_assert_eq!(calendar.business_day(one.at.from), one.day);
            prop_assert!(calendar.on(one.day).contains(one));
        }
    }

    #[test]
    fn shifts_around_the_clock_leave_nothing_out(
        shifts in shifts(), zone in 0..ZONES.len(), from in 0..YEAR, length in 1..YEAR,
    ) {
        let calendar = calendar(zone, &always(shifts));
        let window = Interval { from: minute(from), until: minute(from + length) };
        prop_assert_eq!(calendar.planned(window.from, window.until), [window]);
    }

    #[test]
    fn business_days_go_forward(roster in roster(shifts()), zone in 0..ZONES.len(), from in 0..YEAR) {
        let calendar = calendar(zone, &roster);
        let days: Vec<Date> = (0..200).map(|n| calendar.business_day(minute(from + n * 7))).collect();
        prop_assert!(days.is_sorted(), "{days:?}");
        prop_assert!(days.iter().collect::<BTreeSet<_>>().len() <= 3);
    }
}
