//! The simulated plant as a program beside us, and what it says it has really done.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dialogue::Dialogue;
use crate::programs::program;

/// What the plant says of a request that is no read.
const NOT_A_READ: &str = "not a read: ";

#[derive(Debug)]
pub struct Plant {
    dialogue: Dialogue,
    /// Where all presses answer, each as a unit of its own.
    pub modbus: SocketAddr,
    pub machines: Vec<Machine>,
}

/// Where a machine can be found.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Machine {
    Press {
        machine: String,
        unit: u8,
        /// The listener of this press alone.
        own: SocketAddr,
        /// Of its good counter, in bits.
        width: u32,
    },
    Packer {
        machine: String,
        /// The part of the topic before `/state`, `/counts` and `/speed`.
        topic: String,
    },
}

/// What each machine has done since the plant started, by code.
pub type Totals = BTreeMap<String, MachineTotals>;

#[derive(Debug, Clone, Deserialize)]
pub struct MachineTotals {
    pub good: u64,
    pub scrap: u64,
    /// What the counters show.
    pub raw: Raw,
    pub state: String,
    pub stops: Vec<Stop>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Raw {
    pub good: u64,
    pub scrap: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Stop {
    /// Microseconds since 1970.
    pub from: i64,
    /// `None` while it lasts.
    pub to: Option<i64>,
    /// `fault`, `setup` or `planned_stop`.
    pub cause: String,
}

impl Machine {
    pub fn code(&self) -> &str {
        match self {
            Self::Press { machine, .. } | Self::Packer { machine, .. } => machine,
        }
    }
}

impl Stop {
    /// The state that a reader sees.
    pub fn state(&self) -> &str {
        if self.cause == "fault" { "stopped" } else { &self.cause }
    }
}

impl Plant {
    /// Starts `kart-sim` with these arguments.
    pub async fn start(arguments: &[String]) -> anyhow::Result<Self> {
        let mut command = Command::new(program("kart-sim")?);
        let (dialogue, ready) = Dialogue::start(command.args(arguments)).await?;
        let part = |name: &str| ready.get(name).cloned().unwrap_or_default();
        let modbus = serde_json::from_value(part("modbus")).context("where the plant listens")?;
        let machines = serde_json::from_value(part("machines")).context("its machines")?;
        Ok(Self { dialogue, modbus, machines })
    }

    /// Any command of its module `control`.
    pub async fn command(&mut self, command: Value) -> anyhow::Result<Value> {
        self.dialogue.ask(&command).await
    }

    /// Machines make parts and stop by themselves from now on.
    pub async fn go(&mut self) -> anyhow::Result<()> {
        self.command(json!({ "cmd": "go" })).await.map(drop)
    }

    /// Machines make no more parts; comes back when nothing changes any more.
    pub async fn quiesce(&mut self) -> anyhow::Result<Totals> {
        let answer = self.command(json!({ "cmd": "quiesce" })).await?;
        totals(answer)
    }

    pub async fn totals(&mut self) -> anyhow::Result<Totals> {
        let answer = self.command(json!({ "cmd": "totals" })).await?;
        totals(answer)
    }

    /// Stops a machine until [`Plant::run`]; the cause is `fault`, `setup` or `planned_stop`.
    pub async fn stop(&mut self, machine: &str, cause: &str) -> anyhow::Result<()> {
        let mut command = json!({ "cmd": "stop", "machine": machine, "cause": cause });
        if cause == "fault" {
            command["code"] = 17.into();
        }
        self.command(command).await.map(drop)
    }

    pub async fn run(&mut self, machine: &str) -> anyhow::Result<()> {
        self.command(json!({ "cmd": "run", "machine": machine })).await.map(drop)
    }

    /// From now on the machine's answers are wrong in this way, until `ok`.
    pub async fn fault(&mut self, machine: &str, kind: &str) -> anyhow::Result<()> {
        self.command(json!({ "cmd": "fault", "machine": machine, "kind": kind })).await.map(drop)
    }
}

/// At the end of every run: nobody has ever asked the plant for anything but a read.
impl Drop for Plant {
    fn drop(&mut self) {
        let said = self.dialogue.process.stderr();
        let asked: Vec<&str> = said.lines().filter(|line| line.starts_with(NOT_A_READ)).collect();
        assert!(std::thread::panicking() || asked.is_empty(), "{asked:?}");
    }
}

fn totals(mut answer: Value) -> anyhow::Result<Totals> {
    Ok(serde_json::from_value(answer["machines"].take())?)
}
