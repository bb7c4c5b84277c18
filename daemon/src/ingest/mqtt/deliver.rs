//! Hands messages to the engine and acknowledges them, in the order in which they came and only
//! once what follows from them is durable.

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
        Arrival, Delivered, Intake, Reading, SourceFault,
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

/// A message that was handed over.
struct Unsaved {
    receipt: Receipt,
    /// Fires once it is on disk; `None`: there is nothing to wait for but its turn.
    saved: Option<oneshot::Receiver<()>>,
    /// It was the first of its session.
    first: bool,
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
    /// What is on its way to the disk, also for a client that has ended.
    unsaved: VecDeque<Unsaved>,
    /// No message of the session was handed over.
    first: bool,
}

impl<'p> Delivery<'p> {
    pub(super) fn new(plan: &'p BrokerPlan, clock: &'p Clock, intake: Intake) -> Self {
        let rejections = Rejections::new(&plan.name);
        let host = plan.sparkplug.as_ref().map(|host| Host::new(&plan.name, host));
        Self {
            plan,
            clock,
            intake,
            known: Known::default(),
            backlog: None,
            host,
            rejections,
            unsaved: VecDeque::new(),
            first: false,
        }
    }

    /// Delivers until a message cannot be saved; returns why.
    pub(super) async fn deliver(
        &mut self,
        shared: &Shared,
        mut heard: mpsc::Receiver<Heard>,
    ) -> Result<String, SourceFault> {
        while !self.unsaved.is_empty() {
            self.next_saved().await;
        }
        // Never longer than there are packet ids. It does not hold back messages: the client only
        // sends while it is polled, and it is only polled while its messages are taken.
        let mut saved: VecDeque<Receipt> = VecDeque::new();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                word = heard.recv(), if self.unsaved.len() < UNSAVED => match word {
                    None => return Ok("nobody listens".to_owned()),
                    Some(Heard::Link(reading)) => self.hand_over(reading).await?,
                    Some(Heard::Owed(numbers)) => {
                        let broker = self.plan.name.as_str().into();
                        self.hand_over(Reading::Owed { broker, numbers }).await?;
                    },
                    Some(Heard::Connected(connected)) => self.connected(connected).await?,
                    Some(Heard::Lost) => self.lost(),
                    Some(Heard::Message { connection, publish, too_great }) => {
                        let receipt = Receipt { connection, id: publish.pkid };
                        if !self.unsaved.is_empty() {
                            self.busy();
                        }
                        self.unsaved.push_back(Unsaved { receipt, saved: None, first: false });
                        match too_great {
                            Some(bytes) => self.passed_over(&publish, bytes),
                            None => self.message(&shared.client, &publish).await?,
                        }
                    },
                },
                receipt = self.next_saved(), if !self.unsaved.is_empty() => match receipt {
                    None => return Ok("what was received could not be saved".to_owned()),
                    // Only what came at QoS 1 has a number and is acknowledged.
                    Some(receipt) => saved.extend(Some(receipt).filter(|receipt| receipt.id != 0)),
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

    /// The next message that is on disk; `None` when it could not be saved.
    async fn next_saved(&mut self) -> Option<Receipt> {
        let saved = match &mut self.unsaved.front_mut()?.saved {
            Some(saved) => saved.await.is_ok(),
            None => true,
        };
        let Unsaved { receipt, first, .. } = self.unsaved.pop_front()?;
        if saved {
            return Some(receipt);
        }
        // It comes again, and must not count as overtaken.
        self.known = Known::default();
        self.first |= first;
        None
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

    fn passed_over(&mut self, publish: &Publish, bytes: usize) {
        self.rejections.tell(&publish.topic, &Rejected::TooGreat(bytes), &[]);
    }

    /// Hands on what a message says.
    async fn message(
        &mut self,
        client: &AsyncClient,
        publish: &Publish,
    ) -> Result<(), SourceFault> {
        let came = Arrival::now(self.clock);
        let at = came.at;
        if let Some(host) = &mut self.host {
            let heard = host.message(&publish.topic, &publish.payload, publish.retain, came);
            return self.of_sparkplug(client, Some(publish), heard).await;
        }
        let (plans, covered) = self.plan.heard(&publish.topic);
        if !covered {
            // Subscribed by an earlier configuration. Asked for again with the next message when
            // there is no room for the request.
            let asked = client.try_unsubscribe(&publish.topic).is_ok();
            debug!(broker = self.plan.name, topic = publish.topic, asked, "no such signal");
            return Ok(());
        }
        let kept = self.backlog.and_then(|backlog| backlog.stamp(at));
        self.backlog = self.backlog.filter(|_| kept.is_some());
        self.busy();
        let blocks: Vec<Block> = self.block(publish, at).into_iter().collect();
        let mut samples = Vec::new();
        for plan in plans {
            let (mut taken, rejected) =
                plan.samples(&publish.payload, publish.retain, came, &mut self.known);
            samples.append(&mut taken);
            for reason in &rejected {
                self.rejections.tell(&publish.topic, reason, &publish.payload);
            }
        }
        if samples.is_empty() {
            // Another map may find something in it.
            let (saved, message) = (None, None);
            return self
                .hand_over(Reading::Samples { samples, blocks, saved, kept, message })
                .await;
        }
        samples.iter_mut().for_each(|sample| sample.again = publish.dup);
        let (mut saved, mut message) = (None, None);
        if publish.qos != QoS::AtMostOnce {
            let (fire, fired) = oneshot::channel();
            let delivered = self.delivered(publish);
            if let Some(last) = self.unsaved.back_mut() {
                last.first = delivered.first;
                last.saved = Some(fired).filter(|_| !planted(Bug::PubackBeforeCommit));
            }
            (saved, message) = (Some(fire), Some(delivered));
        }
        self.hand_over(Reading::Samples { samples, blocks, saved, kept, message }).await
    }

    /// The message under its number.
    fn delivered(&mut self, publish: &Publish) -> Delivered {
        let broker = self.plan.name.as_str().into();
        let first = std::mem::take(&mut self.first);
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
