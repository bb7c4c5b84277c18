use std::collections::BTreeMap;

use super::*;
use crate::kpi::Span;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
    periods: Vec<Paid>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    zone: String,
    shift: (Timestamp, Timestamp),
    #[serde(default)]
    planned: Option<(Timestamp, Timestamp)>,
    #[serde(default)]
    inside: Vec<(Inside, Timestamp, Timestamp)>,
    #[serde(default)]
    jobs: Vec<(Timestamp, Timestamp)>,
    /// Seconds: here, away, activity, jobs, unbooked.
    spent: [i64; 5],
    #[serde(default)]
    views: Vec<View>,
}

#[derive(Deserialize)]
struct View {
    rules: Rules,
    from: Timestamp,
    until: Timestamp,
    meal: i64,
    counted: i64,
    #[serde(default)]
    short_meal: bool,
}

#[derive(Deserialize)]
struct Paid {
    zone: String,
    period: Period,
    now: Timestamp,
    back: u8,
    from: Timestamp,
    until: Timestamp,
}

fn at(at: Timestamp) -> Micros {
    Micros(at.as_microsecond())
}

fn span((from, until): (Timestamp, Timestamp)) -> Interval {
    Interval { from: at(from), until: at(until) }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/hours.json")).unwrap()
}

#[test]
fn hours_come_out_as_the_vectors_say() {
    let mut seen = BTreeMap::new();
    for case in vectors().cases {
        let zone = TimeZone::get(&case.zone).unwrap();
        let inside = case.inside.iter().map(|(kind, from, until)| (*kind, span((*from, *until))));
        let shift = Shift {
            at: span(case.shift),
            inside: inside.collect(),
            planned: case.planned.map(span),
        };
        let jobs: Vec<Interval> = case.jobs.iter().copied().map(span).collect();
        let spent = spent(&shift, &jobs);
        let Spent { here_us, away_us, activity_us, jobs_us, .. } = spent;
        let parts = [here_us, away_us, activity_us, jobs_us, spent.unbooked_us()];
        assert_eq!(parts.map(|us| us / 1_000_000), case.spent, "{}", case.name);
        assert_eq!(away_us + activity_us + jobs_us + spent.unbooked_us(), here_us);
        for view in case.views {
            let counted = view.rules.counted(&zone, &shift);
            let wanted = Counted {
                from: at(view.from),
                until: at(view.until),
                meal_us: view.meal * 1_000_000,
                counted_us: view.counted * 1_000_000,
                short_meal: view.short_meal,
            };
            assert_eq!(counted, wanted, "{}: {}", case.name, view.rules.name);
            *seen.entry(view.rules.name.clone()).or_insert(0) += 1;
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn pay_periods_come_out_as_the_vectors_say() {
    for paid in vectors().periods {
        let zone = TimeZone::get(&paid.zone).unwrap();
        let found = paid.period.back(&zone, at(paid.now), paid.back);
        let wanted = Span { from: at(paid.from), until: at(paid.until) };
        assert_eq!(found, Some(wanted), "{:?} {} back of {}", paid.period, paid.back, paid.now);
    }
}

#[test]
fn a_view_without_rules_is_what_was_punched() {
    for case in vectors().cases {
        let zone = TimeZone::get(&case.zone).unwrap();
        let shift = Shift { at: span(case.shift), inside: vec![], planned: case.planned.map(span) };
        let plain = Rules { name: "as punched".into(), ..Rules::default() };
        let counted = plain.counted(&zone, &shift);
        assert_eq!((counted.from, counted.until), (shift.at.from, shift.at.until));
        assert_eq!((counted.meal_us, counted.counted_us), (0, shift.at.length_us()));
    }
}
