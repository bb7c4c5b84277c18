//! The command line. Results go to standard output, everything else to the log.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Config, Sources},
    database::Database,
    enroll, migrate,
    quarantine::{self, Retried},
    server,
    site::{self, Place},
    terminal,
};

/// The gateway between terminals and the central database.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// Configuration file (TOML). Without it DATABASE_URL says which database.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, hide = true, global = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the central database, or raise it to this version. Needs the login that owns it.
    Migrate {
        /// Also make this login, which may do what the gateway needs and nothing else.
        #[arg(long)]
        gateway_login: Option<String>,
        /// File with the password of that login.
        #[arg(long, requires = "gateway_login")]
        gateway_password_file: Option<PathBuf>,
    },
    /// Serve terminals until SIGTERM.
    Serve {
        /// Address and port; port 0 takes a free one.
        #[arg(long)]
        listen: Option<SocketAddr>,
    },
    /// Print a one-time code with which a terminal can register itself.
    Enroll {
        #[command(flatten)]
        site: SiteArgs,
        /// Code of the terminal at the site.
        #[arg(long)]
        terminal: String,
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=43_200))]
        valid_minutes: u32,
    },
    /// The reference data of a site.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Facts that are stored and could not be applied yet.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Enrolled terminals.
    #[command(subcommand)]
    Terminal(TerminalCommand),
}

#[derive(Subcommand)]
enum SiteCommand {
    /// Load a site file; what it no longer names is switched off.
    Apply { file: PathBuf },
}

#[derive(Subcommand)]
enum QuarantineCommand {
    /// One line a fact: terminal, number, why, attempts, since when, details.
    List(SiteArgs),
    /// Try all of them again.
    Retry(SiteArgs),
}

#[derive(Subcommand)]
enum TerminalCommand {
    /// Lock a terminal out, from its next request on.
    Revoke {
        #[command(flatten)]
        site: SiteArgs,
        /// Code of the terminal at the site.
        #[arg(long)]
        terminal: String,
    },
}

#[derive(Args)]
struct SiteArgs {
    #[arg(long)]
    organization: String,
    /// Code of the site.
    #[arg(long)]
    site: String,
}

impl SiteArgs {
    fn place(&self) -> Place<'_> {
        Place { organization: &self.organization, code: &self.site }
    }
}

impl Cli {
    /// Does what was asked for. 2 says that a file or an argument is wrong, 1 everything else.
    pub async fn run(self) -> ExitCode {
        match self.execute().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                let faulty_file = fault.is::<kart_core::document::Faults>();
                writeln!(std::io::stderr(), "kart-hq: {fault:#}").ok();
                ExitCode::from(if faulty_file { 2 } else { 1 })
            },
        }
    }

    async fn execute(self) -> anyhow::Result<()> {
        let listen = match &self.command {
            Command::Serve { listen } => *listen,
            _ => None,
        };
        let config = Config::read(&Sources {
            file: self.config.as_deref(),
            database_url: self.database_url.as_deref(),
            listen,
        })?;
        if let Command::Serve { .. } = self.command {
            return server::serve(config).await;
        }
        let database = Database::new(config.database)?;
        match self.command {
            Command::Serve { .. } => Ok(()),
            Command::Migrate { gateway_login, gateway_password_file } => {
                let applied = migrate::migrate(&database).await?;
                if let Some(login) = &gateway_login {
                    migrate::gateway_login(&database, login, gateway_password_file.as_deref())
                        .await
                        .with_context(|| format!("the login {login} could not be made"))?;
                }
                say(&match applied.as_slice() {
                    [] => "the database was up to date".to_owned(),
                    applied => format!("applied {}", applied.join(", ")),
                })
            },
            Command::Enroll { site, terminal, valid_minutes } => {
                say(&enroll::issue(&database, &site.place(), &terminal, valid_minutes).await?)
            },
            Command::Site(SiteCommand::Apply { file }) => apply(&database, &file).await,
            Command::Quarantine(QuarantineCommand::List(site)) => {
                let lines = quarantine::list(&database, &site.place()).await?;
                lines.iter().try_for_each(|line| say(line))
            },
            Command::Quarantine(QuarantineCommand::Retry(site)) => {
                let Retried { applied, waiting } =
                    quarantine::retry_site(&database, &site.place(), true).await?;
                say(&format!("{applied} facts applied, {waiting} still wait"))
            },
            Command::Terminal(TerminalCommand::Revoke { site, terminal }) => {
                let id = terminal::revoke(&database, &site.place(), &terminal).await?;
                say(&format!("terminal {terminal} ({id}) is revoked"))
            },
        }
    }
}

async fn apply(database: &Database, file: &std::path::Path) -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let reference = kart_core::site::parse(&file.display().to_string(), &text)?;
    let applied = site::apply(database, &reference).await?;
    let place = Place { organization: &reference.organization, code: &reference.site.code };
    let Retried { applied: facts, waiting } = quarantine::retry_site(database, &place, false)
        .await
        .context("the site is applied, but facts that wait could not be tried again")?;
    say(&format!(
        "site {} of {}, version {}: {} rows added, {} changed, {} switched off; \
         {facts} waiting facts applied, {waiting} still wait",
        place.code,
        place.organization,
        applied.version,
        applied.added,
        applied.changed,
        applied.switched_off,
    ))
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
