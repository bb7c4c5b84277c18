//! What a counter showed.

use serde::{Deserialize, Serialize};

use crate::{
    counter::{CounterKind, Readings, Verdict},
    id::{EquipmentId, RecordId},
    time::{Micros, Stamp},
};

/// A verdict about two readings of one counter, and what it books.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Counted {
    /// Which machine.
    pub equipment: EquipmentId,
    /// The counter's name in the map.
    pub source: String,
    /// What it counts.
    pub counter: CounterKind,
    /// Raised by one at each reset of the counter.
    pub epoch: u32,
    /// Reading before, unwrapped within the epoch.
    pub raw_from: i64,
    /// Reading now, unwrapped within the epoch.
    pub raw_to: i64,
    /// Parts booked.
    pub quantity: i64,
    /// How the two readings were judged.
    pub verdict: Verdict,
    /// When the reading before was taken.
    pub since: Stamp,
    /// When this reading was taken.
    pub until: Stamp,
    /// The batch that the parts belong to.
    pub batch: Option<RecordId>,
    /// Fingerprint of the map by which it was judged.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub map: String,
    /// Both readings as the counter showed them, where the positions above do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Readings>,
}

impl Counted {
    /// The same by the clock that stood at zero at the right time `zero`.
    #[must_use]
    pub fn by(self, zero: Micros) -> Self {
        // A reading of another boot has no place on the clock of this one.
        let of_this = self.since.mono_us != self.until.mono_us;
        let since = if of_this { self.since.by(zero) } else { self.since };
        Self { since, until: self.until.by(zero), ..self }
    }
}
