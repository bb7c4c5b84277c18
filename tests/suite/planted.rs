//! Do the tests bite? Each fault of `tests/planted` is planted, and the check that is meant to find
//! it must find it. `tests/PLANTED.md` is the table of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kart_core::fact::{Body, Fact, Hash};
use kart_core::id::{Incarnation, Origin, RecordId, SiteId, TerminalId, UserId};
use kart_core::record::Tenant;
use kart_core::time::{Boot, Micros, Moment, Stamp};
use kart_hq::decisions::{
    Cursor, Fold, Known, Link, Said, Seal, Verdict, Writer, check_session, judge, sort,
};
use kart_planted::Bug;
use kart_store::Needed;
use kart_wire::TextLine;
use uuid::Uuid;

use crate::seeded::outcome;

mod message;

/// A fault must be found within so many histories, all of the roughest kind.
const MOST: u64 = 30;

/// Which check of the seeded world finds which fault, by the name it begins with, and a history in
/// which it did; others follow where that one has changed.
const FOUND: &[(Bug, u64, &[&str])] = &[
    (Bug::SavedBeforeCommit, 2, &["I1 ", "I2 "]),
    (Bug::BaseMovedBeforeCommit, 11, &["I19 ", "I4 "]),
    (Bug::FailedSyncTriedAgain, 44, &["I1 ", "I16 "]),
    (Bug::KeyNotLookedUp, 5, &["I4 "]),
    (Bug::AckBeforeCommit, 2, &["I6 "]),
    (Bug::WatermarkOutside, 5, &["I5 "]),
    (Bug::RepeatedUnread, 32, &["I17 ", "I2 ", "I22 "]),
    (Bug::QuarantineWithoutWatermark, 17, &["I5 "]),
    (Bug::BatchAborted, 17, &["I22 "]),
    (Bug::RestoreUnnoticed, 17, &["I6 ", "I22 "]),
    (Bug::WatermarkMaxSeen, 8, &["I5 "]),
    (Bug::ChainNotContinued, 5, &["I16 ", "I3 "]),
    (Bug::SenderFromBody, 2, &["I15 "]),
    (Bug::CloneWelcomed, 5, &["I17 "]),
    (Bug::OtherSessionAccepted, 8, &["I6 "]),
    (Bug::AckHashUnchecked, 14, &["I6 "]),
    (Bug::NoTombstone, 2, &["I11 "]),
    (Bug::RecordsWithoutLife, 26, &["I10 ", "I4 "]),
    (Bug::CorrectionToOneOnly, 26, &["I10 corrections"]),
    (Bug::OnlyTheTouchedClosed, 14, &["I10 a batch is closed"]),
    (Bug::PlaceTwice, 26, &["I10 a queue has one order"]),
    (Bug::JobStepUnchecked, 11, &["I4 a job takes"]),
    (Bug::DeltaWithoutModulo, 2, &["I19 "]),
    (Bug::RateUnlimited, 17, &["I19 "]),
];

/// Which check found the fault, and in which history.
fn find(bug: Bug, first: u64, checks: &[&str]) -> Result<(), Vec<String>> {
    let mut others = Vec::new();
    let others_too = (0..MOST).map(|n| 3 * n + 2).filter(|seed| *seed != first);
    for seed in std::iter::once(first).chain(others_too) {
        for check in outcome(seed, Some(bug)).faults.into_keys() {
            match checks.iter().any(|meant| check.starts_with(meant)) {
                // A history that ends badly by itself proves nothing.
                true if !outcome(seed, None).faults.is_empty() => break,
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
        line: Uuid::nil(),
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
    let newest = Some(Uuid::from_u128(2));
    let stale = || check_session(newest, Uuid::from_u128(1)).is_ok();
    // What headquarters holds and has in no backup.
    let unsafe_goes = || Needed { acked: 9, safe: 4, plant: 9, last: 9 }.not_up_to() > 4;
    // A minute in which the wall clock was set back by two.
    let moment = |wall_us, mono_us| Moment {
        at: Stamp { wall_us: Micros(wall_us), mono_us },
        boot: Boot::default(),
    };
    let stretched = || moment(40_000_000, 160_000_000).since(&moment(100_000_000, 100_000_000));
    let asked: [(Bug, &dyn Fn() -> bool); 7] = [
        (Bug::CursorUnbound, &foreign),
        (Bug::TextUnchecked, &kept),
        (Bug::AnySession, &stale),
        (Bug::PurgeAtAck, &unsafe_goes),
        (Bug::WallClockDurations, &|| stretched() != 60_000_000),
        (Bug::RolledBackWelcomed, &put_back_is_welcome),
        (Bug::DependentsNotHeld, &an_end_does_not_wait),
    ];
    for (bug, wrong) in asked {
        assert!(!wrong(), "{bug:?} is not planted");
        kart_planted::plant(Some(bug));
        assert!(wrong(), "{bug:?} is not found");
        kart_planted::plant(None);
    }
}

#[tokio::test]
async fn a_message_that_was_acknowledged_too_early_is_missed() {
    assert!(!message::is_lost().await);
    kart_planted::plant(Some(Bug::PubackBeforeCommit));
    let lost = message::is_lost().await;
    kart_planted::plant(None);
    assert!(lost);
}

/// Whether a log that ends before what headquarters holds of it may go on.
fn put_back_is_welcome() -> bool {
    let place = (4, Hash::ZERO);
    let said = Said {
        protocol: kart_wire::PROTOCOL,
        incarnation: "a",
        nonce: "n",
        last: place,
        acked: place,
        oldest: 1,
    };
    let known = Known {
        incarnation: "a",
        nonce: Some("n"),
        watermark: 9,
        at_last: Some(Hash::ZERO),
        at_acked: Some(Hash::ZERO),
        ended: false,
        takes_over: false,
        lives: 0,
    };
    judge(&said, &known) == Verdict::Welcome
}

/// Whether a person's leaving is written although their coming waits.
fn an_end_does_not_wait() -> bool {
    let origin = Origin { terminal: TerminalId(Uuid::from_u128(1)), incarnation: Incarnation(1) };
    let tenant = Tenant { organization: "cedar-works".to_owned(), site: SiteId(Uuid::nil()) };
    let entry: RecordId = origin.record(7);
    let fact = Fact {
        seq: 8,
        at: Stamp { wall_us: Micros(2), mono_us: 2 },
        boot: Boot::default(),
        by: None,
        key: None,
        former: None,
        fact: Body::ClockedOut { user: UserId(Uuid::from_u128(3)), entry },
    };
    let mut fold = Fold {
        writer: &Writer { origin, tenant },
        unopened: [entry.0].into(),
        aliases: BTreeMap::new(),
        records: BTreeMap::new(),
        changed: BTreeSet::new(),
        own: vec![],
        held: vec![],
    };
    fold.add(&fact);
    fold.held.is_empty()
}
