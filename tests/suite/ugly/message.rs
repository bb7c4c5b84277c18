//! Case 15: what a broker delivers is not always news.

use kart_api::DeviceLink;
use kart_core::signal::{Quality, Value};
use kart_tests::{broker::Broker, edge::EdgeNode};
use serde_json::json;

use super::{counted, machine, now, number, state, terminal, viewed};
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
