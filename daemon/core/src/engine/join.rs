//! Batches that other terminals began: starting one of them once more is refused with an offer, and
//! joining one is a fact of this terminal about a record of the other.

use super::{Engine, Event, people};
use crate::{
    command::{Accepted, Refusal},
    fact::Body,
    id::{EquipmentId, RecordId, UserId},
    reference::{OpenBatch, Reference},
    time::Moment,
};

impl Engine {
    /// A batch of this number that the mirror shows open at another terminal. The mirror may be old:
    /// whoever cannot join gives the batch another number, or the record is joined at headquarters.
    pub(super) fn not_open_elsewhere(
        &self,
        reference: &Reference,
        machine: EquipmentId,
        number: &str,
        now: &Moment,
    ) -> Result<(), Refusal> {
        let Some(open) = reference.open_elsewhere(&self.terminal_code, machine, number) else {
            return Ok(());
        };
        let code = reference.machine(open.machine).map(|machine| machine.code.clone());
        Err(Refusal::OpenElsewhere {
            batch: open.record,
            number: open.number.clone(),
            machine: code.unwrap_or_default(),
            terminal: open.terminal.clone().unwrap_or_default(),
            ago_us: now.at.wall_us.0.saturating_sub(open.from.0).max(0),
        })
    }

    /// A batch that the mirror shows open at another terminal. What it shows of this one may be old,
    /// and the plant knows better.
    pub(super) fn elsewhere<'r>(
        &self,
        reference: &'r Reference,
        batch: RecordId,
    ) -> Option<&'r OpenBatch> {
        let here = self.terminal_code.as_str();
        let open = reference.work.floor.batch(batch);
        open.filter(|open| open.terminal.as_deref() != Some(here))
    }

    /// A person works on a batch from now on, wherever it began.
    pub(super) fn join_batch(
        &mut self,
        reference: &Reference,
        key: &str,
        (user, batch): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let own = self.plant.batches.get(&batch);
        if let Some(number) = own.filter(|own| own.paused.is_some()).map(|own| own.number.clone()) {
            return Err(Refusal::AlreadyPaused { number });
        }
        let own = own.map(|own| own.operators.clone());
        let open = || self.elsewhere(reference, batch).map(|open| open.operators.clone());
        let on_it = own.or_else(open).ok_or(Refusal::NoSuchBatch)?;
        let joined = self.plant.joined.get(&batch).is_some_and(|users| users.contains(&user));
        if joined || on_it.contains(&user) {
            return Err(Refusal::AlreadyOnBatch { name: people::name(reference, user) });
        }
        let event = Event::new(Body::BatchJoined { batch, user }).by(Some(user)).key(key);
        Ok(self.accept(now, event))
    }
}
