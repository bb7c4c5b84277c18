//! Polls the event loop of one client, subscribes on every CONNACK, and knows the link.
//!
//! Nothing here waits for the client's own requests: that would stop the loop that sends them.

use kart_core::time::Micros;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Packet, Publish, QoS, StateError,
    SubscribeFilter, SubscribeReasonCode, mqttbytes,
};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};
use tracing::{debug, info, warn};

use super::{
    Connected, Heard, Pace, REQUESTS, Shared, Stamp, secure, session::Session, sparkplug,
    topic::BrokerPlan,
};
use crate::{
    clock::Clock,
    ingest::{
        Reading,
        reach::{Backoff, Reach},
    },
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
    /// When the client was made that is polled now.
    pub began: Micros,
    /// When the broker was last heard.
    heard: Option<Stamp>,
    /// The connection is up and brings nothing.
    quiet: bool,
    session: Session,
    /// Answers to subscriptions that are awaited.
    subscribing: usize,
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
            began: Micros::default(),
            heard: None,
            quiet: false,
            session: Session::open(&plan.session_file),
            subscribing: 0,
        }
    }

    /// Whether the next client is to end the session that the broker keeps for us.
    pub(super) fn gives_up(&self) -> bool {
        self.give_up
    }

    /// What says that this host is there or not, where it makes itself known.
    pub(super) fn state(&self, online: bool, at: Micros) -> Option<(String, Vec<u8>)> {
        let host_id = self.plan.sparkplug.as_ref()?.host_id.as_ref()?;
        Some(sparkplug::state(host_id, online, at))
    }

    /// Word of a client that ended.
    pub(super) fn ended(&mut self, reason: &str, at: Stamp) -> Option<Reading> {
        if self.quiet {
            return self.reach.down(reason, at);
        }
        self.reach.missed(reason, at).or_else(|| self.reach.changed(reason, at))
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
        let mut last_message = None;
        let mut connected: Option<Instant> = None;
        loop {
            let expected = self.plan.expect_every.zip(last_message).map(|(every, at)| at + every);
            let most = last_heard + patience;
            let until = expected.map_or(most, |at: Instant| at.min(most));
            let Ok(event) = timeout_at(until, event_loop.poll()).await else {
                return self.silent(expected.is_some_and(|at| at <= until));
            };
            let words = match event {
                Ok(Event::Outgoing(_)) => {
                    shared.room.notify_one();
                    continue;
                },
                Ok(Event::Incoming(packet)) => {
                    let before = self.heard.replace(self.clock.stamp());
                    match packet {
                        Packet::ConnAck(ack) => {
                            let now = Instant::now();
                            (connected, last_message) = (Some(now), Some(now));
                            match self.connack(&shared.client, ack.session_present, before) {
                                Ok(word) => [Some(word), self.settled(connected)],
                                Err(reason) => return reason,
                            }
                        },
                        Packet::Publish(publish) => {
                            last_message = Some(Instant::now());
                            let was_quiet = std::mem::take(&mut self.quiet);
                            let up = was_quiet.then(|| self.settled(connected)).flatten();
                            [up, Some(self.message(shared, publish))]
                        },
                        packet => {
                            self.check_subscription(&packet);
                            [None, self.settled(connected)]
                        },
                    }
                },
                // The next client reads password and certificates anew.
                Err(error) if connected.is_none() => return secure::in_words(&error),
                Err(error) => {
                    shared.connection.fetch_add(1, Ordering::Relaxed);
                    last_message = None;
                    let (word, delay) = self.lost(&error, connected.take());
                    if self.give_up {
                        return secure::in_words(&error);
                    }
                    sleep(delay).await;
                    [None, word]
                },
            };
            for word in words.into_iter().flatten() {
                if heard.send(word).await.is_err() {
                    return "nobody takes messages".to_owned();
                }
            }
            last_heard = Instant::now();
        }
    }

    /// Why a client is given up that was waited for in vain.
    fn silent(&mut self, message: bool) -> String {
        if !message {
            return "the broker has not been heard for too long".to_owned();
        }
        self.quiet = true;
        let name = self.plan.name.clone();
        metrics::counter!("kart_quiet_connections_total", "device" => name).increment(1);
        let every = self.plan.expect_every.unwrap_or_default().as_secs();
        format!("the connection is up and has brought no message for {every} s (expect_every_s)")
    }

    fn connack(
        &mut self,
        client: &AsyncClient,
        session_present: bool,
        heard: Option<Stamp>,
    ) -> Result<Heard, String> {
        info!(broker = self.plan.name, session_present, "connected");
        if std::mem::take(&mut self.give_up) {
            return Err("the session was given up".to_owned());
        }
        let known = heard.is_some() || self.session.is_known();
        if !session_present && heard.is_none() && known {
            let lost = "the broker has lost the session of our last run: messages may be missing";
            warn!(broker = self.plan.name, "{lost}");
        }
        if !self.subscribe(client, session_present) {
            return Err("the client takes no requests".to_owned());
        }
        let at = self.clock.stamp();
        Ok(Heard::Connected(Connected { session_present, at, heard, known }))
    }

    fn message(&self, shared: &Shared, mut publish: Publish) -> Heard {
        let connection = shared.connection.load(Ordering::Relaxed);
        let bytes = publish.payload.len();
        let name = || self.plan.name.clone();
        metrics::counter!("kart_messages_total", "device" => name()).increment(1);
        metrics::counter!("kart_message_bytes_total", "device" => name()).increment(bytes as u64);
        let too_great = (bytes > self.plan.max_packet_bytes).then_some(bytes);
        if too_great.is_some() {
            publish.payload.clear();
        }
        Heard::Message { connection, publish, too_great }
    }

    /// Leaves what an earlier configuration subscribed to, asks for what this one wants, and then
    /// says that this host is there.
    fn subscribe(&mut self, client: &AsyncClient, session_present: bool) -> bool {
        let wanted = self.plan.filters();
        if self.plan.sparkplug.is_none() {
            let unwanted = self.session.unwanted(&wanted);
            // As many as the client takes at once; what is left over is only not listened to.
            for old in unwanted.iter().take(REQUESTS / 2).filter(|_| session_present) {
                if client.try_unsubscribe(old).is_err() {
                    return false;
                }
            }
            self.session.subscribing(&wanted);
        }
        let wanted: Vec<String> = wanted.into_iter().collect();
        self.subscribing = wanted.chunks(TOPICS).count();
        let asked = wanted.chunks(TOPICS).all(|chunk| {
            let filters =
                chunk.iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
            client.try_subscribe_many(filters).is_ok()
        });
        let state = self.state(true, self.began);
        asked
            && state.is_none_or(|(topic, payload)| {
                client.try_publish(topic, QoS::AtLeastOnce, true, payload).is_ok()
            })
    }

    fn check_subscription(&mut self, packet: &Packet) {
        let Packet::SubAck(ack) = packet else { return };
        self.subscribing = self.subscribing.saturating_sub(1);
        if self.subscribing == 0 && self.plan.sparkplug.is_none() {
            self.session.is_now(&self.plan.filters());
        }
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
        if self.short_lives >= TAKEOVERS || self.quiet {
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
        let mut reason = secure::in_words(error);
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
        let at = self.clock.stamp();
        let word = self.reach.missed(&reason, at).or_else(|| self.reach.changed(&reason, at));
        (word.map(Heard::Link), self.backoff.next())
    }
}
