//! The seeded world: real engines, real folding, real synchronisation at both ends; simulated are
//! machines, people, disks, clocks and the network. One seed is one history of up to thirty days,
//! and always the same one.
//!
//!     KART_SEED=17 cargo test -p kart-tests --test suite seeded::
//!     KART_SEEDS=3000 cargo test -p kart-tests --test suite seeded::
//!
//! With KART_TRACE=1 a single seed tells everything that happens in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use kart_planted::Bug;

mod centre;
mod checks;
mod device;
mod disk;
mod floor;
mod line;
mod model;
mod port;
mod profile;
mod script;
mod station;
mod trace;
mod truth;
mod world;

/// Seeds in the gate.
const SEEDS: u64 = 300;

/// Histories that once ended badly, among the first 3,000. They always run, once each.
const FOUND: [u64; 46] = [
    203, 374, 482, 590, 626, 629, 692, 1_037, 1_109, 1_157, 1_298, 1_361, 1_428, 1_451, 1_487,
    1_553, 1_676, 1_826, 1_907, 1_931, 1_978, 1_982, 1_985, 2_006, 2_051, 2_057, 2_081, 2_123,
    2_147, 2_159, 2_174, 2_384, 2_411, 2_414, 2_480, 2_507, 2_522, 2_540, 2_660, 2_732, 2_744,
    2_837, 2_909, 2_921, 2_969, 2_990,
];

/// What became of one world.
pub(crate) struct Outcome {
    hash: u64,
    counts: BTreeMap<&'static str, u64>,
    pub(crate) faults: BTreeMap<&'static str, String>,
}

/// Lives through the world of a seed, with or without a planted fault.
pub(crate) fn outcome(seed: u64, bug: Option<Bug>) -> Outcome {
    kart_planted::plant(bug);
    device::folder();
    fastrand::seed(seed);
    let told = std::env::var_os("KART_TRACE").is_some();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let world = runtime.block_on(async {
        let world = world::World::new(seed, told);
        script::live(&world).await;
        world
    });
    kart_planted::plant(None);
    let trace = world.trace();
    Outcome { hash: trace.hash(), counts: trace.counts.clone(), faults: trace.faults.clone() }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lives through a seed, and mostly once more. Gives what happened, or what was wrong.
fn lived(seed: u64, again: bool) -> Result<Outcome, String> {
    let first = outcome(seed, None);
    if let Some((check, what)) = first.faults.first_key_value() {
        let repeat = format!("KART_SEED={seed} cargo test -p kart-tests --test suite seeded::");
        return Err(format!("{check}: {what}\n  repeat with: {repeat}"));
    }
    if again && outcome(seed, None).hash != first.hash {
        return Err(format!("seed {seed} gives two histories"));
    }
    Ok(first)
}

#[test]
fn every_history_ends_well() {
    let began = Instant::now();
    let last = number("KART_SEEDS").unwrap_or(SEEDS);
    let seeds: Vec<u64> = match number("KART_SEED") {
        Some(one) => vec![one],
        None => (1..=last).chain(FOUND.into_iter().filter(|seed| *seed > last)).collect(),
    };
    let again = |seed| seeds.len() == 1 || seed <= last;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = (Vec::new(), BTreeMap::<&'static str, u64>::new());
        loop {
            let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) else {
                return done;
            };
            match lived(seed, again(seed)) {
                Ok(outcome) => {
                    for (kind, count) in outcome.counts {
                        *done.1.entry(kind).or_default() += count;
                    }
                },
                Err(fault) => done.0.push(fault),
            }
        }
    };
    let done: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut counts = BTreeMap::<&'static str, u64>::new();
    for (kind, count) in done.iter().flat_map(|(_, counts)| counts) {
        *counts.entry(kind).or_default() += count;
    }
    #[expect(clippy::print_stderr, reason = "the figures of the run")]
    {
        eprintln!("{} seeds, {:.1?}: {counts:?}", seeds.len(), began.elapsed());
    }
    let faults: Vec<String> = done.into_iter().flat_map(|(faults, _)| faults).collect();
    assert!(faults.is_empty(), "{} of {} seeds:\n{}", faults.len(), seeds.len(), faults.join("\n"));
}
