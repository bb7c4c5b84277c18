//! A packer that speaks MQTT 3.1.1 and never gives up a value before the broker has acknowledged it.
//!
//! One message is under way at a time. After any fault the client is thrown away and a new one begins with
//! the message that was not acknowledged, followed by the latest value of every topic; the counters are
//! cumulative, so a duplicate or an overflowed queue changes nothing.

use crate::floor::state_word;
use crate::machine::{Cause, Micros, Raw, Status};
use anyhow::{Context, Result, bail};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

const LONGEST_QUEUE: usize = 10_000;
const LONGEST_ACK: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retain: bool,
}

/// `plant/<site>/<machine>/…`
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    pub root: String,
}

impl Topics {
    pub(crate) fn new(site: &str, machine: &str) -> Self {
        Self { root: format!("plant/{site}/{machine}") }
    }

    pub(crate) fn state(&self, status: Status, now: Micros) -> Message {
        let mut body = json!({ "state": state_word(status), "ts": now });
        if let Status::Stopped(Cause::Fault { code }) = status {
            body["fault"] = code.into();
        }
        self.message("state", body.to_string(), true)
    }

    pub(crate) fn counts(&self, raw: Raw, now: Micros) -> Message {
        let body = json!({ "good": raw.good, "scrap": raw.scrap, "ts": now });
        self.message("counts", body.to_string(), true)
    }

    pub(crate) fn speed(&self, parts_per_minute: f32) -> Message {
        self.message("speed", format!("{parts_per_minute:.1}"), false)
    }

    /// What a broken device might send; never retained.
    pub(crate) fn garbage(&self, channel: &str) -> Message {
        self.message(channel, "{\"state\":\"runn\u{1b}[31m,\"good\":1e999".to_owned(), false)
    }

    fn message(&self, channel: &str, payload: String, retain: bool) -> Message {
        let topic = format!("{}/{channel}", self.root);
        Message { topic, payload: payload.into_bytes(), retain }
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Message>,
    latest: BTreeMap<String, Message>,
}

/// What the packer has to say and the broker has not acknowledged.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    length: watch::Sender<usize>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { queue: Mutex::default(), length: watch::Sender::new(0) }
    }
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, message: Message) {
        self.lock().latest.insert(message.topic.clone(), message.clone());
        self.put_once(message);
    }

    /// For what must not be said again, such as garbage.
    pub(crate) fn put_once(&self, message: Message) {
        let mut queue = self.lock();
        // The first one may be under way; the second is the oldest that can be dropped.
        if queue.waiting.len() == LONGEST_QUEUE {
            queue.waiting.remove(1);
        }
        queue.waiting.push_back(message);
        self.length.send_replace(queue.waiting.len());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// The latest value of each topic once more, as a new session knows none of them.
    fn repeat_latest(&self) {
        let mut queue = self.lock();
        let Queue { waiting, latest } = &mut *queue;
        let unsaid = |m: &&Message| !waiting.iter().any(|w| w.topic == m.topic);
        let again: Vec<Message> = latest.values().filter(unsaid).cloned().collect();
        waiting.extend(again);
        self.length.send_replace(waiting.len());
    }

    fn first(&self) -> Option<Message> {
        self.lock().waiting.front().cloned()
    }

    fn drop_first(&self) {
        let mut queue = self.lock();
        queue.waiting.pop_front();
        self.length.send_replace(queue.waiting.len());
    }
}

/// Address of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    pub host: String,
    pub port: u16,
}

impl std::str::FromStr for Broker {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (host, port) = text.rsplit_once(':').context("the broker is written host:port")?;
        Ok(Self { host: host.to_owned(), port: port.parse().context("the port of the broker")? })
    }
}

