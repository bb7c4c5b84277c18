//! Stops that wait and those that were explained lately, and what can be made of them.

use kart_api::{Blind, Offer, Stop, View};
use kart_core::{
    fact::stop::Because,
    id::{EquipmentId, RecordId},
    machine::MachineState,
    time::Micros,
};
use std::collections::BTreeSet;

use super::{Choice, Entry, Sending, TextField, Who, unexplained};

/// The list of stops.
#[derive(Clone, Debug)]
pub struct StopsScreen {
    /// Those that wait, blind times, and those explained lately.
    pub choice: Choice<RecordId>,
    /// Those that are to become one.
    pub marked: Vec<RecordId>,
}

/// One line of that list.
#[derive(Clone, Copy, Debug)]
pub enum Listed<'v> {
    /// A stop.
    Stop(&'v Stop),
    /// A time that nobody saw.
    Blind(&'v Blind),
}

/// What is listed under this key.
pub fn listed(view: &View, id: RecordId) -> Option<Listed<'_>> {
    let stop = view.stops.iter().chain(&view.review.explained).find(|stop| stop.id == id);
    let blind = || view.review.blinds.iter().find(|blind| blind.id == id);
    stop.map(Listed::Stop).or_else(|| blind().map(Listed::Blind))
}

impl StopsScreen {
    /// The list as it is now.
    pub fn new(view: &View, first: Option<EquipmentId>) -> Self {
        let mut screen = Self { choice: Choice::new(vec![]), marked: vec![] };
        screen.follow(view, first);
        screen.choice.step(0);
        screen
    }

    /// Lists what is there now. What was listed before keeps its place, new lines come last of
    /// those that wait: a line must not move away under the finger.
    pub fn follow(&mut self, view: &View, first: Option<EquipmentId>) {
        let choice = &self.choice;
        let place = |id| choice.entries.iter().position(|entry| entry.key == id);
        let mut waiting: Vec<RecordId> =
            unexplained(view, first).into_iter().map(|stop| stop.id).collect();
        waiting.extend(view.review.blinds.iter().map(|blind| blind.id));
        waiting.sort_by_key(|id| place(*id).unwrap_or(usize::MAX));
        // What was said of a stop that lasts can be put right at once.
        waiting.extend(view.stops.iter().filter(|stop| stop.reason.is_some()).map(|stop| stop.id));
        waiting.extend(view.review.explained.iter().map(|stop| stop.id));
        self.marked.retain(|marked| waiting.contains(marked));
        self.choice.list(waiting.into_iter().map(Entry::of).collect());
    }

    /// Marks the chosen line, or takes the mark away.
    pub fn mark(&mut self) {
        let Some(id) = self.choice.key() else { return };
        match self.marked.iter().position(|marked| *marked == id) {
            Some(at) => drop(self.marked.remove(at)),
            None => self.marked.push(id),
        }
    }
}

/// When the second part of a stop began.
#[derive(Clone, Debug)]
pub struct SplitForm {
    /// Which stop.
    pub stop: RecordId,
    /// When it began …
    pub from_us: Micros,
    /// … and ended.
    pub until_us: Micros,
    /// Who.
    pub who: Who,
    /// The time, as typed.
    pub at: TextField,
    /// How far the command is.
    pub sending: Sending,
}

/// Stops that wait, alike ones together.
#[derive(Clone, Debug)]
pub struct SweepScreen {
    /// The groups, by their place.
    pub choice: Choice<usize>,
    /// What is in them.
    pub groups: Vec<Group>,
}

/// Stops that are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Of which machine.
    pub machine: EquipmentId,
    /// What it did.
    pub state: MachineState,
    /// The stops, newest first.
    pub stops: Vec<RecordId>,
    /// How long in all, microseconds.
    pub lasted_us: i64,
    /// The reason that suits best.
    pub offer: Option<Offer>,
}

impl SweepScreen {
    /// All that wait and are over; the group that took most time first.
    pub fn new(view: &View) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for stop in view.stops.iter().filter(|stop| stop.reason.is_none()) {
            let Some(until) = stop.until_us else { continue };
            let lasted_us = until.0.saturating_sub(stop.from_us.0);
            // A reason that only stands in the list was suggested by nothing.
            let offer = stop.offers.first().filter(|offer| offer.because != Because::Listed);
            let alike = |group: &&mut Group| {
                let same = group.offer.map(|offer| offer.reason) == offer.map(|offer| offer.reason);
                (group.machine, group.state) == (stop.machine, stop.state) && same
            };
            match groups.iter_mut().find(alike) {
                Some(group) => {
                    group.stops.push(stop.id);
                    group.lasted_us += lasted_us;
                },
                None => groups.push(Group {
                    machine: stop.machine,
                    state: stop.state,
                    stops: vec![stop.id],
                    lasted_us,
                    offer: offer.copied(),
                }),
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.lasted_us));
        let mut choice = Choice::of(0..groups.len());
        choice.step(0);
        Self { choice, groups }
    }

    /// The chosen group.
    pub fn group(&self) -> Option<&Group> {
        self.groups.get(self.choice.key()?)
    }

    /// These stops are explained: they are listed no more.
    pub fn leave_out(&mut self, gone: &[RecordId]) {
        for group in &mut self.groups {
            group.stops.retain(|stop| !gone.contains(stop));
        }
        let groups = &self.groups;
        let left = |entry: &Entry<usize>| {
            groups.get(entry.key).is_some_and(|group| !group.stops.is_empty())
        };
        self.choice.entries.retain(left);
        self.choice.chosen = None;
        self.choice.step(0);
    }
}

/// Stops that raised a card, or will when nothing else is on the screen.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    /// Those that had their card; `None` until the first state has come.
    pub seen: Option<BTreeSet<RecordId>>,
    /// Those that were said while something else was on the screen.
    pub said: BTreeSet<RecordId>,
    /// Those whose card or list somebody has put away: they know.
    pub known: BTreeSet<RecordId>,
}
