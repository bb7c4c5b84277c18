//! Mapping a machine: registers, topics and rules on the screen as the machine has them, and another map put in force
//! while parts are being made.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use kart_api::commissioning::{BlockAnswer, BlockQuery, Table};
use kart_tests::modbus::ModbusServer;
use kart_tests::programs::repository;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::layout::alone;
use kart_tests::world::terminal::Terminal;

use crate::turn::turn;

mod map;
mod shown;

const LIMIT: Duration = Duration::from_secs(30);

/// A terminal of its own with this map.
fn configuration(data: &Path, map: &str) -> String {
    alone(data, &repository().join("config/demo/site.toml"), map)
}

/// One press behind one device; `good` is where its counter stands.
fn press(server: &ModbusServer, good: &str) -> String {
    format!(
        r#"
[[device]]
name = "plc"
address = "{}"
hole = [{{ table = "holding", from = 140, to = 149 }}]
[[machine]]
code = "EQ-211"
otherwise = "stopped"
ideal_cycle_s = 0.1
signal = [
    {{ name = "runs", device = "plc", address = 104, type = "bit", bit = 0, interval_ms = 100 }},
    {{ name = "good", device = "plc", {good}, interval_ms = 100 }},
]
counter = [{{ signal = "good", kind = "good" }}]
rule = [{{ name = "running", when = [{{ signal = "runs", is = true }}], state = "running" }}]
"#,
        server.address()
    )
}

async fn start(map: &str) -> Terminal {
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut terminal = Terminal::prepare(|data| Ok(configuration(data, map))).unwrap();
    terminal.start().await.unwrap();
    terminal
}

/// `kartd apply` with a file of this text.
fn apply(terminal: &Terminal, text: &str, words: &[&str]) -> (Output, PathBuf) {
    let file = terminal.data().join("next.toml");
    std::fs::write(&file, text).unwrap();
    let mut kartd = terminal.kartd("apply").unwrap();
    (kartd.arg("--map").arg(&file).args(words).output().unwrap(), file)
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn registers_on_the_screen_are_what_the_device_holds() {
    let _turn = turn().await;
    let mut server = ModbusServer::start().await.unwrap();
    // 70,000 parts with the lower register first, and 123.456 in a float.
    server.set_holding(104, &[1, 0, 0, 0, 0, 0, 0x1170, 1, 0x42f6, 0xe979]).await.unwrap();
    let terminal = start(&press(&server, "address = 110, type = \"u32\", order = \"CDAB\"")).await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["EQ-211", "RUNNING"]).await.unwrap();
    screen.press("k").unwrap();
    screen
        .shows(&["plc (unit 1", "holding registers 104 to 133", "mapped: EQ-211 runs"])
        .await
        .unwrap();

    // Somebody presses the button at the machine, and lets go of it.
    screen.press("m").unwrap();
    server.set_holding(104, &[9]).await.unwrap();
    screen.shows(&["▲ 3", "0000 0000 0000 1001"]).await.unwrap();
    server.set_holding(104, &[1]).await.unwrap();
    screen.shows(&["▲ 3", "0000 0000 0000 0001"]).await.unwrap();
    screen.press("m").unwrap();
    screen.lacks(&["▲ 3"]).await.unwrap();

    // The order in which the counter rises by one is the one that is marked.
    screen.press("g110").unwrap();
    screen.shows(&["First register: 110"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["110 to 139", "1170    4464", "70000", "mapped: EQ-211 good"]).await.unwrap();
    for parts in 0x1171..=0x1174_u16 {
        server.set_holding(110, &[parts]).await.unwrap();
        let count = format!("{}", 0x1_0000 + u32::from(parts));
        screen.shows(&[&count]).await.unwrap();
    }
    let seen = screen.shows(&["● 70004", "✗"]).await.unwrap();
    assert!(seen.lines().any(|line| line.contains("u32") && line.contains("● 70004")), "{seen}");
    screen.press("\u{1b}[B\u{1b}[B").unwrap();
    screen.shows(&["123.456"]).await.unwrap();

    screen.press("g145\r").unwrap();
    screen.shows(&["Not read: 140 to 149 is a hole that is never read"]).await.unwrap();
    screen.press("5").unwrap();
    screen
        .shows(&[
            "In force: map",
            "plc (unit 1) every 100 ms: 1 request",
            "holding registers 104 to 111",
        ])
        .await
        .unwrap();
    screen.press(ESCAPE).unwrap();
    screen.shows(&["RUNNING"]).await.unwrap();
}

#[tokio::test]
async fn a_look_at_registers_is_refused_where_polling_would_suffer() {
    let _turn = turn().await;
    let mut server = ModbusServer::start().await.unwrap();
    let terminal = start(&press(&server, "address = 110, type = \"u16\"")).await;
    let client = terminal.client().unwrap();
    let query = |device: &str, start, count| {
        let (device, table) = (device.to_owned(), Table::Holding);
        BlockQuery { device, table, start, count, at: start }
    };
    terminal.shown("a link", |machine| machine.seen_us.map(drop)).await.unwrap();
    let refused = async |asked: BlockQuery| match client.registers(&asked).await.unwrap() {
        BlockAnswer::Refused(why) | BlockAnswer::Fewer(_, why) => why,
        BlockAnswer::Read(block) => panic!("{block:?}"),
    };
    assert_eq!(refused(query("nobody", 0, 1)).await, "there is no device \"nobody\"");
    assert_eq!(
        refused(query("plc", 0, 126)).await,
        "1 to 125 holding registers can be read at once"
    );
    assert_eq!(refused(query("plc", 135, 6)).await, "140 to 149 is a hole that is never read");
    // The server ends at 999: an exception costs nothing.
    assert_eq!(
        refused(query("plc", 5000, 1)).await,
        "the device has no such address (exception 02)"
    );
    let BlockAnswer::Read(block) = client.registers(&query("plc", 0, 125)).await.unwrap() else {
        panic!()
    };
    assert_eq!(block.words.len(), 125);

    server.process().unwrap().freeze().unwrap();
    let why = refused(query("plc", 0, 1)).await;
    assert!(why.contains("no answer within") || why.contains("did not get to it"), "{why}");
    server.process().unwrap().go_on().unwrap();
    wait_for("registers again", LIMIT, async || {
        match client.registers(&query("plc", 0, 1)).await.unwrap() {
            BlockAnswer::Read(_) => Ok(()),
            BlockAnswer::Refused(why) | BlockAnswer::Fewer(_, why) => Err(why),
        }
    })
    .await;
}
