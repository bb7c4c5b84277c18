//! Who is asked for a PIN, and whether the typed one is right.
//!
//! A PIN is compared before its command reaches the recorder, and then forgotten: no fact, no log
//! and no answer carries it. What people explain or complete is not held up by any of this.

use kart_api::{Pin, Request, labor::Open};
use kart_core::{
    command::{Command, Refusal},
    pin::{self, Barred, Chosen, Secret, Tries},
    reference::{Person, Reference, Role},
    time::Micros,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, uplink::HqState, whole};

mod own;
mod ticket;

use own::Own;
use ticket::Tickets;

pub use ticket::Opens;

/// So many are compared at once: each takes 19 MiB.
const AT_ONCE: usize = 2;

/// A day of microseconds.
const DAY_US: i64 = 86_400_000_000;

/// What headquarters confirmed is remembered when it is this much newer.
const CONFIRMED_EVERY_US: i64 = 600_000_000;

/// Asks for PINs.
pub struct Gate {
    secret: Secret,
    valid_us: i64,
    reference: watch::Receiver<Option<Arc<Reference>>>,
    headquarters: watch::Receiver<HqState>,
    clock: Clock,
    book: Arc<Book>,
    own: Arc<Own>,
    tickets: Tickets,
    slots: Semaphore,
}

/// The tries, in memory and on disk.
#[derive(Debug)]
struct Book {
    path: PathBuf,
    tries: Mutex<Tries>,
    writing: Mutex<()>,
}

/// What the gate watches.
pub struct Watched {
    /// Who has which PIN.
    pub reference: watch::Receiver<Option<Arc<Reference>>>,
    /// When headquarters last confirmed that.
    pub headquarters: watch::Receiver<HqState>,
}

impl Gate {
    /// A gate that goes on from the tries in `folder`.
    pub fn open(
        folder: &Path,
        secret: Secret,
        valid_days: u16,
        watched: Watched,
        clock: Clock,
    ) -> io::Result<Self> {
        let book = Arc::new(Book::open(folder.join("pins.json"))?);
        let own = Arc::new(Own::open(folder.join("own_pins.json"))?);
        let Watched { reference, headquarters } = watched;
        let valid_us = i64::from(valid_days) * DAY_US;
        let (tickets, slots) = (Tickets::default(), Semaphore::new(AT_ONCE));
        Ok(Self { secret, valid_us, reference, headquarters, clock, book, own, tickets, slots })
    }

    /// Lets a command through, or says why not.
    pub async fn admit(&self, request: &Request) -> Result<(), Refusal> {
        let (badge, needed) = match &request.command {
            Command::ClockIn { badge, .. } | Command::SetPin { badge, .. } => (badge, true),
            Command::ClockOut { badge } => (badge, false),
            Command::ConfirmLabor { badge, .. } | Command::AskLabor { badge, .. } => (badge, true),
            Command::AmendLabor(amend) => (&amend.badge, true),
            Command::AddLabor(add) => (&add.badge, true),
            Command::DeclineLabor { badge, .. } => (badge, true),
            _ => return Ok(()),
        };
        let reference = self.reference.borrow().clone();
        let person = reference.as_ref().and_then(|all| all.person_by_badge(badge.trim()));
        let Some(person) = person.filter(|person| person.active) else { return Ok(()) };
        let sealed = self.own.of(person);
        let of_others = matches!(
            request.command,
            Command::AmendLabor(_) | Command::AddLabor(_) | Command::DeclineLabor { .. }
        );
        let looking = request.pin.as_ref().and_then(|ticket| self.ticket(ticket));
        // Who has shown no PIN opens their own record, and puts nobody else's right.
        let suffices = |opens: Opens| {
            opens.who() == person.id && (!of_others || matches!(opens, Opens::All(_)))
        };
        if looking.is_some_and(suffices)
            && !matches!(request.command, Command::ClockIn { .. } | Command::SetPin { .. })
        {
            return Ok(());
        }
        match (&sealed, &request.pin) {
            // That they may not is said by the engine.
            (None, _) if of_others && person.role.leads() => {
                return Err(Refusal::PinMissing { name: person.name.clone() });
            },
            (None, _) => {},
            (Some(_), None) if !needed => {},
            (Some(_), None) => return Err(Refusal::PinNeeded { name: person.name.clone() }),
            // One that is over was no try at a PIN.
            (Some(_), Some(ticket)) if ticket::is_one(ticket) => {
                return Err(Refusal::PinNeeded { name: person.name.clone() });
            },
            (Some(sealed), Some(typed)) => self.compare(person, sealed, typed).await?,
        }
        match &request.command {
            Command::SetPin { chosen, .. } => self.choose(person, chosen).await,
            _ => Ok(()),
        }
    }

    /// Lets somebody look at a record, or says why not: at their own with the PIN that they have, at
    /// those of others with a PIN in any case.
    pub async fn open_record(&self, open: &Open) -> Result<(Pin, bool), Refusal> {
        let reference = self.reference.borrow().clone().ok_or(Refusal::NoSite)?;
        let shown = || Refusal::UnknownBadge { badge: open.badge.chars().take(40).collect() };
        let person = reference.person_by_badge(open.badge.trim()).ok_or_else(shown)?;
        let name = || person.name.clone();
        let others = open.user.is_some_and(|user| user != person.id);
        let sealed = self.own.of(person);
        match (&sealed, &open.pin) {
            _ if !person.active => return Err(Refusal::Inactive { name: name() }),
            _ if others && !person.role.leads() => {
                return Err(Refusal::OthersRecord { name: name() });
            },
            (None, _) if others => return Err(Refusal::PinMissing { name: name() }),
            (None, _) => {},
            (Some(_), None) => return Err(Refusal::PinNeeded { name: name() }),
            (Some(sealed), Some(typed)) => self.compare(person, sealed, typed).await?,
        }
        let opens = match sealed.is_some() && person.role.leads() {
            true => Opens::All(person.id),
            false => Opens::Own(person.id),
        };
        let ticket = self.tickets.give(opens, self.clock.stamp().mono_us)?;
        Ok((ticket, matches!(opens, Opens::All(_))))
    }

