//! Who asks: known, active, clocked in, a supervisor.

use super::{
    Engine,
    commands::{bad, unknown},
};
use crate::{
    command::Refusal,
    id::UserId,
    reference::{Person, Reference, Role},
};

/// The person with this key.
pub(super) fn person(reference: &Reference, user: UserId) -> Result<&Person, Refusal> {
    reference.person(user).ok_or_else(|| unknown("person"))
}

/// The person, if any is named, has to be known.
pub(super) fn known(reference: &Reference, by: Option<UserId>) -> Result<Option<&Person>, Refusal> {
    by.map(|user| person(reference, user)).transpose()
}

/// Somebody who may still work here.
pub(super) fn active(reference: &Reference, user: UserId) -> Result<&Person, Refusal> {
    let person = person(reference, user)?;
    match person.active {
        true => Ok(person),
        false => Err(Refusal::Inactive { name: person.name.clone() }),
    }
}

/// A supervisor who may still work here.
pub(super) fn supervisor(reference: &Reference, user: UserId) -> Result<&Person, Refusal> {
    let person = active(reference, user)?;
    match person.role {
        Role::Supervisor => Ok(person),
        _ => Err(bad("by", "must be a supervisor")),
    }
}

/// The person's name, for whoever reads the refusal.
pub(super) fn name(reference: &Reference, user: UserId) -> String {
    reference.person(user).map(|person| person.name.clone()).unwrap_or_default()
}

impl Engine {
    /// The person, if known and clocked in.
    pub(super) fn present(&self, reference: &Reference, user: UserId) -> Result<UserId, Refusal> {
        let person = person(reference, user)?;
        match self.plant.labor.contains_key(&user) {
            true => Ok(user),
            false => Err(Refusal::NotClockedIn { name: person.name.clone() }),
        }
    }
}
