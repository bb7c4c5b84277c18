//! For others to look at: what the machines of this station do and how much they have made, as
//! retained JSON at a broker, in the manner of a unified namespace. Off unless configured.
//!
//! It is never the record and nothing waits for it: what could not be said is said anew, as it is
//! then, once there is a connection. The broker itself says, by our last will, when we are gone.

use kart_api::{Machine, View};
use kart_core::{machine::MachineState, time::Micros};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, Outgoing, Packet, QoS};
use serde::Serialize;
use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::ingest::{
    mqtt::{
        self, secure,
        topic::{BrokerPlan, PublishPlan},
    },
    reach::Backoff,
};

/// Requests to the client that may wait.
const REQUESTS: usize = 256;
/// Nothing is said more often than this.
const REST: Duration = Duration::from_secs(1);
/// How long an acknowledgement may take.
const ANSWER: Duration = Duration::from_secs(20);
const FIRST_DELAY: Duration = Duration::from_millis(500);
const MOST_DELAY: Duration = Duration::from_secs(30);

/// What a machine does.
#[derive(Serialize)]
struct State<'v> {
    state: MachineState,
    since: String,
    batch: Option<&'v str>,
}

/// What it has made on its batch, or since the last one ended.
#[derive(Serialize)]
struct Counts<'v> {
    good: i64,
    scrap: i64,
    batch: Option<&'v str>,
}

/// Publishes what `view` shows until `stop`.
pub(crate) async fn run(
    plan: BrokerPlan,
    view: watch::Receiver<Arc<View>>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    // The connection is not closed in order: that would take the last will back.
    stop.run_until_cancelled(publish_for_ever(&plan, view)).await;
    Ok(())
}

async fn publish_for_ever(plan: &BrokerPlan, view: watch::Receiver<Arc<View>>) {
    let Some(publish) = &plan.publish else { return };
    let mut backoff = Backoff::new(FIRST_DELAY, MOST_DELAY);
    let mut told = String::new();
    loop {
        let (online, online_seen) = watch::channel(false);
        let client_id = format!("{}-out", plan.client_id);
        let reason = match mqtt::options(plan, &client_id).await {
            Err(reason) => reason,
            Ok(mut options) => {
                let (topic, payload) = status(publish, false);
                options.set_clean_session(true);
                options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true));
                let (client, event_loop) = AsyncClient::new(options, REQUESTS);
                tokio::select! {
                    reason = poll(&plan.name, plan.keep_alive, event_loop, &online, ANSWER) => reason,
                    () = say(publish, &client, view.clone(), online_seen) => return,
                }
            },
        };
        if *online.borrow() {
            backoff.reset();
            told.clear();
        }
        if told != reason {
            warn!(broker = plan.name, reason, "nothing is published");
            told = reason;
        }
        sleep(backoff.next()).await;
    }
}

/// Polls the client until its connection is lost, or brings no acknowledgement within `answer`;
/// returns why.
async fn poll(
    broker: &str,
    keep_alive: Duration,
    mut event_loop: EventLoop,
    online: &watch::Sender<bool>,
    answer: Duration,
) -> String {
    let patience = keep_alive * 2 + Duration::from_secs(5);
    // What was said and is not acknowledged, by its number, and when.
    let mut said: BTreeMap<u16, Instant> = BTreeMap::new();
    loop {
        let now = Instant::now();
        let due = said.values().min().map(|said| *said + answer);
        let late = |now| due.is_some_and(|due| due <= now);
        let until = due.unwrap_or(now + patience).min(now + patience);
        let event = match timeout_at(until, event_loop.poll()).await {
            Err(_) if !late(until) => {
                return "the broker has not been heard for too long".to_owned();
            },
            Ok(Err(error)) => return secure::in_words(&error),
            Ok(Ok(Event::Incoming(Packet::PubAck(ack)))) => {
                said.remove(&ack.pkid);
                continue;
            },
            Ok(Ok(event)) => Some(event),
            Err(_) => None,
        };
        if late(Instant::now()) {
            return format!("the broker has not acknowledged for {} s", answer.as_secs());
        }
        match event {
            Some(Event::Incoming(Packet::ConnAck(_))) => {
                info!(broker, "publishing");
                online.send_replace(true);
            },
            Some(Event::Outgoing(Outgoing::Publish(number))) if number != 0 => {
                said.insert(number, Instant::now());
            },
            _ => {},
        }
    }
}

