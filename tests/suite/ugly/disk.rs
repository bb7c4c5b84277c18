//! Case 12: the disk of a terminal fills up, is full, and has room again.
//!
//! First somebody at headquarters can see it. Then raw readings get less, then none, and a reserve is given back, which
//! the screen says together with what is still saved. At the end nothing new begins, and who begins it is told in
//! a plain sentence; punches are taken as long as there is a block for them. When there is none, nothing is called
//! saved, and the screen names the paper form to go on with. With room again everything goes on by itself, and both
//! ends hold the same facts of each day.

use kart_api::{Recording, View};
use kart_core::{
    command::{Command, Refusal},
    room::Room,
};
use kart_tests::{
    modbus::ModbusServer,
    screen::{ENTER, Screen},
    world::terminal::Terminal,
};
use rusqlite::Connection;

use super::floor::{Floor, SITE, clock_in, complete, day, saved, start};
use super::{device, number, shows};
use crate::headquarters::{administer, device::user};
use crate::office::{ask, refusal, seen};
use crate::turn::turn;

const PRESS: &str = "EQ-211";

/// A machine whose value changes now and then, so that there are raw readings.
fn map(plc: &ModbusServer) -> String {
    format!(
        "{}[[machine]]\ncode = \"{PRESS}\"\notherwise = \"stopped\"\nstale_after_ms = 86400000\n\
         signal = [{{ name = \"automatic\", device = \"plc\", interval_ms = 50, address = 20, type = \"bit\", bit = 0 }},\n\
         {{ name = \"good\", device = \"plc\", interval_ms = 50, address = 21, type = \"u16\" }}]\n\
         rule = [{{ name = \"automatic\", when = [{{ signal = \"automatic\", is = true }}], state = \"running\" }}]\n\
         counter = [{{ signal = \"good\", kind = \"good\", max_per_s = 500.0 }}]\n",
        device("plc", plc)
    )
}

/// The disk as the terminal finds it.
struct Disk(tempfile::NamedTempFile);

impl Disk {
    async fn has(&self, terminal: &Terminal, thousandths: u32, room: Room) {
        std::fs::write(self.0.path(), thousandths.to_string()).unwrap();
        let known = |view: &View| (view.sync.room == room).then_some(());
        seen(terminal, room.word(), known).await;
    }
}

/// The terminal on this disk.
fn put(floor: &Floor, disk: &Disk, terminal: &mut Terminal) {
    let mut environment = floor.clock.environment();
    let path = disk.0.path().display().to_string();
    environment.push((kart_planted::disk::FILE.to_owned(), path));
    let named: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    terminal.set_environment(&named);
    terminal.bear_bounds();
}

/// 20, 10, 5 and 1 %: what is given up, and what is said of it.
async fn fills(floor: &Floor, disk: &Disk, terminal: &mut Terminal, screen: &mut Screen) {
    let reserve = terminal.data().join("reserve");
    disk.has(terminal, 150, Room::Low).await;
    floor.rows("SELECT status -> 'machines' ->> 'room' FROM edge.terminal_status", &["low"]).await;
    let fleet = administer(&floor.headquarters, &[&["terminals"], &SITE[..]].concat()).await;
    assert!(fleet.contains("room on disk") && fleet.contains("\tlow\t"), "{fleet}");
    screen.lacks(&["disk"]).await.unwrap();
    disk.has(terminal, 70, Room::Short).await;
    assert!(reserve.exists(), "not yet");

    disk.has(terminal, 40, Room::Scarce).await;
    screen.shows(&["Recording", "disk nearly full: what people record"]).await.unwrap();
    assert!(!reserve.exists(), "there is room for facts again");
    let begun = saved(terminal, start(user("1001"), PRESS, None)).await;
    saved(terminal, complete(user("1001"), begun, 3)).await;

    disk.has(terminal, 8, Room::Last).await;
    screen.shows(&["Recording", "disk full: no new batches"]).await.unwrap();
    let full = refusal(ask(terminal, start(user("1001"), PRESS, None), None).await);
    assert_eq!(full, Refusal::DiskFull);
    screen.press("s").unwrap();
    screen.shows(&["Start a batch"]).await.unwrap();
    for key in ["BR-40", ENTER, ENTER] {
        screen.press(key).unwrap();
    }
    screen.shows(&["The disk is full: no new batch can begin."]).await.unwrap();
    screen.press(kart_tests::screen::ESCAPE).unwrap();
    screen.lacks(&["Start a batch"]).await.unwrap();
    saved(terminal, clock_in("1002")).await;
    screen.shows(&["Ada Brandt", "Jurij Nowak"]).await.unwrap();
}

