//! One machine's account of a window: sums for figures, and what they were made of.

use super::{
    board::Stretch,
    evidence::{Evidence, Hole, Loss},
    input::{Batch, Class, Count, Interval, Machine, Span, Status, Window},
    name::Missing,
    parts::fresh,
    rate::Cycle,
    spent::{Slice, holds, overlap, slices, within},
    to_f64,
};
use crate::{
    counter::{CounterKind, Verdict},
    machine::MachineState,
    time::Micros,
};

/// Sums over the time that figures are about, in microseconds and parts; of several machines the
/// sums of all.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) considered: i64,
    pub(super) run: i64,
    pub(super) unplanned: i64,
    pub(super) planned: i64,
    pub(super) idle: i64,
    pub(super) unexplained: i64,
    pub(super) breakdown: i64,
    pub(super) setup: i64,
    pub(super) small: i64,
    pub(super) micro_stops: i64,
    pub(super) failures: i64,
    pub(super) repaired: i64,
    pub(super) repair: i64,
    /// What the parts made should have taken.
    pub(super) standard: Result<f64, Missing>,
    /// What scrap of the setup should have taken.
    pub(super) startup: Result<f64, Missing>,
    /// Time of positions in use, and of all while the machine ran.
    pub(super) used: i64,
    pub(super) available: i64,
    pub(super) has_positions: bool,
    pub(super) made: i64,
    pub(super) gap: i64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            considered: 0,
            run: 0,
            unplanned: 0,
            planned: 0,
            idle: 0,
            unexplained: 0,
            breakdown: 0,
            setup: 0,
            small: 0,
            micro_stops: 0,
            failures: 0,
            repaired: 0,
            repair: 0,
            standard: Ok(0.0),
            startup: Ok(0.0),
            used: 0,
            available: 0,
            has_positions: false,
            made: 0,
            gap: 0,
        }
    }
}

impl Tally {
    /// Time that something is known of.
    pub(super) fn known(&self) -> i64 {
        self.run + self.unplanned + self.planned + self.idle
    }

    pub(super) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.considered, other.considered),
            (&mut self.run, other.run),
            (&mut self.unplanned, other.unplanned),
            (&mut self.planned, other.planned),
            (&mut self.idle, other.idle),
            (&mut self.unexplained, other.unexplained),
            (&mut self.breakdown, other.breakdown),
            (&mut self.setup, other.setup),
            (&mut self.small, other.small),
            (&mut self.micro_stops, other.micro_stops),
            (&mut self.failures, other.failures),
            (&mut self.repaired, other.repaired),
            (&mut self.repair, other.repair),
            (&mut self.used, other.used),
            (&mut self.available, other.available),
            (&mut self.made, other.made),
            (&mut self.gap, other.gap),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
        self.standard = both(self.standard, other.standard);
        self.startup = both(self.startup, other.startup);
        self.has_positions |= other.has_positions;
    }

    /// Books `us` of an interval.
    fn spend(&mut self, class: Class, loss: Option<Loss>, unexplained: bool, us: i64) {
        match class {
            Class::Run => self.run += us,
            Class::Unplanned => self.unplanned += us,
            Class::Planned => self.planned += us,
            Class::Idle => self.idle += us,
            Class::Unknown => {},
        }
        match loss {
            Some(Loss::Breakdown) => self.breakdown += us,
            Some(Loss::Setup) => self.setup += us,
            Some(Loss::SmallStop) => self.small += us,
            None => {},
        }
        self.unexplained += if unexplained { us } else { 0 };
    }
}

/// Adds what can be known; what cannot stays unknown.
pub(super) fn both(a: Result<f64, Missing>, b: Result<f64, Missing>) -> Result<f64, Missing> {
    Ok(a? + b?)
}

/// A machine with the window, its slices, and what its readings were the first to show.
pub(super) struct Account<'a> {
    window: &'a Window,
    machine: &'a Machine,
    limit: Span,
    /// Until when an open interval or batch goes on.
    open: Micros,
    slices: Vec<Slice>,
    fresh: Vec<i64>,
    /// A counter of all parts was read in the window.
    has_total: bool,
}

impl<'a> Account<'a> {
    pub(super) fn new(window: &'a Window, machine: &'a Machine, limit: Span) -> Self {
        let open = machine.seen_until.map_or(window.now, |seen| seen.min(window.now));
        let slices = slices(&machine.intervals, window, (limit, open));
        let of_total = |count: &&Count| count.counter == CounterKind::Total;
        let mut totals = machine.counts.iter().filter(of_total);
        let has_total = totals.any(|count| holds(&[limit], count.until));
        Self { window, machine, limit, open, slices, fresh: fresh(&machine.counts), has_total }
    }

