//! Modbus: one loop for each line, fair to all its units, with the fewest requests.
//!
//! A value is only ever handed on from an answer that fits its question; after anything else the
//! connection is dropped. Whether a machine is then unknown is decided by the engine, by the age
//! of its values. Nothing in here can write to a device.

use rand::Rng as _;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Intake, SourceFault, reach::Backoff};
use crate::clock::Clock;

pub mod order;
pub mod plan;
pub mod notation;
pub mod read;
pub mod verdict;
pub mod decode;
pub mod exception;
pub mod rtu;
pub mod link;
pub mod probe;
pub mod look;
pub mod survey;
mod schedule;
mod trouble;
mod unit;

use link::{Link, LinkFault, Opening};
use look::{Look, Looks};
use plan::{Address, LinePlan};
use schedule::Due;
use unit::Unit;

/// How long this adapter waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between attempts to connect, at first.
    pub first_delay: Duration,
    /// And at most.
    pub most_delay: Duration,
    /// A connection that lived shorter was not a good one; nor is one sought more often than this
    /// from a device that accepts and then says nothing: another client may hold its only one.
    pub settled: Duration,
    /// Registers that a device refuses are asked for again after this time.
    pub refused: Duration,
    /// A unit that does not answer is left alone so long at first.
    pub first_rest: Duration,
    /// What was never answered as a whole is asked for in parts so long.
    pub whole: Duration,
}

/// What a shop floor bears.
pub const PACE: Pace = Pace {
    first_delay: Duration::from_millis(200),
    most_delay: Duration::from_secs(30),
    settled: Duration::from_secs(5),
    refused: Duration::from_mins(1),
    first_rest: Duration::from_secs(1),
    whole: Duration::from_hours(1),
};

/// Reads `plan` until `stop`.
pub async fn run(
    plan: impl Into<Arc<LinePlan>>,
    intake: Intake,
    clock: Clock,
    pace: Pace,
    stop: CancellationToken,
) -> Result<(), SourceFault> {
    run_and_show(plan, intake, clock, None, (pace, stop)).await
}

/// As [`run`], and reads in between what people want to see.
pub async fn run_and_show(
    plan: impl Into<Arc<LinePlan>>,
    intake: Intake,
    clock: Clock,
    looks: Option<mpsc::Receiver<Look>>,
    (pace, stop): (Pace, CancellationToken),
) -> Result<(), SourceFault> {
    let mut line = Line::new(plan.into(), &intake, &clock, pace);
    line.looks = Looks::new(looks);
    drop(intake);
    match stop.run_until_cancelled(line.read_for_ever()).await {
        Some(Err(fault)) => Err(fault),
        None => Ok(()),
    }
}

struct Line {
    plan: Arc<LinePlan>,
    pace: Pace,
    units: Vec<Unit>,
    /// When the intervals begin; lines do not all begin at once.
    begins: Instant,
    /// Whose turn it is.
    turn: usize,
    /// Whether the second address is in use.
    elsewhere: bool,
    /// How long silence is waited for on a line without transaction numbers.
    quiet: Duration,
    clock: Clock,
    looks: Looks,
}

/// How a connection ended.
struct End {
    why: SessionEnd,
    /// Somebody had answered.
    answered: bool,
}

enum SessionEnd {
    /// Before any unit was asked.
    Connect(LinkFault),
    /// While this unit was asked.
    Asked(usize, LinkFault),
    Source(SourceFault),
}

impl Line {
    fn new(plan: Arc<LinePlan>, intake: &Intake, clock: &Clock, pace: Pace) -> Self {
        let units = plan.devices.iter().cloned();
        let begins = Instant::now() + phase(&plan);
        let unit = |device| {
            let place = plan.address.place();
            Unit::new(device, place, intake.clone(), (clock.clone(), pace, begins))
        };
        let units = units.map(unit).collect();
        let (clock, looks) = (clock.clone(), Looks::new(None));
        let (turn, elsewhere, quiet) = (0, false, Duration::ZERO);
        Self { plan, pace, units, begins, turn, elsewhere, quiet, clock, looks }
    }

    async fn read_for_ever(&mut self) -> Result<Infallible, SourceFault> {
        let mut backoff = Backoff::new(self.pace.first_delay, self.pace.most_delay);
        sleep_until(self.begins).await;
        loop {
            let opening = self.opening();
            let opened = Link::connect(self.address(), opening, self.plan.request_pause).await;
            let (connected, started) = (opened.is_ok(), Instant::now());
            let end = match opened {
                Ok(link) => self.session(link).await,
                Err(fault) => End { why: SessionEnd::Connect(fault), answered: false },
            };
            let shared = self.drop_out(end.why)?;
            if end.answered && started.elapsed() >= self.pace.settled {
                backoff.reset();
            }
            if !end.answered && self.plan.second.is_some() {
                self.elsewhere = !self.elsewhere;
            }
            // One silent unit costs the others no more than a new connection.
            let delay = if shared { self.pace.first_delay } else { backoff.next() };
            let bare = connected && !end.answered && !shared;
            sleep(if bare { delay.max(self.pace.settled) } else { delay }).await;
        }
    }

