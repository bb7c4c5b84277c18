//! A program under test or beside it: what it prints is kept in files, and it never outlives its guard.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::wait::try_for;

const TAIL_LINES: usize = 40;

#[derive(Debug)]
pub struct Child {
    name: String,
    process: std::process::Child,
    folder: TempDir,
}

impl Child {
    /// Starts the command with its output going to files and its input closed, unless the caller asked for a pipe with
    /// [`Child::with_input`].
    pub fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        Self::start(command, Stdio::null())
    }

    /// As [`Child::spawn`], with a pipe to the program's standard input.
    pub fn with_input(command: &mut Command) -> anyhow::Result<(Self, ChildStdin)> {
        let mut child = Self::start(command, Stdio::piped())?;
        let input = child.process.stdin.take().context("a piped input is there")?;
        Ok((child, input))
    }

    fn start(command: &mut Command, input: Stdio) -> anyhow::Result<Self> {
        let program = Path::new(command.get_program()).to_owned();
        let name = program.file_name().unwrap_or(OsStr::new("?")).to_string_lossy().into_owned();
        let folder = tempfile::Builder::new().prefix("kart-child-").tempdir()?;
        let process = command
            // Ctrl-C at the terminal is for us, who stop our children in order.
            .process_group(0)
            .stdin(input)
            .stdout(File::create(folder.path().join("stdout"))?)
            .stderr(File::create(folder.path().join("stderr"))?)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { name, process, folder })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn stdout_path(&self) -> PathBuf {
        self.folder.path().join("stdout")
    }

    pub fn stderr_path(&self) -> PathBuf {
        self.folder.path().join("stderr")
    }

    pub fn stdout(&self) -> String {
        text(&self.stdout_path())
    }

    pub fn stderr(&self) -> String {
        text(&self.stderr_path())
    }

    /// The end of what it printed, for messages.
    pub fn tail(&self) -> String {
        format!(
            "{}{}",
            tail(&self.name, "stdout", &self.stdout()),
            tail(&self.name, "stderr", &self.stderr())
        )
    }

    /// What it keeps in memory, in KiB.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
        Ok(kib.parse()?)
    }

    /// SIGTERM: please stop.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// SIGSTOP: stands still and keeps its sockets open, until [`Child::go_on`].
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT: the end of [`Child::freeze`].
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) -> anyhow::Result<ExitStatus> {
        self.process.kill()?;
        Ok(self.process.wait()?)
    }

    /// The exit status if it has ended.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// Waits until it ends by itself or by a signal sent before.
    pub async fn end(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        let ended = try_for(&what, limit, async || {
            self.process
                .try_wait()
                .map_err(|fault| fault.to_string())?
                .ok_or("still running".to_owned())
        })
        .await;
        ended.with_context(|| self.tail())
    }

    /// Waits for a condition of the program; its early end is an error of its own, with what it printed.
    pub async fn ready<S: std::fmt::Display>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl AsyncFnMut() -> Result<(), S>,
    ) -> anyhow::Result<()> {
        let mut ended = None;
        let looked = try_for(what, limit, async || {
            ended = self.process.try_wait().map_err(|fault| fault.to_string())?;
            if ended.is_some() {
                return Ok(());
            }
            look().await.map_err(|status| status.to_string())
        })
        .await;
        match ended {
            Some(status) => anyhow::bail!("{} ended early, {status}\n{}", self.name, self.tail()),
            None => looked.with_context(|| self.tail()),
        }
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = i32::try_from(self.process.id())?;
        let pid = Pid::from_raw(id).context("no process has the number 0")?;
        kill_process(pid, signal).with_context(|| format!("{signal:?} to {}", self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
        if std::thread::panicking() {
            #[expect(
                clippy::print_stderr,
                reason = "the test that fails shows what its programs said"
            )]
            {
                eprintln!("{}", self.tail());
            }
        }
    }
}

fn text(path: &Path) -> String {
    std::fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

fn tail(name: &str, stream: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return String::new();
    }
    let shown = lines.split_at(lines.len().saturating_sub(TAIL_LINES)).1;
    format!(
        "--- {name}, {stream}, last {} of {} lines\n{}\n",
        shown.len(),
        lines.len(),
        shown.join("\n")
    )
}
