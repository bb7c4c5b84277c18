//! How a machine behaves: it makes parts, stops for a reason, runs again. Everything is drawn from a seed.
//!
//! Time comes in as microseconds; no clock and no I/O here. An event takes place at the moment it becomes
//! visible from outside, so that the truth never tells of something no reader could have seen.

use crate::counter::Counter;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Microseconds since 1970, UTC.
pub type Micros = u64;

/// How far a machine may lag behind its own rhythm before it drops the arrears instead of rushing.
const LONGEST_ARREARS: Micros = 250_000;
const FAULT_CODES: [u16; 4] = [17, 23, 42, 101];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    Fault { code: u16 },
    PlannedStop,
    Setup,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Stopped(Cause),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stop {
    pub from: Micros,
    /// `None` while it lasts.
    pub to: Option<Micros>,
    #[serde(flatten)]
    pub cause: Cause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Raw {
    pub good: u64,
    pub scrap: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Part {
        good: bool,
        raw: Raw,
    },
    Rollover {
        counter: &'static str,
    },
    StopBegin {
        #[serde(flatten)]
        cause: Cause,
    },
    StopEnd {
        from: Micros,
        #[serde(flatten)]
        cause: Cause,
    },
    Reset {
        raw_before: Raw,
    },
}

/// The rhythm of a machine. Durations are those of the plant, before time is compressed.
#[derive(Debug, Clone)]
pub struct Rhythm {
    pub cycle: Duration,
    /// Share by which a cycle may be longer or shorter.
    pub jitter: f64,
    pub scrap_share: f64,
    pub stops: Stops,
    pub compression: f64,
}

impl Rhythm {
    fn compressed(&self, plant_time: Duration) -> Micros {
        let real = plant_time.div_f64(self.compression).as_micros();
        Micros::try_from(real).unwrap_or(Micros::MAX / 2).max(1)
    }
}

/// How a machine stops by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// Not at all: one for measuring.
    Never,
    /// Every few seconds, so that a short test sees many.
    Often,
    /// As on a floor: most are short, and every few minutes one lasts.
    Seldom,
}

#[derive(Debug)]
pub(crate) struct Machine {
    pub good: Counter,
    pub scrap: Counter,
    pub stops: Vec<Stop>,
    rhythm: Rhythm,
    dice: StdRng,
    status: Status,
    next_part: Micros,
    /// When it stops or runs again by itself; `None` for as long as a command holds it stopped.
    next_change: Option<Micros>,
    last_cycle: Micros,
    quiet: bool,
    /// 0.1 °C.
    temperature: i16,
}

