//! What becomes of batches must not depend on whose facts arrive first: the inbox is folded anew, in
//! two other orders, and compared.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::fact::{Body, Fact};
use kart_core::id::{Origin, RecordId};

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
    let folded = (forwards, backwards);
    let [now, forwards, backwards] = [state, &folded.0, &folded.1].map(|state| batches(state, &logs));
    for other in [forwards, backwards] {
        // Which records are one batch can depend on it where three of them overlap in a row.
        if !now.keys().eq(other.keys()) {
            continue;
        }
        let differs = now.iter().zip(&other).find(|(one, other)| one != other);
        if let Some(((names, resolved), _)) = differs {
            let first = names.first().map(|id| id.0)?;
            let all = [state, &folded.0, &folded.1].map(|state| state.instances_of(first));
            return Some(format!("{names:?} is {resolved}, and in another order is not: {all:#?}"));
        }
    }
    None
}

fn batches(state: &State, logs: &BTreeMap<Origin, Vec<Fact>>) -> Batches {
    let started = logs.iter().flat_map(|(origin, facts)| {
        let starts = facts.iter().filter(|fact| matches!(fact.fact, Body::BatchStarted(_)));
        starts.map(|fact| origin.record(fact.seq))
    });
    let mut names: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
    for record in started {
        names.entry(state.canonical(record)).or_default().insert(record);
    }
    let resolved = |of: &RecordId| state.office.resolved.contains_key(of);
    names.into_iter().map(|(of, names)| (names, resolved(&of))).collect()
}
