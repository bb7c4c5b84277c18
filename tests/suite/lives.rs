//! A log has lives: a terminal that was put back, one that was copied, one that another device takes over; and a
//! headquarters that was restored. Real programs, and the plant's own truth.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kart_api::{Client, HqLink};
use kart_tests::child::Child;
use kart_tests::operator::Operator;
use kart_tests::programs::program;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::plant::Totals;
use kart_tests::world::terminal::Terminal;
use kart_tests::world::{World, WorldOptions};
use serde_json::Value;

use crate::chain::verified;
use crate::turn::turn;

mod fleet;
mod lost;
mod screen;

const LIMIT: Duration = Duration::from_secs(30);
const STATION: &str = "ST-21";
const PRESS: &str = "EQ-211";
const PRODUCT: &str = "BR-40";
const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

/// One press that never stops by itself, headquarters, one terminal.
async fn world() -> World {
    let options = WorldOptions { presses: 1, packers: 0, stops: false, ..WorldOptions::default() };
    let mut world = World::start(&options).await.unwrap();
    world.go().await.unwrap();
    world
}

/// A terminal that is off after two parts, all of which headquarters has; and the life of its log.
async fn stopped() -> (World, String) {
    let mut world = world().await;
    let former = incarnation(&world.terminal);
    parts(&mut world, 2).await;
    world.terminal.confirmed().await.unwrap();
    world.terminal.stop().await.unwrap();
    (world, former)
}

