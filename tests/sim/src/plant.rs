//! The plant as a whole: its configuration, its tasks, and what can be asked of it.

use crate::counter::{Counter, Width};
use crate::floor::{Floor, Place, Port, Totals};
use crate::machine::{Cause, Machine, Micros, Rhythm, Stops};
use crate::misbehaviour::{Fault, Kind};
use crate::modbus::{self, Bus, Traffic};
use crate::packer::{self, Broker, Outbox, Topics};
use crate::truth::Truth;
use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

const TICK: Duration = Duration::from_millis(10);
const LAST_WORDS: Duration = Duration::from_secs(3);

#[derive(Debug, Clone)]
pub struct PressConfig {
    pub code: String,
    /// Width of the good counter.
    pub width: Width,
    pub start_good: u64,
    pub start_scrap: u64,
}

#[derive(Debug, Clone)]
pub struct PlantConfig {
    pub seed: u64,
    pub site: String,
    pub presses: Vec<PressConfig>,
    /// Codes of the packers.
    pub packers: Vec<String>,
    pub rhythm: Rhythm,
    /// Where the listener for all units binds; those of single presses take any port on the same address.
    pub modbus: SocketAddr,
    pub broker: Option<Broker>,
    pub truth: Option<PathBuf>,
    /// Begin calm, and make parts only after [`Plant::go`].
    pub hold: bool,
}

impl PlantConfig {
    /// Presses EQ-211 and on, packers EQ-311 and on, with a 250 ms cycle, on any port of the loopback.
    pub fn small(presses: u8, packers: u8, broker: Option<Broker>) -> Self {
        Self {
            seed: 1,
            site: "cedar".to_owned(),
            presses: (0..presses).map(PressConfig::usual).collect(),
            packers: (0..packers).map(|i| format!("EQ-{}", 311 + u16::from(i))).collect(),
            rhythm: Rhythm {
                cycle: Duration::from_millis(250),
                jitter: 0.1,
                scrap_share: 0.04,
                stops: Stops::Often,
                compression: 1.0,
            },
            modbus: SocketAddr::from(([127, 0, 0, 1], 0)),
            broker,
            truth: None,
            hold: false,
        }
    }

    /// Nothing but units whose counters move once per period, for measuring the reader.
    pub fn load(devices: u8, period: Duration) -> Self {
        let mut config = Self::small(devices, 0, None);
        config.rhythm = Rhythm {
            cycle: period,
            jitter: 0.0,
            scrap_share: 0.0,
            stops: Stops::Never,
            compression: 1.0,
        };
        config
    }

    fn check(&self) -> Result<()> {
        let Rhythm { cycle, jitter, scrap_share, compression, .. } = self.rhythm;
        ensure!(cycle >= Duration::from_micros(100), "a cycle takes at least 0.1 ms");
        ensure!((0.0..1.0).contains(&jitter), "jitter is a share below 1");
        ensure!((0.0..=1.0).contains(&scrap_share), "scrap is a share from 0 to 1");
        ensure!((0.001..=1000.0).contains(&compression), "time compression is from 0.001 to 1000");
        ensure!(self.presses.len() <= 99, "at most 99 presses");
        ensure!(self.packers.is_empty() || self.broker.is_some(), "a packer needs a broker");
        let mut codes: Vec<&str> = self.presses.iter().map(|press| press.code.as_str()).collect();
        codes.extend(self.packers.iter().map(String::as_str));
        codes.sort_unstable();
        ensure!(codes.windows(2).all(|two| two[0] != two[1]), "two machines have the same code");
        Ok(())
    }
}

impl PressConfig {
    /// The first press has 32 bits and the second 16, both about to roll over; then come ordinary ones.
    pub fn usual(index: u8) -> Self {
        let code = format!("EQ-{}", 211 + u16::from(index));
        let (width, start_good, start_scrap) = match index {
            0 => (Width::Bits32, u64::from(u32::MAX) - 40, 65_533),
            1 => (Width::Bits16, 65_490, 12),
            _ => (Width::Bits32, 65_500 + u64::from(index), 0),
        };
        Self { code, width, start_good, start_scrap }
    }
}

