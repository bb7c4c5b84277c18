//! Asks the daemon again and again for what a screen shows, and for nothing when it shows nothing:
//! with the screen all of it ends.

use std::time::Duration;

use kart_api::{Client, commissioning::MapRequest};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use crate::{
    model::{REGISTERS_MS, Seen, Watch},
    msg::Msg,
};

/// What the daemon knows without asking anybody is asked for this often.
const OFTEN: Duration = Duration::from_millis(700);

/// What changes slowly is asked for this often.
const SLOW: Duration = Duration::from_secs(2);

/// Figures move by the minute.
const ONCE: Duration = Duration::from_secs(3_600);
const FIGURES: Duration = Duration::from_secs(5);

/// Carries what `wanted` says until the screen is gone.
pub(super) async fn carry(
    client: Client,
    out: mpsc::Sender<Msg>,
    mut wanted: watch::Receiver<Option<Watch>>,
) {
    loop {
        let now = wanted.borrow_and_update().clone();
        let Some(now) = now else {
            match wanted.changed().await {
                Ok(()) => continue,
                Err(_) => return,
            }
        };
        let seen = tokio::select! {
            seen = ask(&client, &now) => seen,
            changed = wanted.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        if out.send(Msg::Seen(Box::new(seen))).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(every(&now)) => {},
            changed = wanted.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

fn every(watch: &Watch) -> Duration {
    match watch {
        Watch::Registers(_) => Duration::from_millis(REGISTERS_MS),
        Watch::Topics(_) | Watch::Signals(_) | Watch::Rules(_) => OFTEN,
        Watch::Sources | Watch::Map(_) | Watch::Notes(_) => SLOW,
        // A PIN is shown once.
        Watch::OpenRecord(_) => ONCE,
        Watch::Figures(_) | Watch::Board(_) | Watch::Ledger(_) | Watch::Record(..) => FIGURES,
    }
}

async fn ask(client: &Client, watch: &Watch) -> Seen {
    let answer = match watch {
        Watch::Sources => client.sources().await.map(Seen::Sources),
        Watch::Registers(query) => client.registers(query).await.map(Seen::Registers),
        Watch::Figures(reasons) => {
            client.figures(None, *reasons).await.map(|shift| Seen::Figures(Box::new(shift)))
        },
        Watch::Board(back) => client.board(*back).await.map(|shift| Seen::Board(Box::new(shift))),
        Watch::Ledger(back) => {
            client.ledger(*back).await.map(|shift| Seen::Ledger(Box::new(shift)))
        },
        Watch::OpenRecord(open) => client.open_labor(open).await.map(Seen::Opened),
        Watch::Record(user, back, ticket) => {
            client.labor(*user, *back, ticket).await.map(|record| Seen::Record(Box::new(record)))
        },
        Watch::Notes(words) => client.notes(words).await.map(Seen::Notes),
        Watch::Topics(query) => client.topics(query).await.map(Seen::Topics),
        Watch::Signals(query) => client.trace(query).await.map(Seen::Signals),
        Watch::Rules(machine) => {
            client.rules(machine).await.map(|told| Seen::Rules(Box::new(told)))
        },
        Watch::Map(path) => {
            let text = match tokio::fs::read_to_string(path).await {
                Ok(text) => text,
                Err(error) => return Seen::Lost(format!("{path}: {error}")),
            };
            let request = MapRequest { text, name: path.clone(), who: None };
            client.map(&request).await.map(Seen::Map)
        },
    };
    answer.unwrap_or_else(|error| Seen::Lost(error.to_string()))
}
