//! What becomes of batches must not depend on whose facts arrive first: the inbox is folded anew, in
//! two other orders, and compared.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::fact::{BatchStarted, Body, Fact};
use kart_core::id::{Origin, ProductId, RecordId};

use super::super::centre::State;
use super::office::Inbox;

/// A batch under all its names, and whether it is resolved.
type Batches = BTreeMap<BTreeSet<RecordId>, bool>;

/// What differs, where something does.
pub(super) fn closings(state: &State, inbox: &Inbox) -> Option<String> {
    let concerns = |fact: &&Fact| {
        matches!(
            fact.fact,
            Body::BatchStarted(_)
                | Body::BatchJoined { .. }
                | Body::BatchLeft { .. }
                | Body::BatchCompleted { .. }
                | Body::BatchAborted(_)
        )
    };
    let waits = |origin: &Origin, fact: &Fact| {
        let place = (origin.terminal.0, origin.incarnation.to_string(), fact.seq);
        state.quarantine.contains_key(&place)
    };
    let facts = inbox.facts().filter(|(origin, fact)| concerns(fact) && !waits(origin, fact));
    let mut logs: BTreeMap<Origin, Vec<Fact>> = BTreeMap::new();
    for (origin, fact) in facts {
        logs.entry(origin).or_default().push(fact.clone());
    }
    let forwards = state.refolded(logs.iter().map(|(origin, facts)| (*origin, &**facts)));
    let backwards = state.refolded(logs.iter().rev().map(|(origin, facts)| (*origin, &**facts)));
    let disputed = disputed(state, &logs);
    let now = batches(state, &logs);
    for folded in [&forwards, &backwards] {
        let other = batches(folded, &logs);
        // Which records are one batch can depend on it where three of them overlap in a row.
        if !now.keys().eq(other.keys()) {
            continue;
        }
        let differs = now
            .iter()
            .zip(&other)
            .find(|((names, one), (_, two))| one != two && names.is_disjoint(&disputed));
        if let Some(((names, resolved), _)) = differs {
            return Some(format!("{names:?} is {resolved}, and in another order is not"));
        }
    }
    None
}

/// Batches of a number that two terminals began as one with different products: it is made of what the
/// first to arrive said, and a supervisor is told (`other_product`).
fn disputed(state: &State, logs: &BTreeMap<Origin, Vec<Fact>>) -> BTreeSet<RecordId> {
    let started: Vec<_> = logs.iter().flat_map(|(origin, facts)| starts(*origin, facts)).collect();
    let mut products: BTreeMap<RecordId, BTreeSet<ProductId>> = BTreeMap::new();
    for (record, started) in &started {
        products.entry(state.canonical(*record)).or_default().insert(started.product);
    }
    let disputed = |record| products[&state.canonical(record)].len() > 1;
    let numbers = started.iter().filter(|(record, _)| disputed(*record));
    let numbers: BTreeSet<&str> = numbers.map(|(_, started)| &*started.number).collect();
    let of = started.iter().filter(|(_, started)| numbers.contains(&*started.number));
    of.map(|(record, _)| *record).collect()
}

fn starts(origin: Origin, facts: &[Fact]) -> impl Iterator<Item = (RecordId, &BatchStarted)> {
    facts.iter().filter_map(move |fact| match &fact.fact {
        Body::BatchStarted(started) => Some((origin.record(fact.seq), started)),
        _ => None,
    })
}

fn batches(state: &State, logs: &BTreeMap<Origin, Vec<Fact>>) -> Batches {
    let started = logs.iter().flat_map(|(origin, facts)| starts(*origin, facts));
    let mut names: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
    for (record, _) in started {
        names.entry(state.canonical(record)).or_default().insert(record);
    }
    let resolved = |of: &RecordId| state.office.resolved.contains_key(of);
    names.into_iter().map(|(of, names)| (names, resolved(&of))).collect()
}