/// What `kart-hq` says, run as the owner of the database.
async fn administer(headquarters: &Headquarters, arguments: &[&str]) -> String {
    let mut command = Command::new(program("kart-hq").unwrap());
    command.env("DATABASE_URL", headquarters.database()).args(arguments).args(PLACE);
    let mut child = Child::spawn(&mut command).unwrap();
    assert!(child.end(LIMIT).await.unwrap().success(), "{}", child.tail());
    child.stdout()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Puts the state of a terminal back.
fn put_back(terminal: &Terminal, saved: &Path) {
    std::fs::remove_dir_all(terminal.data()).unwrap();
    copy(saved, &terminal.data());
}

/// The life that the log of a terminal is in.
fn incarnation(terminal: &Terminal) -> String {
    let text = std::fs::read_to_string(terminal.data().join("identity.json")).unwrap();
    let identity: Value = serde_json::from_str(&text).unwrap();
    identity["incarnation"].as_str().unwrap().to_owned()
}

/// Waits until the plant has made so many good parts more.
async fn parts(world: &mut World, more: u64) {
    let wanted = made(&world.plant.totals().await.unwrap()) + more;
    wait_for("parts of the plant", LIMIT, async || {
        let made = made(&world.plant.totals().await.unwrap());
        if made >= wanted { Ok(()) } else { Err(format!("{made} of {wanted}")) }
    })
    .await;
}

fn made(totals: &Totals) -> u64 {
    totals.values().map(|machine| machine.good).sum()
}

/// Waits until a new life goes on that headquarters holds all of.
async fn renewed(terminal: &Terminal, former: &str) {
    let client = terminal.client().unwrap();
    wait_for("a new life of the log", LIMIT, async || {
        if incarnation(terminal) == former {
            return Err("the former life goes on".to_owned());
        }
        let health = client.health().await.map_err(|fault| fault.to_string())?;
        let all = health.acked == health.head;
        all.then_some(()).ok_or_else(|| format!("{} of {}", health.acked, health.head))
    })
    .await;
}

async fn link(client: &Client) -> Result<HqLink, String> {
    Ok(client.snapshot().await.map_err(|fault| fault.to_string())?.sync.link)
}

/// Waits until the terminal shows that headquarters refuses it, in words with `part`.
async fn refused(client: &Client, part: &str) {
    wait_for("a refused terminal", LIMIT, async || match link(client).await? {
        HqLink::Refused { reason } if reason.contains(part) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

/// Good parts at headquarters, as the union of what was read.
async fn counted(headquarters: &Headquarters) -> i64 {
    let counted =
        "SELECT sum(c.quantity) FROM (SELECT DISTINCT equipment_id FROM edge.production_counts) m,
         edge.counted(m.equipment_id, '-infinity', 'infinity') c WHERE c.counter = 'good'";
    headquarters.number(counted).await.unwrap()
}

async fn number(world: &World, statement: &str) -> i64 {
    world.headquarters.as_ref().unwrap().number(statement).await.unwrap()
}

/// Every log that lies in the folder is in order.
async fn all_verified(terminal: &Terminal) -> usize {
    let mut logs = 0;
    for entry in std::fs::read_dir(terminal.data()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("facts") && name.ends_with(".db") {
            verified(&["--db", path.to_str().unwrap()]).await.unwrap();
            logs += 1;
        }
    }
    logs
}

#[tokio::test]
async fn a_terminal_that_was_put_back_loses_and_doubles_nothing() {
    let _turn = turn().await;
    let mut world = world().await;
    let former = incarnation(&world.terminal);
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    parts(&mut world, 4).await;
    world.terminal.confirmed().await.unwrap();
    world.terminal.stop().await.unwrap();
    let saved = tempfile::tempdir().unwrap();
    copy(&world.terminal.data(), saved.path());

    // Headquarters goes on: a batch, and more parts.
    world.terminal.start().await.unwrap();
    anna.start_batch(PRESS, PRODUCT).await.unwrap();
    parts(&mut world, 8).await;
    world.terminal.confirmed().await.unwrap();
    world.terminal.kill().unwrap();

    // Put back while headquarters is away, the terminal records what headquarters has partly seen.
    put_back(&world.terminal, saved.path());
    world.headquarters.as_mut().unwrap().stop().await.unwrap();
    world.terminal.start().await.unwrap();
    let mut bert = Operator::new(world.client().unwrap(), "1002");
    bert.clock_in(STATION).await.unwrap();
    parts(&mut world, 8).await;
    let before = world.client().unwrap().health().await.unwrap().head;
    world.headquarters.as_mut().unwrap().start_again().await.unwrap();
    renewed(&world.terminal, &former).await;

    // The batch that only headquarters knew is on the screen and can be completed.
    anna.complete_batch(PRESS).await.unwrap();
    anna.clock_out().await.unwrap();
    bert.clock_out().await.unwrap();
    let totals = world.rest().await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)));
    let entries = "SELECT count(*) FROM ops_labor_entries";
    assert_eq!(number(&world, entries).await, 2);
    let open = "SELECT count(*) FROM ops_labor_entries WHERE end_ts IS NULL";
    assert_eq!(number(&world, open).await, 0);
    let batches = "SELECT count(*) FROM oee_batch_details WHERE status = 'completed'";
    assert_eq!(number(&world, batches).await, 1);
    let open = "SELECT count(*) FROM edge.machine_states WHERE end_ts IS NULL";
    assert_eq!(number(&world, open).await, 1, "a machine is in one state");
    let again = number(&world, "SELECT count(*) FROM edge.reissued").await;
    let named =
        "SELECT count(*) FROM edge.inbox WHERE convert_from(line, 'UTF8') LIKE '%\"former\":{%'";
    assert_eq!(number(&world, named).await, again, "provenance stands in the lines");
    assert!(again > 0, "of {before} facts none came again");
    assert_eq!(number(&world, "SELECT count(*) FROM edge.lives").await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM edge.quarantine").await, 0);
    assert_eq!(all_verified(&world.terminal).await, 2);
}

#[tokio::test]
async fn a_state_that_is_put_back_twice_is_not_issued_a_third_time() {
    let _turn = turn().await;
    let (mut world, former) = stopped().await;
    let early = tempfile::tempdir().unwrap();
    copy(&world.terminal.data(), early.path());
    world.terminal.start().await.unwrap();
    parts(&mut world, 4).await;
    world.terminal.confirmed().await.unwrap();
    world.terminal.kill().unwrap();

    put_back(&world.terminal, early.path());
    world.headquarters.as_mut().unwrap().stop().await.unwrap();
    world.terminal.start().await.unwrap();
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    world.terminal.stop().await.unwrap();
    // A backup of the moment before the new life, of facts that will come again in it.
    let late = tempfile::tempdir().unwrap();
    copy(&world.terminal.data(), late.path());
    world.terminal.start().await.unwrap();
    world.headquarters.as_mut().unwrap().start_again().await.unwrap();
    let grant = world.terminal.data().join("renewal.json");
    wait_for("a granted life", LIMIT, async || {
        let there = grant.exists() || incarnation(&world.terminal) != former;
        if there { Ok(()) } else { Err("none yet") }
    })
    .await;
    world.terminal.kill().unwrap();
    world.terminal.start().await.unwrap();
    renewed(&world.terminal, &former).await;
    let second = incarnation(&world.terminal);
    world.terminal.kill().unwrap();

    put_back(&world.terminal, late.path());
    world.terminal.start().await.unwrap();
    renewed(&world.terminal, &former).await;
    assert_ne!(incarnation(&world.terminal), second);
    anna.clock_out().await.unwrap();
    let totals = world.rest().await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)));
    assert_eq!(number(&world, "SELECT count(*) FROM ops_labor_entries").await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM edge.lives").await, 2);
}