/// Speaks for one packer until it is dropped.
pub(crate) async fn speak(client_id: String, broker: Broker, outbox: Arc<Outbox>) -> Result<()> {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let mut options = MqttOptions::new(&client_id, &broker.host, broker.port);
        options.set_keep_alive(Duration::from_secs(5)).set_clean_session(true);
        let (client, events) = AsyncClient::new(options, 10);
        let (connected, acknowledged) = (watch::Sender::new(false), watch::Sender::new(0));
        let fault = tokio::select! {
            fault = listen(events, &connected, &acknowledged) => fault,
            fault = publish(&client, &outbox, &connected, &acknowledged) => fault,
        };
        if *connected.borrow() {
            pause = SHORTEST_PAUSE;
        }
        tracing::debug!(client_id, ?fault, "broker lost");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn listen(
    mut events: EventLoop,
    connected: &watch::Sender<bool>,
    acknowledged: &watch::Sender<u64>,
) -> Result<()> {
    loop {
        match events.poll().await? {
            Event::Incoming(Packet::ConnAck(_)) => {
                connected.send_replace(true);
            },
            Event::Incoming(Packet::PubAck(_)) => acknowledged.send_modify(|count| *count += 1),
            _ => {},
        }
    }
}

async fn publish(
    client: &AsyncClient,
    outbox: &Outbox,
    connected: &watch::Sender<bool>,
    acknowledged: &watch::Sender<u64>,
) -> Result<()> {
    connected.subscribe().wait_for(|yes| *yes).await?;
    outbox.repeat_latest();
    let mut length = outbox.length.subscribe();
    let mut acks = acknowledged.subscribe();
    let mut sent = 0;
    loop {
        length.wait_for(|length| *length > 0).await?;
        let Some(Message { topic, payload, retain }) = outbox.first() else {
            continue;
        };
        sent += 1;
        client.publish(topic, QoS::AtLeastOnce, retain, payload).await?;
        let answered = acks.wait_for(|count| *count >= sent);
        if tokio::time::timeout(LONGEST_ACK, answered).await.is_err() {
            bail!("no PUBACK within {LONGEST_ACK:?}");
        }
        outbox.drop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_hears_the_latest_of_every_topic_once() {
        let topics = Topics::new("cedar", "EQ-311");
        let outbox = Outbox::default();
        outbox.put(topics.state(Status::Running, 1));
        outbox.put(topics.counts(Raw { good: 1, scrap: 0 }, 2));
        outbox.drop_first();
        outbox.repeat_latest();
        let queue = outbox.lock();
        let said: Vec<&str> = queue.waiting.iter().map(|m| m.topic.as_str()).collect();
        assert_eq!(said, ["plant/cedar/EQ-311/counts", "plant/cedar/EQ-311/state"]);
    }

    #[test]
    fn a_full_queue_drops_the_oldest_that_is_not_under_way() {
        let topics = Topics::new("cedar", "EQ-311");
        let outbox = Outbox::default();
        for good in 0..=10_000 {
            outbox.put(topics.counts(Raw { good, scrap: 0 }, 0));
        }
        let queue = outbox.lock();
        let good = |at: usize| {
            let body: serde_json::Value =
                serde_json::from_slice(&queue.waiting[at].payload).unwrap();
            body["good"].as_u64().unwrap()
        };
        assert_eq!((queue.waiting.len(), good(0), good(1), good(9_999)), (10_000, 0, 2, 10_000));
    }

    #[test]
    fn a_message_says_what_the_machine_shows() {
        let topics = Topics::new("cedar", "EQ-311");
        let message = topics.state(Status::Stopped(Cause::Fault { code: 17 }), 5);
        assert_eq!(message.payload, br#"{"fault":17,"state":"stopped","ts":5}"#);
        assert!(message.retain);
        assert_eq!(topics.speed(240.04).payload, b"240.0");
    }

    #[test]
    fn a_broker_is_a_host_and_a_port() {
        let broker: Broker = "localhost:18830".parse().unwrap();
        assert_eq!(broker, Broker { host: "localhost".to_owned(), port: 18830 });
        assert!("localhost".parse::<Broker>().is_err());
    }
}
