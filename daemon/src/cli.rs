//! The command line of `kartd`.

use clap::{Parser, Subcommand};
use std::{io::Write as _, path::PathBuf, process::ExitCode};

use crate::{
    clock::Clock,
    config::Config,
    ingest::modbus::verdict::Verdict,
    life, telemetry,
    wiring::{self, Ended},
};

mod apply;
mod probe;
mod replay;

/// Records machine events and labor beside the machines.
#[derive(Parser)]
#[command(name = "kartd", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Record until asked to stop.
    Run(At),
    /// Check the configuration and the site file; reach for no device.
    Check(At),
    /// Print the configuration in force, defaults included, secrets not.
    ShowConfig(At),
    /// Register this terminal at headquarters.
    Enroll {
        /// The one-time code that headquarters issued.
        code: String,
        #[command(flatten)]
        at: At,
    },
    /// Replace this terminal's key by a new one. The daemon may run meanwhile.
    RotateKey(At),
    /// Put another map in force while the daemon runs: counters and open events go on.
    Apply {
        #[command(flatten)]
        apply: apply::NewMap,
        #[command(flatten)]
        at: At,
    },
    /// Derive the past again under a corrected map, and say what would be otherwise.
    Replay {
        #[command(flatten)]
        replay: replay::Asked,
        #[command(flatten)]
        at: At,
    },
    /// Look who answers; needs no configuration and only reads.
    #[command(subcommand)]
    Probe(probe::Probed),
}

#[derive(clap::Args)]
struct At {
    /// The configuration.
    #[arg(long, env = "KARTD_CONFIG", default_value = "/etc/kartorium/terminal.toml")]
    config: PathBuf,
}

/// Exit code of a configuration that cannot be used.
const BAD_CONFIG: u8 = 2;

/// Runs the command line. 0: done; 1: failed; 2: the configuration cannot be used; 75: start it
/// again.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let at = match &cli.command {
        Command::Probe(probed) => return ended(probe::run(probed)),
        Command::Run(at)
        | Command::Check(at)
        | Command::ShowConfig(at)
        | Command::RotateKey(at)
        | Command::Apply { at, .. }
        | Command::Replay { at, .. }
        | Command::Enroll { at, .. } => at,
    };
    let config = match Config::load(&at.config) {
        Ok(config) => config,
        Err(faults) => return complain(&faults.to_string(), BAD_CONFIG),
    };
    let done = match cli.command {
        Command::Run(_) => return serve(config),
        Command::Check(at) => {
            trusted(&config).and_then(|()| say(&checked(&config, &at.config.display())))
        },
        Command::Apply { apply, .. } => match apply::run(&apply, &config) {
            Ok(false) => return ExitCode::from(BAD_CONFIG),
            other => other.map(drop),
        },
        Command::Replay { replay, .. } => match replay::run(&replay, &config) {
            Ok(false) => return ExitCode::from(BAD_CONFIG),
            other => other.map(drop),
        },
        Command::ShowConfig(at) => Config::show(&at.config).and_then(|text| say(&text)),
        Command::Enroll { code, .. } => enroll(&config, &code),
        Command::RotateKey(_) => rotate_key(&config),
        Command::Probe(_) => Ok(()),
    };
    ended(done)
}

fn ended(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("{error:#}"), 1),
    }
}

/// The authority of headquarters is in a file of its own, which may be missing or another one.
fn trusted(config: &Config) -> anyhow::Result<()> {
    let Some(remote) = &config.headquarters else { return Ok(()) };
    wiring::headquarters(remote, &Clock::open()?).map(drop)
}

/// That all is well, and what each line will be asked for.
fn checked(config: &Config, path: &impl std::fmt::Display) -> String {
    let mut text = format!("{path}: ok\n");
    text.extend(config.warnings.iter().map(|warning| format!("warning: {warning}\n")));
    text.extend(config.lines.iter().map(|line| Verdict::of(line).to_string()));
    text
}

fn serve(config: Config) -> ExitCode {
    let run = || {
        telemetry::logs(config.terminal.log.word())?;
        config.warnings.iter().for_each(|warning| tracing::warn!(%warning, "configuration"));
        runtime(2)?.block_on(wiring::run(config))
    };
    match run() {
        Ok(Ended::Asked) => ExitCode::SUCCESS,
        Ok(Ended::StartAnew) => {
            let error = life::start_anew();
            complain(&format!("must be started anew and cannot do so: {error}"), life::START_ANEW)
        },
        Err(error) => complain(&format!("{error:#}"), 1),
    }
}

fn rotate_key(config: &Config) -> anyhow::Result<()> {
    let Some(remote) = &config.headquarters else {
        anyhow::bail!("the configuration has no [headquarters]");
    };
    let device = kart_sync::Device::open(&config.terminal.data_dir)?;
    let clock = Clock::open()?;
    let headquarters = wiring::headquarters(remote, &clock)?;
    let now_s = clock.stamp().wall_us.0.div_euclid(1_000_000);
    runtime(1)?.block_on(kart_sync::rotate_key(&device, &headquarters, now_s))?;
    say("the key is a new one\n")
}

fn enroll(config: &Config, code: &str) -> anyhow::Result<()> {
    let Some(remote) = &config.headquarters else {
        anyhow::bail!("the configuration has no [headquarters]");
    };
    let device = kart_sync::Device::open(&config.terminal.data_dir)?;
    let headquarters = wiring::headquarters(remote, &Clock::open()?)?;
    let wanted = wiring::registration(config);
    runtime(1)?.block_on(kart_sync::enroll(&device, &headquarters, code, &wanted))?;
    say(&format!("enrolled as {} of site {}\n", wanted.terminal_code, wanted.site))
}

fn runtime(workers: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn complain(text: &str, code: u8) -> ExitCode {
    // With standard error closed there is nobody left to tell.
    drop(writeln!(std::io::stderr(), "kartd: {text}"));
    ExitCode::from(code)
}