#[tokio::test]
async fn a_copy_is_fenced_and_both_go_on_recording() {
    let _turn = turn().await;
    let mut world = world().await;
    parts(&mut world, 2).await;
    world.terminal.confirmed().await.unwrap();
    let text = std::fs::read_to_string(world.terminal.config()).unwrap();
    let data = world.terminal.data();
    world.terminal.stop().await.unwrap();
    let mut copied = Terminal::prepare(|folder| {
        copy(&data, folder);
        Ok(text.replace(&data.display().to_string(), &folder.display().to_string()))
    })
    .unwrap();
    world.terminal.start().await.unwrap();
    copied.start().await.unwrap();
    let copy = copied.client().unwrap();
    refused(&copy, "another installation").await;
    let before = copy.health().await.unwrap();
    parts(&mut world, 6).await;
    let totals = world.rest().await.unwrap();
    wait_for("the copy to record", LIMIT, async || {
        let head = copy.health().await.map_err(|fault| fault.to_string())?.head;
        if head > before.head { Ok(()) } else { Err(format!("still {head}")) }
    })
    .await;

    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)));
    assert_eq!(
        number(&world, "SELECT count(*) FROM edge.lives").await,
        0,
        "the first is unaffected"
    );
    let rows = headquarters
        .sql("SELECT detail FROM edge.audit WHERE action = 'cloned'", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1, "one alarm, however often the copy tries");
    let detail: Value = rows[0].get(0);
    for side in ["enrolled", "copy"] {
        assert!(detail[side]["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{detail}");
    }
    assert_ne!(detail["enrolled"]["nonce"], detail["copy"]["nonce"]);
    assert!(detail["enrolled"]["last_seen_at"].is_string(), "{detail}");
    assert!(detail["copy"]["first_seen_at"].is_string(), "{detail}");
    let kept = "SELECT count(*) FROM edge.fenced_facts WHERE seq > 0";
    wait_for("facts of the copy, kept aside", LIMIT, async || match number(&world, kept).await {
        0 => Err("none yet"),
        _ => Ok(()),
    })
    .await;
    let bytes = "SELECT count(*) FROM edge.fenced_facts f JOIN edge.inbox i USING (hash)";
    assert_eq!(number(&world, bytes).await, 0, "only what the original has not");
    assert_eq!(all_verified(&copied).await, 1);
}

#[tokio::test]
async fn a_restored_headquarters_gets_everything_again() {
    let _turn = turn().await;
    let mut world = world().await;
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    parts(&mut world, 3).await;
    world.terminal.confirmed().await.unwrap();
    let saved = world.headquarters.as_mut().unwrap().cluster.save().unwrap();
    anna.start_batch(PRESS, PRODUCT).await.unwrap();
    parts(&mut world, 6).await;
    world.terminal.confirmed().await.unwrap();
    let held = number(&world, "SELECT max(watermark) FROM edge.terminals").await;
    world.headquarters.as_mut().unwrap().cluster.restore(&saved).unwrap();
    let restored = number(&world, "SELECT max(watermark) FROM edge.terminals").await;
    assert!(restored < held, "{restored} is not before {held}");

    anna.complete_batch(PRESS).await.unwrap();
    anna.clock_out().await.unwrap();
    let began = Instant::now();
    let totals = world.rest().await.unwrap();
    #[expect(clippy::print_stderr, reason = "the figures of the run")]
    {
        eprintln!("{} facts came again, {:.1?}", held - restored, began.elapsed());
    }
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)));
    let holes = "SELECT max(seq) - count(*) FROM edge.inbox";
    assert_eq!(number(&world, holes).await, 0);
    let noted = "SELECT count(*) FROM edge.audit WHERE action = 'headquarters restored'";
    assert_eq!(number(&world, noted).await, 1);
    let batches = "SELECT count(*) FROM oee_batch_details WHERE status = 'completed'";
    assert_eq!(number(&world, batches).await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM edge.lives").await, 0);
}

/// A bit falls over near the end of the log.
fn damage(terminal: &Terminal) {
    let file = terminal.data().join("facts.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let log = rusqlite::Connection::open_with_flags(file, flags).unwrap();
    let flip = "UPDATE facts SET line = replace(line, 'wall_us', 'wall_uz')
                WHERE seq = (SELECT max(seq) - 2 FROM facts)";
    assert_eq!(log.execute(flip, []).unwrap(), 1);
}

#[tokio::test]
async fn a_damaged_end_of_the_log_heals_at_the_next_start() {
    let _turn = turn().await;
    let mut world = world().await;
    let former = incarnation(&world.terminal);
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    parts(&mut world, 4).await;
    world.terminal.confirmed().await.unwrap();
    world.terminal.stop().await.unwrap();
    damage(&world.terminal);

    // Headquarters has what the damage costs.
    world.terminal.start().await.unwrap();
    renewed(&world.terminal, &former).await;
    anna.clock_out().await.unwrap();
    let totals = world.rest().await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)));
    let entries = "SELECT count(*) FROM ops_labor_entries WHERE end_ts IS NOT NULL";
    assert_eq!(number(&world, entries).await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM edge.lives").await, 1);
}
