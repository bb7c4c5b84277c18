//! One MQTT broker: a persistent session at QoS 1 in which a message is acknowledged only after
//! what follows from it is durable.
//!
//! Nothing is published. The event loop of the client is polled by a future of its own, which
//! waits for nothing but room in a bounded queue; a second future hands messages to the engine
//! and acknowledges them in the order in which they came. Whatever the client cannot be trusted
//! with any more is cured by a new client; the broker then delivers again what was not
//! acknowledged, which is harmless.

use futures_util::{StreamExt as _, stream::FuturesOrdered};
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Packet, Publish, QoS,
    SubscribeFilter, SubscribeReasonCode,
};
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    Intake, Reading, SourceFault,
    reach::{Backoff, Reach},
};
use crate::clock::Clock;

pub mod payload;
pub mod topic;
mod reject;

use reject::Rejections;
use topic::{BrokerPlan, Known};

/// Requests to the client that may wait.
const REQUESTS: usize = 256;
/// Messages between the two futures.
const HEARD: usize = 64;
/// Messages whose samples are on their way to the disk.
const UNSAVED: usize = 256;
/// Topics in one request to subscribe.
const TOPICS: usize = 50;
/// So many connections that did not settle look like a second client with our name.
const TAKEOVERS: u32 = 3;

/// How long this adapter waits for what.
#[derive(Clone, Copy)]
struct Pace {
    /// Between attempts to connect.
    first_delay: Duration,
    most_delay: Duration,
    /// A connection that ended sooner was ended by the broker on purpose.
    settled: Duration,
}

const PACE: Pace = Pace {
    first_delay: Duration::from_millis(200),
    most_delay: Duration::from_secs(30),
    settled: Duration::from_secs(10),
};

/// Listens to `plan` until `stop`.
pub async fn run(
    plan: BrokerPlan,
    intake: Intake,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), SourceFault> {
    match stop.run_until_cancelled(listen_for_ever(plan, intake, clock, PACE)).await {
        Some(Err(fault)) => Err(fault),
        None => Ok(()),
    }
}

async fn listen_for_ever(
    plan: BrokerPlan,
    intake: Intake,
    clock: Clock,
    pace: Pace,
) -> Result<Infallible, SourceFault> {
    let mut listener = Listener {
        reach: Reach::new(&plan.name, plan.machines()),
        backoff: Backoff::new(pace.first_delay, pace.most_delay),
        pace,
        short_lives: 0,
        plan: &plan,
        clock: &clock,
    };
    let mut delivery = Delivery {
        plan: &plan,
        clock: &clock,
        intake,
        known: Known::default(),
        rejections: Rejections::new(&plan.name),
    };
    loop {
        let client_ended = one_client(&mut listener, &mut delivery).await?;
        debug!(broker = plan.name, reason = client_ended, "a new client is made");
        let at = clock.stamp();
        if let Some(reading) = listener.reach.missed(&client_ended, at) {
            delivery.hand_over(reading).await?;
        }
        sleep(listener.backoff.next()).await;
    }
}

/// The life of one client; returns why it ended.
async fn one_client(
    listener: &mut Listener<'_>,
    delivery: &mut Delivery<'_>,
) -> Result<String, SourceFault> {
    let options = match options(listener.plan).await {
        Ok(options) => options,
        Err(error) => return Ok(format!("password_file: {error}")),
    };
    let (client, mut event_loop) = AsyncClient::new(options, REQUESTS);
    let mut network = event_loop.network_options();
    network.set_tcp_nodelay(true);
    event_loop.set_network_options(network);
    let shared = Shared { client, connection: AtomicU64::new(0), room: Notify::new() };
    let (heard_in, heard) = mpsc::channel(HEARD);
    tokio::select! {
        reason = listener.listen(&shared, event_loop, heard_in) => Ok(reason),
        reason = delivery.deliver(&shared, heard) => reason,
    }
}

async fn options(plan: &BrokerPlan) -> std::io::Result<MqttOptions> {
    let mut options = MqttOptions::new(&plan.client_id, &plan.host, plan.port);
    options
        .set_keep_alive(plan.keep_alive)
        .set_clean_session(false)
        .set_manual_acks(true)
        .set_max_packet_size(plan.max_packet_bytes, plan.max_packet_bytes);
    if let Some(user) = &plan.user {
        let password = match &plan.password_file {
            Some(file) => tokio::fs::read_to_string(file).await?,
            None => String::new(),
        };
        options.set_credentials(user, password.trim_end_matches(['\r', '\n']));
    }
    Ok(options)
}

