//! Sparkplug B 3.0 between mosquitto and an edge node whose encoder we did not write: what is known of a machine lasts
//! as long as its edge node lives and not a moment longer, and the only thing ever sent to it is the request for a
//! rebirth.

use std::path::Path;
use std::time::Duration;

use kart_api::{DeviceLink, Machine};
use kart_core::signal::Value;
use kart_tests::broker::Broker;
use kart_tests::child::Child;
use kart_tests::edge::EdgeNode;
use kart_tests::programs::repository;
use kart_tests::wait::wait_for;
use kart_tests::world::layout::alone;
use kart_tests::world::terminal::Terminal;
use serde_json::json;

use crate::figures::now;
use crate::turn::turn;

const LIMIT: Duration = Duration::from_secs(30);
const PRESS: &str = "EQ-211";

fn configuration(data: &Path, broker: &str, rebirth: bool) -> String {
    let map = format!(
        r#"
[[broker]]
name = "plant"
address = "{broker}"
host_id = "kart-T-07"
sparkplug = [{{ group = "hall", rebirth = {rebirth} }}]

[[machine]]
code = "{PRESS}"
otherwise = "stopped"
stale_after_ms = 6000
signal = [
    {{ name = "mode", broker = "plant", edge = "hall/press", metric = "Mode" }},
    {{ name = "good", broker = "plant", edge = "hall/press/plc", metric = "Counters/Good" }},
    {{ name = "speed", broker = "plant", edge = "hall/press/plc", metric = "Speed" }},
    {{ name = "offset", broker = "plant", edge = "hall/press/plc", metric = "Offset" }},
]
counter = [{{ signal = "good", kind = "good", max_per_s = 500.0 }}]
rule = [{{ name = "auto", when = [{{ signal = "mode", is = "auto" }}, {{ signal = "speed", at_least = 1.5 }}], state = "running" }}]
"#
    );
    alone(data, &repository().join("config/demo/site.toml"), &map)
}

struct Floor {
    edge: EdgeNode,
    heard: Child,
    terminal: Terminal,
    broker: Broker,
}

impl Floor {
    async fn start(rebirth: bool) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let broker = Broker::start().await.unwrap();
        let heard = broker.listen("spBv1.0/#", None).unwrap();
        let edge = EdgeNode::start(broker.address(), "hall", "press").await.unwrap();
        let mut terminal = Terminal::prepare(|data| {
            Ok(configuration(data, &broker.address().to_string(), rebirth))
        })
        .unwrap();
        terminal.start().await.unwrap();
        let floor = Self { edge, heard, terminal, broker };
        floor.told("that the host is there", "spBv1.0/STATE/kart-T-07 {\"online\":true").await;
        floor
    }

    async fn birth(&mut self, good: u64) {
        let node = json!([{ "name": "Mode", "alias": 1, "type": "String", "value": "auto" }]);
        let device = json!([
            { "name": "Counters/Good", "alias": 2, "type": "UInt64", "value": good },
            { "name": "Speed", "alias": 3, "type": "Float", "value": 2.5 },
            { "name": "Offset", "alias": 4, "type": "Int16", "value": -7 },
        ]);
        self.edge.birth(&node, Some(("plc", &device))).await.unwrap();
    }

    async fn good(&mut self, good: u64) {
        let metric =
            json!([{ "name": "Counters/Good", "alias": 2, "type": "UInt64", "value": good }]);
        self.edge.data("plc", &metric).await.unwrap();
    }

    /// Waits until somebody has said this to the broker.
    async fn told(&self, what: &str, line: &str) {
        wait_for(what, LIMIT, async || {
            let heard = self.heard.stdout();
            heard.contains(line).then_some(()).ok_or(heard)
        })
        .await;
    }

    async fn shown<T>(&self, what: &str, wanted: impl Fn(&Machine) -> Option<T>) -> T {
        self.terminal.shown(what, wanted).await.unwrap()
    }

    async fn state(&self, state: &str) {
        self.shown(state, |machine| (machine.state.word() == state).then_some(())).await;
    }

    async fn value(&self, signal: &str, wanted: Value) {
        let found = |machine: &Machine| {
            let shown = machine.signals.iter().find(|shown| shown.name == signal)?;
            (shown.value.as_ref()? == &wanted).then_some(())
        };
        self.shown(&format!("{signal} at {wanted:?}"), found).await;
    }

    async fn made(&self, parts: i64) {
        self.shown(&format!("{parts} parts"), |machine| (machine.good == parts).then_some(()))
            .await;
    }

    async fn down(&self, words: &str) {
        let found = |machine: &Machine| match &machine.link {
            DeviceLink::Down { reason, .. } if reason.contains(words) => Some(()),
            _ => None,
        };
        self.shown(words, found).await;
    }
}

