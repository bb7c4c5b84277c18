//! Numbers on the floor: the board of a shift, tables taken out of a terminal, and the minute ledger, which says the
//! same at the terminal and at headquarters.

use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use kart_core::fact::{BatchStarted, Body, Draft};
use kart_core::id::{ProductId, StationId};
use kart_core::kpi::{self, Reasons, Span};
use kart_core::ledger::{self, Entry, Kind};
use kart_core::machine::MachineState;
use kart_core::time::{Boot, Micros, Stamp};
use kart_tests::programs::program;
use kart_tests::screen::{ENTER, ESCAPE, Screen, TAB};
use kart_tests::wait::wait_for;
use kart_tests::world::{World, WorldOptions};

use crate::corrections::administer;
use crate::figures::{now, stored, worked};
use crate::headquarters::device::{Device, key, machine, user};
use crate::headquarters::{enrolled, state};
use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);
const MACHINE: &str = "EQ-211";
const DOWN: &str = "\u{1b}[B";

/// So many seconds after the log began.
fn second(second: u64) -> Stamp {
    Device::stamp(second)
}

/// A fact at the end of the log, recorded so many seconds after its beginning.
fn append(device: &mut Device, at: u64, body: Body) -> u64 {
    let seq = device.lines.len() as u64 + 1;
    let boot = Boot("aabbccdd".into());
    let draft = Draft { at: second(at), boot, by: None, key: None, body, texts: vec![] };
    device.lines.push(draft.prepare().unwrap().seal(seq).1);
    seq
}

/// The machine changes its state at this second.
fn changes(device: &mut Device, at: u64, to: MachineState, ends: Option<u64>) -> u64 {
    let ends = ends.map(|seq| device.origin().record(seq));
    let mut body = state(device, MACHINE, to, ends);
    if let Body::StateChanged { from, .. } = &mut body {
        *from = second(at);
    }
    append(device, at, body)
}

/// Five minutes of a run before anybody is there, and a quarter of an hour's stop with somebody on the batch.
fn contradictions(device: &mut Device) {
    let station = StationId(key("ops_stations", "ST-21"));
    let run = changes(device, 10, MachineState::Running, None);
    append(device, 310, Body::ClockedIn { user: user("1001"), station });
    append(
        device,
        400,
        Body::BatchStarted(BatchStarted {
            equipment: machine(MACHINE),
            station: Some(station),
            product: ProductId(key("ops_products", "BR/BR-40")),
            number: "B-1".into(),
            work_order: None,
            target: Some(120),
            from: second(400),
            operators: vec![user("1001")],
            lease: None,
            special: Default::default(),
        }),
    );
    let stop = changes(device, 1_000, MachineState::Stopped, Some(run));
    changes(device, 1_900, MachineState::Running, Some(stop));
}

/// The ledger of what the device recorded once it stands in SQLite.
async fn through_sqlite(device: &Device, span: Span) -> Vec<Entry> {
    let (_folder, reader, reference) = stored(device).await;
    let window = kpi::asked(&reference, span, now(), Reasons::Recorded);
    let ids: Vec<_> = reference.machines.iter().map(|machine| machine.id).collect();
    let machines = reader.figures(window_span(&window)).unwrap().machines(&reference, &ids);
    ledger::entries(&reader.ledger(span).unwrap(), &machines, &reference, span)
}

fn window_span(window: &kpi::Window) -> Span {
    Span { from: window.from, until: window.until }
}

