//! Numbers of batches and jobs: lent in blocks by headquarters, taken within the record's own
//! transaction, never used twice and never waited for.
//!
//! A terminal keeps no list of free numbers. What it used is in its own facts: the last number of
//! each prefix, above which the next one is looked for in the blocks of its present life. One that
//! somebody has typed already is passed over.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::id::Incarnation;

/// A row of `organization_prefixes` that is in use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prefix {
    /// `batch` or `job`.
    pub entity_type: String,
    /// What numbers begin with.
    pub prefix: String,
    /// Digits at least.
    pub padding: u8,
}

/// A row of `edge.number_leases`: a block of numbers lent to one life of a terminal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// `batch` or `job`.
    pub entity_type: String,
    /// What the numbers begin with.
    pub prefix: String,
    /// The first of them.
    pub first: i64,
    /// The last of them.
    pub last: i64,
    /// The life it was lent to.
    pub incarnation: Incarnation,
    /// Those of them that somebody has typed elsewhere.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub taken: BTreeSet<i64>,
}

/// A number out of a lease, as the fact that used it says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Leased {
    /// What it begins with.
    pub prefix: String,
    /// The number.
    pub number: i64,
}

/// Whose number it will be.
#[derive(Clone, Copy, Debug)]
pub struct Taker<'a> {
    /// Code of the terminal.
    pub terminal: &'a str,
    /// The life of its log.
    pub incarnation: Incarnation,
    /// The last number used of each prefix.
    pub used: &'a BTreeMap<String, i64>,
    /// Numbers above it that people have typed.
    pub typed: &'a Typed,
    /// Counts what this terminal began; the fallback forms are made from it.
    pub count: u64,
}

/// So many typed numbers are remembered.
const MOST_TYPED: usize = 1_000;

/// Numbers that people have typed and that a lease could come to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Typed(BTreeSet<(String, i64)>);

impl Typed {
    /// Nothing was typed that a lease could come to.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Remembers a number in the form of leased ones. Beyond the limit the one that comes last is
    /// forgotten.
    pub fn note(&mut self, number: &str) {
        self.0.extend(read(number));
        if self.0.len() > MOST_TYPED {
            self.0.pop_last();
        }
    }

    /// Forgets what no lease comes to any more.
    pub fn pass(&mut self, leased: &Leased) {
        let Leased { prefix, number } = leased;
        self.0.retain(|(typed, at)| typed != prefix || at > number);
    }

    fn has(&self, prefix: &str, number: i64) -> bool {
        self.0.iter().any(|(typed, at)| typed == prefix && *at == number)
    }
}

/// Prefix and number, however many zeros were typed. The fallback forms have a further hyphen.
fn read(number: &str) -> Option<(String, i64)> {
    let (prefix, digits) = number.trim().split_once('-')?;
    let plain = !prefix.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = digits.parse().ok().filter(|number| *number > 0)?;
    plain.then(|| (prefix.to_owned(), number))
}

/// The next number for `entity_type`, and where it is from when it is out of a lease.
///
/// Without a lease it is `PREFIX-<terminal><letters of the life>-<count>`, and without a prefix
/// `B-<terminal>-<count>`.
pub fn next(
    entity_type: &str,
    prefixes: &[Prefix],
    leases: &[Lease],
    taker: Taker<'_>,
) -> (String, Option<Leased>) {
    let Some(prefix) = in_use(entity_type, prefixes) else {
        return (format!("B-{}-{}", taker.terminal, taker.count), None);
    };
    let used = taker.used.get(&prefix.prefix).copied().unwrap_or_default();
    let mine = leases.iter().filter(|lease| {
        lease.entity_type == entity_type
            && lease.prefix == prefix.prefix
            && lease.incarnation == taker.incarnation
    });
    let free = mine.filter_map(|lease| {
        let from = lease.first.max(used.saturating_add(1));
        let typed = |number| taker.typed.has(&prefix.prefix, number);
        (from..=lease.last).find(|number| !typed(*number) && !lease.taken.contains(number))
    });
    match free.min() {
        Some(number) => {
            let leased = Leased { prefix: prefix.prefix.clone(), number };
            (written(&leased, prefix.padding), Some(leased))
        },
        None => {
            let letters = letters(taker.incarnation);
            let Taker { terminal, count, .. } = taker;
            (format!("{}-{terminal}{letters}-{count}", prefix.prefix), None)
        },
    }
}

/// The one prefix that is used for `entity_type`: the first by name.
fn in_use<'p>(entity_type: &str, prefixes: &'p [Prefix]) -> Option<&'p Prefix> {
    let of_type = prefixes.iter().filter(|prefix| prefix.entity_type == entity_type);
    of_type.min_by_key(|prefix| &prefix.prefix)
}

