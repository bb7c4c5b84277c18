//! The daemon under SIGKILL at random moments, with headquarters away for a while, by the plant's own truth.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kart_api::Client;
use kart_tests::operator::{Confirmed, Operator};
use kart_tests::wait::wait_for;
use kart_tests::world::accounts::Accounts;
use kart_tests::world::plant::Totals;
use kart_tests::world::{World, WorldOptions};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;

use crate::chain::verified;
use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);
const KILLS: usize = 24;
const STATION: &str = "ST-21";
const PRESSES: [(&str, &str); 2] = [("EQ-211", "BR-40"), ("EQ-212", "HG-12")];

/// Works one short shift after the other until the end; gives what the daemon has confirmed.
async fn shifts(client: Client, end: &AtomicBool) -> Confirmed {
    let mut operator = Operator::new(client, "1001");
    loop {
        operator.clock_in(STATION).await.unwrap();
        for (machine, product) in PRESSES {
            operator.start_batch(machine, product).await.unwrap();
            operator.explain_stops().await.unwrap();
        }
        for (machine, _product) in PRESSES {
            operator.explain_stops().await.unwrap();
            operator.complete_batch(machine).await.unwrap();
        }
        operator.clock_out().await.unwrap();
        if end.load(Ordering::Relaxed) {
            return operator.confirmed;
        }
    }
}

fn made(totals: &Totals) -> u64 {
    totals.values().map(|machine| machine.good + machine.scrap).sum()
}

/// Waits until the plant has made so many parts more.
async fn parts(world: &mut World, more: u64) {
    let wanted = made(&world.plant.totals().await.unwrap()) + more;
    wait_for("parts of the plant", LIMIT, async || {
        let made = made(&world.plant.totals().await.unwrap());
        if made >= wanted { Ok(()) } else { Err(format!("{made} of {wanted}")) }
    })
    .await;
}

/// Headquarters goes and comes: the gateway alone, then Postgres behind a running gateway.
async fn headquarters(world: &mut World, kill: usize) {
    let headquarters = world.headquarters.as_mut().unwrap();
    match kill {
        5 => headquarters.kill().unwrap(),
        10 => headquarters.start_again().await.unwrap(),
        14 => headquarters.cluster.stop().unwrap(),
        18 => headquarters.cluster.start_again().unwrap(),
        _ => {},
    }
}

/// Kills and starts again; gives how many times it was killed once more during its start.
async fn kills(world: &mut World, dice: &mut StdRng) -> usize {
    let mut early = 0;
    for kill in 0..KILLS {
        headquarters(world, kill).await;
        parts(world, dice.random_range(1..=14)).await;
        world.terminal.kill().unwrap();
        if dice.random_bool(0.25) {
            world.terminal.launch().unwrap();
            parts(world, 1).await;
            world.terminal.kill().unwrap();
            early += 1;
        }
        if dice.random_bool(0.25) {
            parts(world, dice.random_range(1..=6)).await;
        }
        world.terminal.start().await.unwrap();
    }
    early
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_doubled() {
    let _turn = turn().await;
    let began = Instant::now();
    let seed = seed("kill::", 7);
    let mut dice = StdRng::seed_from_u64(seed);
    let mut world = World::start(&WorldOptions { seed, ..WorldOptions::default() }).await.unwrap();
    world.go().await.unwrap();
    let client = world.client().unwrap();
    let end = AtomicBool::new(false);
    let (confirmed, early) = tokio::join!(shifts(client, &end), async {
        let early = kills(&mut world, &mut dice).await;
        end.store(true, Ordering::Relaxed);
        early
    });
    let totals = world.rest().await.unwrap();
    let accounts = world.accounts(&totals, &confirmed).await.unwrap();
    let figures = format!(
        "{} kills, {early} of them during a start; {} parts, {} stops of which {} unseen, {} commands confirmed, \
         {} facts, {:.0?}",
        KILLS + early,
        made(&totals),
        accounts.stops.plant,
        accounts.stops.difference.lost,
        6 * confirmed.clocked_in.len() + confirmed.stops_explained.len(),
        accounts.facts.sqlite,
        began.elapsed()
    );
    #[expect(clippy::print_stderr, reason = "the figures of the run")]
    {
        eprintln!("{figures}");
    }
    agree(&accounts);
    rows_once(&world.terminal.facts().unwrap(), &confirmed);
    let facts = world.terminal.data().join("facts.db");
    let head = world.client().unwrap().health().await.unwrap().head_hash;
    let said = verified(&["--db", facts.to_str().unwrap(), "--head", &head]).await.unwrap();
    assert!(said.contains(&format!("{} facts", accounts.facts.sqlite)), "{said}");
}

fn agree(accounts: &Accounts) {
    for parts in &accounts.parts {
        let plant = i64::try_from(parts.plant).unwrap();
        let held = [Some(parts.sqlite), parts.postgres, parts.counted];
        assert_eq!(held, [Some(plant); 3], "{parts:?}");
    }
    for punches in &accounts.punches {
        let held = (punches.sqlite, punches.postgres);
        assert_eq!(held, (punches.confirmed, Some(punches.confirmed)), "{punches:?}");
    }
    let facts = &accounts.facts;
    assert_eq!((facts.broken, facts.altered), (0, 0), "{facts:?}");
    assert_eq!(facts.postgres, Some(facts.sqlite));
    for rows in &accounts.rows {
        assert_eq!(rows.differing, 0, "{rows:?}");
    }
    // A stop that lay within an absence of the daemon was seen by nobody and stands there as `unknown`.
    let stops = accounts.stops.difference;
    assert_eq!(stops.doubled, 0, "no stop is invented: {:?}", accounts.stops);
    assert_eq!((accounts.lost - stops.lost, accounts.doubled), (0, 0));
}

/// One labor entry for each shift, one operator for each batch, no key of a command twice.
fn rows_once(log: &Connection, confirmed: &Confirmed) {
    let count = |statement: &str| -> usize {
        let count: i64 = log.query_row(statement, [], |row| row.get(0)).unwrap();
        usize::try_from(count).unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM ops_labor_entries"), confirmed.clocked_in.len());
    let batches = confirmed.batches_started.len();
    assert_eq!(count("SELECT count(*) FROM oee_batch_details"), batches);
    assert_eq!(count("SELECT count(*) FROM oee_batch_operators"), batches);
    let events = "SELECT count(*) FROM oee_machine_events WHERE event_type = 'batch'";
    assert_eq!(count(events), batches);
    assert_eq!(count("SELECT count(*) - count(DISTINCT key) FROM facts WHERE key IS NOT NULL"), 0);
}
