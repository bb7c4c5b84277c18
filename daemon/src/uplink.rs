//! Fits this terminal to what synchronisation needs: the store below, the screen beside it.

use kart_api::{HqLink, Recording};
use kart_core::{
    down,
    fact::Body,
    pin::{Secret, seal_row},
    reference::{self, Reference, Rows},
    room::Room,
    time::Micros,
};
use kart_store::{
    Acknowledged, Delivery, Mirror, MirrorRow, Mirrored, Outgoing, QuarantinedFact, Store,
    StoreError, Sum,
};
use kart_sync::{Fault, Fed, Link, NewLife, Page, Position, Terminal, Told};
use kart_wire::{
    FeedRow, PastSession, Point, Quarantined, Renewed, Scope, ScopeSum, Status, TextLine,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{clock::Clock, life::Rebirth, readers::Readers, recorder::Shown};

mod erasures;

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
    /// Facts up to here are in a request now; 0 when none are.
    pub sending: u64,
    /// Facts up to here are contained in the rows that came down.
    pub applied_through: u64,
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
    /// What the mirror holds is what is in force.
    pub mirrored: AtomicBool,
    /// What PINs are kept under.
    pub secret: Secret,
    /// Where a new life of the log is asked for.
    pub rebirth: Rebirth,
    /// Why what headquarters sent last was not taken over; headquarters is told.
    pub refused: Mutex<Option<String>>,
}

impl Uplink {
    /// Asks the mirror something, without holding up the runtime.
    async fn mirror<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Mirror) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let mirror = self.store.mirror().clone();
        let asked = tokio::task::spawn_blocking(move || question(&mirror));
        let answer = asked.await.map_err(|e| Fault(e.to_string()))?;
        answer.map_err(|e| Fault(e.to_string()))
    }

    /// A mirror that was written but never put in force must be asked for again.
    async fn in_force(&self) -> Result<bool, Fault> {
        if !self.mirrored.load(Ordering::Relaxed) {
            let mirrored = self.mirror(mirrored).await?;
            let same =
                mirrored.is_some() && mirrored.as_ref() == self.reference.borrow().as_deref();
            self.mirrored.store(same, Ordering::Relaxed);
        }
        Ok(self.mirrored.load(Ordering::Relaxed))
    }

    fn put_in_force(&self, reference: Reference) {
        self.mirrored.store(true, Ordering::Relaxed);
        self.reference.send_if_modified(|standing| {
            let other = standing.as_deref() != Some(&reference);
            if other {
                *standing = Some(Arc::new(reference));
            }
            other
        });
    }
}

/// The reference data in the mirror, if there is any that makes sense.
pub(crate) fn mirrored(mirror: &Mirror) -> Result<Option<Reference>, StoreError> {
    Ok(match mirror.load()? {
        Some(Mirrored::Document(reference)) => Some(*reference),
        Some(Mirrored::Rows(rows)) => reference::assemble(&rows).ok(),
        None => None,
    })
}

impl Terminal for Uplink {
    async fn position(&self) -> Result<Position, Fault> {
        let head = *self.store.head().borrow();
        let read = self.readers.ask(move |reader| {
            let (acked, _) = reader.acknowledged()?;
            let acked_hash = reader.hash_at(acked)?;
            Ok((acked, acked_hash, reader.sessions()?, reader.oldest()?))
        });
        let (acked, acked_hash, sessions, oldest) = read.await.map_err(|e| Fault(e.to_string()))?;
        let mut cursors: BTreeMap<Uuid, String> =
            self.mirror(Mirror::sessions).await?.into_iter().collect();
        let sessions = sessions.into_iter();
        Ok(Position {
            last: head.seq,
            head_hash: head.hash.to_string(),
            oldest,
            acked,
            acked_hash: acked_hash.map(|hash| hash.to_string()).unwrap_or_default(),
            sessions: sessions
                .map(|(session, watermark)| {
                    let cursor = cursors.remove(&session);
                    PastSession { session, watermark, cursor }
                })
                .collect(),
            // As it is: headquarters is to see which clocks are wrong.
            wall_us: self.clock.of_computer().wall_us.0,
        })
    }

