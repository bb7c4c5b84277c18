//! The board of a machine: hour by hour what was due and what was made, the line of its time, what
//! each reason cost, and how its batches come along.
//!
//! It adds nothing to what figures know: the same slices of time, the same parts, cut by the hours of the
//! clock on the wall. What is due is the planned time over what a part should take, times the
//! effectiveness that the site aims at: a board that asks for 100 % is red every hour and read by nobody.

mod told;

pub use told::{Board, Cost, Hour, Pace, Progress, Reading, Stretch, Why};

use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeMap;

use super::{
    account::{Account, Tally},
    evidence::Evidence,
    figure::figures,
    input::{Batch, Class, Count, Interval, Machine, Mode, Span, Window},
    spent::{holds, overlap, within},
    to_f64,
};
use crate::{
    counter::{CounterKind, Verdict},
    id::{EquipmentId, ProductId, RecordId},
    reference::Reference,
    time::Micros,
};

const HOUR_US: i64 = 3_600_000_000;

/// The hours of the clock on the wall that lie in `span`, the first and the last cut off.
pub fn clock_hours(zone: &str, span: Span) -> Vec<Span> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let offset = |at: Micros| {
        let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        i64::from(zone.to_offset(at).seconds()) * 1_000_000
    };
    let mut hours = Vec::new();
    let mut from = span.from;
    while from < span.until {
        let offset = offset(from);
        let next = ((from.0 + offset).div_euclid(HOUR_US) + 1) * HOUR_US - offset;
        let until = Micros(next).min(span.until);
        hours.push(Span { from, until });
        from = until;
    }
    hours
}

/// Parts that were due on a machine in `runs`, as far as that was planned time: of `product`, else by
/// the machine's own rate.
pub fn due(
    reference: &Reference,
    equipment: EquipmentId,
    product: Option<ProductId>,
    runs: &[Span],
) -> Option<f64> {
    let machine = reference.machine(equipment)?;
    let cycle = super::row::rate(reference, machine).cycle(product, None)?;
    let meant = runs.iter().flat_map(|run| super::planned(reference, *run));
    let meant: i64 = meant.map(Span::us).sum();
    Some(worth(meant, cycle.cycle_s, machine.positions, aim(reference, equipment)))
}

/// Parts that so much time is worth where one place makes one in `cycle_s` and `aim` percent of that
/// are asked for.
fn worth(us: i64, cycle_s: f64, positions: Option<u32>, aim: f64) -> f64 {
    let places = f64::from(positions.unwrap_or(1));
    to_f64(us) / super::SECOND_US / cycle_s * places * aim / 100.0
}

/// The effectiveness that is aimed at on a machine, percent.
pub fn aim(reference: &Reference, equipment: EquipmentId) -> f64 {
    let machine = reference.machine(equipment).map(|machine| &machine.targets.oee);
    let all = [machine, Some(&reference.site.targets.oee)].into_iter().flatten();
    let mut told = all.filter_map(|text| text.parse::<f64>().ok());
    told.find(|aim| *aim > 0.0).unwrap_or(100.0)
}

/// The board of a machine in a window that is cut into `hours`.
pub fn board(window: &Window, machine: &Machine, aim: f64, hours: &[Span]) -> Board {
    let whole = Span { from: window.from, until: window.until };
    let limit = Span { until: window.until.min(window.now).max(window.from), ..whole };
    let all = meant(window, whole);
    let account = Account::new(window, machine, limit);
    let line = account.line();
    let seen = line.iter().filter(|stretch| stretch.class != Class::Unknown);
    let seen: Vec<Span> =
        seen.map(|stretch| Span { from: stretch.from, until: stretch.until }).collect();
    let teller = Teller { window, machine, aim, account: &account, all: &all, limit, seen: &seen };
    let told = figures(window, std::slice::from_ref(machine));
    let mut evidence = told.evidence;
    evidence.retain(|evidence| !matches!(evidence, Evidence::Count { .. }));
    Board {
        equipment: machine.equipment,
        mode: window.mode,
        aim,
        hours: hours.iter().map(|hour| teller.hour(*hour)).collect(),
        line,
        costs: costs(&evidence),
        batches: machine.batches.iter().map(|batch| teller.progress(batch)).collect(),
        figures: told.figures,
        evidence,
    }
}

/// The time that figures are about, to its end.
fn meant(window: &Window, whole: Span) -> Vec<Span> {
    match window.mode {
        Mode::Standard | Mode::Strict => within(&window.planned, whole),
        Mode::Teep => within(&[whole], whole),
    }
}

