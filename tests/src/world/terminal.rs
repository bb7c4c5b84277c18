//! One terminal: its folder, its configuration, and the daemon in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use kart_api::{Client, Machine};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::child::Child;
use crate::programs::program;
use crate::wait::try_for;

const LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Terminal {
    daemon: Option<Child>,
    config: PathBuf,
    folder: TempDir,
    environment: Vec<(String, String)>,
    bounded: bool,
}

impl Terminal {
    /// Lays out the folder; `configure` gets the data folder and writes the configuration. Nothing is started.
    pub fn prepare(
        configure: impl FnOnce(&Path) -> anyhow::Result<String>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kart-terminal-").tempdir()?;
        let config = folder.path().join("terminal.toml");
        let data = folder.path().join("data");
        std::fs::create_dir(&data)?;
        std::fs::write(&config, configure(&data)?)?;
        Ok(Self { daemon: None, config, folder, environment: Vec::new(), bounded: false })
    }

    pub fn config(&self) -> &Path {
        &self.config
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn socket(&self) -> PathBuf {
        self.data().join("kartd.sock")
    }

    pub fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.socket())?)
    }

    /// `kartd enroll`.
    pub async fn enroll(&self, code: &str) -> anyhow::Result<()> {
        let mut enroll = Child::spawn(self.kartd("enroll")?.arg(code))?;
        let status = enroll.end(LIMIT).await?;
        anyhow::ensure!(status.success(), "kartd enroll: {status}\n{}", enroll.tail());
        Ok(())
    }

    /// Starts the daemon and waits until it answers.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.launch()?;
        let client = self.client()?;
        let daemon = self.daemon()?;
        daemon.ready("kartd to answer", LIMIT, async || client.health().await.map(drop)).await
    }

    /// Starts the daemon and waits for nothing.
    pub fn launch(&mut self) -> anyhow::Result<()> {
        let mut daemon = self.kartd("run")?;
        if self.bounded {
            // A file that must not grow is then an error of a call and not the end of the program.
            let mut shell = Command::new("sh");
            shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(daemon.get_program());
            shell.args(daemon.get_args());
            daemon = shell;
        }
        daemon.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.daemon = Some(Child::spawn(&mut daemon)?);
        Ok(())
    }

    /// What the daemon finds in its environment from its next start on.
    pub fn set_environment(&mut self, variables: &[(&str, &str)]) {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.environment = owned.collect();
    }

    /// From its next start on the daemon bears it that [`Terminal::bound_files`] is asked for.
    pub fn bear_bounds(&mut self) {
        self.bounded = true;
    }

    /// No file of the running daemon grows beyond so many bytes, as if its disk were full; without a
    /// number they do again.
    pub async fn bound_files(&mut self, bytes: Option<u64>) -> anyhow::Result<()> {
        let bytes = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let process = self.daemon()?.id().to_string();
        let mut bound = Command::new("prlimit");
        bound.args(["--pid", &process, &format!("--fsize={bytes}:unlimited")]);
        let mut bound = Child::spawn(&mut bound)?;
        let status = bound.end(LIMIT).await?;
        anyhow::ensure!(status.success(), "prlimit: {status}\n{}", bound.tail());
        Ok(())
    }

    /// Waits until the first machine is shown with what is looked for.
    pub async fn shown<T>(
        &self,
        what: &str,
        wanted: impl Fn(&Machine) -> Option<T>,
    ) -> anyhow::Result<T> {
        let client = self.client()?;
        try_for(&format!("the machine with {what}"), LIMIT, async || {
            let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
            let machine = view.machines.first().ok_or("no machine")?;
            wanted(machine).ok_or_else(|| format!("{machine:?}"))
        })
        .await
    }

    /// Waits until headquarters has confirmed all that is written.
    pub async fn confirmed(&self) -> anyhow::Result<()> {
        let client = self.client()?;
        try_for("headquarters to hold all facts", LIMIT, async || {
            let health = client.health().await.map_err(|fault| fault.to_string())?;
            let all = health.acked == health.head;
            all.then_some(()).ok_or_else(|| format!("{} of {}", health.acked, health.head))
        })
        .await
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        daemon.terminate()?;
        let status = daemon.end(LIMIT).await?;
        anyhow::ensure!(status.success(), "kartd ended with {status}\n{}", daemon.tail());
        Ok(())
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.daemon.take().map_or(Ok(()), |mut daemon| daemon.kill().map(drop))
    }

    /// The running daemon.
    pub fn daemon(&mut self) -> anyhow::Result<&mut Child> {
        self.daemon.as_mut().context("the daemon is stopped")
    }

    /// What the daemon keeps in memory, in KiB.
    pub fn resident_kib(&mut self) -> anyhow::Result<u64> {
        self.daemon()?.resident_kib()
    }

    /// The file of facts, opened so that it cannot be changed.
    pub fn facts(&self) -> anyhow::Result<Connection> {
        let connection = Connection::open_with_flags(
            self.data().join("facts.db"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(connection)
    }

    /// `kartd` with this configuration, to be run beside the daemon.
    pub fn kartd(&self, action: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(program("kartd")?);
        command.arg(action).arg("--config").arg(&self.config);
        Ok(command)
    }
}
