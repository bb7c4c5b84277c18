//! Polls the event loop of one client, subscribes on every CONNACK, and knows the link.
//!
//! Nothing here waits for the client's own requests: that would stop the loop that sends them.

use kart_core::time::Micros;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Outgoing, Packet, Publish, QoS, StateError,
    SubscribeFilter, mqttbytes,
};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};
use tracing::{debug, info, warn};

use super::{
    Connected, Heard, Pace, REQUESTS, Shared, Stamp, owed::Owed, secure, session::Session,
    sparkplug, subscribe::Subscribing, topic::BrokerPlan,
};
use crate::{
    clock::Clock,
    ingest::{
        Reading,
        reach::{Backoff, Reach},
    },
};

/// So many connections that did not settle look like a second client with our name.
const TAKEOVERS: u32 = 3;
/// So many connections that were ended by too great a packet will all be: the broker delivers it
/// again and again, and nothing behind it.
const POISONED: u32 = 3;

/// Why a client is given up that has no room for what must be said.
const NO_ROOM: &str = "the client takes no requests";
const NOBODY: &str = "nobody takes messages";

/// Since when there is a connection, and when it brought the last message.
#[derive(Clone, Copy, Default)]
struct Times {
    connected: Option<Instant>,
    message: Option<Instant>,
}

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
    subscribing: Subscribing,
    owed: Owed,
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
            subscribing: Subscribing::new(pace.answer, pace.again),
            owed: Owed::default(),
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
        if self.quiet || self.subscribing.is_late() {
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
        let mut times = Times::default();
        // What the client before waited for is over.
        self.subscribing.anew();
        loop {
            let expected = self.plan.expect_every.zip(times.message).map(|(every, at)| at + every);
            let most = last_heard + patience;
            let until =
                [expected, self.subscribing.due()].into_iter().flatten().fold(most, Ord::min);
            let Ok(event) = timeout_at(until, event_loop.poll()).await else {
                return self.silent(expected.is_some_and(|at| at <= until));
            };
            let words = match event {
                Ok(Event::Outgoing(sent)) => {
                    match sent {
                        Outgoing::Subscribe(number) => self.subscribing.sent(number),
                        Outgoing::PubAck(number) => self.owed.acknowledged(number),
                        Outgoing::PingReq => self.owed.ping(),
                        _ => {},
                    }
                    shared.room.notify_one();
                    continue;
                },
                Ok(Event::Incoming(packet)) => match self.packet(shared, packet, &mut times) {
                    Ok(words) => words,
                    Err(reason) => return reason,
                },
                // The next client reads password and certificates anew.
                Err(error) if times.connected.is_none() => return secure::in_words(&error),
                Err(error) => {
                    shared.connection.fetch_add(1, Ordering::Relaxed);
                    self.subscribing.lost();
                    let (word, delay) = self.lost(&error, times.connected.take());
                    times.message = None;
                    if self.give_up {
                        return secure::in_words(&error);
                    }
                    if heard.send(Heard::Lost).await.is_err() {
                        return NOBODY.to_owned();
                    }
                    sleep(delay).await;
                    [None, word]
                },
            };
            let read = Instant::now();
            for word in words.into_iter().flatten() {
                if heard.send(word).await.is_err() {
                    return NOBODY.to_owned();
                }
            }
            last_heard = Instant::now();
            self.subscribing.not_read(last_heard - read);
            if let Some(reason) = self.subscribing.overdue(last_heard) {
                return reason;
            }
        }
    }

    /// What follows from a packet, or why the client is given up.
    fn packet(
        &mut self,
        shared: &Shared,
        packet: Packet,
        times: &mut Times,
    ) -> Result<[Option<Heard>; 2], String> {
        let before = self.heard.replace(self.clock.stamp());
        let now = Instant::now();
        let client = &shared.client;
        match packet {
            Packet::ConnAck(ack) => {
                *times = Times { connected: Some(now), message: Some(now) };
                self.owed = Owed::default();
                let word = self.connack(client, ack.session_present, before)?;
                Ok([Some(word), self.settled(times.connected)])
            },
            Packet::Publish(publish) if self.is_own_state(&publish.topic) => {
                self.contradict(client, &publish.payload)?;
                Ok([None, Some(self.message(shared, publish))])
            },
            Packet::Publish(publish) => {
                times.message = Some(now);
                let was_quiet = std::mem::take(&mut self.quiet);
                let up = was_quiet.then(|| self.settled(times.connected)).flatten();
                Ok([up, Some(self.message(shared, publish))])
            },
            packet => {
                self.check_subscription(client, &packet)?;
                let sign = packet == Packet::PingResp && self.plan.sparkplug.is_none();
                let owed = sign.then(|| self.owed.pong()).flatten();
                Ok([owed.map(Heard::Owed), self.settled(times.connected)])
            },
        }
    }

    /// Why a client is given up that was waited for in vain.
    fn silent(&mut self, message: bool) -> String {
        if let Some(reason) = self.subscribing.overdue(Instant::now()) {
            return reason;
        }
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
        self.subscribe(client, session_present)?;
        let at = self.clock.stamp();
        Ok(Heard::Connected(Connected { session_present, at, heard, known }))
    }

    fn message(&mut self, shared: &Shared, mut publish: Publish) -> Heard {
        if publish.pkid != 0 {
            self.owed.came(publish.pkid);
        }
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
    fn subscribe(&mut self, client: &AsyncClient, session_present: bool) -> Result<(), String> {
        let wanted = self.plan.filters();
        if self.plan.sparkplug.is_none() {
            let unwanted = self.session.unwanted(&wanted);
            // As many as the client takes at once; what is left over is only not listened to.
            for old in unwanted.iter().take(REQUESTS / 2).filter(|_| session_present) {
                client.try_unsubscribe(old).map_err(|_| NO_ROOM)?;
            }
            self.session.subscribing(&wanted);
        }
        let requests = self.subscribing.begin(&wanted, session_present, Instant::now());
        ask(client, requests)?;
        self.say_online(client)
    }

    /// Says that this host is there, where it makes itself known.
    fn say_online(&self, client: &AsyncClient) -> Result<(), String> {
        // With the time of the last will, as the specification has it.
        let Some((topic, payload)) = self.state(true, self.began) else { return Ok(()) };
        let said = client.try_publish(topic, QoS::AtLeastOnce, true, payload);
        said.map_err(|_| NO_ROOM.to_owned())
    }

    fn is_own_state(&self, topic: &str) -> bool {
        let host = self.plan.sparkplug.as_ref();
        host.and_then(sparkplug::HostPlan::state_topic).is_some_and(|own| own == topic)
    }

    /// Somebody says that this host is gone, most likely the broker for a connection of before.
    fn contradict(&self, client: &AsyncClient, payload: &[u8]) -> Result<(), String> {
        if !sparkplug::denies(payload) {
            return Ok(());
        }
        info!(broker = self.plan.name, "said to be gone, which is contradicted");
        self.say_online(client)
    }

    /// Takes in an answer to our subscriptions, and asks again for what was refused once it is time.
    fn check_subscription(&mut self, client: &AsyncClient, packet: &Packet) -> Result<(), String> {
        let now = Instant::now();
        let Packet::SubAck(answer) = packet else {
            return ask(client, self.subscribing.once_more(now));
        };
        if self.subscribing.answered(answer, now) && self.plan.sparkplug.is_none() {
            let wanted = self.plan.filters();
            let held = wanted.difference(self.subscribing.refused()).cloned().collect();
            self.session.is_now(&held);
        }
        Ok(())
    }

    /// Word of a connection that holds.
    fn settled(&mut self, connected: Option<Instant>) -> Option<Heard> {
        if connected.is_some_and(|since| since.elapsed() >= self.pace.settled) {
            self.short_lives = 0;
            self.oversize = 0;
            self.backoff.reset();
        }
        if self.short_lives >= TAKEOVERS || self.quiet || !self.subscribing.is_answered() {
            return None;
        }
        let at = self.clock.stamp();
        let word = match self.subscribing.refusal() {
            Some(reason) => self.reach.partly(&reason, at),
            None => self.reach.reached(at),
        };
        word.map(Heard::Link)
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

/// Asks to subscribe.
fn ask(client: &AsyncClient, requests: Vec<Vec<String>>) -> Result<(), String> {
    for filters in requests {
        let filters =
            filters.into_iter().map(|topic| SubscribeFilter::new(topic, QoS::AtLeastOnce));
        client.try_subscribe_many(filters).map_err(|_| NO_ROOM)?;
    }
    Ok(())
}