    fn best_us(&self, _: &Position) -> i64 {
        self.clock.best().at.wall_us.0
    }

    fn told_time(&self, right_us: i64, within: Duration) {
        self.clock.hear(Micros(right_us), within);
    }

    async fn renew(&self, life: NewLife) -> Result<(), Fault> {
        let (rebirth, at) = (self.rebirth.clone(), self.clock.moment());
        let keep = tokio::task::spawn_blocking(move || rebirth.keep(life, at));
        let kept = keep.await.map_err(|e| Fault(e.to_string()))?;
        kept.map_err(|e| Fault(format!("the new life of the log cannot be kept: {e}")))?;
        // The program starts anew.
        std::future::pending().await
    }

    async fn granted(&self) -> Result<Option<Renewed>, Fault> {
        // The second fact of every life but the first.
        let read = self.readers.ask(|reader| Ok((reader.origin(), reader.fact(2)?)));
        let (origin, second) = read.await.map_err(|e| Fault(e.to_string()))?;
        let Some(Body::Continued(continued)) = second.map(|fact| fact.fact) else {
            return Ok(None);
        };
        Ok(Some(Renewed {
            incarnation: origin.incarnation.to_string(),
            former_terminal: continued.terminal.0,
            former: continued.incarnation.to_string(),
            end: Point { seq: continued.seq, hash: continued.hash.to_string() },
            plant: serde_json::Value::Null,
        }))
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

    async fn feed_cursor(&self) -> Result<Option<String>, Fault> {
        if self.in_force().await? { self.mirror(Mirror::cursor).await } else { Ok(None) }
    }

    async fn feed(&self, session: Uuid, base: Option<String>, fed: Fed) -> Result<(), Fault> {
        // First: what is in the mirror does not come again.
        let erasures = erasures::erasures(&fed.rows);
        if !erasures.is_empty() {
            self.store.erase(erasures).await.map_err(|e| Fault(e.to_string()))?;
        }
        let through = fed.head.applied_through;
        let delivery = Delivery { base, ..delivery(session, fed, &self.secret) };
        let place = self.site.clone();
        let concerned = !delivery.whole.is_empty()
            || delivery.rows.iter().any(|row| reference::concerns(&row.table));
        let secret = self.secret;
        let apply = move |mirror: &Mirror| {
            mirror.apply(&delivery, &secret, |written| match concerned {
                true => of_this(&place, &written.rows()?).map(Some),
                false => Ok(None),
            })
        };
        let taken = self.mirror(apply).await;
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) =
            taken.as_ref().err().map(|Fault(why)| why.clone());
        if let Some(reference) = taken? {
            self.put_in_force(reference);
        }
        // Only now: whoever drops a fact for it finds the row that contains it.
        self.state.send_if_modified(|state| {
            let further = state.applied_through != through;
            state.applied_through = through;
            further
        });
        Ok(())
    }

    async fn sums(&self) -> Result<Vec<ScopeSum>, Fault> {
        let secret = self.secret;
        let sums = self.mirror(move |mirror| mirror.sums(&secret)).await?;
        let sum = |Sum { scope, rows, sum }| ScopeSum {
            scope: wire_scope(scope),
            rows,
            sum: format!("{sum:016x}"),
        };
        Ok(sums.into_iter().map(sum).collect())
    }

    async fn cursor(&self) -> Result<Option<String>, Fault> {
        if self.in_force().await? { self.mirror(Mirror::document_cursor).await } else { Ok(None) }
    }

