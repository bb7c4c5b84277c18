//! A message that a broker was told of too early: the source of the daemon against a real mosquitto.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kart_core::signal::Value;
use kart_tests::broker::Broker;
use kartd::clock::Clock;
use kartd::ingest::mqtt::filter::Filter;
use kartd::ingest::mqtt::payload::{Format, Place};
use kartd::ingest::mqtt::run;
use kartd::ingest::mqtt::topic::{BrokerPlan, Dating, Subscription, TopicPlan, TopicSignal};
use kartd::ingest::{LinkChange, Reading};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(20);
const TOPIC: &str = "cell";
/// So many messages are on their way when the daemon dies.
const UNSAVED: i64 = 5;

fn plan(broker: &Broker, folder: &Path) -> BrokerPlan {
    let wanted = TopicSignal {
        machine: 0,
        signal: "good".into(),
        place: Place::Pointer("/good".into()),
        time: None,
        dating: Dating::Arrival,
        whole: true,
    };
    let heard = TopicPlan { format: Format::Json, separator: b',', signals: vec![wanted] };
    let filter = Filter { text: TOPIC.into(), captured: vec![] };
    let heard = Subscription { filter, topics: BTreeMap::from([(vec![], heard)]) };
    BrokerPlan {
        name: "hall".into(),
        host: "127.0.0.1".into(),
        port: broker.address().port(),
        client_id: "kartd-planted".into(),
        user: None,
        password_file: None,
        tls: None,
        keep_alive: Duration::from_secs(30),
        expect_every: None,
        max_packet_bytes: 1024,
        session_file: folder.join("session"),
        subscriptions: BTreeMap::from([(TOPIC.into(), heard)]),
        sparkplug: None,
        publish: None,
    }
}

/// The engine's end of one run of the daemon. Nothing of what comes is saved.
struct Heard {
    readings: mpsc::Receiver<Reading>,
    unsaved: Vec<oneshot::Sender<()>>,
}

impl Heard {
    async fn up(&mut self) {
        while let Some(reading) = self.readings.recv().await {
            if matches!(reading, Reading::Link { change: LinkChange::Up, .. }) {
                return;
            }
        }
    }

    async fn count(&mut self) -> i64 {
        loop {
            if let Some(Reading::Samples { samples, saved, .. }) = self.readings.recv().await
                && let Some(Value::Whole(count)) = samples.first().map(|sample| &sample.value)
            {
                self.unsaved.extend(saved);
                return *count;
            }
        }
    }
}

/// The daemon runs for as long as `life` lasts, and dies.
async fn run_for(plan: BrokerPlan, life: impl AsyncFnOnce(&mut Heard)) {
    let (intake, readings) = mpsc::channel(16);
    let mut heard = Heard { readings, unsaved: vec![] };
    let source = run(plan, intake, Clock::open().unwrap(), CancellationToken::new());
    tokio::select! {
        end = source => panic!("the source ended: {end:?}"),
        done = timeout(LIMIT, life(&mut heard)) => done.unwrap(),
    }
}

/// Whether a message that was not saved when the daemon died is gone for ever.
pub(super) async fn is_lost() -> bool {
    let broker = Broker::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&broker, folder.path());
    let say = async |count: i64| {
        broker.publish(TOPIC, &format!(r#"{{"good":{count}}}"#), false).await.unwrap();
    };
    Box::pin(run_for(plan.clone(), async |heard| {
        heard.up().await;
        for count in 1..=UNSAVED {
            say(count).await;
            assert_eq!(heard.count().await, count);
        }
    }))
    .await;
    let mut lost = false;
    // What was not acknowledged comes before what is new; it may come before the link is said to be up.
    say(UNSAVED + 1).await;
    Box::pin(run_for(plan, async |heard| {
        lost = heard.count().await != 1;
    }))
    .await;
    lost
}
