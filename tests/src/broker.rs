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
}

/// Whether a broker could be started here.
pub fn installed() -> bool {
    Path::new(PROGRAM).is_file()
}

impl Broker {
    pub async fn start() -> anyhow::Result<Self> {
        anyhow::ensure!(installed(), "mosquitto is not installed (Debian package mosquitto)");
        let mut attempt = 0;
        loop {
            attempt += 1;
            let folder = tempfile::Builder::new().prefix("kart-broker-").tempdir()?;
            let mut broker = Self { folder, port: free_port().await?, server: None };
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

    /// The next `count` payloads of a topic, retained ones included, by mosquitto's own client.
    pub async fn receive(&self, topic: &str, count: usize) -> anyhow::Result<Vec<String>> {
        let mut receive = self.client("/usr/bin/mosquitto_sub");
        receive.args(["-q", "1", "-t", topic, "-C", &count.to_string()]);
        Ok(self.run(&mut receive).await?.lines().map(str::to_owned).collect())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
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
            "listener {} 127.0.0.1\nallow_anonymous true\nuser root\nlog_dest stderr\n\
             persistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1\n",
            self.port,
            self.folder.path().display()
        );
        std::fs::write(&file, text)?;
        Ok(file)
    }
}