/// What the two futures of one client have in common.
struct Shared {
    client: AsyncClient,
    /// Raised with each connection lost. What was received over one connection must not be
    /// acknowledged in the next: there its number may mean another message.
    connection: AtomicU64,
    /// Told when the client has sent something and may have room for another request.
    room: Notify,
}

/// What the listening future tells the delivering one.
enum Heard {
    Message { connection: u64, publish: Publish },
    Link(Reading),
    SessionLost,
}

/// Polls the event loop and knows the link.
struct Listener<'p> {
    plan: &'p BrokerPlan,
    pace: Pace,
    clock: &'p Clock,
    reach: Reach,
    backoff: Backoff,
    short_lives: u32,
}

impl Listener<'_> {
    /// Polls until the client cannot be trusted any more; returns why.
    async fn listen(
        &mut self,
        shared: &Shared,
        mut event_loop: EventLoop,
        heard: mpsc::Sender<Heard>,
    ) -> String {
        // The client itself notices a ping without an answer after twice the keep-alive time.
        let patience = self.plan.keep_alive * 2 + Duration::from_secs(5);
        let mut last_heard = Instant::now();
        let mut connected: Option<Instant> = None;
        loop {
            let Ok(event) = timeout_at(last_heard + patience, event_loop.poll()).await else {
                return "the broker has not been heard for too long".to_owned();
            };
            let word = match event {
                Ok(Event::Outgoing(_)) => {
                    shared.room.notify_one();
                    continue;
                },
                Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                    info!(
                        broker = self.plan.name,
                        session_present = ack.session_present,
                        "connected"
                    );
                    connected = Some(Instant::now());
                    if !self.subscribe(&shared.client) {
                        return "the client takes no requests".to_owned();
                    }
                    if !ack.session_present && heard.send(Heard::SessionLost).await.is_err() {
                        return "nobody takes messages".to_owned();
                    }
                    self.settled(connected)
                },
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    let connection = shared.connection.load(Ordering::Relaxed);
                    Some(Heard::Message { connection, publish })
                },
                Ok(Event::Incoming(packet)) => {
                    self.check_subscription(&packet);
                    self.settled(connected)
                },
                Err(ConnectionError::ConnectionRefused(code)) => {
                    return format!("the broker refuses us: {code:?}");
                },
                Err(error) => {
                    shared.connection.fetch_add(1, Ordering::Relaxed);
                    let (word, delay) = self.lost(&error, connected.take());
                    sleep(delay).await;
                    word
                },
            };
            if let Some(word) = word
                && heard.send(word).await.is_err()
            {
                return "nobody takes messages".to_owned();
            }
            last_heard = Instant::now();
        }
    }

    fn subscribe(&self, client: &AsyncClient) -> bool {
        let topics: Vec<&String> = self.plan.topics.keys().collect();
        topics.chunks(TOPICS).all(|chunk| {
            let filters =
                chunk.iter().map(|topic| SubscribeFilter::new((*topic).clone(), QoS::AtLeastOnce));
            client.try_subscribe_many(filters).is_ok()
        })
    }

    fn check_subscription(&self, packet: &Packet) {
        let Packet::SubAck(ack) = packet else { return };
        let refused = ack.return_codes.iter().filter(|c| **c == SubscribeReasonCode::Failure);
        let refused = refused.count();
        if refused > 0 {
            let asked = ack.return_codes.len();
            warn!(broker = self.plan.name, "the broker refuses {refused} of {asked} topics");
        }
    }

    /// Word of a connection that holds.
    fn settled(&mut self, connected: Option<Instant>) -> Option<Heard> {
        if connected.is_some_and(|since| since.elapsed() >= self.pace.settled) {
            self.short_lives = 0;
            self.backoff.reset();
        }
        if self.short_lives >= TAKEOVERS {
            return None;
        }
        self.reach.reached(self.clock.stamp()).map(Heard::Link)
    }

    /// Word of a connection that was lost or could not be had, and when to try again.
    fn lost(
        &mut self,
        error: &ConnectionError,
        connected: Option<Instant>,
    ) -> (Option<Heard>, Duration) {
        debug!(broker = self.plan.name, %error, "connection lost");
        let mut reason = error.to_string();
        match connected.map(|since| since.elapsed() >= self.pace.settled) {
            Some(true) => self.backoff.reset(),
            Some(false) => self.short_lives = self.short_lives.saturating_add(1),
            None => {},
        }
        if self.short_lives >= TAKEOVERS {
            reason = format!(
                "the broker ends each connection at once ({error}); is the client id {:?} used by \
                 another client?",
                self.plan.client_id
            );
        }
        let word = self.reach.missed(&reason, self.clock.stamp());
        (word.map(Heard::Link), self.backoff.next())
    }
}

