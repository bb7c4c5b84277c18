//! What the configuration file may say, word for word. Unknown keys are refused; what the values
//! mean together is asked in `check`. The same structures, completed, are what `show-config`
//! prints and what the fingerprint of the map is taken from.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use crate::ingest::{
    modbus::plan::{Table, WordOrder},
    mqtt::payload::Format,
};
use kart_core::{counter::CounterKind, machine::MachineState};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub terminal: Terminal,
    pub site: Site,
    pub headquarters: Option<Headquarters>,
    #[serde(default)]
    pub device: Vec<Device>,
    #[serde(default)]
    pub broker: Vec<Broker>,
    #[serde(default)]
    pub machine: Vec<Machine>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terminal {
    pub code: String,
    pub station: Option<String>,
    pub data_dir: PathBuf,
    pub socket: Option<PathBuf>,
    #[serde(default)]
    pub log: LogLevel,
    #[serde(default = "default::keep_days")]
    pub keep_days: u16,
    #[serde(default = "default::pin_valid_days")]
    pub pin_valid_days: u16,
}

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what may need somebody.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And how.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word used in configuration and by log filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    pub organization: String,
    pub code: String,
    pub file: Option<PathBuf>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Headquarters {
    pub url: String,
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    pub name: String,
    pub address: String,
    #[serde(default = "default::unit")]
    pub unit: u8,
    #[serde(default = "default::device_timeout_ms")]
    pub timeout_ms: u64,
    #[serde(default = "default::max_gap")]
    pub max_gap: u16,
    #[serde(default = "default::max_registers")]
    pub max_registers: u16,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broker {
    pub name: String,
    pub address: String,
    pub client_id: Option<String>,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    #[serde(default = "default::keep_alive_s")]
    pub keep_alive_s: u64,
    #[serde(default = "default::max_packet_bytes")]
    pub max_packet_bytes: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    pub code: String,
    pub ideal_cycle_s: Option<f64>,
    pub stale_after_ms: Option<u64>,
    pub otherwise: MachineState,
    #[serde(default)]
    pub signal: Vec<Signal>,
    #[serde(default)]
    pub counter: Vec<Counter>,
    #[serde(default)]
    pub rule: Vec<Rule>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    pub name: String,
    #[serde(default)]
    pub unit: String,
    // Either a device …
    pub device: Option<String>,
    pub table: Option<Table>,
    pub address: Option<u16>,
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    pub bit: Option<u8>,
    pub word_order: Option<WordOrder>,
    pub scale: Option<f64>,
    pub interval_ms: Option<u64>,
    // … or a broker.
    pub broker: Option<String>,
    pub topic: Option<String>,
    pub format: Option<Format>,
    pub pointer: Option<String>,
    pub time_pointer: Option<String>,
}

/// What registers hold; which bit stands in a key of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    U16,
    U32,
    I16,
    I32,
    F32,
    Bit,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counter {
    pub signal: String,
    pub kind: CounterKind,
    pub width: Option<u32>,
    pub max_per_s: Option<f64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub name: String,
    pub when: Vec<Condition>,
    pub state: MachineState,
    #[serde(default)]
    pub hold_ms: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub signal: String,
    pub is: Option<toml::Value>,
    pub not: Option<toml::Value>,
    pub at_least: Option<f64>,
    pub below: Option<f64>,
}

/// The defaults that are the same for everybody.
mod default {
    pub(super) fn keep_days() -> u16 {
        35
    }

    pub(super) fn pin_valid_days() -> u16 {
        14
    }
    pub(super) fn unit() -> u8 {
        1
    }
    pub(super) fn device_timeout_ms() -> u64 {
        1000
    }
    pub(super) fn max_gap() -> u16 {
        8
    }
    pub(super) fn max_registers() -> u16 {
        125
    }
    pub(super) fn keep_alive_s() -> u64 {
        30
    }
    pub(super) fn max_packet_bytes() -> usize {
        256 * 1024
    }
}
