//! What comes from outside is taken apart without falling over: targets, each with a corpus and the inputs that were
//! found before.
//!
//!   cargo test -p kart-fuzz                            a short run, always the same
//!   KART_FUZZ_SECONDS=600 cargo test -p kart-fuzz      each target for so long, with another seed each time
//!   tests/guided TARGET SECONDS                        guided by coverage
//!
//! An input that makes a target panic lies in `tests/fuzz/found/TARGET` in hexadecimal, and belongs into the repository
//! together with what mends it.

mod config;
mod modbus;
mod mqtt;
mod sparkplug;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

/// Something that takes bytes from outside apart. It panics when what comes out cannot be.
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Inputs that are nearly right.
    pub corpus: Vec<Vec<u8>>,
    /// Mutations in a short run.
    pub short: u64,
    /// Takes one input.
    pub take: fn(&[u8]),
}

/// All of them.
pub fn targets() -> Vec<Target> {
    vec![
        mqtt::payloads(),
        mqtt::filters(),
        sparkplug::messages(),
        modbus::network(),
        modbus::serial(),
        config::terminal(),
        config::site(),
    ]
}

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("found").join(target)
}

/// What was found before.
pub fn found(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let Ok(files) = std::fs::read_dir(folder(target)) else { return Ok(vec![]) };
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.map(|file| file.path())).collect::<io::Result<_>>()?;
    paths.sort();
    paths.iter().map(|path| Ok(bytes(&std::fs::read_to_string(path)?))).collect()
}

/// Keeps an input that was found.
pub fn keep(target: &str, input: &[u8]) -> io::Result<PathBuf> {
    let mut text = String::new();
    for byte in input {
        // A string takes everything.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    let path = folder(target).join(format!("{:016x}.hex", hash(input)));
    std::fs::create_dir_all(folder(target))?;
    std::fs::write(&path, text + "\n")?;
    Ok(path)
}

/// By which an input is named.
pub fn hash(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Bytes in hexadecimal; blanks stand anywhere.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}