/// A leased number as people read it.
pub fn written(leased: &Leased, padding: u8) -> String {
    format!("{}-{:0width$}", leased.prefix, leased.number, width = usize::from(padding))
}

/// Five letters that stand for a life: two lives of one terminal share them once in ten million.
fn letters(incarnation: Incarnation) -> String {
    let mut rest = incarnation.0;
    let mut letters = String::new();
    for _ in 0..5 {
        letters.push(char::from(b'a' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIFE: Incarnation = Incarnation(7);

    fn prefix() -> Vec<Prefix> {
        vec![Prefix { entity_type: "batch".into(), prefix: "CH".into(), padding: 6 }]
    }

    fn lease(first: i64, last: i64, incarnation: Incarnation) -> Lease {
        let (entity_type, prefix) = ("batch".into(), "CH".into());
        Lease { entity_type, prefix, first, last, incarnation, taken: BTreeSet::new() }
    }

    fn take(leases: &[Lease], used: i64) -> (String, Option<Leased>) {
        take_beside(leases, used, &Typed::default())
    }

    fn take_beside(leases: &[Lease], used: i64, typed: &Typed) -> (String, Option<Leased>) {
        let used = [("CH".to_owned(), used)].into();
        let taker = Taker { terminal: "T-07", incarnation: LIFE, used: &used, typed, count: 3 };
        next("batch", &prefix(), leases, taker)
    }

    #[test]
    fn out_of_the_lease_in_order_then_the_fallback() {
        let leases = [lease(101, 150, LIFE), lease(51, 60, LIFE)];
        assert_eq!(take(&leases, 0).0, "CH-000051");
        assert_eq!(take(&leases, 59).0, "CH-000060");
        assert_eq!(take(&leases, 60).0, "CH-000101");
        assert_eq!(take(&leases, 150), ("CH-T-07haaaa-3".into(), None));
    }

    #[test]
    fn a_lease_of_a_former_life_is_dead() {
        assert_eq!(take(&[lease(1, 50, Incarnation(8))], 0).1, None);
    }

    #[test]
    fn without_a_prefix_numbers_are_the_terminals_own() {
        let used = BTreeMap::new();
        let typed = Typed::default();
        let taker =
            Taker { terminal: "T-07", incarnation: LIFE, used: &used, typed: &typed, count: 3 };
        let job = [Prefix { entity_type: "job".into(), prefix: "J".into(), padding: 4 }];
        assert_eq!(next("batch", &job, &[], taker), ("B-T-07-3".into(), None));
    }

    #[test]
    fn what_somebody_typed_is_passed_over() {
        let leases = [lease(1, 4, LIFE), lease(10, 11, LIFE)];
        let mut typed = Typed::default();
        for number in ["CH-2", "CH-000003", "CH-4", " CH-010", "XX-1", "CH-T-07haaaa-1", "CH-+11"] {
            typed.note(number);
        }
        assert_eq!(take_beside(&leases, 0, &typed).0, "CH-000001");
        assert_eq!(take_beside(&leases, 1, &typed).0, "CH-000011");
        assert_eq!(take_beside(&leases, 11, &typed).0, "CH-T-07haaaa-3");
        typed.pass(&Leased { prefix: "CH".into(), number: 11 });
        assert_eq!(typed.0.len(), 1, "{typed:?}");
        (0..2 * MOST_TYPED).for_each(|number| typed.note(&format!("CH-{number}")));
        assert_eq!(typed.0.len(), MOST_TYPED);
    }

    #[test]
    fn what_somebody_typed_elsewhere_is_passed_over() {
        let taken = Lease { taken: [1, 2, 4].into(), ..lease(1, 4, LIFE) };
        assert_eq!(take(std::slice::from_ref(&taken), 0).0, "CH-000003");
        assert_eq!(take(&[taken, lease(10, 11, LIFE)], 3).0, "CH-000010");
    }

    proptest! {
        #[test]
        fn never_twice_whatever_is_lent(
            blocks in proptest::collection::vec((1_i64..500, 1_i64..40), 0..6), takes in 1_usize..200
        ) {
            let leases: Vec<Lease> =
                blocks.iter().map(|(first, size)| lease(*first, first + size - 1, LIFE)).collect();
            let mut used = 0;
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..takes {
                let Some(leased) = take(&leases, used).1 else { break };
                prop_assert!(seen.insert(leased.number));
                prop_assert!(leases.iter().any(|l| (l.first..=l.last).contains(&leased.number)));
                used = leased.number;
            }
        }
    }
}
