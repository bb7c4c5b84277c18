//! `cargo bench --package kart-tests --bench modbus`: reads per second of the Modbus source, decoding included, beside
//! a bare loop over libmodbus on the same libmodbus server. Prints figures and expects none.

use std::sync::Arc;
use std::time::Duration;

use kart_tests::measure::median;
use kart_tests::modbus::libmodbus::Libmodbus;
use kartd::clock::Clock;
use kartd::ingest::Reading;
use kartd::ingest::modbus::plan::{
    Address, DevicePlan, GroupPlan, Kind, Limits, LinePlan, Point, Table,
};
use kartd::ingest::modbus::{PACE, order::Order, run};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

const RUNS: usize = 5;
const TURN: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "figures are what this program is for")]
async fn main() -> anyhow::Result<()> {
    let libmodbus = Libmodbus::compile()?;
    let (_server, address) = libmodbus.serve_tcp().await?;
    println!(
        "reads/s over TCP on one connection, medians of {RUNS} interleaved runs of {TURN:?} a side\n"
    );
    println!("registers     source  libmodbus   ratio");
    for registers in [1, 10, 125] {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            ours.push(source_rate(&address.to_string(), registers).await?);
            bare.push(libmodbus.read_rate(address, registers, TURN.as_secs_f64()).await?);
        }
        let (ours, bare) = (median(ours), median(bare));
        println!("{registers:>9} {ours:>10.0} {bare:>10.0} {:>7.2}", ours / bare);
    }
    Ok(())
}

/// The source, asked for so many registers as often as it can.
async fn source_rate(address: &str, registers: u16) -> anyhow::Result<f64> {
    let points = (0..registers).map(|address| Point {
        machine: 0,
        signal: format!("s{address}"),
        table: Table::Holding,
        address,
        kind: Kind::U16,
        order: Order::standard(2),
        scale: None,
        offset: None,
    });
    let (interval, phase) = (Duration::from_nanos(1), Duration::ZERO);
    let device = DevicePlan {
        name: "plc".to_owned(),
        unit: 1,
        timeout: Duration::from_secs(1),
        retry: Duration::from_secs(1),
        limits: Limits { max_gap: 8, max_registers: 125, merge: true, holes: Vec::new() },
        groups: vec![GroupPlan { interval, phase, points: points.map(Arc::new).collect() }],
    };
    let plan = LinePlan {
        address: Address::Tcp(address.to_owned()),
        second: None,
        connect_pause: Duration::ZERO,
        request_pause: Duration::ZERO,
        devices: vec![device],
    };
    let (intake, mut readings) = mpsc::channel(4096);
    let stop = CancellationToken::new();
    let watch = async {
        // Each poll is one reading: the channel is emptied faster than it is filled.
        while !matches!(readings.recv().await, Some(Reading::Samples { .. })) {}
        let (start, mut polls) = (Instant::now(), 0_u32);
        while let Ok(Some(reading)) = timeout_at(start + TURN, readings.recv()).await {
            polls += u32::from(matches!(reading, Reading::Samples { .. }));
        }
        f64::from(polls) / start.elapsed().as_secs_f64()
    };
    tokio::select! {
        rate = watch => Ok(rate),
        end = run(plan, intake, Clock::open()?, PACE, stop) => anyhow::bail!("the source ended: {end:?}"),
    }
}
