//! One unit on a line: when it is asked for what, and what is made of its answers.
//!
//! It never touches the line. A unit that does not answer is asked for one thing only, less and
//! less often, so that the others on its line do not wait for it; with its first answer
//! everything is asked for again.

use kart_core::{
    signal::{Quality, Sample},
    time::Stamp,
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

use super::{
    Pace, decode,
    exception::{self, Treatment},
    link::Words,
    plan::DevicePlan,
    read::{Read, reads},
    trouble::Troubles,
};
use crate::{
    clock::Clock,
    ingest::{
        Intake, Outlet, SourceFault,
        reach::{Backoff, Reach},
    },
};

/// A read with its place in time.
pub(super) struct Due {
    pub read: Read,
    interval: Duration,
    at: Instant,
    busy: Backoff,
}

pub(super) struct Unit {
    pub plan: DevicePlan,
    pace: Pace,
    clock: Clock,
    outlet: Outlet,
    reach: Reach,
    troubles: Troubles,
    later: Vec<Due>,
    /// What is due in this round; the samples of a round belong together.
    round: VecDeque<Due>,
    samples: Vec<Sample>,
    /// Delays between attempts while it does not answer.
    rests: Backoff,
    rest_until: Option<Instant>,
}

impl Unit {
    pub(super) fn new(plan: DevicePlan, intake: Intake, clock: Clock, pace: Pace) -> Self {
        let mut unit = Self {
            outlet: Outlet::new(&plan.name, intake),
            reach: Reach::new(&plan.name, plan.machines()),
            troubles: Troubles::new(&plan.name),
            later: Vec::new(),
            round: VecDeque::new(),
            samples: Vec::new(),
            rests: Backoff::new(pace.first_rest, plan.retry.max(pace.first_rest)),
            rest_until: None,
            plan,
            pace,
            clock,
        };
        unit.begin(Instant::now());
        unit
    }

    /// Makes everything due as if nothing had been asked yet.
    fn begin(&mut self, now: Instant) {
        self.round.clear();
        self.later.clear();
        self.troubles.forget();
        for group in &self.plan.groups {
            let all = reads(&group.points, &self.plan.limits);
            self.later.extend(all.into_iter().map(|read| Due {
                read,
                interval: group.interval,
                at: now + group.phase,
                busy: Backoff::new(self.pace.first_delay, self.pace.most_delay),
            }));
        }
    }

    pub(super) fn is_down(&self) -> bool {
        self.reach.is_down()
    }

    /// Whether it is left alone because it does not answer.
    pub(super) fn rests(&self) -> bool {
        self.rest_until.is_some_and(|until| until > Instant::now())
    }

    /// When there is something to ask for; `None`: never.
    pub(super) fn wakes(&self) -> Option<Instant> {
        match (self.round.front(), self.rest_until) {
            (Some(due), None) => Some(due.at),
            (_, rest) => self.later.iter().map(|due| due.at).min().map(|at| rest.unwrap_or(at)),
        }
    }

    /// The request whose turn it is; the caller gives it back with [`Unit::answered`] or [`Unit::failed`].
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        if self.rest_until.is_some_and(|until| until > now) {
            return None;
        }
        if self.round.is_empty() {
            self.later.sort_by_key(|due| due.at);
            let one = self.is_down() && self.rest_until.is_some();
            let due = match one {
                true => 1.min(self.later.len()),
                false => self.later.partition_point(|due| due.at <= now),
            };
            self.round.extend(self.later.drain(..due));
        }
        self.round.pop_front()
    }

    /// Takes the answer to `due` and says when to ask again.
    pub(super) fn answered(&mut self, mut due: Due, answer: Words) -> Result<(), SourceFault> {
        let now = Instant::now();
        match answer {
            Ok(words) => {
                let back = self.reached()?;
                self.troubles.over(&due.read.to_string());
                let at = self.clock.stamp();
                self.decode(&due.read, &words, at);
                if back {
                    self.begin(now);
                    return self.tell();
                }
                due.busy.reset();
                let passed = now.saturating_duration_since(due.at).as_nanos();
                let slots = passed.checked_div(due.interval.as_nanos()).unwrap_or(0).max(1);
                due.at += due.interval.saturating_mul(u32::try_from(slots).unwrap_or(u32::MAX));
                self.later.push(due);
            },
            Err(code) => self.excepted(due, code, now)?,
        }
        self.tell()
    }

    fn excepted(&mut self, mut due: Due, code: u8, now: Instant) -> Result<(), SourceFault> {
        let what = format!("{}: {} (exception {code:02X})", due.read, exception::meaning(code));
        match exception::treatment(code) {
            Treatment::Refused { split } => {
                self.reached()?;
                if split && let Some((left, right)) = due.read.split() {
                    for read in [left, right] {
                        let busy = Backoff::new(self.pace.first_delay, self.pace.most_delay);
                        self.later.push(Due { read, interval: due.interval, at: now, busy });
                    }
                    return Ok(());
                }
                self.troubles.say(&due.read.to_string(), &what, due.read.points.iter());
                due.at = now + self.pace.refused;
            },
            Treatment::Later => {
                let reading = self.reach.missed(&what, self.clock.stamp());
                reading.map_or(Ok(()), |reading| self.outlet.link(reading))?;
                due.at = now + due.interval.max(due.busy.next());
                if self.is_down() && self.rest_until.is_some() {
                    self.rest_until = Some(now + self.rests.next());
                }
            },
            Treatment::Away => {
                due.at = now + due.interval;
                return self.failed(due, &what, true);
            },
        }
        self.later.push(due);
        Ok(())
    }

    /// No answer, or none that fits. `rest`: leave the unit alone for a while once it counts as
    /// down, because others need the line.
    pub(super) fn failed(&mut self, due: Due, why: &str, rest: bool) -> Result<(), SourceFault> {
        self.later.push(due);
        self.missed(why, rest)
    }

    /// An attempt failed before anything was asked.
    pub(super) fn missed(&mut self, why: &str, rest: bool) -> Result<(), SourceFault> {
        self.later.extend(self.round.drain(..));
        if let Some(reading) = self.reach.missed(why, self.clock.stamp()) {
            self.outlet.link(reading)?;
        }
        if rest && self.is_down() {
            self.rest_until = Some(Instant::now() + self.rests.next());
        }
        self.tell()
    }

    /// It answered; whether it had not before.
    fn reached(&mut self) -> Result<bool, SourceFault> {
        let was_down = self.is_down();
        self.rest_until = None;
        if let Some(reading) = self.reach.reached(self.clock.stamp()) {
            self.outlet.link(reading)?;
        }
        self.rests.reset();
        Ok(was_down)
    }

    /// Hands on what a whole round brought.
    fn tell(&mut self) -> Result<(), SourceFault> {
        if let Some(reading) = self.troubles.told(self.clock.stamp()) {
            self.outlet.link(reading)?;
        }
        match self.round.is_empty() {
            true => self.outlet.samples(std::mem::take(&mut self.samples)),
            false => Ok(()),
        }
    }

    fn decode(&mut self, read: &Read, words: &[u16], at: Stamp) {
        for point in &read.points {
            let key = || format!("machine {} {}", point.machine, point.signal);
            match decode::value(read, words, point) {
                Ok(value) => {
                    if self.troubles.any() {
                        self.troubles.over(&key());
                    }
                    let (machine, signal) = (point.machine, point.signal.clone());
                    let quality = Quality::Good;
                    let sample = Sample { machine, signal, value, quality, at, again: false };
                    self.samples.push(sample);
                },
                Err(reason) => {
                    let name = self.plan.name.clone();
                    metrics::counter!("kart_no_value_total", "device" => name).increment(1);
                    let what = format!("no value for {}: {reason}", point.signal);
                    self.troubles.say(&key(), &what, std::iter::once(point));
                },
            }
        }
    }
}
