//! Hands messages to the engine and acknowledges them, in the order in which they came and only
//! once what follows from them is durable.

use futures_util::{StreamExt as _, stream::FuturesOrdered};
use rumqttc::{AsyncClient, Publish, QoS};
use std::{collections::VecDeque, sync::atomic::Ordering};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

use super::{
    Heard, Shared,
    reject::Rejections,
    topic::{BrokerPlan, Known},
};
use crate::{
    clock::Clock,
    ingest::{Intake, Reading, SourceFault},
};

/// Messages whose samples are on their way to the disk.
const UNSAVED: usize = 256;

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
    rejections: Rejections,
}

impl<'p> Delivery<'p> {
    pub(super) fn new(plan: &'p BrokerPlan, clock: &'p Clock, intake: Intake) -> Self {
        let rejections = Rejections::new(&plan.name);
        Self { plan, clock, intake, known: Known::default(), rejections }
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
                    None => {
                        // What was not saved comes again and must not count as overtaken.
                        self.known = Known::default();
                        return Ok("what was received could not be saved".to_owned());
                    },
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
        let (mut samples, rejected) =
            plan.samples(&publish.payload, publish.retain, at, &mut self.known);
        for reason in &rejected {
            self.rejections.tell(&publish.topic, reason, &publish.payload);
        }
        if samples.is_empty() {
            return Ok(None);
        }
        samples.iter_mut().for_each(|sample| sample.again = publish.dup);
        let (saved, receiver) = oneshot::channel();
        let saved = (publish.qos != QoS::AtMostOnce).then_some(saved);
        let receiver = saved.is_some().then_some(receiver);
        self.hand_over(Reading::Samples { samples, saved }).await?;
        Ok(receiver)
    }

    pub(super) async fn hand_over(&self, reading: Reading) -> Result<(), SourceFault> {
        self.intake.send(reading).await.map_err(|_| SourceFault::Closed)
    }
}
