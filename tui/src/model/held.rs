//! Readings of counters that are held, and what is said of one.

use kart_api::{Held, Machine};
use kart_core::{
    id::EquipmentId,
    reference::{Reference, Role},
};

use super::{Choice, Entry, Sending, Who};

/// Accepting or dropping a reading that is held.
#[derive(Clone, Debug)]
pub struct HeldForm {
    /// Of which machine.
    pub machine: EquipmentId,
    /// Its code.
    pub code: String,
    /// What is held.
    pub held: Vec<Held>,
    /// Who says so: a supervisor.
    pub who: Who,
    /// Which of them, and whether its parts were made.
    pub words: Choice<(usize, bool)>,
    /// How far the command is.
    pub sending: Sending,
}

impl HeldForm {
    /// A form about everything that `machine` holds.
    pub fn new(machine: &Machine, reference: &Reference) -> Self {
        let both = |at| [(at, true), (at, false)];
        let people = reference.people.iter();
        let people = people.filter(|person| person.active && person.role == Role::Supervisor);
        let who = people.map(|person| Entry {
            key: person.id,
            label: person.name.clone(),
            detail: String::new(),
        });
        let mut who = Choice::new(who.collect());
        if who.entries.len() == 1 {
            who.step(0);
        }
        Self {
            machine: machine.id,
            code: machine.code.clone(),
            held: machine.held.clone(),
            who,
            words: Choice::of((0..machine.held.len()).flat_map(both)),
            sending: Sending::No,
        }
    }
}
