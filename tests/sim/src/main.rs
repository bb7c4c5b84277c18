//! `kart-sim`: the simulated plant as a program.
//!
//! The first line on stdout says where everything is; then every line on stdin is a command and gets one
//! line in answer. The end of stdin, SIGTERM or SIGINT ends it, with the totals as the last line.

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use kart_sim::{Broker, Plant, PlantConfig, PressConfig, Stops, control};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};

/// A simulated plant: presses on Modbus TCP, packers on MQTT, and a ground truth of everything.
#[derive(Debug, Parser)]
#[command(name = "kart-sim", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    mode: Option<Mode>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Only Modbus units whose counters move once per period, for measuring a reader.
    Load {
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=99))]
        devices: u8,
        #[arg(long, default_value_t = 1000)]
        period_ms: u64,
        /// Address of the listener for all units; port 0 takes any.
        #[arg(long, default_value = "127.0.0.1:0")]
        modbus: SocketAddr,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// Everything is drawn from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Second level of the MQTT topics.
    #[arg(long, default_value = "cedar")]
    site: String,
    /// Number of presses, EQ-211 and on.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=99))]
    presses: u8,
    /// A press of its own instead of `--presses`; may be given again.
    #[arg(long = "press", value_name = "CODE[:16|32[:START]]", value_parser = press)]
    press: Vec<PressConfig>,
    /// Number of packers, EQ-311 and on; one when there is a broker.
    #[arg(long)]
    packers: Option<u8>,
    /// Ideal time for one part.
    #[arg(long, default_value_t = 250)]
    cycle_ms: u64,
    /// Share of parts that are scrap.
    #[arg(long, default_value_t = 0.04)]
    scrap: f64,
    /// How many times faster than in the plant everything goes.
    #[arg(long, default_value_t = 1.0)]
    time_compression: f64,
    /// Machines stop only on command.
    #[arg(long)]
    no_stops: bool,
    /// Machines stop as on a floor, not every few seconds.
    #[arg(long, conflicts_with = "no_stops")]
    seldom: bool,
    /// Make nothing before the command `go`.
    #[arg(long)]
    hold: bool,
    /// Address of the listener for all units; port 0 takes any.
    #[arg(long, default_value = "127.0.0.1:0")]
    modbus: SocketAddr,
    /// Broker of the packers.
    #[arg(long, value_name = "HOST:PORT")]
    mqtt: Option<Broker>,
    /// Append the ground truth to this file.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

fn press(text: &str) -> Result<PressConfig> {
    let mut parts = text.splitn(3, ':');
    let mut press = PressConfig::usual(u8::MAX);
    press.code = parts.next().filter(|code| !code.is_empty()).context("no code")?.to_owned();
    if let Some(width) = parts.next() {
        press.width = width.parse().map_err(anyhow::Error::msg)?;
    }
    press.start_good =
        parts.next().map_or(Ok(0), str::parse).context("the start of the counter")?;
    Ok(press)
}

fn config(cli: Cli) -> PlantConfig {
    let run = cli.run;
    if let Some(Mode::Load { devices, period_ms, modbus }) = cli.mode {
        let config = PlantConfig::load(devices, Duration::from_millis(period_ms));
        return PlantConfig { modbus, ..config };
    }
    let packers = run.packers.unwrap_or_else(|| run.mqtt.is_some().into());
    let mut config = PlantConfig::small(run.presses, packers, run.mqtt);
    if !run.press.is_empty() {
        config.presses = run.press;
    }
    config.rhythm.cycle = Duration::from_millis(run.cycle_ms);
    config.rhythm.scrap_share = run.scrap;
    config.rhythm.compression = run.time_compression;
    config.rhythm.stops = match (run.no_stops, run.seldom) {
        (true, _) => Stops::Never,
        (false, true) => Stops::Seldom,
        (false, false) => Stops::Often,
    };
    PlantConfig {
        seed: run.seed,
        site: run.site,
        modbus: run.modbus,
        truth: run.truth,
        hold: run.hold,
        ..config
    }
}

async fn say(line: &Value) -> Result<()> {
    let mut stdout = tokio::io::stdout();
    stdout.write_all(format!("{line}\n").as_bytes()).await?;
    Ok(stdout.flush().await?)
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(simulate());
    // A thread that waits for the next command would otherwise hold the program until one comes.
    runtime.shutdown_background();
    ended
}

async fn simulate() -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut plant = Plant::start(config(Cli::parse())).await?;
    let machines = serde_json::to_value(&plant.machines)?;
    let ready = json!({ "event": "ready", "modbus": plant.modbus_addr, "machines": machines });
    say(&ready).await?;
    listen(&mut plant).await?;
    let totals = plant.stop().await?;
    say(&json!({ "event": "totals", "machines": totals })).await
}

/// Obeys until the end of the commands or a signal.
async fn listen(plant: &mut Plant) -> Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            fault = plant.failed() => bail!(fault),
        };
        let Some(line) = line else {
            return Ok(());
        };
        let answer = tokio::select! {
            answer = control::answer(plant, &line) => answer,
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        };
        say(&answer).await?;
    }
}
