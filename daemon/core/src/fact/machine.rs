//! What facts about machines say beside the state itself.

use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::{counter::CounterKind, id::EquipmentId, signal::Value, time::Stamp};

/// How a state came about, as far as it is more than its rule.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Detail {
    /// The fault that the machine named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Value>,
    /// Code of the reason that the map proposes for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A stop that ends before this many microseconds is a micro-stop: nobody is asked why.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub micro_stop_us: i64,
    /// How often the state before was about to change and did not, because it did not hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suppressed: u32,
}

impl Detail {
    /// Whether there is nothing to say.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A machine says what it makes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductSeen {
    /// Which machine.
    pub equipment: EquipmentId,
    /// Code of the product, or the machine's own word where the map knows none.
    pub product: String,
    /// Since when.
    pub from: Stamp,
    /// Fingerprint of the map that named it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub map: String,
}

/// Another map is in force from here on. One that moves many counters is told by several of these.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MapApplied {
    /// Fingerprint of the map before.
    pub from: String,
    /// Fingerprint of this one.
    pub to: String,
    /// Counters that are read elsewhere or otherwise now, and begin anew with their next reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<CounterMoved>,
    /// Who applied it, committed to under the field `who`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Commitment>,
}

/// A counter that is not what it was: what it shows next cannot be compared with what it showed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CounterMoved {
    /// Which machine.
    pub equipment: EquipmentId,
    /// The counter's name in the map.
    pub source: String,
    /// Its last reading, unwrapped, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
    /// The epoch of that reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
    /// What it counted until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterKind>,
}

/// Whether serde may leave a number out.
pub(crate) fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}
