//! `cargo demo`: builds the programs, starts a plant, a broker, headquarters and a terminal in temporary folders, and
//! opens the terminal's screen in the same window. With `--headless` a script is the operator and a report the end.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use kart_tests::world::WorldOptions;
use tokio::signal::unix::{SignalKind, signal};

mod headless;
mod prepare;
mod report;
mod screen;

/// A whole plant in one window: machines, a terminal beside them, and headquarters.
#[derive(Debug, Parser)]
#[command(name = "cargo demo", version)]
struct Cli {
    /// No screen: a script is the operator, and a report compares what was made with what was recorded.
    #[arg(long)]
    headless: bool,
    /// How long the machines run without a screen.
    #[arg(long, default_value_t = 60, requires = "headless")]
    seconds: u64,
    /// The report as one JSON object.
    #[arg(long, requires = "headless")]
    json: bool,
    /// Install nothing; what is missing is left out.
    #[arg(long)]
    no_install: bool,
    /// What the machines do is drawn from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The exit code that shells use for a program ended by SIGINT.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Whatever runs when a signal comes is dropped, and with it every program that was started.
    let ended = tokio::select! {
        ended = run(&cli) => ended,
        asked = asked_to_stop(), if cli.headless => {
            asked.map(|()| ExitCode::from(INTERRUPTED)).map_err(Into::into)
        },
    };
    ended.unwrap_or_else(|fault| {
        tell(&format!("{fault:#}"));
        ExitCode::FAILURE
    })
}

async fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    prepare::build().await?;
    let servers = prepare::servers(!cli.no_install).await;
    let options = WorldOptions {
        packers: servers.broker.into(),
        headquarters: servers.postgres,
        seed: cli.seed,
        ..WorldOptions::default()
    };
    if cli.headless {
        let report = headless::run(&options, Duration::from_secs(cli.seconds)).await?;
        let text = if cli.json { report.json()? } else { report.table() };
        writeln!(std::io::stdout(), "{text}")?;
        return Ok(if report.agree { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    screen::run(options).await
}

/// SIGINT or SIGTERM.
async fn asked_to_stop() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {},
        _ = terminate.recv() => {},
    }
    Ok(())
}

/// A line for the person at the window; standard output is for the report.
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
