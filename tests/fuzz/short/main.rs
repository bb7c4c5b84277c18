//! Each target with what was found before, its corpus, and mutations of both. It does not look at coverage.

#![cfg(test)]

mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use kart_fuzz::{Target, found, keep, targets};
use mutate::Mutator;

const USUAL_SEED: u64 = 16;

fn fuzz(name: &str) {
    let target = targets().into_iter().find(|target| target.name == name).unwrap();
    let seconds = std::env::var("KART_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let budget = seconds.map(Duration::from_secs);
    let began = SystemTime::now();
    let clock = began.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = budget.map_or(USUAL_SEED, |_| clock.as_secs());
    let mut pool = found(target.name).unwrap();
    pool.extend(target.corpus.iter().cloned());
    for input in &pool {
        try_one(&target, input);
    }
    let mut mutator = Mutator::new(seed, pool);
    let mut tried = 0_u64;
    loop {
        let over =
            budget.map_or(tried >= target.short, |budget| began.elapsed().unwrap() >= budget);
        if over {
            break;
        }
        let input = mutator.next();
        try_one(&target, &input);
        tried += 1;
    }
    #[expect(clippy::print_stderr, reason = "shown when somebody asks for it")]
    {
        eprintln!("{}: {tried} mutations with seed {seed}", target.name);
    }
}

fn try_one(target: &Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.take)(input))).is_err() {
        let path = keep(target.name, input).unwrap();
        panic!("{}: the input is in {}", target.name, path.display());
    }
}

#[test]
fn payloads_of_topics() {
    fuzz("mqtt-payload");
}

#[test]
fn topic_filters() {
    fuzz("mqtt-filter");
}

#[test]
fn messages_of_edge_nodes() {
    fuzz("sparkplug");
}

#[test]
fn answers_over_a_network() {
    fuzz("modbus-tcp");
}

#[test]
fn answers_over_a_serial_line() {
    fuzz("modbus-rtu");
}

#[test]
fn configurations() {
    fuzz("config");
}

#[test]
fn site_files() {
    fuzz("site");
}

#[test]
fn every_target_has_its_test() {
    let names: Vec<&str> = targets().iter().map(|target| target.name).collect();
    let tested = include_str!("main.rs");
    assert!(names.iter().all(|name| tested.contains(&format!("fuzz(\"{name}\")"))), "{names:?}");
}