    /// What a ticket opens.
    pub fn ticket(&self, ticket: &Pin) -> Option<Opens> {
        self.tickets.of(&ticket.0, self.clock.stamp().mono_us)
    }

    /// Keeps what somebody chose, before the fact says that they did.
    async fn choose(&self, person: &Person, chosen: &Chosen) -> Result<(), Refusal> {
        let Ok(_slot) = self.slots.acquire().await else { return Err(Refusal::PinExpired) };
        let (own, person, secret) = (Arc::clone(&self.own), person.clone(), self.secret);
        let chosen = chosen.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let sealed = own::seal(&secret, &chosen)?;
            own.keep(&person, sealed).map_err(|error| own::not_kept(&error))
        });
        kept.await.unwrap_or(Err(Refusal::BadPin))
    }

    async fn compare(&self, person: &Person, sealed: &str, typed: &Pin) -> Result<(), Refusal> {
        let Ok(_slot) = self.slots.acquire().await else { return Err(Refusal::PinExpired) };
        let now = self.clock.best().at.wall_us;
        let supervisor = person.role == Role::Supervisor;
        let left = {
            let mut tries = self.book.tries();
            self.take_over(&mut tries, now);
            match tries.may(person.id, now, self.valid_us) {
                Err(Barred::Expired) if !supervisor => return Err(Refusal::PinExpired),
                Err(Barred::Locked(until_us)) => {
                    return Err(Refusal::PinLocked { name: person.name.clone(), until_us });
                },
                Ok(()) | Err(Barred::Expired) => tries.trying(person.id, now),
            }
        };
        let (book, secret) = (Arc::clone(&self.book), self.secret);
        let (sealed, typed) = (sealed.to_owned(), typed.0.clone());
        let compared = tokio::task::spawn_blocking(move || {
            book.write()?;
            Ok(pin::verify(&secret, &sealed, &typed))
        });
        let right = match compared.await {
            Ok(Ok(Ok(right))) => right,
            Ok(Ok(Err(_))) => return Err(Refusal::PinExpired),
            Ok(Err(error)) => return Err(not_counted(&error)),
            Err(_) => return Err(Refusal::PinExpired),
        };
        if !right {
            tracing::warn!(user = %person.id, left, "wrong PIN");
            return Err(Refusal::PinWrong { name: person.name.clone(), left });
        }
        self.forgive(person, supervisor, now).await
    }

    /// The PIN was right; a supervisor's also vouches for everybody else here.
    async fn forgive(&self, person: &Person, supervisor: bool, now: Micros) -> Result<(), Refusal> {
        {
            let mut tries = self.book.tries();
            tries.right(person.id);
            if supervisor && !tries.holds(now, self.valid_us) {
                tracing::warn!(by = %person.id, "PINs unlocked for a day");
                tries.unlock(now);
            }
        }
        let book = Arc::clone(&self.book);
        match tokio::task::spawn_blocking(move || book.write()).await {
            Ok(Err(error)) => Err(not_counted(&error)),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    fn take_over(&self, tries: &mut Tries, now: Micros) {
        tries.believe(now);
        let confirmed = self.headquarters.borrow().reference_us;
        tries.confirmed_us = confirmed.unwrap_or_default().max(tries.confirmed_us);
        tries.believe(now);
    }

    /// Keeps in mind, across restarts, when headquarters last confirmed PINs. Runs until `stop`.
    pub async fn remember(self: Arc<Self>, stop: CancellationToken) -> io::Result<()> {
        let mut headquarters = self.headquarters.clone();
        loop {
            let confirmed = headquarters.borrow_and_update().reference_us.unwrap_or_default();
            let known = self.book.tries().confirmed_us;
            // Also where what is known lies ahead: a clock was fast.
            let other = confirmed.0.saturating_sub(known.0).saturating_abs();
            if confirmed != Micros::default() && other > CONFIRMED_EVERY_US {
                self.take_over(&mut self.book.tries(), self.clock.best().at.wall_us);
                let book = Arc::clone(&self.book);
                let written = tokio::task::spawn_blocking(move || book.write()).await;
                // The next one may fit on the disk again.
                if let Ok(Err(error)) = written {
                    tracing::warn!(%error, "tries of PINs were not written");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                changed = headquarters.changed() => if changed.is_err() { return Ok(()) },
            }
        }
    }
}

/// A try that is not on disk could be repeated for ever.
fn not_counted(error: &io::Error) -> Refusal {
    Refusal::NotRecording { reason: format!("pins.json: {error}") }
}

impl Book {
    fn open(path: PathBuf) -> io::Result<Self> {
        let tries = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                // As after a restart of the clock: nobody is locked out by a damaged file, and
                // PINs hold once headquarters confirms them again.
                tracing::warn!(%error, "pins.json is damaged and begun anew");
                Tries::default()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Tries::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, tries: Mutex::new(tries), writing: Mutex::new(()) })
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        // Nothing panics while it holds this.
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the newest state, whoever asks.
    fn write(&self) -> io::Result<()> {
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_vec(&*self.tries())?;
        whole::write(&self.path, &text)
    }
}

#[cfg(test)]
mod tests;
