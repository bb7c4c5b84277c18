//! Hands messages to the engine and acknowledges them, in the order in which they came and only
//! once what follows from them is durable.

use futures_util::{StreamExt as _, stream::FuturesOrdered};
use kart_core::{signal::Quality, time::Stamp};
use kart_planted::{Bug, planted};
use kart_store::{Message, raw::Block};
use rumqttc::{AsyncClient, Publish, QoS};
use std::{collections::VecDeque, sync::atomic::Ordering, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};
use tracing::{debug, warn};

use super::{
    Connected, Heard, Shared,
    backlog::Backlog,
    payload::Rejected,
    reject::Rejections,
    topic::{BrokerPlan, Known},
};
use crate::{
    clock::Clock,
    ingest::{
        Delivered, Intake, Reading, SourceFault,
        block::BlockOf,
        sparkplug::{self, Host},
    },
};

/// Messages whose samples are on their way to the disk.
const UNSAVED: usize = 256;
/// Of a longer message the ring of raw readings gets the values only, in bytes.
const MOST_KEPT: usize = 1024;
/// How often is looked for what is due without a message.
const TICK: Duration = Duration::from_millis(500);

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
pub(super) struct Delivery<'p> {
    plan: &'p BrokerPlan,
    clock: &'p Clock,
    intake: Intake,
    known: Known,
    backlog: Option<Backlog>,
    host: Option<Host>,
    rejections: Rejections,
    /// No message of the session was handed over.
    first: bool,
    /// That message is on its way to the disk.
    begun: bool,
}

impl<'p> Delivery<'p> {
    pub(super) fn new(plan: &'p BrokerPlan, clock: &'p Clock, intake: Intake) -> Self {
        let rejections = Rejections::new(&plan.name);
        let host = plan.sparkplug.as_ref().map(|host| Host::new(&plan.name, host));
        let (known, first, begun) = (Known::default(), false, false);
        Self { plan, clock, intake, known, backlog: None, host, rejections, first, begun }
    }