/// Not a block is left.
async fn is_full(terminal: &mut Terminal, screen: &mut Screen) -> Command {
    let held = number(&terminal.facts().unwrap(), "SELECT count(*) FROM facts");
    terminal.bound_files(Some(16 * 1024)).await.unwrap();
    let punch = clock_in("1003");
    let refused = refusal(ask(terminal, punch.clone(), None).await);
    assert!(matches!(refused, Refusal::NotRecording { .. }), "{refused:?}");
    screen.press("1004").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["clock in to ST-21?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    let said = screen.shows(&["NOT RECORDED", "NOT RECORDING", "form T-07/"]).await.unwrap();
    assert!(!said.contains("SAVED"), "{said}");
    screen.press(kart_tests::screen::ESCAPE).unwrap();
    assert_eq!(number(&terminal.facts().unwrap(), "SELECT count(*) FROM facts"), held);
    let client = terminal.client().unwrap();
    assert_eq!(client.snapshot().await.unwrap().people.len(), 2, "nobody more than is on disk");
    punch
}

/// Facts of each day, and the last of them.
fn by_day(log: &Connection) -> Vec<String> {
    let grouped = "SELECT day || ' ' || count(*) || ' ' || max(seq) FROM (
            SELECT seq, date(json_extract(line, '$.at.wall_us') / 1000000, 'unixepoch') AS day
            FROM facts) GROUP BY day ORDER BY min(seq)";
    let mut grouped = log.prepare(grouped).unwrap();
    grouped.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

const BY_DAY: &str = "SELECT concat_ws(' ', day, count(*), max(seq)) FROM (
        SELECT seq, (to_timestamp((convert_from(line, 'UTF8')::json -> 'at' ->> 'wall_us')::numeric
                                  / 1000000) AT TIME ZONE 'UTC')::date AS day
        FROM edge.inbox) f GROUP BY day ORDER BY min(seq)";

#[tokio::test]
async fn ugly_case_12_disk_full() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 08:00", day(1)), str::to_owned).await;
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 100]).await.unwrap();
    let disk = Disk(tempfile::NamedTempFile::new().unwrap());
    std::fs::write(disk.0.path(), "500").unwrap();
    let mut terminal = floor.terminal("T-07", &map(&plc)).await;
    terminal.stop().await.unwrap();
    put(&floor, &disk, &mut terminal);
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    shows(&client, PRESS, "good", 100).await;
    saved(&terminal, clock_in("1001")).await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected", "Here: Ada Brandt"]).await.unwrap();
    fills(&floor, &disk, &mut terminal, &mut screen).await;
    let punch = is_full(&mut terminal, &mut screen).await;

    // A day passes before somebody makes room; then everything goes on by itself.
    floor.at(&format!("{} 08:00", day(2)), &[&terminal]).await;
    terminal.bound_files(None).await.unwrap();
    disk.has(&terminal, 500, Room::Plenty).await;
    let again = |view: &View| (view.sync.recording == Recording::Yes).then_some(());
    seen(&terminal, "recording again", again).await;
    screen.lacks(&["NOT RECORDING", "disk"]).await.unwrap();
    saved(&terminal, punch).await;
    let begun = saved(&terminal, start(user("1001"), PRESS, None)).await;
    saved(&terminal, complete(user("1001"), begun, 2)).await;
    plc.set_holding(20, &[1, 105]).await.unwrap();
    shows(&client, PRESS, "good", 105).await;
    let reserve = terminal.data().join("reserve");
    seen(&terminal, "the reserve", |_| reserve.exists().then_some(())).await;

    terminal.confirmed().await.unwrap();
    let here = by_day(&terminal.facts().unwrap());
    let here: Vec<&str> = here.iter().map(String::as_str).collect();
    assert!(here.len() == 2, "{here:?}");
    floor.rows(BY_DAY, &here).await;
    floor.rows("SELECT (max(seq) - count(*))::text FROM edge.inbox", &["0"]).await;
    let people = "SELECT count(*)::text FROM ops_labor_entries";
    floor.rows(people, &["3"]).await;
}