/// Names a message at QoS 1 for as long as its connection lasts.
#[derive(Clone, Copy)]
struct Receipt {
    connection: u64,
    id: u16,
}

impl Receipt {
    /// Acknowledges; `false` when the client has no room now.
    fn acknowledge(self, shared: &Shared) -> bool {
        if self.connection != shared.connection.load(Ordering::Relaxed) {
            return true;
        }
        let mut publish = Publish::new("", QoS::AtLeastOnce, Vec::new());
        publish.pkid = self.id;
        shared.client.try_ack(&publish).is_ok()
    }
}

/// Hands messages to the engine and acknowledges them.
struct Delivery<'p> {
    plan: &'p BrokerPlan,
    clock: &'p Clock,
    intake: Intake,
    known: Known,
    rejections: Rejections,
}

impl Delivery<'_> {
    /// Delivers until a message cannot be saved; returns why.
    async fn deliver(
        &mut self,
        shared: &Shared,
        mut heard: mpsc::Receiver<Heard>,
    ) -> Result<String, SourceFault> {
        let mut unsaved = FuturesOrdered::new();
        // Never longer than there are packet ids. It does not hold back messages: the client only
        // sends while it is polled, and it is only polled while its messages are taken.
        let mut saved: VecDeque<Receipt> = VecDeque::new();
        loop {
            tokio::select! {
                word = heard.recv(), if unsaved.len() < UNSAVED => match word {
                    None => return Ok("nobody listens".to_owned()),
                    Some(Heard::Link(reading)) => self.hand_over(reading).await?,
                    Some(Heard::SessionLost) => self.known.session_lost(),
                    Some(Heard::Message { connection, publish }) => {
                        let receipt = Receipt { connection, id: publish.pkid };
                        let waits = self.message(&shared.client, &publish).await?;
                        unsaved.push_back(async move {
                            match waits {
                                Some(waits) => waits.await.is_ok().then_some(receipt),
                                None => Some(receipt),
                            }
                        });
                    },
                },
                Some(receipt) = unsaved.next(), if !unsaved.is_empty() => match receipt {
                    None => return Ok("what was received could not be saved".to_owned()),
                    // Only what came at QoS 1 has a number and is acknowledged.
                    Some(receipt) if receipt.id != 0 => saved.push_back(receipt),
                    Some(_) => {},
                },
                () = shared.room.notified(), if !saved.is_empty() => {},
            }
            while saved.front().is_some_and(|receipt| receipt.acknowledge(shared)) {
                saved.pop_front();
            }
        }
    }

    /// Hands on what a message says; returns what fires once it is saved.
    async fn message(
        &mut self,
        client: &AsyncClient,
        publish: &Publish,
    ) -> Result<Option<oneshot::Receiver<()>>, SourceFault> {
        let Some(plan) = self.plan.topics.get(&publish.topic) else {
            // Subscribed by an earlier configuration. Asked for again with the next message when
            // there is no room for the request.
            let asked = client.try_unsubscribe(&publish.topic).is_ok();
            debug!(broker = self.plan.name, topic = publish.topic, asked, "no such signal");
            return Ok(None);
        };
        let at = self.clock.stamp();
        let (samples, rejected) =
            plan.samples(&publish.payload, publish.retain, at, &mut self.known);
        for reason in &rejected {
            self.rejections.tell(&publish.topic, reason, &publish.payload);
        }
        if samples.is_empty() {
            return Ok(None);
        }
        let (saved, receiver) = oneshot::channel();
        let saved = (publish.qos != QoS::AtMostOnce).then_some(saved);
        let receiver = saved.is_some().then_some(receiver);
        self.hand_over(Reading::Samples { samples, saved }).await?;
        Ok(receiver)
    }

    async fn hand_over(&self, reading: Reading) -> Result<(), SourceFault> {
        self.intake.send(reading).await.map_err(|_| SourceFault::Closed)
    }
}

#[cfg(test)]
mod tests;