    /// Delivers until a message cannot be saved; returns why.
    pub(super) async fn deliver(
        &mut self,
        shared: &Shared,
        mut heard: mpsc::Receiver<Heard>,
    ) -> Result<String, SourceFault> {
        let mut unsaved = FuturesOrdered::new();
        // Never longer than there are packet ids. It does not hold back messages: the client only
        // sends while it is polled, and it is only polled while its messages are taken.
        let mut saved: VecDeque<Receipt> = VecDeque::new();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                word = heard.recv(), if unsaved.len() < UNSAVED => match word {
                    None => return Ok("nobody listens".to_owned()),
                    Some(Heard::Link(reading)) => self.hand_over(reading).await?,
                    Some(Heard::Connected(connected)) => self.connected(connected).await?,
                    Some(Heard::Lost) => self.lost(),
                    Some(Heard::Message { connection, publish, too_great }) => {
                        let receipt = Receipt { connection, id: publish.pkid };
                        if !unsaved.is_empty() {
                            self.busy();
                        }
                        let waits = match too_great {
                            Some(bytes) => self.passed_over(&publish, bytes),
                            None => self.message(&shared.client, &publish).await?,
                        };
                        unsaved.push_back(async move {
                            match waits {
                                Some(waits) if !planted(Bug::PubackBeforeCommit) => {
                                    waits.await.is_ok().then_some(receipt)
                                },
                                _ => Some(receipt),
                            }
                        });
                    },
                },
                Some(receipt) = unsaved.next(), if !unsaved.is_empty() => match receipt {
                    None => {
                        // What was not saved comes again and must not count as overtaken.
                        self.known = Known::default();
                        self.first |= std::mem::take(&mut self.begun);
                        return Ok("what was received could not be saved".to_owned());
                    },
                    // Only what came at QoS 1 has a number and is acknowledged.
                    Some(receipt) => {
                        self.begun = false;
                        saved.extend(Some(receipt).filter(|receipt| receipt.id != 0));
                    },
                },
                () = shared.room.notified(), if !saved.is_empty() => {},
                _ = tick.tick(), if self.host.is_some() => self.passing(&shared.client).await?,
            }
            while saved.front().is_some_and(|receipt| receipt.acknowledge(shared)) {
                saved.pop_front();
                self.busy();
            }
        }
    }

    /// A connection was made.
    async fn connected(&mut self, connected: Connected) -> Result<(), SourceFault> {
        let Connected { session_present, at, heard, known } = connected;
        self.backlog = session_present.then(|| Backlog::begin(at, heard));
        if let Some(host) = &mut self.host {
            host.connected(at);
        }
        if session_present {
            return Ok(());
        }
        self.known.session_lost();
        self.first = true;
        if heard.is_some() && self.host.is_none() {
            let device = self.plan.name.clone();
            metrics::counter!("kart_sessions_lost_total", "device" => device).increment(1);
            let lost = "the broker has lost our session: messages may be missing since";
            warn!(broker = self.plan.name, since = heard.map(|at| at.wall_us.rfc3339()), "{lost}");
        }
        // Also what an earlier run heard.
        if known && self.host.is_none() {
            self.hand_over(Reading::Stale(self.plan.signals())).await?;
        }
        Ok(())
    }

    /// There is no connection any more.
    pub(super) fn lost(&mut self) {
        if let Some(host) = &mut self.host {
            host.lost();
        }
    }

    fn busy(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.busy(self.clock.stamp());
        }
    }

    fn passed_over(&mut self, publish: &Publish, bytes: usize) -> Option<oneshot::Receiver<()>> {
        self.rejections.tell(&publish.topic, &Rejected::TooGreat(bytes), &[]);
        None
    }

    /// Hands on what a message says; returns what fires once it is saved.
    async fn message(
        &mut self,
        client: &AsyncClient,
        publish: &Publish,
    ) -> Result<Option<oneshot::Receiver<()>>, SourceFault> {
        let at = self.clock.stamp();
        if let Some(host) = &mut self.host {
            let heard = host.message(&publish.topic, &publish.payload, publish.retain, at);
            self.of_sparkplug(client, Some(publish), heard).await?;
            return Ok(None);
        }
        let (plans, covered) = self.plan.heard(&publish.topic);
        if !covered {
            // Subscribed by an earlier configuration. Asked for again with the next message when
            // there is no room for the request.
            let asked = client.try_unsubscribe(&publish.topic).is_ok();
            debug!(broker = self.plan.name, topic = publish.topic, asked, "no such signal");
            return Ok(None);
        }
        let kept = self.backlog.and_then(|backlog| backlog.stamp(at));
        self.backlog = self.backlog.filter(|_| kept.is_some());
        self.busy();
        let blocks: Vec<Block> = self.block(publish, at).into_iter().collect();
        let mut samples = Vec::new();
        for plan in plans {
            let (mut taken, rejected) =
                plan.samples(&publish.payload, publish.retain, at, &mut self.known);
            samples.append(&mut taken);
            for reason in &rejected {
                self.rejections.tell(&publish.topic, reason, &publish.payload);
            }
        }
        if samples.is_empty() {
            // Another map may find something in it.
            let (saved, message) = (None, None);
            self.hand_over(Reading::Samples { samples, blocks, saved, kept, message }).await?;
            return Ok(None);
        }
        samples.iter_mut().for_each(|sample| sample.again = publish.dup);
        let (saved, receiver) = oneshot::channel();
        let saved = (publish.qos != QoS::AtMostOnce).then_some(saved);
        let receiver = saved.is_some().then_some(receiver);
        let message = saved.is_some().then(|| self.delivered(publish));
        self.hand_over(Reading::Samples { samples, blocks, saved, kept, message }).await?;
        Ok(receiver)
    }

    /// The message under its number.
    fn delivered(&mut self, publish: &Publish) -> Delivered {
        let broker = self.plan.name.as_str().into();
        let first = std::mem::take(&mut self.first);
        self.begun |= first;
        Delivered {
            message: Message::new(broker, publish.pkid, &publish.topic, &publish.payload),
            again: publish.dup,
            first,
        }
    }

    /// The message as it came, unless it is so great that only its values are kept.
    fn block(&self, publish: &Publish, at: Stamp) -> Option<Block> {
        if publish.payload.len() > MOST_KEPT {
            return None;
        }
        let of = BlockOf::Message { broker: self.plan.place(), topic: publish.topic.clone() };
        Some(Block {
            of: of.text(),
            bytes: publish.payload.to_vec(),
            at,
            quality: if publish.retain { Quality::Old } else { Quality::Good },
            again: publish.dup,
        })
    }

    async fn passing(&mut self, client: &AsyncClient) -> Result<(), SourceFault> {
        let at = self.clock.stamp();
        let Some(host) = &mut self.host else { return Ok(()) };
        let heard = host.passing(at);
        self.of_sparkplug(client, None, heard).await
    }

    async fn of_sparkplug(
        &mut self,
        client: &AsyncClient,
        publish: Option<&Publish>,
        heard: Vec<sparkplug::Heard>,
    ) -> Result<(), SourceFault> {
        for word in heard {
            match word {
                sparkplug::Heard::Samples(samples) => {
                    let (blocks, saved, kept, message) = (Vec::new(), None, None, None);
                    let reading = Reading::Samples { samples, blocks, saved, kept, message };
                    self.hand_over(reading).await?;
                },
                sparkplug::Heard::Reading(reading) => self.hand_over(reading).await?,
                sparkplug::Heard::Ask(topic, payload) => {
                    // One that finds no room is asked for again.
                    let asked = client.try_publish(topic, QoS::AtMostOnce, false, payload).is_ok();
                    debug!(broker = self.plan.name, asked, "rebirth");
                },
                sparkplug::Heard::Rejected(reason) => {
                    let (topic, payload) = publish
                        .map_or(("", &[][..]), |publish| (&publish.topic, &publish.payload[..]));
                    self.rejections.tell(topic, &reason, payload);
                },
            }
        }
        Ok(())
    }

    pub(super) async fn hand_over(&self, reading: Reading) -> Result<(), SourceFault> {
        self.intake.send(reading).await.map_err(|_| SourceFault::Closed)
    }
}
