//! A Sparkplug B edge node that we did not write: the Python package pysparkplug, told on its standard input what to
//! publish.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::child::Child;
use crate::dialogue::Dialogue;

const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/servers/sparkplug_edge.py");
const PACKAGES: [&str; 3] = ["pysparkplug==0.6.1", "paho-mqtt==1.6.1", "protobuf==7.36.2"];
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
const INSTALLING: Duration = Duration::from_secs(120);

/// One edge node. When it is dropped, it is killed, and the broker says that it is dead.
#[derive(Debug)]
pub struct EdgeNode {
    dialogue: Dialogue,
}

impl EdgeNode {
    pub async fn start(broker: SocketAddr, group: &str, node: &str) -> anyhow::Result<Self> {
        let packages = packages().await?;
        let mut command = Command::new(PYTHON);
        command.arg(SCRIPT).arg(broker.port().to_string()).args([group, node]);
        let (dialogue, _) = Dialogue::start(command.env("PYTHONPATH", packages)).await?;
        Ok(Self { dialogue })
    }

    /// Announces the node itself and, where one is given, a device behind it.
    pub async fn birth(
        &mut self,
        node: &Value,
        device: Option<(&str, &Value)>,
    ) -> anyhow::Result<()> {
        let mut places = json!({ "": node });
        if let Some((device, metrics)) = device {
            places[device] = metrics.clone();
        }
        self.dialogue.ask(&json!({ "birth": places })).await.map(drop)
    }

    /// Changed metrics of a device, or of the node itself where `device` is empty.
    pub async fn data(&mut self, device: &str, metrics: &Value) -> anyhow::Result<()> {
        self.dialogue.ask(&json!({ "data": [device, metrics] })).await.map(drop)
    }

    /// A device has gone.
    pub async fn death(&mut self, device: &str) -> anyhow::Result<()> {
        self.dialogue.ask(&json!({ "death": device })).await.map(drop)
    }

    /// A message is lost on its way.
    pub async fn lose(&mut self) -> anyhow::Result<()> {
        self.dialogue.ask(&json!({ "skip": 1 })).await.map(drop)
    }

    /// How often it was asked to announce itself anew.
    pub async fn asked(&mut self) -> anyhow::Result<u64> {
        let answer = self.dialogue.ask(&json!({ "asked": true })).await?;
        answer["asked"].as_u64().context("no number")
    }

    /// Gone at once, without a word.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.dialogue.process.kill().map(drop)
    }
}

/// The folder with the packages, which are installed there once.
async fn packages() -> anyhow::Result<PathBuf> {
    let folder = Path::new(TARGET).join("pysparkplug-0.6.1");
    if folder.is_dir() {
        return Ok(folder);
    }
    let fresh = tempfile::Builder::new().prefix("pysparkplug-").tempdir_in(TARGET)?;
    let mut install = Command::new(PYTHON);
    install.args(["-m", "pip", "install", "--quiet", "--target"]).arg(fresh.path()).args(PACKAGES);
    let mut install = Child::spawn(&mut install)?;
    let status = install.end(INSTALLING).await?;
    anyhow::ensure!(
        status.success(),
        "pip (Debian package python3-pip): {status}\n{}",
        install.tail()
    );
    // Another test may have been faster.
    match std::fs::rename(fresh.path(), &folder) {
        Err(fault) if !folder.is_dir() => Err(fault.into()),
        _ => Ok(folder),
    }
}