impl Machine {
    pub(crate) fn new(rhythm: Rhythm, seed: u64, (good, scrap): (Counter, Counter)) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let last_cycle = rhythm.compressed(rhythm.cycle);
        let temperature = dice.random_range(-150..650);
        Self {
            good,
            scrap,
            stops: Vec::new(),
            rhythm,
            dice,
            status: Status::Running,
            next_part: 0,
            next_change: Some(Micros::MAX),
            last_cycle,
            quiet: true,
            temperature,
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    pub(crate) fn raw(&self) -> Raw {
        Raw { good: self.good.raw, scrap: self.scrap.raw }
    }

    pub(crate) fn temperature(&self) -> i16 {
        self.temperature
    }

    pub(crate) fn parts_per_minute(&self) -> f32 {
        if self.quiet || self.status != Status::Running {
            return 0.0;
        }
        60.0 / Duration::from_micros(self.last_cycle).as_secs_f32()
    }

    /// Begins to make parts and to stop by itself.
    pub(crate) fn wake(&mut self, now: Micros) {
        self.quiet = false;
        self.next_part = now + self.last_cycle;
        if self.status == Status::Running {
            self.next_change = Some(self.end_of_run(now));
        }
    }

    /// Makes no more parts and begins no more stops; a stop that lasts ends by itself.
    pub(crate) fn calm(&mut self) {
        self.quiet = true;
    }

    /// Changes no more without a command, whatever it is doing.
    pub(crate) fn freeze(&mut self) {
        self.quiet = true;
        self.next_change = None;
    }

    /// True when nothing will change any more without a command.
    pub(crate) fn is_steady(&self) -> bool {
        self.quiet && (self.status == Status::Running || self.next_change.is_none())
    }

    /// Everything that has come due, in order.
    pub(crate) fn advance(&mut self, now: Micros) -> Vec<Event> {
        let mut events = Vec::new();
        if self.status == Status::Running && !self.quiet {
            self.make_parts(now, &mut events);
        }
        if self.next_change.is_some_and(|due| due <= now) {
            match self.status {
                Status::Running if self.quiet => {},
                Status::Running => self.stop_by_itself(now, &mut events),
                Status::Stopped(_) => events.extend(self.run(now)),
            }
        }
        events
    }

    fn make_parts(&mut self, now: Micros, events: &mut Vec<Event>) {
        self.next_part = self.next_part.max(now.saturating_sub(LONGEST_ARREARS));
        while self.next_part <= now {
            let good = !self.dice.random_bool(self.rhythm.scrap_share);
            let (counter, name) =
                if good { (&mut self.good, "good") } else { (&mut self.scrap, "scrap") };
            if counter.count() {
                events.push(Event::Rollover { counter: name });
            }
            events.push(Event::Part { good, raw: self.raw() });
            self.last_cycle = self.draw_cycle();
            self.next_part += self.last_cycle;
            self.temperature = (self.temperature + self.dice.random_range(-2..=2)).clamp(-200, 900);
        }
    }

    fn draw_cycle(&mut self) -> Micros {
        let jitter = self.rhythm.jitter;
        let share = if jitter > 0.0 { self.dice.random_range(-jitter..jitter) } else { 0.0 };
        self.rhythm.compressed(self.rhythm.cycle.mul_f64(1.0 + share))
    }

    fn stop_by_itself(&mut self, now: Micros, events: &mut Vec<Event>) {
        let cause = match self.dice.random_range(0..10) {
            0..5 => {
                Cause::Fault { code: FAULT_CODES[self.dice.random_range(0..FAULT_CODES.len())] }
            },
            5..8 => Cause::Setup,
            _ => Cause::PlannedStop,
        };
        // A short one is always a fault: nobody sets up in a moment.
        let short = self.rhythm.stops == Stops::Seldom && self.dice.random_bool(0.75);
        let (lasts, cause) = match (self.rhythm.stops, cause) {
            (Stops::Seldom, Cause::Fault { .. }) if short => (2.0..6.0, cause),
            (Stops::Seldom, _) if short => (2.0..6.0, Cause::Fault { code: FAULT_CODES[0] }),
            (Stops::Seldom, _) => (20.0..60.0, cause),
            (Stops::Never | Stops::Often, _) => (2.0..8.0, cause),
        };
        let lasts = Duration::from_secs_f64(self.dice.random_range(lasts));
        events.extend(self.stop(now, cause));
        self.next_change = Some(now + self.rhythm.compressed(lasts));
    }

    fn end_of_run(&mut self, now: Micros) -> Micros {
        let lasts = match self.rhythm.stops {
            Stops::Never => return Micros::MAX,
            Stops::Often => 6.0..18.0,
            Stops::Seldom => 20.0..70.0,
        };
        let lasts = Duration::from_secs_f64(self.dice.random_range(lasts));
        now + self.rhythm.compressed(lasts)
    }

    /// Stops until [`Machine::run`]. A stop for another cause ends the one before.
    pub(crate) fn stop(&mut self, now: Micros, cause: Cause) -> Vec<Event> {
        if self.status == Status::Stopped(cause) {
            self.next_change = None;
            return Vec::new();
        }
        let mut events = self.end_stop(now);
        self.status = Status::Stopped(cause);
        self.next_change = None;
        self.stops.push(Stop { from: now, to: None, cause });
        events.push(Event::StopBegin { cause });
        events
    }

    pub(crate) fn run(&mut self, now: Micros) -> Vec<Event> {
        let events = self.end_stop(now);
        if !events.is_empty() {
            self.status = Status::Running;
            self.next_part = now + self.last_cycle;
            self.next_change = Some(self.end_of_run(now));
        }
        events
    }

    fn end_stop(&mut self, now: Micros) -> Vec<Event> {
        match self.stops.last_mut() {
            Some(stop) if stop.to.is_none() => {
                stop.to = Some(now);
                vec![Event::StopEnd { from: stop.from, cause: stop.cause }]
            },
            _ => Vec::new(),
        }
    }

    /// Both counters back to zero, as after a change of the control.
    pub(crate) fn reset_counters(&mut self) -> Vec<Event> {
        let raw_before = self.raw();
        self.good.reset();
        self.scrap.reset();
        vec![Event::Reset { raw_before }]
    }
}

#[cfg(test)]
mod tests;
