//! What is read over Modbus: lines, the devices on each, and the points of each device. Pure.

use kart_core::signal::SignalName;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use super::order::Order;

/// One connection or one serial line, and every unit that is asked over it.
#[derive(Clone, PartialEq, Debug)]
pub struct LinePlan {
    /// Where it leads.
    pub address: Address,
    /// Where else the same units are found when nobody answers there.
    pub second: Option<Address>,
    /// Rest between connecting and the first request.
    pub connect_pause: Duration,
    /// Rest between an answer and the next request.
    pub request_pause: Duration,
    /// The units.
    pub devices: Vec<DevicePlan>,
}

/// How units are reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// Modbus TCP, `host:port`.
    Tcp(String),
    /// Frames of a serial line through a TCP connection, `host:port`, and how fast that line is where
    /// it is known.
    RtuOverTcp(String, Option<Rate>),
    /// A serial line.
    Serial(SerialPlan),
}

impl Address {
    /// Host and port, or the path of the serial line.
    pub fn place(&self) -> &str {
        match self {
            Self::Tcp(place) | Self::RtuOverTcp(place, _) => place,
            Self::Serial(serial) => &serial.path,
        }
    }

    /// How fast the serial line is, where there is one and it is known.
    pub fn rate(&self) -> Option<Rate> {
        match self {
            Self::Tcp(_) => None,
            Self::RtuOverTcp(_, rate) => *rate,
            Self::Serial(serial) => Some(serial.rate),
        }
    }

    /// The silence that is kept before a request; frames of a network need none.
    pub fn silence(&self) -> Duration {
        match self {
            Self::Tcp(_) => Duration::ZERO,
            Self::RtuOverTcp(..) | Self::Serial(_) => {
                self.rate().map_or(LEAST_SILENCE, |rate| rate.silence())
            },
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(place) => f.write_str(place),
            Self::RtuOverTcp(place, None) => write!(f, "{place} (RTU)"),
            Self::RtuOverTcp(place, Some(rate)) => write!(f, "{place} (RTU, {rate})"),
            Self::Serial(SerialPlan { path, rate }) => write!(f, "{path} ({rate})"),
        }
    }
}

/// A serial line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SerialPlan {
    /// The port, for example `/dev/serial/by-id/…`.
    pub path: String,
    /// How fast it is.
    pub rate: Rate,
}

/// How fast a serial line is; a character has eight data bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Bits per second.
    pub baud: u32,
    /// Check bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl Rate {
    /// How long so many characters take.
    pub fn characters(&self, count: f64) -> Duration {
        let parity = if self.parity == Parity::None { 0 } else { 1 };
        let bits = f64::from(1 + 8 + parity + self.stop_bits);
        Duration::from_secs_f64(count * bits / f64::from(self.baud.max(1)))
    }

    /// The silence that ends a frame: three and a half characters, and above 19,200 bits per
    /// second always the same.
    pub fn silence(&self) -> Duration {
        if self.baud > 19_200 { LEAST_SILENCE } else { self.characters(3.5).max(LEAST_SILENCE) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(f, "{} 8{letter}{}", self.baud, self.stop_bits)
    }
}

/// What the standard asks for on fast lines, and what is kept behind a converter whose
/// line nobody has told of.
pub const LEAST_SILENCE: Duration = Duration::from_micros(1750);

/// The check bit of a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parity {
    /// None.
    None,
    /// An even number of ones.
    Even,
    /// An odd number of ones.
    Odd,
}

/// One unit: what is read from it, how, and how often.
#[derive(Clone, PartialEq, Debug)]
pub struct DevicePlan {
    /// Its name in the configuration.
    pub name: String,
    /// Its number on the line.
    pub unit: u8,
    /// For connecting, and for each answer.
    pub timeout: Duration,
    /// Once it does not answer, it is asked at least this often.
    pub retry: Duration,
    /// What one request may ask for.
    pub limits: Limits,
    /// Points by interval and phase.
    pub groups: Vec<GroupPlan>,
}

impl DevicePlan {
    /// The machines read from this device.
    pub fn machines(&self) -> Vec<usize> {
        let points = self.groups.iter().flat_map(|group| &group.points);
        points.map(|point| point.machine).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// What one request may ask a device for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Registers between two wanted ones that are read along rather than asked around.
    pub max_gap: u16,
    /// Most registers of one request.
    pub max_registers: u16,
    /// `false`: each value has a request of its own.
    pub merge: bool,
    /// What is never read along.
    pub holes: Vec<Hole>,
}

/// Addresses that a device refuses or that must be left alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hole {
    /// In which table.
    pub table: Table,
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table.places(self.from, self.to.into()))
    }
}

