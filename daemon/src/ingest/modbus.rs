//! One Modbus TCP device: one connection, one loop, the fewest reads.
//!
//! A value is only ever handed on from an answer that fits its question; after anything else the
//! connection is dropped. Whether a machine is then unknown is decided by the engine, by the age
//! of its values. Nothing in here can write to a device.

use kart_core::{
    signal::{Quality, Sample},
    time::Stamp,
};
use rand::Rng as _;
use std::{collections::BTreeSet, convert::Infallible, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_modbus::ExceptionCode;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    Intake, Outlet, SourceFault,
    reach::{Backoff, Reach},
};
use crate::clock::Clock;

pub mod plan;
pub mod decode;
pub mod link;

use link::{Link, LinkFault};
use plan::{DevicePlan, Read};

/// How long this adapter waits for what.
#[derive(Clone, Copy)]
struct Pace {
    /// Between attempts to connect.
    first_delay: Duration,
    most_delay: Duration,
    /// A connection that lived shorter was not a good one; nor is one sought more often than this
    /// from a device that accepts and then says nothing: another client may hold its only one.
    settled: Duration,
    /// Registers that a device refuses are asked for again after this time.
    refused: Duration,
}

const PACE: Pace = Pace {
    first_delay: Duration::from_millis(200),
    most_delay: Duration::from_secs(30),
    settled: Duration::from_secs(5),
    refused: Duration::from_mins(1),
};

/// Reads `plan` until `stop`.
pub async fn run(
    plan: DevicePlan,
    intake: Intake,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), SourceFault> {
    let mut device = Device::new(plan, intake, clock, PACE);
    match stop.run_until_cancelled(device.read_for_ever()).await {
        Some(Err(fault)) => Err(fault),
        None => Ok(()),
    }
}

struct Device {
    plan: DevicePlan,
    pace: Pace,
    clock: Clock,
    outlet: Outlet,
    reach: Reach,
    /// What was warned of and still holds.
    said: BTreeSet<String>,
}

/// A read with its place in time.
struct Due {
    read: Read,
    interval: Duration,
    at: Instant,
    busy: Backoff,
}

enum SessionEnd {
    Link(LinkFault),
    Source(SourceFault),
}

impl From<LinkFault> for SessionEnd {
    fn from(fault: LinkFault) -> Self {
        Self::Link(fault)
    }
}

impl From<SourceFault> for SessionEnd {
    fn from(fault: SourceFault) -> Self {
        Self::Source(fault)
    }
}

impl Device {
    fn new(plan: DevicePlan, intake: Intake, clock: Clock, pace: Pace) -> Self {
        let outlet = Outlet::new(&plan.name, intake);
        let reach = Reach::new(&plan.name, plan.machines());
        Self { plan, pace, clock, outlet, reach, said: BTreeSet::new() }
    }

    async fn read_for_ever(&mut self) -> Result<Infallible, SourceFault> {
        let mut backoff = self.backoff();
        sleep(self.phase()).await;
        loop {
            let opened = Link::connect(&self.plan).await;
            let connected = opened.is_ok();
            let started = Instant::now();
            let mut answered = false;
            let end = match opened {
                Ok(link) => match self.session(link, &mut answered).await {
                    Err(end) => end,
                },
                Err(fault) => SessionEnd::Link(fault),
            };
            match end {
                SessionEnd::Source(fault) => return Err(fault),
                SessionEnd::Link(fault) => {
                    debug!(device = self.plan.name, %fault, "connection dropped");
                    self.missed(&fault.to_string())?;
                },
            }
            if answered && started.elapsed() >= self.pace.settled {
                backoff.reset();
            }
            let delay = backoff.next();
            sleep(if connected && !answered { delay.max(self.pace.settled) } else { delay }).await;
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.pace.first_delay, self.pace.most_delay)
    }

    /// Devices do not all begin at once.
    fn phase(&self) -> Duration {
        let shortest = self.plan.groups.iter().map(|group| group.interval).min();
        let most = shortest.unwrap_or_default().min(Duration::from_secs(1));
        most.mul_f64(rand::rng().random_range(0.0..1.0))
    }

