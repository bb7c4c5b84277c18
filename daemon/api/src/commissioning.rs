//! What a technician looks at while a machine is being mapped. Nothing here is recorded, and
//! nothing here can write to a machine.

use kart_core::{signal::Value, time::Micros};
use serde::{Deserialize, Serialize};

/// What is read, and where.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sources {
    /// Fingerprint of the map in force.
    pub map: String,
    /// The devices, in the order of their lines.
    pub devices: Vec<Device>,
    /// Names of the brokers, with the filters of each.
    pub brokers: Vec<(String, Vec<String>)>,
    /// What each line is asked for.
    pub plan: Vec<PollLine>,
}

/// A unit on a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// Its name in the configuration.
    pub name: String,
    /// Where its line leads.
    pub line: String,
    /// Its number on the line.
    pub unit: u8,
    /// The most registers that are read at once.
    pub most: u16,
    /// What the map reads from it.
    pub points: Vec<Point>,
}

/// A signal and its registers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Machine and signal.
    pub signal: String,
    /// In which table.
    pub table: Table,
    /// The first register, counted from 0.
    pub address: u16,
    /// How many.
    pub width: u16,
}

/// A table of a device; all are only read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// One bit each.
    Coil,
    /// One bit each.
    Discrete,
    /// Sixteen bits each.
    #[default]
    Holding,
    /// Sixteen bits each.
    Input,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Coil, Self::Discrete, Self::Holding, Self::Input];

    /// The word in configuration and queries.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Holding => "holding",
            Self::Input => "input",
        }
    }

    /// Whether it holds bits rather than registers.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }
}

/// A block of registers that somebody wants to see: one reading each time it is asked for, so that
/// nobody goes on reading for a screen that has gone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BlockQuery {
    /// The device's name.
    pub device: String,
    /// In which table.
    pub table: Table,
    /// The first, counted from 0.
    pub start: u16,
    /// How many.
    pub count: u16,
    /// The one that is to be read as every type.
    pub at: u16,
}

/// The answer to a [`BlockQuery`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockAnswer {
    /// The registers.
    Read(Block),
    /// The device gives none of these, or not so many at once, in words: fewer may be read.
    Fewer(BlockQuery, String),
    /// There are none, and why, in words.
    Refused(String),
}

/// Registers as they were read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Block {
    /// What was asked for.
    pub query: BlockQuery,
    /// The registers; a bit is 0 or 1.
    pub words: Vec<u16>,
    /// When they were read.
    pub at_us: Micros,
    /// The registers from `query.at` on, as every type that has room.
    pub types: Vec<TypeRow>,
}

/// One type in every order of bytes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TypeRow {
    /// Its word in the configuration, for example `u32`.
    pub kind: String,
    /// By order.
    pub cells: Vec<TypeCell>,
}

/// One type in one order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TypeCell {
    /// The order's letters, or which byte.
    pub order: String,
    /// The value; `None` where the registers hold none of this type.
    pub value: Option<Value>,
    /// It is of a size that machines have.
    pub sensible: bool,
}

/// What a line is asked for, and whether there is time for it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PollLine {
    /// Where it leads.
    pub line: String,
    /// The share of time that it is in use for certain.
    pub least_use: f64,
    /// The share of time that it is expected to be in use.
    pub expected_use: f64,
    /// By device and interval.
    pub groups: Vec<PollGroup>,
    /// What is never read.
    pub holes: Vec<PollHole>,
}

impl PollLine {
    /// Whether there is not enough time for it however fast the devices are.
    pub fn is_refused(&self) -> bool {
        self.least_use > 1.0
    }
}

/// What is asked for at the same times.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PollGroup {
    /// The device's name.
    pub device: String,
    /// Its number on the line.
    pub unit: u8,
    /// From one reading to the next, ms.
    pub interval_ms: f64,
    /// From the start of an interval to its reading, ms.
    pub phase_ms: f64,
    /// What the requests are expected to take, ms.
    pub expected_ms: f64,
    /// How long they wait for other requests of the line at most, ms.
    pub waits_ms: f64,
    /// Waiting alone can make them miss their next reading.
    pub is_late: bool,
    /// The requests.
    pub requests: Vec<PollRequest>,
}