/// Points that are read at the same times.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupPlan {
    /// From one reading to the next.
    pub interval: Duration,
    /// From the start of an interval to its reading.
    pub phase: Duration,
    /// What is read; shared with the requests it is asked for in.
    pub points: Vec<Arc<Point>>,
}

/// Where the registers of a signal lie and what they mean.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// Index of the machine in the map.
    pub machine: usize,
    /// The signal of that machine.
    pub signal: SignalName,
    /// Which table.
    pub table: Table,
    /// The first register, counted from 0 as on the wire.
    pub address: u16,
    /// What they hold.
    pub kind: Kind,
    /// How a value is put together from its bytes.
    pub order: Order,
    /// Factor, where the value is a measured one.
    pub scale: Option<f64>,
    /// Added after that.
    pub offset: Option<f64>,
}

impl Point {
    /// Just behind its last register.
    pub fn end(&self) -> u32 {
        u32::from(self.address) + u32::from(self.kind.width())
    }
}

/// A table of a device; all are only read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Function 1, one bit each.
    Coil,
    /// Function 2, one bit each.
    Discrete,
    /// Function 3, sixteen bits each.
    Holding,
    /// Function 4, sixteen bits each.
    Input,
}

impl Table {
    /// Whether it holds bits rather than registers.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }

    /// The reading function.
    pub fn function(self) -> u8 {
        match self {
            Self::Coil => 1,
            Self::Discrete => 2,
            Self::Holding => 3,
            Self::Input => 4,
        }
    }

    /// What one of its places is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete input",
            Self::Holding => "holding register",
            Self::Input => "input register",
        }
    }

    /// Its places from `first` to `last` in words.
    pub(crate) fn places(self, first: u16, last: u32) -> String {
        match last == u32::from(first) {
            true => format!("{} {first}", self.word()),
            false => format!("{}s {first} to {last}", self.word()),
        }
    }

    /// How many places go into what one register takes.
    pub(super) fn density(self) -> u32 {
        if self.is_bits() { 16 } else { 1 }
    }
}

/// What the registers of a point hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One bit of one register, counted from the lowest; 0 in a table of bits.
    Bit(u8),
    /// Bits of one register as a number that is not negative.
    Field {
        /// The lowest, counted from the lowest.
        low: u8,
        /// How many.
        bits: u8,
    },
    /// Half of one register.
    Byte {
        /// The half of the higher value.
        high: bool,
        /// Two's complement.
        signed: bool,
    },
    /// A whole number of 2, 4 or 8 bytes.
    Whole {
        /// How many.
        bytes: u8,
        /// Two's complement.
        signed: bool,
    },
    /// IEEE 754 of 2, 4 or 8 bytes.
    Float {
        /// How many.
        bytes: u8,
    },
    /// Four decimal digits in each 2 bytes.
    Bcd {
        /// 2, 4 or 8.
        bytes: u8,
    },
    /// Two characters in each register.
    Text {
        /// How many registers.
        registers: u16,
    },
}

impl Kind {
    /// A whole number that is not negative.
    pub const U16: Self = Self::Whole { bytes: 2, signed: false };
    /// A whole number.
    pub const I16: Self = Self::Whole { bytes: 2, signed: true };
    /// A whole number that is not negative.
    pub const U32: Self = Self::Whole { bytes: 4, signed: false };
    /// A whole number.
    pub const I32: Self = Self::Whole { bytes: 4, signed: true };
    /// A whole number that is not negative.
    pub const U64: Self = Self::Whole { bytes: 8, signed: false };
    /// A whole number.
    pub const I64: Self = Self::Whole { bytes: 8, signed: true };
    /// A float.
    pub const F32: Self = Self::Float { bytes: 4 };

    /// Places of the table that belong together and are read in one request.
    pub fn width(self) -> u16 {
        match self {
            Self::Bit(_) | Self::Field { .. } | Self::Byte { .. } => 1,
            Self::Whole { bytes, .. } | Self::Float { bytes } | Self::Bcd { bytes } => {
                u16::from(bytes / 2)
            },
            Self::Text { registers } => registers,
        }
    }

    /// Bytes that an order is about.
    pub fn bytes(self) -> u8 {
        match self {
            Self::Whole { bytes, .. } | Self::Float { bytes } | Self::Bcd { bytes } => bytes,
            Self::Bit(_) | Self::Field { .. } | Self::Byte { .. } | Self::Text { .. } => 2,
        }
    }
}