    /// Sums over ordered `spans`.
    pub(super) fn tally(&self, spans: &[Span]) -> Tally {
        let mut tally =
            Tally { considered: spans.iter().map(|span| span.us()).sum(), ..Tally::default() };
        let shares = self.shares(spans);
        for (interval, us) in self.machine.intervals.iter().zip(shares) {
            let (class, loss, unexplained) = self.judge(interval);
            tally.spend(class, loss, unexplained, us);
            if us > 0 && loss == Some(Loss::SmallStop) && holds(spans, interval.from) {
                tally.micro_stops += 1;
            }
            if us > 0 && self.is_failure(interval, spans) {
                tally.failures += 1;
                if let Some(until) = interval.until.filter(|until| *until <= self.window.now) {
                    tally.repaired += 1;
                    tally.repair += Span { from: interval.from, until }.us();
                }
            }
        }
        let run = self.run(spans);
        let positions = self.machine.positions.map(i64::from);
        tally.has_positions = positions.is_some();
        tally.available = tally.run * positions.unwrap_or(1);
        tally.used = match positions {
            Some(_) => self.machine.batches.iter().map(|batch| self.used(batch, &run)).sum(),
            None => tally.run,
        };
        self.speed(spans, &mut tally);
        tally
    }

    /// What each interval has of ordered `spans`.
    fn shares(&self, spans: &[Span]) -> Vec<i64> {
        let mut shares = vec![0; self.machine.intervals.len()];
        for slice in &self.slices {
            if let Some(share) = slice.of.and_then(|of| shares.get_mut(of)) {
                *share += overlap(spans, slice.span);
            }
        }
        shares
    }

    fn judge(&self, interval: &Interval) -> (Class, Option<Loss>, bool) {
        let class = interval.class(self.window.reasons);
        let micro = interval.is_micro(self.open);
        let loss = match (class, interval.state) {
            (Class::Unknown | Class::Run, _) => None,
            (_, MachineState::Setup) => Some(Loss::Setup),
            (Class::Unplanned, _) if micro => Some(Loss::SmallStop),
            (Class::Unplanned, _) => Some(Loss::Breakdown),
            (Class::Planned | Class::Idle, _) => None,
        };
        let asked = interval.state == MachineState::Stopped && interval.reason.is_none();
        (class, loss, asked && !micro && class != Class::Unknown)
    }

    /// A failure belongs to the window in which it began.
    fn is_failure(&self, interval: &Interval, spans: &[Span]) -> bool {
        self.judge(interval).1 == Some(Loss::Breakdown) && holds(spans, interval.from)
    }

