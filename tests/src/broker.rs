//! A mosquitto of its own, on a loopback port, with its sessions and retained values kept in a temporary folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use crate::child::Child;
use crate::wait::{accepts, free_port};

const PROGRAM: &str = "/usr/sbin/mosquitto";
const LIMIT: Duration = Duration::from_secs(20);
const ATTEMPTS: usize = 3;

#[derive(Debug)]
pub struct Broker {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
    access: Access,
}

/// Who may come in, and how.
#[derive(Debug, Clone)]
pub struct Access {
    /// Lines of mosquitto's configuration.
    pub lines: String,
    /// What mosquitto's own clients need on their command line.
    pub arguments: Vec<String>,
}

impl Default for Access {
    fn default() -> Self {
        Self { lines: "allow_anonymous true\n".to_owned(), arguments: vec![] }
    }
}

/// Whether a broker could be started here.
pub fn installed() -> bool {
    Path::new(PROGRAM).is_file()
}

impl Broker {
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_for(Access::default()).await
    }

    /// As [`Broker::start`], for those whom `access` lets in.
    pub async fn start_for(access: Access) -> anyhow::Result<Self> {
        anyhow::ensure!(installed(), "mosquitto is not installed (Debian package mosquitto)");
        let mut attempt = 0;
        loop {
            attempt += 1;
            let folder = tempfile::Builder::new().prefix("kart-broker-").tempdir()?;
            let port = free_port().await?;
            let mut broker = Self { folder, port, server: None, access: access.clone() };
            match broker.start_again().await {
                Ok(()) => return Ok(broker),
                Err(fault) if attempt == ATTEMPTS => return Err(fault),
                Err(_taken) => {},
            }
        }
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// SIGTERM: sessions and retained values are written and come back with [`Broker::start_again`].
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.terminate()?;
            server.end(LIMIT).await?;
        }
        Ok(())
    }

    /// SIGKILL: what was not yet written is lost.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.server.take().map_or(Ok(()), |mut server| server.kill().map(drop))
    }

    /// What it keeps is lost: sessions and retained values. Only while it is stopped.
    pub fn forget(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.server.is_none(), "it runs, and would write it all again");
        match std::fs::remove_file(self.folder.path().join("mosquitto.db")) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => Err(fault.into()),
            _ => Ok(()),
        }
    }

    /// Starts it after [`Broker::stop`] or [`Broker::kill`], on the same port.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let file = self.configuration()?;
        let mut server = Child::spawn(Command::new(PROGRAM).arg("-c").arg(file))?;
        let address = self.address();
        server.ready("mosquitto's port", LIMIT, async || accepts(address).await).await?;
        self.server = Some(server);
        Ok(())
    }

    /// Publishes with QoS 1 by mosquitto's own client, and comes back after the broker's acknowledgement.
    pub async fn publish(&self, topic: &str, payload: &str, retain: bool) -> anyhow::Result<()> {
        let mut publish = self.client("/usr/bin/mosquitto_pub");
        publish.args(["-q", "1", "-t", topic, "-m", payload]);
        if retain {
            publish.arg("-r");
        }
        self.run(&mut publish).await.map(drop)
    }

    /// Publishes bytes with QoS 1.
    pub async fn publish_bytes(&self, topic: &str, payload: &[u8]) -> anyhow::Result<()> {
        let file = self.folder.path().join("payload");
        std::fs::write(&file, payload)?;
        let mut publish = self.client("/usr/bin/mosquitto_pub");
        publish.args(["-q", "1", "-t", topic, "-f"]).arg(&file);
        self.run(&mut publish).await.map(drop)
    }

    /// Publishes each line as a message with QoS 1, over one connection.
    pub async fn publish_lines(&self, topic: &str, lines: &[String]) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut publish = self.client("/usr/bin/mosquitto_pub");
        let (mut client, mut input) =
            Child::with_input(publish.args(["-q", "1", "-t", topic, "-l"]))?;
        for line in lines {
            writeln!(input, "{line}")?;
        }
        drop(input);
        let status = client.end(LIMIT).await?;
        anyhow::ensure!(status.success(), "{status}\n{}", client.tail());
        Ok(())
    }

    /// Listens to `filter` until it is dropped; each line it prints is a topic and a payload.
    pub fn listen(&self, filter: &str, client_id: Option<&str>) -> anyhow::Result<Child> {
        let mut listen = self.client("/usr/bin/mosquitto_sub");
        listen.args(["-v", "-q", "1", "-t", filter]);
        if let Some(client_id) = client_id {
            listen.args(["-i", client_id]);
        }
        Child::spawn(&mut listen)
    }

    /// The next `count` payloads of a topic, retained ones included, by mosquitto's own client.
    pub async fn receive(&self, topic: &str, count: usize) -> anyhow::Result<Vec<String>> {
        let mut receive = self.client("/usr/bin/mosquitto_sub");
        receive.args(["-q", "1", "-t", topic, "-C", &count.to_string()]);
        Ok(self.run(&mut receive).await?.lines().map(str::to_owned).collect())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.args(&self.access.arguments);
        command
    }

    async fn run(&self, command: &mut Command) -> anyhow::Result<String> {
        let mut client = Child::spawn(command).context("Debian package mosquitto-clients")?;
        let status = client.end(LIMIT).await?;
        anyhow::ensure!(status.success(), "{status}\n{}", client.tail());
        Ok(client.stdout())
    }

    fn configuration(&self) -> anyhow::Result<PathBuf> {
        let file = self.folder.path().join("mosquitto.conf");
        // Started as root, mosquitto would change to a user who cannot write to this folder.
        let text = format!(
            "listener {} 127.0.0.1\nuser root\nlog_dest stderr\n\
             persistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1\n{}",
            self.port,
            self.folder.path().display(),
            self.access.lines
        );
        std::fs::write(&file, text)?;
        Ok(file)
    }
}
