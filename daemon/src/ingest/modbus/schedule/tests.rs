//! A line without a line: reads take their time, and what matters is who is read when.

use super::*;
use crate::ingest::modbus::plan::Table;

const MS: Duration = Duration::from_millis(1);

/// A group of so many reads, each at an address of its own from `start` on.
struct Asked {
    start: u16,
    reads: u16,
    interval_ms: u32,
    phase_ms: u32,
    takes_ms: u32,
}

fn read(start: u16) -> (Read, Arc<str>) {
    let read = Read { table: Table::Holding, start, count: 1, points: Vec::new() };
    let of = read.to_string().into();
    (read, of)
}

fn backoff() -> Backoff {
    Backoff::new(200 * MS, Duration::from_secs(30))
}

fn schedule(groups: &[Asked], begins: Instant) -> Schedule {
    let plan = |group: &Asked| GroupPlan {
        interval: group.interval_ms * MS,
        phase: group.phase_ms * MS,
        points: Vec::new(),
    };
    let plans: Vec<GroupPlan> = groups.iter().map(plan).collect();
    let mut schedule = Schedule::new(&plans, begins);
    for (n, group) in groups.iter().enumerate() {
        let all = (group.start..group.start + group.reads).map(read);
        schedule.fill(n, all.collect(), begins, &backoff);
    }
    schedule
}

/// When each group was read in the first `ms`, in ms: the moments at which its requests began.
fn simulated(groups: &[Asked], ms: u32) -> Vec<Vec<u128>> {
    let begins = Instant::now();
    let mut schedule = schedule(groups, begins);
    let mut read = vec![Vec::new(); groups.len()];
    let mut now = begins;
    while now < begins + ms * MS {
        match schedule.take(now) {
            Some(due) => {
                read[due.group].push(now.duration_since(begins).as_millis());
                now += groups[due.group].takes_ms * MS;
                schedule.answered(due, now);
            },
            None => now = schedule.wakes().unwrap(),
        }
    }
    read
}

fn longest(moments: &[u128]) -> u128 {
    moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
}

#[test]
fn a_slow_group_never_keeps_a_fast_one_waiting_for_more_than_one_request() {
    // 9600 bits per second: twenty blocks of 125 registers each minute, one register each 200 ms.
    let slow = Asked { start: 0, reads: 20, interval_ms: 60_000, phase_ms: 0, takes_ms: 302 };
    let fast = Asked { start: 900, reads: 1, interval_ms: 200, phase_ms: 0, takes_ms: 21 };
    let read = simulated(&[slow, fast], 180_000);
    assert_eq!(read[0].len(), 60, "the slow one is read as often as it was asked for");
    assert!(longest(&read[1]) <= 200 + 302 + 21, "{} ms without the fast one", longest(&read[1]));
    assert!(read[1].len() > 850, "{} readings", read[1].len());
}

#[test]
fn where_there_is_no_time_for_all_everybody_gets_less() {
    // A device that takes three times as long as anybody thought: 260 % of the time are needed.
    let slow = Asked { start: 0, reads: 20, interval_ms: 10_000, phase_ms: 0, takes_ms: 1000 };
    let fast = Asked { start: 900, reads: 1, interval_ms: 500, phase_ms: 0, takes_ms: 300 };
    let read = simulated(&[slow, fast], 120_000);
    assert!(longest(&read[1]) <= 2_600, "{} ms without the fast one", longest(&read[1]));
    let slow: Vec<u128> = read[0].iter().copied().step_by(20).collect();
    assert!(longest(&slow) <= 35_000, "{} ms from one round to the next", longest(&slow));
}

#[test]
fn each_deadline_is_kept_where_that_can_be_done() {
    let group = |start, reads, interval_ms, takes_ms| Asked {
        start,
        reads,
        interval_ms,
        phase_ms: 0,
        takes_ms,
    };
    let groups = [group(0, 1, 100, 20), group(10, 3, 400, 30), group(20, 4, 1000, 40)];
    let read = simulated(&groups, 20_000);
    for (group, moments) in groups.iter().zip(&read) {
        let rounds = usize::try_from(20_000 / group.interval_ms).unwrap();
        assert_eq!(moments.len(), rounds * usize::from(group.reads));
        for (n, at) in moments.iter().enumerate() {
            let due = n / usize::from(group.reads) * usize::try_from(group.interval_ms).unwrap();
            let due = u128::try_from(due).unwrap();
            let answered = at + u128::from(group.takes_ms);
            assert!(*at >= due && answered <= due + u128::from(group.interval_ms), "{n} at {at}");
        }
    }
}

#[test]
fn a_phase_is_kept_from_the_first_reading_on() {
    let group =
        |start, phase_ms| Asked { start, reads: 1, interval_ms: 100, phase_ms, takes_ms: 7 };
    let read = simulated(&[group(0, 0), group(10, 30)], 1000);
    let points = |phase: u128| (0..10).map(|n| phase + 100 * n).collect::<Vec<_>>();
    assert_eq!(read, [points(0), points(30)]);
}

#[test]
fn a_phase_is_kept_after_exceptions_and_splits() {
    let begins = Instant::now();
    let group = Asked { start: 0, reads: 1, interval_ms: 100, phase_ms: 30, takes_ms: 0 };
    let mut schedule = schedule(&[group], begins);
    let at = |ms: u32| begins + ms * MS;
    assert_eq!(schedule.wakes(), Some(at(30)));
    let due = schedule.take(at(31)).unwrap();
    let part = |start| {
        let (read, of) = read(start);
        (read, of, backoff())
    };
    schedule.split(&due, [part(1), part(2)]);
    let (one, two) = (schedule.take(at(40)).unwrap(), schedule.take(at(45)).unwrap());
    assert_eq!((one.read.start, two.read.start), (1, 2));
    assert!(schedule.is_last(&two), "the parts belong to the round of the whole");
    schedule.answered(one, at(45));
    schedule.put_off(two, at(45) + 200 * MS);
    assert_eq!(schedule.wakes(), Some(at(130)));
    let one = schedule.take(at(133)).unwrap();
    schedule.answered(one, at(240));
    let one = schedule.take(at(241)).unwrap();
    assert_eq!(one.at, at(230), "points that went by are left out, all but the last");
    schedule.failed(one, at(243));
    assert_eq!(schedule.take(at(245)).unwrap().read.start, 1);
    assert_eq!(schedule.wakes(), Some(at(330)), "not before it was put off to");
}

#[test]
fn who_may_be_asked_for_one_thing_only_is_asked_for_what_is_most_likely_answered() {
    let begins = Instant::now();
    let group =
        |start, phase_ms| Asked { start, reads: 1, interval_ms: 1000, phase_ms, takes_ms: 0 };
    let mut schedule = schedule(&[group(0, 500), group(10, 200)], begins);
    assert!(schedule.take(begins).is_none());
    let mut any = schedule.take_any().unwrap();
    assert_eq!(any.read.start, 10);
    any.busy.next();
    schedule.failed(any, begins + 250 * MS);
    assert_eq!(schedule.wakes(), Some(begins + 250 * MS));
    assert_eq!(schedule.take_any().unwrap().read.start, 0, "the other one is more likely answered");
    assert!(schedule.take_witness(begins).is_none(), "it said nothing itself");
    assert_eq!(schedule.take_witness(begins + 250 * MS).unwrap().read.start, 10);
}
