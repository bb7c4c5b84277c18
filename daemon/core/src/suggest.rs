//! Which reasons are offered for a stop, and in which order: what the machine's map says of the
//! fault, then what people gave for stops like this one on this machine, then the site's list.
//!
//! Only an order. Nothing is ever chosen for anybody.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    fact::stop::Because,
    id::ReasonId,
    plant::{Circumstances, Given, Plant, Stop},
    reference::{Reason, ReasonGroup, Reference},
};

/// A reason with why it stands where it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suggestion {
    /// Which one.
    pub reason: ReasonId,
    /// Why it stands there.
    pub because: Because,
}

/// What one past reason is worth; less for each that was given since.
const WORTH: i64 = 1_000;
const LESS: i64 = 12;

/// By so many percent more than among all reasons something must hold to be named as the cause.
const TELLING: i64 = 25;

/// All reasons of the site for a stop, the likeliest first; of twins the likelier one.
pub fn suggested(plant: &Plant, reference: &Reference, stop: &Stop) -> Vec<Suggestion> {
    let known = plant.machines.get(&stop.equipment);
    let given = known.map(|machine| machine.given.as_slice()).unwrap_or_default();
    let proposed = stop.detail.reason.as_deref();
    let proposed = proposed.and_then(|code| reference.downtime_reason_of(code));
    ranked(reference, given, proposed, &Circumstances::of(stop))
}

/// The same of what is known.
pub fn ranked(
    reference: &Reference,
    given: &[Given],
    proposed: Option<ReasonId>,
    when: &Circumstances,
) -> Vec<Suggestion> {
    let mut points: BTreeMap<ReasonId, i64> = BTreeMap::new();
    for (age, given) in given.iter().rev().enumerate() {
        *points.entry(given.reason).or_default() += worth(age, &given.when, when);
    }
    let mut liked: Vec<(ReasonId, i64)> = points.into_iter().collect();
    liked.sort_by_key(|(reason, points)| (std::cmp::Reverse(*points), *reason));
    let proposed = proposed.map(|reason| Suggestion { reason, because: Because::Map });
    let liked = liked.into_iter().map(|(reason, _)| {
        let because = because(reason, given, when);
        Suggestion { reason, because }
    });
    let listed = in_order(reference, when.state.group_type())
        .map(|(_, reason)| Suggestion { reason: reason.id, because: Because::Listed });
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let all = proposed.into_iter().chain(liked).chain(listed);
    all.filter(|suggestion| {
        let known = reference.downtime_reason(suggestion.reason);
        known.is_some_and(|(_, reason)| seen.insert((reason.code.as_str(), reason.name.as_str())))
    })
    .collect()
}

/// The reasons of this code and name, each in a group of another type, this one first.
pub fn twins(reference: &Reference, id: ReasonId) -> Vec<(&ReasonGroup, &Reason)> {
    let Some((group, reason)) = reference.downtime_reason(id) else { return vec![] };
    let mut types = BTreeSet::from([group.group_type.as_str()]);
    let alike = |(_, other): &(&ReasonGroup, &Reason)| {
        other.id != id && other.code == reason.code && other.name == reason.name
    };
    let others = in_order(reference, None).filter(alike);
    let others = others.filter(|(group, _)| types.insert(group.group_type.as_str()));
    std::iter::once((group, reason)).chain(others).collect()
}

/// All reasons, groups of type `first` before the others.
fn in_order<'r>(
    reference: &'r Reference,
    first: Option<&str>,
) -> impl Iterator<Item = (&'r ReasonGroup, &'r Reason)> + use<'r> {
    let mut groups: Vec<&ReasonGroup> = reference.downtime_groups.iter().collect();
    groups.sort_by_key(|group| Some(group.group_type.as_str()) != first);
    groups.into_iter().flat_map(|group| group.reasons.iter().map(move |reason| (group, reason)))
}

/// What a reason that was given then says of a stop now.
fn worth(age: usize, then: &Circumstances, now: &Circumstances) -> i64 {
    let age = i64::try_from(age).unwrap_or(i64::MAX / LESS);
    let worth = (WORTH - LESS * age).max(WORTH / 10);
    let faults = then.fault.as_ref().zip(now.fault.as_ref());
    let mut points = match faults {
        Some((then, now)) if then == now => worth * 100,
        Some(_) => worth / 4,
        None => worth,
    };
    if then.state != now.state {
        points /= 4;
    }
    if then.before.is_some() && then.before == now.before {
        points += worth / 2;
    }
    if same_product(then, now) {
        points += worth;
    }
    if same_hour(then, now) {
        points += worth / 2;
    }
    points
}

fn same_product(then: &Circumstances, now: &Circumstances) -> bool {
    then.product.is_some() && then.product == now.product
}

/// Within an hour of each other, also round midnight.
fn same_hour(then: &Circumstances, now: &Circumstances) -> bool {
    let apart = then.hour.abs_diff(now.hour);
    apart.min(24u8.saturating_sub(apart)) <= 1
}

/// What speaks for a reason more than for the others.
fn because(reason: ReasonId, given: &[Given], now: &Circumstances) -> Because {
    let of_it = || given.iter().filter(|given| given.reason == reason).map(|given| &given.when);
    if now.fault.is_some() && of_it().any(|then| then.fault == now.fault) {
        return Because::Fault;
    }
    let share = |all: &mut dyn Iterator<Item = &Circumstances>,
                 holds: &dyn Fn(&Circumstances) -> bool| {
        let (mut count, mut of) = (0, 0);
        for then in all {
            count += i64::from(holds(then));
            of += 1;
        }
        count * 100 / of.max(1)
    };
    let excess = |holds: &dyn Fn(&Circumstances) -> bool| {
        let mut all = given.iter().map(|given| &given.when);
        share(&mut of_it(), holds) - share(&mut all, holds)
    };
    let causes = [
        (Because::Product, excess(&|then| same_product(then, now))),
        (Because::Before, excess(&|then| then.before.is_some() && then.before == now.before)),
        (Because::Hour, excess(&|then| same_hour(then, now))),
    ];
    let strongest = causes.into_iter().rev().max_by_key(|(_, excess)| *excess);
    match strongest {
        Some((because, excess)) if excess >= TELLING => because,
        _ => Because::Favourite,
    }
}

#[cfg(test)]
mod tests;
