//! The published vectors, and what holds for any input.

use super::*;
use crate::{
    counter::{CounterKind, Verdict},
    id::{EquipmentId, RecordId},
    machine::MachineState,
};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const VECTORS: &str = include_str!("../../vectors/kpi.json");

#[derive(Deserialize)]
struct Vectors {
    tolerance: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    window: Window,
    machines: Vec<Machine>,
    expect: BTreeMap<Kpi, Option<f64>>,
    #[serde(default)]
    missing: BTreeMap<Kpi, Missing>,
    #[serde(default)]
    behind: BTreeMap<Kpi, Vec<RecordId>>,
}

fn record(evidence: &Evidence) -> Option<RecordId> {
    match evidence {
        Evidence::Interval { interval, .. } => Some(interval.record),
        Evidence::Count { count, .. } => Some(count.record),
        Evidence::Batch { batch, .. } => Some(batch.record),
        Evidence::Hole(_) | Evidence::Rate { .. } => None,
    }
}

#[test]
fn the_published_vectors_come_out() {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    let mut names = BTreeSet::new();
    let mut faults = Vec::new();
    for case in &vectors.cases {
        assert!(names.insert(&case.name), "{} stands there twice", case.name);
        let told = figures(&case.window, &case.machines);
        for (kpi, expected) in &case.expect {
            let value = told.value(*kpi);
            let near = match (value, expected) {
                (Some(value), Some(expected)) => (value - expected).abs() <= vectors.tolerance,
                (None, None) => true,
                _ => false,
            };
            if !near {
                faults.push(format!("{} {kpi:?}: {value:?}, not {expected:?}", case.name));
            }
        }
        for (kpi, expected) in &case.missing {
            let figure = told.figures[kpi];
            if (figure.value, figure.missing) != (None, Some(*expected)) {
                faults.push(format!("{} {kpi:?}: {figure:?}, not {expected:?}", case.name));
            }
        }
        for (kpi, expected) in &case.behind {
            let behind: Vec<RecordId> = told.behind(*kpi).filter_map(record).collect();
            if behind != *expected {
                faults.push(format!("{} {kpi:?} opens to {behind:?}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(names.len() >= 20);
}

#[test]
fn figures_survive_their_json() {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    for case in vectors.cases {
        let told = figures(&case.window, &case.machines);
        let text = serde_json::to_string(&told).unwrap();
        let read: Figures = serde_json::from_str(&text).unwrap();
        assert_eq!(read.evidence, told.evidence, "{}", case.name);
        assert!(read.figures.keys().eq(told.figures.keys()));
    }
}

#[test]
fn words_are_those_of_serde() {
    for missing in [Missing::NotPlanned, Missing::NoFactor, Missing::NothingMade, Missing::NoRate] {
        assert_eq!(serde_json::to_value(missing).unwrap(), missing.word());
    }
    for kpi in Kpi::ALL {
        assert_eq!(serde_json::to_value(kpi).unwrap(), kpi.word());
        assert_eq!(Kpi::of(kpi.word()), Some(kpi));
    }
}

const MINUTE: i64 = 60_000_000;

fn span(from: i64, until: i64) -> Span {
    Span { from: Micros(from * MINUTE), until: Micros(until * MINUTE) }
}

fn window(asked: Span, planned: Vec<Span>) -> Window {
    let (now, mode) = (Micros(2_000 * MINUTE), Mode::Standard);
    let Span { from, until } = asked;
    Window { from, until, now, mode, reasons: Reasons::Recorded, planned, shift_hours: None }
}

fn interval() -> impl Strategy<Value = (MachineState, i64, i64)> {
    let states = [
        MachineState::Running,
        MachineState::Stopped,
        MachineState::Setup,
        MachineState::PlannedStop,
        MachineState::Starved,
        MachineState::Unknown,
    ];
    (0..states.len(), 0_i64..1_000, 1_i64..200)
        .prop_map(move |(state, from, long)| (states[state], from, from + long))
}

fn machine(intervals: &[(MachineState, i64, i64)], counts: &[(i64, i64, i64)]) -> Machine {
    let id = |n: usize| RecordId(Uuid::from_u128(u128::try_from(n).unwrap()));
    let interval = |(n, (state, from, until)): (usize, &(MachineState, i64, i64))| Interval {
        record: id(n),
        state: *state,
        from: Micros(from * MINUTE),
        until: Some(Micros(until * MINUTE)),
        reason: None,
        micro_stop_s: 120.0,
        void: false,
        rule: None,
        map: None,
    };
    let count = |(n, (at, raw_from, more)): (usize, &(i64, i64, i64))| Count {
        record: id(10_000 + n),
        source: "parts".to_owned(),
        counter: CounterKind::Good,
        epoch: 0,
        raw_from: *raw_from,
        raw_to: raw_from + more,
        verdict: Verdict::Increase,
        since: Micros((at - 1) * MINUTE),
        until: Micros(at * MINUTE),
        batch: None,
        map: None,
    };
    Machine {
        equipment: EquipmentId(Uuid::nil()),
        intervals: intervals.iter().enumerate().map(interval).collect(),
        counters: vec![CounterKind::Good],
        total_since: None,
        counts: counts.iter().enumerate().map(count).collect(),
        batches: vec![],
        rate: Rate { ideal_cycle_s: Some(6.0), ..Rate::default() },
        positions: None,
        seen_until: None,
    }
}

/// What evidence says that a machine spent, in microseconds by class.
fn spent(told: &Figures) -> BTreeMap<Class, i64> {
    let mut all = BTreeMap::new();
    for evidence in &told.evidence {
        if let Evidence::Interval { class, counted_us, .. } = evidence {
            *all.entry(*class).or_default() += counted_us;
        }
    }
    all.retain(|_, us| *us > 0);
    all
}

proptest! {
    #[test]
    fn windows_that_meet_add_up(
        intervals in prop::collection::vec(interval(), 0..30),
        counts in prop::collection::vec((0_i64..1_000, 0_i64..500, 0_i64..80), 0..30),
        cut in 1_i64..1_199,
        planned in prop::collection::vec((0_i64..1_200, 1_i64..400), 1..4),
    ) {
        let planned: Vec<Span> =
            planned.into_iter().map(|(from, long)| span(from, from + long)).collect();
        let told = |from, until| {
            let window = window(span(from, until), planned.clone());
            // Whoever reads rows brings nothing from after the window.
            let mut machine = machine(&intervals, &counts);
            machine.counts.retain(|count| count.until < window.until);
            figures(&window, &[machine])
        };
        let (whole, first, second) = (told(0, 1_200), told(0, cut), told(cut, 1_200));
        let mut sum = spent(&first);
        for (class, us) in spent(&second) {
            *sum.entry(class).or_default() += us;
        }
        prop_assert_eq!(spent(&whole), sum);
        let parts = |told: &Figures| (told.elements.produced, told.elements.failures);
        let (a, b) = (parts(&first), parts(&second));
        prop_assert_eq!(parts(&whole), (a.0 + b.0, a.1 + b.1));
    }

    #[test]
    fn the_order_of_records_does_not_matter(
        intervals in prop::collection::vec(interval(), 0..30),
        counts in prop::collection::vec((0_i64..1_000, 0_i64..500, 0_i64..80), 0..30),
    ) {
        let window = window(span(100, 900), vec![span(0, 500), span(600, 800)]);
        let one = machine(&intervals, &counts);
        let mut other = one.clone();
        other.intervals.reverse();
        other.counts.reverse();
        let (one, other) = (figures(&window, &[one]), figures(&window, &[other]));
        prop_assert_eq!(&one.figures, &other.figures);
        prop_assert_eq!(one.elements, other.elements);
        prop_assert!(one.value(Kpi::Coverage).unwrap() <= 100.0);
        let unseen = one.behind(Kpi::Coverage).map(|evidence| match evidence {
            Evidence::Interval { counted_us, .. } => *counted_us,
            Evidence::Hole(hole) => hole.counted_us,
            other => panic!("{other:?}"),
        });
        let holes = unseen.sum::<i64>();
        let known: i64 = spent(&one).iter().filter(|(c, _)| **c != Class::Unknown).map(|(_, us)| us).sum();
        prop_assert_eq!(holes + known, 600 * MINUTE, "what is open is all there is");
    }
}
