//! The demo without a screen: an operator by script, then the comparison and the figures.

use std::time::{Duration, Instant};

use kart_tests::measure::{Speed, store_speed};
use kart_tests::operator::Operator;
use kart_tests::wait::try_for;
use kart_tests::world::{World, WorldOptions};
use tokio::time::{MissedTickBehavior, interval};

use crate::report::{Memory, Report};
use crate::tell;

const BADGE: &str = "1001";
const STATION: &str = "ST-21";
const PRESSES: [(&str, &str); 2] = [("EQ-211", "BR-40"), ("EQ-212", "HG-12")];
/// How often the operator looks whether a machine has stopped.
const ROUND: Duration = Duration::from_secs(2);
const RUNS: usize = 3;
const TURN: Duration = Duration::from_millis(500);
const DEVICES: u8 = 20;

pub(crate) async fn run(options: &WorldOptions, time: Duration) -> anyhow::Result<Report> {
    tell("starting the plant and its terminal");
    let mut world = World::start(options).await?;
    world.go().await?;
    tell(&format!("machines run for {} s; an operator works by script", time.as_secs()));
    let operator = shift(&world, time).await?;
    tell("machines come to rest; comparing");
    let totals = world.rest().await?;
    let accounts = world.accounts(&totals, &operator.confirmed).await?;
    let kartd_kib = world.terminal.resident_kib()?;
    drop(world);
    tell("measuring");
    let memory = Memory { kartd_kib, twenty_devices_kib: twenty_devices().await? };
    Ok(Report {
        seconds: time.as_secs(),
        seed: options.seed,
        packers: options.packers,
        headquarters: options.headquarters,
        optimised: !cfg!(debug_assertions),
        agree: accounts.agree(),
        accounts,
        speed: speed().await?,
        memory,
    })
}

/// A small shift: clock in, a batch on each press, stops explained as they come, batches completed, clock out.
async fn shift(world: &World, time: Duration) -> anyhow::Result<Operator> {
    let began = Instant::now();
    let mut operator = Operator::new(world.client()?, BADGE);
    operator.clock_in(STATION).await?;
    for (machine, product) in PRESSES {
        operator.start_batch(machine, product).await?;
    }
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut second_batch = false;
    while began.elapsed() < time {
        rounds.tick().await;
        operator.explain_stops().await?;
        if !second_batch && began.elapsed() > time / 2 {
            let [(machine, product), ..] = PRESSES;
            operator.complete_batch(machine).await?;
            operator.start_batch(machine, product).await?;
            second_batch = true;
        }
    }
    for (machine, _product) in PRESSES {
        operator.complete_batch(machine).await?;
    }
    operator.clock_out().await?;
    Ok(operator)
}

async fn speed() -> anyhow::Result<Vec<Speed>> {
    let mut all = Vec::new();
    for callers in [1, 10, 100, 1_000] {
        all.push(store_speed(callers, RUNS, TURN).await?);
    }
    Ok(all)
}

/// What a daemon alone keeps in memory that reads twenty devices once a second.
async fn twenty_devices() -> anyhow::Result<u64> {
    let mut world = World::start(&WorldOptions {
        presses: DEVICES,
        packers: 0,
        headquarters: false,
        load: Some(Duration::from_secs(1)),
        ..WorldOptions::default()
    })
    .await?;
    let client = world.client()?;
    let enough = u64::from(DEVICES) * 10;
    try_for("ten counts of each device", Duration::from_secs(60), async || {
        let health = client.health().await.map_err(|fault| fault.to_string())?;
        let enough = health.head >= enough;
        enough.then_some(()).ok_or_else(|| format!("{} facts", health.head))
    })
    .await?;
    world.terminal.resident_kib()
}
