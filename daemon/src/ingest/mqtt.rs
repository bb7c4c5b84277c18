//! One MQTT broker: a persistent session at QoS 1 in which a message is acknowledged only after
//! what follows from it is durable.
//!
//! Nothing is published here but, for Sparkplug, that this host is there, and requests for a rebirth
//! where a group allows them. The event loop of the client is polled by a future of its own, which
//! waits for nothing but room in a bounded queue; a second future hands messages to the engine
//! and acknowledges them in the order in which they came. Whatever the client cannot be trusted
//! with any more is cured by a new client; the broker then delivers again what was not
//! acknowledged, which is harmless.

use kart_core::time::Stamp;
use rumqttc::{AsyncClient, LastWill, MqttOptions, Publish, QoS};
use std::{collections::BTreeSet, convert::Infallible, sync::atomic::AtomicU64, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Intake, Reading, SourceFault, sparkplug};
use crate::clock::Clock;

pub mod filter;
pub mod payload;
pub mod topic;
pub(crate) mod secure;
pub mod browse;
mod backlog;
mod listen;
mod owed;
mod deliver;
mod reject;
mod session;
mod subscribe;
mod table;

use deliver::Delivery;
use listen::Listener;
use topic::BrokerPlan;

/// Requests to the client that may wait.
const REQUESTS: usize = 256;
/// Messages between the two futures.
const HEARD: usize = 64;
/// Every client takes packets of this size.
const LEAST_LIMIT: usize = 4 * 1024 * 1024;

/// How long this adapter waits for what.
#[derive(Clone, Copy)]
struct Pace {
    /// Between attempts to connect.
    first_delay: Duration,
    most_delay: Duration,
    /// A connection that ended sooner was ended by the broker on purpose.
    settled: Duration,
    /// How long the answer to a subscription may take.
    answer: Duration,
    /// When a filter that was refused is asked for again.
    again: Duration,
}

const PACE: Pace = Pace {
    first_delay: Duration::from_millis(200),
    most_delay: Duration::from_secs(30),
    settled: Duration::from_secs(10),
    answer: Duration::from_secs(20),
    again: Duration::from_mins(1),
};

/// Listens to `plan` until `stop`.
pub async fn run(
    plan: BrokerPlan,
    intake: Intake,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), SourceFault> {
    let listening = Box::pin(listen_for_ever(plan, intake, clock, PACE));
    match stop.run_until_cancelled(listening).await {
        Some(Err(fault)) => Err(fault),
        None => Ok(()),
    }
}

async fn listen_for_ever(
    plan: BrokerPlan,
    intake: Intake,
    clock: Clock,
    pace: Pace,
) -> Result<Infallible, SourceFault> {
    let mut listener = Listener::new(&plan, &clock, pace);
    let mut delivery = Delivery::new(&plan, &clock, intake);
    loop {
        let client_ended = one_client(&mut listener, &mut delivery).await?;
        debug!(broker = plan.name, reason = client_ended, "a new client is made");
        delivery.lost();
        let at = clock.stamp();
        if let Some(reading) = listener.ended(&client_ended, at) {
            delivery.hand_over(reading).await?;
        }
        sleep(listener.backoff.next()).await;
    }
}

/// The life of one client; returns why it ended.
async fn one_client(
    listener: &mut Listener<'_>,
    delivery: &mut Delivery<'_>,
) -> Result<String, SourceFault> {
    let began = listener.clock.stamp().wall_us;
    let options = match options(listener.plan, &listener.plan.client_id).await {
        Ok(mut options) => {
            let kept = listener.plan.sparkplug.is_none() && !listener.gives_up();
            options.set_clean_session(!kept);
            if let Some((topic, payload)) = listener.state(false, began) {
                options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true));
            }
            options
        },
        Err(reason) => return Ok(reason),
    };
    listener.began = began;
    let (client, mut event_loop) = AsyncClient::new(options, REQUESTS);
    let mut network = event_loop.network_options();
    network.set_tcp_nodelay(true);
    event_loop.set_network_options(network);
    let shared = Shared { client, connection: AtomicU64::new(0), room: Notify::new() };
    let (heard_in, heard) = mpsc::channel(HEARD);
    tokio::select! {
        reason = listener.listen(&shared, event_loop, heard_in) => Ok(reason),
        reason = delivery.deliver(&shared, heard) => reason,
    }
}

/// How to reach the broker as `client_id`; the error is for people.
pub(crate) async fn options(plan: &BrokerPlan, client_id: &str) -> Result<MqttOptions, String> {
    let mut options = MqttOptions::new(client_id, &plan.host, plan.port);
    // Greater messages are passed over one by one, so that a retained one does not end each
    // connection anew; what is beyond all measure ends it before it is stored.
    let limit = plan.max_packet_bytes.saturating_mul(4).max(LEAST_LIMIT);
    options
        .set_keep_alive(plan.keep_alive)
        .set_manual_acks(true)
        .set_transport(secure::transport(plan.tls.as_ref()).await?)
        .set_max_packet_size(limit, limit);
    if let Some(user) = &plan.user {
        let password = match &plan.password_file {
            Some(file) => tokio::fs::read_to_string(file)
                .await
                .map_err(|error| format!("password_file: {}: {error}", file.display()))?,
            None => String::new(),
        };
        options.set_credentials(user, password.trim_end_matches(['\r', '\n']));
    }
    Ok(options)
}

/// What the two futures of one client have in common.
struct Shared {
    client: AsyncClient,
    /// Raised with each connection lost. What was received over one connection must not be
    /// acknowledged in the next: there its number may mean another message.
    connection: AtomicU64,
    /// Told when the client has sent something and may have room for another request.
    room: Notify,
}

/// What the listening future tells the delivering one.
enum Heard {
    Message {
        connection: u64,
        publish: Publish,
        /// It was so many bytes, and they are not here.
        too_great: Option<usize>,
    },
    Link(Reading),
    /// Under these numbers the broker may deliver once more what it has delivered.
    Owed(BTreeSet<u16>),
    Connected(Connected),
    Lost,
}

/// A connection that was made.
struct Connected {
    session_present: bool,
    at: Stamp,
    /// When this broker was last heard before, in this run.
    heard: Option<Stamp>,
    /// There was a session before, of this run or of an earlier one.
    known: bool,
}

#[cfg(test)]
mod tests;
