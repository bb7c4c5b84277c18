//! Case 15: what a broker delivers is not always news.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use kart_api::{Client, DeviceLink};
use kart_core::signal::{Quality, Value};
use kart_tests::{broker::Broker, edge::EdgeNode, wait::wait_for};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    LIMIT, SECOND, are_seamless, counted, machine, now, number, passes, state, states, terminal,
    viewed,
};
use crate::turn::turn;

const PLAIN: &str = "EQ-211";
const SPARKPLUG: &str = "EQ-212";

fn map(address: &str) -> String {
    format!(
        r#"
[[broker]]
name = "hall"
address = "{address}"
[[broker]]
name = "plant"
client_id = "kart-T-07-plant"
address = "{address}"
sparkplug = [{{ group = "hall", rebirth = true }}]
[[machine]]
code = "{PLAIN}"
otherwise = "stopped"
stale_after_ms = 600000
signal = [
    {{ name = "good", broker = "hall", topic = "press/good", format = "plain" }},
    {{ name = "state", broker = "hall", topic = "press/state", format = "plain" }},
]
counter = [{{ signal = "good", kind = "good", max_per_s = 100000.0 }}]
rule = [{{ name = "runs", when = [{{ signal = "state", is = "run" }}], state = "running" }}]
[[machine]]
code = "{SPARKPLUG}"
otherwise = "stopped"
stale_after_ms = 600000
signal = [{{ name = "mode", broker = "plant", edge = "hall/press", metric = "Mode" }}]
rule = [{{ name = "auto", when = [{{ signal = "mode", is = "auto" }}], state = "running" }}]
"#
    )
}

#[tokio::test]
async fn ugly_case_15_mqtt_surprises() {
    let _turn = turn().await;
    let mut broker = Broker::start().await.unwrap();
    let address = format!("localhost:{}", broker.address().port());
    // Said long ago, by somebody who may be gone.
    broker.publish("press/good", "1000", true).await.unwrap();
    broker.publish("press/state", "run", true).await.unwrap();
    let mut terminal = terminal(&[], |_| map(&address));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    let good = async |value: i64, quality: Quality| {
        viewed(&client, &format!("{value} {quality:?}"), |view| {
            let shown = machine(view, PLAIN)?.signals.iter().find(|one| one.name == "good")?;
            let same = shown.value == Some(Value::Whole(value)) && shown.quality == quality;
            same.then_some(shown.at_us)
        })
        .await
    };
    good(1000, Quality::Old).await;
    let log = terminal.facts().unwrap();
    assert_eq!(counted(&log, PLAIN, "good").1, 0, "a retained value is no event");
    let ran = "SELECT count(*) FROM edge_machine_states WHERE state <> 'unknown'";
    assert_eq!(number(&log, ran), 0, "and says nothing of now");

    // Without a time of its own it has that of its arrival.
    let before = now();
    broker.publish("press/good", "1010", false).await.unwrap();
    let at = good(1010, Quality::Good).await;
    assert!(at.is_some_and(|at| (before..=now()).contains(&at)), "{before:?} {at:?}");
    broker.publish("press/state", "run", false).await.unwrap();
    state(&client, PLAIN, "running").await;
    let parts = async |parts: i64| {
        viewed(&client, &format!("{parts} parts"), |view| {
            (machine(view, PLAIN)?.good == parts).then_some(())
        })
        .await;
    };
    parts(10).await;

    // What is said twice happened once; the reading after shows that both have arrived.
    for reading in ["1020", "1020", "1020", "1025"] {
        broker.publish("press/good", reading, false).await.unwrap();
    }
    parts(25).await;

    // A broker that starts again: it is listened to again, and what it delivers again is no news.
    broker.stop().await.unwrap();
    broker.start_again().await.unwrap();
    broker.publish("press/good", "1030", false).await.unwrap();
    parts(30).await;
    broker.stop().await.unwrap();
    broker.forget().unwrap();
    broker.start_again().await.unwrap();
    state(&client, PLAIN, "unknown").await;
    broker.publish("press/state", "run", false).await.unwrap();
    broker.publish("press/good", "1031", false).await.unwrap();
    parts(31).await;
    state(&client, PLAIN, "running").await;
    assert_eq!(counted(&log, PLAIN, "good").1, 31);

    // A last will: no data, and not a stop.
    let mut edge = EdgeNode::start(broker.address(), "hall", "press").await.unwrap();
    let link =
        |view: &kart_api::View| machine(view, SPARKPLUG).map(|one| one.link == DeviceLink::Up);
    viewed(&client, "its link up", |view| link(view)?.then_some(())).await;
    let mode = json!([{ "name": "Mode", "alias": 1, "type": "String", "value": "auto" }]);
    edge.birth(&mode, None).await.unwrap();
    state(&client, SPARKPLUG, "running").await;
    edge.kill().unwrap();
    state(&client, SPARKPLUG, "unknown").await;
    let stops = "SELECT count(*) FROM oee_machine_events WHERE event_type = 'downtime'";
    assert_eq!(number(&log, stops), 0);
}

