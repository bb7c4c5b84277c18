//! How states and counts come about, from outside: what real servers and brokers say, and what is shown and recorded.

use std::time::Duration;

use kart_api::DeviceLink;
use kart_core::kpi::{Kpi, Reasons};
use kart_core::machine::MachineState::Stopped;
use kart_tests::{broker::Broker, modbus::ModbusServer, screen::Screen, world::terminal::Terminal};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::headquarters::device::key;
use crate::office::viewed;
use crate::turn::turn;
use crate::ugly::{alone, cryptography, device, machine, shows, state, states, terminal};

const LIMIT: Duration = Duration::from_secs(30);
const ALL: [&str; 6] = ["BEAT", "BAND", "SHORT", "ROSE", "FAULT", "PRODUCT"];

/// Two registers of each machine; the demo's controller has others.
struct Floor {
    plc: ModbusServer,
    words: [[u16; 2]; 6],
}

impl Floor {
    /// Both registers of the machine at this place.
    async fn set(&mut self, place: usize, words: [u16; 2]) {
        self.words[place] = words;
        let all: Vec<u16> = self.words.concat();
        self.plc.set_holding(100, &all).await.unwrap();
    }
}

fn map() -> String {
    let habits = [
        "heartbeat = { signal = \"more\", within_ms = 800 }",
        "",
        "minimum_stop_s = 3.0\nmicro_stop_s = 60.0",
        "counter = [{ signal = \"more\", kind = \"good\", max_per_s = 1000.0 }]",
        "fault = { signal = \"more\", reasons = { 20 = \"F02\" } }",
        "product = { signal = \"more\" }",
    ];
    let conditions = [
        "signal = \"word\", is = 1",
        "signal = \"word\", at_least = 80, hysteresis = 10.0",
        "signal = \"word\", is = 1",
        "signal = \"more\", rose_within_s = 1.0",
        "signal = \"word\", is = 1",
        "signal = \"word\", is = 1",
    ];
    let one = |(n, code): (usize, &&str)| {
        let asked = ["SHORT", "FAULT", "PRODUCT"].contains(code);
        let otherwise = if asked { "stopped" } else { "planned_stop" };
        let band = if *code == "BAND" { ", deadband = 5.0" } else { "" };
        let read = "device = \"plc\", type = \"u16\", interval_ms = 50";
        let (habits, when, at) = (habits[n], conditions[n], 100 + 2 * n);
        format!(
            "[[machine]]\ncode = \"{code}\"\notherwise = \"{otherwise}\"\nstale_after_ms = 2000\n{habits}\n\
             signal = [\n{{ name = \"word\", address = {at}, {read}{band} }},\n\
             {{ name = \"more\", address = {}, {read} }},\n]\n\
             rule = [{{ name = \"runs\", when = [{{ {when} }}], state = \"running\" }}]\n",
            at + 1
        )
    };
    ALL.iter().enumerate().map(one).collect()
}

