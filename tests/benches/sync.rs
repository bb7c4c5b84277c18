//! `cargo bench --package kart-tests --bench sync [-- FACTS [TERMINALS [SECONDS]]]`: how fast a backlog reaches headquarters beside
//! COPY and merge of the same rows, how the terminal does meanwhile and with such a file, and what many terminals on one
//! gateway are answered. Prints figures beside what is aimed at, and fails for none. 0 leaves a part out; from two million facts
//! on, the terminal's file is filled until it is over 1 GiB.

use std::time::Duration;

use kart_tests::measure::drain::{Drain, Meanwhile, drain};
use kart_tests::measure::many::{Many, many};

const FACTS: u64 = 200_000;
const TERMINALS: u64 = 1_000;
const SECONDS: u64 = 60;
const PER_MINUTE: u32 = 100;
/// A month of a busy terminal …
const MONTH: u64 = 2_000_000;
/// … is at least so large.
const MONTH_MIB: f64 = 1_025.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Fails only when a provider is installed already, and then there is one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let given: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |place: usize, usual: u64| given.get(place).copied().unwrap_or(usual);
    let facts = number(0, FACTS);
    if facts > 0 {
        drained(&drain(facts, if facts >= MONTH { MONTH_MIB } else { 0.0 }).await?);
    }
    let terminals = usize::try_from(number(1, TERMINALS))?;
    if terminals > 0 {
        answered(&many(terminals, PER_MINUTE, Duration::from_secs(number(2, SECONDS))).await?);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "figures are what this program is for")]
fn line(what: &str, figure: impl std::fmt::Display, aim: &str) {
    println!("{what:<58} {figure:>12}   {aim}");
}

fn drained(drained: &Drain) {
    line(&format!("A backlog of {} facts", drained.facts), "", "aim");
    line("  made, in seconds", format!("{:.1}", drained.made_s), "");
    line("  file of facts, MiB", format!("{:.0}", drained.file_mib), "");
    line("  facts/s, SQLite to domain tables", format!("{:.0}", drained.ours), ">= 5000");
    line("  facts/s, COPY and merge of the same rows", format!("{:.0}", drained.copy), "");
    line("  ratio", format!("{:.2}", drained.ratio), ">= 0.4");
    meanwhile("while it drains", &drained.meanwhile);
    meanwhile("all sent, the file still there", &drained.afterwards);
}

fn meanwhile(when: &str, told: &Meanwhile) {
    line(&format!("  {when}: kartd starts, seconds"), format!("{:.2}", told.start_s), "");
    line(&format!("  {when}: kartd, MiB"), told.kartd_kib / 1024, "<= 64");
    let p99 = format!("{:.1}", told.p99_ms);
    line(&format!("  {when}: p99 of {} commands, ms", told.commands), p99, "<= 50");
}

fn answered(many: &Many) {
    let Many { terminals, seconds, .. } = many;
    line(
        &format!("{terminals} terminals, {PER_MINUTE} facts a minute each, {seconds:.0} s"),
        "",
        "aim",
    );
    line("  all connected after, seconds", format!("{:.1}", many.connected_s), "");
    line("  sent away while all connect", many.refused_at_first, "");
    line("  facts arrived", many.facts, "all");
    line("  pushes", many.pushes, "");
    line("  sent away", many.refused, "0");
    line("  sessions begun anew", many.sessions, "0");
    line("  push, median, ms", format!("{:.0}", many.median_ms), "");
    line("  push, p99, ms", format!("{:.0}", many.p99_ms), "");
    line(
        "  fact made to fact at headquarters, median, ms",
        format!("{:.0}", many.age_median_ms),
        "",
    );
    line("  fact made to fact at headquarters, p99, ms", format!("{:.0}", many.age_p99_ms), "");
    line("  live reports", many.statuses, "");
    line("  feeds answered", many.feeds, "");
    line("  gateway, MiB", many.gateway_kib / 1024, "");
    line("  connections to the database", many.connections, "");
}
