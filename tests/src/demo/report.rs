//! The end of a headless run, for people and for programs.

use std::fmt::Write as _;

use kart_tests::measure::Speed;
use kart_tests::world::accounts::Accounts;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub seconds: u64,
    pub seed: u64,
    pub packers: u8,
    pub headquarters: bool,
    /// Figures of a build without optimisation say nothing.
    pub optimised: bool,
    #[serde(flatten)]
    pub accounts: Accounts,
    pub speed: Vec<Speed>,
    pub memory: Memory,
    pub agree: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// At the end of the run, with headquarters.
    pub kartd_kib: u64,
    /// Reading twenty devices once a second, alone.
    pub twenty_devices_kib: u64,
}

impl Report {
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        // A string takes whatever is written to it.
        self.write(&mut text).ok();
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let none = || "-".to_owned();
        writeln!(text, "\nmachine  counter     plant    sqlite  postgres     union")?;
        for parts in &self.accounts.parts {
            let postgres = parts.postgres.map_or_else(none, |n| n.to_string());
            let union = parts.counted.map_or_else(none, |n| n.to_string());
            writeln!(
                text,
                "{:<8} {:<8} {:>8}  {:>8}  {postgres:>8}  {union:>8}",
                parts.machine, parts.counter, parts.plant, parts.sqlite
            )?;
        }
        let mut line = |what: &str, truth: usize, sqlite: usize, postgres: Option<usize>| {
            let postgres = postgres.map_or_else(none, |n| n.to_string());
            writeln!(text, "{what:<17} {truth:>8}  {sqlite:>8}  {postgres:>8}")
        };
        let stops = &self.accounts.stops;
        line("stops", stops.plant, stops.sqlite, stops.postgres)?;
        for punches in &self.accounts.punches {
            line(punches.what, punches.confirmed, punches.sqlite, punches.postgres)?;
        }
        let facts = &self.accounts.facts;
        line("facts", facts.sqlite, facts.sqlite, facts.postgres)?;
        for rows in self.accounts.rows.iter().filter(|rows| rows.differing > 0) {
            writeln!(text, "{} rows of {} differ, as this one:", rows.differing, rows.table)?;
            writeln!(text, "  {}", rows.example.as_deref().unwrap_or_default())?;
        }
        writeln!(
            text,
            "lost {}, doubled {}, broken links {}, altered facts {}",
            self.accounts.lost, self.accounts.doubled, facts.broken, facts.altered
        )?;
        self.figures(text)?;
        let verdict = match (self.agree, self.headquarters) {
            (true, true) => "plant, SQLite and Postgres agree",
            (true, false) => "plant and SQLite agree; there is no headquarters",
            (false, _) => "THE COUNTS DO NOT AGREE",
        };
        writeln!(text, "\n{verdict}")
    }

    fn figures(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\ncallers  per commit  durable facts/s  plain SQLite loop  ratio")?;
        for speed in &self.speed {
            let Speed { callers, per_commit, store, plain, ratio, .. } = speed;
            writeln!(
                text,
                "{callers:>7}  {per_commit:>10}  {store:>15.0}  {plain:>17.0}  {ratio:>5.2}"
            )?;
        }
        let mib = |kib: u64| format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024);
        writeln!(
            text,
            "\nkartd keeps {} in memory, {} with twenty devices at 1 s",
            mib(self.memory.kartd_kib),
            mib(self.memory.twenty_devices_kib)
        )?;
        if !self.optimised {
            writeln!(text, "(built without optimisation: no figure here says anything)")?;
        }
        Ok(())
    }
}
