//! What the configuration file may say, word for word. Unknown keys are refused; what the values
//! mean together is asked in `check`. The same structures, completed, are what `show-config`
//! prints and what the fingerprint of the map is taken from.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

use crate::ingest::{
    modbus::{
        order::Order,
        plan::{Parity, Table},
    },
    mqtt::{
        payload::{ByteOrder, Format, Scalar},
        topic::Dating,
    },
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
    pub raw: Readings,
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
    #[serde(default = "default::idle_minutes")]
    pub idle_minutes: u16,
    #[serde(default = "default::forgotten_minutes")]
    pub forgotten_minutes: u16,
    #[serde(default)]
    pub badge_prefix: String,
}

/// How long raw readings are kept, and how much room they may take.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Readings {
    pub keep_days: u16,
    pub max_mb: u64,
    pub min_free_mb: u64,
}

impl Default for Readings {
    fn default() -> Self {
        Self { keep_days: 30, max_mb: 1024, min_free_mb: 512 }
    }
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
    pub transport: Option<Transport>,
    pub address: String,
    pub second_address: Option<String>,
    pub baud: Option<u32>,
    pub parity: Option<Parity>,
    pub stop_bits: Option<u8>,
    #[serde(default = "default::unit")]
    pub unit: u8,
    #[serde(default = "default::device_timeout_ms")]
    pub timeout_ms: u64,
    #[serde(default = "default::retry_ms")]
    pub retry_ms: u64,
    #[serde(default)]
    pub connect_pause_ms: u64,
    #[serde(default)]
    pub request_pause_ms: u64,
    #[serde(default)]
    pub address_base: u8,
    pub order_16: Option<Order>,
    pub order: Option<Order>,
    pub order_64: Option<Order>,
    #[serde(default = "default::max_gap")]
    pub max_gap: u16,
    #[serde(default = "default::max_registers")]
    pub max_registers: u16,
    #[serde(default = "default::merge")]
    pub merge: bool,
    #[serde(default)]
    pub hole: Vec<Hole>,
}

/// How a device is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transport {
    #[default]
    Tcp,
    RtuOverTcp,
    Serial,
}

/// Addresses that are never read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hole {
    pub table: Table,
    pub from: u16,
    pub to: u16,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broker {
    pub name: String,
    pub address: String,
    pub client_id: Option<String>,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub expect_every_s: Option<u64>,
    pub host_id: Option<String>,
    #[serde(default = "default::keep_alive_s")]
    pub keep_alive_s: u64,
    #[serde(default = "default::max_packet_bytes")]
    pub max_packet_bytes: usize,
    pub publish: Option<Publish>,
    #[serde(default)]
    pub sparkplug: Vec<Group>,
}

/// Where the station's state is published.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    pub prefix: String,
}

/// A Sparkplug group that is listened to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub group: String,
    #[serde(default)]
    pub rebirth: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    pub code: String,
    pub ideal_cycle_s: Option<f64>,
    pub stale_after_ms: Option<u64>,
    pub otherwise: MachineState,
    pub minimum_stop_s: Option<f64>,
    pub micro_stop_s: Option<f64>,
    #[serde(default = "default::changes_per_minute")]
    pub changes_per_minute: u32,
    pub heartbeat: Option<Heartbeat>,
    pub fault: Option<Fault>,
    pub product: Option<Product>,
    pub status: Option<Status>,
    #[serde(default)]
    pub signal: Vec<Signal>,
    #[serde(default)]
    pub counter: Vec<Counter>,
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// The signal that must go on changing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heartbeat {
    pub signal: String,
    pub within_ms: u64,
}

/// The signal that names the fault, and the reasons that its values stand for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub signal: String,
    #[serde(default)]
    pub reasons: BTreeMap<String, String>,
}

/// The signal that names what is made, and the products that its values stand for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    pub signal: String,
    #[serde(default)]
    pub products: BTreeMap<String, String>,
}

/// The signal that names the state.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub signal: String,
    #[serde(default)]
    pub packml: bool,
    #[serde(default)]
    pub states: BTreeMap<String, MachineState>,
    #[serde(default)]
    pub hold_ms: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    pub name: String,
    #[serde(default)]
    pub unit: String,
    pub deadband: Option<f64>,
    pub deadband_percent: Option<f64>,
    pub restate_s: Option<f64>,
    // Either a device …
    pub device: Option<String>,
    pub table: Option<Table>,
    /// A number counted from `address_base`, or a text as manuals have it.
    pub address: Option<toml::Value>,
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    pub byte: Option<Half>,
    pub bit: Option<u8>,
    pub bits: Option<u8>,
    pub registers: Option<u16>,
    pub order: Option<Order>,
    pub scale: Option<f64>,
    pub offset: Option<f64>,
    pub interval_ms: Option<u64>,
    pub phase_ms: Option<u64>,
    // … or a broker.
    pub broker: Option<String>,
    pub topic: Option<String>,
    pub key: Option<String>,
    pub format: Option<Format>,
    pub pointer: Option<String>,
    pub time_pointer: Option<String>,
    pub separator: Option<String>,
    pub field: Option<u32>,
    pub time_field: Option<u32>,
    pub scalar: Option<Scalar>,
    pub byte_order: Option<ByteOrder>,
    pub from_byte: Option<u32>,
    pub time: Option<Dating>,
    pub edge: Option<String>,
    pub metric: Option<String>,
}

/// What registers hold; which bit stands in a key of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
    Bcd16,
    Bcd32,
    Bcd64,
    Bit,
    Bits,
    Text,
}

impl Kind {
    /// Whether a value can be counted without losing a fraction.
    pub(crate) fn is_whole(self) -> bool {
        !matches!(self, Self::F16 | Self::F32 | Self::F64 | Self::Bit | Self::Text)
    }
}

/// A half of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Half {
    High,
    Low,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counter {
    pub signal: String,
    pub kind: CounterKind,
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wraps_at: Option<i64>,
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
    pub hysteresis: Option<f64>,
    pub rose_within_s: Option<f64>,
    pub rose_within_cycles: Option<f64>,
    #[serde(default)]
    pub on_delay_ms: u64,
    #[serde(default)]
    pub off_delay_ms: u64,
}

/// The defaults that are the same for everybody.
mod default {
    pub(super) fn keep_days() -> u16 {
        35
    }

    pub(super) fn pin_valid_days() -> u16 {
        14
    }
    pub(super) fn idle_minutes() -> u16 {
        10
    }
    pub(super) fn forgotten_minutes() -> u16 {
        150
    }
    pub(super) fn unit() -> u8 {
        1
    }
    pub(super) fn device_timeout_ms() -> u64 {
        1000
    }
    pub(super) fn retry_ms() -> u64 {
        30_000
    }
    pub(super) fn merge() -> bool {
        true
    }
    pub(super) fn max_gap() -> u16 {
        8
    }
    pub(super) fn max_registers() -> u16 {
        125
    }
    pub(super) fn changes_per_minute() -> u32 {
        30
    }
    pub(super) fn keep_alive_s() -> u64 {
        30
    }
    pub(super) fn max_packet_bytes() -> usize {
        256 * 1024
    }
}
