//! What goes wrong beside a terminal: a disk that refuses, a stop in the middle, a second daemon, a faulty file, a
//! repeated command, devices that misbehave.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use kart_api::{Answer, Client, LiveEvent, Recording, Request, View};
use kart_core::command::{Command, Refusal};
use kart_core::id::{StationId, reference_id};
use kart_tests::child::Child;
use kart_tests::operator::Confirmed;
use kart_tests::screen::{ENTER, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::plant::Totals;
use kart_tests::world::{World, WorldOptions};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::turn::{seed, turn};

mod faults;

const LIMIT: Duration = Duration::from_secs(30);

/// Presses and a terminal that works alone.
async fn alone(test: &str, presses: u8) -> World {
    let options = WorldOptions {
        presses,
        packers: 0,
        headquarters: false,
        stops: false,
        seed: seed(test, 3),
        ..WorldOptions::default()
    };
    World::start(&options).await.unwrap()
}

#[expect(clippy::print_stderr, reason = "the figures of the run")]
fn figure(text: &str) {
    eprintln!("{text}");
}

fn clock_in(key: &str, badge: &str) -> Request {
    let station = StationId(reference_id("cedar-works", "cedar", "ops_stations", "ST-21"));
    let command = Command::ClockIn { badge: badge.to_owned(), station };
    Request { key: key.to_owned(), command, pin: None }
}

/// Asks until there is an answer, as a terminal does.
async fn answered(client: &Client, request: &Request) -> Answer {
    wait_for("an answer", LIMIT, async || client.command(request).await).await
}

async fn viewed(client: &Client, what: &str, wanted: impl Fn(&View) -> bool) -> View {
    wait_for(what, LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        if wanted(&view) { Ok(view) } else { Err(format!("{:?} {:?}", view.sync, view.machines)) }
    })
    .await
}

fn facts(world: &World, condition: &str) -> i64 {
    let log = world.terminal.facts().unwrap();
    let statement = format!("SELECT count(*) FROM facts WHERE {condition}");
    log.query_row(&statement, [], |row| row.get(0)).unwrap()
}

async fn counts_are_true(world: &World, totals: &Totals) {
    let accounts = world.accounts(totals, &Confirmed::default()).await.unwrap();
    for parts in &accounts.parts {
        assert_eq!(Some(parts.sqlite), i64::try_from(parts.plant).ok(), "{parts:?}");
    }
    assert_eq!(accounts.facts.broken, 0);
}

#[tokio::test]
async fn a_disk_that_refuses_is_said_and_nothing_is_called_saved() {
    let _turn = turn().await;
    let mut world = alone("trouble::a_disk", 1).await;
    let client = world.client().unwrap();
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Recording", "EQ-211"]).await.unwrap();
    world.go().await.unwrap();
    viewed(&client, "parts", |view| view.machines[0].good > 3).await;

    let path = world.terminal.data().join("facts.db");
    let holder = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    holder.busy_timeout(LIMIT).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let held = facts(&world, "true");
    let request = clock_in("held-1", "1002");
    let began = Instant::now();
    match answered(&client, &request).await {
        Answer::Refused(Refusal::NotRecording { .. }) => {},
        other => panic!("{other:?}"),
    }
    let view = viewed(&client, "NOT RECORDING", |view| view.sync.recording != Recording::Yes).await;
    assert!(view.people.is_empty(), "{:?}", view.people);
    screen.shows(&["NOT RECORDING"]).await.unwrap();
    figure(&format!("the disk refuses: said after {:.1?}", began.elapsed()));
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Ada Brandt — clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    let seen = screen.shows(&["NOT RECORDED"]).await.unwrap();
    assert!(!seen.contains("SAVED"), "{seen}");
    assert_eq!(facts(&world, "true"), held, "nothing was written");

    holder.execute_batch("ROLLBACK").unwrap();
    viewed(&client, "recording again", |view| view.sync.recording == Recording::Yes).await;
    screen.lacks(&["NOT RECORDING"]).await.unwrap();
    let log = world.terminal.daemon().unwrap().stderr();
    let told = log.lines().filter(|line| line.contains("NOT RECORDING")).count();
    assert!((1..=3).contains(&told), "{told} lines");
    let over = log.lines().find(|line| line.contains("recording again")).expect("its end");
    assert!(over.contains("writes") && over.contains("seconds"), "{over}");
    let Answer::Saved(_) = answered(&client, &request).await else { panic!("not saved") };
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt", "Jurij Nowak"]).await.unwrap();
    assert_eq!(facts(&world, "line LIKE '%\"clocked_in\"%'"), 2);
    let totals = world.rest().await.unwrap();
    counts_are_true(&world, &totals).await;
}

