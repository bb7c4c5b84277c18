//! How much room a disk has left, in stages. Decides nothing else: what is given up at which stage is with whoever
//! uses the disk.

use serde::{Deserialize, Serialize};

/// Beyond this the size of a disk says nothing of how long the rest of it lasts, bytes.
const LARGE: u64 = 64 << 30;

/// How much room a disk has left; the later, the less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Room {
    /// Enough.
    #[default]
    Plenty,
    /// Below 20 %: somebody should look.
    Low,
    /// Below 10 %: raw readings get less.
    Short,
    /// Below 5 %: raw readings get none, and what was kept in reserve is given back.
    Scarce,
    /// Below 1 %: what is there is for what people have begun.
    Last,
}

impl Room {
    /// Of so many bytes so many are free.
    pub fn of(free: u64, total: u64) -> Self {
        match free.saturating_mul(1000) / total.clamp(1, LARGE) {
            0..10 => Self::Last,
            10..50 => Self::Scarce,
            50..100 => Self::Short,
            100..200 => Self::Low,
            _ => Self::Plenty,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plenty => "plenty",
            Self::Low => "low",
            Self::Short => "short",
            Self::Scarce => "scarce",
            Self::Last => "last",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_go_by_the_share_that_is_free_and_a_large_disk_counts_as_a_smaller_one() {
        let of = |free| Room::of(free, 1000);
        let stages = [1000, 200, 199, 100, 99, 50, 49, 10, 9, 0].map(of);
        use Room::{Last, Low, Plenty, Scarce, Short};
        assert_eq!(stages, [Plenty, Plenty, Low, Low, Short, Short, Scarce, Scarce, Last, Last]);
        assert_eq!(Room::of(30 << 30, 1 << 40), Plenty);
        assert_eq!(Room::of(10 << 30, 1 << 40), Low);
        assert_eq!(Room::of(0, 0), Last);
    }
}