#[tokio::test]
async fn what_registers_say_becomes_states() {
    let _turn = turn().await;
    let plc = ModbusServer::start().await.unwrap();
    let at = device("plc", &plc);
    let mut floor = Floor { plc, words: [[1, 1], [85, 1], [1, 0], [0, 5], [1, 0], [1, 7]] };
    floor.set(0, [1, 1]).await;
    let mut terminal = terminal(&ALL, |_| format!("{at}{}", map()));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    for code in ["BAND", "SHORT", "FAULT", "PRODUCT"] {
        state(&client, code, "running").await;
    }

    // A life signal that stands still blinds, and one that goes on opens the eyes.
    state(&client, "BEAT", "unknown").await;
    floor.set(0, [1, 2]).await;
    state(&client, "BEAT", "running").await;

    // A small movement is none; and the limit is left further down than it is reached.
    floor.set(1, [83, 2]).await;
    shows(&client, "BAND", "more", 2).await;
    shows(&client, "BAND", "word", 85).await;
    floor.set(1, [75, 3]).await;
    shows(&client, "BAND", "word", 75).await;
    state(&client, "BAND", "running").await;
    floor.set(1, [69, 4]).await;
    state(&client, "BAND", "planned_stop").await;

    // Parts make a run, and their end ends it.
    for good in 6..9 {
        floor.set(3, [0, good]).await;
        shows(&client, "ROSE", "more", good.into()).await;
    }
    state(&client, "ROSE", "running").await;
    state(&client, "ROSE", "planned_stop").await;

    // A setup begins with another product and ends with the run.
    floor.set(5, [1, 8]).await;
    shows(&client, "PRODUCT", "more", 8).await;
    floor.set(5, [0, 8]).await;
    state(&client, "PRODUCT", "setup").await;
    floor.set(5, [1, 8]).await;
    state(&client, "PRODUCT", "running").await;

    stops(&terminal, &mut floor).await;
}

/// Stops of three lengths, and the one that somebody is asked about.
async fn stops(terminal: &Terminal, floor: &mut Floor) {
    let client = terminal.client().unwrap();
    floor.set(2, [0, 1]).await;
    shows(&client, "SHORT", "word", 0).await;
    floor.set(2, [1, 1]).await;
    shows(&client, "SHORT", "word", 1).await;
    let log = terminal.facts().unwrap();
    let stopped = || states(&log, "SHORT").iter().filter(|one| one.state == "stopped").count();
    assert_eq!(stopped(), 0, "a loss of speed");
    floor.set(2, [0, 2]).await;
    state(&client, "SHORT", "stopped").await;
    floor.set(2, [1, 2]).await;
    state(&client, "SHORT", "running").await;
    assert_eq!(stopped(), 1);
    let figures = client.figures(None, Reasons::Now).await.unwrap();
    let short = figures.machines.iter().find(|machine| machine.code == "SHORT").unwrap();
    assert_eq!(short.figures.reasons, Reasons::Now);
    assert_eq!((short.figures.elements.micro_stops, short.figures.elements.failures), (1, 0));
    assert_eq!(short.figures.value(Kpi::MicroStops), Some(1.0));

    floor.set(4, [0, 20]).await;
    let reason = key("oee_downtime_reasons", "Machine fault/F02");
    let proposed = viewed(&client, "the only stop without a reason", |view| {
        let stops: Vec<_> = view.stops.iter().filter(|stop| stop.state == Stopped).collect();
        let [stop] = stops[..] else { return None };
        (stop.machine == machine(view, "FAULT")?.id).then_some(stop.proposed?)
    })
    .await;
    assert_eq!(proposed.0, reason);
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Recording", "FAULT"]).await.unwrap();
    screen.press("e").unwrap();
    // Planned stops stand in the list as well.
    let list = screen.shows(&["Stops", "FAULT", "still stopped"]).await.unwrap();
    let line = list.lines().rfind(|line| line.contains("FAULT")).unwrap();
    let number = line.chars().find(char::is_ascii_digit).unwrap();
    screen.press(&number.to_string()).unwrap();
    screen.shows(&["Why did it stop?", "1 Hydraulic pressure too low"]).await.unwrap();
}

