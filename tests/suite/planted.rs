//! Do the tests bite? Each fault of `tests/planted` is planted, and the check that is meant to find
//! it must find it. `tests/PLANTED.md` is the table of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kart_planted::Bug;

use crate::seeded::outcome;

/// A fault must be found within so many histories.
const MOST: u64 = 90;

/// Which check of the seeded world finds which fault; by the name it begins with.
const FOUND: &[(Bug, &[&str])] = &[
    (Bug::SavedBeforeCommit, &["I1 ", "I2 "]),
    (Bug::BaseMovedBeforeCommit, &["I19 ", "I4 "]),
    (Bug::FailedSyncTriedAgain, &["I1 ", "I16 "]),
    (Bug::KeyNotLookedUp, &["I4 "]),
    (Bug::AckBeforeCommit, &["I6 "]),
    (Bug::WatermarkOutside, &["I5 "]),
    (Bug::QuarantineWithoutWatermark, &["I5 ", "I22 "]),
    (Bug::BatchAborted, &["I22 "]),
    (Bug::RepeatedUnread, &["I17 ", "I2 ", "I22 "]),
    (Bug::WatermarkMaxSeen, &["I5 "]),
    (Bug::ChainNotContinued, &["I16 ", "I3 "]),
    (Bug::SenderFromBody, &["I15 "]),
    (Bug::TextUnchecked, &["I3 "]),
    (Bug::RolledBackWelcomed, &["I17 ", "I22 ", "I2 "]),
    (Bug::CloneWelcomed, &["I17 "]),
    (Bug::OtherSessionAccepted, &["I6 "]),
    (Bug::AckHashUnchecked, &["I6 "]),
    (Bug::RestoreUnnoticed, &["I22 "]),
    (Bug::CursorUnbound, &["I13 "]),
    (Bug::NoTombstone, &["I11 "]),
    (Bug::RecordsWithoutLife, &["I10 ", "I4 "]),
    (Bug::DeltaWithoutModulo, &["I19 "]),
    (Bug::RateUnlimited, &["I19 "]),
    (Bug::WallClockDurations, &["I21 "]),
];

/// Which check found the fault, and in which history.
fn find(bug: Bug, checks: &[&str]) -> Result<(u64, String), Vec<String>> {
    let mut others = Vec::new();
    for seed in 1..=MOST {
        let outcome = outcome(seed, Some(bug));
        for check in outcome.faults.into_keys() {
            match checks.iter().any(|meant| check.starts_with(meant)) {
                true => return Ok((seed, check.to_owned())),
                false => others.push(check.to_owned()),
            }
        }
    }
    others.sort_unstable();
    others.dedup();
    Err(others)
}

#[test]
fn every_planted_fault_is_found() {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((bug, checks)) = FOUND.get(next.fetch_add(1, Ordering::Relaxed)) {
                    found.lock().unwrap().push((*bug, find(*bug, checks)));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(bug, _)| *bug);
    let mut missed = Vec::new();
    for (bug, found) in found {
        match found {
            #[expect(clippy::print_stderr, reason = "the rows of the table")]
            Ok((seed, check)) => eprintln!("| `{bug:?}` | {check} | {seed} |"),
            Err(others) => missed.push(format!("{bug:?}, only {others:?}")),
        }
    }
    assert!(missed.is_empty(), "nobody has found:\n{}", missed.join("\n"));
}
