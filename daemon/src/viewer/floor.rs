//! What headquarters knows of the stations, beside what this terminal knows itself: batches of other
//! terminals, people who work on our batches there, and what contradicts itself.

use kart_api::{Batch, Conflict, Elsewhere};
use kart_core::{
    id::{EquipmentId, UserId},
    map::Map,
    plant::Plant,
    reference::{self, OpenBatch, Reference},
};

use super::name_of;

/// Both, as one view needs them.
pub(super) struct Floor<'v> {
    reference: Option<&'v Reference>,
    plant: &'v Plant,
    /// Code of this terminal.
    here: &'v str,
}

impl<'v> Floor<'v> {
    pub(super) fn of(reference: Option<&'v Reference>, plant: &'v Plant, here: &'v str) -> Self {
        Self { reference, plant, here }
    }

    /// The batch on a machine: our own with everybody on it, else one that began elsewhere.
    pub(super) fn batch(&self, machine: EquipmentId, own: Option<Batch>) -> Option<Batch> {
        let Some(mut own) = own else {
            return self.foreign().find(|open| open.machine == machine).map(|o| self.shown(o));
        };
        let open = self.reference.and_then(|reference| reference.work.floor.batch(own.id));
        add(&mut own.operators, open.map(|open| &open.operators[..]).unwrap_or_default());
        Some(own)
    }

    /// Batches on machines that are not in the map.
    pub(super) fn elsewhere(&self, map: &Map) -> Vec<Elsewhere> {
        let shown = |open: &&OpenBatch| map.machines.iter().any(|m| m.equipment == open.machine);
        let code = |id| self.reference?.machine(id).map(|machine| machine.code.clone());
        let machine = |open: &OpenBatch| code(open.machine).unwrap_or_default();
        let hidden = self.foreign().filter(|open| !shown(open));
        hidden.map(|open| Elsewhere { machine: machine(open), batch: self.shown(open) }).collect()
    }

    /// What is to be settled at headquarters.
    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let Some(reference) = self.reference else { return vec![] };
        let conflicts = reference.work.floor.conflicts.iter();
        conflicts.map(|conflict| self.conflict(reference, conflict)).collect()
    }

    fn conflict(&self, reference: &Reference, told: &reference::Conflict) -> Conflict {
        let floor = &reference.work.floor;
        let person = told.user.map(|user| name_of(user, Some(reference)));
        let concerned = (self.plant.batches.iter()).filter(|(own, _)| {
            let own = floor.canonical(**own);
            own == told.record || Some(own) == told.other
        });
        let mut machines = told.machines.clone();
        for (_, batch) in concerned {
            if !machines.contains(&batch.equipment) {
                machines.push(batch.equipment);
            }
        }
        Conflict {
            id: told.id.to_string(),
            kind: told.kind.clone(),
            about: person.or_else(|| told.about.clone()).unwrap_or_default(),
            machines,
        }
    }

    /// Batches that began elsewhere and are none of ours by another name.
    fn foreign(&self) -> impl Iterator<Item = &'v OpenBatch> + use<'v> {
        let Self { reference, plant, here } = *self;
        reference.into_iter().flat_map(move |reference| {
            let floor = &reference.work.floor;
            let ours = move |open: &&OpenBatch| {
                plant.batches.keys().any(|own| floor.canonical(*own) == open.record)
            };
            floor.elsewhere(here).filter(move |open| !ours(open))
        })
    }

    fn shown(&self, open: &OpenBatch) -> Batch {
        let product = open.product.and_then(|id| self.reference?.product(id));
        let mut operators = open.operators.clone();
        let joined = self.plant.joined.get(&open.record).into_iter().flatten();
        add(&mut operators, &joined.copied().collect::<Vec<UserId>>());
        Batch {
            id: open.record,
            number: open.number.clone(),
            product_code: product.map(|product| product.code.clone()).unwrap_or_default(),
            product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
            work_order: open.work_order.clone(),
            target: open.target,
            started_us: open.from,
            operators,
            terminal: Some(open.terminal.clone().unwrap_or_default()),
            counted: (0, 0),
            told: kart_api::Told::default(),
            further: vec![],
            paused_us: None,
            rests: vec![],
            provisional: false,
        }
    }
}

/// Adds those who are not there yet.
fn add(to: &mut Vec<UserId>, further: &[UserId]) {
    for user in further {
        if !to.contains(user) {
            to.push(*user);
        }
    }
}
