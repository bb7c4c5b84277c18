//! `cargo bench --package kart-tests`: durable facts per second of the store, beside a plain SQLite loop that writes
//! the same rows. Prints figures and expects none.

use std::time::Duration;

use kart_tests::measure::{Speed, store_speed};

const RUNS: usize = 5;
const TURN: Duration = Duration::from_secs(1);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "figures are what this program is for")]
async fn main() -> anyhow::Result<()> {
    println!("durable facts/s, medians of {RUNS} interleaved runs of {TURN:?} a side\n");
    println!("callers  per commit      store      plain   ratio   lowest  highest");
    for callers in [1, 10, 100, 1_000] {
        let speed = store_speed(callers, RUNS, TURN).await?;
        let Speed { per_commit, store, plain, ratio, lowest, highest, .. } = speed;
        println!(
            "{callers:>7} {per_commit:>11} {store:>10.0} {plain:>10.0} {ratio:>7.2} {lowest:>8.2} \
             {highest:>8.2}"
        );
    }
    Ok(())
}