    /// Readings with the parts that each was the first to show.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'a Count, i64)> {
        self.machine.counts.iter().zip(self.fresh.iter().copied())
    }

    /// What each moment of the window is.
    pub(super) fn line(&self) -> Vec<Stretch> {
        let stretch = |slice: &Slice| {
            let interval = slice.of.and_then(|of| self.machine.intervals.get(of));
            let judged = interval.map(|interval| self.judge(interval));
            let class = judged.map_or(Class::Unknown, |(class, ..)| class);
            let seen = interval.filter(|_| class != Class::Unknown);
            Stretch {
                from: slice.span.from,
                until: slice.span.until,
                class,
                state: seen.map_or(MachineState::Unknown, |interval| interval.state),
                record: interval.map(|interval| interval.record),
                unexplained: judged.is_some_and(|(.., unexplained)| unexplained),
            }
        };
        self.slices.iter().map(stretch).collect()
    }

    fn at(&self, at: Micros) -> Option<&Interval> {
        let place = self.slices.partition_point(|slice| slice.span.until <= at);
        let slice = self.slices.get(place).filter(|slice| slice.span.from <= at)?;
        self.machine.intervals.get(slice.of?)
    }

    /// When it ran.
    fn run(&self, spans: &[Span]) -> Vec<Span> {
        let runs = |slice: &&Slice| {
            let interval = slice.of.and_then(|of| self.machine.intervals.get(of));
            interval.is_some_and(|it| it.class(self.window.reasons) == Class::Run)
        };
        let cut = self.slices.iter().filter(runs);
        cut.flat_map(|slice| within(spans, slice.span)).collect()
    }

    fn used(&self, batch: &Batch, run: &[Span]) -> i64 {
        overlap(run, Span { from: batch.from, until: batch.until.unwrap_or(self.open) })
    }

    fn cycle(&self, batch: Option<&Batch>) -> Option<Cycle> {
        self.machine.rate.cycle(batch.map(|batch| batch.product), self.window.shift_hours)
    }

    fn cycle_of(&self, count: &Count) -> Option<Cycle> {
        self.cycle(self.machine.batches.iter().find(|batch| Some(batch.record) == count.batch))
    }

    /// Parts made are what one counter of all parts says, or those of good and scrap together: until
    /// there was such a counter, and where it said nothing in all the window.
    fn is_made(&self, count: &Count) -> bool {
        let since = self.machine.total_since.unwrap_or(Micros(i64::MIN));
        let total = self.has_total && since <= count.until;
        total == (count.counter == CounterKind::Total)
    }

    /// Parts that appeared while nobody watched are not known to belong to a run.
    fn is_counted(count: &Count, spans: &[Span]) -> bool {
        count.verdict != Verdict::Gap && holds(spans, count.until)
    }

    fn is_completed(&self, batch: &Batch) -> bool {
        let within = |until| self.limit.from <= until && until < self.limit.until;
        batch.status == Status::Completed && batch.until.is_some_and(within)
    }

    /// Batches that were completed in the window.
    pub(super) fn completed(&self) -> impl Iterator<Item = (&'a Batch, Option<Cycle>)> {
        let done = self.machine.batches.iter().filter(|batch| self.is_completed(batch));
        done.map(|batch| (batch, self.cycle(Some(batch))))
    }

    /// Batches that touch the window and were not given up.
    pub(super) fn worked(&self) -> impl Iterator<Item = &'a Batch> {
        self.machine.batches.iter().filter(|batch| batch.status != Status::Aborted)
    }

    /// What the parts made in `spans` should have taken.
    fn speed(&self, spans: &[Span], tally: &mut Tally) {
        let worth = |parts: i64, cycle: Option<Cycle>| match (parts, cycle) {
            (0, _) => Ok(0.0),
            (parts, Some(cycle)) => Ok(to_f64(parts) * cycle.cycle_s * super::SECOND_US),
            (_, None) => Err(Missing::NoRate),
        };
        let fresh = self.counts();
        let has_scrap = self.machine.counters.contains(&CounterKind::Scrap);
        tally.startup = if has_scrap { Ok(0.0) } else { Err(Missing::NoCounter) };
        for (count, parts) in fresh {
            let cycle = || self.cycle_of(count);
            let counted = Self::is_counted(count, spans);
            let made = self.is_made(count);
            if made && !counted && holds(spans, count.until) {
                tally.gap += parts;
            }
            if made && counted {
                tally.made += parts;
                tally.standard = both(tally.standard, worth(parts, cycle()));
            }
            if count.counter == CounterKind::Scrap && counted && self.in_setup(count) {
                tally.startup = both(tally.startup, worth(parts, cycle()));
            }
        }
        if self.machine.counters.is_empty() {
            for (batch, cycle) in self.completed() {
                let parts = batch.good.unwrap_or_default() + batch.scrap.unwrap_or_default();
                tally.made += parts;
                tally.standard = both(tally.standard, worth(parts, cycle));
            }
            if self.completed().next().is_none() && tally.run > 0 {
                tally.standard = Err(Missing::NoParts);
            }
        }
        let has_rate = self.cycle(None).is_some() || !self.machine.rate.products.is_empty();
        if tally.run > 0 && !has_rate {
            tally.standard = Err(Missing::NoRate);
        }
    }

    fn in_setup(&self, count: &Count) -> bool {
        self.at(count.until).is_some_and(|interval| interval.state == MachineState::Setup)
    }

    /// Everything behind the sums over `spans`.
    pub(super) fn evidence(&self, spans: &[Span]) -> Vec<Evidence> {
        let equipment = self.machine.equipment;
        let calendar = self.shares(&[self.limit]);
        let shares = self.shares(spans).into_iter().zip(calendar);
        let intervals = self.machine.intervals.iter().zip(shares);
        let mut all: Vec<Evidence> = intervals
            .filter(|(_, (_, calendar_us))| *calendar_us > 0)
            .map(|(interval, (counted_us, calendar_us))| {
                let (class, loss, unexplained) = self.judge(interval);
                let failure = self.is_failure(interval, spans);
                let interval = interval.clone();
                Evidence::Interval {
                    equipment,
                    interval,
                    class,
                    loss,
                    unexplained,
                    failure,
                    counted_us,
                    calendar_us,
                }
            })
            .collect();
        let holes = self.slices.iter().filter(|slice| slice.of.is_none());
        all.extend(holes.map(|slice| {
            let counted_us = overlap(spans, slice.span);
            Evidence::Hole(Hole { equipment, span: slice.span, counted_us })
        }));
        all.extend(self.readings(spans));
        let run = self.run(spans);
        all.extend(self.machine.batches.iter().map(|batch| Evidence::Batch {
            equipment,
            batch: batch.clone(),
            completed: self.is_completed(batch),
            used_us: self.machine.positions.map_or(0, |_| self.used(batch, &run)),
            cycle: self.cycle(Some(batch)),
        }));
        let own = self.cycle(None).map(|cycle| (None, cycle));
        let of_products = self.machine.rate.products.iter().filter_map(|known| {
            let cycle = self.machine.rate.cycle(Some(known.product), None)?;
            Some((Some(known.product), cycle))
        });
        let rate = |(product, cycle)| Evidence::Rate { equipment, product, cycle };
        all.extend(own.into_iter().chain(of_products).map(rate));
        all
    }

    fn readings(&self, spans: &[Span]) -> impl Iterator<Item = Evidence> {
        let here = self.counts().filter(|(count, _)| holds(&[self.limit], count.until));
        let in_force =
            |count: &Count| self.at(count.until).and_then(|interval| interval.map.clone());
        here.map(move |(count, parts)| Evidence::Count {
            equipment: self.machine.equipment,
            count: Count { map: count.map.clone().or_else(|| in_force(count)), ..count.clone() },
            parts,
            counted: Self::is_counted(count, spans),
            made: self.is_made(count),
            in_setup: self.in_setup(count),
            cycle: self.cycle_of(count),
        })
    }
}
