use super::*;
use crate::{
    id::ReasonId,
    kpi::{Kpi, Rate, Reason, Reasons, Status},
    machine::MachineState,
};
use uuid::Uuid;

const MINUTE: i64 = 60_000_000;
/// A quarter past five in the morning in Berlin, in summer.
const START: i64 = 1_780_283_700_000_000;

fn at(minute: i64) -> Micros {
    Micros(START + minute * MINUTE)
}

fn record(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn product(number: u128) -> ProductId {
    ProductId(Uuid::from_u128(number))
}

fn span(from: i64, until: i64) -> Span {
    Span { from: at(from), until: at(until) }
}

fn interval(number: u128, state: MachineState, minutes: (i64, Option<i64>)) -> Interval {
    Interval {
        record: record(number),
        state,
        from: at(minutes.0),
        until: minutes.1.map(at),
        reason: None,
        micro_stop_s: 60.0,
        void: false,
        rule: None,
        map: None,
    }
}

fn reading(minute: i64, kind: CounterKind, raw: (i64, i64), batch: Option<u128>) -> Count {
    Count {
        record: record(1_000_000 + minute.unsigned_abs() as u128),
        source: kind.word().to_owned(),
        counter: kind,
        epoch: 0,
        raw_from: raw.0,
        raw_to: raw.1,
        verdict: Verdict::Increase,
        since: at(minute - 1),
        until: at(minute),
        batch: batch.map(record),
        map: None,
    }
}

fn batch(number: u128, what: u128, minutes: (i64, Option<i64>)) -> Batch {
    Batch {
        record: record(number),
        number: format!("B-{number}"),
        product: product(what),
        from: at(minutes.0),
        until: minutes.1.map(at),
        status: if minutes.1.is_some() { Status::Completed } else { Status::Running },
        good: None,
        scrap: None,
        target: Some(500),
        standard_hours: None,
        by: None,
        people: Vec::new(),
        rests: Vec::new(),
    }
}

/// Two hours from 05:15 with a break from 06:30 to 06:45, at 07:00 by now: two seconds a part.
fn shift() -> (Window, Machine) {
    let window = Window {
        from: at(0),
        until: at(165),
        now: at(105),
        mode: Mode::Standard,
        reasons: Reasons::Recorded,
        planned: vec![span(0, 75), span(90, 165)],
        shift_hours: None,
    };
    let machine = Machine {
        equipment: EquipmentId(Uuid::from_u128(211)),
        intervals: vec![
            interval(1, MachineState::Running, (0, Some(50))),
            interval(2, MachineState::Stopped, (50, Some(60))),
            interval(3, MachineState::Running, (60, Some(75))),
            interval(4, MachineState::Stopped, (92, Some(96))),
            interval(5, MachineState::Running, (96, None)),
        ],
        counters: vec![CounterKind::Good, CounterKind::Scrap],
        total_since: None,
        counts: vec![
            reading(40, CounterKind::Good, (0, 900), Some(42)),
            reading(70, CounterKind::Good, (900, 1_500), Some(42)),
            reading(71, CounterKind::Scrap, (0, 7), Some(42)),
            reading(100, CounterKind::Good, (1_500, 1_600), None),
        ],
        batches: vec![batch(42, 1, (0, Some(75)))],
        rate: Rate { ideal_cycle_s: Some(2.0), ..Rate::default() },
        positions: None,
        seen_until: None,
    };
    (window, machine)
}

fn told(window: &Window, machine: &Machine, aim: f64) -> Board {
    let hours = clock_hours("Europe/Berlin", Span { from: window.from, until: window.until });
    board(window, machine, aim, &hours)
}

#[test]
fn hours_are_those_of_the_clock_on_the_wall() {
    let minutes = |zone: &str, from: &str, until: &str| -> Vec<i64> {
        let at = |text: &str| Micros(text.parse::<Timestamp>().unwrap().as_microsecond());
        let hours = clock_hours(zone, Span { from: at(from), until: at(until) });
        hours.iter().map(|hour| hour.us() / MINUTE).collect()
    };
    let berlin = minutes("Europe/Berlin", "2026-06-01T03:15:00Z", "2026-06-01T05:30:00Z");
    assert_eq!(berlin, [45, 60, 30]);
    let kolkata = minutes("Asia/Kolkata", "2026-06-01T00:00:00Z", "2026-06-01T02:00:00Z");
    assert_eq!(kolkata, [30, 60, 30], "half an hour off");
    let night = minutes("Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z");
    assert_eq!(night, [60; 9], "the night that has an hour twice");
    assert!(minutes("Europe/Berlin", "2026-06-01T03:15:00Z", "2026-06-01T03:15:00Z").is_empty());
}

#[test]
fn each_hour_says_what_was_due_and_what_was_made() {
    let (window, machine) = shift();
    let board = told(&window, &machine, 80.0);
    let shown: Vec<_> = board
        .hours
        .iter()
        .map(|hour| (hour.meant_us / MINUTE, hour.target, hour.due, hour.good, hour.scrap))
        .collect();
    // 24 parts a minute; the reading of 06:55 lies in the second hour, which lost a quarter to the break
    // and two minutes that nobody saw.
    assert_eq!(
        shown,
        [
            (45, Some(1_080), Some(1_080), Some(900), Some(0)),
            (45, Some(1_032), Some(1_032), Some(700), Some(7)),
            (60, Some(1_440), Some(0), Some(0), Some(0)),
        ]
    );
    let second = &board.hours[1];
    let spent = [second.run_us, second.unplanned_us, second.unknown_us, second.unexplained_us];
    assert_eq!(spent.map(|us| us / MINUTE), [29, 14, 2, 14]);
    assert_eq!((second.failures, second.micro_stops), (2, 0));
    let good = &second.readings[0];
    assert_eq!((good.raw_from, good.raw_to, good.parts, good.readings), (900, 1_600, 700, 2));
}

#[test]
fn hours_add_up_to_the_figures_of_the_shift() {
    let (window, machine) = shift();
    let board = told(&window, &machine, 100.0);
    let sum = |of: fn(&Hour) -> i64| board.hours.iter().map(of).sum::<i64>() / MINUTE;
    let downtime = board.figures[&Kpi::Downtime].value.unwrap();
    assert_eq!(sum(|hour| hour.unplanned_us + hour.planned_us + hour.idle_us), rounded(downtime));
    let run = board.line.iter().filter(|stretch| stretch.class == Class::Run);
    let planned: i64 =
        run.map(|it| overlap(&window.planned, Span { from: it.from, until: it.until })).sum();
    assert_eq!(sum(|hour| hour.run_us), planned / MINUTE);
    let (first, last) = (board.line.first().unwrap(), board.line.last().unwrap());
    assert_eq!((first.from, last.until), (at(0), at(105)), "to now, and no further");
    assert!(board.line.windows(2).all(|pair| pair[0].until == pair[1].from), "without gaps");
}

#[test]
fn reasons_stand_by_what_they_cost() {
    let (window, mut machine) = shift();
    let jam = ReasonId(Uuid::from_u128(5));
    let reason = |label: &str| {
        let (group_type, label) = (crate::kpi::GroupType::Unplanned, label.to_owned());
        Some(Reason { id: jam, label, group_type, now: None, by: None })
    };
    machine.intervals[3].reason = reason("Infeed jam");
    machine.intervals.push(interval(6, MachineState::Setup, (100, Some(102))));
    machine.intervals.push(Interval {
        reason: reason("Infeed jam, left"),
        ..interval(7, MachineState::Stopped, (104, Some(105)))
    });
    machine.intervals.push(Interval {
        until: Some(Micros(at(10).0 + 9_000_000)),
        ..interval(8, MachineState::Stopped, (10, None))
    });
    let costs = told(&window, &machine, 85.0).costs;
    let shown: Vec<_> =
        costs.iter().map(|cost| (cost.why, cost.stops, cost.us / 1_000_000)).collect();
    assert_eq!(
        shown,
        [
            (Why::Unexplained, 1, 600),
            (Why::Reason(jam), 2, 300),
            (Why::State(MachineState::Setup), 1, 120),
            (Why::Micro, 1, 9),
        ]
    );
    assert_eq!(costs[1].label.as_deref(), Some("Infeed jam, left"), "as it was called last");
    assert_eq!(costs[1].records, [record(4), record(7)]);
}

#[test]
fn a_batch_is_compared_with_what_was_due_for_it() {
    let (window, machine) = shift();
    let board = told(&window, &machine, 80.0);
    let progress = &board.batches[0];
    assert_eq!((progress.made, progress.due), (Some(1_500), Some(1_800.0)));
    let (pace, share) = progress.pace().unwrap();
    assert_eq!((pace, rounded(share)), (Pace::Behind, 83));
    assert_eq!(Pace::of(90, 100.0).unwrap().0, Pace::Near);
    assert_eq!(Pace::of(100, 100.0).unwrap().0, Pace::Well);
    assert_eq!(Pace::of(0, 4.0), None, "too early to say");
    assert_eq!((progress.touch_hours, progress.of_standard()), (None, None), "nobody was on it");
}

#[test]
fn what_nobody_counts_is_what_people_confirmed_and_else_not_known() {
    let (window, mut machine) = shift();
    machine.counters.clear();
    machine.counts.clear();
    machine.batches[0].good = Some(1_490);
    machine.batches[0].scrap = Some(4);
    let hours = told(&window, &machine, 85.0).hours;
    let shown: Vec<_> = hours.iter().map(|hour| (hour.good, hour.scrap)).collect();
    assert_eq!(shown, [(None, None), (Some(1_490), Some(4)), (None, None)]);
    machine.counters = vec![CounterKind::Total, CounterKind::Scrap];
    machine.counts = vec![
        reading(40, CounterKind::Total, (0, 100), None),
        reading(41, CounterKind::Scrap, (0, 8), None),
        Count { verdict: Verdict::Gap, ..reading(44, CounterKind::Total, (100, 130), None) },
    ];
    let first = &told(&window, &machine, 85.0).hours[0];
    assert_eq!((first.good, first.scrap, first.gap), (Some(122), Some(8), 30));
}

#[test]
fn without_a_rate_nothing_is_due() {
    let (window, mut machine) = shift();
    machine.rate = Rate::default();
    let board = told(&window, &machine, 85.0);
    assert!(board.hours.iter().all(|hour| (hour.target, hour.due) == (None, None)));
    assert_eq!(board.batches[0].pace(), None);
    let text = serde_json::to_string(&board).unwrap();
    let read: Board = serde_json::from_str(&text).unwrap();
    assert_eq!((read.hours, read.line, read.costs), (board.hours, board.line, board.costs));
}

#[test]
fn of_an_hour_that_nobody_saw_nothing_is_known() {
    let (window, mut machine) = shift();
    machine.intervals.retain(|interval| interval.from >= at(50));
    machine.intervals.remove(0);
    machine.counts.retain(|count| count.until > at(45));
    let first = &told(&window, &machine, 80.0).hours[0];
    assert_eq!((first.target, first.due, first.good, first.scrap), (None, Some(0), None, None));
    assert_eq!(first.unknown_us / MINUTE, 45);
}

#[test]
fn of_batches_at_once_the_one_that_the_counter_counts_for_has_the_time() {
    let (window, mut machine) = shift();
    machine.batches.push(batch(43, 2, (30, Some(75))));
    let board = told(&window, &machine, 80.0);
    assert_eq!(board.batches[0].due, Some(1_800.0), "as if it were alone");
    assert_eq!((board.batches[1].due, board.batches[1].pace()), (Some(0.0), None));
}

#[test]
fn nothing_is_due_of_a_batch_while_it_rests() {
    let (window, mut machine) = shift();
    let whole = told(&window, &machine, 100.0).batches[0].due.unwrap();
    machine.batches[0].rests = vec![span(10, 20), span(70, 80)];
    let rested = told(&window, &machine, 100.0).batches[0].due.unwrap();
    let parts_a_minute = 30.0;
    assert!((whole - rested - 15.0 * parts_a_minute).abs() < 1e-6, "{whole} {rested}");
    // What runs meanwhile is due instead, and the machine's hours stay what they are.
    machine.batches.push(batch(43, 1, (10, Some(20))));
    let board = told(&window, &machine, 100.0);
    assert!((board.batches[1].due.unwrap() - 10.0 * parts_a_minute).abs() < 1e-6);
    assert_eq!(board.hours[0].due, Some(45 * 30));
}