#[tokio::test]
async fn status_words_are_known_however_they_are_written() {
    let _turn = turn().await;
    cryptography();
    let broker = Broker::start().await.unwrap();
    let map = "[[machine]]\ncode = \"LINE\"\notherwise = \"planned_stop\"\n\
               signal = [{ name = \"packml\", broker = \"hall\", topic = \"line/state\", format = \"plain\" }]\n\
               [machine.status]\nsignal = \"packml\"\npackml = true\n\
               states = { blocked = \"blocked\", held = \"setup\" }\n";
    let at = format!("[[broker]]\nname = \"hall\"\naddress = \"{}\"\n", broker.address());
    let mut terminal = terminal(&["LINE"], |_| format!("{at}{map}"));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    viewed(&client, "its link up", |view| {
        (machine(view, "LINE")?.link == DeviceLink::Up).then_some(())
    })
    .await;
    for (word, wanted) in [
        ("Execute", "running"),
        ("Suspended", "starved"),
        ("EXECUTE", "running"),
        ("BLOCKED", "blocked"),
        ("Un-Holding", "stopped"),
        ("Held", "setup"),
        ("execute", "running"),
        ("Broken", "planned_stop"),
    ] {
        broker.publish("line/state", word, false).await.unwrap();
        state(&client, "LINE", wanted).await;
    }
}

/// A broker that delivers what it wants to.
struct Script(TcpStream);

impl Script {
    async fn accept(listener: &TcpListener, session: bool) -> Self {
        let mut script = Self(timeout(LIMIT, listener.accept()).await.unwrap().unwrap().0);
        assert_eq!(script.packet().await.0 & 0xf0, 0x10, "CONNECT");
        script.0.write_all(&[0x20, 2, u8::from(session), 0]).await.unwrap();
        let (kind, body) = script.packet().await;
        assert_eq!(kind, 0x82, "SUBSCRIBE");
        script.0.write_all(&[0x90, 3, body[0], body[1], 1]).await.unwrap();
        script
    }

    async fn packet(&mut self) -> (u8, Vec<u8>) {
        let kind = self.0.read_u8().await.unwrap();
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.0.read_u8().await.unwrap();
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        (kind, body)
    }

    async fn publish(&mut self, again: bool, id: u8, word: &str) {
        let length = u8::try_from(8 + word.len()).unwrap();
        let head = [0x32 | u8::from(again) << 3, length, 0, 4, b'l', b'i', b'n', b'e', 0, id];
        self.0.write_all(&[&head, word.as_bytes()].concat()).await.unwrap();
    }

    async fn acknowledged(&mut self, id: u8) {
        let heard = async { while self.packet().await != (0x40, vec![0, id]) {} };
        timeout(LIMIT, heard).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_taken_and_is_delivered_once_more_changes_nothing() {
    let _turn = turn().await;
    cryptography();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let map = format!(
        "[[broker]]\nname = \"hall\"\naddress = \"{at}\"\n\
         [[machine]]\ncode = \"LINE\"\notherwise = \"stopped\"\n\
         signal = [{{ name = \"word\", broker = \"hall\", topic = \"line\", format = \"plain\" }}]\n\
         rule = [{{ name = \"runs\", when = [{{ signal = \"word\", is = \"run\" }}], state = \"running\" }}]\n"
    );
    let mut terminal = Terminal::prepare(|data| Ok(alone(data, &["LINE"], &map))).unwrap();
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    let mut broker = Script::accept(&listener, false).await;
    for (id, word, wanted) in [(1, "run", "running"), (2, "stop", "stopped")] {
        broker.publish(false, id, word).await;
        state(&client, "LINE", wanted).await;
    }

    // Both are on disk, and the broker has heard of neither.
    terminal.kill().unwrap();
    drop(broker);
    terminal.start().await.unwrap();
    let mut broker = Script::accept(&listener, true).await;
    broker.publish(true, 1, "run").await;
    broker.publish(true, 2, "stop").await;
    broker.acknowledged(2).await;
    state(&client, "LINE", "stopped").await;
    let log = terminal.facts().unwrap();
    let told = || -> Vec<String> {
        let seen = states(&log, "LINE").into_iter().map(|one| one.state);
        seen.skip_while(|state| state == "unknown").collect()
    };
    assert_eq!(told(), ["running", "stopped", "unknown", "stopped"]);

    // One that never arrived is news, even though the broker says that it tried before.
    broker.publish(true, 3, "run").await;
    broker.acknowledged(3).await;
    state(&client, "LINE", "running").await;
}
