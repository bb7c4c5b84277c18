//! PINs that people chose at this terminal. They hold here alone: headquarters gives PINs to all
//! terminals, and what it gives later holds again.

use kart_core::{
    command::Refusal,
    id::UserId,
    pin::{self, Chosen, Secret},
    reference::Person,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::whole;

/// What people chose, in memory and on disk.
#[derive(Debug)]
pub(super) struct Own {
    path: PathBuf,
    chosen: Mutex<BTreeMap<UserId, Kept>>,
}

/// What one person chose.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// What a PIN is checked against, under the secret of this device.
    sealed: String,
    /// What headquarters' PIN was checked against then; another one there ends this one.
    instead_of: Option<String>,
}

impl Own {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let chosen = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, "own_pins.json is damaged and begun anew");
                BTreeMap::default()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, chosen: Mutex::new(chosen) })
    }

    /// What the person's PIN is checked against.
    pub(super) fn of(&self, person: &Person) -> Option<String> {
        let chosen = self.chosen();
        let own = chosen.get(&person.id).filter(|kept| kept.instead_of == person.pin);
        own.map(|kept| kept.sealed.clone()).or_else(|| person.pin.clone())
    }

    /// Keeps what the person chose, on disk before it holds.
    pub(super) fn keep(&self, person: &Person, sealed: String) -> io::Result<()> {
        let mut chosen = self.chosen();
        let mut next = chosen.clone();
        next.insert(person.id, Kept { sealed, instead_of: person.pin.clone() });
        whole::write(&self.path, &serde_json::to_vec(&next)?)?;
        *chosen = next;
        Ok(())
    }

    fn chosen(&self) -> MutexGuard<'_, BTreeMap<UserId, Kept>> {
        // Nothing panics while it holds this.
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept of a PIN.
pub(super) fn seal(secret: &Secret, chosen: &Chosen) -> Result<String, Refusal> {
    let mut salt = [0; 16];
    let random = SystemRandom::new().fill(&mut salt);
    random.map_err(|_| not_kept(&io::Error::other("the system gives no random numbers")))?;
    let hash = pin::hash(&chosen.0, &salt).map_err(|_| Refusal::BadPin)?;
    pin::seal(secret, &hash).map_err(|_| Refusal::BadPin)
}

pub(super) fn not_kept(error: &io::Error) -> Refusal {
    Refusal::NotRecording { reason: format!("own_pins.json: {error}") }
}
