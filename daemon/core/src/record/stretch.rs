//! Comings and goings as stretches of time: of a person or a further machine at a batch.

use super::Assertion;
use crate::{id::Origin, time::Micros};

/// Somebody came, or went.
pub(super) type Move<K> = (Assertion, K, bool);

/// One uninterrupted stretch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stretch<K> {
    pub(super) of: K,
    pub(super) from: Micros,
    pub(super) until: Option<Micros>,
}

/// Where an assertion stands in time. Within one log the sequence counts, and a wall clock that was
/// put back stands still instead.
pub(super) type InTime = (i64, Origin, u64);

/// Assertions with what they say, in time.
pub(super) fn in_order<T>(all: impl IntoIterator<Item = (Assertion, T)>) -> Vec<(InTime, T)> {
    let mut all: Vec<(Assertion, T)> = all.into_iter().collect();
    all.sort_by_key(|(assertion, _)| (assertion.origin, assertion.seq));
    let mut last: Option<(Origin, i64)> = None;
    let mut ordered: Vec<(InTime, T)> = Vec::with_capacity(all.len());
    for (assertion, said) in all {
        let floor = last.filter(|(origin, _)| *origin == assertion.origin);
        let wall_us = floor.map_or(assertion.wall_us, |(_, us)| us.max(assertion.wall_us));
        last = Some((assertion.origin, wall_us));
        ordered.push(((wall_us, assertion.origin, assertion.seq), said));
    }
    ordered.sort_by_key(|(place, _)| *place);
    ordered
}

/// Stretches in the order they began: of those who were there `from` the beginning, and of those
/// who came. What is open ends with the whole.
pub(super) fn stretches<'m, K: Copy + PartialEq + 'm>(
    first: impl IntoIterator<Item = K>,
    moves: impl IntoIterator<Item = &'m Move<K>>,
    from: Micros,
    until: Option<Micros>,
) -> Vec<Stretch<K>> {
    let begin = |of, from| Stretch { of, from, until: None };
    let mut all: Vec<Stretch<K>> = first.into_iter().map(|of| begin(of, from)).collect();
    let moves = moves.into_iter().map(|(assertion, of, came)| (assertion.clone(), (*of, *came)));
    for ((us, ..), (of, came)) in in_order(moves) {
        let open = all.iter_mut().find(|stretch| stretch.of == of && stretch.until.is_none());
        match (open, came) {
            (None, true) => all.push(begin(of, Micros(us))),
            (Some(open), false) => open.until = Some(Micros(us)),
            (Some(_), true) | (None, false) => {},
        }
    }
    for open in all.iter_mut().filter(|stretch| stretch.until.is_none()) {
        open.until = until;
    }
    all
}