/// Addresses of a device that are never read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PollHole {
    /// The device's name.
    pub device: String,
    /// Which they are.
    pub what: String,
}

/// One request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PollRequest {
    /// What is read.
    pub what: String,
    /// Signals it serves.
    pub signals: usize,
    /// Bytes there and back.
    pub bytes: u16,
    /// Places read along although nobody asked for them.
    pub read_along: u16,
}

/// Another map, to be looked at or to be put in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MapRequest {
    /// The text of a whole configuration file.
    pub text: String,
    /// What it is called in faults.
    pub name: String,
    /// Who applies it; `None` only looks.
    pub who: Option<String>,
}

/// What became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapAnswer {
    /// This is what it would change.
    Preview(Box<MapChange>),
    /// It is in force, and this has changed.
    Applied(Box<MapChange>),
    /// Nothing has changed, and why, each with its place in the file.
    Refused(Vec<String>),
}

/// What another map changes. A signal is named with its machine.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MapChange {
    /// Fingerprint of the map in force.
    pub from: String,
    /// Fingerprint of the other one.
    pub to: String,
    /// Machines that are new.
    pub machines_added: Vec<String>,
    /// Machines that nobody watches any more.
    pub machines_removed: Vec<String>,
    /// Machines whose rules or habits are others.
    pub rules: Vec<String>,
    /// Signals that are new.
    pub signals_added: Vec<String>,
    /// Signals that are read elsewhere or otherwise.
    pub signals_moved: Vec<String>,
    /// Signals that are gone.
    pub signals_removed: Vec<String>,
    /// Counters that begin anew.
    pub counters: Vec<String>,
    /// Lines and brokers that begin or begin anew.
    pub started: Vec<String>,
    /// Lines and brokers that go on as they are.
    pub kept: Vec<String>,
    /// Lines and brokers that nobody needs any more.
    pub stopped: Vec<String>,
    /// What each line would be asked for.
    pub plan: Vec<PollLine>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// What is said at a broker, as long as somebody asks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TopicQuery {
    /// The broker's name.
    pub broker: String,
    /// What to listen to; empty for what the map listens to.
    pub filter: String,
    /// The level to be told: empty, or a topic's beginning with its slash.
    pub prefix: String,
    /// The topic whose last message is to be told.
    pub topic: Option<String>,
}

/// The answer to a [`TopicQuery`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicAnswer {
    /// What has been heard since somebody looks.
    Heard(Box<Topics>),
    /// Nothing can be heard, and why, in words.
    Refused(String),
}

/// What has been heard.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Topics {
    /// What was asked.
    pub query: TopicQuery,
    /// Why there is no connection; `None` while there is one.
    pub lost: Option<String>,
    /// Topics heard of.
    pub topics: usize,
    /// Messages on them.
    pub messages: u64,
    /// Messages on topics for which there was no room.
    pub beyond: u64,
    /// The names one level beneath the prefix.
    pub level: Vec<Branch>,
    /// The topic that was asked for.
    pub chosen: Option<Topic>,
    /// What the map makes of its last message: signals with their values, or why there is none.
    pub captured: Vec<String>,
}

/// A name in the tree of topics.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Branch {
    /// The name of the level.
    pub name: String,
    /// Topics beneath it.
    pub beneath: usize,
    /// The beginning of the last message on the topic that ends here.
    pub said: Option<String>,
    /// When something was last said here or beneath.
    pub at_us: Micros,
}

/// A topic.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Topic {
    /// All of its levels.
    pub name: String,
    /// Messages heard.
    pub count: u64,
    /// Messages in a minute, where there were two.
    pub per_minute: Option<f64>,
    /// When the last one came.
    pub at_us: Micros,
    /// It was retained: last known, of unknown age.
    pub retained: bool,
    /// Its length.
    pub bytes: usize,
    /// Its beginning, as text.
    pub payload: String,
}

/// The signals of one machine with their last values.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TraceQuery {
    /// Code of the machine.
    pub machine: String,
    /// So many values of each signal at most.
    pub most: usize,
}

/// One signal and its last values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// The signal.
    pub signal: crate::Signal,
    /// When and what, the oldest first. Words have none.
    pub points: Vec<(Micros, f64)>,
}