#[tokio::test]
async fn an_edge_node_lives_and_dies() {
    let _turn = turn().await;
    let mut floor = Floor::start(true).await;
    floor.birth(1000).await;
    floor.state("running").await;
    floor.value("offset", Value::Whole(-7)).await;
    floor.value("speed", Value::Measured(2.5)).await;
    floor.good(1010).await;
    floor.made(10).await;
    the_past_is_the_past(&mut floor).await;
    null_is_unknown(&mut floor).await;
    a_hole_is_mended(&mut floor).await;
    a_device_dies(&mut floor).await;
    a_silent_node_is_not_stale(&mut floor).await;
    the_node_dies(&mut floor).await;
    nothing_else_was_sent(&floor);
}

/// Values of the past neither show nor decide; the parts between them count.
async fn the_past_is_the_past(floor: &mut Floor) {
    let past = json!([
        { "name": "Speed", "alias": 3, "type": "Float", "value": 0.0, "historical": true, "timestamp": 1_700_000_000_000_i64 },
        { "name": "Offset", "alias": 4, "type": "Int16", "value": 99, "historical": true, "timestamp": 1_700_000_000_000_i64 },
    ]);
    floor.edge.data("plc", &past).await.unwrap();
    floor.good(1020).await;
    floor.made(20).await;
    floor.state("running").await;
    floor.value("offset", Value::Whole(-7)).await;
    floor.value("speed", Value::Measured(2.5)).await;
}

async fn null_is_unknown(floor: &mut Floor) {
    let null = json!([{ "name": "Speed", "alias": 3, "type": "Float", "null": true }]);
    floor.edge.data("plc", &null).await.unwrap();
    floor.state("unknown").await;
    let stopped = json!([{ "name": "Speed", "alias": 3, "type": "Float", "value": 0.5 }]);
    floor.edge.data("plc", &stopped).await.unwrap();
    floor.state("stopped").await;
    let runs = json!([{ "name": "Speed", "alias": 3, "type": "Float", "value": 1.5 }]);
    floor.edge.data("plc", &runs).await.unwrap();
    floor.state("running").await;
}

/// What was in the message that is missing comes with the rebirth.
async fn a_hole_is_mended(floor: &mut Floor) {
    let asked = floor.edge.asked().await.unwrap();
    floor.good(1030).await;
    floor.edge.lose().await.unwrap();
    floor.good(1041).await;
    floor.made(41).await;
    assert!(floor.edge.asked().await.unwrap() > asked);
    floor.state("running").await;
}

async fn a_device_dies(floor: &mut Floor) {
    floor.edge.death("plc").await.unwrap();
    floor.state("unknown").await;
    floor.down("device hall/press/plc has gone").await;
    floor.birth(1050).await;
    floor.state("running").await;
    floor.made(50).await;
}

