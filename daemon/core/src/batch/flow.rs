//! What becomes of the instances of one batch at the stations it has come to, all of them together:
//! a function of how they stand, so that the order in which terminals told of them makes no
//! difference. Who may be clocked in where is none of its business, nor are corrections.

use std::collections::{BTreeMap, BTreeSet};

use super::{Closed, Closing, closing};
use crate::{
    id::{RecordId, StationId},
    time::Micros,
};

/// How the record of a batch ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It has not.
    Open,
    /// Somebody completed it.
    Completed,
    /// It was given up.
    Aborted,
}

/// A batch at one of its stations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Its record.
    pub record: RecordId,
    /// Where.
    pub station: StationId,
    /// When it began there.
    pub began: Micros,
    /// When the last open entry closed; `None` while somebody works on it.
    pub closed: Option<Micros>,
    /// How its record ended.
    pub end: End,
    /// When somebody resolved it by hand.
    pub settled: Option<Micros>,
    /// When the part began that continues it on another machine.
    pub continued: Option<Micros>,
}

/// What becomes of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Which of the documented cases it is; `None` while somebody works on it.
    pub closing: Option<Closing>,
    /// Since when it is resolved.
    pub resolved: Option<Micros>,
}

/// What becomes of all `instances` of one batch, where `feeds` says which stations lead to which.
///
/// An instance stands further down for as long as it is neither resolved nor given up, and whatever
/// begins further down later leaves behind what stands further up.
pub fn outcomes(
    instances: &[Instance],
    feeds: &[(StationId, StationId)],
) -> BTreeMap<RecordId, Outcome> {
    let mut closed: Vec<(Micros, &Instance)> =
        instances.iter().filter_map(|one| Some((one.closed?, one))).collect();
    closed.sort_by_key(|(at, one)| (*at, one.record));
    let working = Outcome { closing: None, resolved: None };
    let mut all: BTreeMap<_, _> = instances.iter().map(|one| (one.record, working)).collect();
    let by_hand = instances.iter().filter_map(|one| Some((one.record, one.settled?)));
    // Whatever else was over before an instance closed has closed before it.
    let mut over: BTreeMap<RecordId, Micros> = by_hand.collect();
    for (at, one) in closed {
        let down = down(one.station, feeds);
        let further = instances.iter().filter(|other| {
            other.record != one.record
                && down.contains(&other.station)
                && (other.began > at || over.get(&other.record).is_none_or(|over| *over > at))
        });
        let since = further.map(|other| other.began).chain(one.continued).min();
        let since = since.map(|began| began.max(at));
        let how = if one.end == End::Completed { Closed::Completed } else { Closed::Left };
        let closing = closing(how, since.is_some(), !down.is_empty());
        let resolved = closing.resolved().filter(|resolved| *resolved).map(|_| since.unwrap_or(at));
        let gone = if one.end == End::Aborted { Some(at) } else { resolved };
        over.extend(gone.map(|gone| (one.record, gone)));
        all.insert(one.record, Outcome { closing: Some(closing), resolved });
    }
    all
}

