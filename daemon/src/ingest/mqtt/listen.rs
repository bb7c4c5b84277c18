//! Polls the event loop of one client, subscribes on every CONNACK, and knows the link.
//!
//! Nothing here waits for the client's own requests: that would stop the loop that sends them.

use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Packet, QoS, StateError, SubscribeFilter,
    SubscribeReasonCode, mqttbytes,
};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};
use tracing::{debug, info, warn};

use super::{Heard, Pace, Shared, topic::BrokerPlan};
use crate::{
    clock::Clock,
    ingest::reach::{Backoff, Reach},
};

/// Topics in one request to subscribe.
const TOPICS: usize = 50;
/// So many connections that did not settle look like a second client with our name.
const TAKEOVERS: u32 = 3;
/// So many connections that were ended by too great a packet will all be: the broker delivers it
/// again and again, and nothing behind it.
const POISONED: u32 = 3;

/// Polls the event loop and knows the link.
pub(super) struct Listener<'p> {
    pub plan: &'p BrokerPlan,
    pub clock: &'p Clock,
    pub reach: Reach,
    pub backoff: Backoff,
    pace: Pace,
    /// Connections in a row that did not settle.
    short_lives: u32,
    /// Connections in a row that were ended by too great a packet.
    oversize: u32,
    /// The next client gives up the session.
    give_up: bool,
}

impl<'p> Listener<'p> {
    pub(super) fn new(plan: &'p BrokerPlan, clock: &'p Clock, pace: Pace) -> Self {
        Self {
            plan,
            clock,
            reach: Reach::new(&plan.name, plan.machines()),
            backoff: Backoff::new(pace.first_delay, pace.most_delay),
            pace,
            short_lives: 0,
            oversize: 0,
            give_up: false,
        }
    }

    /// Whether the next client is to end the session that the broker keeps for us.
    pub(super) fn gives_up(&self) -> bool {
        self.give_up
    }

    /// Polls until the client cannot be trusted any more; returns why.
    pub(super) async fn listen(
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
                    if std::mem::take(&mut self.give_up) {
                        return "the session was given up".to_owned();
                    }
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
                    if self.give_up {
                        return error.to_string();
                    }
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
            self.oversize = 0;
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
        if let ConnectionError::MqttState(StateError::Deserialization(
            mqttbytes::Error::PayloadSizeLimitExceeded(bytes),
        )) = error
        {
            reason = format!("a packet of {bytes} bytes is beyond max_packet_bytes");
            self.oversize += 1;
            if self.oversize >= POISONED {
                (self.oversize, self.short_lives) = (0, 0);
                self.give_up = true;
                let lost = "the session is given up, with all that waits in it at the broker";
                warn!(broker = self.plan.name, reason, "{lost}");
            }
        } else if self.short_lives >= TAKEOVERS {
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
