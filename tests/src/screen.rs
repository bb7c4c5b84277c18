//! The terminal `kart` in a real pseudo-terminal: keys go in, and what a person would see comes out.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use vt100::Parser;

use crate::programs::program;
use crate::wait::try_for;

const LIMIT: Duration = Duration::from_secs(20);
/// Bytes that are kept of what came.
const LOG: usize = 64 * 1024;
const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();

/// Keys that no letter stands for.
pub const ENTER: &str = "\r";
pub const ESCAPE: &str = "\u{1b}";
pub const TAB: &str = "\t";

/// 80 columns and 24 rows with `kart` in them.
pub struct Screen {
    shown: Arc<Mutex<Parser>>,
    /// The last bytes that came.
    told: Arc<Mutex<Vec<u8>>>,
    keyboard: Box<dyn Write + Send>,
    process: Box<dyn Child + Send + Sync>,
    /// The pseudo-terminal ends with it.
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    /// Starts `kart` for the daemon at this socket.
    pub fn open(socket: &Path) -> anyhow::Result<Self> {
        let size =
            PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut kart = CommandBuilder::new(program("kart")?);
        kart.args(["--lang", "en", "--socket"]);
        kart.arg(socket);
        // What people choose to read is kept beside the socket, not in the home of whoever tests.
        kart.env("KARTORIUM_LANGUAGES", socket.with_extension("languages"));
        for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")] {
            kart.env(name, value);
        }
        let process = pair.slave.spawn_command(kart)?;
        // Whoever reads learns of the program's end only when nobody else holds its side open.
        drop(pair.slave);
        let shown = Arc::new(Mutex::new(Parser::new(ROWS, COLUMNS, 0)));
        let mut output = pair.master.try_clone_reader()?;
        let sink = Arc::clone(&shown);
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let seen = bytes.get(..count).unwrap_or_default();
                sink.lock().unwrap_or_else(PoisonError::into_inner).process(seen);
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.extend_from_slice(seen);
                let surplus = log.len().saturating_sub(LOG);
                log.drain(..surplus);
            }
        });
        let keyboard = pair.master.take_writer()?;
        Ok(Self { shown, told, keyboard, process, _master: pair.master })
    }

    /// Presses keys as a keyboard sends them.
    pub fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        self.keyboard.write_all(keys.as_bytes())?;
        Ok(self.keyboard.flush()?)
    }

    /// A signal to the program.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let number = self.process.process_id().context("kart has ended")?;
        let process = Pid::from_raw(number.try_into()?).context("no process")?;
        Ok(kill_process(process, signal)?)
    }

    /// The last bytes that the terminal was sent.
    pub fn told(&self) -> Vec<u8> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is on the screen now, row by row.
    pub fn text(&self) -> String {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).screen().contents()
    }

    /// Waits until all of these are on the screen at once.
    pub async fn shows(&self, wanted: &[&str]) -> anyhow::Result<String> {
        self.becomes(&format!("{wanted:?} on the screen"), |text| {
            wanted.iter().all(|wanted| text.contains(wanted))
        })
        .await
    }

    /// Waits until none of these is on the screen.
    pub async fn lacks(&self, unwanted: &[&str]) -> anyhow::Result<String> {
        self.becomes(&format!("a screen without {unwanted:?}"), |text| {
            !unwanted.iter().any(|unwanted| text.contains(unwanted))
        })
        .await
    }

    /// Waits until the screen is as wanted.
    pub async fn becomes(
        &self,
        what: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        try_for(what, LIMIT, async || {
            let text = self.text();
            if wanted(&text) { Ok(text) } else { Err(format!("\n{text}\n")) }
        })
        .await
    }

    /// Waits until `kart` has ended by itself.
    pub async fn end(&mut self) -> anyhow::Result<ExitStatus> {
        try_for("the end of kart", LIMIT, async || {
            let ended = self.ended().map_err(|fault| format!("{fault:#}"))?;
            ended.ok_or_else(|| "still running".to_owned())
        })
        .await
    }

    /// How `kart` has ended, where it has.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "the test that fails shows what was seen")]
            {
                eprintln!("--- kart, the screen\n{}", self.text());
            }
        }
        // It may have ended already, and then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
