//! What facts say about the clocks of a terminal. Stamps stay as they were written; these facts tell
//! how far they can be believed.

use serde::{Deserialize, Serialize};

use crate::{id::RecordId, time::Micros};

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

/// Records were told by a wrong clock; from here on their rows go by the right one. The facts stay as they
/// were written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Retimed {
    /// The right time when the boot clock stood at zero.
    pub zero: Micros,
    /// Which records, and by which facts of this log and boot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Told>,
    /// Facts of readings of counters: each is a record of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<u64>,
}

/// A fact's place in the log, and the boot clock when it was recorded, microseconds.
pub type Place = (u64, i64);

/// What was told of one record by the wrong clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Told {
    /// Which record.
    pub record: RecordId,
    /// The facts that told of it.
    pub facts: Vec<Place>,
}

/// So many facts at most are named by one, so that its line keeps within its limit …
const MOST_FACTS: usize = 120;

/// … and so many readings of counters.
const MOST_COUNTS: usize = 600;

impl Retimed {
    /// The same said of few records at a time.
    pub fn parts(self) -> Vec<Self> {
        let Self { zero, records: told, counts } = self;
        let mut parts = Vec::new();
        let (mut records, mut room) = (Vec::new(), MOST_FACTS);
        for Told { record, facts } in told {
            for facts in facts.chunks(MOST_FACTS) {
                if facts.len() > room {
                    parts.push(Self {
                        zero,
                        records: std::mem::take(&mut records),
                        counts: vec![],
                    });
                    room = MOST_FACTS;
                }
                room -= facts.len();
                records.push(Told { record, facts: facts.to_vec() });
            }
        }
        let last = Self { zero, records, counts: vec![] };
        parts.extend((!last.records.is_empty()).then_some(last));
        parts.extend(counts.chunks(MOST_COUNTS).map(|counts| {
            let counts = counts.to_vec();
            Self { zero, records: vec![], counts }
        }));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn whatever_there_is_to_say_fits_its_line() {
        let record = |n: u128| RecordId(Uuid::from_u128(u128::MAX - n));
        let facts = |count: u64| (0..count).map(|n| (u64::MAX - n, i64::MAX)).collect::<Vec<_>>();
        let few = (0..1_000).map(|n| Told { record: record(n), facts: facts(2) });
        let told: Vec<Told> =
            few.chain([Told { record: record(9_999), facts: facts(400) }]).collect();
        let counts: Vec<u64> = (0..2_000).map(|n| u64::MAX - n).collect();
        let parts = Retimed { zero: Micros(i64::MAX), records: told, counts }.parts();
        let said = parts.iter().flat_map(|part| &part.records).map(|told| told.facts.len());
        assert_eq!(said.sum::<usize>(), 2_400);
        assert_eq!(parts.iter().map(|part| part.counts.len()).sum::<usize>(), 2_000);
        for part in &parts {
            let line = serde_json::to_string(part).unwrap();
            assert!(line.len() < super::super::LINE_LIMIT - 1_024, "{}", line.len());
        }
        let nothing = Retimed { zero: Micros(0), records: vec![], counts: vec![] };
        assert!(nothing.parts().is_empty());
    }
}