/// Says what there is, and then what changes. Ends when there are no views any more.
async fn say(
    plan: &PublishPlan,
    client: &AsyncClient,
    mut view: watch::Receiver<Arc<View>>,
    mut online: watch::Receiver<bool>,
) {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    if online.wait_for(|online| *online).await.is_err() {
        return;
    }
    loop {
        let shown = Arc::clone(&view.borrow_and_update());
        for (topic, payload) in messages(plan, &shown) {
            if said.get(&topic) == Some(&payload) {
                continue;
            }
            // What finds no room is said in the next round.
            if client.try_publish(&topic, QoS::AtLeastOnce, true, payload.clone()).is_err() {
                break;
            }
            said.insert(topic, payload);
        }
        sleep(REST).await;
        if view.changed().await.is_err() {
            return;
        }
    }
}

/// All that there is to say of a view: topics and payloads.
fn messages(plan: &PublishPlan, view: &View) -> Vec<(String, String)> {
    let mut messages = vec![status(plan, true)];
    for machine in &view.machines {
        let place = format!("{}/{}", plan.prefix, level(&machine.code));
        for (leaf, payload) in [("state", state(machine)), ("counts", counts(machine))] {
            messages.extend(payload.ok().map(|payload| (format!("{place}/{leaf}"), payload)));
        }
    }
    messages
}

fn state(machine: &Machine) -> serde_json::Result<String> {
    serde_json::to_string(&State {
        state: machine.state,
        since: Micros::rfc3339(machine.state_since_us),
        batch: machine.batch.as_ref().map(|batch| batch.number.as_str()),
    })
}

fn counts(machine: &Machine) -> serde_json::Result<String> {
    serde_json::to_string(&Counts {
        good: machine.good,
        scrap: machine.scrap,
        batch: machine.batch.as_ref().map(|batch| batch.number.as_str()),
    })
}

fn status(plan: &PublishPlan, online: bool) -> (String, String) {
    let topic = format!("{}/{}/status", plan.prefix, level(&plan.terminal));
    (topic, format!(r#"{{"online":{online}}}"#))
}

/// A code as one level of a topic.
fn level(code: &str) -> String {
    code.replace(['/', '+', '#'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::MqttOptions;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    /// A broker that answers nothing but the connection ends it; one that acknowledges does not.
    #[tokio::test]
    async fn a_broker_that_does_not_acknowledge_is_left() {
        let broker = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = broker.local_addr().unwrap().port();
        let options = MqttOptions::new("t-out", "127.0.0.1", port);
        let (client, event_loop) = AsyncClient::new(options, 4);
        for topic in ["a", "b"] {
            client.try_publish(topic, QoS::AtLeastOnce, true, "x").unwrap();
        }
        let (online, _seen) = watch::channel(false);
        let answers = async {
            let (mut session, _) = broker.accept().await.unwrap();
            let mut packet = [0; 256];
            assert!(session.read(&mut packet).await.unwrap() > 2, "CONNECT");
            session.write_all(&[0x20, 2, 0, 0]).await.unwrap();
            let mut first = [0; 8];
            session.read_exact(&mut first).await.unwrap();
            assert_eq!(first, [0x33, 6, 0, 1, b'a', 0, 1, b'x']);
            session.write_all(&[0x40, 2, 0, 1]).await.unwrap();
            while session.read(&mut packet).await.is_ok_and(|read| read > 0) {}
        };
        let (keep_alive, answer) = (Duration::from_secs(30), Duration::from_millis(1500));
        let poll = poll("hall", keep_alive, event_loop, &online, answer);
        let (reason, ()) = tokio::join!(poll, answers);
        assert_eq!(reason, "the broker has not acknowledged for 1 s");
        assert!(*online.borrow());
    }
}
