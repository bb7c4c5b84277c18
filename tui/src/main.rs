//! `kart`: the operator terminal.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, builder::FalseyValueParser};
use kart_tui::{
    export::{self, ExportArgs},
    kept::Kept,
    run, status,
    theme::{Palette, Theme},
    words::Words,
};

/// The operator terminal of Kartorium Edge.
///
/// Without a command it opens the screen. The screen needs the daemon kartd beside it; while the
/// daemon is away it says so, keeps what you typed, and saves it when the daemon is back.
#[derive(Parser, Debug)]
#[command(name = "kart", version)]
struct Args {
    /// Socket of the daemon.
    #[arg(
        long,
        global = true,
        env = "KARTORIUM_SOCKET",
        default_value = "/run/kartorium/kartd.sock",
        value_name = "PATH"
    )]
    socket: PathBuf,
    /// Language: en, de or es. Without it, the language of the environment.
    #[arg(
        long,
        global = true,
        env = "KARTORIUM_LANG",
        value_name = "LANG",
        value_parser = ["en", "de", "es"]
    )]
    lang: Option<String>,
    /// Draw with ASCII characters only. Chosen by itself where the environment is not UTF-8.
    #[arg(long, global = true, env = "KARTORIUM_ASCII", value_parser = FalseyValueParser::new())]
    ascii: bool,
    /// Colours: standard, safe (blue for green, for eyes that do not tell red from green) or mono.
    /// NO_COLOR chooses mono, and so does a TERM that has no colours.
    #[arg(long, env = "KARTORIUM_PALETTE", value_name = "PALETTE", value_parser = Palette::WORDS)]
    palette: Option<String>,
    /// File that keeps which language each person chose [default: kartorium/languages where the
    /// environment keeps the state of programs].
    #[arg(long, env = "KARTORIUM_LANGUAGES", value_name = "PATH")]
    languages: Option<PathBuf>,
    /// A line that stands on the overview while nothing else is to be said there.
    #[arg(long, env = "KARTORIUM_HINT", value_name = "TEXT")]
    hint: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Print a short status and leave: 0 when recording, 1 when not or when the daemon is away.
    Status,
    /// Take a table out: rows that touch a stretch of time, as CSV or JSON lines on standard output.
    Export(Box<ExportArgs>),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match start(Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // The terminal is as it was; nobody is left to tell when even this cannot be written.
            writeln!(std::io::stderr(), "kart: {error:#}").ok();
            ExitCode::FAILURE
        },
    }
}

async fn start(args: Args) -> anyhow::Result<ExitCode> {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        anyhow::bail!("a TLS provider is installed already");
    }
    let words = Words::new(args.lang.as_deref().unwrap_or(&locale("LC_MESSAGES")));
    match args.command {
        None => {
            let ascii = args.ascii || !is_utf8(&locale("LC_CTYPE"));
            let theme = Theme { ascii, palette: palette(args.palette.as_deref()) };
            run::run(&args.socket, &words, theme, (Kept::at(args.languages), args.hint)).await?;
            Ok(ExitCode::SUCCESS)
        },
        Some(Command::Status) => status::print(&args.socket, &words).await,
        Some(Command::Export(asked)) => export::run(&args.socket, &asked).await,
    }
}

/// The palette that was asked for, else that of the environment.
fn palette(asked: Option<&str>) -> Palette {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let old = std::env::var("TERM").is_ok_and(|term| is_colourless(&term));
    let usual = if plain || old { Palette::Mono } else { Palette::Standard };
    asked.and_then(Palette::of).unwrap_or(usual)
}

/// Terminals of serial lines: some take a colour's numbers for the order to blink.
fn is_colourless(term: &str) -> bool {
    let family = |name: &str| term.starts_with(name);
    term.ends_with("-m")
        || term.ends_with("-mono")
        || ["vt1", "vt2", "vt3", "vt4"].into_iter().any(family)
}

/// The locale of the environment for one category, by the rules of POSIX.
fn locale(category: &str) -> String {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    set("LC_ALL").or_else(|| set(category)).or_else(|| set("LANG")).unwrap_or_default()
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