/// Where a machine can be found, for the ready line and for tests.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Address {
    Press {
        machine: String,
        unit: u8,
        /// The listener of this press alone.
        own: SocketAddr,
        width: Width,
    },
    Packer {
        machine: String,
        /// The part of the topic before `/state`, `/counts` and `/speed`.
        topic: String,
    },
}

/// Wall time that never steps: read once, then carried on by the monotonic clock.
#[derive(Debug, Clone, Copy)]
struct Clock {
    began: SystemTime,
    since: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { began: SystemTime::now(), since: Instant::now() }
    }

    fn now(&self) -> Micros {
        let wall = self.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Micros::try_from((wall + self.since.elapsed()).as_micros()).unwrap_or(Micros::MAX)
    }
}

/// A running plant. Dropping it stops every task at once; [`Plant::stop`] lets the packers finish first.
#[derive(Debug)]
pub struct Plant {
    /// The listener for all units.
    pub modbus_addr: SocketAddr,
    pub machines: Vec<Address>,
    floor: Arc<Mutex<Floor>>,
    bus: Arc<Bus>,
    outboxes: Vec<Arc<Outbox>>,
    clock: Clock,
    pulse: watch::Receiver<u64>,
    tasks: JoinSet<Result<()>>,
}

impl Plant {
    pub async fn start(config: PlantConfig) -> Result<Self> {
        config.check()?;
        let clock = Clock::start();
        let mut tasks = JoinSet::new();
        let mut places = presses(&config);
        let mut outboxes = Vec::new();
        for place in packers(&config) {
            if let (Port::Mqtt { outbox, .. }, Some(broker)) = (&place.port, &config.broker) {
                let id = format!("kart-sim-{}-{}", place.code, std::process::id());
                tasks.spawn(packer::speak(id, broker.clone(), Arc::clone(outbox)));
                outboxes.push(Arc::clone(outbox));
            }
            places.push(place);
        }
        let truth = Truth::open(config.truth.as_deref()).context("opening the truth file")?;
        let floor = Arc::new(Mutex::new(Floor::new(places, truth, clock.now())?));
        let bus = Arc::new(Bus::new(Arc::clone(&floor)));
        let listener = TcpListener::bind(config.modbus)
            .await
            .with_context(|| format!("listening on {}", config.modbus))?;
        let modbus_addr = listener.local_addr()?;
        tasks.spawn(modbus::listen(Arc::clone(&bus), listener, None));
        let machines = addresses(&config, &bus, &mut tasks).await?;
        let (beat, pulse) = watch::channel(0);
        tasks.spawn(live(Arc::clone(&floor), clock, beat));
        let plant = Self { modbus_addr, machines, floor, bus, outboxes, clock, pulse, tasks };
        if !config.hold {
            plant.go();
        }
        Ok(plant)
    }

    fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets every machine make parts and stop by itself.
    pub fn go(&self) {
        self.floor().wake(self.clock.now());
    }

    pub fn totals(&self) -> Totals {
        self.floor().totals()
    }

    /// No more parts, no new stops; stops that last end by themselves, except those commanded. Returns when
    /// nothing changes any more and the broker has acknowledged every message.
    pub async fn quiesce(&self, patience: Duration) -> Result<Totals> {
        self.floor().calm(self.clock.now());
        self.until(patience, Self::is_steady).await?;
        Ok(self.totals())
    }

    fn is_steady(&self) -> bool {
        self.floor().is_steady() && self.outboxes.iter().all(|outbox| outbox.is_empty())
    }

    /// Waits until the plant is as wanted, looking at every tick.
    pub async fn until(&self, patience: Duration, wanted: impl Fn(&Self) -> bool) -> Result<()> {
        let mut pulse = self.pulse.clone();
        let waited = async {
            while !wanted(self) {
                pulse.changed().await.context("the plant has stopped")?;
            }
            Ok(())
        };
        tokio::time::timeout(patience, waited)
            .await
            .with_context(|| format!("the plant did not get there within {patience:?}"))?
    }

    pub fn misbehave(&self, machine: &str, fault: Fault) -> Result<()> {
        match (self.floor().port(machine)?, fault.kind) {
            (Port::Modbus { unit }, _) => self.bus.misbehave(*unit, fault),
            (Port::Mqtt { topics, outbox }, Kind::Garbage) => {
                outbox.put_once(topics.garbage("state"));
                outbox.put_once(topics.garbage("counts"));
            },
            (Port::Mqtt { .. }, _) => bail!("a packer can only send garbage"),
        }
        Ok(())
    }

