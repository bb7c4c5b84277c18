//! The command line. Results go to standard output, everything else to the log.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::{
    admin::{self, KeyCommand},
    adopt::{self, AdoptArgs},
    backup::{self, BackupCommand},
    config::{Config, Sources},
    correction::ask::{self, CorrectArgs},
    database::{Database, distrust},
    enroll,
    feed::{self, command::FeedCommand},
    figures::{self, FiguresArgs},
    ledger::{self, LedgerArgs},
    migrate,
    numbers::{self, NumberCommand},
    operations::conflict::{self, ConflictsCommand},
    people::{self, BadgeCommand, PinCommand, UserCommand},
    privacy::{self, PersonCommand},
    quarantine::command::{self, QuarantineCommand},
    reason::{self, ReasonCommand},
    refold::{self, RefoldArgs},
    server,
    site::{
        self, Place,
        command::{Differs, SiteCommand},
    },
    terminal::{self, TerminalCommand},
    tls::{self, TlsCommand},
    work::{WorkArgs, alarm},
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
    /// Stand beside an existing Kartorium database. Needs a login that is a member of its owner.
    Adopt(AdoptArgs),
    /// A private authority and the gateway's certificate.
    #[command(subcommand)]
    Tls(TlsCommand),
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
    /// People of a site.
    #[command(subcommand)]
    User(UserCommand),
    /// Their badges.
    #[command(subcommand)]
    Badge(BadgeCommand),
    /// Their PINs.
    #[command(subcommand)]
    Pin(PinCommand),
    /// Numbers of batches and jobs, and who they are lent to.
    #[command(subcommand)]
    Number(NumberCommand),
    /// Reasons of stops.
    #[command(subcommand)]
    Reason(ReasonCommand),
    /// Facts that are stored and could not be applied yet.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// What facts say that cannot all be true.
    #[command(subcommand)]
    Conflicts(ConflictsCommand),
    /// Fold a site's facts again and compare, or put right, what is kept of them.
    Refold(RefoldArgs),
    /// Put right what a terminal recorded.
    Correct(Box<CorrectArgs>),
    /// A person's record: to hand out, or to forget.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Do background work.
    Work(WorkArgs),
    /// One line for whatever background work has found and somebody has to look into.
    Alarms(SiteArgs),
    /// Key figures of machines, each with the share of time that it knows of.
    Figures(Box<FiguresArgs>),
    /// Minutes that cannot all be right: machines that ran alone, people booked while one stood.
    Ledger(LedgerArgs),
    /// Keys with which a supervisor's programs speak to headquarters.
    #[command(subcommand)]
    ApiKey(KeyCommand),
    /// One line a terminal: status, last seen, backlog, version, clock, life of its log.
    Terminals(SiteArgs),
    /// Enrolled terminals.
    #[command(subcommand)]
    Terminal(TerminalCommand),
    /// What goes down to terminals.
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Backups of the central database.
    #[command(subcommand)]
    Backup(BackupCommand),
}

/// Which site is meant.
#[derive(Args)]
pub(crate) struct SiteArgs {
    #[arg(long)]
    organization: String,
    /// Code of the site.
    #[arg(long)]
    site: String,
}

impl SiteArgs {
    pub(crate) fn place(&self) -> Place<'_> {
        Place::new(&self.organization, &self.site)
    }
}

impl Cli {
    /// Does what was asked for. 2 says that a file or an argument is wrong, 1 everything else.
    pub async fn run(self) -> ExitCode {
        // There, 1 is an answer.
        let diff = matches!(self.command, Command::Site(SiteCommand::Diff { .. }));
        match self.execute().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) if fault.is::<Differs>() => ExitCode::from(1),
            Err(fault) => {
                let faulty_file = fault.is::<kart_core::document::Faults>();
                let why = distrust(&fault).map(|why| format!("{why}: ")).unwrap_or_default();
                writeln!(std::io::stderr(), "kart-hq: {why}{fault:#}").ok();
                ExitCode::from(if faulty_file || diff { 2 } else { 1 })
            },
        }
    }

    async fn execute(self) -> anyhow::Result<()> {
        if let Command::Tls(command) = &self.command {
            return say(&tls::run(command)?);
        }
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
            Command::Serve { .. } | Command::Tls(_) => Ok(()),
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
            Command::Adopt(args) => say(&adopt::run(&database, &args).await?),
            Command::Enroll { site, terminal, valid_minutes } => {
                say(&enroll::issue(&database, &site.place(), &terminal, valid_minutes).await?)
            },
            Command::Site(asked) => site::command::run(&database, asked).await,
            Command::User(asked) => people::user(&database, asked).await,
            Command::Badge(asked) => people::badge(&database, asked).await,
            Command::Pin(asked) => people::pin(&database, asked).await,
            Command::Number(asked) => numbers::run(&database, asked).await,
            Command::Reason(asked) => reason::run(&database, asked).await,
            Command::Quarantine(asked) => command::run(&database, asked).await,
            Command::Conflicts(asked) => conflict::run(&database, asked).await,
            Command::Refold(asked) => refold::run(&database, asked).await,
            Command::Correct(asked) => ask::run(&database, *asked).await,
            Command::Figures(asked) => figures::run(&database, &asked).await,
            Command::Ledger(asked) => ledger::run(&database, &asked).await,
            Command::ApiKey(asked) => admin::run(&database, asked).await,
            Command::Person(asked) => privacy::run(&database, asked).await,
            Command::Work(asked) => server::work(&database, asked).await,
            Command::Alarms(site) => alarm::list(&database, &site).await,
            Command::Terminals(site) => terminal::list(&database, &site.place()).await,
            Command::Terminal(command) => terminal::run(&database, command).await,
            Command::Feed(asked) => feed::command::run(&database, asked).await,
            Command::Backup(command) => backup::run(&database, command).await,
        }
    }
}

/// A line with what people called things, without what a screen would obey.
pub(crate) fn say_plain(line: &str) -> anyhow::Result<()> {
    let plain = |letter: char| letter == '\t' || !letter.is_control();
    say(&line.replace(|letter| !plain(letter), "\u{fffd}"))
}

/// A line of the result.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
