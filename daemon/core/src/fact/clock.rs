//! What facts say about the clocks of a terminal. Stamps stay as they were written; these facts tell
//! how far they can be believed.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// The computer's wall clock is wrong, and by how much is known. From this fact on, stamps of this
/// boot tell the right time, whatever the wall clock says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClockCorrected {
    /// The right time when the boot clock stood at zero.
    pub zero: Micros,
    /// By how much stamps before this fact are late: right is what they say less this. Microseconds.
    pub fast_us: i64,
    /// How exactly that is known, microseconds.
    pub within_us: i64,
}

/// Somebody or something set the computer's wall clock while the daemon ran.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClockStepped {
    /// By how much it went forward, microseconds; backward is negative.
    pub by_us: i64,
}