struct Teller<'a> {
    window: &'a Window,
    machine: &'a Machine,
    aim: f64,
    account: &'a Account<'a>,
    /// The time that is meant, to its end.
    all: &'a [Span],
    /// What has happened of the window.
    limit: Span,
    /// What somebody saw of that.
    seen: &'a [Span],
}

impl Teller<'_> {
    fn hour(&self, hour: Span) -> Hour {
        let here = within(self.all, hour);
        let by_now = within(&here, self.limit);
        let Tally {
            considered,
            run,
            unplanned,
            planned,
            idle,
            unexplained,
            failures,
            micro_stops,
            ..
        } = self.account.tally(&by_now);
        let whole = |parts: Option<f64>| parts.map(rounded);
        let (good, gap) = self.good(hour);
        // Nothing is due of a time that nobody saw, and that nothing was made in it is not known.
        let seen: Vec<Span> = self.seen.iter().flat_map(|span| within(&by_now, *span)).collect();
        let to_come = within(&here, Span { from: self.limit.until.max(hour.from), ..hour });
        let blind = seen.is_empty() && !by_now.is_empty();
        let known = |parts: Option<i64>| parts.filter(|parts| !blind || *parts > 0);
        let asked: Vec<Span> = seen.iter().chain(&to_come).copied().collect();
        Hour {
            from: hour.from,
            until: hour.until,
            meant_us: here.iter().map(|span| span.us()).sum(),
            target: whole(self.worth(&asked, None)).filter(|_| !blind || !to_come.is_empty()),
            due: whole(self.worth(&seen, None)),
            good: known(good),
            scrap: known(self.scrap(hour)),
            gap,
            run_us: run,
            unplanned_us: unplanned,
            planned_us: planned,
            idle_us: idle,
            unknown_us: considered - run - unplanned - planned - idle,
            unexplained_us: unexplained,
            failures,
            micro_stops,
            readings: self.readings(hour),
        }
    }

    /// Parts that `spans` are worth: of the batch that began first, for which the counter counts,
    /// between batches at the machine's own rate; of one batch alone where one is meant.
    fn worth(&self, spans: &[Span], of: Option<&Batch>) -> Option<f64> {
        let until = |batch: &Batch| batch.until.unwrap_or(self.window.until);
        let mut cuts: Vec<Micros> = spans.iter().flat_map(|span| [span.from, span.until]).collect();
        cuts.extend(self.machine.batches.iter().flat_map(|batch| [batch.from, until(batch)]));
        let rests = self.machine.batches.iter().flat_map(|batch| &batch.rests);
        cuts.extend(rests.flat_map(|rest| [rest.from, rest.until]));
        cuts.sort_unstable();
        cuts.dedup();
        let cycle = |batch: Option<&Batch>| {
            let product = batch.map(|batch| batch.product);
            self.machine.rate.cycle(product, self.window.shift_hours)
        };
        let told = |batch: &Batch| cycle(Some(batch)).is_some();
        let known = cycle(None).is_some() || self.machine.batches.iter().any(told);
        let mut parts = known.then_some(0.0);
        for (from, end) in cuts.iter().zip(cuts.iter().skip(1)) {
            let piece = Span { from: *from, until: *end };
            let us = overlap(spans, piece);
            let on = |batch: &&Batch| {
                batch.from <= *from && *end <= until(batch) && overlap(&batch.rests, piece) == 0
            };
            let batch = self.machine.batches.iter().filter(on);
            let batch = batch.min_by_key(|batch| (batch.from, batch.record));
            let other = of.is_some_and(|of| batch.is_none_or(|on| on.record != of.record));
            if us == 0 || other {
                continue;
            }
            let Some(cycle) = cycle(batch) else { continue };
            let more = worth(us, cycle.cycle_s, self.machine.positions, self.aim);
            parts = parts.map(|parts| parts + more);
        }
        parts
    }

    /// Parts of one kind of counter that were seen first in `span`, and those of them that no one watched.
    fn counted(&self, kind: CounterKind, span: Span, of: Option<RecordId>) -> (i64, i64) {
        let mine = |count: &Count| {
            let batch = of.is_none() || of == count.batch;
            count.counter == kind && batch && holds(&[span], count.until)
        };
        let counts = self.account.counts().filter(|(count, _)| mine(count));
        counts.fold((0, 0), |(all, gap), (count, parts)| {
            (all + parts, gap + if count.verdict == Verdict::Gap { parts } else { 0 })
        })
    }

    fn has(&self, kind: CounterKind) -> bool {
        self.machine.counters.contains(&kind)
    }

    /// Good parts by the counter of good ones, else by that of all less scrap.
    fn good_of(&self, span: Span, of: Option<RecordId>) -> Option<(i64, i64)> {
        if self.has(CounterKind::Good) {
            return Some(self.counted(CounterKind::Good, span, of));
        }
        let (all, gap) =
            self.has(CounterKind::Total).then(|| self.counted(CounterKind::Total, span, of))?;
        Some(((all - self.counted(CounterKind::Scrap, span, of).0).max(0), gap))
    }

    fn good(&self, hour: Span) -> (Option<i64>, i64) {
        match self.good_of(hour, None) {
            Some((good, gap)) => (Some(good), gap),
            None => (self.confirmed(hour, |batch| batch.good), 0),
        }
    }

    fn scrap(&self, hour: Span) -> Option<i64> {
        if self.has(CounterKind::Scrap) {
            return Some(self.counted(CounterKind::Scrap, hour, None).0);
        }
        self.confirmed(hour, |batch| batch.scrap)
    }

    /// What people confirmed in an hour; `None` where nobody did.
    fn confirmed(&self, hour: Span, parts: impl Fn(&Batch) -> Option<i64>) -> Option<i64> {
        let ended = |batch: &&Batch| batch.until.is_some_and(|until| holds(&[hour], until));
        let batches = self.machine.batches.iter().filter(ended);
        batches.filter_map(parts).reduce(|a, b| a + b)
    }

    fn readings(&self, hour: Span) -> Vec<Reading> {
        let mut all: BTreeMap<(&str, &str), Reading> = BTreeMap::new();
        for (count, parts) in self.account.counts().filter(|(it, _)| holds(&[hour], it.until)) {
            let key = (count.source.as_str(), count.counter.word());
            let reading = all.entry(key).or_insert_with(|| Reading {
                source: count.source.clone(),
                counter: count.counter,
                readings: 0,
                raw_from: count.raw_from,
                raw_to: count.raw_to,
                parts: 0,
            });
            (reading.readings, reading.raw_to) = (reading.readings + 1, count.raw_to);
            reading.parts += parts;
        }
        all.into_values().collect()
    }

    fn progress(&self, batch: &Batch) -> Progress {
        let job = batch.job();
        let now = self.limit.until;
        let span = Span { from: batch.from, until: batch.until.unwrap_or(now) }.and(self.limit);
        let made = self.good_of(self.limit, Some(batch.record));
        Progress {
            record: batch.record,
            number: batch.number.clone(),
            product: batch.product,
            from: batch.from,
            until: batch.until,
            status: batch.status,
            target: batch.target,
            confirmed: batch.good.map(|good| (good, batch.scrap.unwrap_or_default())),
            made: made.map(|(made, _)| made),
            due: self.worth(&within(self.all, span), Some(batch)),
            touch_hours: job.touch(now),
            dwell_hours: job.dwell(now),
            standard_hours: job.expected(),
        }
    }
}