    /// Tells the units of a dropped connection; `true` when others than the one that failed are
    /// within reach.
    fn drop_out(&mut self, why: SessionEnd) -> Result<bool, SourceFault> {
        match why {
            SessionEnd::Source(fault) => Err(fault),
            SessionEnd::Connect(fault) => {
                debug!(line = %self.plan.address, %fault, "no connection");
                // A late answer may still come over the next one.
                self.quiet = self.longest_timeout();
                for unit in &mut self.units {
                    unit.missed(&fault.to_string(), false)?;
                }
                Ok(false)
            },
            SessionEnd::Asked(index, fault) => {
                debug!(line = %self.plan.address, %fault, "connection dropped");
                self.quiet = self.longest_timeout();
                Ok(self.others_reachable(index))
            },
        }
    }

    fn address(&self) -> &Address {
        self.plan.second.as_ref().filter(|_| self.elsewhere).unwrap_or(&self.plan.address)
    }

    fn opening(&mut self) -> Opening {
        Opening {
            timeout: self.longest_timeout(),
            pause: self.plan.connect_pause,
            quiet: std::mem::take(&mut self.quiet),
        }
    }

    fn longest_timeout(&self) -> Duration {
        self.plan.devices.iter().map(|device| device.timeout).max().unwrap_or_default()
    }

    /// Reads over one connection until it fails.
    async fn session(&mut self, mut link: Link) -> End {
        let mut answered = false;
        let why = loop {
            if let Some(look) = self.looks.take() {
                match self.show(&mut link, look).await {
                    Some(end) => break end,
                    None => continue,
                }
            }
            self.looks.polled();
            let Some((index, due)) = self.take(Instant::now()) else {
                self.idle().await;
                continue;
            };
            let others = self.others_reachable(index);
            let Some(unit) = self.units.get_mut(index) else { continue };
            let told = match link.ask(unit.plan.unit, unit.plan.timeout, &due.read).await {
                Ok(answer) => {
                    answered = true;
                    unit.answered(due, answer)
                },
                Err(fault) => match unit.failed(due, &fault.to_string(), others) {
                    Ok(()) => break SessionEnd::Asked(index, fault),
                    Err(fault) => Err(fault),
                },
            };
            if let Err(fault) = told {
                break SessionEnd::Source(fault);
            }
        };
        End { why, answered }
    }

    /// Until something is due, or somebody wants to see something.
    async fn idle(&mut self) {
        let wakes = self.units.iter().filter_map(Unit::wakes).min();
        let due = async {
            match wakes {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {},
            () = self.looks.come() => {},
        }
    }

    /// Reads what a person wants to see. Gives the end of the connection, where it came of that.
    async fn show(&mut self, link: &mut Link, look: Look) -> Option<SessionEnd> {
        let index = self.units.iter().position(|unit| unit.plan.unit == look.unit)?;
        let others = self.others_reachable(index);
        let unit = self.units.get_mut(index)?;
        let look = self.looks.admits(look, unit.rests())?;
        let (answer, end) = match link.ask(look.unit, unit.plan.timeout, &look.read).await {
            Ok(words) => (look::answer(words, self.clock.stamp()), None),
            Err(fault) => {
                self.looks.broke();
                let why = fault.to_string();
                let end = match unit.missed(&why, others) {
                    Ok(()) => SessionEnd::Asked(index, fault),
                    Err(fault) => SessionEnd::Source(fault),
                };
                (Err(why.into()), Some(end))
            },
        };
        // Whoever asked may have gone.
        look.reply.send(answer).unwrap_or_default();
        end
    }

    fn others_reachable(&self, index: usize) -> bool {
        self.units.iter().enumerate().any(|(n, unit)| n != index && !unit.is_down())
    }

    /// The next request. After each one the next unit has its turn.
    fn take(&mut self, now: Instant) -> Option<(usize, Due)> {
        let count = self.units.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            if let Some(due) = self.units.get_mut(index).and_then(|unit| unit.take(now)) {
                self.turn = index + 1;
                return Some((index, due));
            }
        }
        None
    }
}

/// How long after its start a line begins: by chance, within its shortest interval.
fn phase(plan: &LinePlan) -> Duration {
    let groups = plan.devices.iter().flat_map(|device| &device.groups);
    let shortest = groups.map(|group| group.interval).min();
    let most = shortest.unwrap_or_default().min(Duration::from_secs(1));
    most.mul_f64(rand::rng().random_range(0.0..1.0))
}

#[cfg(test)]
mod tests;