/// An edge node tells only what changes. While it lives, what it has told holds.
async fn a_silent_node_is_not_stale(floor: &mut Floor) {
    let seen = floor.shown("a value", |machine| machine.seen_us).await;
    let later = floor.shown("a later look", |machine| {
        machine.seen_us.filter(|now| now.0 - seen.0 > 7_000_000).map(|_| machine.state)
    });
    assert_eq!(later.await.word(), "running");
}

async fn the_node_dies(floor: &mut Floor) {
    floor.edge.kill().unwrap();
    floor.state("unknown").await;
    floor.down("edge node hall/press has gone").await;
    floor.edge = EdgeNode::start(floor.broker.address(), "hall", "press").await.unwrap();
    floor.birth(1060).await;
    floor.state("running").await;
    floor.made(60).await;
    // A host that begins after the node asks it for all it knows.
    floor.terminal.kill().unwrap();
    floor.told("that the host is gone", "spBv1.0/STATE/kart-T-07 {\"online\":false").await;
    floor.terminal.start().await.unwrap();
    floor.state("running").await;
    assert_eq!(floor.edge.asked().await.unwrap(), 1);
}

fn nothing_else_was_sent(floor: &Floor) {
    let heard = std::fs::read(floor.heard.stdout_path()).unwrap();
    let heard = String::from_utf8_lossy(&heard).into_owned();
    // The name stands once in each birth and once in each request.
    let count = |text: &str| heard.matches(text).count();
    let requests = count("spBv1.0/hall/NCMD/press");
    assert_eq!(count("CMD/"), requests, "{heard}");
    assert_eq!(count("Node Control/Rebirth"), requests + count("spBv1.0/hall/NBIRTH/"), "{heard}");
    assert!(requests > 1);
}

#[tokio::test]
async fn without_leave_a_host_waits_and_says_so() {
    let _turn = turn().await;
    let mut floor = Floor::start(false).await;
    floor.birth(1000).await;
    floor.state("running").await;
    floor.edge.lose().await.unwrap();
    floor.good(1010).await;
    floor.down("may not ask for it").await;
    floor.state("unknown").await;
    floor.birth(1020).await;
    floor.state("running").await;
    floor.made(20).await;
    assert_eq!(floor.edge.asked().await.unwrap(), 0);
    assert!(!floor.heard.stdout().contains("CMD/"));
}

/// Nobody knows what happens while the broker is away, and a value that was told before is not said again.
#[tokio::test]
async fn while_the_broker_is_away_nothing_is_made_up() {
    let _turn = turn().await;
    let mut floor = Floor::start(true).await;
    floor.birth(1000).await;
    floor.state("running").await;
    floor.broker.stop().await.unwrap();
    let away = now();
    let since = floor.shown("unknown", |machine| {
        (machine.state.word() == "unknown").then_some(machine.state_since_us)
    });
    let since = since.await;
    assert!(since <= away, "it ran for {} us without anybody having said so", since.0 - away.0);
    floor.broker.start_again().await.unwrap();
    floor.edge = EdgeNode::start(floor.broker.address(), "hall", "press").await.unwrap();
    floor.birth(1030).await;
    floor.state("running").await;
    floor.made(30).await;
}

/// The will of a connection that is over may come when the next one has long begun.
#[tokio::test]
async fn who_says_that_this_host_is_gone_is_contradicted() {
    let _turn = turn().await;
    let floor = Floor::start(true).await;
    let topic = "spBv1.0/STATE/kart-T-07";
    let online = || floor.heard.stdout().matches("{\"online\":true").count();
    let before = online();
    let will = r#"{"online":false,"timestamp":1}"#;
    floor.broker.publish(topic, will, true).await.unwrap();
    floor.told("the late will", will).await;
    wait_for("the host to say that it is there", LIMIT, async || {
        (online() > before).then_some(()).ok_or_else(|| floor.heard.stdout())
    })
    .await;
    let retained = floor.broker.receive(topic, 1).await.unwrap();
    assert!(retained[0].starts_with("{\"online\":true"), "{retained:?}");
}