    /// Reads over one connection until it fails.
    async fn session(
        &mut self,
        mut link: Link,
        answered: &mut bool,
    ) -> Result<Infallible, SessionEnd> {
        let mut schedule = self.schedule();
        loop {
            let Some(first) = schedule.iter().map(|due| due.at).min() else {
                std::future::pending::<Infallible>().await;
                continue;
            };
            sleep_until(first).await;
            let mut samples = Vec::new();
            let mut later = Vec::with_capacity(schedule.len() + 1);
            for due in schedule {
                if due.at > first {
                    later.push(due);
                    continue;
                }
                match link.ask(&due.read).await {
                    Ok(answer) => {
                        *answered = true;
                        self.answer(due, answer, &mut samples, &mut later)?;
                    },
                    Err(fault) => {
                        self.outlet.samples(samples)?;
                        return Err(fault.into());
                    },
                }
            }
            self.outlet.samples(samples)?;
            schedule = later;
        }
    }

    fn schedule(&self) -> Vec<Due> {
        let at = Instant::now();
        let mut all = Vec::new();
        for group in &self.plan.groups {
            let reads = plan::reads(&group.points, self.plan.max_gap, self.plan.max_registers);
            all.extend(reads.into_iter().map(|read| {
                let busy = self.backoff();
                Due { read, interval: group.interval, at, busy }
            }));
        }
        all
    }

    /// Takes the answer to `due` and says when to ask again.
    fn answer(
        &mut self,
        mut due: Due,
        answer: Result<Vec<u16>, ExceptionCode>,
        samples: &mut Vec<Sample>,
        later: &mut Vec<Due>,
    ) -> Result<(), SourceFault> {
        let now = Instant::now();
        match answer {
            Ok(words) => {
                self.reached()?;
                self.over(|| due.read.to_string());
                let at = self.clock.stamp();
                samples.extend(self.decode(&due.read, &words, at));
                due.busy.reset();
                due.at = (due.at + due.interval).max(now);
            },
            Err(
                code @ (ExceptionCode::IllegalFunction
                | ExceptionCode::IllegalDataAddress
                | ExceptionCode::IllegalDataValue),
            ) => {
                self.reached()?;
                if code != ExceptionCode::IllegalFunction
                    && let Some((left, right)) = due.read.split()
                {
                    for read in [left, right] {
                        let busy = self.backoff();
                        later.push(Due { read, interval: due.interval, at: now, busy });
                    }
                    return Ok(());
                }
                let what = format!("the device refuses {}: {code}", due.read);
                self.warn_once(&due.read.to_string(), &what);
                due.at = now + self.pace.refused;
            },
            Err(code) => {
                self.missed(&format!("{}: {code}", due.read))?;
                due.at = now + due.interval.max(due.busy.next());
            },
        }
        later.push(due);
        Ok(())
    }

    fn decode(&mut self, read: &Read, words: &[u16], at: Stamp) -> Vec<Sample> {
        let mut samples = Vec::with_capacity(read.points.len());
        for point in &read.points {
            let key = || format!("machine {} {}", point.machine, point.signal);
            match decode::value(read, words, point) {
                Ok(value) => {
                    self.over(key);
                    let (machine, signal) = (point.machine, point.signal.clone());
                    let quality = Quality::Good;
                    samples.push(Sample { machine, signal, value, quality, at, again: false });
                },
                Err(reason) => {
                    let name = self.plan.name.clone();
                    metrics::counter!("kart_no_value_total", "device" => name).increment(1);
                    self.warn_once(&key(), &format!("no value for {}: {reason}", point.signal));
                },
            }
        }
        samples
    }

    fn warn_once(&mut self, key: &str, what: &str) {
        if self.said.insert(key.to_owned()) {
            warn!(device = self.plan.name, "{what}");
        }
    }

    fn over(&mut self, key: impl Fn() -> String) {
        if self.said.is_empty() {
            return;
        }
        let key = key();
        if self.said.remove(&key) {
            info!(device = self.plan.name, "{key}: good again");
        }
    }

    fn reached(&mut self) -> Result<(), SourceFault> {
        match self.reach.reached(self.clock.stamp()) {
            Some(reading) => self.outlet.link(reading),
            None => Ok(()),
        }
    }

    fn missed(&mut self, reason: &str) -> Result<(), SourceFault> {
        match self.reach.missed(reason, self.clock.stamp()) {
            Some(reading) => self.outlet.link(reading),
            None => self.outlet.flush(),
        }
    }
}

#[cfg(test)]
mod tests;
