//! `cargo bench --package kart-tests --bench screen [-- FACTS]`: how long a key takes until the screen has changed, over a
//! log of that many facts, beside a terminal in which `cat` gives each key back; and what the screen needs while nobody
//! touches it. Needs `kartd` and `kart` of the same profile: `cargo build --release --bins`. Prints figures beside what is
//! aimed at, and fails for none.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kart_tests::measure::drain::backlog;
use kart_tests::programs::{program, repository};
use kart_tests::wait::lasts;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::enrolled;
use kart_tests::world::terminal::Terminal;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const FACTS: u64 = 5_000_000;
const KEYS: usize = 2_000;
/// The screen is at rest after so long without a byte.
const QUIET: Duration = Duration::from_millis(4);
const LIMIT: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(60);
/// Processor ticks per second, as /proc counts them.
const TICKS: f64 = 100.0;

/// A program in a pseudo-terminal, and when its bytes came.
struct Shown {
    keyboard: Box<dyn Write + Send>,
    arrivals: Receiver<Instant>,
    process: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Shown {
    fn open(command: CommandBuilder) -> anyhow::Result<Self> {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let process = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader()?;
        let (arrived, arrivals) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(1..) = output.read(&mut bytes) {
                if arrived.send(Instant::now()).is_err() {
                    break;
                }
            }
        });
        let keyboard = pair.master.take_writer()?;
        Ok(Self { keyboard, arrivals, process, _master: pair.master })
    }

    /// Lets it come to rest.
    fn rest(&self) -> anyhow::Result<()> {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            match self.arrivals.recv_timeout(QUIET) {
                Ok(_) => {},
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the program has ended"),
            }
        }
        anyhow::bail!("it is never at rest")
    }

    /// How long this key takes until the first byte comes.
    fn key(&mut self, key: &str) -> anyhow::Result<Duration> {
        self.rest()?;
        let pressed = Instant::now();
        self.keyboard.write_all(key.as_bytes())?;
        self.keyboard.flush()?;
        Ok(self.arrivals.recv_timeout(LIMIT)?.saturating_duration_since(pressed))
    }

    fn processor(&self) -> anyhow::Result<f64> {
        let number = self.process.process_id().context("the program has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat"))?;
        let (_, after) = stat.rsplit_once(')').context("a program's name")?;
        let mut fields = after.split_whitespace().skip(11);
        let mut ticks =
            || -> anyhow::Result<f64> { Ok(fields.next().context("a field")?.parse()?) };
        Ok((ticks()? + ticks()?) / TICKS)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn line(what: &str, figure: impl std::fmt::Display, aim: &str) {
    #[expect(clippy::print_stdout, reason = "figures are what this program is for")]
    {
        println!("{what:<58} {figure:>12}   {aim}");
    }
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 1000).min(times.len() - 1));
    for (name, share) in [("median", 500), ("p99", 990), ("longest", 999)] {
        let figure = at(share).map(|time| format!("{:.2} ms", time.as_secs_f64() * 1e3));
        line(&format!("{what}, {name}"), figure.unwrap_or_default(), "");
    }
}

fn kart(socket: &Path) -> anyhow::Result<CommandBuilder> {
    let mut kart = CommandBuilder::new(program("kart")?);
    kart.args(["--lang", "en", "--socket"]);
    kart.arg(socket);
    for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")] {
        kart.env(name, value);
    }
    Ok(kart)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let facts = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(FACTS);
    let site = repository().join("config/demo/site.toml");
    // Enrolled, because the log belongs to somebody; then headquarters goes, and all of it waits.
    let headquarters = Headquarters::start(&site).await?;
    let url = headquarters.url();
    let mut terminal = Terminal::prepare(|data| Ok(enrolled(data, &url, "")))?;
    terminal.enroll(&headquarters.enrollment_code("T-07").await?).await?;
    terminal.start().await?;
    terminal.stop().await?;
    drop(headquarters);
    let began = Instant::now();
    backlog(&terminal, facts).await?;
    let megabytes = std::fs::metadata(terminal.data().join("facts.db"))
        .map_or(0, |file| file.len() / 1024 / 1024);
    line(
        "facts in the log",
        facts,
        &format!("{megabytes} MiB, written in {:.0?}", began.elapsed()),
    );
    let began = Instant::now();
    terminal.start().await?;
    line("kartd, from its start to its first answer", format!("{:.1?}", began.elapsed()), "");
    let kib = terminal.resident_kib()?;
    line("kartd, resident", format!("{:.1} MiB", kib as f64 / 1024.0), "");

    let mut raw = CommandBuilder::new("/bin/sh");
    raw.args(["-c", "stty raw -echo; exec cat"]);
    let (mut screen, mut cat) = (Shown::open(kart(&terminal.socket())?)?, Shown::open(raw)?);
    screen.key("?")?;
    let (mut keys, mut limit) = (Vec::new(), Vec::new());
    for n in 0..KEYS {
        // Help scrolls down and up again: each key changes many cells.
        keys.push(screen.key(if n % 2 == 0 { "\u{1b}[B" } else { "\u{1b}[A" })?);
        limit.push(cat.key("x")?);
    }
    told("key to paint", keys);
    told("the same key through cat", limit);
    screen.key("\u{1b}")?;
    let before = screen.processor()?;
    lasts(IDLE).await;
    let share = 100.0 * (screen.processor()? - before) / IDLE.as_secs_f64();
    line(
        "kart while nobody touches it, of one core",
        format!("{share:.2} %"),
        "aim: at most 0.5 %",
    );
    terminal.stop().await
}
