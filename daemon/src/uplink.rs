//! Fits this terminal to what synchronisation needs: the store below, the screen beside it.

use kart_api::{HqLink, Recording};
use kart_core::{reference::Reference, time::Micros};
use kart_store::{Acknowledged, Outgoing, QuarantinedFact, Store, StoreError};
use kart_sync::{Fault, Link, Page, Position, Terminal, Told};
use kart_wire::{Quarantined, Status, TextLine};
use std::sync::Arc;
use tokio::sync::watch;

use crate::{clock::Clock, readers::Readers, recorder::Shown};

/// What is known of headquarters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HqState {
    /// How the link is.
    pub link: HqLink,
    /// Last sequence number there.
    pub acked: u64,
    /// Facts there that could not be applied.
    pub quarantined: Vec<QuarantinedFact>,
    /// When the reference data was last confirmed.
    pub reference_us: Option<Micros>,
}

/// This terminal, as synchronisation sees it.
pub struct Uplink {
    /// Facts and mirror.
    pub store: Store,
    /// Reading them.
    pub readers: Readers,
    /// The time.
    pub clock: Clock,
    /// Where the state of the link goes.
    pub state: watch::Sender<HqState>,
    /// Where new reference data goes.
    pub reference: watch::Sender<Option<Arc<Reference>>>,
    /// What is shown now.
    pub shown: watch::Receiver<Shown>,
    /// `organization_id` and site that reference data must be for.
    pub site: (String, String),
}

impl Terminal for Uplink {
    async fn position(&self) -> Result<Position, Fault> {
        let head = *self.store.head().borrow();
        let read = self.readers.ask(move |reader| {
            let (acked, _) = reader.acknowledged()?;
            let acked_hash = reader.hash_at(acked)?;
            Ok((acked, acked_hash, reader.sessions()?))
        });
        let (acked, acked_hash, sessions) = read.await.map_err(|e| Fault(e.to_string()))?;
        Ok(Position {
            last: head.seq,
            head_hash: head.hash.to_string(),
            acked,
            acked_hash: acked_hash.map(|hash| hash.to_string()).unwrap_or_default(),
            sessions,
            wall_us: self.clock.stamp().wall_us.0,
        })
    }

    async fn hash_at(&self, seq: u64) -> Result<Option<String>, Fault> {
        let hash = self
            .readers
            .ask(move |reader| reader.hash_at(seq))
            .await
            .map_err(|e| Fault(e.to_string()))?;
        Ok(hash.map(|hash| hash.to_string()))
    }

    async fn page(&self, after: u64, facts: usize, bytes: usize) -> Result<Option<Page>, Fault> {
        let read = self.readers.ask(move |reader| reader.outgoing(after, facts, bytes));
        Ok(read.await.map_err(|e| Fault(e.to_string()))?.map(page))
    }

    async fn acknowledged(&self, told: Told) -> Result<(), Fault> {
        let further: Vec<QuarantinedFact> = told.quarantined.into_iter().map(quarantined).collect();
        let acknowledged = Acknowledged {
            session: told.session,
            acked: told.watermark,
            safe: told.safe,
            quarantined: further.clone(),
        };
        self.store.acknowledge(acknowledged).await.map_err(|e| Fault(e.to_string()))?;
        self.state.send_modify(|state| {
            state.acked = told.watermark;
            state.quarantined.retain(|old| further.iter().all(|new| new.seq != old.seq));
            state.quarantined.extend(further);
        });
        Ok(())
    }

    async fn quarantined(&self, all: Vec<Quarantined>) -> Result<(), Fault> {
        let all: Vec<QuarantinedFact> = all.into_iter().map(quarantined).collect();
        if self.state.borrow().quarantined != all {
            self.store.quarantine(all.clone()).await.map_err(|e| Fault(e.to_string()))?;
            self.state.send_modify(|state| state.quarantined = all);
        }
        Ok(())
    }

    async fn cursor(&self) -> Result<Option<String>, Fault> {
        let mirror = self.store.mirror();
        let load = tokio::task::spawn_blocking(move || mirror.load());
        let loaded = load.await.map_err(|e| Fault(e.to_string()))?;
        // A mirror that was written but never put in force must be asked for again.
        let in_force = self.reference.borrow().clone();
        let ours = |mirrored: &Reference| in_force.as_deref() == Some(mirrored);
        Ok(loaded.filter(|(mirrored, _)| ours(mirrored)).and_then(|(_, cursor)| cursor))
    }

    async fn reference(&self, snapshot: serde_json::Value, cursor: String) -> Result<(), Fault> {
        let parsed: Result<Reference, _> = serde_json::from_value(snapshot);
        let reference = parsed.map_err(|e| Fault(format!("the site data cannot be read: {e}")))?;
        let (organization, site) = &self.site;
        if reference.organization != *organization || reference.site.code != *site {
            return Err(Fault(format!(
                "headquarters sent the data of site {} of {}, this terminal is configured for {site} of {organization}",
                reference.site.code, reference.organization
            )));
        }
        let stored = self.store.save_reference(reference.clone(), Some(cursor)).await;
        stored.map_err(|e| Fault(e.to_string()))?;
        tracing::info!(version = reference.version, "site data taken over");
        self.reference.send_replace(Some(Arc::new(reference)));
        Ok(())
    }

    async fn status(&self) -> Status {
        let shown = self.shown.borrow().clone();
        let states = shown.engine.plant.machines.iter().map(|(id, machine)| {
            let interval = machine.interval.as_ref();
            let state = interval.map_or("unknown", |interval| interval.state.word());
            (id.to_string(), serde_json::json!({ "state": state, "good": machine.good }))
        });
        let recording = shown.recording == Recording::Yes;
        let machines = serde_json::Value::Object(states.collect());
        let head = self.store.head().borrow().seq;
        Status {
            at_us: self.clock.stamp().wall_us.0,
            backlog: head.saturating_sub(self.state.borrow().acked),
            machines: serde_json::json!({ "recording": recording, "states": machines }),
        }
    }

    fn link(&self, link: Link) {
        let now = self.clock.stamp().wall_us;
        self.state.send_modify(|state| {
            state.link = match (link, &state.link) {
                (Link::ReferenceConfirmed, standing) => {
                    state.reference_us = Some(now);
                    standing.clone()
                },
                (Link::Connecting, _) => HqLink::Connecting,
                (Link::Up, _) => HqLink::Up,
                (Link::Down(reason), HqLink::Down { since_us, .. }) => {
                    HqLink::Down { since_us: *since_us, reason }
                },
                (Link::Down(reason), _) => HqLink::Down { since_us: now, reason },
                (Link::Refused(reason), _) => HqLink::Refused { reason },
            };
        });
    }

    async fn grown(&self, seq: u64) -> Result<(), Fault> {
        let mut head = self.store.head();
        let grown = head.wait_for(|head| head.seq > seq).await.map(drop);
        grown.map_err(|_| Fault(StoreError::Stopped.to_string()))
    }
}

fn page(outgoing: Outgoing) -> Page {
    let texts = outgoing.texts.into_iter();
    Page {
        from: outgoing.from,
        prev_hash: outgoing.prev_hash.to_string(),
        lines: outgoing.lines,
        texts: texts
            .map(|(seq, text)| TextLine {
                seq,
                field: text.field,
                salt: text.salt,
                text: text.text,
            })
            .collect(),
    }
}

fn quarantined(fact: Quarantined) -> QuarantinedFact {
    QuarantinedFact { seq: fact.seq, code: fact.code, detail: fact.detail }
}
