//! One gateway: that of headquarters, or one more beside it, for several of them on one database and for TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::child::Child;
use crate::programs::program;
use crate::wait::free_port;

const LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Gateway {
    child: Child,
    listen: SocketAddr,
}

impl Gateway {
    /// In front of a database, at a free port; with a configuration, that says all but the port.
    pub async fn start(database: &str, config: Option<&Path>) -> anyhow::Result<Self> {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port().await?));
        Self::start_at(database, config, listen, &[]).await
    }

    /// At this address and with this environment.
    pub async fn start_at(
        database: &str,
        config: Option<&Path>,
        listen: SocketAddr,
        environment: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program("kart-hq")?);
        command.env("DATABASE_URL", database).args(["serve", "--listen", &listen.to_string()]);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let mut child = Child::spawn(&mut command)?;
        let said = child.stdout_path();
        child.ready("kart-hq to listen", LIMIT, async || listening(&said)).await?;
        Ok(Self { child, listen })
    }

    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().map(drop)
    }

    /// Its process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

fn listening(said: &PathBuf) -> Result<(), String> {
    let text = std::fs::read_to_string(said).map_err(|fault| fault.to_string())?;
    let listening = |line: &str| {
        serde_json::from_str::<Value>(line).is_ok_and(|line| line["event"] == "listening")
    };
    text.lines().any(listening).then_some(()).ok_or(text)
}
