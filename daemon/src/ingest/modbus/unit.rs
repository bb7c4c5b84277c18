//! One unit on a line: when it is asked for what, and what is made of its answers.
//!
//! It never touches the line. A unit that does not answer is asked for one thing only, less and
//! less often, so that the others on its line do not wait for it; with its first answer
//! everything is asked for again. After a request that came to nothing another one tells whether the
//! unit is away or only that answer: then it is left alone, and the others are asked for as before.
//! What is never answered as a whole is asked for in parts: some devices are silent where others
//! answer with an exception.

use kart_core::{
    signal::{Quality, Sample},
    time::Stamp,
};
use kart_store::raw::Block;
use std::{collections::BTreeSet, sync::Arc};
use tokio::time::Instant;

use super::{
    Pace, decode,
    exception::{self, Treatment},
    link::Words,
    plan::DevicePlan,
    read::{Read, reads},
    schedule::{Due, Schedule},
    trouble::Troubles,
};
use crate::{
    clock::Clock,
    ingest::{
        Intake, Outlet, SourceFault,
        block::{self, BlockOf},
        reach::{Backoff, MISSES, Reach},
    },
};

pub(super) struct Unit {
    pub plan: DevicePlan,
    /// Where its line leads.
    place: String,
    pace: Pace,
    clock: Clock,
    outlet: Outlet,
    reach: Reach,
    troubles: Troubles,
    schedule: Schedule,
    /// What has been read since samples were handed on last.
    samples: Vec<Sample>,
    blocks: Vec<Block>,
    /// Delays between attempts while it does not answer.
    rests: Backoff,
    rest_until: Option<Instant>,
    /// The last request came to nothing.
    in_doubt: bool,
    /// Reads that nothing came back for, as they are called; they were asked for in parts since.
    unanswered: BTreeSet<Arc<str>>,
    /// When they are tried as a whole once more: the line may only have been bad.
    whole_at: Option<Instant>,
}

impl Unit {
    /// `place`: where its line leads; `begins`: when the intervals begin.
    pub(super) fn new(
        plan: DevicePlan,
        place: &str,
        intake: Intake,
        (clock, pace, begins): (Clock, Pace, Instant),
    ) -> Self {
        let mut unit = Self {
            outlet: Outlet::new(&plan.name, intake),
            reach: Reach::new(&plan.name, plan.machines()),
            troubles: Troubles::new(&plan.name),
            schedule: Schedule::new(&plan.groups, begins),
            samples: Vec::new(),
            blocks: Vec::new(),
            rests: Backoff::new(pace.first_rest, plan.retry.max(pace.first_rest)),
            rest_until: None,
            in_doubt: false,
            unanswered: BTreeSet::new(),
            whole_at: None,
            place: place.to_owned(),
            plan,
            pace,
            clock,
        };
        unit.begin(begins);
        unit
    }

    /// Makes everything due as if nothing had been asked yet.
    fn begin(&mut self, now: Instant) {
        self.troubles.forget();
        let busy = || Backoff::new(self.pace.first_delay, self.pace.most_delay);
        for (n, group) in self.plan.groups.iter().enumerate() {
            let all = reads(&group.points, &self.plan.limits).into_iter();
            let named = all.map(|read| {
                let of = self.named(&read);
                (read, of)
            });
            self.schedule.fill(n, named.collect(), now, &busy);
        }
    }

    /// What the answer to `read` is called in the ring of raw readings.
    fn named(&self, read: &Read) -> Arc<str> {
        BlockOf::registers(&self.place, self.plan.unit, read).text()
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
        self.schedule.wakes().map(|at| self.rest_until.unwrap_or(at))
    }

