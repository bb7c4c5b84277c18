//! Events that people told of, and times that nobody saw and somebody may yet tell of.

use serde::{Deserialize, Serialize};

use super::{Interval, Plant, Stop, stop::Said};
use crate::{
    fact::stop::{EventEnded, EventTakenBack, EventTold, Told},
    id::{EquipmentId, RecordId},
    machine::MachineState,
    time::Moment,
};

/// Blind times kept to be asked about; the oldest go first.
const BLINDS_KEPT: usize = 20;

/// A machine that had been seen was not, for a while.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Blind {
    /// Which machine.
    pub equipment: EquipmentId,
    /// Since when.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// The event that a person told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<RecordId>,
}

impl Plant {
    /// The interval of a machine ends at `until`: nobody may have seen it.
    pub(super) fn ended(&mut self, equipment: EquipmentId, ends: RecordId, until: &Moment) {
        let blind = |interval: &&Interval| {
            let seen = interval.before.is_some_and(|before| before != MachineState::Unknown);
            interval.record == ends && interval.state == MachineState::Unknown && seen
        };
        if let Some(interval) = self.interval(equipment).filter(blind) {
            let (from, until) = (interval.from.clone(), until.clone());
            self.blinds.insert(ends, Blind { equipment, from, until, told: None });
        }
        while self.blinds.len() > BLINDS_KEPT {
            let oldest = self.blinds.iter().min_by_key(|(id, it)| (it.from.at.wall_us, **id));
            let Some(oldest) = oldest.map(|(id, _)| *id) else { break };
            self.blinds.remove(&oldest);
        }
    }

    /// A person told of an event.
    pub(super) fn tell(&mut self, record: RecordId, event: &EventTold) {
        for of in &event.of {
            if let Some(stop) = self.stops.get_mut(of).filter(|_| event.replaces()) {
                stop.replaced.insert(record);
                self.forget_learned(*of);
            }
            if let Some(blind) = self.blinds.get_mut(of).filter(|_| event.told == Told::Blind) {
                blind.told = Some(record);
            }
        }
        let mut machines = event.equipment.iter().copied();
        let Some(first) = machines.next().filter(|_| event.state.is_downtime()) else { return };
        let like = event.of.first().and_then(|of| self.stops.get(of));
        let batch = event.batches.first().copied();
        let product = batch.and_then(|batch| self.batches.get(&batch)).map(|batch| batch.product);
        let mut stop = Stop {
            until: event.until.map(Moment::by_wall),
            before: like.and_then(|stop| stop.before),
            detail: like.map(|stop| stop.detail.clone()).unwrap_or_default(),
            batch,
            product: like.and_then(|stop| stop.product).or(product),
            told: Some(event.told),
            of: event.of.clone(),
            with: machines.collect(),
            ..Stop::new(first, event.state, Moment::by_wall(event.from))
        };
        // A person told of it, however short it is.
        stop.detail.micro_stop_us = 0;
        if let Some(carried) = &event.explained {
            stop.say(Said::carried(self.origin, carried), self.head);
        }
        self.stops.insert(record, stop);
        self.learn(record);
        self.forget_stops();
    }

    /// What was told of while it lasted is over.
    pub(super) fn end_event(&mut self, ended: &EventEnded) {
        for of in &ended.of {
            if let Some(stop) = self.stops.get_mut(of) {
                stop.replaced.insert(ended.event);
            }
        }
        if let Some(stop) = self.stops.get_mut(&ended.event) {
            stop.until = Some(Moment::by_wall(ended.until));
            stop.of.extend(&ended.of);
            stop.with.insert(0, stop.equipment);
            stop.with.retain(|machine| !ended.ran.contains(machine));
            if !stop.with.is_empty() {
                stop.equipment = stop.with.remove(0);
            }
        }
        self.forget_stops();
    }

    /// The downtime of everything here that lasts and that this stop belongs to.
    pub fn covering(&self, stop: &Stop) -> Option<RecordId> {
        let covers = |event: &Stop| {
            let machine = event.equipment == stop.equipment || event.with.contains(&stop.equipment);
            event.lasts_everywhere()
                && machine
                && event.from.at.wall_us <= stop.from.at.wall_us
                && stop.told.is_none()
                && stop.holds().is_none()
                && stop.stands()
        };
        self.stops.iter().find(|(_, event)| covers(event)).map(|(id, _)| *id)
    }

    /// Whether a stop is shown by `now`: nothing stands in its place or covers it, and it was not too
    /// short to speak of.
    pub fn counts(&self, stop: &Stop, now: &Moment) -> bool {
        stop.stands() && !stop.is_micro(now) && self.covering(stop).is_none()
    }

    /// Whether such a stop waits for a reason.
    pub fn waits(&self, stop: &Stop, now: &Moment) -> bool {
        let said = stop.holds().is_some() || stop.state != MachineState::Stopped;
        !said && self.counts(stop, now)
    }

    /// What a person told of was none after all: what it stood for stands again.
    pub(super) fn take_back(&mut self, back: &EventTakenBack) {
        self.forget_learned(back.event);
        self.stops.remove(&back.event);
        for stop in self.stops.values_mut() {
            stop.replaced.remove(&back.event);
        }
        for blind in self.blinds.values_mut() {
            blind.told.take_if(|told| *told == back.event);
        }
        for of in &back.of {
            self.learn(*of);
        }
    }
}
