//! `cargo bench --package kart-tests --bench sync [-- FACTS [TERMINALS [SECONDS]]]`: how fast a backlog reaches headquarters beside
//! COPY and merge of the same rows, and what many terminals on one gateway are answered. Prints figures and expects none.

use std::time::Duration;

use kart_tests::measure::drain::drain;
use kart_tests::measure::many::many;

const FACTS: u64 = 200_000;
const TERMINALS: u64 = 1_000;
const SECONDS: u64 = 60;
const PER_MINUTE: u32 = 100;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "figures are what this program is for")]
async fn main() -> anyhow::Result<()> {
    // Fails only when a provider is installed already, and then there is one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let given: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |place: usize, usual: u64| given.get(place).copied().unwrap_or(usual);
    if number(0, FACTS) > 0 {
        let drained = drain(number(0, FACTS)).await?;
        println!("backlog: {}", serde_json::to_string_pretty(&drained)?);
    }
    let terminals = usize::try_from(number(1, TERMINALS))?;
    if terminals > 0 {
        let many = many(terminals, PER_MINUTE, Duration::from_secs(number(2, SECONDS))).await?;
        println!("many terminals: {}", serde_json::to_string_pretty(&many)?);
    }
    Ok(())
}
