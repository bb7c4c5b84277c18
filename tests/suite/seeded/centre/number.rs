//! Blocks of numbers, lent as `edge.lend_numbers` does it. Which number is taken out of a block, the
//! terminal's own engine decides.

use std::collections::BTreeSet;

use kart_core::fact::{Body, Fact};
use kart_core::number::Lease;
use kart_hq::decisions::Terminal;
use uuid::Uuid;

use super::Centre;

/// Small, so that terminals run out of them.
const SIZE: i64 = 5;

impl Centre {
    /// Lends the terminal a further block when it is running short.
    pub(in super::super) fn lend(&mut self, id: Uuid) {
        let state = &mut self.state;
        let life = state.terminals[&id].incarnation.clone();
        let Ok(incarnation) = life.parse() else { return };
        let used = state.used.get(&(id, life.clone())).copied().unwrap_or_default();
        let own = state.leases.iter().filter(|(of, lease)| {
            *of == id && lease.incarnation == incarnation && lease.last > used
        });
        let rest: Vec<i64> = own.map(|(_, lease)| lease.last - used.max(lease.first - 1)).collect();
        if rest.len() >= 2 || rest.iter().sum::<i64>() * 5 > SIZE * 2 {
            return;
        }
        let (first, last) = (state.next_number, state.next_number + SIZE - 1);
        let (entity_type, prefix) = ("batch".to_owned(), "CH".to_owned());
        state.next_number = last + 1;
        let taken = BTreeSet::new();
        state.leases.push((id, Lease { entity_type, prefix, first, last, incarnation, taken }));
        state.tx += 1;
        state.changed.push((state.tx, ("edge.number_leases", key(first))));
        self.lent.insert((life, first, last));
    }
}

/// The key of a block's row.
pub(super) fn key(first: i64) -> Uuid {
    Uuid::from_u128(u128::from(first.unsigned_abs()))
}

/// The leased numbers that facts used.
pub(super) fn used(terminal: &Terminal, facts: &[Fact]) -> Vec<((Uuid, String), i64)> {
    let number = |fact: &Fact| match &fact.fact {
        Body::BatchStarted(started) => Some(started.lease.as_ref()?.number),
        _ => None,
    };
    let life = || (terminal.id, terminal.incarnation.clone());
    facts.iter().filter_map(number).map(|number| (life(), number)).collect()
}
