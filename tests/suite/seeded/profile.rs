//! How much goes wrong.

use rand::Rng;
use rand::rngs::StdRng;

/// How much goes wrong in a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Profile {
    /// Power cuts, and a network that now and then loses something.
    Calm,
    /// Partitions, refusing disks, crashes of headquarters, replays, steps of clocks.
    Rough,
    /// And either side put back to an older state, and copies of terminals.
    Hell,
}

/// What happens next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Happening {
    Work,
    Command,
    Garbage,
    CounterReset,
    Kill,
    PowerCut,
    DiskRefuses,
    Partition,
    Clock,
    SiteChange,
    Backup,
    Purge,
    Correction,
    Replay,
    Forgery,
    HeadquartersRestored,
    TerminalRestored,
    Damaged,
    Clone,
}

/// Weights in calm, rough and hell.
const WEIGHTS: [(Happening, [u32; 3]); 19] = [
    (Happening::Work, [300, 260, 240]),
    (Happening::Command, [260, 220, 200]),
    (Happening::Garbage, [8, 10, 10]),
    (Happening::CounterReset, [4, 6, 6]),
    (Happening::Kill, [6, 20, 20]),
    (Happening::PowerCut, [3, 12, 12]),
    (Happening::DiskRefuses, [2, 12, 12]),
    (Happening::Partition, [4, 25, 25]),
    (Happening::Clock, [0, 14, 16]),
    (Happening::SiteChange, [8, 16, 16]),
    (Happening::Backup, [6, 8, 18]),
    (Happening::Purge, [4, 6, 8]),
    (Happening::Correction, [10, 14, 14]),
    (Happening::Replay, [2, 14, 14]),
    (Happening::Forgery, [6, 12, 14]),
    (Happening::HeadquartersRestored, [0, 0, 10]),
    (Happening::TerminalRestored, [0, 0, 18]),
    (Happening::Damaged, [0, 2, 6]),
    (Happening::Clone, [0, 0, 6]),
];

impl Profile {
    pub(super) fn of(seed: u64) -> Self {
        [Self::Calm, Self::Rough, Self::Hell][usize::try_from(seed % 3).unwrap()]
    }

    fn column(self) -> usize {
        match self {
            Self::Calm => 0,
            Self::Rough => 1,
            Self::Hell => 2,
        }
    }

    pub(super) fn next(self, dice: &mut StdRng) -> Happening {
        let total: u32 = WEIGHTS.iter().map(|(_, weights)| weights[self.column()]).sum();
        let mut left = dice.random_range(0..total);
        for (happening, weights) in WEIGHTS {
            let weight = weights[self.column()];
            if left < weight {
                return happening;
            }
            left -= weight;
        }
        Happening::Work
    }

    /// Of a thousand requests so many go wrong in each of the ways of [`super::line`].
    pub(super) fn wrong(self) -> u32 {
        [4, 40, 60][self.column()]
    }

    /// Virtual days.
    pub(super) fn days(self, dice: &mut StdRng) -> i64 {
        dice.random_range(1..=[6, 20, 30][self.column()])
    }
}