#[tokio::test]
async fn a_stop_takes_no_longer_than_five_seconds_and_a_second_daemon_none() {
    let _turn = turn().await;
    let mut world = alone("trouble::a_stop", 2).await;
    let client = world.client().unwrap();
    world.go().await.unwrap();
    no_port_is_open(world.terminal.daemon().unwrap().id());

    // A second one, with the same socket and with another.
    let another = world.terminal.data().join("another.toml");
    let text = std::fs::read_to_string(world.terminal.config()).unwrap();
    let socket = world.terminal.data().join("another.sock").display().to_string();
    let text = text.replace("[terminal]", &format!("[terminal]\nsocket = {socket:?}"));
    std::fs::write(&another, text).unwrap();
    let before = client.health().await.unwrap();
    for config in [world.terminal.config(), &another] {
        let mut second = Child::spawn(&mut faults::kartd("run", config)).unwrap();
        assert_eq!(second.end(LIMIT).await.unwrap().code(), Some(1));
        assert!(second.stderr().contains("another kartd"), "{}", second.stderr());
    }
    let after = client.health().await.unwrap();
    assert_eq!(after.pid, before.pid);
    assert_eq!(facts(&world, "line LIKE '%\"started\"%'"), 1, "the second has written nothing");

    let mut live = client.live().await.unwrap();
    let first = live.next().await.unwrap();
    assert!(matches!(first, Some(LiveEvent::Snapshot(_))), "{first:?}");
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Recording"]).await.unwrap();
    let began = Instant::now();
    world.terminal.stop().await.unwrap();
    let took = began.elapsed();
    figure(&format!("SIGTERM with two live streams open: ended after {took:.0?}"));
    assert!(took < Duration::from_secs(5), "{took:?}");
    while let Ok(Some(_)) = live.next().await {}
    screen.shows(&["THE RECORDER DOES NOT ANSWER"]).await.unwrap();

    world.terminal.start().await.unwrap();
    screen.lacks(&["DOES NOT ANSWER"]).await.unwrap();
    let totals = world.rest().await.unwrap();
    counts_are_true(&world, &totals).await;
    screen.press("q").unwrap();
    assert!(screen.end().await.unwrap().success());
}

