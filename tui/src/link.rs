//! The connection to the daemon: one task keeps the live stream, one carries commands, one asks for
//! what only some screens show.
//!
//! All end only with the program. What they learn goes into the screen's one channel; the screen
//! never waits for them, so the two directions cannot block each other.

use std::time::Duration;

use kart_api::{Client, ClientError, Live, LiveEvent, Request, VERSION};
use rand::Rng;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    model::Watch,
    msg::{Lost, Msg, Outcome},
};

mod asking;

/// How long the daemon may take to begin a live stream.
const BEGIN: Duration = Duration::from_secs(5);

/// After so long without a word we ask whether the daemon still serves.
const SILENCE: Duration = Duration::from_secs(5);

/// Retries come at most this far apart while the daemon has just gone.
const EARLY: Duration = Duration::from_secs(1);

/// And this far apart when it has been away for long.
const LATE: Duration = Duration::from_secs(5);

/// The screen's end of the connection.
#[derive(Debug)]
pub struct Link {
    /// Commands to carry, in order.
    pub commands: mpsc::Sender<Request>,
    /// Raised to ask for a new snapshot.
    pub resync: watch::Sender<u64>,
    /// What a screen shows that is not part of the state.
    pub watch: watch::Sender<Option<Watch>>,
    /// The tasks; if one ends the screen must end too.
    pub tasks: JoinSet<()>,
}

/// Starts the tasks. `out` is the screen's channel.
pub fn start(client: Client, out: mpsc::Sender<Msg>) -> Link {
    let (commands, requests) = mpsc::channel(16);
    let (resync, wanted) = watch::channel(0);
    let mut tasks = JoinSet::new();
    tasks.spawn(watch_live(client.clone(), out.clone(), wanted));
    tasks.spawn(carry_commands(client.clone(), out.clone(), requests));
    let (shown, watched) = watch::channel(None);
    tasks.spawn(asking::carry(client, out, watched));
    Link { commands, resync, watch: shown, tasks }
}

/// Growing pauses, each shortened at random so that many screens do not knock together.
#[derive(Debug, Default)]
struct Pauses {
    tries: u32,
}

impl Pauses {
    fn next(&mut self) -> Duration {
        let limit = if self.tries < 30 { EARLY } else { LATE };
        let grown = Duration::from_millis(100).saturating_mul(1 << self.tries.min(6));
        self.tries = self.tries.saturating_add(1);
        grown.min(limit).mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

async fn watch_live(client: Client, out: mpsc::Sender<Msg>, mut resync: watch::Receiver<u64>) {
    let mut pauses = Pauses::default();
    loop {
        resync.mark_unchanged();
        let lost = match session(&client, &out, &mut resync, &mut pauses).await {
            Ended::Resync => continue,
            Ended::Closed => return,
            Ended::Lost(lost) => lost,
        };
        if out.send(Msg::Lost(lost)).await.is_err() {
            return;
        }
        sleep(pauses.next()).await;
    }
}

/// How a live stream ended.
enum Ended {
    /// The screen wants a new snapshot.
    Resync,
    /// The screen is gone.
    Closed,
    /// The daemon is gone.
    Lost(Lost),
}

async fn session(
    client: &Client,
    out: &mpsc::Sender<Msg>,
    resync: &mut watch::Receiver<u64>,
    pauses: &mut Pauses,
) -> Ended {
    let mut live = match timeout(BEGIN, client.live()).await {
        Ok(Ok(live)) => live,
        Ok(Err(error)) => return Ended::Lost(lost(&error)),
        Err(_) => return Ended::Lost(Lost::NoAnswer),
    };
    loop {
        let event = tokio::select! {
            event = next(&mut live, client) => event,
            changed = resync.changed() => {
                return if changed.is_ok() { Ended::Resync } else { Ended::Closed };
            },
        };
        let event = match event {
            Ok(event) => event,
            Err(lost) => return Ended::Lost(lost),
        };
        if let LiveEvent::Snapshot(view) = &event {
            if view.terminal.contract != VERSION {
                return Ended::Lost(Lost::Foreign);
            }
            *pauses = Pauses::default();
        }
        if out.send(Msg::Live(event)).await.is_err() {
            return Ended::Closed;
        }
    }
}

/// The next event. A daemon that is silent for long is asked whether it still serves.
async fn next(live: &mut Live, client: &Client) -> Result<LiveEvent, Lost> {
    loop {
        match timeout(SILENCE, live.next()).await {
            Ok(Ok(Some(event))) => return Ok(event),
            Ok(Ok(None)) => return Err(Lost::NoAnswer),
            Ok(Err(error)) => return Err(lost(&error)),
            Err(_) => {
                client.health().await.map_err(|error| lost(&error))?;
            },
        }
    }
}

fn lost(error: &ClientError) -> Lost {
    match error {
        ClientError::Unreachable { .. } => Lost::NoAnswer,
        ClientError::Status { status, body } => Lost::Fault(format!("{status} {body}")),
        ClientError::Contract(_) => Lost::Foreign,
    }
}

async fn carry_commands(
    client: Client,
    out: mpsc::Sender<Msg>,
    mut requests: mpsc::Receiver<Request>,
) {
    while let Some(request) = requests.recv().await {
        let mut pauses = Pauses::default();
        loop {
            let outcome = match client.command(&request).await {
                Ok(answer) => Outcome::Answered(answer),
                Err(ClientError::Status { status, body }) if (400..500).contains(&status) => {
                    Outcome::Broken(format!("{status} {body}"))
                },
                Err(_) => Outcome::Away,
            };
            let again = outcome == Outcome::Away;
            let key = request.key.clone();
            if out.send(Msg::Command { key, outcome }).await.is_err() {
                return;
            }
            if !again {
                break;
            }
            sleep(pauses.next()).await;
        }
    }
}

#[cfg(test)]
mod tests;