/// A line between terminal and broker.
struct Line {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    /// What the broker said over it.
    heard: Arc<Mutex<Vec<u8>>>,
    serving: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Weather {
    Calm,
    /// What the terminal says is lost; what the broker says is not.
    Mute,
    /// There is no connection.
    Cut,
}

impl Line {
    async fn to(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let weather = watch::Sender::new(Weather::Calm);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (sky, ear) = (weather.subscribe(), Arc::clone(&heard));
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (mut cut, sky, ear) = (sky.clone(), sky.clone(), Arc::clone(&ear));
                connections.spawn(async move {
                    tokio::select! {
                        _ = cut.wait_for(|weather| *weather == Weather::Cut) => {},
                        () = pass(client, broker, sky, ear) => {},
                    }
                });
            }
        });
        Self { address, weather, heard, serving }
    }

    fn address(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// How many messages of a topic were marked as delivered once more.
    fn again(&self, topic: &str) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let named = [&[0, u8::try_from(topic.len()).unwrap()], topic.as_bytes()].concat();
        let windows = heard.windows(2 + named.len());
        windows.filter(|bytes| bytes[0] == 0x3a && bytes[2..] == named).count()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(
    client: TcpStream,
    broker: SocketAddr,
    sky: watch::Receiver<Weather>,
    heard: Arc<Mutex<Vec<u8>>>,
) {
    let Ok(server) = TcpStream::connect(broker).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = from_client.read(&mut chunk).await {
            let mute = *sky.borrow() == Weather::Mute;
            if !mute && to_server.write_all(&chunk[..read]).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = from_server.read(&mut chunk).await {
            heard.lock().unwrap_or_else(PoisonError::into_inner).extend(&chunk[..read]);
            if to_client.write_all(&chunk[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {},
        () = back => {},
    }
}

async fn linked(client: &Client, code: &str) {
    viewed(client, &format!("{code} linked"), |view| {
        (machine(view, code)?.link == DeviceLink::Up).then_some(())
    })
    .await;
}

/// The terminal dies after the commit and before the acknowledgement: the broker delivers once more.
#[tokio::test]
async fn ugly_case_15_what_was_saved_and_not_acknowledged_comes_again() {
    let _turn = turn().await;
    let broker = Broker::start().await.unwrap();
    let line = Line::to(broker.address()).await;
    let mut terminal = terminal(&[], |_| map(&line.address()));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    linked(&client, PLAIN).await;
    let parts = async |parts: i64| {
        viewed(&client, &format!("{parts} parts"), |view| {
            (machine(view, PLAIN)?.good == parts).then_some(())
        })
        .await;
    };
    broker.publish("press/state", "run", false).await.unwrap();
    state(&client, PLAIN, "running").await;
    broker.publish("press/good", "1000", false).await.unwrap();
    broker.publish("press/good", "1010", false).await.unwrap();
    parts(10).await;
    line.weather.send_replace(Weather::Mute);
    broker.publish("press/state", "stop", false).await.unwrap();
    state(&client, PLAIN, "stopped").await;
    broker.publish("press/good", "1020", false).await.unwrap();
    parts(20).await;
    broker.publish("press/state", "run", false).await.unwrap();
    state(&client, PLAIN, "running").await;
    broker.publish("press/good", "1030", false).await.unwrap();
    parts(30).await;

    // What is shown is on the disk; the broker knows nothing of it.
    terminal.kill().unwrap();
    line.weather.send_replace(Weather::Calm);
    terminal.start().await.unwrap();
    wait_for("all of it once more", LIMIT, async || {
        let again = (line.again("press/state"), line.again("press/good"));
        (again.0 >= 2 && again.1 >= 2).then_some(()).ok_or_else(|| format!("{again:?}"))
    })
    .await;
    state(&client, PLAIN, "running").await;
    broker.publish("press/good", "1040", false).await.unwrap();
    parts(40).await;
    state(&client, PLAIN, "running").await;
    let log = terminal.facts().unwrap();
    assert_eq!(counted(&log, PLAIN, "good").1, 40);
    let recorded = states(&log, PLAIN);
    let stops = recorded.iter().filter(|stretch| stretch.state == "stopped").count();
    assert_eq!(stops, 1, "a stop that comes again is no stop: {recorded:#?}");
    are_seamless(&recorded);
}

const DATED: &str = "EQ-212";

fn queued(address: &str) -> String {
    let machine = |code: &str, state: &str| {
        format!(
            r#"
[[machine]]
code = "{code}"
otherwise = "stopped"
stale_after_ms = 600000
signal = [{{ name = "state", broker = "hall", {state} }}]
rule = [{{ name = "runs", when = [{{ signal = "state", is = "run" }}], state = "running" }}]
"#
        )
    };
    format!(
        "[[broker]]\nname = \"hall\"\naddress = \"{address}\"\n{}{}",
        machine(PLAIN, r#"topic = "press/state", format = "plain""#),
        machine(
            DATED,
            r#"topic = "oven", pointer = "/state", time_pointer = "/t", time = "payload""#
        )
    )
}

/// Words that waited at the broker: without a time of their own only the last one says what the machine does, and with
/// one each is what happened then.
#[tokio::test]
async fn ugly_case_15_states_that_waited_at_the_broker() {
    let _turn = turn().await;
    let broker = Broker::start().await.unwrap();
    let line = Line::to(broker.address()).await;
    let mut terminal = terminal(&[], |_| queued(&line.address()));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    linked(&client, PLAIN).await;
    let say = async |word: &str| {
        let millis = now().0 / 1000;
        broker.publish("press/state", word, false).await.unwrap();
        let dated = json!({ "state": word, "t": millis }).to_string();
        broker.publish("oven", &dated, false).await.unwrap();
        (word.to_owned(), millis * 1000)
    };
    say("run").await;
    state(&client, PLAIN, "running").await;
    state(&client, DATED, "running").await;
    line.weather.send_replace(Weather::Cut);
    let mut said = Vec::new();
    for word in ["stop", "run", "stop", "run", "stop", "run", "stop"] {
        said.push(say(word).await);
        passes(now(), SECOND / 4).await;
    }
    line.weather.send_replace(Weather::Calm);
    let back = now();
    state(&client, PLAIN, "stopped").await;
    state(&client, DATED, "stopped").await;
    let log = terminal.facts().unwrap();
    let plain = states(&log, PLAIN);
    let stops: Vec<_> = plain.iter().filter(|stretch| stretch.state == "stopped").collect();
    assert!(
        stops.len() == 1 && stops[0].from >= back.0,
        "the last word, since it came: {plain:#?}"
    );
    are_seamless(&plain);
    let dated = states(&log, DATED);
    are_seamless(&dated);
    let recorded: Vec<_> = dated.iter().rev().take(said.len()).rev().collect();
    assert_eq!(recorded.len(), said.len(), "{dated:#?}");
    for (stretch, (word, at)) in recorded.iter().zip(&said) {
        let same = stretch.state == if word == "run" { "running" } else { "stopped" };
        assert!(same && (stretch.from - at).abs() < SECOND / 100, "{word} at {at}: {dated:#?}");
    }
}