/// No TCP socket of this process listens.
fn no_port_is_open(pid: u32) {
    let process = Path::new("/proc").join(pid.to_string());
    let sockets: BTreeSet<String> = std::fs::read_dir(process.join("fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| {
            Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    assert!(!sockets.is_empty(), "at least its own socket and those of the devices");
    let mut connected = 0;
    for table in ["net/tcp", "net/tcp6"] {
        let table = std::fs::read_to_string(process.join(table)).unwrap_or_default();
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if sockets.contains(fields[9]) {
                assert_ne!(fields[3], "0A", "listens: {line}");
                connected += 1;
            }
        }
    }
    assert!(connected > 0, "its connections to the devices are seen here");
}

#[tokio::test]
async fn a_command_sent_twice_is_one_and_has_one_answer() {
    let _turn = turn().await;
    let mut world = alone("trouble::a_command", 1).await;
    let client = world.client().unwrap();
    let request = clock_in("twice-1", "1001");
    let (one, two) = tokio::join!(client.command(&request), client.command(&request));
    let first = one.unwrap();
    assert!(matches!(first, Answer::Saved(_)), "{first:?}");
    assert_eq!(two.unwrap(), first);
    assert_eq!(client.command(&request).await.unwrap(), first);
    world.kill_daemon().await.unwrap();
    assert_eq!(answered(&client, &request).await, first, "also after a restart");
    let other = answered(&client, &clock_in("twice-2", "1001")).await;
    assert!(matches!(other, Answer::Refused(Refusal::AlreadyClockedIn { .. })), "{other:?}");
    assert_eq!(facts(&world, "line LIKE '%\"clocked_in\"%'"), 1);
    let log = world.terminal.facts().unwrap();
    let entries = "SELECT count(*) FROM ops_labor_entries";
    assert_eq!(log.query_row(entries, [], |row| row.get::<_, i64>(0)).unwrap(), 1);

    let unknown = answered(&client, &clock_in("twice-3", "4711")).await;
    assert!(matches!(unknown, Answer::Refused(Refusal::UnknownBadge { .. })), "{unknown:?}");
    let inactive = answered(&client, &clock_in("twice-4", "1007")).await;
    assert!(matches!(inactive, Answer::Refused(Refusal::Inactive { .. })), "{inactive:?}");
}

/// The ways in which a device can answer wrongly, each at a press of its own.
const MISBEHAVIOUR: [&str; 12] = [
    "late",
    "garbage",
    "wrong_tid",
    "wrong_unit",
    "wrong_function",
    "wrong_length",
    "huge_length",
    "exception",
    "silent",
    "half",
    "dead",
    "torn",
];

#[tokio::test]
async fn devices_that_misbehave_give_no_wrong_value() {
    let _turn = turn().await;
    let presses = u8::try_from(MISBEHAVIOUR.len()).unwrap() + 1;
    let mut world = alone("trouble::devices", presses).await;
    let client = world.client().unwrap();
    let codes: Vec<String> =
        world.plant.machines.iter().map(|machine| machine.code().to_owned()).collect();
    let (healthy, ill) = codes.split_last().unwrap();
    world.go().await.unwrap();
    viewed(&client, "parts of every press", |view| view.machines.iter().all(|m| m.good > 1)).await;
    for (code, kind) in ill.iter().zip(MISBEHAVIOUR) {
        world.plant.fault(code, kind).await.unwrap();
    }
    let good = |view: &View, code: &str| {
        let machine = view.machines.iter().find(|machine| machine.code == code);
        machine.map_or(0, |machine| machine.good)
    };
    let before = good(&client.snapshot().await.unwrap(), healthy);
    let beside = "the healthy press beside the others";
    let view = viewed(&client, beside, |view| good(view, healthy) >= before + 12).await;
    let totals = world.plant.totals().await.unwrap();
    for (code, kind) in ill.iter().zip(MISBEHAVIOUR) {
        let (shown, made) = (good(&view, code), i64::try_from(totals[code].good).unwrap());
        assert!(shown <= made, "{kind}: {shown} of {made}");
        let blind = !["torn", "late"].contains(&kind);
        assert!(!blind || shown < made, "{kind}: nothing can be read, but {shown} is {made}");
    }
    for code in ill {
        world.plant.fault(code, "ok").await.unwrap();
    }
    let totals = world.rest().await.unwrap();
    counts_are_true(&world, &totals).await;
    let odd =
        "json_extract(line, '$.fact.counted.verdict') NOT IN ('base', 'increase', 'gap', 'wrap')";
    assert_eq!(facts(&world, odd), 0);
    let asked = world.plant.command(json!({ "cmd": "functions" })).await.unwrap();
    assert_eq!(asked["not_reads"], 0, "{asked}");
    let functions: Vec<&String> = asked["functions"].as_object().unwrap().keys().collect();
    assert_eq!(functions, ["3", "4"], "{asked}");
}
