//! A whole world in temporary folders: plant, broker, headquarters and one terminal, each a real program. It ends when
//! it is dropped.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use kart_api::Client;
use tempfile::TempDir;

use crate::broker::Broker;
use crate::operator::Confirmed;
use crate::wait::try_for;

pub mod accounts;
pub mod floor;
pub mod gateway;
pub mod headquarters;
pub mod layout;
pub mod plant;
pub mod terminal;

use accounts::Accounts;
use headquarters::Headquarters;
use layout::Layout;
use plant::{Plant, Totals};
use terminal::Terminal;

const LIMIT: Duration = Duration::from_secs(60);
/// Longer than any rule of the demo's map holds a state back.
const STILL: Duration = Duration::from_millis(1500);
const TERMINAL: &str = "T-07";

#[derive(Debug, Clone)]
pub struct WorldOptions {
    pub presses: u8,
    /// They need mosquitto.
    pub packers: u8,
    /// It needs Postgres.
    pub headquarters: bool,
    /// What Kartorium has made in the central database before it is adopted; ours is built otherwise.
    pub kartorium: Option<&'static str>,
    pub seed: u64,
    pub cycle: Duration,
    /// Machines stop by themselves.
    pub stops: bool,
    /// As on a floor, for people: see [`floor`].
    pub floor: bool,
    /// Presses that only count, once in this time, and are read as often; nothing holds them.
    pub load: Option<Duration>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            presses: 2,
            packers: 1,
            headquarters: true,
            kartorium: None,
            seed: 1,
            cycle: Duration::from_millis(250),
            stops: true,
            floor: false,
            load: None,
        }
    }
}

/// Fields end in this order: who asks before whom it asks.
#[derive(Debug)]
pub struct World {
    pub terminal: Terminal,
    pub plant: Plant,
    pub broker: Option<Broker>,
    pub headquarters: Option<Headquarters>,
    folder: TempDir,
}

impl World {
    /// Starts everything, up to the moment where the daemon knows its site and has seen every machine. The plant holds still until
    /// [`World::go`], so that every part it makes is one that can be counted.
    pub async fn start(options: &WorldOptions) -> anyhow::Result<Self> {
        // Fails only when a provider is installed already, and then there is one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let folder = tempfile::Builder::new().prefix("kart-world-").tempdir()?;
        let broker = match options.packers {
            0 => None,
            _ => Some(Broker::start().await?),
        };
        let truth = folder.path().join("truth.ndjson").display().to_string();
        let plant = Plant::start(&options.arguments(broker.as_ref(), &truth)).await?;
        let site = folder.path().join("site.toml");
        let accounts = options.kartorium.is_some();
        let text = layout::site(&plant.machines, accounts)?;
        std::fs::write(&site, if options.floor { floor::site(&text)? } else { text })?;
        let headquarters = match (options.headquarters, options.kartorium) {
            (true, None) => Some(Headquarters::start(&site).await?),
            (true, Some(before)) => Some(Headquarters::adopted_with(&site, before, &[]).await?),
            (false, _) => None,
        };
        let mut terminal = Terminal::prepare(|data| {
            let text = Layout {
                data,
                machines: &plant.machines,
                interval: options.load,
                fastest: 3.0 / options.cycle.as_secs_f64(),
                broker: broker.as_ref().map(Broker::address),
                headquarters: headquarters.as_ref().map(Headquarters::url),
                site: &site,
            }
            .configuration()?;
            if options.floor { floor::map(&text) } else { Ok(text) }
        })?;
        if let Some(headquarters) = &headquarters {
            terminal.enroll(&headquarters.enrollment_code(TERMINAL).await?).await?;
        }
        terminal.start().await?;
        let world = Self { terminal, plant, broker, headquarters, folder };
        world.all_seen().await?;
        Ok(world)
    }

    pub fn client(&self) -> anyhow::Result<Client> {
        self.terminal.client()
    }

    /// The site file that headquarters began with.
    pub fn site(&self) -> std::path::PathBuf {
        self.folder.path().join("site.toml")
    }

    /// Everything that happened in the plant, one JSON line each.
    pub fn truth(&self) -> std::io::Result<String> {
        std::fs::read_to_string(self.folder.path().join("truth.ndjson"))
    }

    /// Machines make parts from now on.
    pub async fn go(&mut self) -> anyhow::Result<()> {
        self.plant.go().await
    }

