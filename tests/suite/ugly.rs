//! The ugly cases of a day on a shop floor, by their numbers there: what really happened on one side, what was recorded
//! on the other, and what must never happen.

use std::{path::Path, time::Duration};

use kart_api::{Client, Machine, View};
use kart_core::{signal::Value, time::Micros};
use kart_tests::{
    modbus::ModbusServer, programs::repository, wait::lasts, world::terminal::Terminal,
};
use rusqlite::Connection;

use crate::figures::now;
use crate::headquarters::device::key;
use crate::office::viewed;

mod asked;
mod away;
mod bus;
mod changed_clocks;
mod clock;
mod clock_out;
mod counter;
mod disk;
mod floor;
mod message;
mod power;
mod reason;
mod reasons;
mod refused;
mod replaced;
mod skewed;
mod substitute;
mod two_terminals;
mod wrong_badge;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
const SECOND: i64 = 1_000_000;

pub(crate) fn cryptography() {
    // Fails only when a provider is installed already, and then there is one.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// The demo's site with further machines.
fn site(folder: &Path, machines: &[&str]) -> String {
    let mut text = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    for code in machines {
        text += &format!("\n[[machine]]\ncode = \"{code}\"\nname = \"{code}\"\n");
    }
    let path = folder.join("site.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// A terminal that works alone: `rest` are the tables after `[site]`.
pub(crate) fn alone(data: &Path, machines: &[&str], rest: &str) -> String {
    format!(
        "[terminal]\ncode = \"T-07\"\nstation = \"ST-21\"\ndata_dir = \"{}\"\n\
         [site]\norganization = \"cedar-works\"\ncode = \"cedar\"\nfile = \"{}\"\n{rest}",
        data.display(),
        site(data, machines)
    )
}

/// A device of this name at a server.
pub(crate) fn device(name: &str, server: &ModbusServer) -> String {
    format!("[[device]]\nname = \"{name}\"\naddress = \"{}\"\ntimeout_ms = 300\n", server.address())
}

pub(crate) fn machine<'v>(view: &'v View, code: &str) -> Option<&'v Machine> {
    view.machines.iter().find(|machine| machine.code == code)
}

/// Waits until a signal of a machine is shown as it really is.
pub(crate) async fn shows(client: &Client, code: &str, signal: &str, wanted: i64) {
    viewed(client, &format!("{code} {signal} at {wanted}"), |view| {
        let mut signals = machine(view, code)?.signals.iter();
        let shown = signals.find(|shown| shown.name == signal)?.value.clone()?;
        (shown == Value::Whole(wanted)).then_some(())
    })
    .await;
}

pub(crate) async fn state(client: &Client, code: &str, state: &str) {
    viewed(client, &format!("{code} {state}"), |view| {
        (machine(view, code)?.state.word() == state).then_some(())
    })
    .await;
}

async fn passes(since: Micros, length_us: i64) {
    let left = length_us - (now().0 - since.0);
    lasts(Duration::from_micros(left.try_into().unwrap_or_default())).await;
}

/// How the readings of a counter were judged, and what was booked in all.
pub(crate) fn counted(log: &Connection, code: &str, source: &str) -> (Vec<String>, i64) {
    let select = "SELECT verdict, quantity FROM edge_production_counts
                  WHERE equipment_id = ?1 AND source = ?2 ORDER BY until_ts, rowid";
    let mut select = log.prepare(select).unwrap();
    let rows = select
        .query_map((key("oee_equipment", code), source), |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(String, i64)> = rows.unwrap().map(Result::unwrap).collect();
    let booked = rows.iter().map(|(_, quantity)| quantity).sum();
    let mut verdicts: Vec<String> = rows.into_iter().map(|(verdict, _)| verdict).collect();
    verdicts.dedup();
    (verdicts, booked)
}

/// A state as it was recorded.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) state: String,
    from: i64,
    until: Option<i64>,
    seconds: Option<f64>,
}

/// The states of a machine, in the order in which they were recorded.
pub(crate) fn states(log: &Connection, code: &str) -> Vec<Stretch> {
    let select = "SELECT state, start_ts, end_ts, duration_seconds FROM edge_machine_states
                  WHERE equipment_id = ?1 ORDER BY start_ts";
    let mut select = log.prepare(select).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let seconds: Option<String> = row.get(3)?;
        Ok(Stretch {
            state: row.get(0)?,
            from: row.get(1)?,
            until: row.get(2)?,
            seconds: seconds.map(|text| text.parse().unwrap()),
        })
    };
    select.query_map([key("oee_equipment", code)], row).unwrap().map(Result::unwrap).collect()
}

/// Each state begins where the one before ends. The two clocks are not read at once: that is some microseconds.
fn are_seamless(states: &[Stretch]) {
    for pair in states.windows(2) {
        let gap = pair[0].until.map(|until| (pair[1].from - until).abs());
        assert!(gap.is_some_and(|gap| gap < SECOND / 1000), "a hole or an overlap: {states:#?}");
    }
}

pub(crate) fn number(log: &Connection, statement: &str) -> i64 {
    log.query_row(statement, [], |row| row.get(0)).unwrap()
}

pub(crate) fn terminal(machines: &[&str], rest: impl Fn(&Path) -> String) -> Terminal {
    cryptography();
    Terminal::prepare(|data| Ok(alone(data, machines, &rest(data)))).unwrap()
}
