//! For others to look at: what the machines of this station do and how much they have made, as
//! retained JSON at a broker, in the manner of a unified namespace. Off unless configured.
//!
//! It is never the record and nothing waits for it: what could not be said is said anew, as it is
//! then, once there is a connection. The broker itself says, by our last will, when we are gone.

use kart_api::{Machine, View};
use kart_core::{machine::MachineState, time::Micros};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, Packet, QoS};
use serde::Serialize;
use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::ingest::{
    mqtt::{
        self, secure,
        topic::{BrokerPlan, PublishPlan},
    },
    reach::Backoff,
};

/// Requests to the client that may wait.
const REQUESTS: usize = 256;
/// Nothing is said more often than this.
const REST: Duration = Duration::from_secs(1);
const FIRST_DELAY: Duration = Duration::from_millis(500);
const MOST_DELAY: Duration = Duration::from_secs(30);

/// What a machine does.
#[derive(Serialize)]
struct State<'v> {
    state: MachineState,
    since: String,
    batch: Option<&'v str>,
}

/// What it has made on its batch, or since the last one ended.
#[derive(Serialize)]
struct Counts<'v> {
    good: i64,
    scrap: i64,
    batch: Option<&'v str>,
}

/// Publishes what `view` shows until `stop`.
pub(crate) async fn run(
    plan: BrokerPlan,
    view: watch::Receiver<Arc<View>>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    // The connection is not closed in order: that would take the last will back.
    stop.run_until_cancelled(publish_for_ever(&plan, view)).await;
    Ok(())
}

async fn publish_for_ever(plan: &BrokerPlan, view: watch::Receiver<Arc<View>>) {
    let Some(publish) = &plan.publish else { return };
    let mut backoff = Backoff::new(FIRST_DELAY, MOST_DELAY);
    let mut told = String::new();
    loop {
        let (online, online_seen) = watch::channel(false);
        let client_id = format!("{}-out", plan.client_id);
        let reason = match mqtt::options(plan, &client_id).await {
            Err(reason) => reason,
            Ok(mut options) => {
                let (topic, payload) = status(publish, false);
                options.set_clean_session(true);
                options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true));
                let (client, event_loop) = AsyncClient::new(options, REQUESTS);
                tokio::select! {
                    reason = poll(plan, event_loop, &online) => reason,
                    () = say(publish, &client, view.clone(), online_seen) => return,
                }
            },
        };
        if *online.borrow() {
            backoff.reset();
            told.clear();
        }
        if told != reason {
            warn!(broker = plan.name, reason, "nothing is published");
            told = reason;
        }
        sleep(backoff.next()).await;
    }
}

/// Polls the client until its connection is lost; returns why.
async fn poll(
    plan: &BrokerPlan,
    mut event_loop: EventLoop,
    online: &watch::Sender<bool>,
) -> String {
    let patience = plan.keep_alive * 2 + Duration::from_secs(5);
    loop {
        match timeout(patience, event_loop.poll()).await {
            Err(_) => return "the broker has not been heard for too long".to_owned(),
            Ok(Err(error)) => return secure::in_words(&error),
            Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                info!(broker = plan.name, "publishing");
                online.send_replace(true);
            },
            Ok(Ok(_)) => {},
        }
    }
}

/// Says what there is, and then what changes. Ends when there are no views any more.
async fn say(
    plan: &PublishPlan,
    client: &AsyncClient,
    mut view: watch::Receiver<Arc<View>>,
    mut online: watch::Receiver<bool>,
) {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    if online.wait_for(|online| *online).await.is_err() {
        return;
    }
    loop {
        let shown = Arc::clone(&view.borrow_and_update());
        for (topic, payload) in messages(plan, &shown) {
            if said.get(&topic) == Some(&payload) {
                continue;
            }
            // What finds no room is said in the next round.
            if client.try_publish(&topic, QoS::AtLeastOnce, true, payload.clone()).is_err() {
                break;
            }
            said.insert(topic, payload);
        }
        sleep(REST).await;
        if view.changed().await.is_err() {
            return;
        }
    }
}

/// All that there is to say of a view: topics and payloads.
fn messages(plan: &PublishPlan, view: &View) -> Vec<(String, String)> {
    let mut messages = vec![status(plan, true)];
    for machine in &view.machines {
        let place = format!("{}/{}", plan.prefix, level(&machine.code));
        for (leaf, payload) in [("state", state(machine)), ("counts", counts(machine))] {
            messages.extend(payload.ok().map(|payload| (format!("{place}/{leaf}"), payload)));
        }
    }
    messages
}

fn state(machine: &Machine) -> serde_json::Result<String> {
    serde_json::to_string(&State {
        state: machine.state,
        since: Micros::rfc3339(machine.state_since_us),
        batch: machine.batch.as_ref().map(|batch| batch.number.as_str()),
    })
}

fn counts(machine: &Machine) -> serde_json::Result<String> {
    serde_json::to_string(&Counts {
        good: machine.good,
        scrap: machine.scrap,
        batch: machine.batch.as_ref().map(|batch| batch.number.as_str()),
    })
}

fn status(plan: &PublishPlan, online: bool) -> (String, String) {
    let topic = format!("{}/{}/status", plan.prefix, level(&plan.terminal));
    (topic, format!(r#"{{"online":{online}}}"#))
}

/// A code as one level of a topic.
fn level(code: &str) -> String {
    code.replace(['/', '+', '#'], "_")
}
