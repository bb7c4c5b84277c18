//! The queues of a machine and its station, as they stand and as they are asked to be.

use kart_api::{Order, View};
use kart_core::{
    fact::queue::{Place, Queue},
    id::{EquipmentId, RecordId},
};

use super::{Sending, Who};

/// The orders of one machine.
#[derive(Clone, Debug)]
pub struct OrdersScreen {
    /// Which machine.
    pub machine: EquipmentId,
    /// Who.
    pub who: Who,
    /// The entry in focus.
    pub chosen: Option<RecordId>,
    /// How far the wish is.
    pub sending: Sending,
}

/// One line of the screen.
#[derive(Clone, Copy, Debug)]
pub struct OrderLine<'v> {
    /// The entry.
    pub order: &'v Order,
    /// Its place in its queue, counted from 0.
    pub place: usize,
}

impl OrdersScreen {
    /// What is next on the machine: its own queue, then that of its station.
    pub fn lines<'v>(&self, view: &'v View) -> Vec<OrderLine<'v>> {
        let mut lines: Vec<OrderLine<'v>> = Vec::new();
        for order in next_on(view, self.machine) {
            let same = |line: &&OrderLine<'_>| line.order.queued.queue == order.queued.queue;
            let place = lines.iter().filter(same).count();
            lines.push(OrderLine { order, place });
        }
        lines
    }

    /// Keeps the focus on an entry that is still there.
    pub fn keep(&mut self, view: &View) {
        let there = |chosen| self.lines(view).iter().any(|l| l.order.queued.entry == chosen);
        if !self.chosen.is_some_and(there) {
            self.chosen = None;
            self.step(view, 0);
        }
    }

    /// Moves by `step` and stops at the ends.
    pub fn step(&mut self, view: &View, step: isize) {
        let lines = self.lines(view);
        let Some(last) = lines.len().checked_sub(1) else { return };
        let at = lines.iter().position(|line| Some(line.order.queued.entry) == self.chosen);
        let next = at.map_or(0, |at| at.saturating_add_signed(step).min(last));
        self.chosen = lines.get(next).map(|line| line.order.queued.entry);
    }

    /// Where the chosen entry goes when it is put one place earlier or later; `None` at the end.
    pub fn moved(&self, view: &View, earlier: bool) -> Option<(Queue, RecordId, Place)> {
        let lines = self.lines(view);
        let chosen = lines.iter().find(|line| Some(line.order.queued.entry) == self.chosen)?;
        let queue = chosen.order.queued.queue;
        let same: Vec<_> = lines.iter().filter(|line| line.order.queued.queue == queue).collect();
        let entry = |place: usize| same.get(place).map(|line| line.order.queued.entry);
        let place = match (earlier, chosen.place) {
            (true, 0) => return None,
            (true, 1) => Place::Front,
            (true, place) => Place::After(entry(place - 2)?),
            (false, place) => Place::After(entry(place + 1)?),
        };
        Some((queue, chosen.order.queued.entry, place))
    }
}

/// What is next on a machine: its own queue, then that of its station.
pub fn next_on(view: &View, machine: EquipmentId) -> Vec<&Order> {
    let reference = view.reference.as_ref();
    let station = reference.and_then(|reference| reference.station_of(machine));
    let queues = [Some(Queue::Equipment(machine)), station.map(|at| Queue::Station(at.id))];
    let of = |queue| view.orders.iter().filter(move |order| order.queued.queue == queue);
    queues.into_iter().flatten().flat_map(of).collect()
}
