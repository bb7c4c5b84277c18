//! Counters in a new life: they count on from where headquarters knows them to stand. One that a map
//! has moved in the former life begins anew in this one, too.

use std::collections::BTreeMap;

use crate::{
    counter::{self, Base, Readings, Verdict},
    fact::{Counted, machine::CounterMoved},
    id::EquipmentId,
    plant::{Machine, Plant},
    time::Stamp,
};

/// Counters that have begun anew: the epoch in the former life, and the one here.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters(BTreeMap<(EquipmentId, String), (u32, u32)>);

impl Counters {
    /// What `counted` of the former life adds to what `plant` knows.
    pub(super) fn fit(&mut self, plant: &Plant, counted: Counted) -> Counted {
        let Some(machine) = plant.machines.get(&counted.equipment) else { return counted };
        let Some(base) = machine.counters.get(&counted.source) else { return counted };
        let place = (counted.equipment, counted.source.clone());
        let anew = counted.verdict == Verdict::Base && dropped(&counted).is_none();
        if anew && machine.moved.contains(&counted.source) {
            let epoch = counter::begin_anew(Some(base), counted.raw_to).epoch;
            self.0.insert(place, (counted.epoch, epoch));
            return Counted { epoch, ..counted };
        }
        let epoch = match self.0.get(&place) {
            Some((there, here)) => here.saturating_add(counted.epoch.saturating_sub(*there)),
            None => counted.epoch,
        };
        beyond(base, Counted { epoch, ..counted })
    }
}

/// Parts up to where a counter stood when somebody dropped what it showed then, where facts that
/// both sides have lost told of them.
pub(super) fn before(machine: &Machine, counted: &Counted) -> Option<Counted> {
    let base = machine.counters.get(&counted.source)?;
    let (raw_from, raw_to) = (base.unwrapped, dropped(counted)?.before);
    let goes_on = counted.epoch == base.epoch && raw_to > raw_from;
    let (quantity, verdict) = (raw_to - raw_from, Verdict::Gap);
    goes_on.then(|| Counted { raw_from, raw_to, quantity, verdict, raw: None, ..counted.clone() })
}

/// What somebody dropped, where `counted` tells of that: between these the counter made nothing.
fn dropped(counted: &Counted) -> Option<Readings> {
    let told = counted.raw.filter(|raw| raw.now > raw.before);
    told.filter(|_| counted.verdict == Verdict::Base)
}

/// Parts up to the last reading before a map moved the counter, where facts that both sides have lost
/// told of them.
pub(super) fn missing(machine: &Machine, moved: &CounterMoved, at: Stamp) -> Option<Counted> {
    let base = machine.counters.get(&moved.source)?;
    let (raw_from, raw_to) = (base.unwrapped, moved.last?);
    let goes_on = moved.epoch == Some(base.epoch) && !machine.moved.contains(&moved.source);
    (goes_on && raw_to > raw_from).then_some(Counted {
        raw: None,
        equipment: moved.equipment,
        source: moved.source.clone(),
        counter: moved.counter?,
        epoch: base.epoch,
        raw_from,
        raw_to,
        quantity: raw_to - raw_from,
        verdict: Verdict::Gap,
        since: at,
        until: at,
        batch: None,
        map: String::new(),
    })
}

/// The part of `counted` that `base` does not hold yet.
fn beyond(base: &Base, counted: Counted) -> Counted {
    // A reset that the base does not know of.
    if counted.epoch > base.epoch {
        return counted;
    }
    if dropped(&counted).is_some() && counted.epoch == base.epoch && counted.raw_to > base.unwrapped
    {
        return counted;
    }
    let (from, to) = match counted.verdict {
        // Nothing was known before it, now something is: the next reading is judged by that.
        Verdict::Base | Verdict::Held => (base.unwrapped, base.unwrapped),
        // From the base on: the counter still tells what facts told that both sides have lost.
        Verdict::Increase | Verdict::Gap | Verdict::Wrap if counted.epoch == base.epoch => {
            (base.unwrapped, counted.raw_to.max(base.unwrapped))
        },
        _ => (counted.raw_from.max(base.unwrapped), counted.raw_to.max(base.unwrapped)),
    };
    let verdict = match counted.verdict {
        Verdict::Held => Verdict::Held,
        _ => Verdict::Increase,
    };
    let quantity = to - from;
    Counted { epoch: base.epoch, raw_from: from, raw_to: to, quantity, verdict, ..counted }
}