    /// The request whose turn it is; the caller gives it back with [`Unit::answered`] or [`Unit::failed`].
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        match self.rest_until {
            Some(until) if until > now => None,
            Some(_) if self.is_down() => self.schedule.take_any(),
            _ if self.in_doubt => self.schedule.take_witness(now),
            _ => self.schedule.take(now),
        }
    }

    /// Takes the answer to `due` and says when to ask again.
    pub(super) fn answered(&mut self, mut due: Due, answer: Words) -> Result<(), SourceFault> {
        let now = Instant::now();
        self.in_doubt = false;
        match answer {
            Ok(words) => {
                let back = self.reached()?;
                self.troubles.over(&due.read.to_string());
                let at = self.clock.stamp();
                self.decode(&due.read, &words, at);
                let (quality, again) = (Quality::Good, false);
                let bytes = block::bytes(due.read.table, &words);
                self.blocks.push(Block { of: Arc::clone(&due.of), bytes, at, quality, again });
                self.unanswered.remove(&due.of);
                if back || self.whole_at.is_some_and(|at| at <= now) {
                    self.whole_at = None;
                    self.begin(now);
                    return self.tell(true);
                }
                due.busy.reset();
                let last = self.schedule.is_last(&due);
                self.schedule.answered(due, now);
                self.tell(last)
            },
            Err(code) => self.excepted(due, code, now),
        }
    }

    fn excepted(&mut self, mut due: Due, code: u8, now: Instant) -> Result<(), SourceFault> {
        let what = format!("{}: {} (exception {code:02X})", due.read, exception::meaning(code));
        let until = match exception::treatment(code) {
            Treatment::Refused { split } => {
                self.reached()?;
                if split && self.divide(&due) {
                    return self.tell(false);
                }
                let points = due.read.points.iter().map(AsRef::as_ref);
                self.troubles.say(&due.read.to_string(), &what, points);
                now + self.pace.refused
            },
            Treatment::Later => {
                let reading = self.reach.missed(&what, self.clock.stamp());
                reading.map_or(Ok(()), |reading| self.outlet.link(reading))?;
                if self.is_down() && self.rest_until.is_some() {
                    self.rest_until = Some(now + self.rests.next());
                }
                now + due.busy.next()
            },
            Treatment::Away => {
                return self.passed_over(due, exception::meaning(code), true);
            },
        };
        let last = self.schedule.is_last(&due);
        self.schedule.put_off(due, until);
        self.tell(last)
    }

    /// Asks for the same in two parts; `false` where it has none.
    fn divide(&mut self, due: &Due) -> bool {
        let Some((left, right)) = due.read.split() else { return false };
        let parts = [left, right].map(|read| {
            let busy = Backoff::new(self.pace.first_delay, self.pace.most_delay);
            let of = self.named(&read);
            (read, of, busy)
        });
        self.schedule.split(due, parts);
        true
    }

    /// No answer, or none that fits. `rest`: leave the unit alone for a while once it counts as
    /// down, because others need the line.
    pub(super) fn failed(&mut self, due: Due, why: &str, rest: bool) -> Result<(), SourceFault> {
        // It has come to nothing so often, or did before it was tried once more.
        let again = due.busy.attempts() + 1 >= MISSES || self.unanswered.contains(&due.of);
        if !again || due.read.split().is_none() {
            return self.passed_over(due, why, rest);
        }
        self.in_doubt = true;
        // A read that is known to be silent says nothing of the unit.
        match self.unanswered.contains(&due.of) {
            true => self.schedule.put_back(),
            false => self.miss(why, rest)?,
        }
        self.divide(&due);
        self.unanswered.insert(due.of);
        self.whole_at = Some(Instant::now() + self.pace.whole);
        self.tell(true)
    }

    /// Nothing came of it: later once more.
    fn passed_over(&mut self, mut due: Due, why: &str, rest: bool) -> Result<(), SourceFault> {
        let mut delay = due.busy.next();
        self.in_doubt = true;
        self.miss(why, rest)?;
        // Others are answered in between.
        if due.busy.attempts() >= MISSES && !self.is_down() {
            let points = due.read.points.iter().map(AsRef::as_ref);
            self.troubles.say(&due.read.to_string(), &format!("{}: {why}", due.read), points);
            delay = delay.max(self.pace.refused);
        }
        self.schedule.failed(due, Instant::now() + delay);
        self.tell(true)
    }

    /// An attempt failed before anything was asked.
    pub(super) fn missed(&mut self, why: &str, rest: bool) -> Result<(), SourceFault> {
        self.miss(why, rest)?;
        self.tell(true)
    }

    fn miss(&mut self, why: &str, rest: bool) -> Result<(), SourceFault> {
        self.schedule.put_back();
        if let Some(reading) = self.reach.missed(why, self.clock.stamp()) {
            self.outlet.link(reading)?;
        }
        if rest && self.is_down() {
            self.rest_until = Some(Instant::now() + self.rests.next());
        }
        Ok(())
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

    /// Hands on what was read once the round of a group has ended, in the order of reading: also
    /// what a slower group has brought so far, whose round this one has interrupted.
    fn tell(&mut self, ended: bool) -> Result<(), SourceFault> {
        if let Some(reading) = self.troubles.told(self.clock.stamp()) {
            self.outlet.link(reading)?;
        }
        if !ended {
            return Ok(());
        }
        let blocks = std::mem::take(&mut self.blocks);
        self.outlet.samples(std::mem::take(&mut self.samples), blocks)
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
                    self.troubles.say(&key(), &what, std::iter::once(&**point));
                },
            }
        }
    }
}
