//! The pull lane of protocol 1: the site as one document, when it has changed.

use kart_wire::{Pull, Pulled};
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;

use crate::{Failure, Gateway, Link, Terminal, pace::patiently, session::Talk};

impl<T: Terminal, G: Gateway> Talk<'_, T, G> {
    /// Takes over new documents. Ends only with a failure.
    pub(crate) async fn pull(&self, wait: Duration) -> Result<Infallible, Failure> {
        let mut wait_ms = 0;
        loop {
            let cursor = self.terminal.cursor().await?;
            let pull = Pull { session: self.session, scope: "site".to_owned(), cursor, wait_ms };
            let quarantined = match patiently(|| self.headquarters.pull(self.token, &pull)).await? {
                Pulled::Unchanged { quarantined } => quarantined,
                Pulled::Snapshot { cursor, snapshot, quarantined } => {
                    if let Err(fault) = self.terminal.reference(snapshot, cursor).await {
                        // Facts go up all the same; the old data stays in force and grows old.
                        tracing::error!(%fault, "the site data was not taken over");
                        sleep(wait).await;
                        continue;
                    }
                    quarantined
                },
            };
            self.terminal.link(Link::ReferenceConfirmed);
            self.terminal.quarantined(quarantined).await?;
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or_default();
        }
    }
}
