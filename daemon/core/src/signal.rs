//! Signals and their samples.

use crate::time::Stamp;
use serde::{Deserialize, Serialize};

/// The name of a signal within its machine, for example `good`.
pub type SignalName = String;

/// A value read from a machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A bit or a truth value.
    Bit(bool),
    /// A whole number: counters, codes, status words.
    Whole(i64),
    /// A measured number after scaling.
    Measured(f64),
    /// A word, for example a state told over MQTT.
    Word(String),
}

impl Value {
    /// The value as a number, where it is one. Bits count as 0 and 1.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Bit(b) => Some(f64::from(u8::from(*b))),
            #[expect(clippy::cast_precision_loss, reason = "thresholds are compared, not counted")]
            Self::Whole(n) => Some(*n as f64),
            Self::Measured(x) => Some(*x),
            Self::Word(_) => None,
        }
    }

    /// Equal as words, whatever their case, or equal as numbers: a bit that reads 1 is `true`.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(a), Self::Word(b)) => {
                a.eq_ignore_ascii_case(b)
                    || (!a.is_ascii() && !b.is_ascii() && a.to_lowercase() == b.to_lowercase())
            },
            _ => matches!((self.number(), other.number()),
                (Some(a), Some(b)) if (a - b).abs() < f64::EPSILON),
        }
    }

    /// The value as a counter reading: whole and not negative.
    pub fn count(&self) -> Option<i64> {
        match self {
            Self::Whole(n) if *n >= 0 => Some(*n),
            Self::Bit(_) | Self::Whole(_) | Self::Measured(_) | Self::Word(_) => None,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bit(bit) => bit.fmt(f),
            Self::Whole(whole) => whole.fmt(f),
            Self::Measured(measured) => measured.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// How far a sample can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Read just now.
    Good,
    /// Last known, of unknown age: a retained MQTT message.
    Old,
}

/// One reading of one signal.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Index of the machine in the [`crate::map::Map`].
    pub machine: usize,
    /// The signal within that machine.
    pub signal: SignalName,
    /// What was read.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
    /// When it was read, by both clocks.
    pub at: Stamp,
    /// Delivered once more: it may be older than what is known.
    pub again: bool,
}