    async fn reference(&self, snapshot: serde_json::Value, cursor: String) -> Result<(), Fault> {
        let parsed: Result<Reference, _> = serde_json::from_value(snapshot);
        let reference = parsed.map_err(|e| Fault(format!("the site data cannot be read: {e}")))?;
        check_site(&self.site, &reference).map_err(Fault)?;
        let document = reference.clone();
        self.mirror(move |mirror| mirror.save(&document, Some(&cursor))).await?;
        tracing::info!(version = reference.version, "site data taken over");
        self.put_in_force(reference);
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
        let mut machines = serde_json::json!({ "recording": recording, "states": machines });
        if let Some(why) = self.refused.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            machines["refused"] = why.as_str().into();
        }
        if shown.room > Room::Plenty {
            machines["room"] = shown.room.word().into();
        }
        let head = self.store.head().borrow().seq;
        Status {
            at_us: self.clock.stamp().wall_us.0,
            backlog: head.saturating_sub(self.state.borrow().acked),
            machines,
        }
    }

    fn link(&self, link: Link) {
        let now = self.clock.stamp().wall_us;
        self.state.send_modify(|state| {
            state.link = match (link, &state.link) {
                (Link::ReferenceConfirmed, standing) => {
                    state.reference_us = Some(self.clock.best().at.wall_us);
                    standing.clone()
                },
                (Link::Connecting, _) => HqLink::Connecting,
                (Link::Preparing(progress), _) => HqLink::Preparing { progress },
                (Link::Up, _) => HqLink::Up,
                (Link::Down(reason), HqLink::Down { since_us, .. }) => {
                    HqLink::Down { since_us: *since_us, reason }
                },
                (Link::Down(reason), _) => HqLink::Down { since_us: now, reason },
                (Link::Refused(reason), _) => HqLink::Refused { reason },
            };
        });
    }

    fn sending(&self, last: u64) {
        self.state.send_if_modified(|state| std::mem::replace(&mut state.sending, last) != last);
    }

    async fn grown(&self, seq: u64) -> Result<(), Fault> {
        let mut head = self.store.head();
        let grown = head.wait_for(|head| head.seq > seq).await.map(drop);
        grown.map_err(|_| Fault(StoreError::Stopped.to_string()))
    }
}

/// The reference data that rows add up to, when it is that of the configured site.
fn of_this(place: &(String, String), rows: &Rows) -> Result<Reference, String> {
    let reference = reference::assemble(rows).map_err(|fault| fault.to_string())?;
    check_site(place, &reference)?;
    Ok(reference)
}

fn check_site((organization, site): &(String, String), sent: &Reference) -> Result<(), String> {
    if sent.organization == *organization && sent.site.code == *site {
        return Ok(());
    }
    Err(format!(
        "headquarters sent the data of site {} of {}, this terminal is configured for {site} of \
         {organization}",
        sent.site.code, sent.organization
    ))
}

fn delivery(session: Uuid, fed: Fed, secret: &Secret) -> Delivery {
    let rows = fed.rows.into_iter().map(|sent| MirrorRow {
        scope: scope(sent.scope),
        kept: kept(&sent, secret),
        table: sent.table,
        key: sent.key,
        row: sent.row,
    });
    Delivery {
        session,
        base: None,
        cursor: fed.head.cursor,
        applied_through: fed.head.applied_through,
        whole: fed.head.whole.into_iter().map(scope).collect(),
        rows: rows.collect(),
    }
}

/// A hash of a PIN is not kept as it came.
fn kept(sent: &FeedRow, secret: &Secret) -> Option<String> {
    let row = sent.row.as_ref().filter(|_| sent.table == "edge.people")?;
    // A row that could not be read would not have come so far.
    seal_row(secret, &sent.table, row).ok()
}

fn scope(sent: Scope) -> down::Scope {
    match sent {
        Scope::Org => down::Scope::Org,
        Scope::Site => down::Scope::Site,
        Scope::Terminal => down::Scope::Terminal,
    }
}

fn wire_scope(scope: down::Scope) -> Scope {
    match scope {
        down::Scope::Org => Scope::Org,
        down::Scope::Site => Scope::Site,
        down::Scope::Terminal => Scope::Terminal,
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
