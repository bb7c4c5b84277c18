//! A migration that has been released is never edited: somewhere a database has already taken it as it was.

use std::fs;

use kart_tidy::{none, root, tree};

const LOCK: &str = include_str!("../migrations.lock");

/// FNV-1a with 64 bits: it guards against a careless edit, not against an attacker.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn locked() -> Vec<(String, String)> {
    let lines = LOCK.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(hash, path)| (hash.to_owned(), path.trim().to_owned()))
        .collect()
}

#[test]
fn released_migrations_are_as_they_were() {
    let mut faults = Vec::new();
    for (expected, path) in locked() {
        match fs::read_to_string(root().join(&path)) {
            Ok(text) if format!("{:016x}", hash(&text)) == expected => {},
            Ok(_) => faults.push(format!("{path} was edited; write a new migration instead")),
            Err(fault) => faults.push(format!("{path}: {fault}")),
        }
    }
    none("A migration listed in tests/tidy/migrations.lock has changed:", &faults);
}

#[test]
#[expect(clippy::print_stdout, reason = "shows whoever makes a release what to add")]
fn lines_to_add_are_printed() {
    let locked = locked();
    let files =
        tree().into_iter().filter(|file| file.is_under("migrations") && file.ends_with("sql"));
    for file in files.filter(|file| locked.iter().all(|(_, path)| *path != file.path)) {
        println!("{:016x} {}", hash(&file.text), file.path);
    }
}

#[test]
fn the_hash_is_the_published_one() {
    assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
}