#[tokio::test]
async fn the_same_facts_give_the_same_ledger_through_sqlite_and_postgres() {
    let _turn = turn().await;
    let (headquarters, mut device) = enrolled().await;
    contradictions(&mut device);
    device.push(1).await.unwrap();
    let at = |at: u64| second(at).wall_us;
    let span = Span { from: at(0), until: at(3_000) };
    let (from, until) = (span.from.rfc3339(), span.until.rfc3339());
    let place = ["ledger", "--organization", "cedar-works", "--site", "cedar"];
    let asked = [&place[..], &["--from", &from, "--to", &until]].concat();
    let answer = administer(&headquarters, &[&asked[..], &["--json"]].concat()).await;
    let there: Vec<Entry> = serde_json::from_str(&answer).unwrap();
    assert_eq!(through_sqlite(&device, span).await, there);
    let told: Vec<_> = there.iter().map(|it| (it.kind, it.from, it.until, it.goes_on)).collect();
    assert_eq!(
        told,
        [
            (Kind::RanAlone, at(10), at(310), false),
            (Kind::BookedWhileDown, at(1_000), at(1_900), false),
        ]
    );
    assert_eq!(there[1].users, [user("1001")]);
    let lines = administer(&headquarters, &asked).await;
    let line = lines.lines().find(|line| line.starts_with("booked_while_down")).unwrap();
    assert!(line.contains("\tEQ-211\t") && line.ends_with("\tAda Brandt\tB-1"), "{line}");
}

/// `kart export` as a person types it: rows, and what is said beside them.
fn export(world: &World, more: &[&str]) -> (Vec<String>, String) {
    let mut kart = Command::new(program("kart").unwrap());
    kart.arg("export").args(more).arg("--socket").arg(world.terminal.socket());
    let done = kart.env("LC_ALL", "C.UTF-8").output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{said}");
    let rows = String::from_utf8(done.stdout).unwrap();
    (rows.lines().map(str::to_owned).collect(), said)
}