    /// Stops a machine until [`Plant::run`].
    pub fn halt(&self, machine: &str, cause: Cause) -> Result<()> {
        let now = self.clock.now();
        self.floor().order(machine, now, |m| m.stop(now, cause))
    }

    pub fn run(&self, machine: &str) -> Result<()> {
        let now = self.clock.now();
        self.floor().order(machine, now, |m| m.run(now))
    }

    pub fn reset_counter(&self, machine: &str) -> Result<()> {
        self.floor().order(machine, self.clock.now(), Machine::reset_counters)
    }

    /// Every Modbus function code ever received.
    pub fn functions(&self) -> Traffic {
        self.bus.traffic()
    }

    /// Returns only when a task of the plant has failed.
    pub async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Ok(Err(fault))) => fault,
            Some(Err(fault)) => fault.into(),
            Some(Ok(Ok(()))) | None => anyhow::anyhow!("a task of the plant ended"),
        }
    }

    /// Freezes the machines as they are, gives the packers a moment to be acknowledged, closes the truth with the totals.
    pub async fn stop(mut self) -> Result<Totals> {
        self.floor().freeze(self.clock.now());
        let said = |plant: &Self| plant.outboxes.iter().all(|outbox| outbox.is_empty());
        if self.until(LAST_WORDS, said).await.is_err() {
            tracing::warn!("the broker did not acknowledge the last values");
        }
        self.tasks.shutdown().await;
        let now = self.clock.now();
        let mut floor = self.floor();
        floor.tell_totals(now, "totals")?;
        Ok(floor.totals())
    }
}

async fn live(floor: Arc<Mutex<Floor>>, clock: Clock, beat: watch::Sender<u64>) -> Result<()> {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let now = clock.now();
        let lived = floor.lock().unwrap_or_else(PoisonError::into_inner).advance(now);
        lived.context("writing the truth")?;
        beat.send_replace(now);
    }
}

fn presses(config: &PlantConfig) -> Vec<Place> {
    let places = config.presses.iter().zip(1..).map(|(press, unit)| {
        let good = Counter::new(press.width, press.start_good);
        let scrap = Counter::new(Width::Bits16, press.start_scrap);
        place(config, &press.code, (good, scrap), Port::Modbus { unit })
    });
    places.collect()
}

fn packers(config: &PlantConfig) -> Vec<Place> {
    let places = config.packers.iter().map(|code| {
        let good = Counter::new(Width::Bits64, 1_000);
        let scrap = Counter::new(Width::Bits64, 10);
        let topics = Topics::new(&config.site, code);
        place(config, code, (good, scrap), Port::Mqtt { topics, outbox: Arc::default() })
    });
    places.collect()
}

/// Each machine has dice of its own, so that adding one changes nothing for the others.
fn place(config: &PlantConfig, code: &str, counters: (Counter, Counter), port: Port) -> Place {
    let letters =
        code.bytes().fold(0_u64, |sum, b| sum.wrapping_mul(257).wrapping_add(u64::from(b)));
    let seed = config.seed.wrapping_mul(1_000_003).wrapping_add(letters);
    let machine = Machine::new(config.rhythm.clone(), seed, counters);
    Place { code: code.to_owned(), machine, port, state_told: 0 }
}

async fn addresses(
    config: &PlantConfig,
    bus: &Arc<Bus>,
    tasks: &mut JoinSet<Result<()>>,
) -> Result<Vec<Address>> {
    let mut addresses = Vec::new();
    for (press, unit) in config.presses.iter().zip(1..) {
        let listener = TcpListener::bind((config.modbus.ip(), 0)).await?;
        let own = listener.local_addr()?;
        tasks.spawn(modbus::listen(Arc::clone(bus), listener, Some(unit)));
        let machine = press.code.clone();
        addresses.push(Address::Press { machine, unit, own, width: press.width });
    }
    for code in &config.packers {
        let topic = Topics::new(&config.site, code).root;
        addresses.push(Address::Packer { machine: code.clone(), topic });
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests;
