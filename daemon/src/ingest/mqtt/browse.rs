//! Listens to what a person wants to look at, with a client of its own and a clean session, so that
//! the session that counts is not touched. A few seconds after the last question it leaves.

use kart_api::commissioning::{TopicAnswer, TopicQuery, Topics};
use kart_core::signal::Sample;
use rumqttc::{AsyncClient, Event, Packet, QoS, SubscribeFilter};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    options, secure,
    table::Table,
    topic::{BrokerPlan, Dating, Known, TopicPlan, TopicSignal},
};
use crate::{
    clock::Clock,
    ingest::{Arrival, SourceFault},
    sources::InForce,
};

/// Nobody has asked for so long: nobody looks.
const LEASE: Duration = Duration::from_secs(5);

/// Between attempts to connect.
const DELAY: Duration = Duration::from_secs(1);

/// Requests to the client that may wait.
const REQUESTS: usize = 16;

/// Questions that may wait.
pub const WAITING: usize = 8;

/// A question and the place for its answer.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub query: TopicQuery,
    /// Where the answer goes.
    pub reply: oneshot::Sender<TopicAnswer>,
}

/// Answers questions until `stop`.
pub async fn run(
    mut asked: mpsc::Receiver<Asked>,
    in_force: watch::Receiver<Arc<InForce>>,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), SourceFault> {
    let answering = async {
        let mut next = None;
        loop {
            let first = match next.take() {
                Some(first) => first,
                None => match asked.recv().await {
                    Some(first) => first,
                    None => std::future::pending().await,
                },
            };
            let shown = Arc::clone(&in_force.borrow());
            let brokers = &shown.config.brokers;
            match brokers.iter().find(|broker| broker.name == first.query.broker) {
                Some(broker) => {
                    let codes = &shown.config.machine_codes;
                    let lost = Some("connecting".to_owned());
                    let heard = Mutex::new(Heard { table: Table::default(), lost });
                    let browse = Browse { broker, codes, clock: &clock, heard };
                    next = browse.answer(first, &mut asked).await;
                },
                None => {
                    let why = format!("there is no broker {:?}", first.query.broker);
                    first.reply.send(TopicAnswer::Refused(why)).unwrap_or_default();
                },
            }
        }
    };
    stop.run_until_cancelled(answering).await;
    Ok(())
}

/// One person looks at one broker through one filter.
struct Browse<'b> {
    broker: &'b BrokerPlan,
    codes: &'b [String],
    clock: &'b Clock,
    heard: Mutex<Heard>,
}

/// What was heard, and why nothing is heard now.
struct Heard {
    table: Table,
    lost: Option<String>,
}

impl Browse<'_> {
    /// Answers `first` and what follows it, until nobody asks any more or something else is asked,
    /// which is given back.
    async fn answer(self, first: Asked, asked: &mut mpsc::Receiver<Asked>) -> Option<Asked> {
        let wanted = (first.query.broker.clone(), first.query.filter.clone());
        self.tell(first);
        // Never polled anew in the middle of a connection: a slow broker would never be reached.
        let listening = self.listen(&wanted.1);
        let answering = async {
            loop {
                let next = timeout(LEASE, asked.recv()).await.ok()??;
                if (&next.query.broker, &next.query.filter) != (&wanted.0, &wanted.1) {
                    return Some(next);
                }
                self.tell(next);
            }
        };
        tokio::select! {
            next = answering => next,
            never = listening => match never {},
        }
    }

    /// Listens with one client after the other.
    async fn listen(&self, filter: &str) -> Infallible {
        loop {
            let why = match self.one_client(filter).await {
                Err(why) => why,
                Ok(never) => match never {},
            };
            self.heard().lost = Some(why);
            sleep(DELAY).await;
        }
    }

    /// Listens until the client is lost, and gives why.
    async fn one_client(&self, filter: &str) -> Result<Infallible, String> {
        // A shared subscription would take messages from those who share it.
        if ["$share/", "$queue/"].iter().any(|shared| filter.starts_with(shared)) {
            return Err("a shared subscription is not for looking".to_owned());
        }
        let own = uuid::Uuid::new_v4().simple().to_string();
        // MQTT 3.1.1 promises no more than 23 characters.
        let name = format!("kartd-look-{}", own.get(..8).unwrap_or_default());
        let mut options = options(self.broker, &name).await?;
        options.set_clean_session(true);
        let (client, mut event_loop) = AsyncClient::new(options, REQUESTS);
        loop {
            match event_loop.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    let wanted = match filter {
                        "" => self.broker.filters().into_iter().collect(),
                        filter => vec![filter.to_owned()],
                    };
                    let filters = wanted.into_iter();
                    let filters = filters.map(|f| SubscribeFilter::new(f, QoS::AtMostOnce));
                    let asked = client.try_subscribe_many(filters);
                    asked.map_err(|_| "this is no filter".to_owned())?;
                },
                Ok(Event::Incoming(Packet::SubAck(_))) => self.heard().lost = None,
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    let at = self.clock.stamp().wall_us;
                    let (topic, payload) = (&publish.topic, &publish.payload);
                    self.heard().table.hear(topic, payload, publish.retain, at);
                },
                Ok(_) => {},
                Err(error) => return Err(secure::in_words(&error)),
            }
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, asked: Asked) {
        let Asked { query, reply } = asked;
        let heard = self.heard();
        let topics = Topics {
            lost: heard.lost.clone(),
            topics: heard.table.len(),
            messages: heard.table.messages,
            beyond: heard.table.beyond,
            level: heard.table.level(&query.prefix),
            chosen: query.topic.as_deref().and_then(|topic| heard.table.topic(topic)),
            captured: query
                .topic
                .as_deref()
                .map(|topic| self.captured(&heard.table, topic))
                .unwrap_or_default(),
            query,
        };
        // Whoever asked may have gone.
        reply.send(TopicAnswer::Heard(Box::new(topics))).unwrap_or_default();
    }

    /// What the map in force makes of the last message of a topic.
    fn captured(&self, table: &Table, topic: &str) -> Vec<String> {
        let Some(said) = table.whole(topic) else { return Vec::new() };
        let (plans, _) = self.broker.heard(topic);
        let at = Arrival::now(self.clock);
        let mut told = Vec::new();
        for plan in plans {
            let known = &mut Known::default();
            let (samples, rejected) = plan.samples(&said.payload, said.retained, at, known);
            told.extend(samples.iter().map(|sample| self.named(sample, plan)));
            told.extend(rejected.iter().map(ToString::to_string));
        }
        told
    }

    fn named(&self, sample: &Sample, plan: &TopicPlan) -> String {
        let code = self.codes.get(sample.machine).map(String::as_str).unwrap_or_default();
        let own = |signal: &&TopicSignal| {
            signal.machine == sample.machine && signal.signal == sample.signal
        };
        let signal = plan.signals.iter().find(own);
        let mark = match signal.map(|signal| signal.dating) {
            Some(Dating::Payload) => format!(" at {}", sample.at.wall_us.rfc3339()),
            Some(Dating::Arrival) | None => " ~ when it came".to_owned(),
        };
        format!("{code} {} = {}{mark}", sample.signal, sample.value)
    }
}
