//! Messages that were no values: all counted, and some of them said in the log.

use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;
use tracing::warn;

use super::payload::{Rejected, excerpt};

/// One topic is warned of no more often than this.
const QUIET: Duration = Duration::from_mins(1);

/// When a topic was last warned of, and how many messages were passed over since.
pub(crate) struct Rejections {
    broker: String,
    topics: BTreeMap<String, (Instant, u64)>,
}

impl Rejections {
    pub(crate) fn new(broker: &str) -> Self {
        Self { broker: broker.to_owned(), topics: BTreeMap::new() }
    }

    /// Counts a rejection and says it unless one of the same topic was said just now.
    pub(crate) fn tell(&mut self, topic: &str, reason: &Rejected, payload: &[u8]) {
        let name = self.broker.clone();
        metrics::counter!("kart_messages_rejected_total", "device" => name).increment(1);
        if *reason == Rejected::Overtaken {
            // Nobody's mistake: brokers repeat what they retain, networks change the order.
            return;
        }
        let now = Instant::now();
        let suppressed = match self.topics.get_mut(topic) {
            Some((said, suppressed)) if now < *said + QUIET => {
                *suppressed += 1;
                return;
            },
            Some((_, suppressed)) => *suppressed,
            None => 0,
        };
        self.topics.insert(topic.to_owned(), (now, 0));
        let payload = excerpt(payload);
        warn!(broker = self.broker, topic, %reason, %payload, suppressed, "message rejected");
    }
}
