//! When a unit is asked for what. Pure.
//!
//! The reads of a group are due at the points of its grid, and each should be answered before the next
//! point: that is its deadline. Of several that are due the one with the earliest deadline is first.
//! Where there is not time enough for all, the one that has missed most points is, so that a
//! long list that is read rarely never keeps a short one from being read. It knows no line and waits for nothing.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

use super::{plan::GroupPlan, read::Read};
use crate::ingest::reach::Backoff;

/// A read with its place in time.
#[derive(Debug)]
pub(super) struct Due {
    pub read: Read,
    /// What its answer is called in the ring of raw readings.
    pub of: Arc<str>,
    /// Delays while the device does not answer this one.
    pub busy: Backoff,
    group: usize,
    at: Instant,
}

/// The reads of a unit but the one that is under way.
#[derive(Debug)]
pub(super) struct Schedule {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    interval: Duration,
    /// The first point of its grid.
    first: Instant,
    later: Vec<Due>,
    /// What was due when the round began; what it brings belongs together.
    round: VecDeque<Due>,
}

impl Schedule {
    /// The grids of `plans` from `begins` on, without reads.
    pub(super) fn new(plans: &[GroupPlan], begins: Instant) -> Self {
        let group = |plan: &GroupPlan| Group {
            interval: plan.interval,
            first: begins + plan.phase,
            later: Vec::new(),
            round: VecDeque::new(),
        };
        Self { groups: plans.iter().map(group).collect() }
    }

    /// Gives a group other reads, due at the last point of its grid, or the first. What it had
    /// before keeps its delays.
    pub(super) fn fill(
        &mut self,
        group: usize,
        reads: Vec<(Read, Arc<str>)>,
        now: Instant,
        busy: &dyn Fn() -> Backoff,
    ) {
        let Some(filled) = self.groups.get_mut(group) else { return };
        let at = filled.latest(now);
        let before = filled.round.drain(..).chain(filled.later.drain(..));
        let mut before: BTreeMap<Arc<str>, Backoff> =
            before.map(|due| (due.of, due.busy)).collect();
        let due = |(read, of)| {
            let busy = before.remove(&of).unwrap_or_else(busy);
            Due { read, of, busy, group, at }
        };
        filled.later = reads.into_iter().map(due).collect();
    }

    /// When the next read is due.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.groups
            .iter()
            .flat_map(|group| group.round.iter().chain(&group.later))
            .map(|due| due.at)
            .min()
    }

    /// The read whose turn it is.
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        self.groups.iter_mut().for_each(|group| group.gather(now));
        let due = self.groups.iter_mut().filter(|group| !group.round.is_empty());
        due.min_by_key(|group| group.urgency(now))?.round.pop_front()
    }

    /// The read that is most likely answered, whether it is due or not: for a unit that is only asked
    /// whether it is there.
    pub(super) fn take_any(&mut self) -> Option<Due> {
        self.take_likely(|_| true)
    }

    /// As [`Schedule::take_any`], after a request that came to nothing; one that came to nothing itself
    /// only when it is due.
    pub(super) fn take_witness(&mut self, now: Instant) -> Option<Due> {
        self.take_likely(|due| due.busy.attempts() == 0 || due.at <= now)
    }

    fn take_likely(&mut self, may: impl Fn(&Due) -> bool) -> Option<Due> {
        self.put_back();
        let likely = |due: &Due| (due.busy.attempts(), due.at);
        let groups = self.groups.iter_mut();
        let firsts = groups.filter_map(|group| {
            let all = group.later.iter().enumerate().filter(|(_, due)| may(due));
            let (index, due) = all.min_by_key(|(_, due)| likely(due))?;
            Some((likely(due), index, group))
        });
        let (_, index, group) = firsts.min_by_key(|(likely, ..)| *likely)?;
        Some(group.later.remove(index))
    }

    /// It was answered: again at the next point, or at the last one if some have gone by.
    pub(super) fn answered(&mut self, due: Due, now: Instant) {
        self.after(due, |group, at| group.following(at).max(group.latest(now)));
    }

    /// It could not be answered: again from the first point on that is not before `until`.
    pub(super) fn put_off(&mut self, due: Due, until: Instant) {
        self.after(due, |group, at| group.following(at).max(group.next(until)));
    }

    /// It was not answered, and is due again at `until`, whatever the grid.
    pub(super) fn failed(&mut self, due: Due, until: Instant) {
        self.after(due, |_, _| until);
    }

    /// Asks for the same at once in two parts, which keep its place in time.
    pub(super) fn split(&mut self, due: &Due, parts: [(Read, Arc<str>, Backoff); 2]) {
        let (group, at) = (due.group, due.at);
        let Some(groups) = self.groups.get_mut(group) else { return };
        for (read, of, busy) in parts.into_iter().rev() {
            groups.round.push_front(Due { read, of, busy, group, at });
        }
    }

    /// Whether nothing is left to ask of the round that `due` belongs to.
    pub(super) fn is_last(&self, due: &Due) -> bool {
        self.groups.get(due.group).is_none_or(|group| group.round.is_empty())
    }

    /// Ends all rounds: what they had still to ask is due as before.
    pub(super) fn put_back(&mut self) {
        for group in &mut self.groups {
            group.later.extend(group.round.drain(..));
        }
    }

    fn after(&mut self, mut due: Due, at: impl Fn(&Group, Instant) -> Instant) {
        let Some(group) = self.groups.get_mut(due.group) else { return };
        due.at = at(group, due.at);
        group.later.push(due);
    }
}

impl Group {
    /// Begins the next round when the last one is over.
    fn gather(&mut self, now: Instant) {
        if self.round.is_empty() {
            self.later.sort_by_key(|due| due.at);
            let due = self.later.partition_point(|due| due.at <= now);
            self.round.extend(self.later.drain(..due));
        }
    }

    /// How many points its first read has missed, and the deadline. The least is the most urgent.
    fn urgency(&self, now: Instant) -> Option<(Reverse<u128>, Instant)> {
        let at = self.round.front()?.at;
        let late = now.saturating_duration_since(at).as_nanos();
        let missed = late.checked_div(self.interval.as_nanos()).unwrap_or(0);
        Some((Reverse(missed), at + self.interval))
    }

    /// The last point of the grid that is not after `when`, or the first.
    fn latest(&self, when: Instant) -> Instant {
        let passed = when.saturating_duration_since(self.first);
        let into = passed.as_nanos().checked_rem(self.interval.as_nanos()).unwrap_or(0);
        self.first + (passed - Duration::from_nanos(u64::try_from(into).unwrap_or(0)))
    }

    /// The first point of the grid after `when`.
    fn following(&self, when: Instant) -> Instant {
        self.latest(when) + self.interval
    }

    /// The first point of the grid that is not before `when`.
    fn next(&self, when: Instant) -> Instant {
        let latest = self.latest(when);
        if latest < when { latest + self.interval } else { latest }
    }
}

#[cfg(test)]
mod tests;