/// Stops by what they have in common, the dearest first.
fn costs(evidence: &[Evidence]) -> Vec<Cost> {
    let mut costs: BTreeMap<Why, Cost> = BTreeMap::new();
    for evidence in evidence {
        let Evidence::Interval { interval, class, loss, unexplained, counted_us, .. } = evidence
        else {
            continue;
        };
        let stop = matches!(class, Class::Unplanned | Class::Planned | Class::Idle);
        if !stop || *counted_us == 0 {
            continue;
        }
        let micro = *loss == Some(super::Loss::SmallStop);
        let why = why(interval, *unexplained, micro);
        let cost = costs.entry(why).or_insert_with(|| Cost {
            why,
            label: None,
            class: *class,
            stops: 0,
            us: 0,
            records: Vec::new(),
        });
        cost.label = interval.reason.as_ref().map(|reason| reason.label.clone());
        (cost.stops, cost.us) = (cost.stops + 1, cost.us + counted_us);
        cost.records.push(interval.record);
    }
    let mut costs: Vec<Cost> = costs.into_values().collect();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.us));
    costs
}

fn why(interval: &Interval, unexplained: bool, micro: bool) -> Why {
    match &interval.reason {
        Some(reason) => Why::Reason(reason.id),
        None if micro => Why::Micro,
        None if unexplained => Why::Unexplained,
        None => Why::State(interval.state),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "parts of an hour")]
fn rounded(parts: f64) -> i64 {
    parts.round() as i64
}

#[cfg(test)]
mod tests;
