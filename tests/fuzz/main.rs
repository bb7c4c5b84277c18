//! What arrives from outside is taken apart without falling over: each target gets a corpus, the inputs that were found
//! before, and mutations of both.
//!
//!   cargo test -p kart-tests --test fuzz                          a short run, always the same
//!   KART_FUZZ_SECONDS=600 cargo test -p kart-tests --test fuzz    each target for so long, with another seed each time
//!
//! An input that makes a target panic is written to `tests/fuzz/found/TARGET` in hexadecimal, and belongs into the
//! repository together with what mends it. It does not look at coverage.
#![cfg(test)]

mod mutate;
mod mqtt;
mod sparkplug;

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use mutate::Mutator;

/// Mutations in a short run.
const SHORT: u64 = 10_000;
const USUAL_SEED: u64 = 16;

/// Something that takes bytes from outside apart. It panics when what comes out cannot be.
struct Target {
    name: &'static str,
    corpus: Vec<Vec<u8>>,
    take: fn(&[u8]),
}

/// Gives a target all that was found before, its corpus, and what becomes of it.
fn fuzz(target: &Target) {
    let seconds = std::env::var("KART_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let budget = seconds.map(Duration::from_secs);
    let began = SystemTime::now();
    let clock = began.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = budget.map_or(USUAL_SEED, |_| clock.as_secs());
    let mut pool = found(target.name);
    pool.extend(target.corpus.iter().cloned());
    for input in &pool {
        try_one(target, input);
    }
    let mut mutator = Mutator::new(seed, pool);
    let mut tried = 0_u64;
    loop {
        let over = budget.map_or(tried >= SHORT, |budget| began.elapsed().unwrap() >= budget);
        if over {
            break;
        }
        let input = mutator.next();
        try_one(target, &input);
        tried += 1;
    }
    #[expect(clippy::print_stderr, reason = "shown when somebody asks for it")]
    {
        eprintln!("{}: {tried} mutations with seed {seed}", target.name);
    }
}

fn try_one(target: &Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.take)(input))).is_err() {
        let path = keep(target.name, input);
        panic!("{}: the input is in {}", target.name, path.display());
    }
}

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/found").join(target)
}

fn keep(target: &str, input: &[u8]) -> PathBuf {
    let mut text = String::new();
    for byte in input {
        write!(text, "{byte:02x}").unwrap();
    }
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder(target).join(format!("{hash:016x}.hex"));
    std::fs::create_dir_all(folder(target)).unwrap();
    std::fs::write(&path, text + "\n").unwrap();
    path
}

fn found(target: &str) -> Vec<Vec<u8>> {
    let Ok(files) = std::fs::read_dir(folder(target)) else { return vec![] };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| bytes(std::fs::read_to_string(path).unwrap().trim())).collect()
}

/// Bytes in hexadecimal.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| {
        let pair: String = pair.iter().collect();
        u8::from_str_radix(&pair, 16).unwrap()
    };
    digits.chunks(2).map(byte).collect()
}

#[test]
fn payloads_of_topics() {
    fuzz(&mqtt::payloads());
}

#[test]
fn topic_filters() {
    fuzz(&mqtt::filters());
}

#[test]
fn messages_of_edge_nodes() {
    fuzz(&sparkplug::messages());
}
