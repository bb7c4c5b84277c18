//! Do the tests bite? Each fault of `tests/planted` is planted, and the check that is meant to find
//! it must find it. `tests/PLANTED.md` is the table of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kart_core::fact::Hash;
use kart_hq::decisions::{Cursor, Link, Seal, sort};
use kart_planted::Bug;
use kart_wire::TextLine;
use uuid::Uuid;

use crate::seeded::outcome;

/// A fault must be found within so many histories, all of the roughest kind.
const MOST: u64 = 30;

/// Which check of the seeded world finds which fault, by the name it begins with, and a history in
/// which it did; others follow where that one has changed.
const FOUND: &[(Bug, u64, &[&str])] = &[
    (Bug::SavedBeforeCommit, 2, &["I1 ", "I2 "]),
    (Bug::BaseMovedBeforeCommit, 11, &["I19 ", "I4 "]),
    (Bug::FailedSyncTriedAgain, 2, &["I1 ", "I16 "]),
    (Bug::KeyNotLookedUp, 2, &["I4 "]),
    (Bug::AckBeforeCommit, 2, &["I6 "]),
    (Bug::WatermarkOutside, 2, &["I5 "]),
    (Bug::RepeatedUnread, 17, &["I17 ", "I2 ", "I22 "]),
    (Bug::WatermarkMaxSeen, 2, &["I5 "]),
    (Bug::ChainNotContinued, 2, &["I16 ", "I3 "]),
    (Bug::SenderFromBody, 5, &["I15 "]),
    (Bug::CloneWelcomed, 14, &["I17 "]),
    (Bug::OtherSessionAccepted, 5, &["I6 "]),
    (Bug::AckHashUnchecked, 2, &["I6 "]),
    (Bug::NoTombstone, 11, &["I11 "]),
    (Bug::RecordsWithoutLife, 35, &["I10 ", "I4 "]),
    (Bug::DeltaWithoutModulo, 2, &["I19 "]),
    (Bug::RateUnlimited, 2, &["I19 "]),
    (Bug::WallClockDurations, 14, &["I21 "]),
];

/// Which check found the fault, and in which history.
fn find(bug: Bug, first: u64, checks: &[&str]) -> Result<(), Vec<String>> {
    let mut others = Vec::new();
    let others_too = (0..MOST).map(|n| 3 * n + 2).filter(|seed| *seed != first);
    for seed in std::iter::once(first).chain(others_too) {
        // A history that ends badly by itself proves nothing.
        if !outcome(seed, None).faults.is_empty() {
            continue;
        }
        let outcome = outcome(seed, Some(bug));
        for check in outcome.faults.into_keys() {
            match checks.iter().any(|meant| check.starts_with(meant)) {
                true => {
                    #[expect(clippy::print_stderr, reason = "the rows of the table")]
                    {
                        eprintln!("| `{bug:?}` | {check} | {seed} |");
                    }
                    return Ok(());
                },
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
                while let Some((bug, first, checks)) =
                    FOUND.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    found.lock().unwrap().push((*bug, find(*bug, *first, checks)));
                }
            });
        }
    });
    let missed = found.into_inner().unwrap().into_iter().filter_map(|(bug, found)| {
        let others = found.err()?;
        Some(format!("{bug:?}, only {others:?}"))
    });
    let missed: Vec<String> = missed.collect();
    assert!(missed.is_empty(), "nobody has found:\n{}", missed.join("\n"));
}

#[test]
fn faults_of_one_decision_are_found_by_asking_for_it() {
    let seal = |terminal| Seal::new(b"key", Uuid::from_u128(terminal));
    let cursor = Cursor {
        session: Uuid::nil(),
        number: 1,
        epoch: Uuid::nil(),
        place: 0,
        at_us: 0,
        snapshot: "1:1:".to_owned(),
    };
    let foreign = || seal(2).open(&seal(1).close(&cursor)).is_some();
    let link = || Link { seq: 1, line: b"{}", hash: Hash::ZERO, fact: None };
    let field = "comment".to_owned();
    let text = TextLine { seq: 1, field, salt: String::new(), text: Some("invented".to_owned()) };
    let kept = || !sort(&[link()], std::slice::from_ref(&text)).0.is_empty();
    assert_eq!((foreign(), kept()), (false, false));
    kart_planted::plant(Some(Bug::CursorUnbound));
    assert!(foreign());
    kart_planted::plant(Some(Bug::TextUnchecked));
    assert!(kept());
    kart_planted::plant(None);
}