/// The stations that a batch comes to from one; edges may run in circles.
fn down(from: StationId, feeds: &[(StationId, StationId)]) -> BTreeSet<StationId> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(station) = next.pop() {
        let onward = feeds.iter().filter(|(up, _)| *up == station).map(|(_, down)| *down);
        next.extend(onward.filter(|down| found.insert(*down)).collect::<Vec<_>>());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn station(n: u128) -> StationId {
        StationId(Uuid::from_u128(n))
    }

    /// Number of the record and of its station.
    fn at(n: u128, began: i64, closed: Option<i64>, end: End) -> Instance {
        let record = RecordId(Uuid::from_u128(n));
        let (began, closed) = (Micros(began), closed.map(Micros));
        Instance { record, station: station(n), began, closed, end, settled: None, continued: None }
    }

    /// 1 feeds 2, and 2 feeds 3.
    fn resolved(instances: &[Instance]) -> Vec<Option<i64>> {
        let feeds = [(station(1), station(2)), (station(2), station(3))];
        let outcomes = outcomes(instances, &feeds);
        let of = |one: &Instance| outcomes[&one.record].resolved.map(|at| at.0);
        instances.iter().map(of).collect()
    }

    #[test]
    fn whoever_completes_before_the_next_station_begins_waits_until_it_does() {
        let up = at(1, 0, Some(10), End::Completed);
        assert_eq!(resolved(&[up]), [None], "it waits to be routed");
        let down = at(2, 20, None, End::Open);
        assert_eq!(resolved(&[up, down]), [Some(20), None]);
        let ended = at(3, 30, Some(40), End::Completed);
        assert_eq!(resolved(&[up, ended]), [Some(30), Some(40)], "it went on, and that is over");
        let given_up = at(2, 20, Some(25), End::Aborted);
        assert_eq!(resolved(&[up, given_up]), [Some(20), None], "it went on and was given up");
    }

    #[test]
    fn what_was_over_further_down_holds_nobody_back() {
        let ended = at(3, 5, Some(8), End::Completed);
        let up = at(1, 0, Some(10), End::Completed);
        assert_eq!(resolved(&[up, ended]), [None, Some(8)], "the rest waits to be routed");
        let still = at(3, 5, Some(12), End::Completed);
        assert_eq!(resolved(&[up, still]), [Some(10), Some(12)]);
        // In the middle it was over only because it had gone on, and that not yet.
        let middle = at(2, 4, Some(6), End::Open);
        assert_eq!(resolved(&[up, middle]), [Some(10), None]);
        assert_eq!(resolved(&[up, middle, ended]), [None, Some(6), Some(8)]);
    }

    #[test]
    fn what_goes_on_on_another_machine_is_resolved_wherever_that_stands() {
        let first = at(1, 0, Some(10), End::Completed);
        let rest = at(1, 12, None, End::Open);
        assert_eq!(resolved(&[first]), [None], "it waits to be routed");
        let rest = Instance { record: RecordId(Uuid::from_u128(9)), ..rest };
        let first = Instance { continued: Some(Micros(12)), ..first };
        assert_eq!(resolved(&[first, rest]), [Some(12), None]);
        let working = Instance { closed: None, ..first };
        assert_eq!(resolved(&[working, rest]), [None, None], "somebody still works on it");
    }

    #[test]
    fn who_works_on_is_not_behind_and_who_left_for_lunch_is_not_done() {
        let down = at(3, 5, None, End::Open);
        let working = at(1, 0, None, End::Open);
        assert_eq!(resolved(&[working, down]), [None, None]);
        let left = at(1, 0, Some(3), End::Open);
        assert_eq!(resolved(&[left]), [None]);
        assert_eq!(resolved(&[left, down]), [Some(5), None]);
        assert_eq!(resolved(&[at(3, 0, Some(3), End::Open)]), [None], "nor at the end of the flow");
    }

    #[test]
    fn what_somebody_resolved_by_hand_stands_nowhere() {
        let up = at(1, 0, Some(10), End::Completed);
        let down = at(2, 5, None, End::Open);
        let settled = |at| Instance { settled: Some(Micros(at)), ..down };
        assert_eq!(resolved(&[up, down]), [Some(10), None]);
        assert_eq!(resolved(&[up, settled(8)]), [None, None]);
        assert_eq!(resolved(&[up, settled(11)]), [Some(10), None]);
    }

    #[test]
    fn a_circle_ends() {
        let feeds = [(station(1), station(2)), (station(2), station(1))];
        let both = [at(1, 0, Some(4), End::Completed), at(2, 5, Some(9), End::Completed)];
        let outcomes = outcomes(&both, &feeds);
        let closing = both.map(|one| outcomes[&one.record].closing);
        assert_eq!(closing, [Some(Closing::ResolvedBehind), Some(Closing::WaitsForRouting)]);
    }
}