async fn in_postgres(world: &World, statement: &str) -> Vec<String> {
    let rows = world.headquarters.as_ref().unwrap().sql(statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

/// Every table holds what the central one holds.
async fn exported(world: &World, span: Span) {
    let from = Timestamp::from_microsecond(span.from.0).unwrap().to_string();
    let (stops, said) = export(world, &["stops", "--from", &from]);
    assert!(said.contains("times in Europe/Berlin") && said.contains("decimal point"), "{said}");
    let head = "equipment,start_ts,end_ts,duration_minutes,downtime_reason,reason_label,";
    assert!(stops[0].starts_with(head) && stops[0].ends_with(",id,time_zone"), "{stops:?}");
    let keys = |rows: &[String]| -> Vec<String> {
        rows[1..].iter().map(|row| row.rsplit(',').nth(1).unwrap().to_owned()).collect()
    };
    let central = "SELECT id::text FROM oee_machine_events WHERE event_type = 'downtime'
        ORDER BY start_ts, id";
    assert_eq!(keys(&stops), in_postgres(world, central).await);
    assert!(stops[1].contains("Part jammed in the die,unplanned,Ada Brandt"), "{stops:?}");
    assert!(stops[1].starts_with("EQ-211,20") && stops[1].contains("+0"), "local, with offset");

    let (batches, _) = export(world, &["batches", "--from", &from, "--decimal", "comma"]);
    assert!(batches[1].contains(";EQ-211;ST-21;BR-40;WO-2011;"), "{batches:?}");
    assert!(batches[1].contains(";completed;Ada Brandt;false;"), "{batches:?}");
    let (labor, _) = export(world, &["labor", "--from", &from, "--user", "1001"]);
    assert!(labor[1].starts_with("Ada Brandt,ST-21,shift,"), "{labor:?}");
    let (none, _) = export(world, &["labor", "--from", &from, "--user", "Paul Weiss"]);
    assert_eq!(none.len(), 1, "only the head: {none:?}");
    let (counts, _) = export(world, &["counts", "--from", &from, "--format", "json"]);
    let made: i64 = counts.iter().map(|row| quantity(row, "good")).sum();
    let central = "SELECT sum(quantity)::text FROM edge.production_counts WHERE counter = 'good'";
    assert_eq!(vec![made.to_string()], in_postgres(world, central).await);
    let (states, _) = export(world, &["states", "--from", &from, "--equipment", MACHINE]);
    assert!(states.iter().any(|row| row.starts_with("EQ-211,running,")), "{states:?}");
}

fn quantity(row: &str, counter: &str) -> i64 {
    let row: serde_json::Value = serde_json::from_str(row).unwrap();
    if row["counter"] == counter { row["quantity"].as_i64().unwrap() } else { 0 }
}

/// The board says of the hours together what the counter says of the time.
async fn on_the_board(world: &World, span: Span, good: i64) {
    let client = world.client().unwrap();
    let shift = client.board(0).await.unwrap();
    assert!(shift.span.from <= span.from && span.from < shift.span.until);
    let board = &shift.machines.iter().find(|machine| machine.code == MACHINE).unwrap().board;
    let made: i64 = board.hours.iter().filter_map(|hour| hour.good).sum();
    assert!(made >= good, "{made} parts, and {good} of the batch");
    let jam = board.costs.iter().find(|cost| cost.label.is_some()).unwrap();
    assert_eq!((jam.label.as_deref(), jam.stops), (Some("Part jammed in the die"), 1));
    let batch = &board.batches[0];
    assert_eq!(batch.confirmed.map(|(confirmed, _)| confirmed), Some(good));
    assert!(batch.touch_hours.is_some_and(|hours| hours > 0.0 && hours <= batch.dwell_hours));
    assert!(client.board(255).await.is_err(), "nobody keeps a roster for so long");
}

async fn on_the_screen(world: &World) {
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Recording", MACHINE]).await.unwrap();
    screen.press("t").unwrap();
    screen
        .shows(&["Board · EQ-211", "Hour by hour", "Target", "Known", "(standard)"])
        .await
        .unwrap();
    screen.press(TAB).unwrap();
    let costs = screen.shows(&["Part jammed in the die", "1 stop"]).await.unwrap();
    // The setup lasted about as long.
    if !costs.contains("►Part jammed") {
        screen.press(DOWN).unwrap();
        screen.shows(&["►Part jammed"]).await.unwrap();
    }
    screen.press(ENTER).unwrap();
    screen.shows(&["Part jammed in the die, Ada Brandt"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.shows(&["Hour by hour"]).await.unwrap();
    screen.press(TAB).unwrap();
    screen.shows(&["people", "here"]).await.unwrap();
    screen.press("w").unwrap();
    screen
        .shows(&["Minutes that cannot all be right", "As far as this terminal knows"])
        .await
        .unwrap();
    screen.press(ESCAPE).unwrap();
    screen.shows(&["Hour by hour"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Hour by hour"]).await.unwrap();
    screen.press("z").unwrap();
    screen.shows(&["██", "EQ-211 · "]).await.unwrap();
    screen.press("z").unwrap();
    // Ada is clocked in: her language, here and on the next screen.
    screen.press("l").unwrap();
    screen.shows(&["Deutsch für Ada Brandt", "Hilfe"]).await.unwrap();
    screen.press("q").unwrap();
    assert!(screen.end().await.unwrap().success());
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Ada Brandt", "Hilfe"]).await.unwrap();
    screen.press("q").unwrap();
    assert!(screen.end().await.unwrap().success());
}

#[tokio::test]
async fn what_the_floor_made_can_be_read_and_taken_out() {
    let _turn = turn().await;
    let options = WorldOptions {
        presses: 1,
        packers: 0,
        stops: false,
        seed: seed("board::what_the_floor_made", 11),
        ..WorldOptions::default()
    };
    let mut world = World::start(&options).await.unwrap();
    let (span, _, (good, _)) = worked(&mut world).await;
    wait_for("the batch on the board", LIMIT, async || {
        let shift = world.client().unwrap().board(0).await.map_err(|fault| fault.to_string())?;
        let known = shift.machines.iter().any(|machine| !machine.board.batches.is_empty());
        known.then_some(()).ok_or_else(|| format!("{shift:?}"))
    })
    .await;
    on_the_board(&world, span, good).await;
    exported(&world, Span { from: Micros(span.from.0 - 60_000_000), ..span }).await;
    on_the_screen(&world).await;
}
