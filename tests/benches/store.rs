//! `cargo bench --package kart-tests`: durable facts per second of the store, beside a plain SQLite loop that writes
//! the same rows. Prints figures and expects none.

use std::time::Duration;

use kart_tests::measure::store_speed;

const RUNS: usize = 5;
const TURN: Duration = Duration::from_secs(1);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "figures are what this program is for")]
async fn main() -> anyhow::Result<()> {
    println!("durable facts/s, medians of {RUNS} interleaved runs of {TURN:?} a side\n");
    println!("  callers      store      plain   ratio   lowest  highest");
    for callers in [1, 10, 100, 1_000] {
        let speed = store_speed(callers, RUNS, TURN).await?;
        println!(
            "{:>9} {:>10.0} {:>10.0} {:>7.2} {:>8.2} {:>8.2}",
            speed.callers, speed.store, speed.plain, speed.ratio, speed.lowest, speed.highest
        );
    }
    Ok(())
}