    /// SIGKILL to the daemon, and a new one.
    pub async fn kill_daemon(&mut self) -> anyhow::Result<()> {
        self.terminal.kill()?;
        self.terminal.start().await
    }

    /// The plant comes to rest, the daemon has seen it, headquarters holds it.
    pub async fn rest(&mut self) -> anyhow::Result<Totals> {
        let totals = self.plant.quiesce().await?;
        self.caught_up(&totals).await?;
        self.settled().await?;
        Ok(totals)
    }

    /// What plant, terminal and headquarters hold, compared. Meaningful after [`World::rest`].
    pub async fn accounts(
        &self,
        totals: &Totals,
        confirmed: &Confirmed,
    ) -> anyhow::Result<Accounts> {
        accounts::compare(self, totals, confirmed).await
    }

    /// Waits until the daemon shows each counter as the plant does.
    pub async fn caught_up(&self, totals: &Totals) -> anyhow::Result<()> {
        let client = self.client()?;
        try_for("the last readings on the screen", LIMIT, async || {
            let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
            for machine in &view.machines {
                let raw = totals.get(&machine.code).ok_or("a machine that the plant lacks")?.raw;
                for (signal, wanted) in [("good", raw.good), ("scrap", raw.scrap)] {
                    let shown = counter(machine, signal);
                    if shown != i64::try_from(wanted).ok() {
                        return Err(format!("{} {signal}: {shown:?}, not {wanted}", machine.code));
                    }
                }
            }
            Ok(())
        })
        .await
    }

    /// Waits until the log grows no more and, with headquarters, until that holds all of it.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let client = self.client()?;
        let mut still = (0, Instant::now());
        try_for("a log at rest", LIMIT, async || {
            let health = client.health().await.map_err(|fault| fault.to_string())?;
            if health.head != still.0 {
                still = (health.head, Instant::now());
            }
            if still.1.elapsed() < STILL {
                return Err(format!("fact {} was written just now", health.head));
            }
            let Some(headquarters) = &self.headquarters else { return Ok(()) };
            if health.acked != health.head {
                return Err(format!("{} of {} confirmed", health.acked, health.head));
            }
            let held = headquarters
                .number("SELECT max(watermark) FROM edge.terminals WHERE status <> 'retired'")
                .await;
            let held = held.map_err(|fault| format!("{fault:#}"))?;
            let same = u64::try_from(held) == Ok(health.head);
            same.then_some(()).ok_or_else(|| format!("Postgres holds {held} of {}", health.head))
        })
        .await
    }

    async fn all_seen(&self) -> anyhow::Result<()> {
        let client = self.client()?;
        try_for("a first reading of each machine", LIMIT, async || {
            let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
            // Without site data nobody is known.
            view.reference.as_ref().ok_or("no site data yet")?;
            let unseen = |machine: &&kart_api::Machine| {
                counter(machine, "good").is_none() || counter(machine, "scrap").is_none()
            };
            if view.machines.len() != self.plant.machines.len() {
                return Err(format!("{} machines are shown", view.machines.len()));
            }
            let unseen = view.machines.iter().find(unseen);
            unseen.map_or(Ok(()), |machine| Err(format!("{} was never read", machine.code)))
        })
        .await
        .context("the terminal does not come up")
    }
}

fn counter(machine: &kart_api::Machine, signal: &str) -> Option<i64> {
    let mut signals = machine.signals.iter();
    signals.find(|shown| shown.name == signal)?.value.as_ref()?.count()
}

impl WorldOptions {
    fn arguments(&self, broker: Option<&Broker>, truth: &str) -> Vec<String> {
        if let Some(period) = self.load {
            let (devices, period) = (self.presses.to_string(), period.as_millis().to_string());
            return ["load", "--devices", &devices, "--period-ms", &period]
                .map(str::to_owned)
                .into();
        }
        let mut arguments = vec!["--hold".to_owned()];
        let mut say = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        say("--seed", self.seed.to_string());
        say("--presses", self.presses.to_string());
        say("--packers", self.packers.to_string());
        say("--cycle-ms", self.cycle.as_millis().to_string());
        say("--truth", truth.to_owned());
        if let Some(broker) = broker {
            say("--mqtt", broker.address().to_string());
        }
        if !self.stops {
            arguments.push("--no-stops".to_owned());
        } else if self.floor {
            arguments.push("--seldom".to_owned());
        }
        arguments
    }
}
